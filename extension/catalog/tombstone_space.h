// Giving back the space of tombstones that compaction has removed.
//
// Many deletes and updates of sealed rows leave many tombstones; once compaction has dropped the
// rows, footfall.tombstone and its index are mostly empty pages. Vacuuming the table cuts them off,
// an index keeps its pages for ever: it is built anew when hardly anything of it is left, which is
// quick then. Neither waits for anybody: tables that are in use are left to a later call, and to
// autovacuum.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::catalog {

// Vacuums a relation that is locked in ShareUpdateExclusiveLock mode, as VACUUM does, in the
// current transaction, which holds no snapshot and has changed no row of it.
void vacuumNow(Relation relation);

// Two steps, each for a transaction of its own: the first without a snapshot, the second under one.
// Both do nothing when there is little to gain.
void vacuumTombstones(bool unlogged);
void rebuildTombstoneIndex(bool unlogged);

}  // namespace footfall::catalog
