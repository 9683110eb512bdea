// See catalog_scan.h.
#include "extension/catalog/catalog_scan.h"

namespace footfall::catalog {

namespace {

// Whether the row that the scan stands on is visible. Its page is locked meanwhile, as hint bits
// and the deleting transaction may change.
bool judgeRow(const CatalogScan& scan, HeapTuple tuple) {
    Buffer buffer = reinterpret_cast<BufferHeapTupleTableSlot*>(scan.scan->slot)->buffer;
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const bool visible = HeapTupleSatisfiesVisibility(tuple, scan.judge, buffer);
    if (!scan.ownsSnapshot) {
        HeapCheckForSerializableConflictOut(visible, scan.scan->heap_rel, tuple, buffer,
                                            scan.judge);
    }
    LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    return visible;
}

}  // namespace

CatalogScan beginScan(OpenTable& table, Snapshot snapshot, int keys, ScanKeyData* scanKeys) {
    CatalogScan scan = {};
    if (IsolationIsSerializable() && (snapshot == nullptr || IsMVCCSnapshot(snapshot))) {
        scan.ownsSnapshot = snapshot == nullptr;
        scan.judge = scan.ownsSnapshot
                         ? RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(table.table)))
                         : snapshot;
        snapshot = SnapshotAny;
    }
    scan.scan = systable_beginscan(table.table, RelationGetRelid(table.index), true, snapshot, keys,
                                   scanKeys);
    return scan;
}

CatalogScan beginScan(OpenTable& table, Snapshot snapshot, int keys, Oid storage, int32 second,
                      int32 third) {
    ScanKeyData scanKeys[3];
    ScanKeyInit(&scanKeys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    if (keys > 1) {
        ScanKeyInit(&scanKeys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(second));
    }
    if (keys > 2) {
        ScanKeyInit(&scanKeys[2], 3, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(third));
    }
    return beginScan(table, snapshot, keys, scanKeys);
}

HeapTuple nextRow(CatalogScan& scan) {
    for (;;) {
        HeapTuple tuple = systable_getnext(scan.scan);
        if (!HeapTupleIsValid(tuple) || scan.judge == nullptr || judgeRow(scan, tuple)) {
            return tuple;
        }
        CHECK_FOR_INTERRUPTS();
    }
}

void endScan(CatalogScan& scan) {
    systable_endscan(scan.scan);
    if (scan.ownsSnapshot) {
        UnregisterSnapshot(scan.judge);
    }
}

}  // namespace footfall::catalog
