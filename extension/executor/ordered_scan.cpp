// See ordered_scan.h.
//
// Memory: what one execution makes is in one context that a rescan resets; the rows of a piece are
// in one of their own, reset with the next piece.
#include "extension/executor/ordered_scan.h"

#include "engine/scan/evaluator.h"
#include "extension/executor/aggregate_report.h"
#include "extension/executor/aggregate_setup.h"
#include "extension/executor/customer_stream.h"
#include "extension/executor/interpreted_expression.h"
#include "extension/executor/leaf_ranges.h"
#include "extension/executor/pending_values.h"
#include "extension/executor/piece_rows.h"
#include "extension/executor/scan_predicates.h"
#include "extension/executor/shared_ranges.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"

namespace footfall::executor {

namespace {

// The first piece is small, for those who want few rows; each further one may be twice as large, up
// to what half of work_mem holds.
constexpr int64 kFirstPieceRows = 4096;
// What a value of a row in a piece takes, or a key.
constexpr int64 kValueBytes = 24;

struct OrderedScanState {
    CustomScanState css;  // first
    AggregatePlan plan;
    Relation* relations;  // of the leaves
    PieceRows::Column* columns;
    int columnCount;
    int* order;
    int orderCount;

    MemoryContext context;  // of one execution
    ExpressionTranslator* translator;
    scan::Evaluator* evaluator;
    std::span<const scan::Expression* const> filterExpressions;
    storage::ScanFilter** filters;  // of the leaves
    CustomerStream* stream;
    PieceRows* rows;
    bool inPiece;
    bool finished;
    int range;  // of the lot taken last
    int lotEnd;
    int64 pieceRows;
    int64 mostPieceRows;

    SharedRanges* shared;
    AggregateCounters counters;
};

OrderedScanState* cast(void* node) {
    return static_cast<OrderedScanState*>(node);
}

void begin(CustomScanState* node, EState* estate, int eflags) {
    OrderedScanState* state = cast(node);
    auto* scan = reinterpret_cast<CustomScan*>(node->ss.ps.plan);
    state->plan = readAggregatePlan(scan);
    const AggregatePlan& plan = state->plan;
    state->context = AllocSetContextCreate(CurrentMemoryContext, "footfall ordered scan",
                                           ALLOCSET_DEFAULT_SIZES);
    state->columnCount = list_length(plan.keys);
    state->columns = static_cast<PieceRows::Column*>(
        palloc0(sizeof(PieceRows::Column) * static_cast<Size>(Max(state->columnCount, 1))));
    for (int i = 0; i < state->columnCount; i++) {
        const auto* var = list_nth_node(Var, plan.keys, i);
        state->columns[i].form = valueForm(var->vartype);
        for (int a = 0; a < list_length(plan.attributes); a++) {
            if (list_nth_int(plan.attributes, a) == var->varattno) {
                state->columns[i].batchColumn = static_cast<uint32_t>(a);
            }
        }
    }
    auto* order = static_cast<List*>(llast(scan->custom_private));
    state->orderCount = list_length(order);
    state->order = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(state->orderCount)));
    for (int i = 0; i < state->orderCount; i++) {
        state->order[i] = list_nth_int(order, i);
    }
    state->relations = static_cast<Relation*>(
        palloc0(sizeof(Relation) * static_cast<Size>(Max(list_length(plan.leaves), 1))));
    for (int i = 0; i < list_length(plan.leaves); i++) {
        state->relations[i] =
            ExecOpenScanRelation(estate, static_cast<Index>(list_nth_int(plan.leaves, i)), eflags);
    }
}

void prepare(OrderedScanState* state) {
    MemoryContext previous = MemoryContextSwitchTo(state->context);
    const AggregatePlan& plan = state->plan;
    PlanState* planState = &state->css.ss.ps;
    storage::ScanFilter filter = {};
    if (plan.predicates != NIL) {
        List* values = initInterpretedList(plan.predicateValues, planState);
        preparePredicates(&filter, plan.predicates, values, planState->ps_ExprContext);
    }
    removeLeaves(&state->plan, &filter);
    if (state->shared == nullptr && hasPendingValues(&state->css) &&
        !hasRow(plan, state->relations, planState->state->es_snapshot, filter, &state->counters)) {
        checkFunctions(plan, planState);
        state->finished = true;
        MemoryContextSwitchTo(previous);
        return;
    }
    state->translator =
        new (palloc(sizeof(ExpressionTranslator))) ExpressionTranslator(planState, plan.attributes);
    state->filterExpressions = translateFilters(state->translator, plan.filters);
    MemoryContext context = CurrentMemoryContext;
    pg::enterEngine([&] {
        state->evaluator = pg::makeIn<scan::Evaluator>(context, state->translator->builder(),
                                                       state->translator->foreign(),
                                                       state->translator->resource());
    });
    const int leaves = list_length(plan.leaves);
    state->filters = static_cast<storage::ScanFilter**>(
        palloc(sizeof(storage::ScanFilter*) * static_cast<Size>(Max(leaves, 1))));
    for (int i = 0; i < leaves; i++) {
        state->filters[i] = leafFilter(plan, filter, i);
    }
    const int least = state->shared != nullptr ? state->shared->ranges.leastRanges() : 1;
    state->stream = CustomerStream::open(plan, state->relations, planState->state->es_snapshot,
                                         state->filters, least, &state->counters.batches);
    state->rows =
        PieceRows::create(state->columns, state->columnCount, state->order, state->orderCount);
    if (state->shared != nullptr) {
        state->shared->ranges.check(state->stream->ranges());
    }
    state->range = 0;
    state->lotEnd = state->shared != nullptr ? 0 : state->stream->ranges().count;
    state->inPiece = false;
    state->pieceRows = kFirstPieceRows;
    const int64 rowBytes = kValueBytes * (state->columnCount + state->orderCount);
    state->mostPieceRows = std::clamp(int64{work_mem} * 1024 / 2 / rowBytes, kFirstPieceRows,
                                      CustomerStream::kPieceRows);
    MemoryContextSwitchTo(previous);
}

void collectCounters(OrderedScanState* state) {
    const scan::EvaluationCounters& evaluation = state->evaluator->counters();
    state->counters.rowsRemoved += evaluation.rowsRemoved;
    state->counters.rowsRemovedEncoded += evaluation.rowsRemovedEncoded;
    state->counters.spilledFiles += state->rows->spilled();
    for (int i = 0; i < list_length(state->plan.leaves); i++) {
        state->counters.addPruning(*state->filters[i]);
    }
}

// Ends the reading.
void closeStream(OrderedScanState* state) {
    if (state->stream == nullptr) {
        return;
    }
    collectCounters(state);
    state->rows->close();
    state->stream->close();
    state->stream = nullptr;
    state->rows = nullptr;
}

void readPiece(OrderedScanState* state) {
    state->rows->clear();
    scan::Selection selection;
    while (state->stream->next(selection)) {
        CHECK_FOR_INTERRUPTS();
        scan::Batch& batch = state->stream->batch();
        pg::enterEngine(
            [&] { state->evaluator->filterAll(state->filterExpressions, batch, selection); });
        if (!selection.empty()) {
            state->rows->add(batch, selection);
        }
    }
    state->rows->finish();
}

// Goes on to the next piece; false when this process has read all of its share.
bool nextPiece(OrderedScanState* state) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (state->range >= state->lotEnd &&
            (state->shared == nullptr ||
             !state->shared->ranges.take(state->stream->ranges(), &state->range, &state->lotEnd))) {
            return false;
        }
        if (state->stream->startPiece(state->range, state->pieceRows)) {
            readPiece(state);
            state->pieceRows = Min(state->pieceRows * 2, state->mostPieceRows);
            return true;
        }
        state->counters.ranges++;
        state->range++;
    }
}

bool nextRow(OrderedScanState* state, TupleTableSlot* slot) {
    if (state->finished) {
        return false;
    }
    MemoryContext previous = MemoryContextSwitchTo(state->context);
    if (state->stream == nullptr) {
        prepare(state);
    }
    if (state->finished) {
        MemoryContextSwitchTo(previous);
        return false;
    }
    bool found = state->inPiece && state->rows->next(slot);
    while (!found) {
        if (!nextPiece(state)) {
            closeStream(state);
            state->finished = true;
            break;
        }
        state->inPiece = true;
        found = state->rows->next(slot);
    }
    MemoryContextSwitchTo(previous);
    return found;
}

TupleTableSlot* exec(CustomScanState* node) {
    OrderedScanState* state = cast(node);
    ExprContext* econtext = node->ss.ps.ps_ExprContext;
    TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
    CHECK_FOR_INTERRUPTS();
    ResetExprContext(econtext);
    ExecClearTuple(slot);
    memset(slot->tts_isnull, 1, static_cast<Size>(slot->tts_tupleDescriptor->natts));
    if (!nextRow(state, slot)) {
        return nullptr;
    }
    ExecStoreVirtualTuple(slot);
    econtext->ecxt_scantuple = slot;
    return node->ss.ps.ps_ProjInfo != nullptr ? ExecProject(node->ss.ps.ps_ProjInfo) : slot;
}

void reset(OrderedScanState* state) {
    ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
    closeStream(state);
    if (state->translator != nullptr) {
        state->translator->release();
    }
    state->translator = nullptr;
    state->evaluator = nullptr;
    state->inPiece = false;
    state->finished = false;
    MemoryContextReset(state->context);
}

void end(CustomScanState* node) {
    reset(cast(node));
}

void rescan(CustomScanState* node) {
    reset(cast(node));
}

void explain(CustomScanState* node, List* ancestors, ExplainState* es) {
    OrderedScanState* state = cast(node);
    List* keys = NIL;
    for (int i = 0; i < state->orderCount; i++) {
        keys = lappend(keys, list_nth(state->plan.keys, state->order[i]));
    }
    explainRead(state->plan, state->counters, "Order", keys, node, ancestors, es);
}

CustomExecMethods makeExecMethods() {
    CustomExecMethods methods = {};
    methods.CustomName = "FootfallScan";
    methods.BeginCustomScan = begin;
    methods.ExecCustomScan = exec;
    methods.EndCustomScan = end;
    methods.ReScanCustomScan = rescan;
    SharedRangesMethods<OrderedScanState, closeStream>::fill(&methods);
    methods.ExplainCustomScan = explain;
    return methods;
}

Node* createState(CustomScan*) {
    static const CustomExecMethods methods = makeExecMethods();
    auto* state = static_cast<OrderedScanState*>(palloc0(sizeof(OrderedScanState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = &methods;
    return reinterpret_cast<Node*>(state);
}

const CustomScanMethods planMethods = {"FootfallOrderedScan", createState};

}  // namespace

void describeOrderedScan(CustomScan* scan, const AggregatePlan& plan, List* order) {
    describeAggregatePlan(scan, plan);
    scan->custom_private = lappend(scan->custom_private, order);
}

const CustomScanMethods* orderedScanMethods() {
    return &planMethods;
}

void registerOrderedScan() {
    RegisterCustomScanMethods(&planMethods);
}

}  // namespace footfall::executor
