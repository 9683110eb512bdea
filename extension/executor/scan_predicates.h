// Pruning clauses of a plan as the predicates of a ScanFilter: their values, computed when a scan
// starts.
#pragma once

#include "extension/pg/pg.h"
#include "extension/storage/scan_filter.h"

namespace footfall::executor {

// Describes a pruning clause inside a plan: attribute number, comparison, is array, value type.
List* describePredicate(AttrNumber attribute, storage::Comparison comparison, bool array,
                        Oid valueType);

// Fills the filter's predicates with those that `descriptions` tell, their values evaluated from
// the ExprStates `values`. A NULL value matches nothing: the operators are strict. The counters
// stay. Allocates in the current context.
void preparePredicates(storage::ScanFilter* filter, List* descriptions, List* values,
                       ExprContext* context);

}  // namespace footfall::executor
