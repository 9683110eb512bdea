// What the partitions of a tree hold of its partition key, for leaving partitions out when a plan
// starts (executor/leaf_ranges.h).
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

// For AggregatePlan::leafRanges; NIL where the relation is not partitioned by ranges of one integer
// or time.
List* findLeafRanges(RelOptInfo* relation, const List* leaves);

}  // namespace footfall::planner
