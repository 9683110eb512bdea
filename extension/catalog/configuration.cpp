// See configuration.h.
//
// footfall.setting is read under a fresh snapshot of its own, as of the last command, and written
// without logical decoding: its rows speak of this database's relations. A change invalidates the
// table's relcache entry, which tells plans that settings went into.
#include "extension/catalog/configuration.h"

#include <cstring>

#include "extension/catalog/catalog_scan.h"
#include "extension/storage/value.h"

namespace footfall::catalog {

namespace {

enum { kRelation, kName, kValue, kColumnCount };

constexpr const char* kColumnRoles[] = {kTimeColumn,      kCustomerColumn,  "event_column",
                                        "session_column", "product_column", "order_column",
                                        "campaign_column"};

// False while the extension's tables do not exist (yet).
bool openSettings(OpenTable* table, LOCKMODE mode) {
    return tryOpen(Table::Setting, false, mode, table);
}

// All settings of a relation, or with `name` one of them.
CatalogScan beginSettingScan(OpenTable& table, Snapshot snapshot, Oid relation, const char* name) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], kRelation + 1, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(relation));
    if (name != nullptr) {
        ScanKeyInit(&keys[1], kName + 1, BTEqualStrategyNumber, F_TEXTEQ,
                    CStringGetTextDatum(name));
        keys[1].sk_collation = DEFAULT_COLLATION_OID;
    }
    return beginScan(table, snapshot, name == nullptr ? 1 : 2, keys);
}

Setting* readSetting(OpenTable& table, HeapTuple tuple) {
    Datum values[kColumnCount];
    bool nulls[kColumnCount];
    heap_deform_tuple(tuple, RelationGetDescr(table.table), values, nulls);
    auto* setting = static_cast<Setting*>(palloc(sizeof(Setting)));
    setting->name = TextDatumGetCString(values[kName]);
    setting->value = TextDatumGetCString(values[kValue]);
    return setting;
}

char* findSetting(OpenTable& table, Oid relation, const char* name) {
    CatalogScan scan = beginSettingScan(table, nullptr, relation, name);
    HeapTuple tuple = nextRow(scan);
    char* value = HeapTupleIsValid(tuple) ? readSetting(table, tuple)->value : nullptr;
    endScan(scan);
    return value;
}

// Deletes rows that are live now, this command's own included; returns how many.
int deleteSettings(Oid relation, const char* name) {
    OpenTable table;
    if (!openSettings(&table, AccessShareLock)) {
        return 0;
    }
    int deleted = 0;
    CatalogScan scan = beginSettingScan(table, SnapshotSelf, relation, name);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        if (deleted++ == 0) {
            LockRelationOid(RelationGetRelid(table.table), RowExclusiveLock);
            CacheInvalidateRelcache(table.table);
        }
        ItemPointerData tid = tuple->t_self;
        remove(table, &tid, GetCurrentCommandId(true));
    }
    endScan(scan);
    close(table);
    return deleted;
}

// The attribute of that name with values of its own in segments, or InvalidAttrNumber.
AttrNumber storedAttribute(TupleDesc descriptor, const char* name) {
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (storage::isStored(attribute) && namestrcmp(&attribute->attname, name) == 0) {
            return attribute->attnum;
        }
    }
    return InvalidAttrNumber;
}

}  // namespace

bool isColumnRole(const char* setting) {
    return std::any_of(std::begin(kColumnRoles), std::end(kColumnRoles),
                       [&](const char* role) { return strcmp(role, setting) == 0; });
}

char* settingOf(Oid relation, const char* name, Oid* source) {
    OpenTable table;
    if (!openSettings(&table, AccessShareLock)) {
        return nullptr;
    }
    Oid found = relation;
    char* value = findSetting(table, relation, name);
    if (value == nullptr && get_rel_relispartition(relation)) {
        ListCell* cell;
        foreach (cell, get_partition_ancestors(relation)) {
            found = lfirst_oid(cell);
            value = findSetting(table, found, name);
            if (value != nullptr) {
                break;
            }
        }
    }
    close(table);
    if (source != nullptr) {
        *source = value == nullptr ? InvalidOid : found;
    }
    return value;
}

List* ownSettings(Oid relation) {
    OpenTable table;
    if (!openSettings(&table, AccessShareLock)) {
        return NIL;
    }
    List* settings = NIL;
    CatalogScan scan = beginSettingScan(table, nullptr, relation, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        settings = lappend(settings, readSetting(table, tuple));
    }
    endScan(scan);
    close(table);
    return settings;
}

List* configuredRelations() {
    OpenTable table;
    if (!openSettings(&table, AccessShareLock)) {
        return NIL;
    }
    List* relations = NIL;
    CatalogScan scan = beginScan(table, nullptr, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        bool null = false;
        const Datum relation =
            heap_getattr(tuple, kRelation + 1, RelationGetDescr(table.table), &null);
        relations = list_append_unique_oid(relations, DatumGetObjectId(relation));
    }
    endScan(scan);
    close(table);
    return relations;
}

void writeSetting(Oid relation, const char* name, const char* value) {
    (void)deleteSettings(relation, name);
    OpenTable table;
    if (!openSettings(&table, RowExclusiveLock)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("footfall's catalog table \"setting\" is missing"),
                        errhint("Run CREATE EXTENSION footfall in this database.")));
    }
    Datum values[kColumnCount];
    bool nulls[kColumnCount] = {};
    values[kRelation] = ObjectIdGetDatum(relation);
    values[kName] = CStringGetTextDatum(name);
    values[kValue] = CStringGetTextDatum(value);
    insert(table, values, nulls, 2, GetCurrentCommandId(true));
    CacheInvalidateRelcache(table.table);
    close(table);
}

bool removeSetting(Oid relation, const char* name) {
    return deleteSettings(relation, name) > 0;
}

void purgeSettings(Oid relation) {
    (void)deleteSettings(relation, nullptr);
}

List* parseNames(const char* value) {
    Oid input = InvalidOid;
    Oid element = InvalidOid;
    getTypeInputInfo(TEXTARRAYOID, &input, &element);
    ArrayType* array = DatumGetArrayTypeP(OidInputFunctionCall(input, pstrdup(value), element, -1));
    Datum* names = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
    List* list = NIL;
    for (int i = 0; i < count && !nulls[i]; i++) {
        list = lappend(list, TextDatumGetCString(names[i]));
    }
    return list;
}

char* formatNames(List* names) {
    auto* elements =
        static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(Max(list_length(names), 1))));
    int count = 0;
    ListCell* cell;
    foreach (cell, names) {
        elements[count++] = CStringGetTextDatum(static_cast<char*>(lfirst(cell)));
    }
    ArrayType* array = construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT);
    return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

int orderKey(Relation relation, AttrNumber* attributes) {
    const Oid transientOf = relation->rd_rel->relrewrite;
    const Oid table = OidIsValid(transientOf) ? transientOf : RelationGetRelid(relation);
    List* names = NIL;
    if (char* order = settingOf(table, kOrderBy); order != nullptr) {
        names = parseNames(order);
    } else {
        char* customer = settingOf(table, kCustomerColumn);
        char* time = customer == nullptr ? nullptr : settingOf(table, kTimeColumn);
        if (time != nullptr) {
            names = list_make2(customer, time);
        }
    }
    int keys = 0;
    ListCell* cell;
    foreach (cell, names) {
        AttrNumber attribute =
            storedAttribute(RelationGetDescr(relation), static_cast<char*>(lfirst(cell)));
        if (attribute == InvalidAttrNumber || keys == kMaxOrderKeys) {
            break;
        }
        attributes[keys++] = attribute;
    }
    return keys;
}

}  // namespace footfall::catalog
