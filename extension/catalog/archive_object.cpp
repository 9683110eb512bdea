// See archive_object.h.
#include "extension/catalog/archive_object.h"

#include <cstring>

#include "extension/catalog/catalog_scan.h"

namespace footfall::catalog {

namespace {

// Columns of footfall.archive_object, in order.
enum {
    kStorage,
    kId,
    kRelation,
    kRoot,
    kServer,
    kFolder,
    kLog,
    kObjectKey,
    kState,
    kSegments,
    kDeleted,
    kFingerprints,
    kAttributes,
    kRows,
    kBytes,
    kSha256,
    kChecksums,
    kVerifiedAt,
    kChangedAt,
    kAttempt,
    kColumnCount
};

constexpr ObjectState kStates[] = {ObjectState::Planned,   ObjectState::Uploaded,
                                   ObjectState::Committed, ObjectState::Switched,
                                   ObjectState::Leaving,   ObjectState::Returning};

[[noreturn]] void reportDamage() {
    ereport(ERROR,
            (errcode(ERRCODE_DATA_CORRUPTED), errmsg("footfall's archive manifest is damaged")));
    pg_unreachable();
}

ObjectState stateOf(const char* name) {
    for (const ObjectState state : kStates) {
        if (strcmp(stateName(state), name) == 0) {
            return state;
        }
    }
    reportDamage();
}

// The elements of an array without NULLs, copied.
Datum* elementsOf(Datum array, Oid type, int length, bool byValue, char align, int* count) {
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    deconstruct_array(DatumGetArrayTypePCopy(array), type, length, byValue, align, &elements,
                      &nulls, count);
    for (int i = 0; i < *count; i++) {
        if (nulls[i]) {
            reportDamage();
        }
    }
    return elements;
}

void readRow(HeapTuple tuple, TupleDesc descriptor, ArchiveObject* object) {
    Datum values[kColumnCount];
    bool nulls[kColumnCount];
    heap_deform_tuple(tuple, descriptor, values, nulls);
    for (int i = 0; i < kColumnCount; i++) {
        if (nulls[i] && i != kSha256 && i != kChecksums && i != kVerifiedAt) {
            reportDamage();
        }
    }
    object->tid = tuple->t_self;
    object->storage = DatumGetObjectId(values[kStorage]);
    object->id = DatumGetInt64(values[kId]);
    object->relation = DatumGetObjectId(values[kRelation]);
    object->root = DatumGetObjectId(values[kRoot]);
    object->server = TextDatumGetCString(values[kServer]);
    object->folder = TextDatumGetCString(values[kFolder]);
    object->log = TextDatumGetCString(values[kLog]);
    object->key = TextDatumGetCString(values[kObjectKey]);
    object->state = stateOf(TextDatumGetCString(values[kState]));
    int deleted = 0;
    const Datum* numbers =
        elementsOf(values[kSegments], INT4OID, 4, true, TYPALIGN_INT, &object->segmentCount);
    const Datum* counts = elementsOf(values[kDeleted], INT4OID, 4, true, TYPALIGN_INT, &deleted);
    int prints = 0;
    const Datum* fingerprints =
        elementsOf(values[kFingerprints], INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &prints);
    if (deleted != object->segmentCount || prints != object->segmentCount) {
        reportDamage();
    }
    const auto length = static_cast<Size>(Max(object->segmentCount, 1));
    object->segments = static_cast<int32*>(palloc(sizeof(int32) * length));
    object->deleted = static_cast<int32*>(palloc(sizeof(int32) * length));
    object->fingerprints = static_cast<int64*>(palloc(sizeof(int64) * length));
    for (int i = 0; i < object->segmentCount; i++) {
        object->segments[i] = DatumGetInt32(numbers[i]);
        object->deleted[i] = DatumGetInt32(counts[i]);
        object->fingerprints[i] = DatumGetInt64(fingerprints[i]);
    }
    const Datum* attributes =
        elementsOf(values[kAttributes], INT2OID, 2, true, TYPALIGN_SHORT, &object->attributeCount);
    object->attributes = static_cast<int16*>(
        palloc(sizeof(int16) * static_cast<Size>(Max(object->attributeCount, 1))));
    for (int i = 0; i < object->attributeCount; i++) {
        object->attributes[i] = DatumGetInt16(attributes[i]);
    }
    object->rows = DatumGetInt64(values[kRows]);
    object->bytes = DatumGetInt64(values[kBytes]);
    object->sha256 = nulls[kSha256] ? nullptr : TextDatumGetCString(values[kSha256]);
    object->checksums = nulls[kChecksums] ? 0 : DatumGetInt64(values[kChecksums]);
    object->verifiedAt = nulls[kVerifiedAt] ? 0 : DatumGetTimestampTz(values[kVerifiedAt]);
    object->changedAt = DatumGetTimestampTz(values[kChangedAt]);
    object->attempt = DatumGetInt32(values[kAttempt]);
}

void removeAt(const ItemPointerData& where) {
    OpenTable table = open(Table::ArchiveObject, false, RowExclusiveLock);
    ItemPointerData tid = where;
    remove(table, &tid, GetCurrentCommandId(true));
    close(table);
}

}  // namespace

const char* stateName(ObjectState state) {
    switch (state) {
        case ObjectState::Planned:
            return "planned";
        case ObjectState::Uploaded:
            return "uploaded";
        case ObjectState::Committed:
            return "committed";
        case ObjectState::Switched:
            return "switched";
        case ObjectState::Leaving:
            return "leaving";
        case ObjectState::Returning:
            return "returning";
    }
    return "";
}

ArchiveObjectList listArchiveObjects(Oid storage, bool everything) {
    ArchiveObjectList list = {0, nullptr};
    OpenTable table;
    if (IsBinaryUpgrade || !tryOpen(Table::ArchiveObject, false, AccessShareLock, &table)) {
        return list;
    }
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    CatalogScan scan = beginScan(table, nullptr, everything ? 0 : 1, &key);
    int capacity = 0;
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        if (list.count == capacity) {
            capacity = Max(16, capacity * 2);
            const Size size = static_cast<Size>(capacity) * sizeof(ArchiveObject);
            list.rows = static_cast<ArchiveObject*>(
                list.rows == nullptr ? palloc(size) : repalloc(list.rows, size));
        }
        readRow(tuple, RelationGetDescr(table.table), &list.rows[list.count++]);
    }
    endScan(scan);
    close(table);
    return list;
}

bool findArchiveObject(Oid storage, int64 id, ArchiveObject* object) {
    OpenTable table = open(Table::ArchiveObject, false, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    // Every version of the row since the object was uploaded says the same of where it is, and one
    // that an older snapshot may need is still there.
    CatalogScan scan = beginScan(table, SnapshotAny, 2, keys);
    bool found = false;
    HeapTuple tuple;
    while (!found && HeapTupleIsValid(tuple = nextRow(scan))) {
        readRow(tuple, RelationGetDescr(table.table), object);
        found = object->sha256 != nullptr;
    }
    endScan(scan);
    close(table);
    return found;
}

bool hasArchiveObject(Oid storage, int64 id) {
    OpenTable table = open(Table::ArchiveObject, false, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    // A new snapshot: the catalog's may be from before the object left.
    InvalidateCatalogSnapshot();
    CatalogScan scan = beginScan(table, nullptr, 2, keys);
    const bool found = HeapTupleIsValid(nextRow(scan));
    endScan(scan);
    close(table);
    return found;
}

int64 nextArchiveObject() {
    const Oid schema = get_namespace_oid("footfall", false);
    const Oid sequence = get_relname_relid("archive_object_number", schema);
    if (!OidIsValid(sequence) || getExtensionOfObject(RelationRelationId, sequence) !=
                                     get_extension_oid("footfall", false)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("footfall's sequence \"archive_object_number\" is missing")));
    }
    return nextval_internal(sequence, false);
}

void insertArchiveObject(const ArchiveObject& object) {
    const auto length = static_cast<Size>(Max(object.segmentCount, 1));
    auto* segments = static_cast<Datum*>(palloc(sizeof(Datum) * length));
    auto* deleted = static_cast<Datum*>(palloc(sizeof(Datum) * length));
    auto* fingerprints = static_cast<Datum*>(palloc(sizeof(Datum) * length));
    for (int i = 0; i < object.segmentCount; i++) {
        segments[i] = Int32GetDatum(object.segments[i]);
        deleted[i] = Int32GetDatum(object.deleted[i]);
        fingerprints[i] = Int64GetDatum(object.fingerprints[i]);
    }
    Datum values[kColumnCount] = {};
    bool nulls[kColumnCount] = {};
    values[kStorage] = ObjectIdGetDatum(object.storage);
    values[kId] = Int64GetDatum(object.id);
    values[kRelation] = ObjectIdGetDatum(object.relation);
    values[kRoot] = ObjectIdGetDatum(object.root);
    values[kServer] = CStringGetTextDatum(object.server);
    values[kFolder] = CStringGetTextDatum(object.folder);
    values[kLog] = CStringGetTextDatum(object.log);
    values[kObjectKey] = CStringGetTextDatum(object.key);
    values[kState] = CStringGetTextDatum(stateName(object.state));
    values[kSegments] = PointerGetDatum(
        construct_array(segments, object.segmentCount, INT4OID, 4, true, TYPALIGN_INT));
    values[kDeleted] = PointerGetDatum(
        construct_array(deleted, object.segmentCount, INT4OID, 4, true, TYPALIGN_INT));
    values[kFingerprints] = PointerGetDatum(construct_array(
        fingerprints, object.segmentCount, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
    auto* attributes = static_cast<Datum*>(
        palloc(sizeof(Datum) * static_cast<Size>(Max(object.attributeCount, 1))));
    for (int i = 0; i < object.attributeCount; i++) {
        attributes[i] = Int16GetDatum(object.attributes[i]);
    }
    values[kAttributes] = PointerGetDatum(
        construct_array(attributes, object.attributeCount, INT2OID, 2, true, TYPALIGN_SHORT));
    values[kRows] = Int64GetDatum(object.rows);
    values[kBytes] = Int64GetDatum(object.bytes);
    nulls[kSha256] = object.sha256 == nullptr;
    if (!nulls[kSha256]) {
        values[kSha256] = CStringGetTextDatum(object.sha256);
    }
    nulls[kChecksums] = object.checksums == 0;
    values[kChecksums] = Int64GetDatum(object.checksums);
    nulls[kVerifiedAt] = object.verifiedAt == 0;
    values[kVerifiedAt] = TimestampTzGetDatum(object.verifiedAt);
    values[kChangedAt] =
        TimestampTzGetDatum(object.changedAt == 0 ? GetCurrentTimestamp() : object.changedAt);
    values[kAttempt] = Int32GetDatum(object.attempt);
    OpenTable table = open(Table::ArchiveObject, false, RowExclusiveLock);
    insert(table, values, nulls, 2, GetCurrentCommandId(true));
    close(table);
    CommandCounterIncrement();
}

void changeArchiveObject(const ArchiveObject& changed) {
    ArchiveObject fresh = changed;
    fresh.changedAt = 0;
    removeArchiveObject(changed);
    insertArchiveObject(fresh);
}

void countAttempt(const ArchiveObject& object) {
    ArchiveObject counted = object;
    counted.attempt++;
    removeArchiveObject(object);
    insertArchiveObject(counted);
}

void removeArchiveObject(const ArchiveObject& object) {
    removeAt(object.tid);
    CommandCounterIncrement();
}

void forsakeArchiveObjects(Oid storage) {
    if (!OidIsValid(storage)) {
        return;
    }
    const ArchiveObjectList list = listArchiveObjects(storage);
    for (int i = 0; i < list.count; i++) {
        ArchiveObject& object = list.rows[i];
        removeAt(object.tid);
        object.storage = InvalidOid;
        object.state = ObjectState::Leaving;
        object.changedAt = 0;
        insertArchiveObject(object);
    }
}

}  // namespace footfall::catalog
