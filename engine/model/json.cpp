// See json.h.
#include "engine/model/json.h"

#include <charconv>
#include <cmath>
#include <string>

#include "engine/base/error.h"

namespace footfall::model {

namespace {

constexpr int kMaxNesting = 64;

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Json document() {
        Json result = value(0);
        skipSpace();
        if (at_ != text_.size())
            fail("something follows the end");
        return result;
    }

  private:
    [[noreturn]] void fail(const char* what) const {
        base::throwCorrupt("malformed JSON at byte %zu: %s", at_, what);
    }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skipSpace() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' ||
                                      text_[at_] == '\r' || text_[at_] == '\t'))
            at_++;
    }
    void expect(char wanted) {
        skipSpace();
        if (peek() != wanted || at_ == text_.size())
            fail("another character was expected");
        at_++;
    }
    // Whether another element follows; eats the comma or the closing bracket.
    bool another(char close) {
        skipSpace();
        if (peek() == ',') {
            at_++;
            return true;
        }
        expect(close);
        return false;
    }
    bool empty(char close) {
        at_++;
        skipSpace();
        if (peek() != close)
            return false;
        at_++;
        return true;
    }

    std::string_view quoted() {
        expect('"');
        const size_t begin = at_;
        while (peek() != '"') {
            if (at_ + 1 >= text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20)
                fail("a text does not end");
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        return text_.substr(begin, at_++ - begin);
    }

    Json word(std::string_view word, Json::Kind kind) {
        if (text_.substr(at_, word.size()) != word)
            fail("unknown word");
        at_ += word.size();
        Json result;
        result.kind = kind;
        return result;
    }

    Json number() {
        const size_t begin = at_;
        while (at_ < text_.size() &&
               std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos)
            at_++;
        if (at_ == begin)
            fail("no value");
        Json result;
        result.kind = Json::Kind::Number;
        result.text = text_.substr(begin, at_ - begin);
        return result;
    }

    Json value(int depth) {
        if (depth > kMaxNesting)
            fail("nested too deeply");
        skipSpace();
        Json result;
        switch (peek()) {
            case '{':
                result.kind = Json::Kind::Object;
                if (empty('}'))
                    return result;
                do {
                    skipSpace();
                    const std::string_view name = quoted();
                    expect(':');
                    result.members.push_back({name, value(depth + 1)});
                } while (another('}'));
                return result;
            case '[':
                result.kind = Json::Kind::Array;
                if (empty(']'))
                    return result;
                do {
                    result.elements.push_back(value(depth + 1));
                } while (another(']'));
                return result;
            case '"':
                result.kind = Json::Kind::Text;
                result.text = quoted();
                return result;
            case 't':
                return word("true", Json::Kind::True);
            case 'f':
                return word("false", Json::Kind::False);
            case 'n':
                return word("null", Json::Kind::Null);
            default:
                return number();
        }
    }

    std::string_view text_;
    size_t at_ = 0;
};

template <class T>
T parsed(const Json& value) {
    T result{};
    const char* end = value.text.data() + value.text.size();
    // XGBoost writes numbers of its parameters as texts.
    if ((value.kind != Json::Kind::Number && value.kind != Json::Kind::Text) ||
        std::from_chars(value.text.data(), end, result).ptr != end || value.text.empty())
        base::throwCorrupt("JSON has no number where one is expected");
    return result;
}

}  // namespace

const Json& Json::at(std::string_view name) const {
    for (const auto& [key, member] : members) {
        if (key == name)
            return member;
    }
    base::throwCorrupt("JSON lacks the member \"%s\"", std::string(name).c_str());
}

const std::vector<Json>& Json::array() const {
    if (kind != Kind::Array)
        base::throwCorrupt("JSON has no array where one is expected");
    return elements;
}

float Json::toFloat() const {
    const auto value = parsed<float>(*this);
    if (!std::isfinite(value))
        base::throwCorrupt("JSON has a number that is not finite");
    return value;
}

long Json::toLong() const {
    return parsed<long>(*this);
}

bool Json::toBool() const {
    if (kind == Kind::True || (kind == Kind::Number && text == "1"))
        return true;
    if (kind != Kind::False && !(kind == Kind::Number && text == "0"))
        base::throwCorrupt("JSON has no truth value where one is expected");
    return false;
}

Json parseJson(std::string_view text) {
    return Parser(text).document();
}

}  // namespace footfall::model
