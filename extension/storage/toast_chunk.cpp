// See toast_chunk.h.
#include "extension/storage/toast_chunk.h"

#include <cstring>

namespace footfall::storage {

bool copyChunk(const ToastSlice& slice, HeapTuple tuple, uint32 chunk) {
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
    const uint32 start = chunk * kToastChunkBytes;
    const uint32 size = Min(slice.bytes - start, kToastChunkBytes);
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

ToastSearch::ToastSearch(const ToastSlice& slice, uint32 first, uint32 last, Snapshot snapshot) {
    const int valid = toast_open_indexes(slice.toast, AccessShareLock, &indexes_, &count_);
    ScanKeyData keys[3];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(slice.valueId));
    ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT4GE,
                Int32GetDatum(static_cast<int32>(first)));
    ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT4LE,
                Int32GetDatum(static_cast<int32>(last)));
    scan_ = systable_beginscan_ordered(slice.toast, indexes_[valid], snapshot, 3, keys);
}

void ToastSearch::end() {
    systable_endscan_ordered(scan_);
    toast_close_indexes(indexes_, count_, AccessShareLock);
}

}  // namespace footfall::storage
