// See segment_lock.h.
#include "extension/catalog/segment_lock.h"

namespace footfall::catalog {

namespace {

constexpr uint16 kSegmentClass = 0xFF01;
constexpr uint16 kRowClass = 0xFF02;

LOCKTAG segmentTag(Oid storage, int32 number) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, storage, static_cast<uint32>(number), kSegmentClass);
    return tag;
}

// Rows whose numbers collide in 32 bits share a lock, which only makes one wait a moment.
LOCKTAG rowTag(Oid storage, int32 number, int32 row) {
    LOCKTAG tag;
    uint32 key = static_cast<uint32>(number) * 2654435761u ^ static_cast<uint32>(row);
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, storage, key, kRowClass);
    return tag;
}

}  // namespace

bool lockSegment(Oid storage, int32 number, LOCKMODE mode, bool wait) {
    LOCKTAG tag = segmentTag(storage, number);
    return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

bool holdsSegmentLock(Oid storage, int32 number, LOCKMODE mode) {
    LOCKTAG tag = segmentTag(storage, number);
#if PG_VERSION_NUM >= 170000
    return LockHeldByMe(&tag, mode, false);
#else
    return LockHeldByMe(&tag, mode);
#endif
}

void unlockSegment(Oid storage, int32 number, LOCKMODE mode) {
    LOCKTAG tag = segmentTag(storage, number);
    LockRelease(&tag, mode, false);
}

void lockRow(Oid storage, int32 number, int32 row) {
    LOCKTAG tag = rowTag(storage, number, row);
    (void)LockAcquire(&tag, ExclusiveLock, false, false);
}

void unlockRow(Oid storage, int32 number, int32 row) {
    LOCKTAG tag = rowTag(storage, number, row);
    LockRelease(&tag, ExclusiveLock, false);
}

}  // namespace footfall::catalog
