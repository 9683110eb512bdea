// Partitions that cannot hold a row of the answer, left out when a plan starts.
//
// Planning leaves out what constants exclude. What parameters and functions such as now() exclude
// is known when the plan starts: each partition's range of the partition key stands in the plan,
// and the pruning clauses' values are compared with it. As PostgreSQL's Append does, what a
// partition key is compared with is evaluated for that before there is a row, except sub-queries.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/storage/scan_filter.h"

namespace footfall::executor {

// A bound of a range, as the engine stores the value; null: none.
Const* leafBound(int64 value, bool null);
// AggregatePlan::leafRanges of the partition key's attribute and, for each leaf, a list of the
// least value it can hold and the first one beyond.
List* describeLeafRanges(AttrNumber attribute, List* ranges);

// Fills plan->removed, in the current context, from the filter over the parent's columns.
void removeLeaves(AggregatePlan* plan, storage::ScanFilter* filter);

inline bool isRemoved(const AggregatePlan& plan, int leaf) {
    return plan.removed != nullptr && plan.removed[leaf];
}

}  // namespace footfall::executor
