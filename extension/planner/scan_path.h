// Offers FootfallScan for scans of footfall tables.
#pragma once

namespace footfall::planner {

void installPlannerHooks();

}  // namespace footfall::planner
