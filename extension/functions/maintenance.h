// The steps of seal and compact, for those who run them: a CALL, or a job.
//
// Compaction of a table is several steps, each a transaction of its own. How a transaction is begun
// and ended, and as whom, is the caller's (RunStep); what the steps are and when one follows the
// other is decided here.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::functions {

enum class Step { Compact, Vacuum, Relocate, LookSparse };

// Nothing: there is nothing (more) to do for the table; Rest: the same step has more to do.
enum class Outcome { Nothing, Done, Rest };

// One step in the caller's transaction: under a snapshot, save Vacuum, which must have none.
Outcome compactionStep(Oid table, Step step);

using RunStep = Outcome (*)(Oid table, Step step, void* context);

// All steps of one table.
void compactInSteps(Oid table, RunStep run, void* context);

// Of them, those that give back the space of what is gone, when there is much of it.
void giveBackInSteps(Oid table, RunStep run, void* context);

// Seals what is hot in one table: all, or with `attribute` the rows whose time is before `before`
// (microseconds since 2000, in the terms of the column). Returns how many rows.
int64 sealTable(Oid table, AttrNumber attribute = InvalidAttrNumber, int64 before = 0);

}  // namespace footfall::functions
