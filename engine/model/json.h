// A strict reader of JSON (RFC 8259) for models from outside. Numbers stay text until somebody says
// how wide they are to be; texts keep their escapes, which no key of a model has. Nesting is
// limited; whatever is malformed is CorruptData. Values refer to the text that was read.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace footfall::model {

struct JsonMember;

struct Json {
    enum class Kind { Null, False, True, Number, Text, Array, Object };

    Kind kind = Kind::Null;
    std::string_view text;  // of a number or a text
    std::vector<Json> elements;
    std::vector<JsonMember> members;

    // CorruptData when there is no such member, or it is not what is asked for.
    const Json& at(std::string_view name) const;
    const std::vector<Json>& array() const;
    float toFloat() const;
    long toLong() const;
    // true, false, 1 or 0.
    bool toBool() const;
};

struct JsonMember {
    std::string_view name;
    Json value;
};

Json parseJson(std::string_view text);

}  // namespace footfall::model
