// FootfallScan in order: the rows of a table or of a whole partition tree in the order of its order
// key, without a sort of all of them.
//
// The idea: a stream of customers (customer_stream.h) gives pieces, all rows of some customers, one
// after the other in the order of customers; the rows of a piece are few enough to be put in order
// in memory (piece_rows.h). Parallel processes share out ranges of customers, each in ascending
// order: so what a process reads is in order, too, and all rows of a customer are one process's.
// The planner may therefore run what needs a customer's rows together (a window function PARTITION
// BY customer) below Gather.
//
// The plan node is laid out as a FootfallAggregate's (aggregate_plan.h), the keys being the columns
// of the rows. Filters shrink batches before any row is made.
#pragma once

#include "extension/executor/aggregate_plan.h"

namespace footfall::executor {

// Fills a CustomScan's own fields. plan.customer is the parent's column that comes first in the
// order key; `order` has the positions in plan.keys of the columns that rows are in the order of.
void describeOrderedScan(CustomScan* scan, const AggregatePlan& plan, List* order);

const CustomScanMethods* orderedScanMethods();

// Makes the node readable for parallel workers; once per backend.
void registerOrderedScan();

}  // namespace footfall::executor
