// footfall.storage(relation): what each leaf partition holds in which store.
//
// Everything is read under the snapshot of the query: hot_rows by a scan of the hot heap, which is
// small; sealed and cold rows from the segments' catalog rows and tombstones, no chunk is read and
// no store asked. hot_rows + sealed_rows + cold_rows is what count(*) says.
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/functions/cold_totals.h"
#include "extension/functions/partitions.h"
#include "extension/storage/scan_state.h"

namespace footfall::functions {

namespace {

struct Stored {
    int64 hotRows;
    int64 sealedRows;   // live, local
    int64 coldRows;     // live, in archives
    int64 deletedRows;  // still stored
    int64 segments;
    int64 rawBytes;
    int64 hotBytes;
    int64 sealedBytes;
    int64 coldBytes;
};

int64 countHotRows(Relation relation, Snapshot snapshot) {
    TableScanDesc scan = storage::heapRoutine()->scan_begin(
        relation, snapshot, 0, nullptr, nullptr,
        SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_SYNC | SO_ALLOW_PAGEMODE);
    TupleTableSlot* slot =
        MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsBufferHeapTuple);
    int64 rows = 0;
    while (heap_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        rows++;
    }
    ExecDropSingleTupleTableSlot(slot);
    storage::heapRoutine()->scan_end(scan);
    return rows;
}

int64 totalBytes(Oid relation) {
    return DatumGetInt64(DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(relation)));
}

Stored measure(Relation relation, Snapshot snapshot) {
    Stored stored = {};
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    stored.hotRows = countHotRows(relation, snapshot);
    catalog::SegmentList list = catalog::listSegments(storage, unlogged, snapshot);
    for (int i = 0; i < list.count; i++) {
        stored.segments++;
        stored.sealedRows += list.rows[i].rows;
        stored.rawBytes += list.rows[i].rawBytes;
    }
    stored.deletedRows =
        list.count == 0 ? 0 : catalog::countTombstones(storage, unlogged, snapshot);
    const ColdTotals cold = coldTotals(storage, unlogged, list, snapshot);
    stored.coldRows = cold.rows;
    stored.coldBytes = cold.bytes;
    stored.sealedRows -= stored.deletedRows + cold.rows;
    stored.sealedBytes = OidIsValid(storage) ? totalBytes(storage) : 0;
    stored.hotBytes = Max(totalBytes(RelationGetRelid(relation)) - stored.sealedBytes, int64{0});
    return stored;
}

Datum ratioOf(const Stored& stored) {
    char text[64];
    snprintf(text, sizeof(text), "%.2f",
             static_cast<double>(stored.rawBytes) /
                 static_cast<double>(stored.sealedBytes + stored.coldBytes));
    return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}

}  // namespace

void reportStorage(FunctionCallInfo fcinfo) {
    const Oid relationOid = existingRelation(fcinfo);
    if (!ownsRelation(relationOid) &&
        pg_class_aclcheck(relationOid, GetUserId(), ACL_SELECT) != ACLCHECK_OK) {
        aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relationOid)),
                       get_rel_name(relationOid));
    }
    refuseUnderRowSecurity(relationOid);
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall storage", ALLOCSET_DEFAULT_SIZES);
    ListCell* cell;
    foreach (cell, footfallTables(relationOid, AccessShareLock)) {
        MemoryContext previous = MemoryContextSwitchTo(scratch);
        Relation relation = table_open(lfirst_oid(cell), AccessShareLock);
        requireLocalRelation(relation);
        const Stored stored = measure(relation, GetActiveSnapshot());
        table_close(relation, NoLock);
        const bool hasRatio = stored.segments > 0 && stored.sealedBytes + stored.coldBytes > 0;
        Datum values[] = {ObjectIdGetDatum(lfirst_oid(cell)),   Int64GetDatum(stored.hotRows),
                          Int64GetDatum(stored.sealedRows),     Int64GetDatum(stored.coldRows),
                          Int64GetDatum(stored.deletedRows),    Int64GetDatum(stored.segments),
                          Int64GetDatum(stored.hotBytes),       Int64GetDatum(stored.sealedBytes),
                          Int64GetDatum(stored.coldBytes),      Int64GetDatum(stored.rawBytes),
                          hasRatio ? ratioOf(stored) : Datum{0}};
        bool nulls[lengthof(values)] = {};
        nulls[lengthof(values) - 1] = !hasRatio;
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        MemoryContextSwitchTo(previous);
        MemoryContextReset(scratch);
    }
    MemoryContextDelete(scratch);
}

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_storage);

PGDLLEXPORT Datum footfall_storage(PG_FUNCTION_ARGS) {
    footfall::functions::reportStorage(fcinfo);
    return Datum{0};
}
}
