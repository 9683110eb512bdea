// Clauses of a query that can rule out blocks of sealed rows: column <op> value and column = ANY
// (array), with an operator of the column type's default btree family and a value that does not
// depend on the row.
#pragma once

#include "extension/pg/pg.h"
#include "extension/storage/scan_filter.h"

namespace footfall::planner {

struct PruningClause {
    AttrNumber attribute;
    storage::Comparison comparison;
    bool array;     // the value is an array of candidates
    Oid valueType;  // of the value, or of the array's elements
    Expr* value;
};

// Whether the clause can prune; fills `*result`. A clause behind a security barrier never prunes.
bool matchPruningClause(RestrictInfo* clause, RelOptInfo* relation, PruningClause* result);

}  // namespace footfall::planner
