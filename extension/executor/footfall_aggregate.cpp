// See footfall_aggregate.h and aggregate_plan.h.
//
// Memory: what one execution makes (translated expressions, groups, the current table's scan) is in
// one context that a rescan resets; nothing in it needs a destructor. What the engine allocates for
// groups is measured by the engine and bounded by work_mem through spilling.
#include "extension/executor/footfall_aggregate.h"

#include "engine/aggregate/aggregation.h"
#include "extension/executor/aggregate_function.h"
#include "extension/executor/aggregate_plan.h"
#include "extension/executor/aggregate_report.h"
#include "extension/executor/aggregate_setup.h"
#include "extension/executor/batch_source.h"
#include "extension/executor/dimension_join.h"
#include "extension/executor/expression_translator.h"
#include "extension/executor/extremes.h"
#include "extension/executor/footfall_stream.h"
#include "extension/executor/group_batch.h"
#include "extension/executor/interpreted_expression.h"
#include "extension/executor/leaf_ranges.h"
#include "extension/executor/pending_values.h"
#include "extension/executor/scan_predicates.h"
#include "extension/executor/shared_aggregate.h"
#include "extension/executor/spill_file.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"

namespace footfall::executor {

namespace {

// How often the tables may be read because of dimensions that memory cannot hold. In a parallel
// plan each pass has parallel scans of its own.
constexpr uint32_t kMostPasses = 1024;
constexpr uint32_t kParallelPasses = 4;

struct FootfallAggregateState {
    CustomScanState css;  // first
    AggregatePlan plan;
    int keyCount;
    int aggregateCount;
    AggregateFunction* functions;
    Form_pg_attribute* forms;  // of keys, then aggregates
    Relation* relations;       // of the leaves

    MemoryContext context;  // of one execution
    ExpressionTranslator* translator;
    scan::Evaluator* evaluator;
    SpillFiles* spill;
    aggregate::Aggregation* aggregation;
    storage::ScanFilter filter;
    DimensionJoin* join;  // null without dimensions
    Extremes* extremes;   // null where every block counts
    base::Buffer* record;
    bool consumed;
    bool inLot;
    uint32_t group;  // next of the lot

    SharedAggregate* shared;
    EarlyLeave* leave;
    AggregateCounters counters;
};

FootfallAggregateState* cast(void* node) {
    return static_cast<FootfallAggregateState*>(node);
}

PlanState* childOf(FootfallAggregateState* state) {
    return static_cast<PlanState*>(linitial(state->css.custom_ps));
}

int scanNumber(const FootfallAggregateState* state, int leaf, uint32_t pass) {
    return static_cast<int>(pass) * list_length(state->plan.leaves) + leaf;
}

int scanCount(const FootfallAggregateState* state) {
    const uint32_t passes = state->plan.dimensions != NIL ? kParallelPasses : 1;
    return scanNumber(state, 0, passes);
}

const CustomExecMethods* execMethods();

Node* createState(CustomScan* scan) {
    if (readAggregatePlan(scan).customer != 0) {
        return createStreamState();
    }
    auto* state = static_cast<FootfallAggregateState*>(palloc0(sizeof(FootfallAggregateState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = execMethods();
    state->leave = new (palloc(sizeof(EarlyLeave))) EarlyLeave();
    return reinterpret_cast<Node*>(state);
}

Relation openLeaf(FootfallAggregateState* state, int leaf, int eflags) {
    Relation& relation = state->relations[leaf];
    if (relation == nullptr) {
        relation = ExecOpenScanRelation(state->css.ss.ps.state,
                                        static_cast<Index>(list_nth_int(state->plan.leaves, leaf)),
                                        eflags);
    }
    return relation;
}

void begin(CustomScanState* node, EState* estate, int eflags) {
    FootfallAggregateState* state = cast(node);
    auto* scan = reinterpret_cast<CustomScan*>(node->ss.ps.plan);
    state->plan = readAggregatePlan(scan);
    const AggregatePlan& plan = state->plan;
    state->keyCount = list_length(plan.keys);
    state->aggregateCount = list_length(plan.aggregates);
    state->context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall aggregate", ALLOCSET_DEFAULT_SIZES);
    checkAggregates(plan.aggregates);
    state->functions = static_cast<AggregateFunction*>(
        palloc0(sizeof(AggregateFunction) * static_cast<Size>(Max(state->aggregateCount, 1))));
    state->forms = static_cast<Form_pg_attribute*>(
        palloc0(sizeof(Form_pg_attribute) *
                static_cast<Size>(Max(state->keyCount + state->aggregateCount, 1))));
    int index = 0;
    ListCell* cell;
    foreach (cell, plan.keys) {
        state->forms[index++] = valueForm(exprType(static_cast<Node*>(lfirst(cell))));
    }
    foreach (cell, plan.aggregates) {
        auto* aggref = lfirst_node(Aggref, cell);
        const char* reason = describeAggregate(aggref, &state->functions[index - state->keyCount]);
        if (reason != nullptr) {
            elog(ERROR, "FootfallAggregate cannot run: %s", reason);
        }
        state->forms[index++] = valueForm(aggref->aggtype);
    }
    if (plan.mode == AggregateMode::Final || plan.overGroups) {
        node->custom_ps = list_make1(
            ExecInitNode(static_cast<Plan*>(linitial(scan->custom_plans)), estate, eflags));
        return;
    }
    foreach (cell, scan->custom_plans) {
        node->custom_ps = lappend(node->custom_ps,
                                  ExecInitNode(static_cast<Plan*>(lfirst(cell)), estate, eflags));
    }
    state->relations = static_cast<Relation*>(
        palloc0(sizeof(Relation) * static_cast<Size>(Max(list_length(plan.leaves), 1))));
    // A worker knows none of the tables yet, and may never come to some.
    for (int i = 0; i < list_length(plan.leaves) && !IsParallelWorker(); i++) {
        openLeaf(state, i, eflags);
    }
}

bool readsTables(const FootfallAggregateState* state) {
    return state->plan.mode != AggregateMode::Final && !state->plan.overGroups;
}

void prepareFilter(FootfallAggregateState* state) {
    const AggregatePlan& plan = state->plan;
    if (readsTables(state) && plan.predicates != NIL) {
        List* values = initInterpretedList(plan.predicateValues, &state->css.ss.ps);
        preparePredicates(&state->filter, plan.predicates, values, state->css.ss.ps.ps_ExprContext);
    }
    removeLeaves(&state->plan, &state->filter);
}

// Whether there is a row to evaluate expressions for, as far as it matters whether they are.
bool mayMeetRows(FootfallAggregateState* state) {
    if (!readsTables(state) || state->shared != nullptr || !hasPendingValues(&state->css)) {
        return true;
    }
    for (int i = 0; i < list_length(state->plan.leaves); i++) {
        openLeaf(state, i, 0);
    }
    return hasRow(state->plan, state->relations, state->css.ss.ps.state->es_snapshot, state->filter,
                  &state->counters);
}

// Translates the expressions and makes the engine's aggregation of them.
void prepare(FootfallAggregateState* state, bool meetsRows) {
    const AggregatePlan& plan = state->plan;
    auto* spec =
        static_cast<aggregate::AggregationSpec*>(palloc0(sizeof(aggregate::AggregationSpec)));
    state->translator = new (palloc(sizeof(ExpressionTranslator)))
        ExpressionTranslator(&state->css.ss.ps, plan.attributes);
    const int columns = list_length(plan.attributes);
    const bool reads = plan.mode != AggregateMode::Final;
    const bool joins = reads && meetsRows && plan.dimensions != NIL;
    if (!reads || !meetsRows) {
        state->translator->leaveOutValues();
    }
    // The final node has the keys' types from them.
    if (plan.dimensions != NIL) {
        DimensionJoin::name(state->translator, plan.dimensions, columns);
    }
    const auto count = static_cast<Size>(state->aggregateCount);
    auto* aggregates = static_cast<aggregate::AggregateSpec*>(
        palloc0(sizeof(aggregate::AggregateSpec) * Max(count, Size{1})));
    for (int i = 0; i < state->aggregateCount; i++) {
        aggregates[i] = translateAggregate(
            state->translator, list_nth_node(Aggref, plan.aggregates, i), state->functions[i]);
    }
    spec->aggregates = {aggregates, count};
    spec->keys = translateList(state->translator, plan.keys);
    // Before the joins the filters of the table, after them the joins' own.
    spec->filters = joins ? translateList(state->translator, plan.joinFilters)
                          : translateFilters(state->translator, plan.filters);
    std::span<const scan::Expression* const> filters;
    std::span<const scan::Expression* const> joinKeys;
    if (joins) {
        filters = translateFilters(state->translator, plan.filters);
        joinKeys = translateList(state->translator, plan.joinKeys);
    }
    state->spill = new (palloc(sizeof(SpillFiles))) SpillFiles();
    pg::ContextResource* resource = state->translator->resource();
    MemoryContext context = CurrentMemoryContext;
    pg::enterEngine([&] {
        if (reads) {
            state->evaluator = pg::makeIn<scan::Evaluator>(context, state->translator->builder(),
                                                           state->translator->foreign(), resource);
        }
        state->aggregation = pg::makeIn<aggregate::Aggregation>(
            context, *spec, state->evaluator, state->spill, get_hash_memory_limit(), resource);
        state->record = pg::makeIn<base::Buffer>(context, resource);
    });
    if (joins) {
        state->join = DimensionJoin::create(
            plan.dimensions, state->css.custom_ps, filters, joinKeys, columns, state->evaluator,
            resource, state->shared != nullptr ? kParallelPasses : kMostPasses);
    }
    state->extremes = reads ? Extremes::find(plan, state->functions, state->aggregation) : nullptr;
}

void consumeBatch(FootfallAggregateState* state, scan::Batch& batch, scan::Selection& selection) {
    if (state->join == nullptr) {
        state->aggregation->consume(batch, selection);
        return;
    }
    state->join->take(batch, selection);
    if (!selection.empty()) {
        state->aggregation->consume(*state->join, selection);
    }
}

void readLeaf(FootfallAggregateState* state, int leaf, uint32_t pass) {
    SharedAggregate* shared = state->shared;
    const int number = scanNumber(state, leaf, pass);
    if (shared != nullptr && shared->isHandedOut(number)) {
        return;
    }
    Relation relation = openLeaf(state, leaf, 0);
    MemoryContext context =
        AllocSetContextCreate(state->context, "footfall table scan", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    TableScanDesc scan =
        shared != nullptr
            ? table_beginscan_parallel(relation, shared->scan(number))
            : table_beginscan(relation, state->css.ss.ps.state->es_snapshot, 0, nullptr);
    storage::ScanFilter* filter = leafFilter(state->plan, state->filter, leaf);
    storage::setScanFilter(scan, filter);
    auto* attributes = static_cast<List*>(list_nth(state->plan.leafAttributes, leaf));
    BatchSource* source = BatchSource::create(relation, scan, attributes, &state->counters.batches);
    if (state->extremes != nullptr) {
        state->extremes->startLeaf(attributes, filter);
        source->setChoice(state->extremes);
    }
    if (shared != nullptr) {
        state->leave->startScan(number);
        source->setStop(state->leave);
    }
    scan::Selection selection;
    while (source->next(selection)) {
        pg::enterEngine([&] { consumeBatch(state, *source, selection); });
    }
    if (shared != nullptr && !state->leave->hasLeft()) {
        shared->markHandedOut(number);
    }
    source->close();
    table_endscan(scan);
    MemoryContextSwitchTo(previous);
    state->counters.addPruning(*filter);
    MemoryContextDelete(context);
}

void readGroups(FootfallAggregateState* state) {
    GroupBatches* groups = GroupBatches::open(childOf(state), state->plan.attributes);
    scan::Selection selection;
    while (groups->next(selection)) {
        pg::enterEngine([&] { state->aggregation->consume(*groups, selection); });
    }
    groups->close();
}

// The child runs in the query's context: what Gather sets up at its first row it keeps over
// rescans, which reset ours.
void mergeChild(FootfallAggregateState* state) {
    PlanState* child = childOf(state);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        MemoryContext previous = MemoryContextSwitchTo(child->state->es_query_cxt);
        TupleTableSlot* slot = ExecProcNode(child);
        MemoryContextSwitchTo(previous);
        if (TupIsNull(slot)) {
            return;
        }
        bool null = false;
        const Datum value = slot_getattr(slot, 1, &null);
        auto* bytes = reinterpret_cast<struct varlena*>(DatumGetPointer(value));
        pg::enterEngine([&] {
            state->aggregation->merge(
                {reinterpret_cast<const std::byte*>(VARDATA_ANY(bytes)), VARSIZE_ANY_EXHDR(bytes)});
        });
    }
}

// A process begins. Parallel processes begin with tables far from each other and help with the
// others' afterwards, so that each opens few of them.
int firstLeaf(FootfallAggregateState* state, int leaves, uint32_t passes) {
    SharedAggregate* shared = state->shared;
    if (shared == nullptr) {
        return 0;
    }
    for (int i = 0; i < scanCount(state); i++) {
        if (i >= scanNumber(state, 0, passes) || isRemoved(state->plan, i % leaves)) {
            shared->markHandedOut(i);
        }
    }
    state->leave->begin(shared);
    return shared->begin() % shared->processes() * leaves / shared->processes();
}

void readInput(FootfallAggregateState* state) {
    if (state->plan.overGroups) {
        readGroups(state);
    }
    const uint32_t passes = state->join != nullptr ? state->join->passes() : 1;
    const int leaves = list_length(state->plan.leaves);
    const int first = firstLeaf(state, leaves, passes);
    for (uint32_t pass = 0; pass < passes; pass++) {
        if (state->join != nullptr) {
            state->join->beginPass(pass);
        }
        for (int i = 0; i < leaves; i++) {
            const int leaf = (first + i) % leaves;
            if (!isRemoved(state->plan, leaf) && !state->leave->hasLeft()) {
                readLeaf(state, leaf, pass);
            }
        }
    }
    state->counters.lookupPasses += passes;
    const scan::EvaluationCounters& evaluation = state->evaluator->counters();
    state->counters.rowsRemoved += evaluation.rowsRemoved;
    state->counters.rowsRemovedEncoded += evaluation.rowsRemovedEncoded;
    state->counters.rowsRemovedByJoin += state->join != nullptr ? state->join->rowsRemoved() : 0;
}

void consume(FootfallAggregateState* state) {
    MemoryContext previous = MemoryContextSwitchTo(state->context);
    prepareFilter(state);
    const bool meetsRows = mayMeetRows(state);
    prepare(state, meetsRows);
    if (state->plan.mode == AggregateMode::Final) {
        mergeChild(state);
    } else if (meetsRows) {
        readInput(state);
    }
    if (state->plan.mode != AggregateMode::Partial) {
        pg::enterEngine([&] { state->aggregation->finish(); });
    }
    state->counters.spilledFiles += state->aggregation->spilledFiles();
    MemoryContextSwitchTo(previous);
    state->consumed = true;
}

// The next record of states, as the only value of the scan slot.
bool nextState(FootfallAggregateState* state, TupleTableSlot* slot) {
    bool found = false;
    pg::enterEngine([&] {
        state->record->clear();
        found = state->aggregation->nextState(*state->record);
    });
    if (!found) {
        return false;
    }
    const Size size = state->record->size();
    auto* bytes = static_cast<bytea*>(palloc(size + VARHDRSZ));
    SET_VARSIZE(bytes, size + VARHDRSZ);
    memcpy(VARDATA(bytes), state->record->data(), size);
    slot->tts_values[0] = PointerGetDatum(bytes);
    slot->tts_isnull[0] = false;
    return true;
}

bool nextGroup(FootfallAggregateState* state, TupleTableSlot* slot) {
    aggregate::Aggregation& aggregation = *state->aggregation;
    while (!state->inLot || state->group >= aggregation.groups()) {
        bool found = false;
        pg::enterEngine([&] { found = aggregation.nextGroups(); });
        if (!found) {
            return false;
        }
        state->inLot = true;
        state->group = 0;
    }
    const uint32_t group = state->group++;
    for (int i = 0; i < state->keyCount; i++) {
        const aggregate::Value key = aggregation.key(group, static_cast<uint32_t>(i));
        slot->tts_isnull[i] = key.null;
        slot->tts_values[i] =
            key.null ? Datum{0} : datumOf(state->forms[i], key.integer, key.real, key.bytes);
    }
    // The engine is entered for several results at a time. A floating sum that overflowed says so
    // there.
    constexpr int kAtOnce = 16;
    aggregate::Result results[kAtOnce];
    for (int first = 0; first < state->aggregateCount; first += kAtOnce) {
        const int count = Min(kAtOnce, state->aggregateCount - first);
        pg::enterEngine([&] {
            for (int i = 0; i < count; i++) {
                results[i] = aggregation.result(group, static_cast<uint32_t>(first + i));
            }
        });
        for (int i = 0; i < count; i++) {
            const int column = state->keyCount + first + i;
            slot->tts_values[column] =
                aggregateDatum(state->functions[first + i], state->forms[column], results[i],
                               &slot->tts_isnull[column]);
        }
    }
    return true;
}

TupleTableSlot* exec(CustomScanState* node) {
    FootfallAggregateState* state = cast(node);
    ExprContext* econtext = node->ss.ps.ps_ExprContext;
    TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
    if (!state->consumed) {
        consume(state);
    }
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ResetExprContext(econtext);
        ExecClearTuple(slot);
        memset(slot->tts_isnull, 1, static_cast<Size>(slot->tts_tupleDescriptor->natts));
        MemoryContext previous = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
        const bool found = state->plan.mode == AggregateMode::Partial ? nextState(state, slot)
                                                                      : nextGroup(state, slot);
        MemoryContextSwitchTo(previous);
        if (!found) {
            return nullptr;
        }
        ExecStoreVirtualTuple(slot);
        econtext->ecxt_scantuple = slot;
        if (node->ss.ps.qual != nullptr && !ExecQual(node->ss.ps.qual, econtext)) {
            InstrCountFiltered1(node, 1);
            continue;
        }
        return node->ss.ps.ps_ProjInfo != nullptr ? ExecProject(node->ss.ps.ps_ProjInfo) : slot;
    }
}

// Forgets all groups and what was read.
void reset(FootfallAggregateState* state) {
    if (state->spill != nullptr) {
        state->spill->dropAll();
    }
    if (state->translator != nullptr) {
        state->translator->release();
    }
    if (state->join != nullptr) {
        state->join->release();
    }
    state->translator = nullptr;
    state->evaluator = nullptr;
    state->spill = nullptr;
    state->aggregation = nullptr;
    state->record = nullptr;
    state->filter = {};
    state->join = nullptr;
    state->consumed = false;
    state->inLot = false;
    ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
    MemoryContextReset(state->context);
}

void end(CustomScanState* node) {
    FootfallAggregateState* state = cast(node);
    reset(state);
    ListCell* cell;
    foreach (cell, node->custom_ps) {
        ExecEndNode(static_cast<PlanState*>(lfirst(cell)));
    }
}

void rescan(CustomScanState* node) {
    FootfallAggregateState* state = cast(node);
    reset(state);
    ListCell* cell;
    foreach (cell, node->custom_ps) {
        auto* child = static_cast<PlanState*>(lfirst(cell));
        if (node->ss.ps.chgParam != nullptr) {
            UpdateChangedParamSet(child, node->ss.ps.chgParam);
        }
        if (child->chgParam == nullptr) {
            ExecReScan(child);
        }
    }
}

Size estimateShared(CustomScanState* node, ParallelContext*) {
    FootfallAggregateState* state = cast(node);
    return SharedAggregate::size(state->relations, list_length(state->plan.leaves),
                                 state->css.ss.ps.state->es_snapshot, scanCount(state));
}

void initializeShared(CustomScanState* node, ParallelContext* context, void* coordinate) {
    FootfallAggregateState* state = cast(node);
    state->shared = static_cast<SharedAggregate*>(coordinate);
    state->shared->initialize(state->relations, list_length(state->plan.leaves),
                              node->ss.ps.state->es_snapshot, scanCount(state),
                              context->nworkers + 1);
}

void reinitializeShared(CustomScanState* node, ParallelContext*, void*) {
    FootfallAggregateState* state = cast(node);
    state->shared->reinitialize(state->relations, list_length(state->plan.leaves));
}

void initializeWorker(CustomScanState* node, shm_toc*, void* coordinate) {
    cast(node)->shared = static_cast<SharedAggregate*>(coordinate);
}

// Called in workers when they are through, and in the leader before the shared memory goes.
void shutdown(CustomScanState* node) {
    FootfallAggregateState* state = cast(node);
    if (state->shared == nullptr) {
        return;
    }
    state->shared->counters().collect(&state->counters);
    state->shared = nullptr;
}

void explain(CustomScanState* node, List* ancestors, ExplainState* es) {
    FootfallAggregateState* state = cast(node);
    explainAggregate(state->plan, state->counters, node, ancestors, es);
}

CustomExecMethods makeExecMethods() {
    CustomExecMethods methods = {};
    methods.CustomName = "FootfallAggregate";
    methods.BeginCustomScan = begin;
    methods.ExecCustomScan = exec;
    methods.EndCustomScan = end;
    methods.ReScanCustomScan = rescan;
    methods.EstimateDSMCustomScan = estimateShared;
    methods.InitializeDSMCustomScan = initializeShared;
    methods.ReInitializeDSMCustomScan = reinitializeShared;
    methods.InitializeWorkerCustomScan = initializeWorker;
    methods.ShutdownCustomScan = shutdown;
    methods.ExplainCustomScan = explain;
    return methods;
}

const CustomExecMethods* execMethods() {
    static const CustomExecMethods methods = makeExecMethods();
    return &methods;
}

const CustomScanMethods planMethods = {"FootfallAggregate", createState};

}  // namespace

const CustomScanMethods* aggregateMethods() {
    return &planMethods;
}

void registerAggregate() {
    RegisterCustomScanMethods(&planMethods);
}

}  // namespace footfall::executor
