// A FootfallAggregate's plan as a list: nodes are all that a path's custom_private may have.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/pg/pg.h"

namespace footfall::planner {

List* packPlan(const executor::AggregatePlan& plan);
executor::AggregatePlan unpackPlan(const List* packed);

}  // namespace footfall::planner
