// The distinct values of a column and which of them each row holds: the ground of dictionaries and
// of finding dependencies between columns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/vector/column.h"

namespace footfall::encoding {

struct DistinctValues {
    // False when there were more than the limit; then the rest is empty.
    bool complete = false;
    bool hasNull = false;
    // A row that holds the value, per code; ascending by value (integers signed, other fixed kinds
    // and bytes by memcmp of their stored form).
    std::vector<uint32_t> representatives;
    // Per row; NULL has the code representatives.size().
    std::vector<uint32_t> codes;

    uint32_t count() const noexcept { return static_cast<uint32_t>(representatives.size()); }
};

// Gives up beyond `limit` distinct values.
DistinctValues findDistinct(const vector::Column& column, uint32_t limit);

// The row after each run of equal neighbours (NULL equals NULL); gives up, with an empty result,
// beyond `limit` runs. Distinct values, when found before, make it cheaper.
std::vector<uint32_t> findRuns(const vector::Column& column, const DistinctValues& distinct,
                               uint32_t limit);

// Share of distinct values, 0 to 1, among about 1,024 rows spread over the column.
double sampleDistinctShare(const vector::Column& column);

}  // namespace footfall::encoding
