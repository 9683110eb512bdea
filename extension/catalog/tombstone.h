// Rows of footfall.tombstone: a deleted or updated row of a segment.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

// Marks, in a bitmap of `rows` bits (set = deleted), the rows of a segment that `snapshot` sees
// deleted. Returns nullptr when there are none; the bitmap lives in the current context.
uint64* deletedRows(Oid storage, bool unlogged, int32 segment, int32 rows, Snapshot snapshot,
                    int32* deleted);

enum class Fate {
    Live,           // no tombstone, or one that rolled back
    InProgress,     // another transaction is deleting it
    DeletedBySelf,  // by this transaction
    Deleted         // by a committed transaction
};

struct TombstoneState {
    Fate fate;
    TransactionId xid;  // who deleted it
    CommandId cid;      // with DeletedBySelf: at which command
    bool hasSuccessor;
    ItemPointerData successor;  // the updated version, or a moved-partition marker
};

// What has happened to one row, as of now (not of any snapshot).
TombstoneState lookUpTombstone(Oid storage, bool unlogged, int32 segment, int32 row);
// Whether `snapshot` sees the row deleted.
bool isDeleted(Oid storage, bool unlogged, int32 segment, int32 row, Snapshot snapshot);

// `successor` is nullptr for a plain delete.
void insertTombstone(Oid storage, bool unlogged, int32 segment, int32 row,
                     const ItemPointerData* successor, CommandId cid);

// Number of tombstones of a storage under a snapshot.
int64 countTombstones(Oid storage, bool unlogged, Snapshot snapshot);

}  // namespace footfall::catalog
