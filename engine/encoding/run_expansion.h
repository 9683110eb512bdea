// Rows from runs: the decoding shared by run length and derived-by-run.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/run_ends.h"

namespace footfall::encoding {

// Decodes a column that has one value per run: `values` has as many rows as there are runs.
class RunExpansion {
  public:
    RunExpansion(RunEnds& ends, ColumnDecoder* values, Arena& arena)
        : ends_(&ends), values_(values), batch_(values->type(), arena.resource()) {}

    void append(uint32_t first, uint32_t count, vector::Column& out);
    void read(uint32_t first, uint32_t count, vector::Block& out);
    void codes(uint32_t first, uint32_t count, uint32_t* out);
    void codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out);
    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out);
    bool readRuns(uint32_t first, uint32_t count, vector::Runs& out);
    ColumnDecoder& values() noexcept { return *values_; }
    const ColumnDecoder& values() const noexcept { return *values_; }

  private:
    // runs[i] is the run of row first + positions[i].
    void runsAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* runs);

    RunEnds* ends_;
    ColumnDecoder* values_;
    vector::Column batch_;
};

}  // namespace footfall::encoding
