// See scan.h.
#include "extension/storage/scan.h"

#include "extension/catalog/tombstone.h"
#include "extension/pg/guard.h"
#include "extension/storage/address.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/slot.h"

namespace footfall::storage {

const catalog::SegmentList& scanSegments(TableScanDesc base) {
    FootfallScan* scan = scanState(base);
    listScanSegments(scan);
    return scan->segments;
}

const TableAmRoutine* heapRoutine() {
    return GetHeapamTableAmRoutine();
}

namespace {
Oid relationScannedAsHeap = InvalidOid;
TableScanDesc scanAsHeapScan = nullptr;
}  // namespace

void scanAsHeap(Oid relation) {
    relationScannedAsHeap = relation;
    scanAsHeapScan = nullptr;
}

namespace {

// Whether the filter leaves anything of a segment whose row is all that was read of it.
bool isWanted(const catalog::SegmentRow& row, void* filter) {
    return !ruledOutByZoneMaps(row, static_cast<ScanFilter*>(filter));
}

void listChosen(FootfallScan* scan, const catalog::SegmentChoice* choice) {
    MemoryContext previous = MemoryContextSwitchTo(scan->context);
    Relation relation = scan->base.rs_rd;
    if (scan->ownsSnapshot) {
        scan->snapshot = RegisterSnapshot(catalog::currentSnapshot());
    } else {
        // The heap's scan has done so, save for a TID range: writers look for readers of segments
        // here alone.
        PredicateLockRelation(relation, scan->snapshot);
    }
    scan->segments = catalog::listSegments(catalog::storageOf(relation),
                                           catalog::usesUnlogged(relation->rd_rel->relpersistence),
                                           scan->snapshot, choice);
    scan->listed = true;
    MemoryContextSwitchTo(previous);
}

// For a scan that has a filter. Processes of a parallel one number the segments, all alike, and one
// that is scanned again has other values each time: both list all segments.
void listLeftSegments(FootfallScan* scan) {
    if (scan->filter == nullptr || scan->base.rs_parallel != nullptr || scan->rescanned) {
        listScanSegments(scan);
    } else if (!scan->listed) {
        const catalog::SegmentChoice choice = {isWanted, scan->filter};
        listChosen(scan, &choice);
        scan->listFiltered = true;
    }
}

}  // namespace

void listScanSegments(FootfallScan* scan) {
    if (!scan->listed) {
        listChosen(scan, nullptr);
    }
}

void openScanSegment(FootfallScan* scan, int index, TupleTableSlot* slot, bool withTombstones) {
    MemoryContext previous = MemoryContextSwitchTo(scan->context);
    if (scan->segment == nullptr || scan->segment->descriptor() != slot->tts_tupleDescriptor) {
        if (scan->segment != nullptr) {
            scan->segment->destroy();
        }
        scan->segment = SealedSegment::create(scan->base.rs_rd, slot->tts_tupleDescriptor);
    }
    scan->segment->open(&scan->segments.rows[index], withTombstones ? scan->snapshot : nullptr);
    scan->index = index;
    scan->open = true;
    MemoryContextSwitchTo(previous);
}

namespace {

void dropOwnSnapshot(FootfallScan* scan) {
    if (scan->ownsSnapshot && scan->snapshot != nullptr) {
        UnregisterSnapshot(scan->snapshot);
        scan->snapshot = nullptr;
    }
}

void resetSealed(FootfallScan* scan) {
    scan->index = -1;
    scan->open = false;
    scan->row = -1;
    scan->started = false;
    scan->inSegments = false;
    scan->sampleStarted = false;
    scan->sampleSealed = false;
}

// The next segment of the list in the direction given: handed out among parallel workers, or simply
// the neighbour.
bool nextSegment(FootfallScan* scan, bool forward) {
    if (scan->base.rs_parallel != nullptr) {
        auto* shared = reinterpret_cast<ParallelScan*>(scan->base.rs_parallel);
        scan->index = static_cast<int>(pg_atomic_fetch_add_u64(&shared->nextSegment, 1));
    } else {
        scan->index += forward ? 1 : -1;
    }
    scan->open = false;
    return scan->index >= 0 && scan->index < scan->segments.count;
}

bool inRange(FootfallScan* scan, int32 row) {
    ItemPointerData tid;
    setSealedAddress(&tid, scan->segments.rows[scan->index].number, row);
    return ItemPointerCompare(&tid, &scan->lowest) >= 0 &&
           ItemPointerCompare(&tid, &scan->highest) <= 0;
}

// Whether no row of the segment can lie in the TID range.
bool outOfRange(FootfallScan* scan) {
    const catalog::SegmentRow& row = scan->segments.rows[scan->index];
    ItemPointerData first;
    ItemPointerData last;
    setSealedAddress(&first, row.number, 0);
    setSealedAddress(&last, row.number, row.rows - 1);
    return ItemPointerCompare(&last, &scan->lowest) < 0 ||
           ItemPointerCompare(&first, &scan->highest) > 0;
}

// Opens the segment that the scan has come to; false when the filter leaves no block of it. Then
// nobody has asked for its tombstones.
bool openLeftSegment(FootfallScan* scan, TupleTableSlot* slot) {
    if (scan->filter == nullptr) {
        openScanSegment(scan, scan->index, slot, true);
        return true;
    }
    if (!scan->listFiltered && ruledOutByZoneMaps(scan->segments.rows[scan->index], scan->filter)) {
        return false;
    }
    openScanSegment(scan, scan->index, slot, false);
    if (scan->filter->computeLate != nullptr) {
        // No row asks for values that are late when all are deleted.
        scan->segment->hideDeleted(scan->snapshot);
        if (scan->segment->deletedCount() == scan->segment->rows()) {
            return false;
        }
    }
    if (!pruneSegment(scan->segment, scan->filter, &scan->blocks)) {
        return false;
    }
    scan->segment->hideDeleted(scan->snapshot);
    return true;
}

// The first row from `row` on, in the direction given, that lies in a block the filter left.
int32 skipPrunedBlocks(FootfallScan* scan, int32 row, bool forward) {
    constexpr auto kRows = static_cast<int32>(segment::kBlockRows);
    while (row >= 0 && row < scan->segment->rows() &&
           !scan->blocks[static_cast<std::size_t>(row / kRows)]) {
        row = forward ? (row / kRows + 1) * kRows : row / kRows * kRows - 1;
    }
    return row;
}

// Moves to the next live row of the segments; false at the end, with the position just behind (or
// before) all.
bool nextSealedRow(FootfallScan* scan, bool forward, TupleTableSlot* slot) {
    listLeftSegments(scan);
    for (;;) {
        if (!scan->open) {
            const bool fresh = scan->index >= 0 && scan->index < scan->segments.count;
            if (!fresh) {
                return false;
            }
            if (scan->hasRange && outOfRange(scan)) {
                if (!nextSegment(scan, forward)) {
                    return false;
                }
                continue;
            }
            if (!openLeftSegment(scan, slot)) {
                CHECK_FOR_INTERRUPTS();
                if (!nextSegment(scan, forward)) {
                    return false;
                }
                continue;
            }
            scan->row = forward ? -1 : scan->segment->rows();
        }
        const int32 rows = scan->segment->rows();
        int32 row = scan->row + (forward ? 1 : -1);
        if (scan->filter != nullptr) {
            row = skipPrunedBlocks(scan, row, forward);
        }
        while (row >= 0 && row < rows &&
               (scan->segment->isDeleted(row) || (scan->hasRange && !inRange(scan, row)))) {
            row += forward ? 1 : -1;
            if (scan->filter != nullptr) {
                row = skipPrunedBlocks(scan, row, forward);
            }
        }
        scan->row = row;
        if (row >= 0 && row < rows) {
            return true;
        }
        CHECK_FOR_INTERRUPTS();
        if (!nextSegment(scan, forward)) {
            return false;
        }
    }
}

bool nextHotRow(FootfallScan* scan, ScanDirection direction, TupleTableSlot* slot) {
    HeapLoan loan(slot);
    bool found = scan->hasRange ? heap_getnextslot_tidrange(scan->hot, direction, slot)
                                : heap_getnextslot(scan->hot, direction, slot);
    loan.end();
    return found;
}

bool nextRow(FootfallScan* scan, ScanDirection direction, TupleTableSlot* slot) {
    const bool forward = !ScanDirectionIsBackward(direction);
    if (!scan->started) {
        scan->started = true;
        if (!forward) {
            // A scan that starts backwards starts behind the last segment.
            scan->inSegments = true;
            listLeftSegments(scan);
            scan->index = scan->segments.count;
        }
    }
    if (!scan->inSegments) {
        if (nextHotRow(scan, direction, slot)) {
            return true;
        }
        if (!forward) {
            return false;
        }
        scan->inSegments = true;
        listLeftSegments(scan);
        scan->index = -1;
        nextSegment(scan, true);
    } else if (!scan->open && !forward && scan->index >= scan->segments.count) {
        scan->index = scan->segments.count;
        nextSegment(scan, false);
    }
    if (nextSealedRow(scan, forward, slot)) {
        pgstat_count_heap_getnext(scan->base.rs_rd);
        storeSealedRow(slot, scan->segment, scan->row);
        return true;
    }
    ExecClearTuple(slot);
    if (forward) {
        return false;
    }
    // Backwards out of the first segment: the heap's scan restarts from its end, where it stopped.
    scan->inSegments = false;
    scan->index = -1;
    return nextHotRow(scan, direction, slot);
}

}  // namespace

TableScanDesc scanBegin(Relation relation, Snapshot snapshot, int keyCount, ScanKeyData* keys,
                        ParallelTableScanDesc parallel, uint32 flags) {
    if (keyCount > 0) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("scan keys are not supported on table \"%s\"",
                               RelationGetRelationName(relation)),
                        errdetail("Access method footfall filters in the executor.")));
    }
    if (RelationGetRelid(relation) == relationScannedAsHeap && scanAsHeapScan == nullptr) {
        scanAsHeapScan = heapRoutine()->scan_begin(relation, snapshot, 0, keys, parallel, flags);
        return scanAsHeapScan;
    }
    auto* scan = static_cast<FootfallScan*>(palloc0(sizeof(FootfallScan)));
    scan->base.rs_rd = relation;
    scan->base.rs_snapshot = snapshot;
    scan->base.rs_nkeys = 0;
    scan->base.rs_flags = flags;
    scan->base.rs_parallel = parallel;
    scan->context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall scan", ALLOCSET_DEFAULT_SIZES);
    RelationIncrementReferenceCount(relation);
    scan->hot =
        heapRoutine()->scan_begin(relation, snapshot, 0, keys, parallel, flags & ~SO_TEMP_SNAPSHOT);
    if (snapshot != nullptr && IsMVCCSnapshot(snapshot)) {
        scan->snapshot = snapshot;
    } else {
        // Taken when the heap part is through: a row sealed meanwhile may come twice, but never not
        // at all.
        scan->ownsSnapshot = true;
    }
    resetSealed(scan);
    return &scan->base;
}

void scanEnd(TableScanDesc base) {
    if (base == scanAsHeapScan) {
        scanAsHeapScan = nullptr;
        heapRoutine()->scan_end(base);
        return;
    }
    FootfallScan* scan = scanState(base);
    heapRoutine()->scan_end(scan->hot);
    dropOwnSnapshot(scan);
    if ((base->rs_flags & SO_TEMP_SNAPSHOT) != 0) {
        UnregisterSnapshot(base->rs_snapshot);
    }
    RelationDecrementReferenceCount(base->rs_rd);
    MemoryContextDelete(scan->context);
    pfree(scan);
}

void scanRescan(TableScanDesc base, ScanKeyData* keys, bool setParameters, bool allowStrategy,
                bool allowSync, bool allowPageMode) {
    FootfallScan* scan = scanState(base);
    heapRoutine()->scan_rescan(scan->hot, keys, setParameters, allowStrategy, allowSync,
                               allowPageMode);
    resetSealed(scan);
    dropOwnSnapshot(scan);
    scan->listed = scan->listed && !scan->ownsSnapshot && !scan->listFiltered;
    scan->listFiltered = false;
    scan->rescanned = true;
}

bool scanGetNextSlot(TableScanDesc scan, ScanDirection direction, TupleTableSlot* slot) {
    if (scan == scanAsHeapScan) {
        HeapLoan loan(slot);
        bool found = heap_getnextslot(scan, direction, slot);
        loan.end();
        return found;
    }
    return nextRow(scanState(scan), direction, slot);
}

void scanSetTidRange(TableScanDesc base, ItemPointer lowest, ItemPointer highest) {
    FootfallScan* scan = scanState(base);
    heapRoutine()->scan_set_tidrange(scan->hot, lowest, highest);
    scan->hasRange = true;
    scan->lowest = *lowest;
    scan->highest = *highest;
}

bool scanGetNextSlotTidRange(TableScanDesc scan, ScanDirection direction, TupleTableSlot* slot) {
    return nextRow(scanState(scan), direction, slot);
}

void setScanFilter(TableScanDesc base, ScanFilter* filter) {
    scanState(base)->filter = filter;
}

SealedSegment* currentSealedRow(TableScanDesc base, int32* row) {
    FootfallScan* scan = scanState(base);
    if (!scan->inSegments || !scan->open) {
        return nullptr;
    }
    *row = scan->row;
    return scan->segment;
}

bool scanNextHotRow(TableScanDesc base, TupleTableSlot* slot) {
    return nextHotRow(scanState(base), ForwardScanDirection, slot);
}

// The heap's scan takes a page at a time: it finds out which rows of it the snapshot sees, and then
// gives them one by one. So its next row opens the page; the others are taken from its list, and
// it is told that it gave them.
uint32 scanNextHotTuples(TableScanDesc base, TupleTableSlot* slot, HeapTupleHeader* tuples,
                         uint32 room, Buffer* buffer) {
    FootfallScan* scan = scanState(base);
    if (!nextHotRow(scan, ForwardScanDirection, slot)) {
        return 0;
    }
    auto* heap = reinterpret_cast<HeapScanDesc>(scan->hot);
    *buffer = heap->rs_cbuf;
    IncrBufferRefCount(*buffer);
    uint32 count = 0;
    tuples[count++] = heap->rs_ctup.t_data;
    if ((scan->hot->rs_flags & SO_ALLOW_PAGEMODE) == 0) {
        return count;
    }
    Page page = BufferGetPage(*buffer);
    const auto visible = static_cast<uint32>(heap->rs_ntuples);
    auto next = static_cast<uint32>(heap->rs_cindex) + 1;
    for (; next < visible && count < room; next++) {
        tuples[count++] = reinterpret_cast<HeapTupleHeader>(
            PageGetItem(page, PageGetItemId(page, heap->rs_vistuples[next])));
    }
    heap->rs_cindex = next - 1;
    pgstat_count_index_tuples(base->rs_rd, count - 1);
    return count;
}

uint32 mostPinnedPages(Relation relation) {
    // A small part of the ring of pages that a heap scan reads a large table through.
    constexpr int kMost = 32;
    // Of the buffers there are, this session's share.
    const int share =
        RelationUsesLocalBuffers(relation) ? num_temp_buffers / 4 : NBuffers / Max(MaxBackends, 1);
    return static_cast<uint32>(Max(Min(share, kMost), 1));
}

SealedSegment* scanNextSegment(TableScanDesc base, TupleTableSlot* slot,
                               segment::BlockSet* blocks) {
    FootfallScan* scan = scanState(base);
    if (!scan->inSegments) {
        scan->started = true;
        scan->inSegments = true;
        listLeftSegments(scan);
        scan->index = -1;
    }
    while (nextSegment(scan, true)) {
        CHECK_FOR_INTERRUPTS();
        if (openLeftSegment(scan, slot)) {
            *blocks = scan->filter == nullptr ? scan->segment->reader().allBlocks() : scan->blocks;
            return scan->segment;
        }
    }
    return nullptr;
}

int64 scanSegmentsLeft(TableScanDesc base) {
    const FootfallScan* scan = scanState(base);
    if (!scan->listed || base->rs_parallel == nullptr) {
        return -1;
    }
    auto* shared = reinterpret_cast<ParallelScan*>(base->rs_parallel);
    return Max(scan->segments.count - static_cast<int64>(pg_atomic_read_u64(&shared->nextSegment)),
               0);
}

Size parallelScanEstimate(Relation) {
    return sizeof(ParallelScan);
}

Size parallelScanInitialize(Relation relation, ParallelTableScanDesc parallel) {
    auto* shared = reinterpret_cast<ParallelScan*>(parallel);
    table_block_parallelscan_initialize(relation, parallel);
    pg_atomic_init_u64(&shared->nextSegment, 0);
    return sizeof(ParallelScan);
}

void parallelScanReinitialize(Relation relation, ParallelTableScanDesc parallel) {
    auto* shared = reinterpret_cast<ParallelScan*>(parallel);
    table_block_parallelscan_reinitialize(relation, parallel);
    pg_atomic_write_u64(&shared->nextSegment, 0);
}

namespace {

// WHERE CURRENT OF must not quietly find nothing because the row was moved beside it.
void raiseIfCompacted(Relation relation, ItemPointer tid) {
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall look-up", ALLOCSET_SMALL_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    catalog::SegmentRow row;
    const bool there = catalog::findSegment(catalog::storageOf(relation),
                                            catalog::usesUnlogged(relation->rd_rel->relpersistence),
                                            segmentOf(tid), SnapshotSelf, &row);
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
    if (!there) {
        ereport(ERROR,
                (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                 errmsg("could not serialize access to table \"%s\" due to concurrent compaction",
                        RelationGetRelationName(relation)),
                 errhint("Retry the transaction.")));
    }
}

void raiseIfMoved(Relation relation, ItemPointer tid) {
    HeapTupleData tuple;
    tuple.t_self = *tid;
    Buffer buffer = InvalidBuffer;
    if (!heap_fetch(relation, SnapshotAny, &tuple, &buffer, false)) {
        return;
    }
    const TransactionId mover = HeapTupleHeaderGetUpdateXid(tuple.t_data);
    const bool moved = HeapTupleHeaderIndicatesMovedPartitions(tuple.t_data) &&
                       !TransactionIdIsCurrentTransactionId(mover) &&
                       !TransactionIdIsInProgress(mover) && TransactionIdDidCommit(mover);
    ReleaseBuffer(buffer);
    if (moved) {
        ereport(
            ERROR,
            (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
             errmsg("could not serialize access to table \"%s\": the row was moved concurrently",
                    RelationGetRelationName(relation)),
             errhint("Retry the transaction.")));
    }
}

}  // namespace

bool tidValid(TableScanDesc base, ItemPointer tid) {
    return ItemPointerIsValid(tid) &&
           (isSealedAddress(tid) || heapRoutine()->tuple_tid_valid(scanState(base)->hot, tid));
}

void getLatestTid(TableScanDesc base, ItemPointer tid) {
    FootfallScan* scan = scanState(base);
    Relation relation = base->rs_rd;
    if (isSealedAddress(tid)) {
        raiseIfCompacted(relation, tid);
        // A chain of sealed versions ends in the heap or in a live row.
        catalog::TombstoneState state = catalog::lookUpTombstone(
            catalog::storageOf(relation), catalog::usesUnlogged(relation->rd_rel->relpersistence),
            segmentOf(tid), rowOf(tid));
        const bool gone =
            state.fate == catalog::Fate::Deleted || state.fate == catalog::Fate::DeletedBySelf;
        if (!gone || !state.hasSuccessor || ItemPointerIndicatesMovedPartitions(&state.successor)) {
            return;
        }
        *tid = state.successor;
    }
    heapRoutine()->tuple_get_latest_tid(scan->hot, tid);
    raiseIfMoved(relation, tid);
}

}  // namespace footfall::storage
