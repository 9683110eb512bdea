// Opening footfall's own tables and changing single rows of them.
//
// Every function here runs as the access method itself: privileges of the current user do not
// matter, privileges on the user's table were checked by the executor.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::catalog {

enum class Table {
    Segment,
    Tombstone,
    Truncation,
    FastDefault,
    Setting,
    Job,
    JobHistory,
    ArchiveObject
};
inline constexpr int kTableCount = 8;

// The OID of the relation that all rows of `relation` are keyed by: its TOAST relation; InvalidOid
// without one.
inline Oid storageOf(Relation relation) {
    return relation->rd_rel->reltoastrelid;
}

// Whether the rows of a table with this persistence live in the unlogged twins.
inline bool usesUnlogged(char persistence) {
    return persistence != RELPERSISTENCE_PERMANENT;
}

// A snapshot of now; in a parallel operation, where none may be taken, the active one. To be
// registered.
Snapshot currentSnapshot();

// One of footfall's tables together with its primary key index, both locked with the mode given.
struct OpenTable {
    Relation table;
    Relation index;
    LOCKMODE mode;
};

// Whether the extension's tables exist in this database (not yet, while CREATE EXTENSION runs).
bool exists();
OpenTable open(Table table, bool unlogged, LOCKMODE mode);
// The same, but false when the extension is not there.
bool tryOpen(Table table, bool unlogged, LOCKMODE mode, OpenTable* result);
void close(OpenTable& table);

// Inserts a row and its key; `keys` leading columns form the primary key. A duplicate raises 23505.
void insert(OpenTable& table, const Datum* values, const bool* nulls, int keys, CommandId cid);
// Deletes a row that the current transaction may delete; 40001 when another transaction changed it
// first.
void remove(OpenTable& table, ItemPointer tid, CommandId cid);

}  // namespace footfall::catalog
