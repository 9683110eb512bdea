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
        case Table::Setting:
            return "setting";
        case Table::Job:
            return "job";
        case Table::JobHistory:
            return "job_run";
        case Table::ArchiveObject:
            return "archive_object";
    }
    return "";
}

// OIDs of a table and of its primary key's index, once they are known to be the extension's own.
struct Resolved {
    Oid table;
    Oid index;
};

Resolved resolved[kTableCount][2] = {};
bool callbackRegistered = false;

void forgetResolved(Datum, Oid relation) {
    for (auto& pair : resolved) {
        for (Resolved& entry : pair) {
            if (!OidIsValid(relation) || entry.table == relation || entry.index == relation) {
                entry = {};
            }
        }
    }
}

// Anybody who may create a schema in a database without the extension could make tables of these
// names, so a name is believed only when the table belongs to the extension. InvalidOid when there
// is no such table.
Resolved resolve(Table table, bool unlogged) {
    Resolved& cached = resolved[static_cast<int>(table)][unlogged ? 1 : 0];
    if (OidIsValid(cached.table)) {
        return cached;
    }
    if (!callbackRegistered) {
        CacheRegisterRelcacheCallback(forgetResolved, Datum{0});
        callbackRegistered = true;
    }
    const char* name = nameOf(table, unlogged);
    char indexName[NAMEDATALEN];
    snprintf(indexName, sizeof(indexName), "%s_pkey", name);
    Oid schema = get_namespace_oid("footfall", true);
    if (!OidIsValid(schema)) {
        return {};
    }
    Resolved found = {get_relname_relid(name, schema), get_relname_relid(indexName, schema)};
    Oid extension = get_extension_oid("footfall", true);
    if (!OidIsValid(found.table) || !OidIsValid(found.index) || !OidIsValid(extension) ||
        getExtensionOfObject(RelationRelationId, found.table) != extension ||
        IndexGetRelation(found.index, true) != found.table) {
        return {};
    }
    // The look-ups above may have run the callback: what counts is what was found last.
    cached = found;
    return found;
}

}  // namespace

bool exists() {
    return OidIsValid(resolve(Table::Segment, true).table) &&
           OidIsValid(resolve(Table::Tombstone, true).table) &&
           OidIsValid(resolve(Table::FastDefault, false).table);
}

Snapshot currentSnapshot() {
    return IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot();
}

bool tryOpen(Table table, bool unlogged, LOCKMODE mode, OpenTable* result) {
    const Resolved found = resolve(table, unlogged);
    if (!OidIsValid(found.table)) {
        return false;
    }
    result->table = table_open(found.table, mode);
    result->index = index_open(found.index, mode);
    result->mode = mode;
    return true;
}

OpenTable open(Table table, bool unlogged, LOCKMODE mode) {
    OpenTable result;
    if (!tryOpen(table, unlogged, mode, &result)) {
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE),
                 errmsg("footfall's catalog table \"%s\" is missing", nameOf(table, unlogged)),
                 errhint("Run CREATE EXTENSION footfall in this database.")));
    }
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

}  // namespace footfall::catalog
