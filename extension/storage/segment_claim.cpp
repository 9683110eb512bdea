// See segment_claim.h.
#include "extension/storage/segment_claim.h"

#include "extension/catalog/segment_lock.h"
#include "extension/catalog/tombstone.h"
#include "extension/storage/toast_value.h"

namespace footfall::storage {

namespace {

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
    deleteToastValues(relation, row);
}

}  // namespace footfall::storage
