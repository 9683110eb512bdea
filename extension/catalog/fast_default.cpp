// See fast_default.h.
#include "extension/catalog/fast_default.h"

#include "extension/catalog/catalog_scan.h"

namespace footfall::catalog {

namespace {

// The value's bytes as a Datum of the type has them (varlena with its header, by-value in eight
// bytes).
bytea* pack(Form_pg_attribute attribute, Datum value) {
    const char* source = nullptr;
    Size size = 0;
    if (attribute->attbyval) {
        source = reinterpret_cast<const char*>(&value);
        size = sizeof(Datum);
    } else if (attribute->attlen == -1) {
        value = PointerGetDatum(PG_DETOAST_DATUM(value));
        source = DatumGetPointer(value);
        size = VARSIZE(source);
    } else {
        source = DatumGetPointer(value);
        size = datumGetSize(value, false, attribute->attlen);
    }
    bytea* packed = static_cast<bytea*>(palloc(VARHDRSZ + size));
    SET_VARSIZE(packed, VARHDRSZ + size);
    memcpy(VARDATA(packed), source, size);
    return packed;
}

Datum unpack(Form_pg_attribute attribute, bytea* packed) {
    const Size size = VARSIZE_ANY_EXHDR(packed);
    if (attribute->attbyval) {
        Datum value = 0;
        memcpy(&value, VARDATA_ANY(packed), Min(size, sizeof(Datum)));
        return value;
    }
    char* copy = static_cast<char*>(palloc(size));
    memcpy(copy, VARDATA_ANY(packed), size);
    return PointerGetDatum(copy);
}

}  // namespace

Datum findFastDefault(Oid storage, Form_pg_attribute attribute, bool* null) {
    *null = true;
    Datum value = 0;
    OpenTable table = open(Table::FastDefault, false, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(attribute->attnum));
    CatalogScan scan = beginScan(table, SnapshotSelf, 2, keys);
    HeapTuple tuple = nextRow(scan);
    if (HeapTupleIsValid(tuple)) {
        bool missing = false;
        Datum packed = heap_getattr(tuple, 3, RelationGetDescr(table.table), &missing);
        value = unpack(attribute, DatumGetByteaPCopy(packed));
        *null = false;
    }
    endScan(scan);
    close(table);
    return value;
}

void saveFastDefaults(Relation relation) {
    TupleDesc descriptor = RelationGetDescr(relation);
    const Oid storage = storageOf(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (!attribute->atthasmissing || attribute->attisdropped) {
            continue;
        }
        bool null = false;
        Datum value = getmissingattr(descriptor, i + 1, &null);
        bool absent = false;
        findFastDefault(storage, attribute, &absent);
        if (null || !absent) {
            continue;
        }
        Datum values[3] = {ObjectIdGetDatum(storage), Int16GetDatum(attribute->attnum),
                           PointerGetDatum(pack(attribute, value))};
        bool nulls[3] = {false, false, false};
        OpenTable table = open(Table::FastDefault, false, RowExclusiveLock);
        insert(table, values, nulls, 2, GetCurrentCommandId(true));
        close(table);
    }
}

}  // namespace footfall::catalog
