// See seal.h.
#include "extension/storage/seal.h"

#include "extension/catalog/configuration.h"
#include "extension/catalog/tombstone.h"
#include "extension/module/settings.h"
#include "extension/storage/empty_pages.h"
#include "extension/storage/relation_size.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/segment_claim.h"
#include "extension/storage/segment_writer.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

// Segments of up to this many rows are merged into the one that a seal writes, so that frequent
// seals of few rows do not leave tiny segments.
constexpr int32 kSmallSegmentRows = 16384;

struct Seal {
    Relation relation;
    SegmentWriter* writer;
    ItemPointerData* addresses;  // hot addresses, as appended
    int64 sealed;
};

// Whether nobody holds or has claimed the tuple, as far as its header tells.
bool untouched(HeapTupleHeader header) {
    if ((header->t_infomask & HEAP_XMAX_INVALID) != 0) {
        return true;
    }
    if ((header->t_infomask & HEAP_XMAX_IS_MULTI) != 0) {
        return false;
    }
    TransactionId xmax = HeapTupleHeaderGetRawXmax(header);
    return !TransactionIdIsValid(xmax) ||
           (!TransactionIdIsCurrentTransactionId(xmax) && !TransactionIdIsInProgress(xmax) &&
            (!TransactionIdDidCommit(xmax) || HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask)));
}

bool withinLimit(TupleTableSlot* slot, const SealLimit& limit, Oid type) {
    if (limit.attribute == InvalidAttrNumber) {
        return true;
    }
    bool null = false;
    const Datum value = slot_getattr(slot, limit.attribute, &null);
    if (null) {
        return true;
    }
    const int64 time = type == DATEOID ? int64{DatumGetDateADT(value)} * USECS_PER_DAY
                                       : int64{DatumGetTimestamp(value)};
    return time < limit.before;
}

// Writes the collected rows and deletes their hot copies.
void sealCollected(Seal* seal) {
    Relation relation = seal->relation;
    const int32 rows = seal->writer->rows();
    if (rows == 0) {
        return;
    }
    const CommandId cid = GetCurrentCommandId(true);
    uint32* order = nullptr;
    const int32 number = seal->writer->write(relation, cid, &order);
    module::failpoint("seal_before_delete");
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    for (int32 i = 0; i < rows; i++) {
        CHECK_FOR_INTERRUPTS();
        ItemPointerData tid = seal->addresses[order[i]];
        if (!ItemPointerIsValid(&tid)) {
            continue;  // came from a segment that is absorbed
        }
        TM_FailureData failure;
        TM_Result result = heap_delete(relation, &tid, cid, InvalidSnapshot, false, &failure, true);
        if (result == TM_Ok) {
            seal->sealed++;
        } else {
            catalog::insertTombstone(storage, unlogged, number, i, nullptr, cid);
        }
    }
    module::failpoint("seal_after_delete");
    pfree(order);
}

// Collects the live rows of small segments, which then go with the hot rows into a larger one, and
// removes them.
void absorbSmallSegments(Seal* seal, const catalog::SegmentList& list) {
    Relation relation = seal->relation;
    const CommandId cid = GetCurrentCommandId(true);
    const int natts = RelationGetDescr(relation)->natts;
    Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(natts)));
    bool* nulls = static_cast<bool*>(palloc(static_cast<Size>(natts)));
    SealedSegment* segment = SealedSegment::create(relation, RelationGetDescr(relation));
    for (int i = 0; i < list.count; i++) {
        segment->open(&list.rows[i], GetActiveSnapshot());
        for (int32 row = 0; row < segment->rows(); row++) {
            if (segment->isDeleted(row)) {
                continue;
            }
            for (int a = 0; a < natts; a++) {
                values[a] = segment->datum(a, row, &nulls[a]);
            }
            ItemPointerSetInvalid(&seal->addresses[seal->writer->rows()]);
            seal->writer->append(relation, values, nulls);
            if (seal->writer->full()) {
                sealCollected(seal);
            }
        }
        dropSegment(relation, list.rows[i], cid);
    }
    segment->destroy();
}

}  // namespace

int64 sealRelation(Relation relation, const SealLimit& limit) {
    if (RelationIsLogicallyLogged(relation) &&
        relation->rd_rel->relreplident == REPLICA_IDENTITY_FULL) {
        ereport(NOTICE, (errmsg("table \"%s\" is not sealed: its replica identity is FULL",
                                RelationGetRelationName(relation)),
                         errdetail("Logical decoding would send the moves as deletes.")));
        return 0;
    }
    if (!OidIsValid(catalog::storageOf(relation))) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("table \"%s\" has no TOAST relation to hold segments",
                               RelationGetRelationName(relation))));
    }
    if (!hasStoredColumns(RelationGetDescr(relation))) {
        return 0;
    }
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall seal", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    Seal seal = {};
    seal.relation = relation;
    seal.writer = SegmentWriter::create(relation, context, catalog::Level::Sealed);
    seal.addresses =
        static_cast<ItemPointerData*>(palloc(sizeof(ItemPointerData) * segment::kMaxRows));

    // One snapshot for the whole pass, taken after the claims: what this pass writes is not its
    // input.
    catalog::SegmentList small =
        claimSegments(relation, kSmallSegmentRows, ClaimOrder::WorkFirst).segments;
    TableScanDesc scan =
        heapRoutine()->scan_begin(relation, GetActiveSnapshot(), 0, nullptr, nullptr,
                                  SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);
    TupleTableSlot* slot =
        MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsBufferHeapTuple);
    MemoryContext rowContext =
        AllocSetContextCreate(context, "footfall seal row", ALLOCSET_DEFAULT_SIZES);
    const Oid limitType =
        limit.attribute == InvalidAttrNumber
            ? InvalidOid
            : getBaseType(TupleDescAttr(RelationGetDescr(relation), limit.attribute - 1)->atttypid);
    bool first = true;
    const BlockNumber blocks = RelationGetNumberOfBlocks(relation);
    EmptyPages empty(relation);
    while (heap_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        empty.rowIn(ItemPointerGetBlockNumber(&slot->tts_tid));
        HeapTuple tuple = ExecFetchSlotHeapTuple(slot, false, nullptr);
        if (!untouched(tuple->t_data) || !withinLimit(slot, limit, limitType)) {
            continue;
        }
        if (first) {
            absorbSmallSegments(&seal, small);
            first = false;
        }
        MemoryContext outer = MemoryContextSwitchTo(rowContext);
        slot_getallattrs(slot);
        seal.addresses[seal.writer->rows()] = slot->tts_tid;
        seal.writer->append(relation, slot->tts_values, slot->tts_isnull);
        MemoryContextSwitchTo(outer);
        MemoryContextReset(rowContext);
        if (seal.writer->full()) {
            sealCollected(&seal);
        }
    }
    sealCollected(&seal);
    empty.skipTo(blocks);
    empty.finish();
    ExecDropSingleTupleTableSlot(slot);
    heapRoutine()->scan_end(scan);
    PopActiveSnapshot();
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(context);
    if (seal.sealed > 0) {
        CommandCounterIncrement();
    }
    return seal.sealed;
}

}  // namespace footfall::storage
