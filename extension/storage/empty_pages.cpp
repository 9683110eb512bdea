// See empty_pages.h.
#include "extension/storage/empty_pages.h"

#include "extension/pg/critical_section.h"
#include "extension/pg/heap_wal.h"

namespace footfall::storage {

namespace {

// With more, dead ones are freed.
constexpr OffsetNumber kManyLinePointers = MaxHeapTuplesPerPage / 2;

// The record that VACUUM writes.
void logFreed(Relation relation, Buffer buffer, OffsetNumber* freed, int count) {
#if PG_VERSION_NUM >= 170000
    log_heap_prune_and_freeze(relation, buffer, InvalidTransactionId, false, PRUNE_VACUUM_CLEANUP,
                              nullptr, 0, nullptr, 0, nullptr, 0, freed, count);
#else
    (void)relation;
    xl_heap_vacuum record;
    record.nunused = static_cast<uint16>(count);
    XLogBeginInsert();
    XLogRegisterData(reinterpret_cast<char*>(&record), SizeOfHeapVacuum);
    XLogRegisterBuffer(0, buffer, REGBUF_STANDARD);
    XLogRegisterBufData(0, reinterpret_cast<char*>(freed),
                        static_cast<int>(sizeof(OffsetNumber)) * count);
    const XLogRecPtr end = XLogInsert(RM_HEAP2_ID, XLOG_HEAP2_VACUUM);
    PageSetLSN(BufferGetPage(buffer), end);
#endif
}

}  // namespace

EmptyPages::EmptyPages(Relation relation)
    : relation_(relation), strategy_(GetAccessStrategy(BAS_BULKREAD)) {}

void EmptyPages::skipTo(BlockNumber block) {
    for (; next_ < block; next_++) {
        offer(next_);
    }
}

void EmptyPages::rowIn(BlockNumber block) {
    skipTo(block);
    next_ = block + 1;
}

void EmptyPages::finish() {
    if (BlockNumberIsValid(first_)) {
        FreeSpaceMapVacuumRange(relation_, first_, last_ + 1);
    }
    FreeAccessStrategy(strategy_);
}

void EmptyPages::offer(BlockNumber block) {
    CHECK_FOR_INTERRUPTS();
    Buffer buffer = ReadBufferExtended(relation_, MAIN_FORKNUM, block, RBM_NORMAL, strategy_);
    const Size space = freeSpaceIn(buffer);
    ReleaseBuffer(buffer);
    // The map keeps 1/256 of a page.
    if (space < BLCKSZ / 2 || GetRecordedFreeSpace(relation_, block) + BLCKSZ / 128 >= space) {
        return;
    }
    RecordPageWithFreeSpace(relation_, block, space);
    if (!BlockNumberIsValid(first_)) {
        first_ = block;
    }
    last_ = block;
}

Size EmptyPages::freeSpaceIn(Buffer buffer) {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    if (PageGetMaxOffsetNumber(BufferGetPage(buffer)) > kManyLinePointers) {
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
        LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
        freeLinePointers(buffer);
    }
    const Size space = PageGetHeapFreeSpace(BufferGetPage(buffer));
    LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    return space;
}

void EmptyPages::freeLinePointers(Buffer buffer) {
    // Whoever adds indexes to footfall tables must leave dead line pointers to VACUUM.
    if (relation_->rd_rel->relhasindex) {
        return;
    }
    Page page = BufferGetPage(buffer);
    OffsetNumber dead[MaxHeapTuplesPerPage];
    int count = 0;
    const OffsetNumber last = PageGetMaxOffsetNumber(page);
    for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset++) {
        ItemId item = PageGetItemId(page, offset);
        if (ItemIdIsDead(item) && !ItemIdHasStorage(item)) {
            dead[count++] = offset;
        }
    }
    if (count == 0) {
        return;
    }
    pg::startCriticalSection();
    for (int i = 0; i < count; i++) {
        ItemIdSetUnused(PageGetItemId(page, dead[i]));
    }
    PageTruncateLinePointerArray(page);
    MarkBufferDirty(buffer);
    if (RelationNeedsWAL(relation_)) {
        logFreed(relation_, buffer, dead, count);
    }
    pg::endCriticalSection();
}

}  // namespace footfall::storage
