// The order of rows by key columns.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/vector/column.h"

namespace footfall::segment {

// The rows in ascending natural order of `keys` (column indexes, first key first): integers signed,
// floats with NaN last and -0.0 equal to 0.0, bytes by memcmp, NULLs last. Stable.
std::pmr::vector<uint32_t> sortPermutation(std::span<const vector::Column> columns,
                                           std::span<const uint32_t> keys,
                                           std::pmr::memory_resource* resource);

// -1, 0 or 1 of two rows in the same order.
int compareRows(std::span<const vector::Column> columns, std::span<const uint32_t> keys, uint32_t a,
                uint32_t b);
// The same for one column, of rows that may be in different columns.
int compareRows(const vector::Column& a, uint32_t rowA, const vector::Column& b, uint32_t rowB);

}  // namespace footfall::segment
