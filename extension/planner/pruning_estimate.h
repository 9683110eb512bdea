// How much of a table the pruning clauses of a query leave to read, for costs.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

// The share of the rows that lie in blocks which none of the relation's clauses rules out, of a
// base relation of the query that is a footfall table: `table`.
double shareAfterPruning(PlannerInfo* root, RelOptInfo* relation, Oid table);

}  // namespace footfall::planner
