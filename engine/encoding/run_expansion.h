// Rows from runs: the decoding shared by run length and derived-by-run.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/run_ends.h"

namespace footfall::encoding {

// Decodes a column that has one value per run: `values` has as many rows as there are runs. Both
// live as long as this.
class RunExpansion final : public ColumnDecoder {
  public:
    RunExpansion(vector::ColumnType type, uint32_t rows, RunEnds& ends, ColumnDecoder* values,
                 Arena& arena)
        : ColumnDecoder(type, rows),
          ends_(&ends),
          values_(values),
          batch_(values->type(), arena.resource()) {}

    void append(uint32_t first, uint32_t count, vector::Column& out) override;
    void read(uint32_t first, uint32_t count, vector::Block& out) override;
    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override;
    bool readRuns(uint32_t first, uint32_t count, vector::Runs& out) override;
    bool hasDictionary() const noexcept override { return values_->hasDictionary(); }
    uint32_t dictionarySize() const noexcept override { return values_->dictionarySize(); }
    const vector::Column& dictionary() override { return values_->dictionary(); }
    uint64_t dictionaryId() const noexcept override { return values_->dictionaryId(); }
    bool prefersCodes(uint32_t count) const noexcept override {
        return values_->prefersCodes(count);
    }
    void codes(uint32_t first, uint32_t count, uint32_t* out) override;
    void codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) override;
    RunEnds* runEnds() noexcept override { return ends_; }

  private:
    // runs[i] is the run of row first + positions[i].
    void runsAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* runs);

    RunEnds* ends_;
    ColumnDecoder* values_;
    vector::Column batch_;
};

}  // namespace footfall::encoding
