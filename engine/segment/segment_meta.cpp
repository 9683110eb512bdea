#include "engine/segment/segment_meta.h"

#include <algorithm>
#include <array>

#include "engine/base/byte_writer.h"
#include "engine/base/checksum.h"
#include "engine/encoding/column_codec.h"

namespace footfall::segment {
namespace {

constexpr uint32_t kMagic = 0x53544646;  // "FFTS" as bytes
constexpr uint8_t kHasRange = 1;
constexpr uint8_t kTruncated = 0x80;

void writeBound(const Bound& bound, base::ByteWriter& out) {
    switch (bound.kind) {
        case BoundKind::Integer:
            out.zigzag(bound.integer);
            break;
        case BoundKind::Float:
            out.write(bound.real);
            break;
        case BoundKind::Bytes:
            out.u8(static_cast<uint8_t>(bound.size | (bound.truncated ? kTruncated : 0)));
            out.append(bound.bytes());
            break;
    }
}

Bound readBound(BoundKind kind, base::ByteReader& in) {
    Bound bound;
    bound.kind = kind;
    switch (kind) {
        case BoundKind::Integer:
            bound.integer = in.zigzag();
            break;
        case BoundKind::Float:
            bound.real = in.read<double>();
            break;
        case BoundKind::Bytes: {
            const uint8_t size = in.u8();
            bound.truncated = (size & kTruncated) != 0;
            bound.size = size & 0x7f;
            if (bound.size > Bound::kPrefix || (bound.truncated && bound.size != Bound::kPrefix)) {
                base::throwCorrupt("a zone map has a prefix of %d bytes", bound.size);
            }
            const auto prefix = in.bytes(bound.size);
            if (bound.size != 0)
                std::memcpy(bound.prefix, prefix.data(), bound.size);
            break;
        }
    }
    return bound;
}

void writeColumn(const ColumnMeta& column, std::span<const uint16_t> references,
                 base::ByteWriter& out) {
    out.u8(static_cast<uint8_t>(static_cast<uint8_t>(column.type.kind) |
                                static_cast<unsigned>(column.type.content) << 4));
    if (column.type.kind == vector::Kind::Fixed)
        out.varint(column.type.width);
    out.varint(column.chunkBytes);
    out.u32(column.crc);
    out.varint(column.rawBytes);
    out.u8(column.codec);
    out.varint(references.size());
    for (const uint16_t reference : references)
        out.varint(reference);
    out.varint(column.stats.nullCount);
    out.u8(column.stats.hasRange ? kHasRange : 0);
    if (!column.stats.hasRange)
        return;
    writeBound(column.stats.min, out);
    writeBound(column.stats.max, out);
}

vector::ColumnType readType(base::ByteReader& in) {
    const uint8_t byte = in.u8();
    const auto kind = static_cast<vector::Kind>(byte & 0x0f);
    vector::ColumnType type = vector::ColumnType::of(kind, static_cast<vector::Content>(byte >> 4));
    if (kind == vector::Kind::Fixed) {
        type.width =
            static_cast<uint16_t>(in.varintUpTo(vector::kMaxFixedWidth, "a column's width"));
    }
    if (!type.valid())
        base::throwCorrupt("column type %d is not known", byte);
    return type;
}

// What comes before the columns.
struct Preamble {
    uint32_t rows;
    uint32_t columns;
    uint32_t indexBytes;
    uint32_t indexCrc;
};

// The bytes between the format version and the checksum, which is checked.
base::ByteReader checkedBody(std::span<const std::byte> stored) {
    base::ByteReader in(stored);
    if (in.u32() != kMagic)
        base::throwCorrupt("a segment header does not begin as one");
    const uint8_t version = in.u8();
    if (version > kFormatVersion) {
        throw base::Error(base::ErrorKind::Unsupported,
                          "segment format version %d is later than this library's %d", version,
                          kFormatVersion)
            .withHint("Install the footfall version that wrote the segment, or a later one.");
    }
    if (version == 0)
        base::throwCorrupt("segment format version 0");
    if (in.remaining() < 4)
        base::throwCorrupt("a segment header ends early");
    uint32_t crc;
    std::memcpy(&crc, stored.data() + stored.size() - 4, 4);
    if (crc != base::crc32c(stored.first(stored.size() - 4))) {
        base::throwCorrupt("the checksum of a segment header does not match");
    }
    return base::ByteReader(in.bytes(in.remaining() - 4));
}

template <class TakeKey>
Preamble readPreamble(base::ByteReader& in, TakeKey&& takeKey) {
    Preamble preamble;
    preamble.rows = static_cast<uint32_t>(in.varintUpTo(kMaxRows, "rows of a segment"));
    preamble.columns = static_cast<uint32_t>(in.varintUpTo(kMaxColumns, "columns"));
    const uint64_t keys = in.varintUpTo(preamble.columns, "sort keys");
    for (uint64_t k = 0; k < keys; ++k)
        takeKey(static_cast<uint32_t>(in.varintUpTo(preamble.columns - 1, "a sort key")));
    preamble.indexBytes = static_cast<uint32_t>(in.varintUpTo(UINT32_MAX, "bytes of an index"));
    preamble.indexCrc = in.u32();
    return preamble;
}

constexpr uint32_t kMaxReferences = 64;

struct References {
    std::array<uint32_t, kMaxReferences> columns;
    size_t count;
    std::span<const uint32_t> all() const noexcept { return {columns.data(), count}; }
};

ColumnMeta readColumn(base::ByteReader& in, uint32_t number, const Preamble& preamble,
                      References& references) {
    const uint32_t columns = preamble.columns;
    ColumnMeta column;
    column.type = readType(in);
    column.chunkBytes = static_cast<uint32_t>(in.varintUpTo(UINT32_MAX, "bytes of a chunk"));
    column.crc = in.u32();
    column.rawBytes = in.varint();
    column.codec = in.u8();
    references.count = in.varintUpTo(std::min(columns, kMaxReferences), "references of a column");
    for (size_t r = 0; r < references.count; ++r) {
        const auto reference = static_cast<uint32_t>(in.varintUpTo(columns - 1, "a reference"));
        if (reference == number)
            base::throwCorrupt("column %u refers to itself", number);
        references.columns[r] = reference;
    }
    column.stats.nullCount =
        static_cast<uint32_t>(in.varintUpTo(preamble.rows, "NULLs of a column"));
    const uint8_t flags = in.u8();
    if (flags > kHasRange)
        base::throwCorrupt("flags %d of a column", flags);
    column.stats.hasRange = flags == kHasRange;
    if (column.stats.hasRange) {
        const BoundKind kind = boundKind(column.type);
        column.stats.min = readBound(kind, in);
        column.stats.max = readBound(kind, in);
    }
    return column;
}

}  // namespace

SegmentMeta::SegmentMeta(std::pmr::memory_resource* resource)
    : columns_(resource), references_(resource), sortKeys_(resource) {}

void SegmentMeta::addColumn(ColumnMeta column, std::span<const uint32_t> references) {
    column.firstReference = static_cast<uint16_t>(references_.size());
    column.referenceCount = static_cast<uint16_t>(references.size());
    column.encodingName =
        encoding::columnCodecName(static_cast<encoding::ColumnCodec>(column.codec));
    for (const uint32_t reference : references) {
        references_.push_back(static_cast<uint16_t>(reference));
    }
    columns_.push_back(column);
}

void SegmentMeta::serialize(std::pmr::vector<std::byte>& out) const {
    base::ByteWriter writer;
    writer.u32(kMagic);
    writer.u8(kFormatVersion);
    writer.varint(rows_);
    writer.varint(columns_.size());
    writer.varint(sortKeys_.size());
    for (const uint16_t key : sortKeys_)
        writer.varint(key);
    writer.varint(indexBytes_);
    writer.u32(indexCrc_);
    for (uint32_t c = 0; c < columnCount(); ++c)
        writeColumn(columns_[c], references(c), writer);
    writer.u32(base::crc32c(writer.bytes()));
    out.insert(out.end(), writer.bytes().begin(), writer.bytes().end());
}

SegmentMeta SegmentMeta::parse(std::span<const std::byte> stored,
                               std::pmr::memory_resource* resource) {
    base::ByteReader in = checkedBody(stored);
    SegmentMeta meta(resource);
    const Preamble preamble = readPreamble(in, [&](uint32_t key) { meta.addSortKey(key); });
    meta.rows_ = preamble.rows;
    meta.indexBytes_ = preamble.indexBytes;
    meta.indexCrc_ = preamble.indexCrc;
    // A column takes eleven bytes at least.
    meta.columns_.reserve(std::min<size_t>(preamble.columns, in.remaining() / 11 + 1));
    References references;
    for (uint32_t c = 0; c < preamble.columns; ++c) {
        const ColumnMeta column = readColumn(in, c, preamble, references);
        if (meta.references_.size() + references.count > UINT16_MAX) {
            base::throwCorrupt("too many references between columns");
        }
        meta.addColumn(column, references.all());
    }
    in.expectEnd();
    return meta;
}

ZoneMaps::ZoneMaps(std::span<const std::byte> stored) {
    base::ByteReader in = checkedBody(stored);
    const Preamble preamble = readPreamble(in, [](uint32_t) {});
    rows_ = preamble.rows;
    columns_ = preamble.columns;
    body_ = in.rest();
}

ColumnMeta ZoneMaps::column(uint32_t index) const {
    if (index >= columns_)
        base::throwBadArgument("column %u of a segment of %u", index, columns_);
    base::ByteReader in(body_);
    const Preamble preamble = {rows_, columns_, 0, 0};
    References ignored;
    for (uint32_t c = 0; c < index; ++c)
        readColumn(in, c, preamble, ignored);
    return readColumn(in, index, preamble, ignored);
}

bool mayOverlap(const ColumnMeta& column, uint32_t rows, const Scalar* low,
                const Scalar* high) noexcept {
    if (column.stats.nullCount >= rows)
        return false;
    if (!column.stats.hasRange)
        return true;
    if (low != nullptr && compare(column.stats.max, *low, 1) < 0)
        return false;
    return high == nullptr || compare(column.stats.min, *high, -1) <= 0;
}

}  // namespace footfall::segment
