// Merging sorted runs of segments into one run.
//
// A run is a list of segments, each sorted by the order key, whose key ranges follow each other. A
// merge holds one open segment of each run: its chunks, one decoded batch. So memory is bounded by
// the number of runs, not by their length.
#pragma once

#include "extension/catalog/configuration.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

struct Run {
    catalog::SegmentRow* rows;
    int count;
};

struct OrderKey {
    AttrNumber attributes[catalog::kMaxOrderKeys];
    int count;  // 0: runs are taken one after the other
};

// Runs that may be merged at once within the memory that a compaction allows itself.
int mergeFanIn(const Run* runs, int count);

// Merges the runs' live rows into a new run of segments of `level` and drops the old segments, as
// the current command; then the command counter moves on. `snapshot` decides which rows are live.
// The result's rows are allocated in the current context and refer to the new segments as a later
// snapshot of this transaction sees them. Adds the number of rows left out to `*dropped`.
Run mergeRuns(Relation relation, const Run* runs, int count, Snapshot snapshot, const OrderKey& key,
              catalog::Level level, int64* dropped);

}  // namespace footfall::storage
