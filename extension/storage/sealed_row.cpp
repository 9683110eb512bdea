// See sealed_row.h.
#include "extension/storage/sealed_row.h"

#include "extension/catalog/segment_lock.h"
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/module/settings.h"
#include "extension/storage/address.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/segment_cache.h"
#include "extension/storage/slot.h"

namespace footfall::storage {

namespace {

struct Target {
    Oid storage;
    bool unlogged;
    int32 segment;
    int32 row;
};

Target targetOf(Relation relation, const ItemPointerData* tid) {
    return {catalog::storageOf(relation), catalog::usesUnlogged(relation->rd_rel->relpersistence),
            segmentOf(tid), rowOf(tid)};
}

// The row that this session deleted or updated last. RETURNING and AFTER triggers fetch it at once
// and find in it who deleted it, as in a heap's row; looking for the tombstone would cost every
// fetch a search.
struct LastDeleted {
    Oid storage;
    ItemPointerData tid;
    TransactionId xid;
    CommandId cid;
};

LastDeleted lastDeleted = {};

void rememberDeleted(Relation relation, const ItemPointerData* tid, CommandId cid) {
    lastDeleted = {catalog::storageOf(relation), *tid, GetCurrentTransactionId(), cid};
}

// Puts the deleting transaction into the slot's copy of the row, when that is the row last deleted
// and the deletion has not been rolled back.
void showDeleted(Relation relation, ItemPointer tid, TupleTableSlot* slot) {
    if (lastDeleted.storage != catalog::storageOf(relation) ||
        !ItemPointerEquals(&lastDeleted.tid, tid) ||
        !TransactionIdIsCurrentTransactionId(lastDeleted.xid) || !isFootfallSlot(slot)) {
        return;
    }
    HeapTupleHeader header = ExecFetchSlotHeapTuple(slot, true, nullptr)->t_data;
    header->t_infomask &= ~HEAP_XMAX_BITS;
    HeapTupleHeaderSetXmax(header, lastDeleted.xid);
    HeapTupleHeaderSetCmax(header, lastDeleted.cid, false);
}

// Finds the row's segment as of `snapshot`; false when it, or the row in it, does not exist.
bool findRow(const Target& target, Snapshot snapshot, catalog::SegmentRow* row) {
    return catalog::findSegment(target.storage, target.unlogged, target.segment, snapshot, row) &&
           target.row >= 0 && target.row < row->rows;
}

// The same as of now, waiting for nobody.
bool findRowNow(const Target& target, catalog::SegmentRow* row) {
    Snapshot latest = RegisterSnapshot(GetLatestSnapshot());
    bool found = findRow(target, latest, row);
    UnregisterSnapshot(latest);
    return found;
}

[[noreturn]] void raiseSegmentGone(Relation relation) {
    ereport(ERROR,
            (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
             errmsg("could not serialize access to table \"%s\" due to concurrent compaction",
                    RelationGetRelationName(relation)),
             errhint("Retry the transaction.")));
    pg_unreachable();
}

void refuseSerializable(Relation relation) {
    if (IsolationIsSerializable()) {
        ereport(
            ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg(
                 "cannot change or lock sealed rows of table \"%s\" in a SERIALIZABLE transaction",
                 RelationGetRelationName(relation)),
             errhint("Use READ COMMITTED or REPEATABLE READ.")));
    }
}

void refuseUndecodable(Relation relation) {
    if (RelationIsLogicallyLogged(relation) &&
        relation->rd_rel->relreplident == REPLICA_IDENTITY_FULL) {
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("cannot change sealed rows of table \"%s\", whose replica identity is FULL",
                        RelationGetRelationName(relation)),
                 errdetail("Logical decoding could not send the old row."),
                 errhint("Bring the rows back with ALTER TABLE ... SET ACCESS METHOD heap, or "
                         "change the replica "
                         "identity.")));
    }
}

// Takes the segment's lock and makes sure that the segment is still there. False when the lock is
// not to be had and `wait` is false.
bool enterSegment(Relation relation, const Target& target, LOCKMODE mode, bool wait) {
    if (catalog::holdsSegmentLock(target.storage, target.segment, mode)) {
        return true;
    }
    if (!catalog::lockSegment(target.storage, target.segment, mode, wait)) {
        return false;
    }
    catalog::SegmentRow row;
    if (!findRowNow(target, &row)) {
        raiseSegmentGone(relation);
    }
    return true;
}

void describeFailure(const catalog::TombstoneState& state, const ItemPointerData* tid,
                     TM_FailureData* failure) {
    failure->ctid = state.hasSuccessor ? state.successor : *tid;
    failure->xmax = state.xid;
    failure->cmax = state.fate == catalog::Fate::DeletedBySelf ? state.cid : InvalidCommandId;
    failure->traversed = false;
}

// Whether the crosscheck snapshot of a foreign key's action sees the row.
bool crosscheckSees(const Target& target, Snapshot crosscheck) {
    catalog::SegmentRow row;
    return findRow(target, crosscheck, &row) &&
           !catalog::isDeleted(target.storage, target.unlogged, target.segment, target.row,
                               crosscheck);
}

// Decides what may happen to the row and leaves its short lock held when the answer is TM_Ok.
TM_Result claimRow(Relation relation, const Target& target, const ItemPointerData* tid,
                   CommandId cid, Snapshot crosscheck, bool wait, TM_FailureData* failure) {
    for (;;) {
        catalog::lockRow(target.storage, target.segment, target.row);
        catalog::TombstoneState state =
            catalog::lookUpTombstone(target.storage, target.unlogged, target.segment, target.row);
        if (state.fate == catalog::Fate::Live) {
            if (crosscheck != InvalidSnapshot && !crosscheckSees(target, crosscheck)) {
                catalog::unlockRow(target.storage, target.segment, target.row);
                failure->ctid = *tid;
                failure->xmax = InvalidTransactionId;
                failure->cmax = InvalidCommandId;
                return TM_Updated;
            }
            return TM_Ok;
        }
        catalog::unlockRow(target.storage, target.segment, target.row);
        describeFailure(state, tid, failure);
        switch (state.fate) {
            case catalog::Fate::DeletedBySelf:
                return state.cid >= cid ? TM_SelfModified : TM_Invisible;
            case catalog::Fate::Deleted:
                return state.hasSuccessor ? TM_Updated : TM_Deleted;
            default:
                break;
        }
        if (!wait) {
            return TM_BeingModified;
        }
        ItemPointerData address = *tid;
        XactLockTableWait(state.xid, relation, &address, XLTW_Delete);
    }
}

// In the statistics, the insertion of a new version is an update.
void countAsUpdate(Relation relation) {
    if (!pgstat_should_count_relation(relation) || relation->pgstat_info->trans == nullptr) {
        return;
    }
    relation->pgstat_info->trans->tuples_inserted--;
#if PG_VERSION_NUM >= 160000
    pgstat_count_heap_update(relation, false, false);
#else
    pgstat_count_heap_update(relation, false);
#endif
}

LOCKMODE segmentModeOf(LockTupleMode mode) {
    return mode == LockTupleKeyShare || mode == LockTupleShare ? ShareLock : ExclusiveLock;
}

void copyRowToSlot(Relation relation, const catalog::SegmentRow& row, int32 number,
                   TupleTableSlot* slot) {
    storeSealedRowCopy(slot, cachedSegment(relation, row, slot->tts_tupleDescriptor), number);
}

}  // namespace

bool fetchSealedRow(Relation relation, ItemPointer tid, Snapshot snapshot, TupleTableSlot* slot) {
    const Target target = targetOf(relation, tid);
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall fetch", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    catalog::SegmentRow row;
    bool found = false;
    if (IsMVCCSnapshot(snapshot)) {
        found = findRow(target, snapshot, &row) &&
                !catalog::isDeleted(target.storage, target.unlogged, target.segment, target.row,
                                    snapshot);
        if (found) {
            PredicateLockTID(relation, tid, snapshot, InvalidTransactionId);
        }
    } else {
        // SnapshotAny takes deleted rows too; SnapshotSelf and SnapshotDirty see what is committed
        // or our own. A segment compacted away is still there for the statement whose snapshot sees
        // it: it fetches the old row this way before it changes it, which then raises 40001.
        found = findRow(target, SnapshotSelf, &row) ||
                (snapshot->snapshot_type == SNAPSHOT_ANY && ActiveSnapshotSet() &&
                 findRow(target, GetActiveSnapshot(), &row));
        if (found && snapshot->snapshot_type != SNAPSHOT_ANY) {
            found = !catalog::isDeleted(target.storage, target.unlogged, target.segment, target.row,
                                        SnapshotSelf);
        }
    }
    if (found) {
        Snapshot latest = RegisterSnapshot(catalog::currentSnapshot());
        copyRowToSlot(relation, row, target.row, slot);
        UnregisterSnapshot(latest);
        if (snapshot->snapshot_type == SNAPSHOT_ANY) {
            showDeleted(relation, tid, slot);
        }
    }
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
    return found;
}

bool sealedRowSatisfies(Relation relation, ItemPointer tid, Snapshot snapshot) {
    const Target target = targetOf(relation, tid);
    Snapshot seen = IsMVCCSnapshot(snapshot) ? snapshot : SnapshotSelf;
    catalog::SegmentRow row;
    return findRow(target, seen, &row) &&
           (snapshot->snapshot_type == SNAPSHOT_ANY ||
            !catalog::isDeleted(target.storage, target.unlogged, target.segment, target.row, seen));
}

TM_Result deleteSealedRow(Relation relation, ItemPointer tid, CommandId cid, Snapshot crosscheck,
                          bool wait, TM_FailureData* failure, bool changingPartition) {
    const Target target = targetOf(relation, tid);
    refuseSerializable(relation);
    refuseUndecodable(relation);
    if (!enterSegment(relation, target, RowExclusiveLock, wait)) {
        return TM_WouldBlock;
    }
    TM_Result result = claimRow(relation, target, tid, cid, crosscheck, wait, failure);
    if (result != TM_Ok) {
        return result;
    }
    ItemPointerData moved;
    ItemPointerSetMovedPartitions(&moved);
    catalog::insertTombstone(target.storage, target.unlogged, target.segment, target.row,
                             changingPartition ? &moved : nullptr, cid);
    catalog::unlockRow(target.storage, target.segment, target.row);
    rememberDeleted(relation, tid, cid);
    module::failpoint("delete_after_tombstone");
    pgstat_count_heap_delete(relation);
    return TM_Ok;
}

TM_Result updateSealedRow(Relation relation, ItemPointer tid, TupleTableSlot* slot, CommandId cid,
                          Snapshot crosscheck, bool wait, TM_FailureData* failure,
                          LockTupleMode* mode) {
    const Target target = targetOf(relation, tid);
    refuseSerializable(relation);
    refuseUndecodable(relation);
    *mode = LockTupleExclusive;
    if (!enterSegment(relation, target, RowExclusiveLock, wait)) {
        return TM_WouldBlock;
    }
    TM_Result result = claimRow(relation, target, tid, cid, crosscheck, wait, failure);
    if (result != TM_Ok) {
        return result;
    }
    bool shouldFree = false;
    HeapTuple tuple = ExecFetchSlotHeapTuple(slot, true, &shouldFree);
    slot->tts_tableOid = RelationGetRelid(relation);
    tuple->t_tableOid = slot->tts_tableOid;
    // Decoded as an insert, the new version would be a second row for a subscriber. Nothing is what
    // a heap without replica identity sends for an update; with one (FULL) sealed rows are not
    // changed.
    heap_insert(relation, tuple, cid, HEAP_INSERT_NO_LOGICAL, nullptr);
    countAsUpdate(relation);
    slot->tts_tid = tuple->t_self;
    catalog::insertTombstone(target.storage, target.unlogged, target.segment, target.row,
                             &slot->tts_tid, cid);
    catalog::unlockRow(target.storage, target.segment, target.row);
    rememberDeleted(relation, tid, cid);
    module::failpoint("update_after_tombstone");
    if (shouldFree) {
        heap_freetuple(tuple);
    }
    return TM_Ok;
}

TM_Result lockSealedRow(Relation relation, ItemPointer tid, Snapshot snapshot, TupleTableSlot* slot,
                        CommandId cid, LockTupleMode mode, LockWaitPolicy policy, uint8 flags,
                        TM_FailureData* failure) {
    const Target target = targetOf(relation, tid);
    refuseSerializable(relation);
    failure->traversed = false;
    for (;;) {
        catalog::TombstoneState state =
            catalog::lookUpTombstone(target.storage, target.unlogged, target.segment, target.row);
        describeFailure(state, tid, failure);
        if (state.fate == catalog::Fate::DeletedBySelf) {
            return state.cid >= cid ? TM_SelfModified : TM_Invisible;
        }
        if (state.fate == catalog::Fate::Deleted) {
            if (!state.hasSuccessor) {
                return TM_Deleted;
            }
            if ((flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION) == 0) {
                return TM_Updated;
            }
            if (ItemPointerIndicatesMovedPartitions(&state.successor)) {
                ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                                errmsg("tuple to be locked was already moved to another partition "
                                       "due to concurrent "
                                       "update")));
            }
            // The newer version is a hot row: let the heap follow it from there.
            *tid = state.successor;
            HeapLoan loan(slot);
            TM_Result result = heapRoutine()->tuple_lock(relation, tid, snapshot, slot, cid, mode,
                                                         policy, flags, failure);
            loan.end();
            failure->traversed = true;
            return result;
        }
        const LOCKMODE lockMode = segmentModeOf(mode);
        if (catalog::holdsSegmentLock(target.storage, target.segment, lockMode)) {
            break;
        }
        if (policy == LockWaitBlock) {
            (void)catalog::lockSegment(target.storage, target.segment, lockMode, true);
        } else if (!catalog::lockSegment(target.storage, target.segment, lockMode, false)) {
            if (policy == LockWaitSkip) {
                return TM_WouldBlock;
            }
            ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                            errmsg("could not obtain lock on row in relation \"%s\"",
                                   RelationGetRelationName(relation))));
        }
        // With the lock held nobody else is changing the row: look once more.
    }
    catalog::SegmentRow row;
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall lock", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    Snapshot latest = RegisterSnapshot(GetLatestSnapshot());
    if (!findRow(target, latest, &row)) {
        raiseSegmentGone(relation);
    }
    copyRowToSlot(relation, row, target.row, slot);
    UnregisterSnapshot(latest);
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
    return TM_Ok;
}

}  // namespace footfall::storage
