// See ddl_hooks.h.
#include "extension/catalog/ddl_hooks.h"

#include <cstring>

#include "extension/catalog/archive_object.h"
#include "extension/catalog/configuration.h"
#include "extension/catalog/job_rows.h"
#include "extension/catalog/segment_row.h"
#include "extension/storage/rewrite.h"

namespace footfall::catalog {

namespace {

object_access_hook_type previousHook = nullptr;

void refuseIndexOnFootfall(Oid index) {
    // The pg_index row of an index under construction is not in the caches yet.
    Relation indexes = table_open(IndexRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_index_indexrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(index));
    SysScanDesc scan = systable_beginscan(indexes, IndexRelidIndexId, true, SnapshotSelf, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    Oid tableOid = HeapTupleIsValid(tuple)
                       ? reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indrelid
                       : InvalidOid;
    systable_endscan(scan);
    table_close(indexes, AccessShareLock);
    if (!OidIsValid(tableOid)) {
        return;
    }
    Relation table = RelationIdGetRelation(tableOid);
    if (table == nullptr) {
        return;
    }
    const bool refuse = storage::isFootfallTable(table);
    char* name = pstrdup(RelationGetRelationName(table));
    RelationClose(table);
    if (refuse) {
        ereport(
            ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg(
                 "cannot create an index on table \"%s\": access method footfall does not support "
                 "indexes and unique constraints",
                 name),
             errhint("Look-ups are answered by zone maps and bloom filters of the order key: see "
                     "footfall.configure(..., order_by => ...).")));
    }
}

char relationKind(Oid relation) {
    Relation classes = table_open(RelationRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(relation));
    SysScanDesc scan = systable_beginscan(classes, ClassOidIndexId, true, SnapshotSelf, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    char kind =
        HeapTupleIsValid(tuple) ? reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relkind : '\0';
    systable_endscan(scan);
    table_close(classes, AccessShareLock);
    return kind;
}

[[noreturn]] void refuseServer(const char* what, const char* server, const ArchiveObject& object) {
    const char* table = get_rel_name(object.relation);
    ereport(ERROR,
            (errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
             isLeft(object.state) || table == nullptr
                 ? errmsg("cannot %s server \"%s\": objects that are to be removed are on it", what,
                          server)
                 : errmsg("cannot %s server \"%s\": archived rows of table \"%s\" are on it", what,
                          server, table),
             errhint("CALL footfall.unarchive(...) brings rows back, and CALL "
                     "footfall.archive_vacuum(..., '0') then removes their objects.")));
    pg_unreachable();
}

const char* locationOf(HeapTuple tuple, TupleDesc descriptor) {
    bool null = false;
    const Datum options = heap_getattr(tuple, Anum_pg_foreign_server_srvoptions, descriptor, &null);
    ListCell* cell;
    foreach (cell, null ? NIL : untransformRelOptions(options)) {
        auto* option = static_cast<DefElem*>(lfirst(cell));
        if (strcmp(option->defname, "location") == 0) {
            return defGetString(option);
        }
    }
    return "";
}

// The manifest names servers: one with objects keeps its name, and its place.
void refuseMovedServer(Oid server) {
    Relation servers = table_open(ForeignServerRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_foreign_server_oid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(server));
    // As it is after the command, and, as nothing has been counted since, as it was before.
    SysScanDesc scan =
        systable_beginscan(servers, ForeignServerOidIndexId, true, SnapshotSelf, 1, &key);
    HeapTuple after = systable_getnext(scan);
    HeapTuple before = SearchSysCache1(FOREIGNSERVEROID, ObjectIdGetDatum(server));
    if (HeapTupleIsValid(after) && HeapTupleIsValid(before)) {
        TupleDesc descriptor = RelationGetDescr(servers);
        const char* name =
            NameStr(reinterpret_cast<Form_pg_foreign_server>(GETSTRUCT(before))->srvname);
        const char* now =
            NameStr(reinterpret_cast<Form_pg_foreign_server>(GETSTRUCT(after))->srvname);
        const bool renamed = strcmp(name, now) != 0;
        if (renamed || strcmp(locationOf(before, descriptor), locationOf(after, descriptor)) != 0) {
            const ArchiveObjectList all = listArchiveObjects(InvalidOid, true);
            for (int i = 0; i < all.count; i++) {
                if (strcmp(all.rows[i].server, name) == 0) {
                    refuseServer(renamed ? "rename" : "move", name, all.rows[i]);
                }
            }
        }
    }
    if (HeapTupleIsValid(before)) {
        ReleaseSysCache(before);
    }
    systable_endscan(scan);
    table_close(servers, AccessShareLock);
}

// A server with objects stays, as what they depend on: also those that are half done or leaving
// have to be removed from it.
void refuseUsedServers() {
    if (SPI_execute(
            "SELECT objd.object_name FROM pg_catalog.pg_event_trigger_dropped_objects() objd "
            "WHERE objd.classid OPERATOR(pg_catalog.=) "
            "'pg_catalog.pg_foreign_server'::pg_catalog.regclass",
            true, 0) != SPI_OK_SELECT) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not list the dropped objects")));
    }
    if (SPI_processed == 0) {
        return;
    }
    const ArchiveObjectList all = listArchiveObjects(InvalidOid, true);
    for (uint64 i = 0; i < SPI_processed; i++) {
        const char* name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
        for (int o = 0; name != nullptr && o < all.count; o++) {
            if (strcmp(all.rows[o].server, name) == 0) {
                refuseServer("drop", name, all.rows[o]);
            }
        }
    }
}

void onObjectAccess(ObjectAccessType access, Oid classId, Oid objectId, int subId, void* argument) {
    if (previousHook != nullptr) {
        previousHook(access, classId, objectId, subId, argument);
    }
    if (classId == ForeignServerRelationId && access == OAT_POST_ALTER && !IsBinaryUpgrade &&
        exists()) {
        refuseMovedServer(objectId);
    }
    if (classId != RelationRelationId || subId != 0 ||
        (access != OAT_POST_CREATE && access != OAT_DROP) || IsBootstrapProcessingMode() ||
        IsBinaryUpgrade) {
        return;
    }
    const char kind = relationKind(objectId);
    if (kind == RELKIND_TOASTVALUE && exists()) {
        purgeStorage(objectId);
    } else if (kind == RELKIND_INDEX && access == OAT_POST_CREATE) {
        refuseIndexOnFootfall(objectId);
    }
}

}  // namespace

void installDdlHooks() {
    previousHook = object_access_hook;
    object_access_hook = onObjectAccess;
}

}  // namespace footfall::catalog

extern "C" {
PG_FUNCTION_INFO_V1(footfall_purge_dropped);

PGDLLEXPORT Datum footfall_purge_dropped(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("footfall.purge_dropped() can only be called as an event trigger")));
    }
    if (!footfall::catalog::exists()) {
        PG_RETURN_NULL();
    }
    SPI_connect();
    int result = SPI_execute(
        "SELECT objid FROM pg_catalog.pg_event_trigger_dropped_objects() "
        "WHERE classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
        "AND objsubid OPERATOR(pg_catalog.=) 0",
        true, 0);
    if (result != SPI_OK_SELECT) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not list the dropped objects")));
    }
    for (uint64 i = 0; i < SPI_processed; i++) {
        bool null = false;
        Datum value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null);
        if (!null) {
            footfall::catalog::purgeStorage(DatumGetObjectId(value));
            footfall::catalog::purgeSettings(DatumGetObjectId(value));
            footfall::catalog::purgeJobs(DatumGetObjectId(value));
        }
    }
    footfall::catalog::refuseUsedServers();
    SPI_finish();
    PG_RETURN_NULL();
}
}
