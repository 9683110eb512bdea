// The lock of a segment and the short lock of a row in it.
//
// Both are heavyweight locks (they show in pg_locks as advisory locks with objsubid 65281 and
// 65282), so that the deadlock detector knows them. Modes of the segment lock, held to the end of
// the transaction:
//   delete, update of a row    RowExclusiveLock   (compatible with each other)
//   FOR SHARE, FOR KEY SHARE   ShareLock          (excludes deletes)
//   FOR UPDATE                 ExclusiveLock
//   compact                    AccessExclusiveLock, tried without waiting, its snapshot taken after
// The row lock serialises "look for a tombstone, then write one" and is released at once.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::catalog {

// False when `wait` is false and the lock is not to be had at once.
bool lockSegment(Oid storage, int32 number, LOCKMODE mode, bool wait);
bool holdsSegmentLock(Oid storage, int32 number, LOCKMODE mode);
void unlockSegment(Oid storage, int32 number, LOCKMODE mode);

void lockRow(Oid storage, int32 number, int32 row);
void unlockRow(Oid storage, int32 number, int32 row);

}  // namespace footfall::catalog
