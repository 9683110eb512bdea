// The partitions that a table has, as ranges of its time column, and the gaps between them.
#pragma once

#include "extension/partition/grid.h"

namespace footfall::partition {

struct Range {
    int64 lower;  // INT64_MIN: from the beginning
    int64 upper;  // exclusive; INT64_MAX: to the end
    Oid partition;
};

struct Ranges {
    Range* items;  // in order of time
    int count;
    Oid defaultPartition;  // InvalidOid without one
};

// Of an opened table partitioned by range of one column of the type given.
Ranges rangesOf(Relation parent, Oid type);

// The part of [lower, upper) from `lower` on that belongs to no partition: moves `lower` behind
// partitions that cover it and `upper` to where the next one begins. False when nothing is left.
bool nextGap(const Ranges& ranges, int64* lower, int64* upper);

}  // namespace footfall::partition
