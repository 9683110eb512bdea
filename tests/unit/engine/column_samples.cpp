#include "tests/unit/engine/column_samples.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace footfall::samples {

using vector::Column;
using vector::ColumnType;
using vector::Content;
using vector::Kind;

std::vector<ColumnType> allTypes() {
    return {ColumnType::of(Kind::Bool),
            ColumnType::of(Kind::Int8),
            ColumnType::of(Kind::Int16),
            ColumnType::of(Kind::Int32),
            ColumnType::of(Kind::Int64),
            ColumnType::of(Kind::Float32),
            ColumnType::of(Kind::Float64),
            ColumnType::fixed(16, Content::Uuid),
            ColumnType::fixed(16),
            ColumnType::fixed(6),
            ColumnType::fixed(12),
            ColumnType::fixed(1),
            ColumnType::bytes(),
            ColumnType::bytes(Content::Text),
            ColumnType::bytes(Content::Numeric),
            ColumnType::bytes(Content::Jsonb)};
}

std::string typeName(ColumnType type) {
    return "kind " + std::to_string(static_cast<int>(type.kind)) + " content " +
           std::to_string(static_cast<int>(type.content)) + " width " + std::to_string(type.width);
}

// Written apart from the codec: strings of digits, as numeric_in would.
std::string numericBytes(const std::string& decimal) {
    const bool negative = decimal[0] == '-';
    std::string whole = decimal.substr(negative ? 1 : 0);
    std::string fraction;
    if (const size_t point = whole.find('.'); point != std::string::npos) {
        fraction = whole.substr(point + 1);
        whole.resize(point);
    }
    const size_t scale = fraction.size();
    whole.insert(0, (4 - whole.size() % 4) % 4, '0');
    fraction.append((4 - fraction.size() % 4) % 4, '0');
    int weight = static_cast<int>(whole.size() / 4) - 1;
    std::vector<uint16_t> digits;
    const std::string all = whole + fraction;
    for (size_t i = 0; i < all.size(); i += 4) {
        digits.push_back(static_cast<uint16_t>(std::stoi(all.substr(i, 4))));
    }
    while (!digits.empty() && digits.front() == 0) {
        digits.erase(digits.begin());
        --weight;
    }
    while (!digits.empty() && digits.back() == 0)
        digits.pop_back();
    if (digits.empty())
        weight = 0;
    const bool sign = negative && !digits.empty();
    std::string bytes;
    const auto put = [&](uint16_t word) {
        bytes.push_back(static_cast<char>(word & 0xff));
        bytes.push_back(static_cast<char>(word >> 8));
    };
    if (scale <= 63 && weight >= -64 && weight <= 63) {
        put(static_cast<uint16_t>(0x8000U | (sign ? 0x2000U : 0U) | scale << 7 |
                                  (static_cast<unsigned>(weight) & 0x7fU)));
    } else {
        put(static_cast<uint16_t>((sign ? 0x4000U : 0U) | scale));
        put(static_cast<uint16_t>(weight));
    }
    for (const uint16_t digit : digits)
        put(digit);
    return bytes;
}

namespace {

using Random = std::mt19937_64;

int64_t integerValue(ColumnType type, uint32_t row, Values values, uint64_t pick, Random& random) {
    const unsigned bits = type.kind == Kind::Bool ? 1 : type.width * 8U;
    const auto cut = [&](uint64_t word) {
        if (type.kind == Kind::Bool)
            return static_cast<int64_t>(word & 1);
        return static_cast<int64_t>(word << (64 - bits)) >> (64 - bits);
    };
    switch (values) {
        case Values::Constant:
            return cut(7);
        case Values::Runs:
        case Values::Few:
            return cut(pick * 0x9e3779b97f4a7c15ULL);
        case Values::Ascending:
            return cut(uint64_t{row} * 1000 + random() % 300);
        case Values::Random:
            return cut(random());
        case Values::Extremes: {
            const uint64_t top = uint64_t{1} << (bits - 1);
            const std::array<uint64_t, 6> ends = {0, 1, ~uint64_t{0}, top, top - 1, random()};
            return cut(ends[random() % ends.size()]);
        }
        case Values::Decimal:
            return cut(random() % 20 == 0 ? random() % 100000 : random() % 10);
    }
    return 0;
}

double floatValue(uint32_t row, Values values, uint64_t pick, Random& random) {
    switch (values) {
        case Values::Constant:
            return 2.5;
        case Values::Runs:
        case Values::Few:
            return static_cast<double>(pick) * 1.1;
        case Values::Ascending:
            return row * 0.001 + static_cast<double>(random() % 100) * 1e-9;
        case Values::Random:
            return std::bit_cast<double>(random());
        case Values::Extremes: {
            const std::array<double, 10> ends = {
                0.0,
                -0.0,
                std::numeric_limits<double>::infinity(),
                -std::numeric_limits<double>::infinity(),
                std::numeric_limits<double>::quiet_NaN(),
                std::bit_cast<double>(uint64_t{0xfff8dead00000001}),
                std::numeric_limits<double>::max(),
                std::numeric_limits<double>::denorm_min(),
                9007199254740993.0,
                0.1};
            return ends[random() % ends.size()];
        }
        case Values::Decimal:
            return random() % 200 == 0 ? std::sqrt(static_cast<double>(random() % 1000))
                                       : static_cast<double>(random() % 100000) / 100;
    }
    return 0;
}

std::string randomText(size_t size, Random& random) {
    std::string text(size, 0);
    for (char& c : text)
        c = static_cast<char>(random());
    return text;
}

std::string numericValue(uint32_t row, Values values, uint64_t pick, Random& random) {
    switch (values) {
        case Values::Constant:
            return numericBytes("19.90");
        case Values::Runs:
        case Values::Few:
            return numericBytes(std::to_string(pick) + ".50");
        case Values::Ascending:
            return numericBytes(std::to_string(row) + "." + std::to_string(random() % 10));
        case Values::Random:
            return randomText(random() % 24, random);
        case Values::Extremes: {
            const std::array<std::string, 14> ends = {
                numericBytes("0"),
                numericBytes("0.00"),
                numericBytes("-0.0001"),
                numericBytes("10000"),
                numericBytes("100000000.00"),
                numericBytes("999999999999999999"),
                numericBytes("-999999999999999999"),
                numericBytes("1000000000000000000"),
                numericBytes("123456789012345678901234567890.123"),
                numericBytes("0.000000000000000000000000000000000000000000000000000000000000001"),
                numericBytes("1" + std::string(300, '0')),
                std::string("\x00\xc0", 2),
                std::string("\x00\xd0", 2),
                std::string("\x00\x80\x00\x00", 4)};
            return ends[random() % ends.size()];
        }
        case Values::Decimal: {
            std::string cents = std::to_string(random() % 100);
            if (cents.size() == 1)
                cents.insert(0, "0");
            return numericBytes((random() % 5 == 0 ? "-" : "") + std::to_string(random() % 100000) +
                                "." + cents);
        }
    }
    return {};
}

std::string bytesValue(uint32_t row, Values values, uint64_t pick, Random& random) {
    switch (values) {
        case Values::Constant:
            return "always";
        case Values::Runs:
        case Values::Few:
            return "value " + std::to_string(pick);
        case Values::Ascending:
            return "key-" + std::to_string(1000000 + row) + "/x";
        case Values::Random:
            return randomText(random() % 40, random);
        case Values::Extremes:
            switch (random() % 6) {
                case 0:
                    return "";
                case 1:
                    return std::string("\0a\0", 3);
                case 2:
                    return std::string(random() % 3000, 'x');
                case 3:
                    return randomText(16, random);
                case 4:
                    return "0123";
                default:
                    return std::string(17, 'p') + std::to_string(random() % 3);
            }
        case Values::Decimal: {
            if (random() % 50 == 0)
                return "/other/page";
            std::string padded = std::to_string(random() % 1000);
            padded.insert(0, 4 - padded.size(), '0');
            return "/p/" + std::to_string(random() % 20000) +
                   "?s=" + std::to_string(random() >> 1) + "&d=" + padded;
        }
    }
    return {};
}

bool nullAt(uint32_t row, Nulls nulls, Random& random) {
    switch (nulls) {
        case Nulls::None:
            return false;
        case Nulls::Some:
            return random() % 5 == 0;
        case Nulls::Most:
            return random() % 50 != 0;
        case Nulls::Blocks:
            return row / 1500 % 2 == 1;
        case Nulls::All:
            return true;
    }
    return false;
}

}  // namespace

Column makeColumn(ColumnType type, uint32_t rows, Values values, Nulls nulls, uint64_t seed) {
    Random random(seed);
    Column column(type, std::pmr::new_delete_resource());
    uint64_t pick = 0;
    uint32_t left = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        if (values != Values::Runs) {
            pick = random() % 12;
        } else if (left-- == 0) {
            pick = random() % 5000;
            left = static_cast<uint32_t>(random() % 20);
        }
        if (nullAt(row, nulls, random)) {
            column.appendNull();
        } else if (type.isInteger()) {
            const int64_t value = integerValue(type, row, values, pick, random);
            column.appendFixed(&value);
        } else if (type.kind == Kind::Float64) {
            column.append<double>(floatValue(row, values, pick, random));
        } else if (type.kind == Kind::Float32) {
            column.append<float>(values == Values::Random
                                     ? std::bit_cast<float>(static_cast<uint32_t>(random()))
                                     : static_cast<float>(floatValue(row, values, pick, random)));
        } else if (type.kind == Kind::Fixed) {
            std::array<int64_t, 2> words{};
            words[0] = integerValue(ColumnType::of(Kind::Int64), row, values, pick, random);
            words[1] = values == Values::Random ? static_cast<int64_t>(random()) : words[0] / 3;
            column.appendFixed(words.data());
        } else if (type.content == Content::Numeric) {
            column.appendBytes(numericValue(row, values, pick, random));
        } else {
            column.appendBytes(bytesValue(row, values, pick, random));
        }
    }
    return column;
}

}  // namespace footfall::samples
