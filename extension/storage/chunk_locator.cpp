// See chunk_locator.h.
#include "extension/storage/chunk_locator.h"

#include "extension/storage/toast_chunk.h"

namespace footfall::storage {

namespace {

constexpr uint32 kChunkBytes = kToastChunkBytes;
constexpr uint32 kMaxChunks = 16;
// All hints of a session: some 300,000 chunks, 600 MB of segments.
constexpr Size kMaxMemory = Size{4} * 1024 * 1024;

struct ValueKey {
    Oid toast;
    Oid value;
};

struct ChunkPlace {
    ItemPointerData tid;  // invalid where the chunk was not met yet
    Buffer buffer;        // that had its page last
};

struct LocatedValue {
    ValueKey key;
    uint32 chunks;
    ChunkPlace* places;  // by chunk
};

MemoryContext context = nullptr;
HTAB* values = nullptr;

uint32 chunksOf(uint32 bytes) {
    return (bytes + kChunkBytes - 1) / kChunkBytes;
}

void startOver() {
    if (context == nullptr) {
        context = AllocSetContextCreate(CacheMemoryContext, "footfall chunk locator",
                                        ALLOCSET_DEFAULT_SIZES);
    }
    values = nullptr;
    MemoryContextReset(context);
    HASHCTL control = {};
    control.keysize = sizeof(ValueKey);
    control.entrysize = sizeof(LocatedValue);
    control.hcxt = context;
    values =
        hash_create("footfall chunk locator", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

LocatedValue* locatedValue(Oid toast, Oid valueId, uint32 chunks) {
    if (values == nullptr || MemoryContextMemAllocated(context, true) > kMaxMemory) {
        startOver();
    }
    const ValueKey key = {toast, valueId};
    auto* found = static_cast<LocatedValue*>(hash_search(values, &key, HASH_FIND, nullptr));
    if (found != nullptr && found->chunks == chunks) {
        return found;
    }
    // Allocated first: an error must not leave an entry without it. An entry of other length is of
    // a value that had this id before.
    const Size size = sizeof(ChunkPlace) * chunks;
    auto* places = static_cast<ChunkPlace*>(MemoryContextAllocZero(context, size));
    found = static_cast<LocatedValue*>(hash_search(values, &key, HASH_ENTER, nullptr));
    found->chunks = chunks;
    found->places = places;
    return found;
}

// Pins the page of a chunk: mostly the buffer that had it last still has it, which spares the
// search among all buffers and asking the file for its length. An invalid buffer where there is no
// page.
Buffer pinPage(Relation toast, ChunkPlace* place) {
    const BlockNumber block = ItemPointerGetBlockNumber(&place->tid);
#if PG_VERSION_NUM >= 160000
    const auto file = toast->rd_locator;
#else
    const auto file = toast->rd_node;
#endif
    if (BufferIsValid(place->buffer) &&
        ReadRecentBuffer(file, MAIN_FORKNUM, block, place->buffer)) {
        pgstat_count_buffer_read(toast);  // as ReadBuffer counts both
        pgstat_count_buffer_hit(toast);
        return place->buffer;
    }
    if (block >= RelationGetNumberOfBlocks(toast)) {
        return InvalidBuffer;
    }
    place->buffer = ReadBuffer(toast, block);
    return place->buffer;
}

// The tuples of some chunks that are said to be in one pinned page; false when not all of them are
// there and visible.
bool findTuples(Relation toast, Buffer buffer, const ChunkPlace* places, uint32 count,
                Snapshot snapshot, HeapTupleData* tuples) {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(buffer);
    const OffsetNumber last = PageGetMaxOffsetNumber(page);
    bool found = true;
    for (uint32 i = 0; i < count && found; i++) {
        const OffsetNumber offset = ItemPointerGetOffsetNumber(&places[i].tid);
        ItemId item = offset <= last ? PageGetItemId(page, offset) : nullptr;
        // A damaged page is PostgreSQL's own routine's to report.
        found = item != nullptr && ItemIdIsNormal(item) &&
                ItemIdGetOffset(item) + ItemIdGetLength(item) <= BLCKSZ;
        if (found) {
            HeapTupleData& tuple = tuples[i];
            tuple.t_len = ItemIdGetLength(item);
            tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
            tuple.t_tableOid = RelationGetRelid(toast);
            tuple.t_self = places[i].tid;
            found = HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer);
        }
    }
    LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    return found;
}

bool readChunks(const ToastSlice& slice, const LocatedValue& located, Snapshot snapshot) {
    uint32 chunk = slice.first();
    while (chunk <= slice.last()) {
        ChunkPlace* place = &located.places[chunk];
        uint32 count = 0;
        while (chunk + count <= slice.last() && ItemPointerIsValid(&place[count].tid) &&
               ItemPointerGetBlockNumber(&place[count].tid) ==
                   ItemPointerGetBlockNumber(&place->tid)) {
            count++;
        }
        const Buffer buffer = count > 0 ? pinPage(slice.toast, place) : InvalidBuffer;
        if (!BufferIsValid(buffer)) {
            return false;
        }
        HeapTupleData tuples[kMaxChunks];
        bool copied = findTuples(slice.toast, buffer, place, count, snapshot, tuples);
        for (uint32 i = 0; i < count && copied; i++) {
            place[i].buffer = buffer;
            copied = copyChunk(slice, &tuples[i], chunk + i);
        }
        ReleaseBuffer(buffer);
        if (!copied) {
            return false;
        }
        chunk += count;
    }
    return true;
}

void locateChunks(const ToastSlice& slice, LocatedValue* located, Snapshot snapshot) {
    ToastSearch search(slice, slice.first(), slice.last(), snapshot);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = search.next())) {
        bool null = false;
        const int32 chunk =
            DatumGetInt32(fastgetattr(tuple, 2, RelationGetDescr(slice.toast), &null));
        if (!null && chunk >= 0 && static_cast<uint32>(chunk) < located->chunks) {
            located->places[chunk].tid = tuple->t_self;
        }
    }
    search.end();
}

}  // namespace

bool isSmallSlice(Size bytes) {
    return bytes > 0 && bytes <= Size{kMaxChunks - 1} * kChunkBytes;
}

bool readLocatedChunks(Relation toast, Oid valueId, uint32 bytes, uint32 offset,
                       std::span<std::byte> into, Snapshot snapshot) {
    const ToastSlice slice = {toast, valueId, bytes, offset, into};
    LocatedValue* located = locatedValue(RelationGetRelid(toast), valueId, chunksOf(bytes));
    if (readChunks(slice, *located, snapshot)) {
        return true;
    }
    locateChunks(slice, located, snapshot);
    return readChunks(slice, *located, snapshot);
}

}  // namespace footfall::storage
