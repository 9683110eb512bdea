// Rows from runs: the decoding shared by run length and derived-by-run.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "engine/encoding/column_codec.h"

namespace footfall::encoding {

// Decodes a column that has one value per run. `ends` ascends and ends with the row count;
// `values` has as many rows as there are runs.
class RunExpansion {
  public:
    RunExpansion(std::span<const uint32_t> ends, ColumnDecoder* values, Arena& arena)
        : ends_(ends), values_(values), batch_(values->type(), arena.resource()) {}

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
    // The run that holds `row`; near the last one asked for when rows are read in order.
    uint32_t runOf(uint32_t row);
    // runs[i] is the run of row first + positions[i].
    void runsAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* runs);
    uint32_t endOf(uint32_t run) const { return ends_[run]; }

    std::span<const uint32_t> ends_;
    ColumnDecoder* values_;
    vector::Column batch_;
    uint32_t last_ = 0;
};

}  // namespace footfall::encoding
