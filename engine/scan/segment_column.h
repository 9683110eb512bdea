// One column of the block of a segment that a batch stands on, decoded as far as it was asked for:
// not at all, by runs, for the few rows that filters left, or whole.
#pragma once

#include <cstdint>
#include <memory_resource>

#include "engine/scan/batch.h"
#include "engine/scan/row_mask.h"
#include "engine/segment/segment_reader.h"
#include "engine/vector/block.h"

namespace footfall::scan {

class SegmentColumn {
  public:
    explicit SegmentColumn(std::pmr::memory_resource* resource)
        : block_(resource), runs_(resource) {}

    // The batch stands on another block.
    void forget() noexcept {
        loaded_ = Loaded::None;
        runsState_ = RunsState::Unknown;
    }
    bool whole() const noexcept { return loaded_ == Loaded::Whole; }
    // Decodes what `selection` needs and is not there yet; returns for how many rows.
    uint32_t load(segment::SegmentReader& reader, uint32_t column, uint32_t first, uint32_t rows,
                  const Selection& selection);
    uint32_t loadWhole(segment::SegmentReader& reader, uint32_t column, uint32_t first,
                       uint32_t rows);
    // For a column filled by other means.
    void setWhole() noexcept { loaded_ = Loaded::Whole; }
    vector::Block& block() noexcept { return block_; }
    const vector::Block& block() const noexcept { return block_; }

    const vector::Runs* runs(segment::SegmentReader& reader, uint32_t column, uint32_t first,
                             uint32_t rows);

  private:
    enum class Loaded : uint8_t { None, Some, Whole };
    enum class RunsState : uint8_t { Unknown, None, Loaded };
    // Decoding rows one by one costs this many times as much as all in a row, about.
    static constexpr uint32_t kCostOfOne = 6;

    bool holds(const Selection& selection) const noexcept;

    vector::Block block_;
    vector::Runs runs_;
    RowBits rows_{};  // with Loaded::Some
    Loaded loaded_ = Loaded::None;
    RunsState runsState_ = RunsState::Unknown;
};

}  // namespace footfall::scan
