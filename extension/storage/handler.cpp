// The table access method: which routine of PostgreSQL's goes to which store.
//
// Everything that concerns hot rows is handed to the heap's routines; a TID tells hot from sealed
// rows. The routines that need more than that are in files of their own: scan.h, bulk_load.h,
// sealed_row.h, relation_size.h, rewrite.h.
#include "extension/catalog/segment_row.h"
#include "extension/storage/address.h"
#include "extension/storage/bulk_load.h"
#include "extension/storage/relation_size.h"
#include "extension/storage/rewrite.h"
#include "extension/storage/scan.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/sealed_row.h"
#include "extension/storage/slot.h"

namespace footfall::storage {

namespace {

#if PG_VERSION_NUM >= 160000
using UpdateIndexes = TU_UpdateIndexes;
constexpr UpdateIndexes kNoIndexes = TU_None;
using FileLocator = RelFileLocator;
#else
using UpdateIndexes = bool;
constexpr UpdateIndexes kNoIndexes = false;
using FileLocator = RelFileNode;
#endif

[[noreturn]] void refuseIndex(Relation relation) {
    ereport(
        ERROR,
        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
         errmsg("table \"%s\" cannot have indexes: access method footfall does not support them",
                RelationGetRelationName(relation)),
         errhint("Look-ups are answered by zone maps and bloom filters of the order key: see "
                 "footfall.configure(..., order_by => ...).")));
    pg_unreachable();
}

const TupleTableSlotOps* slotCallbacks(Relation) {
    return kSlotOps;
}

IndexFetchTableData* indexFetchBegin(Relation relation) {
    refuseIndex(relation);
}

bool tupleFetchRowVersion(Relation relation, ItemPointer tid, Snapshot snapshot,
                          TupleTableSlot* slot) {
    if (isSealedAddress(tid)) {
        return fetchSealedRow(relation, tid, snapshot, slot);
    }
    HeapLoan loan(slot);
    bool found = heapRoutine()->tuple_fetch_row_version(relation, tid, snapshot, slot);
    loan.end();
    return found;
}

bool tupleSatisfiesSnapshot(Relation relation, TupleTableSlot* slot, Snapshot snapshot) {
    if (isSealedAddress(&slot->tts_tid)) {
        return sealedRowSatisfies(relation, &slot->tts_tid, snapshot);
    }
    HeapLoan loan(slot);
    bool satisfied = heapRoutine()->tuple_satisfies_snapshot(relation, slot, snapshot);
    loan.end();
    return satisfied;
}

void tupleInsert(Relation relation, TupleTableSlot* slot, CommandId cid, int options,
                 BulkInsertStateData* bulk) {
    if (bulkLoadEligible(relation, options, bulk, false)) {
        bulkLoad(relation, &slot, 1, cid);
        return;
    }
    heapRoutine()->tuple_insert(relation, slot, cid, options, bulk);
}

void multiInsert(Relation relation, TupleTableSlot** slots, int count, CommandId cid, int options,
                 BulkInsertStateData* bulk) {
    if (bulkLoadEligible(relation, options, bulk, true)) {
        bulkLoad(relation, slots, count, cid);
        return;
    }
    heapRoutine()->multi_insert(relation, slots, count, cid, options, bulk);
}

void tupleInsertSpeculative(Relation relation, TupleTableSlot*, CommandId, int,
                            BulkInsertStateData*, uint32) {
    refuseIndex(relation);
}

void tupleCompleteSpeculative(Relation relation, TupleTableSlot*, uint32, bool) {
    refuseIndex(relation);
}

TM_Result tupleDelete(Relation relation, ItemPointer tid, CommandId cid, Snapshot snapshot,
                      Snapshot crosscheck, bool wait, TM_FailureData* failure,
                      bool changingPartition) {
    if (isSealedAddress(tid)) {
        return deleteSealedRow(relation, tid, cid, crosscheck, wait, failure, changingPartition);
    }
    return heapRoutine()->tuple_delete(relation, tid, cid, snapshot, crosscheck, wait, failure,
                                       changingPartition);
}

TM_Result tupleUpdate(Relation relation, ItemPointer tid, TupleTableSlot* slot, CommandId cid,
                      Snapshot snapshot, Snapshot crosscheck, bool wait, TM_FailureData* failure,
                      LockTupleMode* mode, UpdateIndexes* updateIndexes) {
    if (isSealedAddress(tid)) {
        *updateIndexes = kNoIndexes;
        return updateSealedRow(relation, tid, slot, cid, crosscheck, wait, failure, mode);
    }
    return heapRoutine()->tuple_update(relation, tid, slot, cid, snapshot, crosscheck, wait,
                                       failure, mode, updateIndexes);
}

TM_Result tupleLock(Relation relation, ItemPointer tid, Snapshot snapshot, TupleTableSlot* slot,
                    CommandId cid, LockTupleMode mode, LockWaitPolicy policy, uint8 flags,
                    TM_FailureData* failure) {
    if (isSealedAddress(tid)) {
        return lockSealedRow(relation, tid, snapshot, slot, cid, mode, policy, flags, failure);
    }
    HeapLoan loan(slot);
    TM_Result result =
        heapRoutine()->tuple_lock(relation, tid, snapshot, slot, cid, mode, policy, flags, failure);
    loan.end();
    return result;
}

void finishBulkInsert(Relation relation, int) {
    finishBulkLoad(relation);
}

// A table that already has a TOAST relation gets a new file by TRUNCATE alone.
void setNewFile(Relation relation, const FileLocator* file, char persistence,
                TransactionId* freezeXid, MultiXactId* minMulti) {
#if PG_VERSION_NUM >= 160000
    heapRoutine()->relation_set_new_filelocator(relation, file, persistence, freezeXid, minMulti);
#else
    heapRoutine()->relation_set_new_filenode(relation, file, persistence, freezeXid, minMulti);
#endif
    if (OidIsValid(catalog::storageOf(relation)) && !IsBinaryUpgrade && catalog::exists()) {
        catalog::truncateStorage(catalog::storageOf(relation));
    }
}

void truncateInPlace(Relation relation) {
    heapRoutine()->relation_nontransactional_truncate(relation);
    if (!OidIsValid(catalog::storageOf(relation))) {
        return;
    }
    // ON COMMIT DELETE ROWS comes here when the transaction has no snapshot any more.
    PushActiveSnapshot(GetTransactionSnapshot());
    catalog::purgeStorage(catalog::storageOf(relation));
    PopActiveSnapshot();
}

double indexBuildRangeScan(Relation table, Relation, IndexInfo*, bool, bool, bool, BlockNumber,
                           BlockNumber, IndexBuildCallback, void*, TableScanDesc) {
    refuseIndex(table);
}

void indexValidateScan(Relation table, Relation, IndexInfo*, Snapshot, ValidateIndexState*) {
    refuseIndex(table);
}

// Segments need a TOAST relation, whatever the columns' types.
bool needsToastTable(Relation) {
    return true;
}

Oid toastAccessMethod(Relation) {
    return HEAP_TABLE_AM_OID;
}

TableAmRoutine makeRoutine() {
    TableAmRoutine routine = *GetHeapamTableAmRoutine();
    routine.slot_callbacks = slotCallbacks;
    routine.scan_begin = scanBegin;
    routine.scan_end = scanEnd;
    routine.scan_rescan = scanRescan;
    routine.scan_getnextslot = scanGetNextSlot;
    routine.scan_set_tidrange = scanSetTidRange;
    routine.scan_getnextslot_tidrange = scanGetNextSlotTidRange;
    routine.parallelscan_estimate = parallelScanEstimate;
    routine.parallelscan_initialize = parallelScanInitialize;
    routine.parallelscan_reinitialize = parallelScanReinitialize;
    routine.index_fetch_begin = indexFetchBegin;
    routine.tuple_fetch_row_version = tupleFetchRowVersion;
    routine.tuple_tid_valid = tidValid;
    routine.tuple_get_latest_tid = getLatestTid;
    routine.tuple_satisfies_snapshot = tupleSatisfiesSnapshot;
    routine.tuple_insert = tupleInsert;
    routine.tuple_insert_speculative = tupleInsertSpeculative;
    routine.tuple_complete_speculative = tupleCompleteSpeculative;
    routine.multi_insert = multiInsert;
    routine.tuple_delete = tupleDelete;
    routine.tuple_update = tupleUpdate;
    routine.tuple_lock = tupleLock;
    routine.finish_bulk_insert = finishBulkInsert;
#if PG_VERSION_NUM >= 160000
    routine.relation_set_new_filelocator = setNewFile;
#else
    routine.relation_set_new_filenode = setNewFile;
#endif
    routine.relation_nontransactional_truncate = truncateInPlace;
    routine.relation_copy_for_cluster = copyForCluster;
    routine.relation_vacuum = vacuumRelation;
    routine.scan_analyze_next_block = scanAnalyzeNextBlock;
    routine.scan_analyze_next_tuple = scanAnalyzeNextTuple;
    routine.index_build_range_scan = indexBuildRangeScan;
    routine.index_validate_scan = indexValidateScan;
    routine.relation_needs_toast_table = needsToastTable;
    routine.relation_toast_am = toastAccessMethod;
    routine.relation_estimate_size = estimateSize;
    routine.scan_sample_next_block = scanSampleNextBlock;
    routine.scan_sample_next_tuple = scanSampleNextTuple;
    // Without indexes there are no bitmap scans.
#if PG_VERSION_NUM < 180000
    routine.scan_bitmap_next_block = nullptr;
#endif
    routine.scan_bitmap_next_tuple = nullptr;
    return routine;
}

const TableAmRoutine footfallRoutine = makeRoutine();

}  // namespace

const TableAmRoutine* tableRoutine() {
    return &footfallRoutine;
}

}  // namespace footfall::storage

extern "C" {
PG_FUNCTION_INFO_V1(footfall_table_handler);

PGDLLEXPORT Datum footfall_table_handler(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    PG_RETURN_POINTER(footfall::storage::tableRoutine());
}
}
