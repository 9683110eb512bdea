// See segment_row.h.
#include "extension/catalog/segment_row.h"

#include "engine/base/hash.h"
#include "extension/catalog/archive_object.h"
#include "extension/catalog/catalog_scan.h"
#include "extension/catalog/segment_lock.h"

namespace footfall::catalog {

namespace {

// Columns of footfall.segment, in order.
enum {
    kStorage,
    kNumber,
    kRows,
    kLevel,
    kRawBytes,
    kStoredBytes,
    kIndexValue,
    kIndexBytes,
    kAttributes,
    kValueIds,
    kMeta,
    kArchiveObject,
    kRowGroup,
    kColumnCount
};

// The first number a TID's block cannot address: InvalidBlockNumber lies in the last segment.
constexpr int32 kMaxNumber = (1 << 22) - 2;

ArrayType* readArray(Datum datum, int elementSize, int* count, void** elements) {
    ArrayType* array = DatumGetArrayTypePCopy(datum);
    *count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
    *elements = ARR_DATA_PTR(array);
    if (ARR_HASNULL(array) || VARSIZE(array) < static_cast<Size>(*count) * elementSize) {
        ereport(ERROR,
                (errcode(ERRCODE_DATA_CORRUPTED), errmsg("footfall's segment catalog is damaged")));
    }
    return array;
}

// False when the row is not wanted. Then it leaves nothing behind: of a long list few may be.
bool readRow(HeapTuple tuple, TupleDesc descriptor, const SegmentChoice* choice, SegmentRow* row) {
    Datum values[kColumnCount];
    bool nulls[kColumnCount];
    heap_deform_tuple(tuple, descriptor, values, nulls);
    for (int i = 0; i < kColumnCount; i++) {
        // Of a local segment the last two are NULL, and no archived object has the number 0.
        if (nulls[i] != (i >= kArchiveObject && nulls[kArchiveObject])) {
            ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                            errmsg("footfall's segment catalog is damaged")));
        }
    }
    row->archiveObject = nulls[kArchiveObject] ? 0 : DatumGetInt64(values[kArchiveObject]);
    row->rowGroup = nulls[kRowGroup] ? 0 : DatumGetInt32(values[kRowGroup]);
    row->deleted = false;
    row->tid = tuple->t_self;
    row->number = DatumGetInt32(values[kNumber]);
    row->rows = DatumGetInt32(values[kRows]);
    row->level = static_cast<Level>(DatumGetInt16(values[kLevel]));
    row->rawBytes = DatumGetInt64(values[kRawBytes]);
    row->storedBytes = DatumGetInt64(values[kStoredBytes]);
    row->indexValue = DatumGetObjectId(values[kIndexValue]);
    row->indexBytes = DatumGetInt32(values[kIndexBytes]);
    ArrayType* attributes = readArray(values[kAttributes], sizeof(int16), &row->columns,
                                      reinterpret_cast<void**>(&row->attributes));
    if (choice != nullptr) {
        row->valueIds = nullptr;
        row->meta = DatumGetByteaPP(values[kMeta]);
        const bool wanted = choice->isWanted(*row, choice->argument);
        if (PointerGetDatum(row->meta) != values[kMeta]) {
            pfree(row->meta);
        }
        if (!wanted) {
            pfree(attributes);
            return false;
        }
    }
    int valueCount = 0;
    readArray(values[kValueIds], sizeof(Oid), &valueCount,
              reinterpret_cast<void**>(&row->valueIds));
    if (valueCount != row->columns) {
        ereport(ERROR,
                (errcode(ERRCODE_DATA_CORRUPTED), errmsg("footfall's segment catalog is damaged")));
    }
    row->meta = DatumGetByteaPCopy(values[kMeta]);
    return true;
}

// Whether a truncation that `snapshot` does not see yet happened to the storage.
bool truncatedAfter(Oid storage, Snapshot snapshot) {
    if (!IsMVCCSnapshot(snapshot)) {
        return false;
    }
    OpenTable table = open(Table::Truncation, false, AccessShareLock);
    bool happened = false;
    // Where no table was ever truncated, there is nothing to search.
    if (RelationGetNumberOfBlocks(table.table) == 0) {
        close(table);
        return false;
    }
    CatalogScan scan = beginScan(table, SnapshotSelf, 1, storage);
    if (HeapTupleIsValid(nextRow(scan))) {
        CatalogScan seen = beginScan(table, snapshot, 1, storage);
        happened = !HeapTupleIsValid(nextRow(seen));
        endScan(seen);
    }
    endScan(scan);
    close(table);
    return happened;
}

void deleteAll(Table which, bool unlogged, Oid storage, CommandId cid) {
    OpenTable table = open(which, unlogged, AccessShareLock);
    CatalogScan scan = beginScan(table, SnapshotSelf, 1, storage);
    HeapTuple tuple = nextRow(scan);
    if (!HeapTupleIsValid(tuple)) {
        endScan(scan);
        close(table);
        return;
    }
    LockRelationOid(RelationGetRelid(table.table), RowExclusiveLock);
    do {
        CHECK_FOR_INTERRUPTS();
        ItemPointerData tid = tuple->t_self;
        remove(table, &tid, cid);
        tuple = nextRow(scan);
    } while (HeapTupleIsValid(tuple));
    endScan(scan);
    close(table);
}

}  // namespace

namespace {

void addRow(SegmentList* list, int* capacity, HeapTuple tuple, TupleDesc descriptor,
            const SegmentChoice* choice) {
    if (list->count == *capacity) {
        *capacity = Max(16, *capacity * 2);
        Size size = static_cast<Size>(*capacity) * sizeof(SegmentRow);
        list->rows = static_cast<SegmentRow*>(list->rows == nullptr ? palloc(size)
                                                                    : repalloc(list->rows, size));
    }
    if (readRow(tuple, descriptor, choice, &list->rows[list->count])) {
        list->count++;
    }
}

// An integer column of the row that is never NULL.
Datum numberAt(HeapTuple tuple, TupleDesc descriptor, int column) {
    bool null = false;
    const Datum value = heap_getattr(tuple, column + 1, descriptor, &null);
    if (null) {
        ereport(ERROR,
                (errcode(ERRCODE_DATA_CORRUPTED), errmsg("footfall's segment catalog is damaged")));
    }
    return value;
}

void removeRow(bool unlogged, const SegmentRow& row, CommandId cid) {
    OpenTable table = open(Table::Segment, unlogged, RowExclusiveLock);
    ItemPointerData tid = row.tid;
    remove(table, &tid, cid);
    close(table);
}

}  // namespace

SegmentList listSegments(Oid storage, bool unlogged, Snapshot snapshot,
                         const SegmentChoice* choice) {
    SegmentList list = {0, nullptr};
    // pg_upgrade restores the schema before any data: there are no segments, and no index to look
    // for them.
    if (!OidIsValid(storage) || IsBinaryUpgrade) {
        return list;
    }
    OpenTable table = open(Table::Segment, unlogged, AccessShareLock);
    CatalogScan scan = beginScan(table, snapshot, 1, storage);
    int capacity = 0;
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        addRow(&list, &capacity, tuple, RelationGetDescr(table.table), choice);
    }
    endScan(scan);
    close(table);
    if (list.count > 0 && truncatedAfter(storage, snapshot)) {
        list.count = 0;
    }
    return list;
}

SegmentTotals sumSegments(Oid storage, bool unlogged, Snapshot snapshot) {
    SegmentTotals totals = {};
    if (!OidIsValid(storage) || IsBinaryUpgrade) {
        return totals;
    }
    OpenTable table = open(Table::Segment, unlogged, AccessShareLock);
    TupleDesc descriptor = RelationGetDescr(table.table);
    CatalogScan scan = beginScan(table, snapshot, 1, storage);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        totals.segments++;
        totals.rows += DatumGetInt32(numberAt(tuple, descriptor, kRows));
        totals.storedBytes += DatumGetInt64(numberAt(tuple, descriptor, kStoredBytes));
    }
    endScan(scan);
    close(table);
    if (totals.segments > 0 && truncatedAfter(storage, snapshot)) {
        return {};
    }
    return totals;
}

SegmentList listVacuumableSegments(Oid storage, bool unlogged, TransactionId oldestXmin) {
    SegmentList list = {0, nullptr};
    int capacity = 0;
    OpenTable table = open(Table::Segment, unlogged, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    IndexScanDesc scan = index_beginscan(table.table, table.index, SnapshotAny,
#if PG_VERSION_NUM >= 180000
                                         nullptr,
#endif
                                         1, 0);
    index_rescan(scan, &key, 1, nullptr, 0);
    TupleTableSlot* slot = table_slot_create(table.table, nullptr);
    while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, nullptr);
        Buffer buffer = reinterpret_cast<BufferHeapTupleTableSlot*>(slot)->buffer;
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        HTSV_Result fate = HeapTupleSatisfiesVacuum(tuple, oldestXmin, buffer);
        LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
        if (fate != HEAPTUPLE_DEAD) {
            addRow(&list, &capacity, tuple, RelationGetDescr(table.table), nullptr);
            list.rows[list.count - 1].deleted = fate == HEAPTUPLE_RECENTLY_DEAD;
        }
    }
    ExecDropSingleTupleTableSlot(slot);
    index_endscan(scan);
    close(table);
    return list;
}

bool findSegment(Oid storage, bool unlogged, int32 number, Snapshot snapshot, SegmentRow* row) {
    if (!OidIsValid(storage)) {
        return false;
    }
    OpenTable table = open(Table::Segment, unlogged, AccessShareLock);
    CatalogScan scan = beginScan(table, snapshot, 2, storage, number);
    HeapTuple tuple = nextRow(scan);
    bool found = HeapTupleIsValid(tuple);
    if (found) {
        readRow(tuple, RelationGetDescr(table.table), nullptr, row);
    }
    endScan(scan);
    close(table);
    return found && !truncatedAfter(storage, snapshot);
}

int64 fingerprintOf(const SegmentRow& row) {
    const auto columns = static_cast<Size>(row.columns);
    const uint64 parts[] = {base::hashBytes(VARDATA_ANY(row.meta), VARSIZE_ANY_EXHDR(row.meta)),
                            base::hashBytes(row.attributes, sizeof(int16) * columns),
                            base::hashBytes(row.valueIds, sizeof(Oid) * columns),
                            static_cast<uint64>(row.indexValue),
                            static_cast<uint64>(row.rows),
                            static_cast<uint64>(row.number)};
    return static_cast<int64>(base::hashBytes(parts, sizeof(parts)));
}

void insertSegment(Oid storage, bool unlogged, const SegmentRow& row, CommandId cid) {
    Datum* attributes = static_cast<Datum*>(palloc(sizeof(Datum) * Max(row.columns, 1)));
    Datum* valueIds = static_cast<Datum*>(palloc(sizeof(Datum) * Max(row.columns, 1)));
    for (int i = 0; i < row.columns; i++) {
        attributes[i] = Int16GetDatum(row.attributes[i]);
        valueIds[i] = ObjectIdGetDatum(row.valueIds[i]);
    }
    Datum values[kColumnCount];
    bool nulls[kColumnCount] = {};
    values[kStorage] = ObjectIdGetDatum(storage);
    values[kNumber] = Int32GetDatum(row.number);
    values[kRows] = Int32GetDatum(row.rows);
    values[kLevel] = Int16GetDatum(static_cast<int16>(row.level));
    values[kRawBytes] = Int64GetDatum(row.rawBytes);
    values[kStoredBytes] = Int64GetDatum(row.storedBytes);
    values[kIndexValue] = ObjectIdGetDatum(row.indexValue);
    values[kIndexBytes] = Int32GetDatum(row.indexBytes);
    values[kAttributes] =
        PointerGetDatum(construct_array(attributes, row.columns, INT2OID, 2, true, TYPALIGN_SHORT));
    values[kValueIds] =
        PointerGetDatum(construct_array(valueIds, row.columns, OIDOID, 4, true, TYPALIGN_INT));
    values[kMeta] = PointerGetDatum(row.meta);
    values[kArchiveObject] = Int64GetDatum(row.archiveObject);
    values[kRowGroup] = Int32GetDatum(row.rowGroup);
    nulls[kArchiveObject] = nulls[kRowGroup] = !row.isCold();
    OpenTable table = open(Table::Segment, unlogged, RowExclusiveLock);
    insert(table, values, nulls, 2, cid);
    close(table);
}

void deleteSegment(Oid storage, bool unlogged, const SegmentRow& row, CommandId cid) {
    removeRow(unlogged, row, cid);
    OpenTable tombstones = open(Table::Tombstone, unlogged, RowExclusiveLock);
    CatalogScan scan = beginScan(tombstones, SnapshotSelf, 2, storage, row.number);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        ItemPointerData tombstone = tuple->t_self;
        remove(tombstones, &tombstone, cid);
    }
    endScan(scan);
    close(tombstones);
}

void moveSegment(Oid storage, bool unlogged, const SegmentRow& row, const SegmentRow& moved,
                 CommandId cid) {
    removeRow(unlogged, row, cid);
    insertSegment(storage, unlogged, moved, cid);
}

int32 reserveNumber(Oid storage, bool unlogged) {
    OpenTable table = open(Table::Segment, unlogged, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    int32 number = 0;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        // Every physical row counts, dead or uncommitted ones too.
        SysScanDesc scan =
            systable_beginscan_ordered(table.table, table.index, SnapshotAny, 1, &key);
        HeapTuple tuple = systable_getnext_ordered(scan, BackwardScanDirection);
        if (HeapTupleIsValid(tuple)) {
            bool null = false;
            number = Max(number, DatumGetInt32(heap_getattr(tuple, kNumber + 1,
                                                            RelationGetDescr(table.table), &null)) +
                                     1);
        }
        systable_endscan_ordered(scan);
        if (number > kMaxNumber) {
            ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                            errmsg("the table has used all segment numbers"),
                            errhint("Rewrite it, for example with ALTER TABLE ... SET ACCESS "
                                    "METHOD heap and back.")));
        }
        if (!lockSegment(storage, number, ExclusiveLock, false)) {
            number++;
            continue;
        }
        // The number's last holder may have inserted its row between our look and our lock.
        CatalogScan check = beginScan(table, SnapshotAny, 2, storage, number);
        bool taken = HeapTupleIsValid(nextRow(check));
        endScan(check);
        if (!taken) {
            break;
        }
        unlockSegment(storage, number, ExclusiveLock);
        number++;
    }
    close(table);
    return number;
}

void releaseNumber(Oid storage, int32 number) {
    unlockSegment(storage, number, ExclusiveLock);
}

void purgeStorage(Oid storage) {
    CommandId cid = GetCurrentCommandId(true);
    for (bool unlogged : {false, true}) {
        deleteAll(Table::Segment, unlogged, storage, cid);
        deleteAll(Table::Tombstone, unlogged, storage, cid);
    }
    deleteAll(Table::Truncation, false, storage, cid);
    deleteAll(Table::FastDefault, false, storage, cid);
    forsakeArchiveObjects(storage);
}

void truncateStorage(Oid storage) {
    CommandId cid = GetCurrentCommandId(true);
    purgeStorage(storage);
    OpenTable table = open(Table::Truncation, false, RowExclusiveLock);
    Datum values[1] = {ObjectIdGetDatum(storage)};
    bool nulls[1] = {false};
    insert(table, values, nulls, 1, cid);
    close(table);
}

}  // namespace footfall::catalog
