// See segment_claim.h.
#include "extension/storage/segment_claim.h"

#include "extension/catalog/segment_lock.h"
#include "extension/catalog/tombstone.h"

namespace footfall::storage {

namespace {

void deleteValues(Relation relation, const catalog::SegmentRow& row) {
    for (int c = 0; c <= row.columns; c++) {
        const Oid valueId = c < row.columns ? row.valueIds[c] : row.indexValue;
        if (!OidIsValid(valueId)) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        struct varatt_external pointer = {};
        pointer.va_rawsize = 1 + VARHDRSZ;
        VARATT_EXTERNAL_SET_SIZE_AND_COMPRESS_METHOD(pointer, 1, TOAST_PGLZ_COMPRESSION_ID);
        pointer.va_valueid = valueId;
        pointer.va_toastrelid = catalog::storageOf(relation);
        char external[TOAST_POINTER_SIZE];
        SET_VARTAG_EXTERNAL(external, VARTAG_ONDISK);
        memcpy(VARDATA_EXTERNAL(external), &pointer, sizeof(pointer));
        toast_delete_datum(relation, PointerGetDatum(external), false);
    }
}

// Whether the active snapshot sees the segment, of which nobody holds the lock but us, as it is
// now.
bool isAsSeen(Oid storage, bool unlogged, const catalog::SegmentRow& row) {
    if (!IsolationUsesXactSnapshot()) {
        return true;
    }
    Snapshot latest = RegisterSnapshot(GetLatestSnapshot());
    catalog::SegmentRow now;
    int32 deletedNow = 0;
    int32 deletedSeen = 0;
    const bool exists = catalog::findSegment(storage, unlogged, row.number, latest, &now);
    if (exists) {
        (void)catalog::deletedRows(storage, unlogged, row.number, row.rows, latest, &deletedNow);
        (void)catalog::deletedRows(storage, unlogged, row.number, row.rows, GetActiveSnapshot(),
                                   &deletedSeen);
    }
    UnregisterSnapshot(latest);
    return exists && deletedNow == deletedSeen;
}

}  // namespace

Snapshot maintenanceSnapshot() {
    return IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : GetLatestSnapshot();
}

catalog::SegmentList claimSegments(Relation relation, int32 maxRows) {
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    PushActiveSnapshot(GetLatestSnapshot());
    catalog::SegmentList list = catalog::listSegments(storage, unlogged, GetActiveSnapshot());
    for (int i = 0; i < list.count; i++) {
        if (list.rows[i].rows <= maxRows) {
            (void)catalog::lockSegment(storage, list.rows[i].number, AccessExclusiveLock, false);
        }
    }
    PopActiveSnapshot();
    PushActiveSnapshot(maintenanceSnapshot());
    list = catalog::listSegments(storage, unlogged, GetActiveSnapshot());
    int kept = 0;
    for (int i = 0; i < list.count; i++) {
        if (catalog::holdsSegmentLock(storage, list.rows[i].number, AccessExclusiveLock) &&
            isAsSeen(storage, unlogged, list.rows[i])) {
            list.rows[kept++] = list.rows[i];
        }
    }
    list.count = kept;
    return list;
}

void dropSegment(Relation relation, const catalog::SegmentRow& row, CommandId cid) {
    catalog::deleteSegment(catalog::storageOf(relation),
                           catalog::usesUnlogged(relation->rd_rel->relpersistence), row, cid);
    deleteValues(relation, row);
}

}  // namespace footfall::storage
