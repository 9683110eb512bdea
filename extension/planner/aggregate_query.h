// Whether FootfallAggregate can run a query's grouping, and what it would do.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/pg/pg.h"

namespace footfall::planner {

struct AggregateQuery {
    executor::AggregatePlan plan;  // mode is left open
    RelOptInfo* fact;              // the table whose rows are aggregated
    List* dimensions;              // RelOptInfos that they are joined with, in the plan's order
    double pages;                  // that pruning leaves
    double tuples;                 // in them
    bool concernsFootfall;         // some of the tables are footfall's
    // Not for us only because of an aggregate that PostgreSQL must compute, of rows that
    // FootfallScan reads.
    bool forExecutor;
    bool needsStream;  // an aggregate that is only computed customer by customer
    double hotTuples;  // about, that a stream over customers would sort
    // Over the groups of a sub-query: its paths that are streamed aggregates, or nullptr.
    Path* groups;
    Path* partialGroups;
};

// Fills `*query`; returns why it cannot, or nullptr. `concernsFootfall` is set in any case.
const char* recogniseAggregate(PlannerInfo* root, RelOptInfo* input, RelOptInfo* grouped,
                               Node* having, AggregateQuery* query);

}  // namespace footfall::planner
