// Whether a query's join is one of a fact table with dimensions, as FootfallAggregate looks them up
// (extension/executor/dimension_join.h).
//
// The shape: one table whose leaves are all footfall's, the fact table, and further relations, the
// dimensions, each of which is tied to the fact table by one equality of a column of its own with
// an expression over the fact table, and has, where its columns are wanted, at most one row for a
// value of that column. Then a join never adds rows, the joins may be done in any order, and every
// other condition of inner joins is a filter above them. Whatever does not fit stays with
// PostgreSQL's own joins.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/pg/pg.h"

namespace footfall::planner {

// The fact table of a join of base relations, nullptr when there is none.
RelOptInfo* findFactTable(PlannerInfo* root, RelOptInfo* join);

// Fills the plan's dimensions, joinKeys and joinFilters; `*dimensions` gets the RelOptInfos in that
// order. Returns why it cannot, or nullptr.
const char* recogniseDimensions(PlannerInfo* root, RelOptInfo* join, RelOptInfo* fact,
                                executor::AggregatePlan* plan, List** dimensions);

// Whether each column of the relation that the expressions use is one that its paths give.
bool givesColumns(RelOptInfo* dimension, List* expressions);

// What the dimensions' rows take in memory, as estimated.
double dimensionBytes(List* dimensions);

// For each dimension the cheapest path of its own; NIL when one has none that can run in a
// parallel worker although it must.
List* dimensionPaths(List* dimensions, bool parallel);

}  // namespace footfall::planner
