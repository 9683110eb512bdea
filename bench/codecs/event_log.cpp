#include "bench/codecs/event_log.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace footfall::bench {
namespace {

using vector::ColumnType;
using vector::Content;
using vector::Kind;

struct Field {
    const char* name;
    ColumnType type;
};

std::array<Field, 13> fields() {
    const auto text = ColumnType::bytes(Content::Text);
    return {{{"ts", ColumnType::of(Kind::Int64)},
             {"customer_id", ColumnType::of(Kind::Int64)},
             {"session_id", ColumnType::of(Kind::Int64)},
             {"event_type", text},
             {"product_id", ColumnType::of(Kind::Int32)},
             {"category", text},
             {"brand", text},
             {"price", ColumnType::of(Kind::Float64)},
             {"quantity", ColumnType::of(Kind::Int16)},
             {"country", text},
             {"device", text},
             {"campaign", text},
             {"url", text}}};
}

int64_t number(std::string_view text) {
    int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// "2026-01-31 23:59:59.123456" in microseconds since 2000-01-01, proleptic Gregorian.
int64_t microseconds(std::string_view text) {
    const int64_t year = number(text.substr(0, 4));
    const int64_t month = number(text.substr(5, 2));
    const int64_t day = number(text.substr(8, 2));
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 730425;
    int64_t seconds = days * 86400;
    seconds += number(text.substr(11, 2)) * 3600 + number(text.substr(14, 2)) * 60 +
               number(text.substr(17, 2));
    int64_t fraction = 0;
    int digits = 0;
    for (size_t at = 20; at < text.size() && digits < 6; ++at, ++digits) {
        fraction = fraction * 10 + (text[at] - '0');
    }
    for (; digits < 6; ++digits)
        fraction *= 10;
    return seconds * 1000000 + fraction;
}

void appendField(vector::Column& column, uint32_t index, std::string_view text) {
    const ColumnType type = column.type();
    if (text.size() >= 2 && text.front() == '"')
        text = text.substr(1, text.size() - 2);
    if (type.isBytes()) {
        column.appendBytes(text);
    } else if (index == kTimeColumn) {
        column.append<int64_t>(microseconds(text));
    } else if (type.isFloat()) {
        double value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        column.append<double>(value);
    } else if (type.width == 8) {
        column.append<int64_t>(number(text));
    } else if (type.width == 4) {
        column.append<int32_t>(static_cast<int32_t>(number(text)));
    } else {
        column.append<int16_t>(static_cast<int16_t>(number(text)));
    }
}

}  // namespace

EventLog readEventLog(const char* path, uint32_t limit) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "rb"),
                                                               &std::fclose);
    if (!file)
        throw std::runtime_error(std::string("cannot read ") + path);
    EventLog log;
    for (const Field& field : fields()) {
        log.names.emplace_back(field.name);
        log.columns.emplace_back(field.type, std::pmr::new_delete_resource());
    }
    std::array<char, 4096> line;
    for (uint32_t row = 0; row < limit && std::fgets(line.data(), line.size(), file.get()); ++row) {
        std::string_view rest(line.data());
        while (!rest.empty() && rest.back() == '\n')
            rest.remove_suffix(1);
        for (uint32_t c = 0; c < log.columns.size(); ++c) {
            const size_t comma = rest.find(',');
            appendField(log.columns[c], c, rest.substr(0, comma));
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
    }
    return log;
}

}  // namespace footfall::bench
