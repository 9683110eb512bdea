// See partitions.h.
#include "extension/functions/partitions.h"

#include "extension/storage/rewrite.h"

namespace footfall::functions {

namespace {

bool isFootfallOid(Oid table) {
    Relation relation = relation_open(table, AccessShareLock);
    const bool ours = storage::isFootfallTable(relation);
    relation_close(relation, NoLock);
    return ours;
}

}  // namespace

bool ownsRelation(Oid relation) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(RelationRelationId, relation, GetUserId());
#else
    return pg_class_ownercheck(relation, GetUserId());
#endif
}

void requireOwner(Oid relation) {
    if (!ownsRelation(relation)) {
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)),
                       get_rel_name(relation));
    }
}

void refuseUnderRowSecurity(Oid relation) {
    if (check_enable_rls(relation, InvalidOid, true) == RLS_ENABLED) {
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("row security applies to you on table \"%s\"", get_rel_name(relation)),
                 errdetail("What this function shows tells of rows that the policies hide."),
                 errhint("Call it as a role with BYPASSRLS, or as the owner of a table without "
                         "FORCE ROW LEVEL "
                         "SECURITY.")));
    }
}

Oid existingRelation(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("relation must not be null")));
    }
    Oid relation = PG_GETARG_OID(0);
    if (get_rel_relkind(relation) == '\0') {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", relation)));
    }
    return relation;
}

void requireLocalRelation(Relation relation) {
    if (RELATION_IS_OTHER_TEMP(relation)) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot access temporary tables of other sessions")));
    }
    if (relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress()) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot access unlogged table \"%s\" during recovery",
                               RelationGetRelationName(relation)),
                        errhint("A standby has no rows of unlogged tables; ask the primary.")));
    }
}

List* footfallTables(Oid relationOid, LOCKMODE mode) {
    Relation relation = relation_open(relationOid, AccessShareLock);
    const char kind = relation->rd_rel->relkind;
    const bool ours = storage::isFootfallTable(relation);
    if (!ours && kind != RELKIND_PARTITIONED_TABLE) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" is not a footfall table", RelationGetRelationName(relation)),
                        errhint("Make it one with ALTER TABLE ... SET ACCESS METHOD footfall, or "
                                "name a partitioned "
                                "table with footfall partitions.")));
    }
    relation_close(relation, NoLock);
    if (ours) {
        LockRelationOid(relationOid, mode);
        return list_make1_oid(relationOid);
    }
    List* result = NIL;
    List* members = find_all_inheritors(relationOid, AccessShareLock, nullptr);
    ListCell* cell;
    foreach (cell, members) {
        Oid member = lfirst_oid(cell);
        if (get_rel_relkind(member) == RELKIND_RELATION && isFootfallOid(member)) {
            result = lappend_oid(result, member);
        }
    }
    foreach (cell, result) {
        LockRelationOid(lfirst_oid(cell), mode);
    }
    return result;
}

List* ownedFootfallTables(Oid relation, LOCKMODE mode) {
    requireOwner(relation);
    List* owned = NIL;
    ListCell* cell;
    foreach (cell, footfallTables(relation, mode)) {
        if (ownsRelation(lfirst_oid(cell))) {
            owned = lappend_oid(owned, lfirst_oid(cell));
        } else {
            ereport(WARNING, (errmsg("skipping partition \"%s\": it belongs to another role",
                                     get_rel_name(lfirst_oid(cell)))));
        }
    }
    return owned;
}

}  // namespace footfall::functions
