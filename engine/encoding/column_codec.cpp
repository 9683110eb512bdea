#include "engine/encoding/column_codec.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {

const char* columnCodecName(ColumnCodec codec) noexcept {
    switch (codec) {
        case ColumnCodec::Constant:
            return "constant";
        case ColumnCodec::Nullable:
            return "nullable";
        case ColumnCodec::Integers:
            return "integers";
        case ColumnCodec::Decimal:
            return "decimal";
        case ColumnCodec::SplitFloat:
            return "split float";
        case ColumnCodec::FixedWords:
            return "fixed words";
        case ColumnCodec::Dictionary:
            return "dictionary";
        case ColumnCodec::RunLength:
            return "run length";
        case ColumnCodec::DerivedByCode:
            return "derived by code";
        case ColumnCodec::DerivedByRun:
            return "derived by run";
        case ColumnCodec::PlainBytes:
            return "plain bytes";
        case ColumnCodec::CompressedBytes:
            return "compressed bytes";
        case ColumnCodec::Template:
            return "template";
        case ColumnCodec::Numeric:
            return "numeric";
        case ColumnCodec::GroupedDelta:
            return "grouped delta";
        case ColumnCodec::PlacedRuns:
            return "placed runs";
    }
    return "unknown";
}

void ColumnDecoder::read(uint32_t first, uint32_t count, vector::Block& out) {
    out.shape = vector::Block::Shape::Flat;
    out.rows = count;
    out.values.reset(type_);
    append(first, count, out.values);
}

void ColumnDecoder::readRows(uint32_t first, uint32_t count, std::span<const uint16_t>,
                             vector::Block& out) {
    read(first, count, out);
}

bool ColumnDecoder::readRuns(uint32_t, uint32_t, vector::Runs&) {
    return false;
}

void ColumnDecoder::codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) {
    uint32_t batch[kBatchRows];
    const uint32_t begin = positions.front();
    codes(first + begin, positions.back() - begin + 1, batch);
    for (size_t i = 0; i < positions.size(); ++i)
        out[i] = batch[positions[i] - begin];
}

const vector::Column& ColumnDecoder::dictionary() {
    base::throwInternal("a column without dictionary was asked for it");
}

void ColumnDecoder::codes(uint32_t, uint32_t, uint32_t*) {
    base::throwInternal("a column without dictionary was asked for codes");
}

namespace {

// Damaged data may hold a codec where its type cannot occur.
void requireType(bool fits, uint8_t codec) {
    if (!fits) {
        base::throwCorrupt("codec \"%s\" cannot hold this column's type",
                           columnCodecName(static_cast<ColumnCodec>(codec)));
    }
}

}  // namespace

ColumnDecoder* openColumn(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                          OpenContext& context) {
    const Arena::Nesting nesting(context.arena);
    const uint8_t codec = in.u8();
    switch (static_cast<ColumnCodec>(codec)) {
        case ColumnCodec::Constant:
            return openConstant(in, type, rows, context);
        case ColumnCodec::Nullable:
            return openNullable(in, type, rows, context);
        case ColumnCodec::Integers:
            requireType(type.isInteger(), codec);
            return openIntegerColumn(in, type, rows, context);
        case ColumnCodec::Decimal:
            requireType(type.isFloat(), codec);
            return openDecimal(in, type, rows, context);
        case ColumnCodec::SplitFloat:
            requireType(type.isFloat(), codec);
            return openSplitFloat(in, type, rows, context);
        case ColumnCodec::FixedWords:
            requireType(type.kind == vector::Kind::Fixed, codec);
            return openFixedWords(in, type, rows, context);
        case ColumnCodec::Dictionary:
            return openDictionary(in, type, rows, context);
        case ColumnCodec::RunLength:
            return openRunLength(in, type, rows, context);
        case ColumnCodec::DerivedByCode:
            return openDerivedByCode(in, type, rows, context);
        case ColumnCodec::DerivedByRun:
            return openDerivedByRun(in, type, rows, context);
        case ColumnCodec::PlainBytes:
            requireType(type.isBytes(), codec);
            return openPlainBytes(in, type, rows, context);
        case ColumnCodec::CompressedBytes:
            requireType(type.isBytes(), codec);
            return openCompressedBytes(in, type, rows, context);
        case ColumnCodec::Template:
            requireType(type.isBytes(), codec);
            return openTemplate(in, type, rows, context);
        case ColumnCodec::Numeric:
            requireType(type.isBytes(), codec);
            return openNumeric(in, type, rows, context);
        case ColumnCodec::GroupedDelta:
            requireType(type.isInteger(), codec);
            return openGroupedDelta(in, type, rows, context);
        case ColumnCodec::PlacedRuns:
            return openPlacedRuns(in, type, rows, context);
    }
    base::throwCorrupt("column codec %d is not known", codec);
}

ColumnDecoder* openColumnPart(base::ByteReader& in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return openColumn(in.part(), type, rows, context);
}

ColumnDecoder& resolveParent(uint64_t column, uint32_t rows, OpenContext& context) {
    if (context.columns == nullptr) {
        base::throwCorrupt("a column refers to another where none can be");
    }
    if (column > UINT16_MAX)
        base::throwCorrupt("a column refers to one that does not exist");
    ColumnDecoder& parent = context.columns->resolve(static_cast<uint32_t>(column));
    if (parent.rows() != rows) {
        base::throwCorrupt("a column of %u rows refers to one of %u", rows, parent.rows());
    }
    return parent;
}

uint64_t nextDictionaryId() noexcept {
    static std::atomic<uint64_t> next{1};
    return next.fetch_add(1, std::memory_order_relaxed);
}

namespace {

template <class T>
void widen(const vector::Column& column, std::span<uint64_t> out) {
    const T* values = column.values<T>();
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<uint64_t>(static_cast<int64_t>(values[i]));
    }
}

template <class T>
void narrow(const uint64_t* words, uint32_t count, std::byte* out) {
    T* values = reinterpret_cast<T*>(out);
    for (uint32_t i = 0; i < count; ++i)
        values[i] = static_cast<T>(words[i]);
}

}  // namespace

void widenIntegers(const vector::Column& column, std::span<uint64_t> out) {
    switch (column.type().kind) {
        case vector::Kind::Bool:
            return widen<uint8_t>(column, out);
        case vector::Kind::Int8:
            return widen<int8_t>(column, out);
        case vector::Kind::Int16:
            return widen<int16_t>(column, out);
        case vector::Kind::Int32:
            return widen<int32_t>(column, out);
        default:
            return widen<int64_t>(column, out);
    }
}

void appendNarrowed(const uint64_t* words, uint32_t count, vector::Column& out) {
    std::byte* to = out.extendFixed(count);
    switch (out.type().kind) {
        case vector::Kind::Bool:
            for (uint32_t i = 0; i < count; ++i)
                to[i] = static_cast<std::byte>(words[i] & 1);
            return;
        case vector::Kind::Int8:
            return narrow<int8_t>(words, count, to);
        case vector::Kind::Int16:
            return narrow<int16_t>(words, count, to);
        case vector::Kind::Int32:
            return narrow<int32_t>(words, count, to);
        default:
            return narrow<int64_t>(words, count, to);
    }
}

std::byte* makeFlat(vector::ColumnType type, uint32_t rows, vector::Block& out) {
    out.shape = vector::Block::Shape::Flat;
    out.rows = rows;
    out.values.reset(type);
    std::byte* to = out.values.extendFixed(rows);
    std::memset(to, 0, size_t{rows} * type.width);
    return to;
}

namespace {

template <class T>
void place(const uint64_t* words, std::span<const uint16_t> positions, std::byte* to) {
    T* out = reinterpret_cast<T*>(to);
    for (size_t i = 0; i < positions.size(); ++i)
        out[positions[i]] = static_cast<T>(words[i]);
}

}  // namespace

void scatterIntegers(const uint64_t* words, uint32_t rows, std::span<const uint16_t> positions,
                     vector::ColumnType type, vector::Block& out) {
    std::byte* to = makeFlat(type, rows, out);
    switch (type.kind) {
        case vector::Kind::Bool:
            for (size_t i = 0; i < positions.size(); ++i)
                to[positions[i]] = static_cast<std::byte>(words[i] & 1);
            return;
        case vector::Kind::Int8:
            return place<int8_t>(words, positions, to);
        case vector::Kind::Int16:
            return place<int16_t>(words, positions, to);
        case vector::Kind::Int32:
            return place<int32_t>(words, positions, to);
        default:
            return place<int64_t>(words, positions, to);
    }
}

void scatterCodes(const uint32_t* codes, uint32_t rows, std::span<const uint16_t> positions,
                  const vector::Column& dictionary, uint64_t id, vector::Block& out) {
    out.shape = vector::Block::Shape::Dictionary;
    out.rows = rows;
    // Rows that do not matter are better no NULLs: a block without any is taken faster.
    out.codes.assign(rows, dictionary.size() == 0 ? vector::kNullCode : 0);
    for (size_t i = 0; i < positions.size(); ++i)
        out.codes[positions[i]] = codes[i];
    out.dictionary = &dictionary;
    out.dictionaryId = id;
}

namespace {

template <class T>
void scatter(const vector::Column& values, std::span<const uint32_t> from,
             std::span<const uint16_t> positions, std::byte* to) {
    const T* rows = values.values<T>();
    T* out = reinterpret_cast<T*>(to);
    for (size_t i = 0; i < positions.size(); ++i)
        out[positions[i]] = rows[from[i]];
}

}  // namespace

void scatterFixed(const vector::Column& values, std::span<const uint32_t> from,
                  std::span<const uint16_t> positions, std::byte* to) {
    switch (values.type().width) {
        case 1:
            return scatter<uint8_t>(values, from, positions, to);
        case 2:
            return scatter<uint16_t>(values, from, positions, to);
        case 4:
            return scatter<uint32_t>(values, from, positions, to);
        default:
            return scatter<uint64_t>(values, from, positions, to);
    }
}

}  // namespace footfall::encoding
