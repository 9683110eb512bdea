// The tables behind a relation of a query: itself, or the leaves of its partition or inheritance
// tree that planning left.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::planner {

struct LeafRelations {
    List* indexes;     // range table indexes, as integers
    List* attributes;  // for each leaf its own numbers for the attributes asked for
    bool footfall;     // whether all are footfall tables
    bool anyFootfall;
};

// `attributes`: attribute numbers of the relation, positive or TableOidAttributeNumber.
LeafRelations findLeaves(PlannerInfo* root, RelOptInfo* relation, List* attributes);

}  // namespace footfall::planner
