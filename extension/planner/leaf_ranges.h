// What the partitions of a tree hold of its partition key, for leaving partitions out when a plan
// starts (executor/leaf_ranges.h).
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

// For AggregatePlan::leafRanges; NIL where no level of the tree is partitioned by one integer or
// time.
List* findLeafRanges(PlannerInfo* root, RelOptInfo* relation, const List* leaves);

}  // namespace footfall::planner
