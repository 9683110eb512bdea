// See rewrite.h.
#include "extension/storage/rewrite.h"

#include "extension/catalog/fast_default.h"
#include "extension/catalog/segment_row.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"
#include "extension/storage/relation_size.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/toast_value.h"

namespace footfall::storage {

namespace {

// Copies one TOAST value under the same id. `newTable` carries the old TOAST relation's OID for the
// time of the rewrite, which makes toast_save_datum keep the id of the external pointer it is
// given.
void copyValue(Relation oldTable, Relation newTable, Oid valueId, const struct varlena* value) {
    CHECK_FOR_INTERRUPTS();
    const Oid oldToast = catalog::storageOf(oldTable);
    const auto bytes = static_cast<uint32>(VARSIZE(value) - VARHDRSZ);
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

// The value as its chunks, dead or alive, make it; nullptr when one of them is not there any more.
// Looked for and read in one pass: reading a page may prune it, so a chunk that was there a moment
// ago may be gone.
struct varlena* collectDeadValue(Relation toast, Relation index, Oid valueId, uint32 bytes) {
    auto* value = static_cast<struct varlena*>(
        MemoryContextAllocHuge(CurrentMemoryContext, static_cast<Size>(bytes) + VARHDRSZ));
    SET_VARSIZE(value, bytes + VARHDRSZ);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(valueId));
    SysScanDesc scan = systable_beginscan_ordered(toast, index, SnapshotAny, 1, &key);
    uint32 at = 0;
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection))) {
        CHECK_FOR_INTERRUPTS();
        bool null = false;
        const Datum sequence = fastgetattr(tuple, 2, RelationGetDescr(toast), &null);
        const void* chunk = DatumGetPointer(fastgetattr(tuple, 3, RelationGetDescr(toast), &null));
        const auto size = static_cast<uint32>(VARSIZE_ANY_EXHDR(chunk));
        if (DatumGetInt32(sequence) != static_cast<int32>(at / TOAST_MAX_CHUNK_SIZE) ||
            size != Min(bytes - at, static_cast<uint32>(TOAST_MAX_CHUNK_SIZE))) {
            break;
        }
        memcpy(VARDATA(value) + at, VARDATA_ANY(chunk), size);
        at += size;
        if (at == bytes) {
            break;
        }
    }
    systable_endscan_ordered(scan);
    return at == bytes ? value : nullptr;
}

// The segment's values, or nullptr when it is deleted and not whole any more: then nobody sees it.
struct varlena** collectValues(Relation table, const catalog::SegmentRow& row) {
    const uint32* lengths = valueLengths(row);
    auto** values = static_cast<struct varlena**>(
        palloc0(sizeof(struct varlena*) * static_cast<Size>(row.columns + 1)));
    Relation toast = table_open(catalog::storageOf(table), AccessShareLock);
    Relation* indexes = nullptr;
    int indexCount = 0;
    const int valid = toast_open_indexes(toast, AccessShareLock, &indexes, &indexCount);
    bool whole = true;
    for (int c = 0; c <= row.columns && whole; c++) {
        const Oid valueId = c < row.columns ? row.valueIds[c] : row.indexValue;
        if (!OidIsValid(valueId)) {
            continue;
        }
        if (row.deleted) {
            values[c] = collectDeadValue(toast, indexes[valid], valueId, lengths[c]);
            whole = values[c] != nullptr;
        } else {
            // The payload of a fetched value stands behind its header.
            const auto payload =
                fetchToastValue(RelationGetRelid(toast), valueId, lengths[c], CurrentMemoryContext);
            values[c] = reinterpret_cast<struct varlena*>(const_cast<std::byte*>(payload.data()) -
                                                          VARHDRSZ);
        }
    }
    toast_close_indexes(indexes, indexCount, AccessShareLock);
    table_close(toast, AccessShareLock);
    return whole ? values : nullptr;
}

// False when the segment is deleted and cannot be copied.
bool copySegment(Relation oldTable, Relation newTable, const catalog::SegmentRow& row) {
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall rewrite", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    struct varlena** values = collectValues(oldTable, row);
    const bool whole = values != nullptr;
    module::failpoint("vacuum_full_after_values");
    for (int c = 0; c <= row.columns && whole; c++) {
        if (values[c] != nullptr) {
            copyValue(oldTable, newTable, c < row.columns ? row.valueIds[c] : row.indexValue,
                      values[c]);
        }
    }
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
    return whole;
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
        // A deleted segment whose chunks are gone is seen by nobody: the horizon of pruning may
        // have moved on since `oldestXmin`, and the latter may be older than an earlier vacuum's.
        if (!copySegment(oldTable, newTable, list.rows[i])) {
            continue;
        }
        *tuples += list.rows[i].deleted ? 0 : list.rows[i].rows;
    }
    ensureMainForkBlock(newTable);
}

}  // namespace footfall::storage
