// Ranges of customers that hold about as many rows each: the pieces in which a stream over
// customers is computed, and which parallel workers share out.
//
// A customer stands for its order key (engine/segment/bound.h), so all rows of a customer are in
// one range, whatever the column's type. NULL is in the last one. Where the ranges lie follows from
// the segments' zone maps, customers taken as evenly spread within each; so every process that sees
// the same segments computes the same ranges.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

// Rows whose customers lie between two keys.
struct KeySpan {
    uint64 least;
    uint64 greatest;
    int64 rows;
};

struct CustomerRanges {
    int count;
    uint64* begins;  // range i is [begins[i], begins[i + 1])

    uint64 begin(int range) const { return begins[range]; }
    bool isLast(int range) const { return range + 1 == count; }
    // Means nothing for the last range, which has no end.
    uint64 end(int range) const { return isLast(range) ? PG_UINT64_MAX : begins[range + 1]; }
};

// At least `least` ranges where there are rows enough. In the current context.
CustomerRanges customerRanges(const KeySpan* spans, int count, int least);

}  // namespace footfall::executor
