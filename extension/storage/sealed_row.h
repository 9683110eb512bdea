// Reading, deleting, updating and locking single sealed rows by address.
//
// The order of things for a change, and why it loses nothing:
//   1. The segment's lock, in the mode of the change, held to the end of the transaction:
//   compaction cannot take the
//      segment away from here on.
//   2. Is the segment still there, under a fresh snapshot? Gone means it was compacted after the
//   caller's snapshot
//      was taken: 40001.
//   3. The row's short lock, then a look at its tombstone as of now: what it says is the answer
//   (TM_Result), or, when
//      another transaction is at it, released and waited for. Only with no live tombstone is one
//      written.
// Row locks of SELECT FOR ... are the segment's lock in a conflicting mode, so they exclude changes
// of all its rows.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

// Fetches a row into `slot` if `snapshot` sees it.
bool fetchSealedRow(Relation relation, ItemPointer tid, Snapshot snapshot, TupleTableSlot* slot);
bool sealedRowSatisfies(Relation relation, ItemPointer tid, Snapshot snapshot);

TM_Result deleteSealedRow(Relation relation, ItemPointer tid, CommandId cid, Snapshot crosscheck,
                          bool wait, TM_FailureData* failure, bool changingPartition);
// The new version becomes a hot row; its address is put into `slot`.
TM_Result updateSealedRow(Relation relation, ItemPointer tid, TupleTableSlot* slot, CommandId cid,
                          Snapshot crosscheck, bool wait, TM_FailureData* failure,
                          LockTupleMode* mode);
// `*tid` moves to the newest version when the flags ask for it.
TM_Result lockSealedRow(Relation relation, ItemPointer tid, Snapshot snapshot, TupleTableSlot* slot,
                        CommandId cid, LockTupleMode mode, LockWaitPolicy policy, uint8 flags,
                        TM_FailureData* failure);

}  // namespace footfall::storage
