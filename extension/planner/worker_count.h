// How many workers a plan over batches is worth.
//
// PostgreSQL counts by the pages of a table. Batches keep a processor busy from the first to the
// last, and the leader works, too: more processes than processors only share what there is, and
// each of them costs some milliseconds to start. So there are no more than footfall.processors
// says, which by default are those that the server may run on.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

int workersOfBatches(RelOptInfo* relation, double pages);

}  // namespace footfall::planner
