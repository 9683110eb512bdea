// See ranges.h.
#include "extension/partition/ranges.h"

namespace footfall::partition {

namespace {

int64 boundAt(PartitionBoundInfo bounds, int index, Oid type) {
    switch (bounds->kind[index][0]) {
        case PARTITION_RANGE_DATUM_MINVALUE:
            return PG_INT64_MIN;
        case PARTITION_RANGE_DATUM_MAXVALUE:
            return PG_INT64_MAX;
        default:
            return timeOfDatum(type, bounds->datums[index][0]);
    }
}

}  // namespace

Ranges rangesOf(Relation parent, Oid type) {
    PartitionDesc descriptor = RelationGetPartitionDesc(parent, true);
    Ranges ranges = {};
    ranges.items =
        static_cast<Range*>(palloc(sizeof(Range) * static_cast<Size>(Max(descriptor->nparts, 1))));
    PartitionBoundInfo bounds = descriptor->boundinfo;
    if (bounds == nullptr) {
        return ranges;
    }
    // The partition of bound i ends there and begins at the bound before it.
    for (int i = 1; i < bounds->ndatums; i++) {
        if (bounds->indexes[i] >= 0) {
            ranges.items[ranges.count++] = {boundAt(bounds, i - 1, type), boundAt(bounds, i, type),
                                            descriptor->oids[bounds->indexes[i]]};
        }
    }
    if (partition_bound_has_default(bounds)) {
        ranges.defaultPartition = descriptor->oids[bounds->default_index];
    }
    return ranges;
}

bool nextGap(const Ranges& ranges, int64* lower, int64* upper) {
    for (int i = 0; i < ranges.count && *lower < *upper; i++) {
        const Range& range = ranges.items[i];
        if (range.upper <= *lower) {
            continue;
        }
        if (range.lower > *lower) {
            *upper = Min(*upper, range.lower);
            break;
        }
        *lower = range.upper;
    }
    return *lower < *upper;
}

}  // namespace footfall::partition
