// Values of one column in any number of rows, read in any order.
//
// The idea: vector::Column grows by copying itself; this grows by chunks of 65,536 rows that stay
// where they are, so that memory is never more than a chunk above what the rows take.
#pragma once

#include "engine/scan/batch.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

class ColumnChunks {
  public:
    ColumnChunks(vector::ColumnType type, std::pmr::memory_resource* resource)
        : type_(type), chunks_(resource) {}

    // All of this inside the engine.
    void append(const vector::Block& block, const scan::Selection& selection);
    // Appends the rows to `target`, which is of the same type.
    void gather(std::span<const uint32_t> rows, vector::Column& target) const;
    const vector::Column& chunk(uint32_t row) const { return chunks_[row >> kChunkBits]; }
    static uint32_t rowInChunk(uint32_t row) { return row & (kChunkRows - 1); }

  private:
    static constexpr uint32_t kChunkBits = 16;
    static constexpr uint32_t kChunkRows = 1U << kChunkBits;

    vector::ColumnType type_;
    std::pmr::vector<vector::Column> chunks_;
};

}  // namespace footfall::executor
