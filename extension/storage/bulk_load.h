// Bulk loads write segments directly: COPY, CREATE TABLE AS and table rewrites. REFRESH
// MATERIALIZED VIEW writes frozen rows, which only the heap can hold.
//
// The idea: rows are collected per relation and written as segments of 131,072 rows; when the load
// finishes, a rest of fewer than footfall.min_segment_rows goes to the hot rows. Only loads that
// need nothing of a row once it is handed over take this way: no row triggers, no transition
// tables, no logical decoding, not COPY FREEZE; and only tables whose rows a heap would take too,
// however wide: what could be too big for a page is left to the heap to refuse.
//
// Invariants: collected rows belong to the subtransaction that handed them over and are forgotten
// when it aborts; they are all written when the load's statement ends. Nobody can miss them before:
// rows of the command that is running are invisible to every snapshot; and who reads meanwhile
// under SERIALIZABLE is looked for at the end.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

// Whether the rows of this call may be collected. `multi` tells COPY's batches from single rows
// with a bulk state.
bool bulkLoadEligible(Relation relation, int options, BulkInsertStateData* state, bool multi);

void bulkLoad(Relation relation, TupleTableSlot** slots, int count, CommandId cid);

// Writes what is collected for the relation.
void finishBulkLoad(Relation relation);

// Installs the transaction callbacks, once per backend.
void initBulkLoad();

}  // namespace footfall::storage
