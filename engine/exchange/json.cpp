// See json.h.
#include "engine/exchange/json.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/base/error.h"

namespace footfall::exchange {

namespace {

constexpr int kMaxNesting = 64;
constexpr size_t kMaxValues = 1'000'000;
constexpr size_t kValuesBetweenPolls = 4096;

bool isSpace(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
// Of a number, true, false, null, NaN, Infinity.
bool isOfScalar(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '.';
}

class Parser {
  public:
    Parser(std::string_view text, void (*poll)()) : text_(text), poll_(poll) {}

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
        while (at_ < text_.size() && isSpace(text_[at_]))
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

    std::string_view scalar() {
        const size_t begin = at_;
        while (at_ < text_.size() && isOfScalar(text_[at_]))
            at_++;
        if (at_ == begin)
            fail("no value");
        const std::string_view found = text_.substr(begin, at_ - begin);
        const bool isNumber = found[0] == '-' || (found[0] >= '0' && found[0] <= '9');
        if (!isNumber && found != "true" && found != "false" && found != "null" && found != "NaN" &&
            found != "Infinity")
            fail("unknown word");
        return found;
    }

    Json scalarValue() {
        Json result;
        result.text = scalar();
        result.kind = result.text == "true"    ? Json::Kind::True
                      : result.text == "false" ? Json::Kind::False
                      : result.text == "null"  ? Json::Kind::Null
                                               : Json::Kind::Number;
        return result;
    }

    // The opening bracket and space are eaten, an element follows.
    Json array(int depth) {
        Json result;
        if (isOfScalar(peek())) {
            result.kind = Json::Kind::Scalars;
            const size_t begin = at_;
            size_t end = at_;
            do {
                skipSpace();
                (void)scalar();
                end = at_;
            } while (another(']'));
            result.text = text_.substr(begin, end - begin);
            return result;
        }
        result.kind = Json::Kind::Array;
        do {
            result.elements.push_back(value(depth + 1));
        } while (another(']'));
        return result;
    }

    Json value(int depth) {
        if (depth > kMaxNesting)
            fail("nested too deeply");
        if (++values_ > kMaxValues)
            fail("too many values");
        if (values_ % kValuesBetweenPolls == 0)
            poll_();
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
                return empty(']') ? result : array(depth);
            case '"':
                result.kind = Json::Kind::Text;
                result.text = quoted();
                return result;
            default:
                return scalarValue();
        }
    }

    std::string_view text_;
    void (*poll_)();
    size_t at_ = 0;
    size_t values_ = 0;
};

template <class T>
T parsed(std::string_view text) {
    if (text == "true" || text == "false")
        return text == "true" ? T{1} : T{0};
    T result{};
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, result);
    bool read = !text.empty() && stopped == end;
    if (read && error == std::errc::result_out_of_range) {
        read = false;
        // Too small for the type is zero, or what single precision has nearest to it.
        if constexpr (std::is_same_v<T, float>) {
            double wide = 0;
            read = std::from_chars(text.data(), end, wide).ec == std::errc() && std::abs(wide) < 1;
            result = static_cast<float>(wide);
        }
    } else if (error != std::errc()) {
        read = false;
    }
    if (!read)
        base::throwCorrupt("JSON has no number where one is expected");
    return result;
}

template <class T>
std::vector<T> parsedList(const Json& value) {
    std::vector<T> result;
    if (value.kind == Json::Kind::Array && value.elements.empty())
        return result;
    if (value.kind != Json::Kind::Scalars)
        base::throwCorrupt("JSON has no array of numbers where one is expected");
    std::string_view rest = value.text;
    while (!rest.empty()) {
        size_t begin = 0;
        while (begin < rest.size() && !isOfScalar(rest[begin]))
            begin++;
        size_t end = begin;
        while (end < rest.size() && isOfScalar(rest[end]))
            end++;
        result.push_back(parsed<T>(rest.substr(begin, end - begin)));
        rest.remove_prefix(end);
    }
    return result;
}

// A number, or a number in a text: so XGBoost writes its parameters.
std::string_view numberText(const Json& value) {
    if (value.kind != Json::Kind::Number && value.kind != Json::Kind::Text)
        base::throwCorrupt("JSON has no number where one is expected");
    return value.text;
}

void appendUtf8(uint32_t character, std::string& out) {
    if (character < 0x80) {
        out.push_back(static_cast<char>(character));
        return;
    }
    const auto continued = [&](unsigned shift) {
        out.push_back(static_cast<char>(0x80 | ((character >> shift) & 0x3f)));
    };
    if (character < 0x800) {
        out.push_back(static_cast<char>(0xc0 | (character >> 6)));
    } else if (character < 0x10000) {
        out.push_back(static_cast<char>(0xe0 | (character >> 12)));
        continued(6);
    } else {
        out.push_back(static_cast<char>(0xf0 | (character >> 18)));
        continued(12);
        continued(6);
    }
    continued(0);
}

// The four digits behind \u.
uint32_t unit(std::string_view text, size_t at) {
    uint32_t result = 0;
    constexpr size_t kDigits = 4;
    if (at + kDigits > text.size() ||
        std::from_chars(text.data() + at, text.data() + at + kDigits, result, 16).ptr !=
            text.data() + at + kDigits)
        base::throwCorrupt("a text of JSON has a malformed \\u");
    return result;
}

}  // namespace

const Json* Json::find(std::string_view name) const {
    for (const auto& [key, member] : members) {
        if (key == name)
            return &member;
    }
    return nullptr;
}

const Json& Json::at(std::string_view name) const {
    if (const Json* member = find(name); member != nullptr)
        return *member;
    base::throwCorrupt("JSON lacks the member \"%s\"", std::string(name).c_str());
}

const std::vector<Json>& Json::array() const {
    if (kind != Kind::Array)
        base::throwCorrupt("JSON has no array where one is expected");
    return elements;
}

std::string Json::toText() const {
    if (kind != Kind::Text)
        base::throwCorrupt("JSON has no text where one is expected");
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] != '\\') {
            result.push_back(text[i]);
            continue;
        }
        // The parser has seen to it that a character follows.
        const char escaped = text[++i];
        constexpr std::string_view kNames = "\"\\/bfnrt";
        constexpr std::string_view kCharacters = "\"\\/\b\f\n\r\t";
        if (const size_t which = kNames.find(escaped); which != std::string_view::npos) {
            result.push_back(kCharacters[which]);
            continue;
        }
        if (escaped != 'u')
            base::throwCorrupt("a text of JSON has an unknown escape");
        uint32_t character = unit(text, i + 1);
        i += 4;
        if (character >= 0xd800 && character < 0xdc00 && text.substr(i + 1, 2) == "\\u") {
            const uint32_t low = unit(text, i + 3);
            i += 6;
            if (low < 0xdc00 || low >= 0xe000)
                base::throwCorrupt("a text of JSON has half a character");
            character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
        } else if (character >= 0xd800 && character < 0xe000) {
            base::throwCorrupt("a text of JSON has half a character");
        }
        appendUtf8(character, result);
    }
    if (result.find('\0') != std::string::npos)
        base::throwCorrupt("a text of JSON has a zero character");
    return result;
}

double Json::toDouble() const {
    const auto value = parsed<double>(numberText(*this));
    if (!std::isfinite(value))
        base::throwCorrupt("JSON has a number that is not finite");
    return value;
}

long Json::toLong() const {
    return parsed<long>(numberText(*this));
}

bool Json::toBool() const {
    if (kind != Kind::True && kind != Kind::False)
        base::throwCorrupt("JSON has no truth value where one is expected");
    return kind == Kind::True;
}

std::vector<float> Json::floats() const {
    return parsedList<float>(*this);
}

std::vector<double> Json::doubles() const {
    return parsedList<double>(*this);
}

std::vector<long> Json::longs() const {
    return parsedList<long>(*this);
}

Json parseJson(std::string_view text, void (*poll)()) {
    return Parser(text, poll).document();
}

void appendJsonText(std::string_view text, std::string& out) {
    constexpr char kDigits[] = "0123456789abcdef";
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += "\\u00";
            out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
            out.push_back(kDigits[c & 0xf]);
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

namespace {

template <class T>
void appendShortest(T number, std::string& out) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof(text), number);
    out.append(text, end);
}

}  // namespace

void appendNumber(float number, std::string& out) {
    appendShortest(number, out);
}

void appendNumber(double number, std::string& out) {
    appendShortest(number, out);
}

}  // namespace footfall::exchange
