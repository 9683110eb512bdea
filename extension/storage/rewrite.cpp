// See rewrite.h.
#include "extension/storage/rewrite.h"

#include "extension/catalog/fast_default.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/guard.h"
#include "extension/storage/relation_size.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/toast_value.h"

namespace footfall::storage {

namespace {

// Copies one TOAST value under the same id. `newTable` carries the old TOAST relation's OID for the
// time of the rewrite, which makes toast_save_datum keep the id of the external pointer it is
// given.
void copyValue(Relation oldTable, Relation newTable, Oid valueId, uint32 bytes,
               MemoryContext scratch) {
    if (!OidIsValid(valueId)) {
        return;
    }
    CHECK_FOR_INTERRUPTS();
    const Oid oldToast = catalog::storageOf(oldTable);
    std::span<const std::byte> payload = fetchToastValue(oldToast, valueId, bytes, scratch);
    auto* value = const_cast<char*>(reinterpret_cast<const char*>(payload.data())) - VARHDRSZ;
    struct varatt_external pointer = {};
    pointer.va_rawsize = static_cast<int32>(bytes + VARHDRSZ);
    VARATT_EXTERNAL_SET_SIZE_AND_COMPRESS_METHOD(pointer, bytes, TOAST_PGLZ_COMPRESSION_ID);
    pointer.va_valueid = valueId;
    pointer.va_toastrelid = oldToast;
    char external[TOAST_POINTER_SIZE];
    SET_VARTAG_EXTERNAL(external, VARTAG_ONDISK);
    memcpy(VARDATA_EXTERNAL(external), &pointer, sizeof(pointer));
    Datum saved = toast_save_datum(newTable, PointerGetDatum(value),
                                   reinterpret_cast<struct varlena*>(external),
                                   HEAP_INSERT_NO_LOGICAL | HEAP_INSERT_SKIP_FSM);
    struct varatt_external written;
    VARATT_EXTERNAL_GET_POINTER(written, DatumGetPointer(saved));
    if (written.va_valueid != valueId) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("TOAST value %u got the new id %u in a rewrite", valueId,
                               written.va_valueid)));
    }
}

// Whether every chunk of the value is still there, dead or alive.
bool hasAllChunksOf(Relation toast, Relation index, Oid valueId, uint32 bytes) {
    if (!OidIsValid(valueId)) {
        return true;
    }
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(valueId));
    SysScanDesc scan =
        systable_beginscan(toast, RelationGetRelid(index), true, SnapshotAny, 1, &key);
    uint32 chunks = 0;
    while (HeapTupleIsValid(systable_getnext(scan))) {
        chunks++;
    }
    systable_endscan(scan);
    return chunks >= (bytes + TOAST_MAX_CHUNK_SIZE - 1) / TOAST_MAX_CHUNK_SIZE;
}

bool hasAllChunks(Relation table, const catalog::SegmentRow& row) {
    const uint32* lengths = valueLengths(row);
    Relation toast = table_open(catalog::storageOf(table), AccessShareLock);
    Relation* indexes = nullptr;
    int indexCount = 0;
    const int valid = toast_open_indexes(toast, AccessShareLock, &indexes, &indexCount);
    bool all = hasAllChunksOf(toast, indexes[valid], row.indexValue, lengths[row.columns]);
    for (int c = 0; c < row.columns && all; c++) {
        all = hasAllChunksOf(toast, indexes[valid], row.valueIds[c], lengths[c]);
    }
    toast_close_indexes(indexes, indexCount, AccessShareLock);
    table_close(toast, AccessShareLock);
    return all;
}

void copySegment(Relation oldTable, Relation newTable, const catalog::SegmentRow& row) {
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall rewrite", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    const uint32* lengths = valueLengths(row);
    for (int c = 0; c < row.columns; c++) {
        copyValue(oldTable, newTable, row.valueIds[c], lengths[c], scratch);
    }
    copyValue(oldTable, newTable, row.indexValue, lengths[row.columns], scratch);
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
}

}  // namespace

void copyForCluster(Relation oldTable, Relation newTable, Relation oldIndex, bool useSort,
                    TransactionId oldestXmin, TransactionId* xidCutoff, MultiXactId* multiCutoff,
                    double* tuples, double* vacuumed, double* recentlyDead) {
    if (oldIndex != nullptr) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("CLUSTER is not supported on table \"%s\"",
                               RelationGetRelationName(oldTable)),
                        errhint("CALL footfall.compact(...) sorts a table by its order key.")));
    }
    // The heap's routine reads the old table through a heap scan; see scanAsHeap.
    pg::withCleanup(
        [&] {
            scanAsHeap(RelationGetRelid(oldTable));
            heapRoutine()->relation_copy_for_cluster(oldTable, newTable, nullptr, useSort,
                                                     oldestXmin, xidCutoff, multiCutoff, tuples,
                                                     vacuumed, recentlyDead);
        },
        [&] { scanAsHeap(InvalidOid); });

    const Oid storage = catalog::storageOf(oldTable);
    if (!OidIsValid(storage)) {
        return;
    }
    catalog::SegmentList list = catalog::listVacuumableSegments(
        storage, catalog::usesUnlogged(oldTable->rd_rel->relpersistence), oldestXmin);
    if (list.count == 0) {
        return;
    }
    catalog::saveFastDefaults(oldTable);
    for (int i = 0; i < list.count; i++) {
        // A deleted segment whose chunks are vacuumed away already is seen by nobody: the horizon
        // can go backwards, for transactions in other databases.
        if (list.rows[i].deleted && !hasAllChunks(oldTable, list.rows[i])) {
            continue;
        }
        copySegment(oldTable, newTable, list.rows[i]);
        *tuples += list.rows[i].deleted ? 0 : list.rows[i].rows;
    }
    ensureMainForkBlock(newTable);
}

}  // namespace footfall::storage
