// FootfallAggregate: GROUP BY and aggregates over one footfall table or partition tree, in batches.
//
// A node works in one of three modes. Serial: reads the tables, gives one row a group. Partial: the
// same under Gather, but gives the groups' states, in rows of one bytea in the engine's own format;
// the processes share each table's hot blocks and segments. Final: merges what its child, a Gather
// over a partial node, gives, and makes rows of the groups.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

// A plan node is a CustomScan with these methods, filled by describeAggregatePlan().
const CustomScanMethods* aggregateMethods();

// Makes the node readable for parallel workers; once per backend.
void registerAggregate();

}  // namespace footfall::executor
