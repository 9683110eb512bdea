// See catalog_table.h.
#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

namespace {

const char* nameOf(Table table, bool unlogged) {
    switch (table) {
        case Table::Segment:
            return unlogged ? "unlogged_segment" : "segment";
        case Table::Tombstone:
            return unlogged ? "unlogged_tombstone" : "tombstone";
        case Table::Truncation:
            return "truncation";
        case Table::FastDefault:
            return "fast_default";
    }
    return "";
}

Oid schemaOid() {
    return get_namespace_oid("footfall", true);
}

}  // namespace

bool exists() {
    Oid schema = schemaOid();
    return OidIsValid(schema) && OidIsValid(get_relname_relid("unlogged_tombstone_pkey", schema)) &&
           OidIsValid(get_relname_relid("fast_default_pkey", schema));
}

Snapshot currentSnapshot() {
    return IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot();
}

OpenTable open(Table table, bool unlogged, LOCKMODE mode) {
    const char* name = nameOf(table, unlogged);
    char indexName[NAMEDATALEN];
    snprintf(indexName, sizeof(indexName), "%s_pkey", name);
    Oid schema = schemaOid();
    Oid tableOid = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
    Oid indexOid = OidIsValid(schema) ? get_relname_relid(indexName, schema) : InvalidOid;
    if (!OidIsValid(tableOid) || !OidIsValid(indexOid)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("footfall's catalog table \"%s\" is missing", name),
                        errhint("Run CREATE EXTENSION footfall in this database.")));
    }
    OpenTable result;
    result.table = table_open(tableOid, mode);
    result.index = index_open(indexOid, mode);
    result.mode = mode;
    return result;
}

// Locks that writers take are kept to the end of the transaction, as for any catalog.
void close(OpenTable& table) {
    LOCKMODE release = table.mode == AccessShareLock ? AccessShareLock : NoLock;
    index_close(table.index, release);
    table_close(table.table, release);
}

void insert(OpenTable& table, const Datum* values, const bool* nulls, int keys, CommandId cid) {
    HeapTuple tuple = heap_form_tuple(RelationGetDescr(table.table), const_cast<Datum*>(values),
                                      const_cast<bool*>(nulls));
    heap_insert(table.table, tuple, cid, HEAP_INSERT_NO_LOGICAL, nullptr);
    IndexInfo* info = BuildIndexInfo(table.index);
    Datum keyValues[3];
    bool keyNulls[3] = {false, false, false};
    for (int i = 0; i < keys; i++) {
        keyValues[i] = values[i];
    }
    index_insert(table.index, keyValues, keyNulls, &tuple->t_self, table.table, UNIQUE_CHECK_YES,
                 false, info);
    pfree(info);
    heap_freetuple(tuple);
}

void remove(OpenTable& table, ItemPointer tid, CommandId cid) {
    TM_FailureData failure;
    TM_Result result = heap_delete(table.table, tid, cid, InvalidSnapshot, true, &failure, true);
    if (result != TM_Ok) {
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("could not change \"%s\" due to a concurrent change",
                               RelationGetRelationName(table.table)),
                        errhint("Retry the transaction.")));
    }
}

SysScanDesc beginScan(OpenTable& table, Snapshot snapshot, int keys, Oid storage, int32 second,
                      int32 third) {
    ScanKeyData scanKeys[3];
    ScanKeyInit(&scanKeys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(storage));
    if (keys > 1) {
        ScanKeyInit(&scanKeys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(second));
    }
    if (keys > 2) {
        ScanKeyInit(&scanKeys[2], 3, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(third));
    }
    return systable_beginscan(table.table, RelationGetRelid(table.index), true, snapshot, keys,
                              scanKeys);
}

}  // namespace footfall::catalog
