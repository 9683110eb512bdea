// Whether FootfallAggregate can run a query's grouping, and what it would do.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/pg/pg.h"

namespace footfall::planner {

struct AggregateQuery {
    executor::AggregatePlan plan;  // mode is left open
    double pages;
    double tuples;
    bool concernsFootfall;  // some of the tables are footfall's
};

// Fills `*query`; returns why it cannot, or nullptr. `concernsFootfall` is set in any case.
const char* recogniseAggregate(PlannerInfo* root, RelOptInfo* input, RelOptInfo* grouped,
                               Node* having, AggregateQuery* query);

}  // namespace footfall::planner
