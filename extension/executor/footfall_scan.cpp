// See footfall_scan.h.
#include "extension/executor/footfall_scan.h"

#include "extension/executor/scan_predicates.h"
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
};

FootfallScanState* cast(void* node) {
    return static_cast<FootfallScanState*>(node);
}

// Computes the values of the pruning clauses.
void prepareFilter(FootfallScanState* state) {
    auto* plan = reinterpret_cast<CustomScan*>(state->css.ss.ps.plan);
    MemoryContextReset(state->filterContext);
    MemoryContext previous = MemoryContextSwitchTo(state->filterContext);
    preparePredicates(&state->filter, plan->custom_private, state->values,
                      state->css.ss.ps.ps_ExprContext);
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
    findNeeded(state);
    state->rowSlot = table_slot_create(node->ss.ss_currentRelation, &estate->es_tupleTable);
    state->values = ExecInitExprList(plan->custom_exprs, &node->ss.ps);
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

// The next row, with only the needed columns, in the node's virtual slot.
TupleTableSlot* nextRow(ScanState* node) {
    FootfallScanState* state = cast(node);
    TupleTableSlot* slot = node->ss_ScanTupleSlot;
    TableScanDesc scan = startScan(state);
    ExecClearTuple(slot);
    if (!table_scan_getnextslot(scan, node->ps.state->es_direction, state->rowSlot)) {
        return slot;
    }
    int32 row = 0;
    storage::SealedSegment* segment = storage::currentSealedRow(scan, &row);
    memset(slot->tts_isnull, 1, static_cast<Size>(slot->tts_tupleDescriptor->natts));
    if (segment != nullptr) {
        for (int n = 0; n < state->neededCount; n++) {
            const int attribute = state->needed[n];
            slot->tts_values[attribute] =
                segment->datum(attribute, row, &slot->tts_isnull[attribute]);
        }
    } else {
        slot_getsomeattrs(state->rowSlot, state->lastNeeded);
        for (int n = 0; n < state->neededCount; n++) {
            const int attribute = state->needed[n];
            slot->tts_values[attribute] = state->rowSlot->tts_values[attribute];
            slot->tts_isnull[attribute] = state->rowSlot->tts_isnull[attribute];
        }
    }
    slot->tts_tid = state->rowSlot->tts_tid;
    slot->tts_tableOid = state->rowSlot->tts_tableOid;
    return ExecStoreVirtualTuple(slot);
}

bool recheck(ScanState*, TupleTableSlot*) {
    return true;
}

TupleTableSlot* exec(CustomScanState* node) {
    return ExecScan(&node->ss, nextRow, recheck);
}

void end(CustomScanState* node) {
    FootfallScanState* state = cast(node);
    if (state->scan != nullptr) {
        table_endscan(state->scan);
        state->scan = nullptr;
    }
}

void rescan(CustomScanState* node) {
    FootfallScanState* state = cast(node);
    state->filterReady = false;
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
    (void)ancestors;
    if (!es->analyze || list_length(state->values) == 0) {
        return;
    }
    ExplainPropertyInteger("Segments Read", nullptr, state->filter.segmentsRead, es);
    ExplainPropertyInteger("Segments Pruned", nullptr, state->filter.segmentsPruned, es);
    ExplainPropertyInteger("Blocks Read", nullptr, state->filter.blocksRead, es);
    ExplainPropertyInteger("Blocks Pruned", nullptr, state->filter.blocksPruned, es);
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

const CustomScanMethods* scanMethods() {
    return &planMethods;
}

void registerScan() {
    RegisterCustomScanMethods(&planMethods);
}

}  // namespace footfall::executor
