// Whether FootfallAggregate can run a query's grouping, and what it would do.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/pg/pg.h"

namespace footfall::planner {

// What makes the groups: GROUP BY and HAVING, or SELECT DISTINCT, which groups by all its outputs.
struct Grouping {
    List* clause;  // SortGroupClauses
    PathTarget* target;
    Node* having;
};

struct AggregateQuery {
    executor::AggregatePlan plan;  // mode is left open
    PathTarget* target;            // the grouping's
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
const char* recogniseAggregate(PlannerInfo* root, RelOptInfo* input, const Grouping& grouping,
                               AggregateQuery* query);

// Describes reading the rows of a table or tree: fills in filters, pruning, leaves, and the
// attributes that plan->keys and the filters use. Returns why that cannot be done in batches, or
// nullptr.
const char* describeTreeRead(PlannerInfo* root, RelOptInfo* input, executor::AggregatePlan* plan);

// Whether the order keys of all leaves begin with the column that is the parent's `attribute`, one
// of plan.attributes.
bool leadsOrderKey(PlannerInfo* root, const executor::AggregatePlan& plan, int attribute);

// What pruning leaves of the plan's leaves.
struct TreeSize {
    double pages;
    double tuples;
    double hotTuples;  // those that a stream of customers must sort; 0 without plan.customer
};
TreeSize sizeAfterPruning(PlannerInfo* root, const executor::AggregatePlan& plan);

}  // namespace footfall::planner
