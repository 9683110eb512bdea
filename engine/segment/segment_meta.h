// The header of a segment: what a reader must know before it fetches a chunk.
//
// Small enough for a catalog row. Its stored form has a version and a checksum of its own and is
// validated whole by parse(). All memory comes from the resource given.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/segment/bound.h"
#include "engine/vector/column.h"

namespace footfall::segment {

inline constexpr uint32_t kMaxRows = 131072;  // rows a segment
inline constexpr uint32_t kBlockRows = 1024;  // rows a block: block maps and reads speak of these
inline constexpr uint32_t kMaxBlocks = kMaxRows / kBlockRows;
inline constexpr uint32_t kMaxColumns = 1664;
// A writer closes a segment when the next row would take its columns' byteSize() together above
// this, so that a chunk stays small and a reader's memory bounded.
inline constexpr uint64_t kMaxRawBytes = uint64_t{64} << 20;
// One row may exceed kMaxRawBytes and makes a segment of its own; no column of a segment may
// exceed this, or its chunk might not fit in a value of 1 GB.
inline constexpr uint64_t kMaxColumnBytes = 1000000000;
inline constexpr uint8_t kFormatVersion = 1;

struct ColumnStats {
    uint32_t nullCount = 0;
    bool hasRange = false;  // min and max are set: some row is not NULL and the type has an order
    Bound min;
    Bound max;
};

struct ColumnMeta {
    vector::ColumnType type;
    uint32_t chunkBytes = 0;
    uint32_t crc = 0;       // CRC-32C of the chunk
    uint64_t rawBytes = 0;  // vector::Column::byteSize() of the rows
    ColumnStats stats;
    uint8_t codec = 0;
    std::string_view encodingName;  // of the outermost codec; static text
    uint16_t firstReference = 0;
    uint16_t referenceCount = 0;
};

class SegmentMeta {
  public:
    explicit SegmentMeta(std::pmr::memory_resource* resource);

    // Throws CorruptData; Unsupported when a later version wrote it.
    static SegmentMeta parse(std::span<const std::byte> stored,
                             std::pmr::memory_resource* resource);
    // Appends the stored form.
    void serialize(std::pmr::vector<std::byte>& out) const;

    uint32_t rows() const noexcept { return rows_; }
    uint32_t blocks() const noexcept { return (rows_ + kBlockRows - 1) / kBlockRows; }
    uint32_t columnCount() const noexcept { return static_cast<uint32_t>(columns_.size()); }
    const ColumnMeta& column(uint32_t index) const noexcept { return columns_[index]; }
    // Other columns that this one's chunk refers to directly; decoding needs their chunks too.
    std::span<const uint16_t> references(uint32_t index) const noexcept {
        return std::span(references_)
            .subspan(columns_[index].firstReference, columns_[index].referenceCount);
    }
    // Columns the rows are sorted by, first key first; may be empty.
    std::span<const uint16_t> sortKeys() const noexcept { return sortKeys_; }
    uint32_t indexBytes() const noexcept { return indexBytes_; }
    uint32_t indexCrc() const noexcept { return indexCrc_; }

    // For the encoder.
    void setRows(uint32_t rows) noexcept { rows_ = rows; }
    void setIndex(uint32_t bytes, uint32_t crc) noexcept {
        indexBytes_ = bytes;
        indexCrc_ = crc;
    }
    void addSortKey(uint32_t column) { sortKeys_.push_back(static_cast<uint16_t>(column)); }
    void addColumn(ColumnMeta column, std::span<const uint32_t> references);

  private:
    uint32_t rows_ = 0;
    uint32_t indexBytes_ = 0;
    uint32_t indexCrc_ = 0;
    std::pmr::vector<ColumnMeta> columns_;
    std::pmr::vector<uint16_t> references_;
    std::pmr::vector<uint16_t> sortKeys_;
};

// A stored header of which nothing but zone maps is wanted: most of a table's segments are pruned
// by them, and never opened. What it reads is checked as parse() checks it, the checksum included.
class ZoneMaps {
  public:
    // `stored` must live as long as this. Throws what parse() throws.
    explicit ZoneMaps(std::span<const std::byte> stored);

    uint32_t rows() const noexcept { return rows_; }
    uint32_t columnCount() const noexcept { return columns_; }
    // Reads all columns before it; its references are left out.
    ColumnMeta column(uint32_t index) const;

  private:
    std::span<const std::byte> body_;  // of the columns
    uint32_t rows_ = 0;
    uint32_t columns_ = 0;
};

// Pruning by the zone map alone; false means that no row of the segment can match. Both ends are
// inclusive, a null pointer is an open end; the scalars are of the column's boundKind. A column
// without range (no order, or NULLs only) answers as safely as it can.
bool mayOverlap(const ColumnMeta& column, uint32_t rows, const Scalar* low,
                const Scalar* high) noexcept;

}  // namespace footfall::segment
