// Bytes to rows.
//
// A reader opens a column's chunk when it is first touched: fetches it, whole or page by page,
// checks length and CRC-32C, builds the decoder. What it keeps lives in one arena over the resource
// given at construction and goes with the reader. Not for two threads at once.
//
// The columns of an archived segment come whole from a ColumnSource instead; its index stays with
// the chunks' source. What they hold is as the header says, so everything else is the same.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>

#include "engine/encoding/arena.h"
#include "engine/encoding/column_codec.h"
#include "engine/segment/segment_index.h"
#include "engine/segment/segment_meta.h"
#include "engine/vector/block.h"

namespace footfall::segment {

class ChunkSource {
  public:
    virtual ~ChunkSource() = default;
    // Fills `into` with bytes of the column's chunk from `offset` on; the range lies inside the
    // length that the header tells.
    virtual void fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) = 0;
    // The same for the index. Called only when the header says that there is one.
    virtual void fetchIndex(uint32_t offset, std::span<std::byte> into) = 0;
};

class ColumnSource {
  public:
    virtual ~ColumnSource() = default;
    // All rows of the column, which outlive the reader. Called once a column, when it is first
    // touched.
    virtual const vector::Column& column(uint32_t column) = 0;
};

class SegmentReader final : private encoding::ColumnResolver {
  public:
    // Opens nothing yet; `meta` and `source` must outlive the reader.
    SegmentReader(const SegmentMeta& meta, ChunkSource& source,
                  std::pmr::memory_resource* resource);
    // The same with columns from elsewhere; of `source` only the index is fetched.
    SegmentReader(const SegmentMeta& meta, ChunkSource& source, ColumnSource& columns,
                  std::pmr::memory_resource* resource);

    const SegmentMeta& meta() const noexcept { return meta_; }

    // Chunks opened from now on are fetched page by page, for reads of few blocks; else whole.
    void setSparse(bool sparse) noexcept { sparse_ = sparse; }
    bool sparse() const noexcept { return sparse_; }

    // Any range inside the segment of at most kBlockRows rows, in any order of calls; nearest to
    // free of waste in order and from multiples of kBlockRows. Throws CorruptData on damage,
    // BadArgument on a range outside.
    void read(uint32_t column, uint32_t firstRow, uint32_t count, vector::Block& out);
    // The same where only the rows at `positions` (ascending, below `count`) matter: others are
    // undefined, but safe to read.
    void readRows(uint32_t column, uint32_t firstRow, uint32_t count,
                  std::span<const uint16_t> positions, vector::Block& out);
    // The same as runs of equal values; false where the column is not stored in runs worth that.
    bool readRuns(uint32_t column, uint32_t firstRow, uint32_t count, vector::Runs& out);
    // The same, flat, appended to `out` (which has the column's type); any count.
    void append(uint32_t column, uint32_t firstRow, uint32_t count, vector::Column& out);

    // Decodes the whole column and compares it with checksum, statistics, block map, bloom filter
    // and, for the first sort key, the order of the rows by all keys. Throws CorruptData.
    void verify(uint32_t column);
    // Checks that the index is whole; verify() compares what it says with each column.
    void verifyIndex();

    // All blocks of the segment.
    BlockSet allBlocks() const noexcept;
    // Clears blocks in which no row has low <= value <= high (null pointers: open ends), by zone
    // map and block map. Scalars are of the column's boundKind.
    void pruneRange(uint32_t column, const Scalar* low, const Scalar* high, BlockSet& blocks);
    // The same for value == v; asks the bloom filter too.
    void pruneEqual(uint32_t column, const Scalar& value, BlockSet& blocks);

  private:
    enum class State : uint8_t { Closed, Opening, Open };
    struct Slot {
        State state = State::Closed;
        uint8_t depth = 0;  // columns on the longest chain of references from this one
        encoding::ColumnDecoder* decoder = nullptr;
    };

    class Chunk;
    class Index;

    encoding::ColumnDecoder& resolve(uint32_t column) override;
    encoding::ColumnDecoder& open(uint32_t column);
    encoding::ColumnDecoder* openChunk(uint32_t column);
    encoding::ColumnDecoder* openHeld(uint32_t column);
    const SegmentIndex& index();
    Index& openIndex(bool sparse);
    void verifyOrder();

    const SegmentMeta& meta_;
    ChunkSource& source_;
    ColumnSource* columns_ = nullptr;
    encoding::Arena arena_;
    std::pmr::vector<Slot> slots_;
    const SegmentIndex* index_ = nullptr;
    uint8_t depth_ = 0;  // of the column being opened
    bool sparse_ = false;
};

}  // namespace footfall::segment
