// How many groups an aggregate will have, and what of them parallel processes send each other.
//
// PostgreSQL knows how many values a column has, and takes an expression of it to have as many. But
// the buckets of time are few: as many as lie between the column's least and greatest value.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

double estimateGroups(PlannerInfo* root, List* keys, double rows);

// What a process with `groups` groups of `rows` rows sends, in states of an aggregate that is not
// DISTINCT. Those of one that is have its values, as bits where they are dense.
double estimateStatesSent(PlannerInfo* root, const List* aggregates, double groups, double rows);

}  // namespace footfall::planner
