// See chunk_locator.h.
#include "extension/storage/chunk_locator.h"

#include "extension/storage/toast_chunk.h"

namespace footfall::storage {

namespace {

constexpr uint32 kChunkBytes = kToastChunkBytes;
constexpr uint32 kMaxChunks = 16;
// All hints of a session: some 500,000 chunks, a gigabyte of segments.
constexpr Size kMaxMemory = Size{4} * 1024 * 1024;

struct ValueKey {
    Oid toast;
    Oid value;
};

struct LocatedValue {
    ValueKey key;
    uint32 chunks;
    ItemPointerData* places;  // by chunk; invalid where it was not met yet
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
    const Size size = sizeof(ItemPointerData) * chunks;
    auto* places = static_cast<ItemPointerData*>(MemoryContextAllocZero(context, size));
    found = static_cast<LocatedValue*>(hash_search(values, &key, HASH_ENTER, nullptr));
    found->chunks = chunks;
    found->places = places;
    return found;
}

bool readChunks(const ToastSlice& slice, const LocatedValue& located, Snapshot snapshot) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(slice.toast);
    for (uint32 chunk = slice.first(); chunk <= slice.last(); chunk++) {
        const ItemPointerData& place = located.places[chunk];
        if (!ItemPointerIsValid(&place) || ItemPointerGetBlockNumber(&place) >= blocks) {
            return false;
        }
        HeapTupleData tuple;
        tuple.t_self = place;
        Buffer buffer = InvalidBuffer;
        if (!heap_fetch(slice.toast, snapshot, &tuple, &buffer, false)) {
            return false;
        }
        const bool copied = copyChunk(slice, &tuple, chunk);
        ReleaseBuffer(buffer);
        if (!copied) {
            return false;
        }
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
            located->places[chunk] = tuple->t_self;
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
