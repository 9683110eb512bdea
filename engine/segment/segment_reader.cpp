#include "engine/segment/segment_reader.h"

#include <algorithm>
#include <utility>

#include "engine/encoding/held_column.h"
#include "engine/segment/paged_piece.h"
#include "engine/segment/sort_permutation.h"

namespace footfall::segment {

SegmentReader::SegmentReader(const SegmentMeta& meta, ChunkSource& source,
                             std::pmr::memory_resource* resource)
    : meta_(meta), source_(source), arena_(resource), slots_(arena_.resource()) {}

SegmentReader::SegmentReader(const SegmentMeta& meta, ChunkSource& source, ColumnSource& columns,
                             std::pmr::memory_resource* resource)
    : SegmentReader(meta, source, resource) {
    columns_ = &columns;
}

class SegmentReader::Chunk final : public PagedPiece {
  public:
    Chunk(ChunkSource& source, uint32_t column) : source_(source), column_(column) {}

  private:
    void fetch(uint32_t offset, std::span<std::byte> into) override {
        source_.fetch(column_, offset, into);
    }
    ChunkSource& source_;
    uint32_t column_;
};

class SegmentReader::Index final : public PagedPiece {
  public:
    explicit Index(ChunkSource& source) : source_(source) {}

  private:
    void fetch(uint32_t offset, std::span<std::byte> into) override {
        source_.fetchIndex(offset, into);
    }
    ChunkSource& source_;
};

encoding::ColumnDecoder& SegmentReader::open(uint32_t column) {
    if (column >= meta_.columnCount()) {
        base::throwCorrupt("column %u of a segment of %u is referred to", column,
                           meta_.columnCount());
    }
    if (slots_.empty())
        slots_.resize(meta_.columnCount());
    Slot& slot = slots_[column];
    if (slot.state == State::Open)
        return *slot.decoder;
    if (slot.state == State::Opening)
        base::throwCorrupt("columns refer to each other in a circle");
    slot.state = State::Opening;
    const uint8_t outer = std::exchange(depth_, 0);
    try {
        slot.decoder = columns_ != nullptr ? openHeld(column) : openChunk(column);
    } catch (...) {
        slot.state = State::Closed;
        depth_ = outer;
        throw;
    }
    slot.depth = std::exchange(depth_, outer);
    slot.state = State::Open;
    return *slot.decoder;
}

encoding::ColumnDecoder* SegmentReader::openChunk(uint32_t column) {
    const ColumnMeta& header = meta_.column(column);
    auto* chunk = arena_.make<Chunk>(source_, column);
    chunk->open(header.chunkBytes, header.crc, sparse_, arena_.resource());
    encoding::OpenContext context{arena_, this};
    return encoding::openColumn(base::ByteReader(chunk->payload(), chunk), header.type,
                                meta_.rows(), context);
}

encoding::ColumnDecoder* SegmentReader::openHeld(uint32_t column) {
    const vector::Column& values = columns_->column(column);
    if (values.type() != meta_.column(column).type || values.size() != meta_.rows()) {
        base::throwCorrupt("column %u has %u rows of another kind than the segment's %u", column,
                           values.size(), meta_.rows());
    }
    return encoding::openHeld(values, arena_);
}

// An encoder makes chains of two (a template's number, itself derived); long ones would let damaged
// data exhaust the stack.
encoding::ColumnDecoder& SegmentReader::resolve(uint32_t column) {
    constexpr uint8_t kMaxDepth = 4;
    encoding::ColumnDecoder& decoder = open(column);
    const auto depth = static_cast<uint8_t>(slots_[column].depth + 1);
    if (depth > kMaxDepth)
        base::throwCorrupt("a chain of more than %d columns", kMaxDepth);
    depth_ = std::max(depth_, depth);
    return decoder;
}

const SegmentIndex& SegmentReader::index() {
    if (index_ != nullptr)
        return *index_;
    Index& piece = openIndex(true);
    index_ = arena_.make<SegmentIndex>(base::ByteReader(piece.payload(), &piece), meta_, arena_);
    return *index_;
}

SegmentReader::Index& SegmentReader::openIndex(bool sparse) {
    auto* piece = arena_.make<Index>(source_);
    piece->open(meta_.indexBytes(), meta_.indexCrc(), sparse, arena_.resource());
    return *piece;
}

void SegmentReader::verifyIndex() {
    Index& piece = openIndex(false);
    const SegmentIndex whole(base::ByteReader(piece.payload(), &piece), meta_, arena_);
}

namespace {

void checkRange(const SegmentMeta& meta, uint32_t column, uint32_t firstRow, uint32_t count) {
    if (column >= meta.columnCount() || firstRow > meta.rows() || count > meta.rows() - firstRow) {
        base::throwBadArgument("rows %u to %llu of column %u, in a segment of %u rows, %u columns",
                               firstRow, static_cast<unsigned long long>(firstRow) + count, column,
                               meta.rows(), meta.columnCount());
    }
}

}  // namespace

void SegmentReader::read(uint32_t column, uint32_t firstRow, uint32_t count, vector::Block& out) {
    checkRange(meta_, column, firstRow, count);
    if (count > kBlockRows) {
        base::throwBadArgument("%u rows asked for at once, more than %u", count, kBlockRows);
    }
    open(column).read(firstRow, count, out);
}

void SegmentReader::readRows(uint32_t column, uint32_t firstRow, uint32_t count,
                             std::span<const uint16_t> positions, vector::Block& out) {
    checkRange(meta_, column, firstRow, count);
    if (count > kBlockRows || positions.size() > count ||
        (!positions.empty() && positions.back() >= count)) {
        base::throwBadArgument("%zu rows asked for in a range of %u", positions.size(), count);
    }
    if (positions.empty())
        return open(column).read(firstRow, count, out);
    open(column).readRows(firstRow, count, positions, out);
}

bool SegmentReader::readRuns(uint32_t column, uint32_t firstRow, uint32_t count,
                             vector::Runs& out) {
    checkRange(meta_, column, firstRow, count);
    if (count > kBlockRows) {
        base::throwBadArgument("%u rows asked for at once, more than %u", count, kBlockRows);
    }
    return count != 0 && open(column).readRuns(firstRow, count, out);
}

void SegmentReader::append(uint32_t column, uint32_t firstRow, uint32_t count,
                           vector::Column& out) {
    checkRange(meta_, column, firstRow, count);
    encoding::ColumnDecoder& decoder = open(column);
    for (uint32_t done = 0; done < count; done += kBlockRows) {
        decoder.append(firstRow + done, std::min(kBlockRows, count - done), out);
    }
}

BlockSet SegmentReader::allBlocks() const noexcept {
    BlockSet blocks;
    for (uint32_t b = 0; b < meta_.blocks(); ++b)
        blocks.set(b);
    return blocks;
}

void SegmentReader::pruneRange(uint32_t column, const Scalar* low, const Scalar* high,
                               BlockSet& blocks) {
    checkRange(meta_, column, 0, 0);
    if (!mayOverlap(meta_.column(column), meta_.rows(), low, high)) {
        blocks.reset();
    } else if (blocks.any()) {
        index().prune(column, low, high, blocks);
    }
}

void SegmentReader::pruneEqual(uint32_t column, const Scalar& value, BlockSet& blocks) {
    pruneRange(column, &value, &value, blocks);
    if (blocks.any() && !index().mayContain(column, value))
        blocks.reset();
}

void SegmentReader::verify(uint32_t column) {
    checkRange(meta_, column, 0, 0);
    const ColumnMeta& header = meta_.column(column);
    const bool ordered = hasNaturalOrder(header.type);
    uint32_t nulls = 0;
    uint64_t bytes = 0;
    vector::Column values(header.type, std::pmr::new_delete_resource());
    for (uint32_t first = 0; first < meta_.rows(); first += kBlockRows) {
        values.clear();
        append(column, first, std::min(kBlockRows, meta_.rows() - first), values);
        nulls += values.nullCount();
        bytes += values.byteSize();
        for (uint32_t row = 0; ordered && row < values.size(); ++row) {
            if (values.isNull(row))
                continue;
            const Scalar value = Scalar::at(values, row);
            if (!mayOverlap(header, meta_.rows(), &value, &value)) {
                base::throwCorrupt("row %u of column %u is outside the zone map", first + row,
                                   column);
            }
            if (!index().admits(column, first / kBlockRows, orderKey(value))) {
                base::throwCorrupt("row %u of column %u is outside the block map", first + row,
                                   column);
            }
            if (!index().mayContain(column, value)) {
                base::throwCorrupt("row %u of column %u is not in the bloom filter", first + row,
                                   column);
            }
        }
    }
    if (nulls != header.stats.nullCount) {
        base::throwCorrupt("column %u has %u NULLs, its header says %u", column, nulls,
                           header.stats.nullCount);
    }
    if (bytes != header.rawBytes) {
        base::throwCorrupt("column %u has %llu bytes of values, its header says %llu", column,
                           static_cast<unsigned long long>(bytes),
                           static_cast<unsigned long long>(header.rawBytes));
    }
    const auto keys = meta_.sortKeys();
    if (!keys.empty() && keys[0] == column)
        verifyOrder();
}

void SegmentReader::verifyOrder() {
    std::vector<vector::Column> columns;
    std::vector<uint32_t> keys;
    for (const uint16_t key : meta_.sortKeys()) {
        keys.push_back(static_cast<uint32_t>(columns.size()));
        columns.emplace_back(meta_.column(key).type, std::pmr::new_delete_resource());
        append(key, 0, meta_.rows(), columns.back());
    }
    for (uint32_t row = 1; row < meta_.rows(); ++row) {
        if (compareRows(columns, keys, row - 1, row) > 0) {
            base::throwCorrupt("row %u is not in the order of the sort keys", row);
        }
    }
}

}  // namespace footfall::segment
