// From a byte a row (0 or 1) to the positions of the rows.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/scan/batch.h"

namespace footfall::scan {

// One bit a row of a batch, as vector::Column keeps its NULLs.
using RowBits = std::array<uint64_t, kBatchRows / 64>;

inline bool testBit(const uint64_t* words, uint32_t row) noexcept {
    return (words[row >> 6] >> (row & 63) & 1) != 0;
}
inline void setBit(uint64_t* words, uint32_t row) noexcept {
    words[row >> 6] |= uint64_t{1} << (row & 63);
}

// Keeps the selected rows whose byte is 1. `mask` is readable up to the next multiple of 8.
void keepMarked(const uint8_t* mask, Selection& selection) noexcept;
// Keeps the selected rows of the runs whose byte is 1. Run i ends before row ends[i]; the last one
// ends after all selected rows.
void keepRuns(std::span<const uint16_t> ends, const uint8_t* mask, Selection& selection) noexcept;
// Keeps the selected rows whose bit is set, or not set.
void keepBits(const RowBits& bits, bool set, Selection& selection) noexcept;
// Drops the rows of `others`, all of which are selected.
void subtract(const Selection& others, Selection& selection) noexcept;

}  // namespace footfall::scan
