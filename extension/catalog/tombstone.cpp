// See tombstone.h.
#include "extension/catalog/tombstone.h"

#include "extension/catalog/catalog_scan.h"
#include "extension/module/settings.h"

namespace footfall::catalog {

namespace {
enum { kStorage, kSegment, kRow, kSuccessor, kColumnCount };
}

uint64* deletedRows(Oid storage, bool unlogged, int32 segment, int32 rows, Snapshot snapshot,
                    int32* deleted) {
    uint64* bitmap = nullptr;
    *deleted = 0;
    if (module::debugIgnoreTombstones) {
        return nullptr;
    }
    OpenTable table = open(Table::Tombstone, unlogged, AccessShareLock);
    TupleDesc descriptor = RelationGetDescr(table.table);
    CatalogScan scan = beginScan(table, snapshot, 2, storage, segment);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        if (bitmap == nullptr) {
            bitmap =
                static_cast<uint64*>(palloc0(static_cast<Size>((rows + 63) / 64) * sizeof(uint64)));
        }
        bool null = false;
        int32 row = DatumGetInt32(heap_getattr(tuple, kRow + 1, descriptor, &null));
        if (null || row < 0 || row >= rows) {
            ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                            errmsg("tombstone of row %d in segment %d, which has %d rows", row,
                                   segment, rows)));
        }
        uint64 bit = uint64{1} << (row & 63);
        if ((bitmap[row >> 6] & bit) == 0) {
            bitmap[row >> 6] |= bit;
            ++*deleted;
        }
    }
    endScan(scan);
    close(table);
    return bitmap;
}

TombstoneState lookUpTombstone(Oid storage, bool unlogged, int32 segment, int32 row) {
    TombstoneState state = {};
    state.fate = Fate::Live;
    OpenTable table = open(Table::Tombstone, unlogged, AccessShareLock);
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    CatalogScan scan = beginScan(table, &dirty, 3, storage, segment, row);
    HeapTuple tuple = nextRow(scan);
    if (HeapTupleIsValid(tuple)) {
        state.xid = HeapTupleHeaderGetXmin(tuple->t_data);
        bool null = false;
        Datum successor = heap_getattr(tuple, kSuccessor + 1, RelationGetDescr(table.table), &null);
        state.hasSuccessor = !null;
        if (!null) {
            state.successor = *reinterpret_cast<ItemPointer>(DatumGetPointer(successor));
        }
        if (TransactionIdIsCurrentTransactionId(state.xid)) {
            state.fate = Fate::DeletedBySelf;
            state.cid = HeapTupleHeaderGetCmin(tuple->t_data);
        } else if (TransactionIdIsValid(dirty.xmin)) {
            state.fate = Fate::InProgress;
        } else {
            state.fate = Fate::Deleted;
        }
    }
    endScan(scan);
    close(table);
    return state;
}

bool isDeleted(Oid storage, bool unlogged, int32 segment, int32 row, Snapshot snapshot) {
    if (module::debugIgnoreTombstones) {
        return false;
    }
    OpenTable table = open(Table::Tombstone, unlogged, AccessShareLock);
    CatalogScan scan = beginScan(table, snapshot, 3, storage, segment, row);
    bool deleted = HeapTupleIsValid(nextRow(scan));
    endScan(scan);
    close(table);
    return deleted;
}

void insertTombstone(Oid storage, bool unlogged, int32 segment, int32 row,
                     const ItemPointerData* successor, CommandId cid) {
    OpenTable table = open(Table::Tombstone, unlogged, RowExclusiveLock);
    Datum values[kColumnCount];
    bool nulls[kColumnCount] = {};
    values[kStorage] = ObjectIdGetDatum(storage);
    values[kSegment] = Int32GetDatum(segment);
    values[kRow] = Int32GetDatum(row);
    values[kSuccessor] = PointerGetDatum(successor);
    nulls[kSuccessor] = successor == nullptr;
    insert(table, values, nulls, 3, cid);
    close(table);
}

int64 countTombstones(Oid storage, bool unlogged, Snapshot snapshot) {
    if (!OidIsValid(storage)) {
        return 0;
    }
    OpenTable table = open(Table::Tombstone, unlogged, AccessShareLock);
    CatalogScan scan = beginScan(table, snapshot, 1, storage);
    int64 count = 0;
    while (HeapTupleIsValid(nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        count++;
    }
    endScan(scan);
    close(table);
    return count;
}

}  // namespace footfall::catalog
