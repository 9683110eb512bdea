#include "engine/scan/segment_column.h"

namespace footfall::scan {

bool SegmentColumn::holds(const Selection& selection) const noexcept {
    const uint16_t* rows = selection.rows();
    for (uint32_t i = 0; i < selection.count(); ++i) {
        if (!testBit(rows_.data(), rows[i]))
            return false;
    }
    return true;
}

// A second, other selection loads the whole: both may still be looked at.
uint32_t SegmentColumn::load(segment::SegmentReader& reader, uint32_t column, uint32_t first,
                             uint32_t rows, const Selection& selection) {
    if (loaded_ == Loaded::Whole)
        return 0;
    const uint32_t count = selection.count();
    const bool thin = count != 0 && count * kCostOfOne <= rows;
    if (loaded_ == Loaded::Some) {
        if (thin && holds(selection))
            return 0;
    } else if (thin) {
        // A decoding that fails leaves the column as not loaded.
        reader.readRows(column, first, rows, {selection.rows(), count}, block_);
        rows_.fill(0);
        for (uint32_t i = 0; i < count; ++i)
            setBit(rows_.data(), selection[i]);
        loaded_ = Loaded::Some;
        return count;
    }
    return loadWhole(reader, column, first, rows);
}

uint32_t SegmentColumn::loadWhole(segment::SegmentReader& reader, uint32_t column, uint32_t first,
                                  uint32_t rows) {
    if (loaded_ == Loaded::Whole)
        return 0;
    loaded_ = Loaded::None;
    reader.read(column, first, rows, block_);
    loaded_ = Loaded::Whole;
    return rows;
}

const vector::Runs* SegmentColumn::runs(segment::SegmentReader& reader, uint32_t column,
                                        uint32_t first, uint32_t rows) {
    if (loaded_ == Loaded::Whole)
        return nullptr;
    if (runsState_ == RunsState::Unknown) {
        runsState_ = RunsState::None;
        if (reader.readRuns(column, first, rows, runs_))
            runsState_ = RunsState::Loaded;
    }
    return runsState_ == RunsState::Loaded ? &runs_ : nullptr;
}

}  // namespace footfall::scan
