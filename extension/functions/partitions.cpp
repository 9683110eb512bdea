// See partitions.h.
#include "extension/functions/partitions.h"

#include "extension/storage/rewrite.h"

namespace footfall::functions {

List* ownedFootfallTables(Oid relationOid, LOCKMODE mode) {
    Relation relation = relation_open(relationOid, AccessShareLock);
    const char kind = relation->rd_rel->relkind;
#if PG_VERSION_NUM >= 160000
    const bool owner = object_ownercheck(RelationRelationId, relationOid, GetUserId());
#else
    const bool owner = pg_class_ownercheck(relationOid, GetUserId());
#endif
    if (!owner) {
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(kind), RelationGetRelationName(relation));
    }
    const bool ours = storage::isFootfallTable(relation);
    if (!ours && kind != RELKIND_PARTITIONED_TABLE) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("\"%s\" is not a footfall table", RelationGetRelationName(relation)),
                        errhint("Make it one with ALTER TABLE ... SET ACCESS METHOD footfall, or name a partitioned "
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
        if (get_rel_relkind(member) != RELKIND_RELATION && get_rel_relkind(member) != RELKIND_MATVIEW) {
            continue;
        }
        Relation leaf = relation_open(member, AccessShareLock);
        if (storage::isFootfallTable(leaf)) {
            result = lappend_oid(result, member);
        }
        relation_close(leaf, NoLock);
    }
    foreach (cell, result) {
        LockRelationOid(lfirst_oid(cell), mode);
    }
    return result;
}

}  // namespace footfall::functions
