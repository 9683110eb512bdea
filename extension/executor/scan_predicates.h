// Pruning clauses of a plan as the predicates of a ScanFilter, with their values: constants and
// parameters of the statement when a scan starts, what a sub-query or a function gives when there
// is a segment to prune.
#pragma once

#include "extension/pg/pg.h"
#include "extension/storage/scan_filter.h"

namespace footfall::executor {

// Describes a pruning clause inside a plan: attribute number, comparison, is array, value type.
List* describePredicate(AttrNumber attribute, storage::Comparison comparison, bool array,
                        Oid valueType);

// Fills the filter's predicates with those that `descriptions` tell, their values evaluated from
// the ExprStates `values`. A NULL value matches nothing: the operators are strict. The counters
// stay. Allocates in the current context, in which late values are computed, too.
void preparePredicates(storage::ScanFilter* filter, List* descriptions, List* values,
                       ExprContext* context);

// Computes what is late of the column's (0-based) and needs no sub-query, if need be of its
// equalities only.
void computeWithoutQueries(storage::ScanFilter* filter, int attribute, bool equalOnly);

}  // namespace footfall::executor
