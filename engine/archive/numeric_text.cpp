#include "engine/archive/numeric_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace footfall::archive {
namespace {

__extension__ using UInt128 = unsigned __int128;

constexpr uint16_t kFormMask = 0xC000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kShort = 0x8000;
constexpr uint16_t kSpecial = 0xC000;
constexpr uint16_t kNaN = 0xC000;
constexpr uint16_t kPositiveInfinity = 0xD000;
constexpr uint16_t kNegativeInfinity = 0xF000;
constexpr uint16_t kShortNegative = 0x2000;
constexpr uint16_t kLongScaleMask = 0x3FFF;
constexpr int kBase = 10000;
constexpr int kMaxTextScale = 16383;

struct Parts {
    uint16_t special = 0;  // 0, or a header that says everything
    bool negative = false;
    int scale = 0;
    int weight = 0;  // digits[0] counts 10000^weight
    std::vector<int16_t> digits;
};

// Nothing for bytes that are no numeric.
std::optional<Parts> parse(std::string_view numeric) {
    Parts parts;
    const auto word = [&numeric](size_t at) {
        uint16_t value;
        std::memcpy(&value, numeric.data() + at, sizeof(value));
        return value;
    };
    if (numeric.size() < 2 || numeric.size() % 2 != 0)
        return std::nullopt;
    const uint16_t header = word(0);
    size_t at = 2;
    if ((header & kFormMask) == kSpecial) {
        if (header != kNaN && header != kPositiveInfinity && header != kNegativeInfinity)
            return std::nullopt;
        parts.special = header;
        return numeric.size() == 2 ? std::optional(std::move(parts)) : std::nullopt;
    }
    if ((header & kFormMask) == kShort) {
        parts.negative = (header & kShortNegative) != 0;
        parts.scale = (header & 0x1F80) >> 7;
        parts.weight = (header & 0x3F) - ((header & 0x40) != 0 ? 64 : 0);
    } else {
        if (numeric.size() < 4)
            return std::nullopt;
        parts.negative = (header & kFormMask) == kNegative;
        parts.scale = header & kLongScaleMask;
        parts.weight = static_cast<int16_t>(word(2));
        at = 4;
    }
    for (; at < numeric.size(); at += 2) {
        const auto digit = static_cast<int16_t>(word(at));
        if (digit < 0 || digit >= kBase)
            return std::nullopt;
        parts.digits.push_back(digit);
    }
    return parts;
}

// The form PostgreSQL makes: no zero digits at either end, short where it fits.
std::string compose(Parts parts) {
    std::string result;
    const auto put = [&result](int value) {
        const auto word = static_cast<uint16_t>(value);
        result.append(reinterpret_cast<const char*>(&word), sizeof(word));
    };
    if (parts.special != 0) {
        put(parts.special);
        return result;
    }
    auto& digits = parts.digits;
    const auto first = std::find_if(digits.begin(), digits.end(), [](int16_t d) { return d != 0; });
    parts.weight -= static_cast<int>(first - digits.begin());
    digits.erase(digits.begin(), first);
    while (!digits.empty() && digits.back() == 0)
        digits.pop_back();
    if (digits.empty()) {
        parts.weight = 0;
        parts.negative = false;
    }
    if (parts.scale <= 63 && parts.weight >= -64 && parts.weight <= 63) {
        put(kShort | (parts.negative ? kShortNegative : 0) | parts.scale << 7 |
            (parts.weight & 0x7F));
    } else {
        put((parts.negative ? kNegative : 0) | parts.scale);
        put(parts.weight);
    }
    for (const int16_t digit : digits)
        put(digit);
    return result;
}

}  // namespace

std::optional<Int128> numericToDecimal(std::string_view numeric, int precision, int scale) {
    const std::optional<Parts> parts = parse(numeric);
    if (!parts || parts->special != 0)
        return std::nullopt;
    const auto shift = [](UInt128& value, int digits) {
        for (; value != 0 && digits > 0; --digits) {
            if (__builtin_mul_overflow(value, UInt128{10}, &value))
                return false;
        }
        return true;
    };
    UInt128 magnitude = 0;
    // What a one in the current digit counts: 10^exponent, the scale included.
    int exponent = parts->weight * 4 + scale;
    for (const int16_t stored : parts->digits) {
        // Of the last digit only a part may lie within the scale.
        int digit = stored;
        const int outside = std::clamp(-exponent, 0, 4);
        for (int place = 0; place < outside; ++place) {
            if (digit % 10 != 0)
                return std::nullopt;
            digit /= 10;
        }
        if (!shift(magnitude, 4 - outside) ||
            __builtin_add_overflow(magnitude, static_cast<UInt128>(digit), &magnitude)) {
            return std::nullopt;
        }
        exponent -= 4;
    }
    // exponent + 4 is the last digit's.
    if (!shift(magnitude, exponent + 4))
        return std::nullopt;
    UInt128 limit = 1;
    for (int digit = 0; digit < precision; ++digit)
        limit *= 10;
    if (magnitude >= limit)
        return std::nullopt;
    const auto mantissa = static_cast<Int128>(magnitude);
    return parts->negative ? -mantissa : mantissa;
}

std::string decimalToNumeric(Int128 mantissa, int scale) {
    Parts parts;
    parts.negative = mantissa < 0;
    parts.scale = scale;
    UInt128 magnitude =
        parts.negative ? -static_cast<UInt128>(mantissa) : static_cast<UInt128>(mantissa);
    const int fractionDigits = (scale + 3) / 4;
    // The lowest digit is partly filled when the scale is no multiple of four.
    const int padding = fractionDigits * 4 - scale;
    if (padding != 0) {
        int low = 1;
        for (int place = padding; place < 4; ++place)
            low *= 10;
        const int high = kBase / low;
        parts.digits.push_back(
            static_cast<int16_t>(static_cast<int>(magnitude % static_cast<unsigned>(low)) * high));
        magnitude /= static_cast<unsigned>(low);
    }
    for (; magnitude != 0; magnitude /= kBase)
        parts.digits.push_back(static_cast<int16_t>(magnitude % kBase));
    parts.weight = static_cast<int>(parts.digits.size()) - 1 - fractionDigits;
    std::reverse(parts.digits.begin(), parts.digits.end());
    return compose(std::move(parts));
}

std::optional<std::string> numericToText(std::string_view numeric) {
    const std::optional<Parts> parsed = parse(numeric);
    if (!parsed)
        return std::nullopt;
    const Parts& parts = *parsed;
    if (parts.special != 0)
        return parts.special == kNaN                ? "NaN"
               : parts.special == kPositiveInfinity ? "Infinity"
                                                    : "-Infinity";
    const auto digitAt = [&parts](int position) {
        const int index = parts.weight - position;
        return index >= 0 && index < static_cast<int>(parts.digits.size())
                   ? static_cast<int>(parts.digits[static_cast<size_t>(index)])
                   : 0;
    };
    const auto append = [](std::string& text, int digit) {
        text += static_cast<char>('0' + digit / 1000);
        text += static_cast<char>('0' + digit / 100 % 10);
        text += static_cast<char>('0' + digit / 10 % 10);
        text += static_cast<char>('0' + digit % 10);
    };
    std::string whole;
    for (int position = parts.weight; position >= 0; --position)
        append(whole, digitAt(position));
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    if (whole.empty())
        whole.push_back('0');
    if (parts.negative)
        whole.insert(whole.begin(), '-');
    std::string text = std::move(whole);
    if (parts.scale > 0) {
        std::string fraction;
        for (int position = -1; static_cast<int>(fraction.size()) < parts.scale; --position)
            append(fraction, digitAt(position));
        fraction.resize(static_cast<size_t>(parts.scale));
        text += '.';
        text += fraction;
    }
    return text;
}

std::optional<std::string> textToNumeric(std::string_view text) {
    Parts parts;
    parts.special = text == "NaN"         ? kNaN
                    : text == "Infinity"  ? kPositiveInfinity
                    : text == "-Infinity" ? kNegativeInfinity
                                          : 0;
    if (parts.special != 0)
        return compose(parts);
    parts.negative = text.starts_with('-');
    if (parts.negative)
        text.remove_prefix(1);
    const size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction =
        point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
    const auto digits = [](std::string_view part) {
        return std::all_of(part.begin(), part.end(),
                           [](char byte) { return byte >= '0' && byte <= '9'; });
    };
    if (whole.empty() || !digits(whole) || !digits(fraction) ||
        (point != std::string_view::npos && fraction.empty()) || fraction.size() > kMaxTextScale ||
        whole.size() > size_t{INT16_MAX} * 4) {
        return std::nullopt;
    }
    parts.scale = static_cast<int>(fraction.size());
    std::string all((4 - whole.size() % 4) % 4, '0');
    all += whole;
    parts.weight = static_cast<int>(all.size() / 4) - 1;
    all += fraction;
    all.resize((all.size() + 3) / 4 * 4, '0');
    for (size_t at = 0; at < all.size(); at += 4) {
        int digit = 0;
        for (size_t place = 0; place < 4; ++place)
            digit = digit * 10 + (all[at + place] - '0');
        parts.digits.push_back(static_cast<int16_t>(digit));
    }
    return compose(std::move(parts));
}

}  // namespace footfall::archive
