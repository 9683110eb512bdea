// See tombstone_space.h.
#include "extension/catalog/tombstone_space.h"

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

namespace {

// Smaller than this is not worth the work.
constexpr BlockNumber kLeastBlocks = 128;

struct TombstoneOids {
    Oid table;
    Oid index;
};

bool findOids(bool unlogged, TombstoneOids* oids) {
    OpenTable opened;
    if (!tryOpen(Table::Tombstone, unlogged, AccessShareLock, &opened)) {
        return false;
    }
    *oids = {RelationGetRelid(opened.table), RelationGetRelid(opened.index)};
    close(opened);
    return true;
}

}  // namespace

void vacuumNow(Relation relation) {
    VacuumParams params = {};
    params.options = VACOPT_VACUUM;
    params.freeze_min_age = -1;
    params.freeze_table_age = -1;
    params.multixact_freeze_min_age = -1;
    params.multixact_freeze_table_age = -1;
    params.log_min_duration = -1;
    params.index_cleanup = VACOPTVALUE_ENABLED;
    params.truncate = VACOPTVALUE_ENABLED;
    if (relation->rd_options != nullptr) {
        const auto* options = reinterpret_cast<const StdRdOptions*>(relation->rd_options);
#if PG_VERSION_NUM >= 180000
        const bool keep = options->vacuum_truncate_set && !options->vacuum_truncate;
#else
        const bool keep = !options->vacuum_truncate;
#endif
        if (keep) {
            params.truncate = VACOPTVALUE_DISABLED;
        }
    }
    params.nworkers = -1;
    table_relation_vacuum(relation, &params, GetAccessStrategy(BAS_VACUUM));
}

void vacuumTombstones(bool unlogged) {
    TombstoneOids oids;
    if (!findOids(unlogged, &oids) ||
        !ConditionalLockRelationOid(oids.table, ShareUpdateExclusiveLock)) {
        return;
    }
    Relation table = table_open(oids.table, NoLock);
    if (RelationGetNumberOfBlocks(table) >= kLeastBlocks) {
        vacuumNow(table);
    }
    table_close(table, NoLock);
}

void rebuildTombstoneIndex(bool unlogged) {
    TombstoneOids oids;
    if (!findOids(unlogged, &oids)) {
        return;
    }
    // The index is as large as it has been at its largest; the table is as large as it is.
    Relation table = table_open(oids.table, AccessShareLock);
    Relation index = index_open(oids.index, AccessShareLock);
    const BlockNumber blocks = RelationGetNumberOfBlocks(index);
    const bool worth = blocks >= kLeastBlocks && RelationGetNumberOfBlocks(table) < blocks / 8;
    index_close(index, AccessShareLock);
    table_close(table, AccessShareLock);
    // Nobody may wait for us, nor we for anybody.
    if (!worth || !ConditionalLockRelationOid(oids.table, ShareLock) ||
        !ConditionalLockRelationOid(oids.index, AccessExclusiveLock)) {
        return;
    }
    ReindexParams params = {};
    const char persistence = unlogged ? static_cast<char>(RELPERSISTENCE_UNLOGGED)
                                      : static_cast<char>(RELPERSISTENCE_PERMANENT);
#if PG_VERSION_NUM >= 170000
    reindex_index(nullptr, oids.index, false, persistence, &params);
#else
    reindex_index(oids.index, false, persistence, &params);
#endif
}

}  // namespace footfall::catalog
