// See chunk_locator.h.
#include "extension/storage/chunk_locator.h"

#include <cstring>

namespace footfall::storage {

namespace {

constexpr uint32 kChunkBytes = TOAST_MAX_CHUNK_SIZE;
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

struct Slice {
    Relation toast;
    Oid valueId;
    uint32 bytes;
    uint32 offset;
    std::span<std::byte> into;

    uint32 first() const { return offset / kChunkBytes; }
    uint32 last() const { return (offset + static_cast<uint32>(into.size()) - 1) / kChunkBytes; }
};

// Copies what the slice wants of the chunk, if that is what the tuple is.
bool copyChunk(const Slice& slice, HeapTuple tuple, uint32 chunk) {
    TupleDesc descriptor = RelationGetDescr(slice.toast);
    bool nulls[3];
    const Datum id = fastgetattr(tuple, 1, descriptor, &nulls[0]);
    const Datum sequence = fastgetattr(tuple, 2, descriptor, &nulls[1]);
    const Datum data = fastgetattr(tuple, 3, descriptor, &nulls[2]);
    if (nulls[0] || nulls[1] || nulls[2] || DatumGetObjectId(id) != slice.valueId ||
        DatumGetInt32(sequence) != static_cast<int32>(chunk)) {
        return false;
    }
    const char* stored = DatumGetPointer(data);
    const uint32 start = chunk * kChunkBytes;
    const uint32 size = Min(slice.bytes - start, kChunkBytes);
    if (VARATT_IS_EXTERNAL(stored) || VARATT_IS_COMPRESSED(stored) ||
        VARSIZE_ANY_EXHDR(stored) != size) {
        return false;
    }
    const uint32 from = Max(start, slice.offset);
    const uint32 end = Min(start + size, slice.offset + static_cast<uint32>(slice.into.size()));
    memcpy(slice.into.data() + (from - slice.offset), VARDATA_ANY(stored) + (from - start),
           end - from);
    return true;
}

bool readChunks(const Slice& slice, const LocatedValue& located, Snapshot snapshot) {
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

void locateChunks(const Slice& slice, LocatedValue* located, Snapshot snapshot) {
    Relation* indexes = nullptr;
    int count = 0;
    const int valid = toast_open_indexes(slice.toast, AccessShareLock, &indexes, &count);
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(slice.valueId));
    ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT4GE,
                Int32GetDatum(static_cast<int32>(slice.first())));
    ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT4LE,
                Int32GetDatum(static_cast<int32>(slice.last())));
    SysScanDesc scan = systable_beginscan_ordered(slice.toast, indexes[valid], snapshot, 3, keys);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection))) {
        bool null = false;
        const int32 chunk =
            DatumGetInt32(fastgetattr(tuple, 2, RelationGetDescr(slice.toast), &null));
        if (!null && chunk >= 0 && static_cast<uint32>(chunk) < located->chunks) {
            located->places[chunk] = tuple->t_self;
        }
    }
    systable_endscan_ordered(scan);
    toast_close_indexes(indexes, count, AccessShareLock);
}

}  // namespace

bool isSmallSlice(Size bytes) {
    return bytes > 0 && bytes <= Size{kMaxChunks - 1} * kChunkBytes;
}

bool readLocatedChunks(Relation toast, Oid valueId, uint32 bytes, uint32 offset,
                       std::span<std::byte> into) {
    // A damaged catalog row may say anything; PostgreSQL's routine reports it.
    if (bytes > MaxAllocSize || offset > bytes || into.size() > bytes - offset) {
        return false;
    }
#if PG_VERSION_NUM >= 180000
    Snapshot snapshot = get_toast_snapshot();
#else
    SnapshotData data;
    Snapshot snapshot = &data;
    init_toast_snapshot(snapshot);
#endif
    const Slice slice = {toast, valueId, bytes, offset, into};
    LocatedValue* located = locatedValue(RelationGetRelid(toast), valueId, chunksOf(bytes));
    if (readChunks(slice, *located, snapshot)) {
        return true;
    }
    locateChunks(slice, located, snapshot);
    return readChunks(slice, *located, snapshot);
}

}  // namespace footfall::storage
