#include "engine/archive/arrow_columns.h"

#include <arrow/array.h>
#include <arrow/array/array_dict.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "engine/archive/numeric_text.h"
#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace footfall::archive {
namespace {

using vector::Column;
using vector::Kind;

constexpr int64_t kEpochMicros = 946684800000000;  // from 1970 to 2000
constexpr int32_t kEpochDays = 10957;

template <class T>
T valueOrThrow(arrow::Result<T> result, base::ErrorKind kind) {
    checkArrow(result.status(), kind);
    return result.MoveValueUnsafe();
}

std::shared_ptr<arrow::Buffer> allocate(size_t size, arrow::MemoryPool* pool) {
    std::unique_ptr<arrow::Buffer> buffer = valueOrThrow(
        arrow::AllocateBuffer(static_cast<int64_t>(size), pool), base::ErrorKind::OutOfMemory);
    return buffer;
}

// Arrow's bitmap has a bit set for each value that is not NULL.
std::shared_ptr<arrow::Buffer> validityOf(const Column& values, arrow::MemoryPool* pool) {
    if (values.nullCount() == 0)
        return nullptr;
    const size_t words = (size_t{values.size()} + 63) / 64;
    auto buffer = allocate(words * sizeof(uint64_t), pool);
    for (size_t word = 0; word < words; ++word) {
        const uint64_t valid = ~values.nullBits()[word];
        std::memcpy(buffer->mutable_data() + word * sizeof(valid), &valid, sizeof(valid));
    }
    return buffer;
}

std::shared_ptr<arrow::Array> assemble(const ArchivedColumn& column, const Column& values,
                                       std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                                       arrow::MemoryPool* pool) {
    buffers.insert(buffers.begin(), validityOf(values, pool));
    return arrow::MakeArray(arrow::ArrayData::Make(arrowType(column), values.size(),
                                                   std::move(buffers), values.nullCount()));
}

std::shared_ptr<arrow::Buffer> copied(const void* data, size_t size, arrow::MemoryPool* pool) {
    auto buffer = allocate(size, pool);
    if (size != 0)
        std::memcpy(buffer->mutable_data(), data, size);
    return buffer;
}

std::shared_ptr<arrow::Array> boolsToArrow(const Column& values, const ArchivedColumn& column,
                                           arrow::MemoryPool* pool) {
    const size_t bytes = (size_t{values.size()} + 7) / 8;
    auto bits = allocate(bytes, pool);
    if (bytes != 0)
        std::memset(bits->mutable_data(), 0, bytes);
    for (uint32_t row = 0; row < values.size(); ++row) {
        if (values.values<uint8_t>()[row] != 0)
            bits->mutable_data()[row / 8] |= static_cast<uint8_t>(1U << row % 8);
    }
    return assemble(column, values, {std::move(bits)}, pool);
}

std::shared_ptr<arrow::Array> bytesToArrow(const Column& values, const ArchivedColumn& column,
                                           arrow::MemoryPool* pool) {
    if (values.byteSize() > INT32_MAX)
        base::throwUnsupported("a column of more than 2 GB cannot be archived");
    auto offsets = allocate((size_t{values.size()} + 1) * sizeof(int32_t), pool);
    std::memset(offsets->mutable_data(), 0, sizeof(int32_t));
    if (values.size() != 0)
        std::memcpy(offsets->mutable_data() + sizeof(int32_t), values.offsets(),
                    size_t{values.size()} * sizeof(int32_t));
    return assemble(column, values,
                    {std::move(offsets), copied(values.heap(), values.byteSize(), pool)}, pool);
}

std::shared_ptr<arrow::Array> datesToArrow(const Column& values, const ArchivedColumn& column,
                                           uint32_t number, ExactValues& exact,
                                           arrow::MemoryPool* pool) {
    auto days = allocate(size_t{values.size()} * sizeof(int32_t), pool);
    for (uint32_t row = 0; row < values.size(); ++row) {
        int32_t day = values.values<int32_t>()[row];
        if (day != INT32_MAX && day != INT32_MIN) {
            if (day >= INT32_MAX - kEpochDays) {
                exact.add(row, number, {reinterpret_cast<const char*>(&day), sizeof(day)});
                day = INT32_MAX - 1;
            } else {
                day += kEpochDays;
            }
        }
        std::memcpy(days->mutable_data() + size_t{row} * sizeof(day), &day, sizeof(day));
    }
    return assemble(column, values, {std::move(days)}, pool);
}

std::shared_ptr<arrow::Array> timestampsToArrow(const Column& values, const ArchivedColumn& column,
                                                uint32_t number, ExactValues& exact,
                                                arrow::MemoryPool* pool) {
    auto micros = allocate(size_t{values.size()} * sizeof(int64_t), pool);
    for (uint32_t row = 0; row < values.size(); ++row) {
        int64_t time = values.values<int64_t>()[row];
        if (time != INT64_MAX && time != INT64_MIN) {
            if (time >= INT64_MAX - kEpochMicros) {
                exact.add(row, number, {reinterpret_cast<const char*>(&time), sizeof(time)});
                time = INT64_MAX - 1;
            } else {
                time += kEpochMicros;
            }
        }
        std::memcpy(micros->mutable_data() + size_t{row} * sizeof(time), &time, sizeof(time));
    }
    return assemble(column, values, {std::move(micros)}, pool);
}

std::string uuidText(const std::byte* bytes) {
    std::string text;
    for (size_t at = 0; at < 16; ++at) {
        if (at == 4 || at == 6 || at == 8 || at == 10)
            text += '-';
        const auto byte = static_cast<unsigned>(bytes[at]);
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

// The exact form that uuidText gives, or nothing is taken.
bool parseUuid(std::string_view text, std::byte* bytes) {
    if (text.size() != 36)
        return false;
    size_t at = 0;
    for (size_t byte = 0; byte < 16; ++byte) {
        if ((byte == 4 || byte == 6 || byte == 8 || byte == 10) && text[at++] != '-')
            return false;
        unsigned value = 0;
        for (int digit = 0; digit < 2; ++digit, ++at) {
            const char c = text[at];
            if (c >= '0' && c <= '9') {
                value = value * 16 + static_cast<unsigned>(c - '0');
            } else if (c >= 'a' && c <= 'f') {
                value = value * 16 + static_cast<unsigned>(c - 'a') + 10;
            } else {
                return false;
            }
        }
        bytes[byte] = static_cast<std::byte>(value);
    }
    return true;
}

// Strings made of each value; a value without one is NULL there and exact beside it.
template <class Text>
std::shared_ptr<arrow::Array> textsToArrow(const Column& values, uint32_t number,
                                           ExactValues& exact, arrow::MemoryPool* pool,
                                           Text&& textOf) {
    arrow::StringBuilder builder(pool);
    checkArrow(builder.Reserve(values.size()), base::ErrorKind::OutOfMemory);
    for (uint32_t row = 0; row < values.size(); ++row) {
        std::optional<std::string> text;
        if (!values.isNull(row)) {
            text = textOf(row);
            if (!text)
                exact.add(row, number, values.bytesAt(row));
        }
        checkArrow(text ? builder.Append(*text) : builder.AppendNull(),
                   base::ErrorKind::OutOfMemory);
    }
    return valueOrThrow(builder.Finish(), base::ErrorKind::OutOfMemory);
}

std::shared_ptr<arrow::Array> decimalsToArrow(const Column& values, const ArchivedColumn& column,
                                              uint32_t number, ExactValues& exact,
                                              arrow::MemoryPool* pool) {
    const uint32_t rows = values.size();
    auto mantissas = allocate(size_t{rows} * sizeof(Int128), pool);
    auto validity = allocate((size_t{rows} + 7) / 8, pool);
    if (rows != 0)
        std::memset(validity->mutable_data(), 0, static_cast<size_t>(validity->size()));
    int64_t nulls = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        Int128 mantissa = 0;
        bool held = false;
        if (!values.isNull(row)) {
            const std::string_view numeric = values.bytesAt(row);
            const auto decimal = numericToDecimal(numeric, column.precision, column.scale);
            held = decimal && decimalToNumeric(*decimal, column.scale) == numeric;
            if (held) {
                mantissa = *decimal;
            } else {
                exact.add(row, number, numeric);
            }
        }
        if (held) {
            validity->mutable_data()[row / 8] |= static_cast<uint8_t>(1U << row % 8);
        } else {
            ++nulls;
        }
        std::memcpy(mantissas->mutable_data() + size_t{row} * sizeof(mantissa), &mantissa,
                    sizeof(mantissa));
    }
    return arrow::MakeArray(arrow::ArrayData::Make(
        arrowType(column), rows, {std::move(validity), std::move(mantissas)}, nulls));
}

[[noreturn]] void throwUnlike(const ArchivedColumn& column) {
    base::throwCorrupt("column \"%s\" of an archived file holds a value it cannot have",
                       column.name.c_str());
}

// Appends value `row` of the array, which is not NULL.
void appendValue(const arrow::Array& array, int64_t row, const ArchivedColumn& column,
                 Column& out) {
    const auto fixed = [&]<class ArrayType>(const ArrayType& typed) {
        out.append(typed.Value(row));
    };
    const auto text = [&] { return static_cast<const arrow::BinaryArray&>(array).GetView(row); };
    switch (column.meaning) {
        case Meaning::Plain:
            break;
        case Meaning::Text:
        case Meaning::Json:
            out.appendBytes(text());
            return;
        case Meaning::Uuid: {
            std::byte bytes[16];
            if (!parseUuid(text(), bytes))
                throwUnlike(column);
            out.appendFixed(bytes);
            return;
        }
        case Meaning::Date: {
            int32_t day = static_cast<const arrow::Date32Array&>(array).Value(row);
            if (day != INT32_MAX && day != INT32_MIN &&
                __builtin_sub_overflow(day, kEpochDays, &day)) {
                throwUnlike(column);
            }
            out.append(day);
            return;
        }
        case Meaning::Timestamp:
        case Meaning::TimestampTz: {
            int64_t time = static_cast<const arrow::TimestampArray&>(array).Value(row);
            if (time != INT64_MAX && time != INT64_MIN &&
                __builtin_sub_overflow(time, kEpochMicros, &time)) {
                throwUnlike(column);
            }
            out.append(time);
            return;
        }
        case Meaning::Time:
            fixed(static_cast<const arrow::Int64Array&>(array));
            return;
        case Meaning::Decimal: {
            Int128 mantissa;
            std::memcpy(&mantissa, static_cast<const arrow::Decimal128Array&>(array).GetValue(row),
                        sizeof(mantissa));
            out.appendBytes(decimalToNumeric(mantissa, column.scale));
            return;
        }
        case Meaning::NumericText: {
            const std::optional<std::string> numeric = textToNumeric(text());
            if (!numeric)
                throwUnlike(column);
            out.appendBytes(*numeric);
            return;
        }
    }
    switch (column.stored.kind) {
        case Kind::Bool:
            out.append(static_cast<uint8_t>(
                static_cast<const arrow::BooleanArray&>(array).Value(row) ? 1 : 0));
            return;
        case Kind::Int8:
            fixed(static_cast<const arrow::Int8Array&>(array));
            return;
        case Kind::Int16:
            fixed(static_cast<const arrow::Int16Array&>(array));
            return;
        case Kind::Int32:
            fixed(static_cast<const arrow::Int32Array&>(array));
            return;
        case Kind::Int64:
            fixed(static_cast<const arrow::Int64Array&>(array));
            return;
        case Kind::Float32:
            fixed(static_cast<const arrow::FloatArray&>(array));
            return;
        case Kind::Float64:
            fixed(static_cast<const arrow::DoubleArray&>(array));
            return;
        case Kind::Fixed:
            out.appendFixed(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(row));
            return;
        case Kind::Bytes:
            out.appendBytes(text());
            return;
    }
}

}  // namespace

void checkArrow(const arrow::Status& status, base::ErrorKind kind) {
    if (status.ok())
        return;
    if (status.IsOutOfMemory())
        throw base::Error(base::ErrorKind::OutOfMemory, "out of memory");
    throw base::Error(kind, "Parquet: %s", status.message().c_str());
}

void ExactValues::add(uint32_t row, uint32_t column, std::string_view bytes) {
    rows_.push_back({row, column, std::string(bytes)});
}

std::shared_ptr<arrow::Array> ExactValues::toArrow(uint32_t rows, arrow::MemoryPool* pool) const {
    std::vector<const Entry*> entries;
    entries.reserve(rows_.size());
    for (const Entry& entry : rows_)
        entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry* a, const Entry* b) { return a->row < b->row; });
    arrow::BinaryBuilder builder(pool);
    size_t at = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        if (at == entries.size() || entries[at]->row != row) {
            checkArrow(builder.AppendNull(), base::ErrorKind::OutOfMemory);
            continue;
        }
        base::ByteWriter writer;
        for (; at < entries.size() && entries[at]->row == row; ++at) {
            writer.varint(entries[at]->column);
            writer.varint(entries[at]->bytes.size());
            writer.append(entries[at]->bytes);
        }
        const auto bytes = writer.bytes();
        checkArrow(builder.Append(reinterpret_cast<const uint8_t*>(bytes.data()),
                                  static_cast<int32_t>(bytes.size())),
                   base::ErrorKind::OutOfMemory);
    }
    return valueOrThrow(builder.Finish(), base::ErrorKind::OutOfMemory);
}

ExactValues ExactValues::parse(const arrow::Array& array, uint32_t columns) {
    if (array.type_id() != arrow::Type::BINARY)
        base::throwCorrupt("column \"%s\" of an archived file is not binary", kExactColumn);
    ExactValues result;
    const auto& texts = static_cast<const arrow::BinaryArray&>(array);
    for (int64_t row = 0; row < texts.length(); ++row) {
        if (texts.IsNull(row))
            continue;
        const std::string_view text = texts.GetView(row);
        base::ByteReader reader(std::as_bytes(std::span(text)));
        while (reader.remaining() != 0) {
            const uint64_t column = reader.varintUpTo(columns - 1, "a column's number");
            const uint64_t size = reader.varintUpTo(reader.remaining(), "a value's length");
            result.add(static_cast<uint32_t>(row), static_cast<uint32_t>(column),
                       reader.text(size));
        }
    }
    return result;
}

std::vector<ExactValues::Value> ExactValues::ofColumn(uint32_t column) const {
    std::vector<Value> values;
    for (const Entry& entry : rows_) {
        if (entry.column == column)
            values.push_back({entry.row, entry.bytes});
    }
    std::stable_sort(values.begin(), values.end(),
                     [](const Value& a, const Value& b) { return a.row < b.row; });
    return values;
}

std::shared_ptr<arrow::DataType> arrowType(const ArchivedColumn& column) {
    switch (column.meaning) {
        case Meaning::Plain:
            break;
        case Meaning::Text:
        case Meaning::Json:
        case Meaning::Uuid:
        case Meaning::NumericText:
            return arrow::utf8();
        case Meaning::Date:
            return arrow::date32();
        case Meaning::Timestamp:
        case Meaning::TimestampTz:
            return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
        case Meaning::Time:
            return arrow::int64();
        case Meaning::Decimal:
            return arrow::decimal128(column.precision, column.scale);
    }
    switch (column.stored.kind) {
        case Kind::Bool:
            return arrow::boolean();
        case Kind::Int8:
            return arrow::int8();
        case Kind::Int16:
            return arrow::int16();
        case Kind::Int32:
            return arrow::int32();
        case Kind::Int64:
            return arrow::int64();
        case Kind::Float32:
            return arrow::float32();
        case Kind::Float64:
            return arrow::float64();
        case Kind::Fixed:
            return arrow::fixed_size_binary(column.stored.width);
        case Kind::Bytes:
            break;
    }
    return arrow::binary();
}

std::shared_ptr<arrow::Array> toArrow(const Column& values, const ArchivedColumn& column,
                                      uint32_t number, ExactValues& exact,
                                      arrow::MemoryPool* pool) {
    if (!(values.type() == column.stored))
        base::throwBadArgument("column \"%s\" is not of the type it is to be archived as",
                               column.name.c_str());
    switch (column.meaning) {
        case Meaning::Date:
            return datesToArrow(values, column, number, exact, pool);
        case Meaning::Timestamp:
        case Meaning::TimestampTz:
            return timestampsToArrow(values, column, number, exact, pool);
        case Meaning::Decimal:
            return decimalsToArrow(values, column, number, exact, pool);
        case Meaning::Uuid:
            return textsToArrow(values, number, exact, pool, [&](uint32_t row) {
                return std::optional(uuidText(values.fixedAt(row)));
            });
        case Meaning::NumericText:
            return textsToArrow(values, number, exact, pool, [&](uint32_t row) {
                std::optional<std::string> text = numericToText(values.bytesAt(row));
                if (text && textToNumeric(*text) != values.bytesAt(row))
                    text.reset();
                return text;
            });
        case Meaning::Plain:
        case Meaning::Text:
        case Meaning::Json:
        case Meaning::Time:
            break;
    }
    if (values.type().isBytes())
        return bytesToArrow(values, column, pool);
    if (values.type().kind == Kind::Bool)
        return boolsToArrow(values, column, pool);
    return assemble(column, values,
                    {copied(values.size() == 0 ? nullptr : values.fixedAt(0),
                            size_t{values.size()} * values.type().width, pool)},
                    pool);
}

namespace {

void appendTexts(const arrow::BinaryArray& array, const ArchivedColumn& column, Column& out) {
    std::vector<uint64_t> lengths(static_cast<size_t>(array.length()));
    for (int64_t row = 0; row < array.length(); ++row) {
        const int32_t length = array.value_length(row);
        if (length < 0)
            throwUnlike(column);
        lengths[static_cast<size_t>(row)] = static_cast<uint64_t>(length);
    }
    out.appendValues(array.raw_data() + array.value_offset(0), lengths);
}

void appendTimes(const arrow::TimestampArray& array, const ArchivedColumn& column, Column& out) {
    const int64_t* from = array.raw_values();
    auto* to = reinterpret_cast<int64_t*>(out.extendFixed(static_cast<uint32_t>(array.length())));
    for (int64_t row = 0; row < array.length(); ++row) {
        to[row] = from[row];
        if (from[row] != INT64_MAX && from[row] != INT64_MIN &&
            __builtin_sub_overflow(from[row], kEpochMicros, &to[row])) {
            throwUnlike(column);
        }
    }
}

// A dictionary's entries, each where its code stands.
void appendCoded(const arrow::DictionaryArray& array, const ArchivedColumn& column, Column& out) {
    const auto& texts = static_cast<const arrow::BinaryArray&>(*array.dictionary());
    const int32_t* codes = static_cast<const arrow::Int32Array&>(*array.indices()).raw_values();
    const int64_t rows = array.length();
    for (int64_t row = 0; row < rows; ++row) {
        if (!array.IsNull(row) && (codes[row] < 0 || codes[row] >= texts.length()))
            throwUnlike(column);
    }
    if (array.null_count() == 0) {
        Column entries(column.stored, out.resource());
        for (int64_t code = 0; code < texts.length(); ++code)
            entries.appendBytes(texts.GetView(code));
        out.appendGathered(entries,
                           {reinterpret_cast<const uint32_t*>(codes), static_cast<size_t>(rows)});
        return;
    }
    for (int64_t row = 0; row < rows; ++row) {
        if (array.IsNull(row)) {
            out.appendNull();
        } else {
            out.appendBytes(texts.GetView(codes[row]));
        }
    }
}

// Rows without NULLs, all at once; false where each has to be looked at.
bool appendAtOnce(const arrow::Array& array, const ArchivedColumn& column, Column& out) {
    if (array.length() == 0 || array.null_count() != 0)
        return false;
    const bool plain = column.meaning == Meaning::Plain;
    if (column.meaning == Meaning::Timestamp || column.meaning == Meaning::TimestampTz) {
        appendTimes(static_cast<const arrow::TimestampArray&>(array), column, out);
    } else if (column.meaning == Meaning::Text || column.meaning == Meaning::Json ||
               (plain && column.stored.isBytes())) {
        appendTexts(static_cast<const arrow::BinaryArray&>(array), column, out);
    } else if (column.meaning == Meaning::Time || (plain && column.stored.kind != Kind::Bool)) {
        const size_t width = column.stored.width;
        const auto rows = static_cast<uint32_t>(array.length());
        const uint8_t* values = array.data()->GetValues<uint8_t>(1, 0);
        std::memcpy(out.extendFixed(rows), values + static_cast<size_t>(array.offset()) * width,
                    size_t{rows} * width);
    } else {
        return false;
    }
    return true;
}

}  // namespace

bool mayBeCoded(const ArchivedColumn& column) {
    return column.meaning == Meaning::Text || column.meaning == Meaning::Json ||
           (column.meaning == Meaning::Plain && column.stored.isBytes());
}

void fromArrow(const arrow::Array& array, const ArchivedColumn& column, uint32_t firstRow,
               const std::vector<ExactValues::Value>& exact, Column& out) {
    if (mayBeCoded(column) && exact.empty() &&
        array.type()->Equals(*arrow::dictionary(arrow::int32(), arrowType(column)))) {
        appendCoded(static_cast<const arrow::DictionaryArray&>(array), column, out);
        return;
    }
    if (!array.type()->Equals(*arrowType(column)))
        base::throwCorrupt(
            "column \"%s\" of an archived file is of another type than its footer says",
            column.name.c_str());
    auto next = std::lower_bound(
        exact.begin(), exact.end(), firstRow,
        [](const ExactValues::Value& value, uint32_t row) { return value.row < row; });
    if (next == exact.end() && appendAtOnce(array, column, out))
        return;
    for (int64_t row = 0; row < array.length(); ++row) {
        if (next != exact.end() && next->row == firstRow + static_cast<uint64_t>(row)) {
            if (column.stored.isBytes()) {
                out.appendBytes(next->bytes);
            } else if (next->bytes.size() == column.stored.width) {
                out.appendFixed(next->bytes.data());
            } else {
                throwUnlike(column);
            }
            ++next;
        } else if (array.IsNull(row)) {
            out.appendNull();
        } else {
            appendValue(array, row, column, out);
        }
    }
}

}  // namespace footfall::archive
