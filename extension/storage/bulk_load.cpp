// See bulk_load.h.
#include "extension/storage/bulk_load.h"

#include "extension/module/settings.h"
#include "extension/pg/guard.h"
#include "extension/storage/relation_size.h"
#include "extension/storage/segment_writer.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

// Rows collected for all relations together; beyond it the largest collection is written early.
constexpr Size kMaxCollected = Size{160} * 1024 * 1024;

struct Load {
    Oid relation;
    SubTransactionId subtransaction;
    CommandId cid;
    SegmentWriter* writer;
    Load* next;
};

// In TopTransactionContext, emptied at the end of the transaction.
Load* loads = nullptr;

// COPY FROM statements that are running in this session, one inside the other.
int copiesRunning = 0;
ProcessUtility_hook_type previousUtilityHook = nullptr;

void runUtility(PlannedStmt* statement, const char* query, bool readOnlyTree,
                ProcessUtilityContext context, ParamListInfo parameters,
                QueryEnvironment* environment, DestReceiver* receiver,
                QueryCompletion* completion) {
    ProcessUtility_hook_type next =
        previousUtilityHook != nullptr ? previousUtilityHook : standard_ProcessUtility;
    if (!IsA(statement->utilityStmt, CopyStmt) ||
        !reinterpret_cast<CopyStmt*>(statement->utilityStmt)->is_from) {
        next(statement, query, readOnlyTree, context, parameters, environment, receiver,
             completion);
        return;
    }
    copiesRunning++;
    pg::withCleanup(
        [&] {
            next(statement, query, readOnlyTree, context, parameters, environment, receiver,
                 completion);
        },
        [&] { copiesRunning--; });
}

Load* findLoad(Oid relation) {
    for (Load* load = loads; load != nullptr; load = load->next) {
        if (load->relation == relation) {
            return load;
        }
    }
    return nullptr;
}

void unlinkLoad(Load* load) {
    for (Load** link = &loads; *link != nullptr; link = &(*link)->next) {
        if (*link == load) {
            *link = load->next;
            return;
        }
    }
}

// Hands the rows of `writer` to the heap.
void writeHot(Relation relation, SegmentWriter* writer, CommandId cid) {
    BulkInsertState bulk = GetBulkInsertState();
    TupleDesc descriptor = RelationGetDescr(relation);
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall tail", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    Datum values[MaxHeapAttributeNumber];
    bool nulls[MaxHeapAttributeNumber];
    const int32 rows = writer->rows();
    for (int32 row = 0; row < rows; row++) {
        CHECK_FOR_INTERRUPTS();
        writer->read(relation, row, values, nulls);
        HeapTuple tuple = heap_form_tuple(descriptor, values, nulls);
        tuple->t_tableOid = RelationGetRelid(relation);
        heap_insert(relation, tuple, cid, 0, bulk);
        MemoryContextReset(scratch);
    }
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(scratch);
    FreeBulkInsertState(bulk);
    writer->clear();
}

// Starts to write what is collected; at most one load at a time has a segment in the background.
void startSegment(Relation relation, Load* load) {
    for (Load* other = loads; other != nullptr; other = other->next) {
        if (other != load && other->writer->encoding()) {
            Relation otherRelation = table_open(other->relation, RowExclusiveLock);
            other->writer->finishWrite(otherRelation);
            table_close(otherRelation, NoLock);
        }
    }
    ensureMainForkBlock(relation);
    load->writer->startWrite(relation, load->cid);
}

void writeLargestWhenFull() {
    Size total = 0;
    Load* largest = nullptr;
    for (Load* load = loads; load != nullptr; load = load->next) {
        total += load->writer->memory();
        if (largest == nullptr || load->writer->memory() > largest->writer->memory()) {
            largest = load;
        }
    }
    if (total < kMaxCollected) {
        return;
    }
    Relation relation = table_open(largest->relation, RowExclusiveLock);
    largest->writer->finishWrite(relation);
    if (largest->writer->rows() >= module::minSegmentRows) {
        largest->writer->write(relation, largest->cid);
    } else {
        writeHot(relation, largest->writer, largest->cid);
    }
    table_close(relation, NoLock);
}

// Whether every row of the table, its long values moved out of line, fits a heap page. Where that
// is not sure, rows go through the heap, which refuses those that no UPDATE could write again and
// no dump restore.
bool alwaysFitsHeap(TupleDesc descriptor) {
    Size size = MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(descriptor->natts));
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (attribute->attisdropped) {
            continue;
        }
        if (attribute->attlen > 0) {
            size =
                att_align_nominal(size, attribute->attalign) + static_cast<Size>(attribute->attlen);
        } else if (attribute->attlen == -1 && attribute->attstorage != TYPSTORAGE_PLAIN) {
            // Shorter values than that stay in line; neither they nor pointers are aligned.
            size += MAXALIGN(TOAST_POINTER_SIZE);
        } else {
            return false;
        }
    }
    return size <= MaxHeapTupleSize;
}

bool logicallyDecoded(Relation relation) {
    if (!RelationIsLogicallyLogged(relation) ||
        module::logicalDecoding == module::kLogicalDecodingOff) {
        return false;
    }
    if (module::logicalDecoding == module::kLogicalDecodingOn) {
        return true;
    }
    // With an xid of ours running, a slot made from now on waits for us before it promises
    // anything.
    (void)GetCurrentTransactionId();
    bool decoded = false;
    LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
    for (int i = 0; i < max_replication_slots && !decoded; i++) {
        ReplicationSlot* slot = &ReplicationSlotCtl->replication_slots[i];
        decoded = slot->in_use && SlotIsLogical(slot) && slot->data.database == MyDatabaseId;
    }
    LWLockRelease(ReplicationSlotControlLock);
    return decoded;
}

void writeUnfinished() {
    while (loads != nullptr) {
        Load* load = loads;
        Relation relation = table_open(load->relation, RowExclusiveLock);
        finishBulkLoad(relation);
        table_close(relation, NoLock);
    }
}

void atTransactionEnd(XactEvent event, void*) {
    switch (event) {
        case XACT_EVENT_PRE_COMMIT:
        case XACT_EVENT_PRE_PREPARE:
            // A load that nobody finished is still the user's data.
            if (loads != nullptr) {
                PushActiveSnapshot(GetTransactionSnapshot());
                writeUnfinished();
                PopActiveSnapshot();
            }
            break;
        case XACT_EVENT_ABORT:
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_PREPARE:
            loads = nullptr;
            break;
        default:
            break;
    }
}

void atSubtransactionEnd(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB) {
        for (Load* load = loads; load != nullptr;) {
            Load* next = load->next;
            if (load->subtransaction == id) {
                unlinkLoad(load);
                load->writer->destroy();
            }
            load = next;
        }
    } else if (event == SUBXACT_EVENT_COMMIT_SUB) {
        for (Load* load = loads; load != nullptr; load = load->next) {
            if (load->subtransaction == id) {
                load->subtransaction = parent;
            }
        }
    }
}

}  // namespace

void initBulkLoad() {
    RegisterXactCallback(atTransactionEnd, nullptr);
    RegisterSubXactCallback(atSubtransactionEnd, nullptr);
    previousUtilityHook = ProcessUtility_hook;
    ProcessUtility_hook = runUtility;
}

bool bulkLoadEligible(Relation relation, int options, BulkInsertStateData* state, bool multi) {
    if (state == nullptr || (options & (TABLE_INSERT_FROZEN | TABLE_INSERT_NO_LOGICAL)) != 0 ||
        !OidIsValid(catalog::storageOf(relation)) ||
        !hasStoredColumns(RelationGetDescr(relation))) {
        return false;
    }
    // Single rows come this way from rewrites and CREATE TABLE AS. COPY hands over single rows when
    // an expression of its own may look at the table while it runs, and then does not say when it
    // is through.
    if (!multi && ((options & TABLE_INSERT_SKIP_FSM) == 0 || copiesRunning > 0)) {
        return false;
    }
    TriggerDesc* triggers = relation->trigdesc;
    if (triggers != nullptr &&
        (triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
         triggers->trig_insert_new_table)) {
        return false;
    }
    return (findLoad(RelationGetRelid(relation)) != nullptr ||
            alwaysFitsHeap(RelationGetDescr(relation))) &&
           !logicallyDecoded(relation);
}

void bulkLoad(Relation relation, TupleTableSlot** slots, int count, CommandId cid) {
    const SubTransactionId subtransaction = GetCurrentSubTransactionId();
    Load* load = findLoad(RelationGetRelid(relation));
    if (load != nullptr && (load->subtransaction != subtransaction || load->cid != cid)) {
        finishBulkLoad(relation);
        load = nullptr;
    }
    if (load == nullptr) {
        load = static_cast<Load*>(MemoryContextAlloc(TopTransactionContext, sizeof(Load)));
        load->relation = RelationGetRelid(relation);
        load->subtransaction = subtransaction;
        load->cid = cid;
        load->writer =
            SegmentWriter::create(relation, TopTransactionContext, catalog::Level::Loaded);
        load->next = loads;
        loads = load;
    }
    for (int i = 0; i < count; i++) {
        slot_getallattrs(slots[i]);
        slots[i]->tts_tableOid = RelationGetRelid(relation);
    }
    for (int done = 0; done < count;) {
        done += load->writer->appendSlots(relation, slots + done, count - done);
        if (load->writer->full()) {
            startSegment(relation, load);
        }
    }
    pgstat_count_heap_insert(relation, count);
    writeLargestWhenFull();
}

void finishBulkLoad(Relation relation) {
    Load* load = findLoad(RelationGetRelid(relation));
    if (load == nullptr) {
        return;
    }
    load->writer->finishWrite(relation);
    if (load->writer->rows() >= module::minSegmentRows) {
        ensureMainForkBlock(relation);
        load->writer->write(relation, load->cid);
    } else if (load->writer->rows() > 0) {
        writeHot(relation, load->writer, load->cid);
    }
    // Who read the table before the last catalog row was there has a predicate lock by now; who
    // reads it from now on finds the row.
    CheckForSerializableConflictIn(relation, nullptr, InvalidBlockNumber);
    unlinkLoad(load);
    load->writer->destroy();
    pfree(load);
}

}  // namespace footfall::storage
