// Partitions that cannot hold a row of the answer, left out when a plan starts.
//
// Planning leaves out what constants exclude. What parameters and functions such as now() exclude
// is known when the plan starts: for each leaf stands in the plan what it can hold of the partition
// keys of the levels above it, and the pruning clauses' values are compared with that. As
// PostgreSQL's Append does, what a partition key is compared with is evaluated for that before
// there is a row, except sub-queries.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/storage/scan_filter.h"

namespace footfall::executor {

// A bound of a range, as the engine stores the value; null: none.
Const* leafBound(int64 value, bool null);
// What a leaf can hold of a column of the tree's parent: the values from the least one up to the
// first one beyond, or those whose hash, as a value of the type, leaves this remainder.
// AggregatePlan::leafRanges has a list of these for each leaf.
List* describeLeafRange(AttrNumber attribute, Const* least, Const* beyond);
List* describeLeafHash(AttrNumber attribute, Oid type, int modulus, int remainder);

// Fills plan->removed, in the current context, from the filter over the parent's columns.
void removeLeaves(AggregatePlan* plan, storage::ScanFilter* filter);

inline bool isRemoved(const AggregatePlan& plan, int leaf) {
    return plan.removed != nullptr && plan.removed[leaf];
}

}  // namespace footfall::executor
