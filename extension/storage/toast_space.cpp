// See toast_space.h.
#include "extension/storage/toast_space.h"

#include "extension/catalog/segment_lock.h"
#include "extension/catalog/tombstone_space.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"
#include "extension/storage/segment_claim.h"
#include "extension/storage/toast_value.h"

namespace footfall::storage {

namespace {

// Less than this is not worth the work.
constexpr BlockNumber kLeastGain = 32;

// Chunks that fit in a page of the TOAST relation, and what one takes there.
constexpr uint32 kChunksPerPage = EXTERN_TUPLES_PER_PAGE;
constexpr Size kChunkSpace = MAXALIGN(TOAST_MAX_CHUNK_SIZE + sizeof(int32) + sizeof(Oid) +
                                      VARHDRSZ + MAXALIGN(SizeofHeapTupleHeader)) +
                             sizeof(ItemIdData);

uint32 chunksOf(uint32 bytes) {
    return (bytes + TOAST_MAX_CHUNK_SIZE - 1) / TOAST_MAX_CHUNK_SIZE;
}

// A segment that could move.
struct Candidate {
    const catalog::SegmentRow* row;
    const uint32* lengths;
    BlockNumber last;  // highest block that holds one of its chunks
    uint64 chunks;
};

struct ToastIndex {
    Relation toast;
    Relation* indexes;
    int count;
    int valid;
};

ToastIndex openToast(Relation relation, LOCKMODE mode) {
    ToastIndex opened = {};
    opened.toast = table_open(catalog::storageOf(relation), mode);
    opened.valid =
        toast_open_indexes(opened.toast, AccessShareLock, &opened.indexes, &opened.count);
    return opened;
}

void closeToast(const ToastIndex& opened) {
    toast_close_indexes(opened.indexes, opened.count, AccessShareLock);
    table_close(opened.toast, NoLock);
}

// The block of one chunk, or 0 when it is not there, which reading the segment will report.
BlockNumber blockOfChunk(const ToastIndex& opened, Oid valueId, uint32 chunk) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(valueId));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ,
                Int32GetDatum(static_cast<int32>(chunk)));
    SysScanDesc scan = systable_beginscan_ordered(opened.toast, opened.indexes[opened.valid],
                                                  GetActiveSnapshot(), 2, keys);
    HeapTuple tuple = systable_getnext_ordered(scan, ForwardScanDirection);
    const BlockNumber block =
        HeapTupleIsValid(tuple) ? ItemPointerGetBlockNumber(&tuple->t_self) : 0;
    systable_endscan_ordered(scan);
    return block;
}

// Chunks of a value lie in order, save where they filled holes: every 64th is looked at.
BlockNumber lastBlockOf(const ToastIndex& opened, Oid valueId, uint32 bytes) {
    BlockNumber last = 0;
    const uint32 chunks = chunksOf(bytes);
    for (uint32 chunk = 0; chunk < chunks; chunk += 64) {
        CHECK_FOR_INTERRUPTS();
        last = Max(last, blockOfChunk(opened, valueId, chunk));
    }
    return chunks == 0 ? last : Max(last, blockOfChunk(opened, valueId, chunks - 1));
}

Candidate describe(const ToastIndex& opened, const catalog::SegmentRow* row) {
    Candidate candidate = {row, valueLengths(*row), 0, 0};
    for (int c = 0; c <= row->columns; c++) {
        const Oid valueId = c < row->columns ? row->valueIds[c] : row->indexValue;
        if (OidIsValid(valueId)) {
            candidate.chunks += chunksOf(candidate.lengths[c]);
            candidate.last =
                Max(candidate.last, lastBlockOf(opened, valueId, candidate.lengths[c]));
        }
    }
    return candidate;
}

int byLastDescending(const void* a, const void* b) {
    const auto* left = static_cast<const Candidate*>(a);
    const auto* right = static_cast<const Candidate*>(b);
    return left->last > right->last ? -1 : (left->last < right->last ? 1 : 0);
}

uint64 chunksThatFit(Relation toast, BlockNumber block) {
    return Min(GetRecordedFreeSpace(toast, block) / kChunkSpace, static_cast<Size>(kChunksPerPage));
}

// How many chunks fit into the free space in front of each of the candidates' boundaries: room[k]
// is that in front of boundary k, boundaries descending.
void measureRoom(Relation toast, const BlockNumber* boundaries, int count, uint64* room) {
    uint64 total = 0;
    BlockNumber block = 0;
    for (int k = count - 1; k >= 0; k--) {
        for (; block < boundaries[k]; block++) {
            if (block % 1024 == 0) {
                CHECK_FOR_INTERRUPTS();
            }
            total += chunksThatFit(toast, block);
        }
        room[k] = total;
    }
}

// Which segments to move, and from which block on nothing of a segment will be left.
struct Plan {
    int moves;  // leading candidates
    BlockNumber boundary;
};

// `floor` is the end of the segments that cannot move. The gain is counted in blocks that segments
// fill now: other values at the end of the relation are not ours to move.
Plan choosePlan(Relation toast, const Candidate* candidates, int count, BlockNumber floor) {
    if (count == 0 || candidates[0].last < floor) {
        return {0, 0};
    }
    const BlockNumber end = candidates[0].last + 1;
    auto* boundaries =
        static_cast<BlockNumber*>(palloc(sizeof(BlockNumber) * static_cast<Size>(count)));
    auto* room = static_cast<uint64*>(palloc(sizeof(uint64) * static_cast<Size>(count)));
    for (int k = 0; k < count; k++) {
        // With k + 1 candidates gone the next one's last block is the end.
        boundaries[k] = Max(k + 1 < count ? candidates[k + 1].last + 1 : 0, floor);
    }
    measureRoom(toast, boundaries, count, room);
    uint64 chunks = 0;
    Plan best = {0, end};
    for (int k = 0; k < count; k++) {
        chunks += candidates[k].chunks;
        BlockNumber boundary = boundaries[k];
        uint64 available = room[k];
        // Not enough room in front of it: the boundary is the first block behind enough.
        for (; boundary < end && available < chunks; boundary++) {
            available += chunksThatFit(toast, boundary);
        }
        if (available >= chunks && boundary < best.boundary) {
            best = {k + 1, boundary};
        }
    }
    const bool worth = best.boundary + kLeastGain < end && best.boundary + end / 32 < end;
    return worth ? best : Plan{0, end};
}

// New values with the same bytes, for the row that takes the segment's place.
void copyValues(Relation relation, const Candidate& candidate, catalog::SegmentRow* moved) {
    const catalog::SegmentRow& row = *candidate.row;
    moved->valueIds =
        static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(Max(row.columns, 1))));
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall relocate", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    for (int c = 0; c <= row.columns; c++) {
        CHECK_FOR_INTERRUPTS();
        Oid valueId = c < row.columns ? row.valueIds[c] : row.indexValue;
        if (OidIsValid(valueId)) {
            std::span<const std::byte> bytes = fetchToastValue(
                catalog::storageOf(relation), valueId, candidate.lengths[c], scratch);
            valueId = saveToastValue(relation, bytes, scratch);
        }
        if (c < row.columns) {
            moved->valueIds[c] = valueId;
        } else {
            moved->indexValue = valueId;
        }
        MemoryContextReset(scratch);
    }
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
}

void moveSegments(Relation relation, const Candidate* candidates, int count) {
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    const CommandId cid = GetCurrentCommandId(true);
    for (int i = 0; i < count; i++) {
        catalog::SegmentRow moved = *candidates[i].row;
        copyValues(relation, candidates[i], &moved);
        module::failpoint("relocate_after_copy");
        catalog::moveSegment(storage, unlogged, *candidates[i].row, moved, cid);
        deleteToastValues(relation, *candidates[i].row);
        module::failpoint("relocate_after_segment");
    }
}

// The end of the TOAST relation, withheld from the free space map while segments move out of it.
struct ClosedSpace {
    Relation toast;
    BlockNumber first;
    BlockNumber end;
    uint16* space;  // what the map said of each block
};

void closeSpace(ClosedSpace* closed) {
    const Size blocks = closed->end - closed->first;
    closed->space = static_cast<uint16*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint16) * Max(blocks, Size{1})));
    for (BlockNumber block = closed->first; block < closed->end; block++) {
        closed->space[block - closed->first] =
            static_cast<uint16>(GetRecordedFreeSpace(closed->toast, block));
        RecordPageWithFreeSpace(closed->toast, block, 0);
    }
    FreeSpaceMapVacuumRange(closed->toast, closed->first, closed->end);
    RelationSetTargetBlock(closed->toast, InvalidBlockNumber);
}

// VACUUM does not look at pages that it knows to be empty: what was withheld is given back by hand.
void reopenSpace(const ClosedSpace& closed) {
    for (BlockNumber block = closed.first; block < closed.end; block++) {
        RecordPageWithFreeSpace(closed.toast, block, closed.space[block - closed.first]);
    }
    FreeSpaceMapVacuumRange(closed.toast, closed.first, closed.end);
}

}  // namespace

bool isSparse(Relation relation) {
    const Oid storage = catalog::storageOf(relation);
    if (!OidIsValid(storage)) {
        return false;
    }
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    Relation toast = table_open(storage, AccessShareLock);
    const BlockNumber blocks = RelationGetNumberOfBlocks(toast);
    table_close(toast, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    catalog::SegmentList list = catalog::listSegments(storage, unlogged, snapshot);
    UnregisterSnapshot(snapshot);
    uint64 stored = 0;
    for (int i = 0; i < list.count; i++) {
        stored += static_cast<uint64>(list.rows[i].localBytes());
    }
    const uint64 needed = stored / (kChunksPerPage * TOAST_MAX_CHUNK_SIZE) + 1;
    return needed + needed / 16 + kLeastGain < blocks;
}

void vacuumToast(Relation relation) {
    Relation toast = table_open(catalog::storageOf(relation), ShareUpdateExclusiveLock);
    catalog::vacuumNow(toast);
    table_close(toast, NoLock);
}

BlockNumber relocateSegments(Relation relation) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall relocation", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    (void)claimSegments(relation, PG_INT32_MAX, ClaimOrder::NewestFirst);
    catalog::SegmentList all = catalog::listSegments(storage, unlogged, GetActiveSnapshot());
    ToastIndex opened = openToast(relation, RowExclusiveLock);
    auto* candidates =
        static_cast<Candidate*>(palloc(sizeof(Candidate) * static_cast<Size>(Max(all.count, 1))));
    int count = 0;
    BlockNumber floor = 0;
    for (int i = 0; i < all.count; i++) {
        Candidate candidate = describe(opened, &all.rows[i]);
        if (catalog::holdsSegmentLock(storage, all.rows[i].number, AccessExclusiveLock)) {
            candidates[count++] = candidate;
        } else {
            floor = Max(floor, candidate.last + 1);
        }
    }
    qsort(candidates, static_cast<size_t>(count), sizeof(Candidate), byLastDescending);
    const Plan plan = choosePlan(opened.toast, candidates, count, floor);
    const BlockNumber gained = plan.moves > 0 ? candidates[0].last + 1 - plan.boundary : 0;
    if (plan.moves > 0) {
        ClosedSpace closed = {opened.toast, plan.boundary, RelationGetNumberOfBlocks(opened.toast),
                              nullptr};
        closeSpace(&closed);
        pg::withCleanup([&] { moveSegments(relation, candidates, plan.moves); },
                        [&] { reopenSpace(closed); });
    }
    closeToast(opened);
    PopActiveSnapshot();
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(context);
    return gained;
}

}  // namespace footfall::storage
