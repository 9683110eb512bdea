// A strict reader of JSON (RFC 8259) for models from outside, and the little that writing it needs.
//
// Numbers stay text until somebody says how wide they are to be, and an array of numbers stays one
// piece of text until somebody asks for it: a tree's arrays are most of a model, and as values of
// their own they would take thirty times their bytes. NaN and Infinity are read as XGBoost writes
// them; who must not have them looks. Nesting and the number of values are limited; whatever is
// malformed is CorruptData. Values refer to the text that was read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace footfall::exchange {

struct JsonMember;

struct Json {
    enum class Kind { Null, False, True, Number, Text, Array, Scalars, Object };

    Kind kind = Kind::Null;
    // Of a number; of a text, with its escapes; of Scalars, what stands between the brackets.
    std::string_view text;
    std::vector<Json> elements;
    std::vector<JsonMember> members;

    // Null when there is none.
    const Json* find(std::string_view name) const;
    // What follows is CorruptData when it is not there, or not what is asked for.
    const Json& at(std::string_view name) const;
    // Of anything but scalars that are no texts, or empty.
    const std::vector<Json>& array() const;
    // Of a text, with its escapes undone; no text holds a zero character.
    std::string toText() const;
    // Finite.
    double toDouble() const;
    long toLong() const;
    bool toBool() const;
    // Of an array of numbers; true and false are 1 and 0.
    std::vector<float> floats() const;
    std::vector<double> doubles() const;
    std::vector<long> longs() const;
};

struct JsonMember {
    std::string_view name;
    Json value;
};

// `poll` is called now and then and may throw.
Json parseJson(
    std::string_view text, void (*poll)() = [] {});

// Appends `text` in quotes, escaped.
void appendJsonText(std::string_view text, std::string& out);
// Appends the shortest text that reads as `number`.
void appendNumber(float number, std::string& out);
void appendNumber(double number, std::string& out);

}  // namespace footfall::exchange
