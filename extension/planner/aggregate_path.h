// Offers FootfallAggregate for GROUP BY and aggregates over one footfall table or partition tree.
#pragma once

namespace footfall::planner {

void installAggregateHook();

}  // namespace footfall::planner
