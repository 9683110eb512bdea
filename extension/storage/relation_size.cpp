// See relation_size.h.
#include "extension/storage/relation_size.h"

#include "extension/catalog/catalog_scan.h"
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/pg/critical_section.h"
#include "extension/storage/scan_state.h"

namespace footfall::storage {

namespace {

// What the table's segments hold under the current latest snapshot.
catalog::SegmentTotals sealedSize(Relation relation) {
    Snapshot snapshot = RegisterSnapshot(catalog::currentSnapshot());
    const catalog::SegmentTotals totals =
        catalog::sumSegments(catalog::storageOf(relation),
                             catalog::usesUnlogged(relation->rd_rel->relpersistence), snapshot);
    UnregisterSnapshot(snapshot);
    return totals;
}

}  // namespace

bool hasSegments(Relation relation) {
    const Oid storage = catalog::storageOf(relation);
    if (!OidIsValid(storage) || IsBinaryUpgrade) {
        return false;
    }
    catalog::OpenTable table =
        catalog::open(catalog::Table::Segment,
                      catalog::usesUnlogged(relation->rd_rel->relpersistence), AccessShareLock);
    catalog::CatalogScan scan = catalog::beginScan(table, SnapshotSelf, 1, storage);
    const bool found = HeapTupleIsValid(catalog::nextRow(scan));
    catalog::endScan(scan);
    catalog::close(table);
    return found;
}

void estimateSize(Relation relation, int32* attributeWidths, BlockNumber* pages, double* tuples,
                  double* allVisible) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(relation);
    const catalog::SegmentTotals sealed = sealedSize(relation);
    const auto sealedRows = static_cast<double>(sealed.rows);
    if (sealed.segments == 0) {
        heapRoutine()->relation_estimate_size(relation, attributeWidths, pages, tuples, allVisible);
        return;
    }
    double hotRows = 0;
    if (relation->rd_rel->reltuples >= 0 && relation->rd_rel->relpages > 0) {
        // reltuples counts both stores: what is not sealed by now was hot, in relpages pages.
        hotRows = Max(relation->rd_rel->reltuples - sealedRows, 0.0) * blocks /
                  relation->rd_rel->relpages;
    } else if (blocks > 1) {
        const int32 width =
            get_rel_data_width(relation, attributeWidths) +
            static_cast<int32>(MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData));
        hotRows = blocks * ((BLCKSZ - SizeOfPageHeaderData) / static_cast<double>(Max(width, 1)));
    }
    *tuples = rint(hotRows + sealedRows);
    *pages = blocks + static_cast<BlockNumber>((sealed.storedBytes + BLCKSZ - 1) / BLCKSZ);
    *allVisible =
        blocks == 0 ? 0 : Min(1.0, relation->rd_rel->relallvisible / static_cast<double>(blocks));
}

void ensureMainForkBlock(Relation relation) {
    if (RelationGetNumberOfBlocks(relation) > 0) {
        return;
    }
    LockRelationForExtension(relation, ExclusiveLock);
    if (RelationGetNumberOfBlocks(relation) == 0) {
        Buffer buffer =
            ReadBufferExtended(relation, MAIN_FORKNUM, P_NEW, RBM_ZERO_AND_LOCK, nullptr);
        Page page = BufferGetPage(buffer);
        pg::startCriticalSection();
        PageInit(page, BufferGetPageSize(buffer), 0);
        MarkBufferDirty(buffer);
        if (RelationNeedsWAL(relation)) {
            log_newpage_buffer(buffer, true);
        }
        pg::endCriticalSection();
        UnlockReleaseBuffer(buffer);
    }
    UnlockRelationForExtension(relation, ExclusiveLock);
}

void vacuumRelation(Relation relation, VacuumParams* params, BufferAccessStrategy strategy) {
    heapRoutine()->relation_vacuum(relation, params, strategy);
    // Other vacuums disregard the snapshots of a session that vacuums (PROC_IN_VACUUM), so ours do
    // not keep rows of footfall's tables. They need not: rows of this table's segments, and their
    // tombstones, are deleted under locks on the table that conflict with VACUUM's and are held to
    // the deleter's end, so none of those counted here can be dead to anybody.
    const catalog::SegmentTotals sealed = sealedSize(relation);
    if (sealed.segments == 0) {
        return;
    }
    ensureMainForkBlock(relation);
    // The heap's vacuum left the number of hot rows in pg_class, updated in place: caches may not
    // know it yet.
    Relation classes = table_open(RelationRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(RelationGetRelid(relation)));
    SysScanDesc scan = systable_beginscan(classes, ClassOidIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    if (!HeapTupleIsValid(tuple)) {
        // A GRANT has replaced the row, and a vacuum of pg_class removed the one we saw.
        systable_endscan(scan);
        table_close(classes, AccessShareLock);
        return;
    }
    auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    const BlockNumber pages = Max(static_cast<BlockNumber>(form->relpages), 1u);
    const double hot = Max(static_cast<double>(form->reltuples), 0.0);
    const auto allVisible = static_cast<BlockNumber>(form->relallvisible);
#if PG_VERSION_NUM >= 180000
    const auto allFrozen = static_cast<BlockNumber>(form->relallfrozen);
#endif
    systable_endscan(scan);
    table_close(classes, AccessShareLock);
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall vacuum", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const double deleted = static_cast<double>(catalog::countTombstones(
        catalog::storageOf(relation), catalog::usesUnlogged(relation->rd_rel->relpersistence),
        snapshot));
    UnregisterSnapshot(snapshot);
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
    vac_update_relstats(relation, pages, hot + Max(static_cast<double>(sealed.rows) - deleted, 0.0),
                        allVisible,
#if PG_VERSION_NUM >= 180000
                        allFrozen,
#endif
                        false, InvalidTransactionId, InvalidMultiXactId, nullptr, nullptr, false);
}

}  // namespace footfall::storage
