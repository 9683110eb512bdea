// Rows to bytes.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "engine/segment/segment_meta.h"
#include "engine/vector/column.h"

namespace footfall::segment {

struct EncodeOptions {
    int effort = 1;  // 0 fast (COPY), 1 seal, 2 compact
    // Columns the rows are sorted by (as sortPermutation orders them; this is checked).
    std::span<const uint32_t> sortKeys = {};
    // Columns that get a bloom filter; those without natural order (numeric, jsonb) get none.
    std::span<const uint32_t> bloomColumns = {};
};

struct EncodedSegment {
    SegmentMeta meta;
    std::pmr::vector<std::pmr::vector<std::byte>> chunks;  // one a column
    std::pmr::vector<std::byte> index;                     // may be empty
};

// At most kMaxRows rows and kMaxColumns columns of equal length, none above kMaxColumnBytes.
// Throws BadArgument when the columns break that, Unsupported when a column is too large. What the
// result keeps comes from `resource`; scratch memory comes from the heap and is gone on return.
// Reentrant, touches no global state.
EncodedSegment encodeSegment(std::span<const vector::Column> columns, const EncodeOptions& options,
                             std::pmr::memory_resource* resource);

}  // namespace footfall::segment
