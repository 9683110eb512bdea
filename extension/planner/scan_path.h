// Offers FootfallScan for scans of footfall tables.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

void installPlannerHooks();

// Whether FootfallScan is among the relation's paths, or the table has no segments for it to read.
bool isScannedFast(RelOptInfo* relation, Oid table);

}  // namespace footfall::planner
