// See stray_rows.h.
#include "extension/partition/stray_rows.h"

#include "extension/partition/table_owner.h"

namespace footfall::partition {

namespace {

// One scan over the default partition, which calls `visit` with each row and its time; a row
// without one is later than all. `visit` returns false to stop.
template <class Visit>
void eachRow(Relation table, AttrNumber attribute, const Grid& grid, Snapshot snapshot,
             Visit&& visit) {
    TupleTableSlot* slot = table_slot_create(table, nullptr);
    TableScanDesc scan = table_beginscan(table, snapshot, 0, nullptr);
    MemoryContext rowContext =
        AllocSetContextCreate(CurrentMemoryContext, "footfall stray row", ALLOCSET_DEFAULT_SIZES);
    MemoryContext outer = MemoryContextSwitchTo(rowContext);
    bool going = true;
    while (going && table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        bool null = false;
        const Datum value = slot_getattr(slot, attribute, &null);
        going = visit(slot, null ? PG_INT64_MAX : timeOfDatum(grid.type, value));
        MemoryContextReset(rowContext);
    }
    MemoryContextSwitchTo(outer);
    MemoryContextDelete(rowContext);
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
}

// Deletes one row; false when somebody else has changed or deleted it meanwhile.
bool deleteRow(Relation table, ItemPointer tid, CommandId cid, Snapshot snapshot, bool moved) {
    TM_FailureData failure;
    const TM_Result result =
        table_tuple_delete(table, tid, cid, snapshot, InvalidSnapshot, true, &failure, moved);
    switch (result) {
        case TM_Ok:
            return true;
        case TM_Updated:
        case TM_Deleted:
            return false;
        default:
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("could not move a row of \"%s\" due to a concurrent change",
                                   RelationGetRelationName(table)),
                            errhint("Retry the transaction.")));
    }
}

// 0A000 when a foreign key refers to rows of the table: they leave it without its triggers, which
// would leave the key pointing at nothing.
void requireUnreferenced(Relation table) {
    const TriggerDesc* triggers = table->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        if (RI_FKey_trigger_type(triggers->triggers[i].tgfoid) == RI_TRIGGER_PK) {
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("rows cannot be taken out of default partition \"%s\": a foreign key "
                            "refers to them",
                            RelationGetRelationName(table)),
                     errhint("Drop the foreign keys that refer to it; tables can keep the values "
                             "without one.")));
        }
    }
}

// Whether rows may enter a partition. Its constraints count as valid, also those that are NOT VALID
// for the parent, and the planner does not look for what contradicts them: a row that violates one
// would be lost to queries.
struct EntryCheck {
    EState* state;
    ResultRelInfo* target;
};

EntryCheck beginEntryCheck(Relation target) {
    EntryCheck check = {CreateExecutorState(), makeNode(ResultRelInfo)};
    InitResultRelInfo(check.target, target, 0, nullptr, 0);
    return check;
}

void checkEntry(const EntryCheck& check, TupleTableSlot* row) {
    if (RelationGetDescr(check.target->ri_RelationDesc)->constr != nullptr) {
        ExecConstraints(check.target, row, check.state);
        ResetPerTupleExprContext(check.state);
    }
}

void endEntryCheck(const EntryCheck& check) {
    FreeExecutorState(check.state);
}

// Tells whose constraint it is, whatever is raised about a row on its way.
void explainMove(void* defaultPartition) {
    const int state = geterrcode();
    if (state != ERRCODE_CHECK_VIOLATION && state != ERRCODE_NOT_NULL_VIOLATION) {
        return;
    }
    const char* name = quote_identifier(static_cast<const char*>(defaultPartition));
    errcontext("moving rows out of default partition %s", name);
    errhint(
        "A row of %s violates a constraint of the table (it may be NOT VALID there). Correct or "
        "delete such rows, or drop the constraint; then they are moved.",
        name);
}

// Rows on their way into a partition, handed over in batches so that they can become segments.
struct Arrival {
    Relation target;
    AttrMap* map;  // nullptr: both number their columns alike
    TupleTableSlot* slots[256];
    int count;
    CommandId cid;
    int options;
    BulkInsertState bulk;
};

constexpr int kBatch = 256;

void flush(Arrival* arrival) {
    if ((arrival->options & TABLE_INSERT_NO_LOGICAL) != 0) {
        // The heap writes several rows at once for logical decoding or not at all.
        for (int i = 0; i < arrival->count; i++) {
            table_tuple_insert(arrival->target, arrival->slots[i], arrival->cid, arrival->options,
                               arrival->bulk);
        }
    } else if (arrival->count > 0) {
        table_multi_insert(arrival->target, arrival->slots, arrival->count, arrival->cid,
                           arrival->options, arrival->bulk);
    }
    for (int i = 0; i < arrival->count; i++) {
        ExecClearTuple(arrival->slots[i]);
    }
    arrival->count = 0;
}

void add(Arrival* arrival, TupleTableSlot* row) {
    TupleTableSlot*& slot = arrival->slots[arrival->count];
    if (slot == nullptr) {
        slot = table_slot_create(arrival->target, nullptr);
    }
    if (arrival->map != nullptr) {
        (void)execute_attr_map_slot(arrival->map, row, slot);
        ExecMaterializeSlot(slot);
    } else {
        ExecCopySlot(slot, row);
    }
    arrival->count++;
}

bool expires(int64 time, int64 upper) {
    return time < upper && inCalendar(time);
}

int compareSlots(const ListCell* left, const ListCell* right) {
    const int64 a = *static_cast<int64*>(lfirst(left));
    const int64 b = *static_cast<int64*>(lfirst(right));
    return a < b ? -1 : (a > b ? 1 : 0);
}

}  // namespace

List* slotsWithRows(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int most) {
    List* found = NIL;
    MemoryContext context = CurrentMemoryContext;
    // Rows come in runs of one slot: the bounds of the last one answer for nearly all.
    int64 lower = 0;
    int64 upper = 0;
    eachRow(defaultPartition, attribute, grid, GetActiveSnapshot(),
            [&](TupleTableSlot*, int64 time) {
                if ((time >= lower && time < upper) || !inCalendar(time)) {
                    return true;
                }
                const int64 slot = slotAt(grid, time);
                lower = lowerOf(grid, slot);
                upper = lowerOf(grid, slot + 1);
                ListCell* cell;
                foreach (cell, found) {
                    if (*static_cast<int64*>(lfirst(cell)) == slot) {
                        return true;
                    }
                }
                MemoryContext row = MemoryContextSwitchTo(context);
                auto* number = static_cast<int64*>(palloc(sizeof(int64)));
                *number = slot;
                found = lappend(found, number);
                MemoryContextSwitchTo(row);
                return list_length(found) < most;
            });
    list_sort(found, compareSlots);
    return found;
}

int64 moveRows(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int64 lower,
               int64 upper, Relation target) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall stray rows", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const CommandId cid = GetCurrentCommandId(true);
    auto* arrival = static_cast<Arrival*>(palloc0(sizeof(Arrival)));
    arrival->target = target;
    arrival->map =
        build_attrmap_by_name_if_req(RelationGetDescr(defaultPartition), RelationGetDescr(target)
#if PG_VERSION_NUM >= 160000
                                                                             ,
                                     false
#endif
        );
    arrival->cid = cid;
    arrival->options = RelationIsLogicallyLogged(target) ? TABLE_INSERT_NO_LOGICAL : 0;
    arrival->bulk = GetBulkInsertState();
    const EntryCheck check = beginEntryCheck(target);
    ErrorContextCallback explanation = {};
    explanation.previous = error_context_stack;
    explanation.callback = explainMove;
    explanation.arg = RelationGetRelationName(defaultPartition);
    error_context_stack = &explanation;
    int64 moved = 0;
    eachRow(defaultPartition, attribute, grid, snapshot, [&](TupleTableSlot* slot, int64 time) {
        if (time < lower || time >= upper) {
            return true;
        }
        requireUnreferenced(defaultPartition);
        MemoryContext row = MemoryContextSwitchTo(context);
        add(arrival, slot);
        MemoryContextSwitchTo(row);
        if (deleteRow(defaultPartition, &slot->tts_tid, cid, snapshot, true)) {
            checkEntry(check, arrival->slots[arrival->count - 1]);
            moved++;
            if (arrival->count == kBatch) {
                flush(arrival);
            }
        } else {
            ExecClearTuple(arrival->slots[--arrival->count]);
        }
        return true;
    });
    flush(arrival);
    table_finish_bulk_insert(target, arrival->options);
    error_context_stack = explanation.previous;
    endEntryCheck(check);
    for (TupleTableSlot* slot : arrival->slots) {
        if (slot != nullptr) {
            ExecDropSingleTupleTableSlot(slot);
        }
    }
    FreeBulkInsertState(arrival->bulk);
    UnregisterSnapshot(snapshot);
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(context);
    CommandCounterIncrement();
    return moved;
}

Strays lookAtStrays(Relation defaultPartition, AttrNumber attribute, const Grid& grid,
                    int64 upper) {
    Strays strays = {};
    eachRow(defaultPartition, attribute, grid, GetActiveSnapshot(),
            [&](TupleTableSlot*, int64 time) {
                (expires(time, upper) ? strays.expired : strays.staying) = true;
                return !strays.staying;
            });
    return strays;
}

int64 deleteRows(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int64 upper) {
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    const CommandId cid = GetCurrentCommandId(true);
    int64 deleted = 0;
    eachRow(defaultPartition, attribute, grid, snapshot, [&](TupleTableSlot* slot, int64 time) {
        if (!expires(time, upper)) {
            return true;
        }
        requireUnreferenced(defaultPartition);
        if (deleteRow(defaultPartition, &slot->tts_tid, cid, snapshot, false)) {
            deleted++;
        }
        return true;
    });
    UnregisterSnapshot(snapshot);
    CommandCounterIncrement();
    return deleted;
}

void requireUndecodedMoves(Relation defaultPartition) {
    if (!RelationIsLogicallyLogged(defaultPartition)) {
        return;
    }
    const char identity = defaultPartition->rd_rel->relreplident;
    if (identity == REPLICA_IDENTITY_NOTHING ||
        (identity != REPLICA_IDENTITY_FULL &&
         !OidIsValid(RelationGetReplicaIndex(defaultPartition)))) {
        return;
    }
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("rows cannot be moved out of default partition \"%s\": it has a replica "
                           "identity",
                           RelationGetRelationName(defaultPartition)),
                    errdetail("Logical decoding would send the moves as deletes."),
                    errhint("ALTER TABLE %s REPLICA IDENTITY NOTHING.",
                            quote_identifier(RelationGetRelationName(defaultPartition)))));
}

void enterProof(Oid defaultPartition, const char* column, const char* lower, const char* upper,
                const char* constraint) {
    const char* name = quote_qualified_identifier(
        get_namespace_name(get_rel_namespace(defaultPartition)), get_rel_name(defaultPartition));
    const char* time = quote_identifier(column);
    execute(
        psprintf("ALTER TABLE ONLY %s ADD CONSTRAINT %s CHECK (%s IS NULL OR %s "
                 "OPERATOR(pg_catalog.<) '%s' OR %s OPERATOR(pg_catalog.>=) '%s') NOT VALID",
                 name, constraint, time, time, lower, time, upper));
    CommandCounterIncrement();
    const Oid oid = get_relation_constraint_oid(defaultPartition, constraint, false);
    Relation constraints = table_open(ConstraintRelationId, RowExclusiveLock);
    HeapTuple tuple = SearchSysCacheCopy1(CONSTROID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(tuple)) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("constraint \"%s\" was not found", constraint)));
    }
    reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->convalidated = true;
    CatalogTupleUpdate(constraints, &tuple->t_self, tuple);
    table_close(constraints, RowExclusiveLock);
    CacheInvalidateRelcacheByRelid(defaultPartition);
    CommandCounterIncrement();
}

}  // namespace footfall::partition
