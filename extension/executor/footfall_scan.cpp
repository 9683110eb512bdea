// See footfall_scan.h.
#include "extension/executor/footfall_scan.h"

#include "engine/scan/evaluator.h"
#include "extension/executor/batch_source.h"
#include "extension/executor/explain_expressions.h"
#include "extension/executor/expression_translator.h"
#include "extension/executor/scan_predicates.h"
#include "extension/pg/guard.h"
#include "extension/storage/address.h"
#include "extension/storage/scan_filter.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::executor {

namespace {

struct FootfallScanState {
    CustomScanState css;  // first
    TableScanDesc scan;
    TupleTableSlot* rowSlot;  // what the table's scan fills
    int neededCount;
    int* needed;     // 0-based attributes, ascending
    int lastNeeded;  // number of leading attributes that hold all needed ones
    List* values;    // ExprStates of the pruning clauses' values
    storage::ScanFilter filter;
    bool filterReady;
    MemoryContext filterContext;
    ParallelTableScanDesc parallel;

    List* filters;         // the batch filters' expressions
    ExprState* hotFilter;  // the same, for one row
    bool inSegments;       // hot rows are through
    // Of one scan of the segments, in one context that a rescan resets.
    MemoryContext batchContext;
    ExpressionTranslator* translator;
    scan::Evaluator* evaluator;
    const scan::Expression** expressions;
    BatchSource* source;
    scan::Selection* selection;
    uint32_t next;  // position in the selection
    BatchCounters batches;
    uint64 rowsRemoved;
};

FootfallScanState* cast(void* node) {
    return static_cast<FootfallScanState*>(node);
}

// Computes the values of the pruning clauses.
void prepareFilter(FootfallScanState* state) {
    auto* plan = reinterpret_cast<CustomScan*>(state->css.ss.ps.plan);
    MemoryContextReset(state->filterContext);
    MemoryContext previous = MemoryContextSwitchTo(state->filterContext);
    preparePredicates(&state->filter, static_cast<List*>(lsecond(plan->custom_private)),
                      state->values, state->css.ss.ps.ps_ExprContext);
    MemoryContextSwitchTo(previous);
    state->filterReady = true;
}

void findNeeded(FootfallScanState* state) {
    auto* plan = reinterpret_cast<CustomScan*>(state->css.ss.ps.plan);
    TupleDesc descriptor = RelationGetDescr(state->css.ss.ss_currentRelation);
    Bitmapset* attributes = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(plan->scan.plan.targetlist), plan->scan.scanrelid,
                   &attributes);
    pull_varattnos(reinterpret_cast<Node*>(plan->scan.plan.qual), plan->scan.scanrelid,
                   &attributes);
    pull_varattnos(reinterpret_cast<Node*>(state->filters), plan->scan.scanrelid, &attributes);
    const bool wholeRow = bms_is_member(-FirstLowInvalidHeapAttributeNumber, attributes);
    state->needed =
        static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(Max(descriptor->natts, 1))));
    for (int i = 0; i < descriptor->natts; i++) {
        if (wholeRow || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, attributes)) {
            state->needed[state->neededCount++] = i;
            state->lastNeeded = i + 1;
        }
    }
}

const CustomExecMethods* execMethods();

Node* createState(CustomScan* plan) {
    auto* state = static_cast<FootfallScanState*>(palloc0(sizeof(FootfallScanState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = execMethods();
    (void)plan;
    return reinterpret_cast<Node*>(state);
}

void begin(CustomScanState* node, EState* estate, int) {
    FootfallScanState* state = cast(node);
    auto* plan = reinterpret_cast<CustomScan*>(node->ss.ps.plan);
    const int predicates = linitial_int(linitial_node(List, plan->custom_private));
    state->filters = list_copy_tail(plan->custom_exprs, predicates);
    findNeeded(state);
    state->rowSlot = table_slot_create(node->ss.ss_currentRelation, &estate->es_tupleTable);
    state->values =
        ExecInitExprList(list_truncate(list_copy(plan->custom_exprs), predicates), &node->ss.ps);
    state->hotFilter = ExecInitQual(state->filters, &node->ss.ps);
    state->batchContext =
        AllocSetContextCreate(CurrentMemoryContext, "footfall scan batch", ALLOCSET_DEFAULT_SIZES);
    state->filterContext =
        AllocSetContextCreate(CurrentMemoryContext, "footfall scan filter", ALLOCSET_SMALL_SIZES);
}

TableScanDesc startScan(FootfallScanState* state) {
    Relation relation = state->css.ss.ss_currentRelation;
    if (state->scan == nullptr) {
        state->scan =
            state->parallel != nullptr
                ? table_beginscan_parallel(relation, state->parallel)
                : table_beginscan(relation, state->css.ss.ps.state->es_snapshot, 0, nullptr);
        state->css.ss.ss_currentScanDesc = state->scan;
    }
    if (!state->filterReady) {
        prepareFilter(state);
        storage::setScanFilter(state->scan, &state->filter);
    }
    return state->scan;
}

// What a batch has: the needed columns and the table's OID.
List* batchAttributes(const FootfallScanState* state) {
    List* attributes = NIL;
    for (int i = 0; i < state->neededCount; i++) {
        attributes = lappend_int(attributes, state->needed[i] + 1);
    }
    return lappend_int(attributes, TableOidAttributeNumber);
}

// Translates the batch filters, with the values of parameters: at the first row, since a sub-query
// that gives one may fail.
void translateFilters(FootfallScanState* state) {
    List* attributes = batchAttributes(state);
    state->translator = new (palloc(sizeof(ExpressionTranslator)))
        ExpressionTranslator(&state->css.ss.ps, attributes);
    const int count = list_length(state->filters);
    state->expressions = static_cast<const scan::Expression**>(
        palloc(sizeof(const scan::Expression*) * static_cast<Size>(Max(count, 1))));
    for (int i = 0; i < count; i++) {
        state->expressions[i] =
            state->translator->translateFilter(static_cast<Node*>(list_nth(state->filters, i)));
    }
    pg::enterEngine([&] {
        state->evaluator = pg::makeIn<scan::Evaluator>(
            state->batchContext, state->translator->builder(), state->translator->foreign(),
            state->translator->resource());
    });
}

void startSegments(FootfallScanState* state) {
    MemoryContext previous = MemoryContextSwitchTo(state->batchContext);
    state->source = BatchSource::create(state->css.ss.ss_currentRelation, state->scan,
                                        batchAttributes(state), &state->batches);
    state->source->skipHot();
    state->selection = new (palloc(sizeof(scan::Selection))) scan::Selection();
    state->next = 0;
    state->inSegments = true;
    MemoryContextSwitchTo(previous);
}

void endSegments(FootfallScanState* state) {
    if (state->source != nullptr) {
        state->source->close();
    }
    if (state->evaluator != nullptr) {
        state->rowsRemoved += state->evaluator->counters().rowsRemoved;
    }
    if (state->translator != nullptr) {
        state->translator->release();
    }
    state->source = nullptr;
    state->translator = nullptr;
    state->evaluator = nullptr;
    state->inSegments = false;
    MemoryContextReset(state->batchContext);
}

TupleTableSlot* nextHotRow(FootfallScanState* state, TupleTableSlot* slot) {
    ExprContext* econtext = state->css.ss.ps.ps_ExprContext;
    while (storage::scanNextHotRow(state->scan, state->rowSlot)) {
        CHECK_FOR_INTERRUPTS();
        ExecClearTuple(slot);
        memset(slot->tts_isnull, 1, static_cast<Size>(slot->tts_tupleDescriptor->natts));
        slot_getsomeattrs(state->rowSlot, state->lastNeeded);
        for (int n = 0; n < state->neededCount; n++) {
            const int attribute = state->needed[n];
            slot->tts_values[attribute] = state->rowSlot->tts_values[attribute];
            slot->tts_isnull[attribute] = state->rowSlot->tts_isnull[attribute];
        }
        slot->tts_tid = state->rowSlot->tts_tid;
        slot->tts_tableOid = state->rowSlot->tts_tableOid;
        ExecStoreVirtualTuple(slot);
        econtext->ecxt_scantuple = slot;
        if (state->hotFilter == nullptr || ExecQual(state->hotFilter, econtext)) {
            return slot;
        }
        state->rowsRemoved++;
        ResetExprContext(econtext);
    }
    return nullptr;
}

// Makes the next batch that the filters leave something of; false at the end.
bool nextBatch(FootfallScanState* state) {
    const int count = list_length(state->filters);
    MemoryContext previous = MemoryContextSwitchTo(state->batchContext);
    bool found = false;
    while (!found && state->source->next(*state->selection)) {
        if (state->selection->empty()) {
            continue;
        }
        if (state->evaluator == nullptr) {
            translateFilters(state);
        }
        pg::enterEngine([&] {
            if (count > 0) {
                state->evaluator->filterAll({state->expressions, static_cast<std::size_t>(count)},
                                            *state->source, *state->selection);
            }
        });
        found = !state->selection->empty();
    }
    state->next = 0;
    if (found && count > 0) {
        // The other columns are decoded for the rows in question only.
        const scan::Selection& left = *state->selection;
        const int32 base = state->source->firstRow();
        state->source->segment()->narrow(base + static_cast<int32>(left[0]),
                                         base + static_cast<int32>(left[left.count() - 1]) + 1);
    }
    MemoryContextSwitchTo(previous);
    return found;
}

TupleTableSlot* nextSealedRow(FootfallScanState* state, TupleTableSlot* slot) {
    if (state->next >= state->selection->count() && !nextBatch(state)) {
        state->selection->clear();
        return nullptr;
    }
    storage::SealedSegment* segment = state->source->segment();
    const int32 row =
        state->source->firstRow() + static_cast<int32>((*state->selection)[state->next++]);
    memset(slot->tts_isnull, 1, static_cast<Size>(slot->tts_tupleDescriptor->natts));
    for (int n = 0; n < state->neededCount; n++) {
        const int attribute = state->needed[n];
        slot->tts_values[attribute] = segment->datum(attribute, row, &slot->tts_isnull[attribute]);
    }
    storage::setSealedAddress(&slot->tts_tid, segment->row().number, row);
    slot->tts_tableOid = segment->table();
    return ExecStoreVirtualTuple(slot);
}

// The next row, with only the needed columns, in the node's virtual slot.
TupleTableSlot* nextRow(ScanState* node) {
    FootfallScanState* state = cast(node);
    TupleTableSlot* slot = node->ss_ScanTupleSlot;
    startScan(state);
    if (!state->inSegments) {
        if (TupleTableSlot* hot = nextHotRow(state, slot)) {
            return hot;
        }
        startSegments(state);
    }
    ExecClearTuple(slot);
    TupleTableSlot* sealed = nextSealedRow(state, slot);
    return sealed != nullptr ? sealed : slot;
}

// A row that somebody has changed since it was read: the newest version of it, in a slot of the
// table's own kind. The node's expressions expect a virtual slot, which is deformed already.
bool recheck(ScanState* node, TupleTableSlot* slot) {
    FootfallScanState* state = cast(node);
    slot_getallattrs(slot);
    node->ps.ps_ExprContext->ecxt_scantuple = slot;
    return state->hotFilter == nullptr || ExecQual(state->hotFilter, node->ps.ps_ExprContext);
}

TupleTableSlot* exec(CustomScanState* node) {
    return ExecScan(&node->ss, nextRow, recheck);
}

void endScan(FootfallScanState* state) {
    endSegments(state);
    if (state->scan != nullptr) {
        table_endscan(state->scan);
        state->scan = nullptr;
        state->css.ss.ss_currentScanDesc = nullptr;
    }
    state->filterReady = false;
}

void end(CustomScanState* node) {
    endScan(cast(node));
}

void rescan(CustomScanState* node) {
    FootfallScanState* state = cast(node);
    state->filterReady = false;
    endSegments(state);
    if (state->scan != nullptr) {
        table_rescan(state->scan, nullptr);
    }
    ExecScanReScan(&node->ss);
}

Size estimateShared(CustomScanState* node, ParallelContext*) {
    return table_parallelscan_estimate(node->ss.ss_currentRelation, node->ss.ps.state->es_snapshot);
}

void initializeShared(CustomScanState* node, ParallelContext*, void* coordinate) {
    FootfallScanState* state = cast(node);
    // A Gather that a LIMIT stopped starts anew when it is rescanned: the scan that is there shares
    // memory that is gone.
    endScan(state);
    state->parallel = static_cast<ParallelTableScanDesc>(coordinate);
    table_parallelscan_initialize(node->ss.ss_currentRelation, state->parallel,
                                  node->ss.ps.state->es_snapshot);
}

void reinitializeShared(CustomScanState* node, ParallelContext*, void*) {
    table_parallelscan_reinitialize(node->ss.ss_currentRelation, cast(node)->parallel);
}

void initializeWorker(CustomScanState* node, shm_toc*, void* coordinate) {
    cast(node)->parallel = static_cast<ParallelTableScanDesc>(coordinate);
}

void explain(CustomScanState* node, List* ancestors, ExplainState* es) {
    FootfallScanState* state = cast(node);
    explainExpressions("Scan Filter", state->filters, node, ancestors, es);
    if (!es->analyze) {
        return;
    }
    if (state->filters != NIL) {
        uint64 removed = state->rowsRemoved;
        if (state->evaluator != nullptr) {
            removed += state->evaluator->counters().rowsRemoved;
        }
        ExplainPropertyUInteger("Rows Removed by Scan Filter", nullptr, removed, es);
    }
    if (list_length(state->values) > 0) {
        ExplainPropertyInteger("Segments Read", nullptr, state->filter.segmentsRead, es);
        ExplainPropertyInteger("Segments Pruned", nullptr, state->filter.segmentsPruned, es);
        ExplainPropertyInteger("Blocks Read", nullptr, state->filter.blocksRead, es);
        ExplainPropertyInteger("Blocks Pruned", nullptr, state->filter.blocksPruned, es);
    }
    const storage::ArchiveCounters& archive = state->filter.archive;
    if (archive.segments > 0) {
        ExplainPropertyInteger("Cold Segments Read", nullptr, archive.segments, es);
        ExplainPropertyInteger("Archived Columns Fetched", nullptr, archive.columnsRead, es);
        ExplainPropertyInteger("Archived Columns Cached", nullptr, archive.columnsCached, es);
        ExplainPropertyInteger("Archived Bytes Fetched", nullptr, archive.bytesRead, es);
    }
}

CustomExecMethods makeExecMethods() {
    CustomExecMethods methods = {};
    methods.CustomName = "FootfallScan";
    methods.BeginCustomScan = begin;
    methods.ExecCustomScan = exec;
    methods.EndCustomScan = end;
    methods.ReScanCustomScan = rescan;
    methods.EstimateDSMCustomScan = estimateShared;
    methods.InitializeDSMCustomScan = initializeShared;
    methods.ReInitializeDSMCustomScan = reinitializeShared;
    methods.InitializeWorkerCustomScan = initializeWorker;
    methods.ExplainCustomScan = explain;
    return methods;
}

const CustomExecMethods* execMethods() {
    static const CustomExecMethods methods = makeExecMethods();
    return &methods;
}

const CustomScanMethods planMethods = {"FootfallScan", createState};

}  // namespace

void describeScanPlan(CustomScan* scan, List* predicateValues, List* predicates, List* filters) {
    scan->custom_exprs = list_concat_copy(predicateValues, filters);
    scan->custom_private = list_make2(list_make1_int(list_length(predicateValues)), predicates);
}

const CustomScanMethods* scanMethods() {
    return &planMethods;
}

void registerScan() {
    RegisterCustomScanMethods(&planMethods);
}

}  // namespace footfall::executor
