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

// Whether a compaction of the segment would change it.
bool needsWork(Oid storage, bool unlogged, const catalog::SegmentRow& row) {
    if (row.level != catalog::Level::Compacted) {
        return true;
    }
    int32 deleted = 0;
    uint64* bitmap = catalog::deletedRows(storage, unlogged, row.number, row.rows,
                                          GetActiveSnapshot(), &deleted);
    if (bitmap != nullptr) {
        pfree(bitmap);
    }
    return deleted > 0;
}

// A quarter of the entries that the lock table is made for; the others are for everybody else.
int claimLimit() {
    const int64 entries = int64{max_locks_per_xact} * MaxBackends;
    return static_cast<int>(Min(Max(entries / 4, int64{16}), int64{PG_INT32_MAX}));
}

// The indexes of the segments of at most `maxRows` rows in the order in which they are to be
// claimed; `first` says how many of them come first because they need it.
int* orderClaims(Oid storage, bool unlogged, const catalog::SegmentList& list, int32 maxRows,
                 ClaimOrder order, int* count, int* first) {
    auto* chosen = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(Max(list.count, 1))));
    auto* others = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(Max(list.count, 1))));
    int otherCount = 0;
    *count = 0;
    // While all of them fit the order does not matter.
    const bool select = order == ClaimOrder::WorkFirst && list.count > claimLimit();
    for (int i = 0; i < list.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const int index = order == ClaimOrder::NewestFirst ? list.count - 1 - i : i;
        const bool left = order == ClaimOrder::WorkFirst && list.rows[index].isCold();
        if (left || list.rows[index].rows > maxRows) {
            continue;
        }
        if (select && !needsWork(storage, unlogged, list.rows[index])) {
            others[otherCount++] = index;
        } else {
            chosen[(*count)++] = index;
        }
    }
    *first = *count;
    for (int i = 0; i < otherCount; i++) {
        chosen[(*count)++] = others[i];
    }
    pfree(others);
    return chosen;
}

// Keeps those of the list that are claimed, local, and as the active snapshot sees them, or written
// by this transaction.
void keepClaimed(Oid storage, bool unlogged, catalog::SegmentList* list, const List* written) {
    int kept = 0;
    for (int i = 0; i < list->count; i++) {
        CHECK_FOR_INTERRUPTS();
        const catalog::SegmentRow& row = list->rows[i];
        if (list_member_int(written, row.number) ||
            (!row.isCold() && catalog::holdsSegmentLock(storage, row.number, AccessExclusiveLock) &&
             isAsSeen(storage, unlogged, row))) {
            list->rows[kept++] = row;
        }
    }
    list->count = kept;
}

}  // namespace

Snapshot maintenanceSnapshot() {
    return IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : GetLatestSnapshot();
}

Claim claimSegments(Relation relation, int32 maxRows, ClaimOrder order) {
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    Claim claim = {};
    PushActiveSnapshot(GetLatestSnapshot());
    catalog::SegmentList list = catalog::listSegments(storage, unlogged, GetActiveSnapshot());
    int count = 0;
    int first = 0;
    int* chosen = orderClaims(storage, unlogged, list, maxRows, order, &count, &first);
    const int limit = claimLimit();
    int locked = 0;
    for (int i = 0; i < count; i++) {
        if (locked == limit) {
            claim.rest = i < first;
            break;
        }
        if (catalog::lockSegment(storage, list.rows[chosen[i]].number, AccessExclusiveLock,
                                 false)) {
            locked++;
        }
    }
    PopActiveSnapshot();
    claim.segments = claimedSegments(relation, NIL);
    return claim;
}

catalog::SegmentList claimedSegments(Relation relation, const List* written) {
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    PushActiveSnapshot(maintenanceSnapshot());
    catalog::SegmentList list = catalog::listSegments(storage, unlogged, GetActiveSnapshot());
    keepClaimed(storage, unlogged, &list, written);
    return list;
}

void dropSegment(Relation relation, const catalog::SegmentRow& row, CommandId cid) {
    catalog::deleteSegment(catalog::storageOf(relation),
                           catalog::usesUnlogged(relation->rd_rel->relpersistence), row, cid);
    deleteToastValues(relation, row);
}

}  // namespace footfall::storage
