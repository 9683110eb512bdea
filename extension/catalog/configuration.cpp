// See configuration.h.
//
// footfall.setting is keyed by (relation, name); order_by is kept as the text of a text[].
#include "extension/catalog/configuration.h"

namespace footfall::catalog {

namespace {

char* ownSetting(Relation table, Oid index, Oid relation, const char* name) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
    keys[1].sk_collation = DEFAULT_COLLATION_OID;
    SysScanDesc scan = systable_beginscan(table, index, true, SnapshotSelf, 2, keys);
    HeapTuple tuple = systable_getnext(scan);
    char* value = nullptr;
    if (HeapTupleIsValid(tuple)) {
        bool null = false;
        Datum datum = heap_getattr(tuple, 3, RelationGetDescr(table), &null);
        value = null ? nullptr : TextDatumGetCString(datum);
    }
    systable_endscan(scan);
    return value;
}

}  // namespace

char* settingOf(Oid relation, const char* name) {
    Oid schema = get_namespace_oid("footfall", true);
    Oid tableOid = OidIsValid(schema) ? get_relname_relid("setting", schema) : InvalidOid;
    Oid index = OidIsValid(schema) ? get_relname_relid("setting_pkey", schema) : InvalidOid;
    if (!OidIsValid(tableOid) || !OidIsValid(index)) {
        return nullptr;
    }
    Relation table = table_open(tableOid, AccessShareLock);
    char* value = ownSetting(table, index, relation, name);
    if (value == nullptr && get_rel_relispartition(relation)) {
        List* ancestors = get_partition_ancestors(relation);
        ListCell* cell;
        foreach (cell, ancestors) {
            value = ownSetting(table, index, lfirst_oid(cell), name);
            if (value != nullptr) {
                break;
            }
        }
    }
    table_close(table, AccessShareLock);
    return value;
}

void purgeSettings(Oid relation) {
    Oid schema = get_namespace_oid("footfall", true);
    Oid tableOid = OidIsValid(schema) ? get_relname_relid("setting", schema) : InvalidOid;
    Oid index = OidIsValid(schema) ? get_relname_relid("setting_pkey", schema) : InvalidOid;
    if (!OidIsValid(tableOid) || !OidIsValid(index)) {
        return;
    }
    Relation table = table_open(tableOid, RowExclusiveLock);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    SysScanDesc scan = systable_beginscan(table, index, true, SnapshotSelf, 1, &key);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        CatalogTupleDelete(table, &tuple->t_self);
    }
    systable_endscan(scan);
    table_close(table, NoLock);
}

int orderKey(Relation relation, AttrNumber* attributes) {
    // During a rewrite the rows go to a transient table, whose settings are those of nobody: unsorted, which the
    // next compaction mends.
    char* stored = settingOf(RelationGetRelid(relation), "order_by");
    if (stored == nullptr) {
        return 0;
    }
    Oid input = InvalidOid;
    Oid element = InvalidOid;
    getTypeInputInfo(TEXTARRAYOID, &input, &element);
    ArrayType* array = DatumGetArrayTypeP(OidInputFunctionCall(input, stored, element, -1));
    Datum* names = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
    int keys = 0;
    for (int i = 0; i < count && keys < kMaxOrderKeys; i++) {
        if (nulls[i]) {
            break;
        }
        AttrNumber attribute = get_attnum(RelationGetRelid(relation), TextDatumGetCString(names[i]));
        if (attribute <= 0) {
            break;
        }
        attributes[keys++] = attribute;
    }
    return keys;
}

}  // namespace footfall::catalog
