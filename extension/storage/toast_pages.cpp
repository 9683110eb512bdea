// See toast_pages.h.
#include "extension/storage/toast_pages.h"

#include "extension/storage/toast_chunk.h"

namespace footfall::storage {

namespace {

// Where the index has the chunk; an invalid block where it has none.
BlockNumber findChunk(const ToastSlice& slice, uint32 chunk, Snapshot snapshot) {
    ToastSearch search(slice, chunk, chunk, snapshot);
    HeapTuple tuple = search.next();
    const BlockNumber block =
        HeapTupleIsValid(tuple) ? ItemPointerGetBlockNumber(&tuple->t_self) : InvalidBlockNumber;
    search.end();
    return block;
}

// Chunks of the value in a page, as far as one follows the other from `next` on; returns the first
// that is not there.
uint32 copyPage(const ToastSlice& slice, BlockNumber block, uint32 next, Snapshot snapshot) {
    Buffer buffer = ReadBuffer(slice.toast, block);
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    HeapTupleData visible[MaxHeapTuplesPerPage];
    int count = 0;
    const OffsetNumber last = PageGetMaxOffsetNumber(page);
    // A damaged page is PostgreSQL's own routine's to report.
    for (OffsetNumber offset = FirstOffsetNumber; offset <= last && last <= MaxHeapTuplesPerPage;
         offset++) {
        ItemId item = PageGetItemId(page, offset);
        if (!ItemIdIsNormal(item) || ItemIdGetOffset(item) + ItemIdGetLength(item) > BLCKSZ) {
            continue;
        }
        HeapTupleData& tuple = visible[count];
        tuple.t_len = ItemIdGetLength(item);
        tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
        tuple.t_tableOid = RelationGetRelid(slice.toast);
        ItemPointerSet(&tuple.t_self, block, offset);
        count += HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer) ? 1 : 0;
    }
    LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    for (int i = 0; i < count && next <= slice.last(); i++) {
        next += copyChunk(slice, &visible[i], next) ? 1 : 0;
    }
    ReleaseBuffer(buffer);
    return next;
}

}  // namespace

bool readToastPages(Relation toast, Oid valueId, uint32 bytes, uint32 offset,
                    std::span<std::byte> into, Snapshot snapshot) {
    const ToastSlice slice = {toast, valueId, bytes, offset, into};
    const BlockNumber blocks = RelationGetNumberOfBlocks(toast);
    BlockNumber block = InvalidBlockNumber;
    uint32 next = slice.first();
    while (next <= slice.last()) {
        CHECK_FOR_INTERRUPTS();
        const bool neighbour = block < blocks;
        if (!neighbour) {
            block = findChunk(slice, next, snapshot);
        }
        if (block >= blocks) {
            return false;
        }
        const uint32 reached = copyPage(slice, block, next, snapshot);
        if (reached == next && !neighbour) {
            return false;
        }
        block = reached == next ? InvalidBlockNumber : block + 1;
        next = reached;
    }
    return true;
}

}  // namespace footfall::storage
