// What the costs of all of footfall's paths have in common.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

// The share of the row width that the needed columns make up, at least 0.02. Attribute numbers are
// offset as pull_varattnos does; the whole row needs all.
double columnShare(const RelOptInfo* relation, const Bitmapset* needed);
// The same of a list of attribute numbers.
double columnShare(const RelOptInfo* relation, const List* attributes);

// By what the workers, and the leader as far as it takes part, divide the work; as PostgreSQL's
// get_parallel_divisor. 1 without workers.
double parallelDivisor(int workers);

}  // namespace footfall::planner
