// See footfall_stream.h.
//
// Memory: as in footfall_aggregate.cpp, what one execution makes is in one context that a rescan
// resets. Groups and events are those of a piece of a range (customer_stream.h); events are bounded
// by work_mem and what a group of the plain aggregates may take.
#include "extension/executor/footfall_stream.h"

#include "extension/executor/aggregate_setup.h"
#include "extension/executor/interpreted_expression.h"
#include "extension/executor/leaf_ranges.h"
#include "extension/executor/pending_values.h"
#include "extension/executor/scan_predicates.h"
#include "extension/executor/state_memory.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"

namespace footfall::executor {

namespace {

FootfallStreamState* cast(void* node) {
    return static_cast<FootfallStreamState*>(node);
}

const CustomExecMethods* execMethods();

void describe(const Aggref* aggref, StreamAggregate* target) {
    target->form = valueForm(aggref->aggtype);
    const char* reason = describeAggregate(aggref, &target->function);
    if (reason != nullptr) {
        target->behavioural = true;
        reason = describeGroupFunction(aggref, &target->call);
    }
    if (reason != nullptr) {
        elog(ERROR, "FootfallAggregate cannot run: %s", reason);
    }
    if (type_is_rowtype(aggref->aggtype)) {
        target->row = lookup_rowtype_tupdesc_copy(aggref->aggtype, -1);
    }
}

void begin(CustomScanState* node, EState* estate, int eflags) {
    FootfallStreamState* state = cast(node);
    state->plan = readAggregatePlan(reinterpret_cast<CustomScan*>(node->ss.ps.plan));
    const AggregatePlan& plan = state->plan;
    state->keyCount = list_length(plan.keys);
    state->aggregateCount = list_length(plan.aggregates);
    state->context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall stream", ALLOCSET_DEFAULT_SIZES);
    checkAggregates(plan.aggregates);
    state->aggregates = static_cast<StreamAggregate*>(
        palloc0(sizeof(StreamAggregate) * static_cast<Size>(Max(state->aggregateCount, 1))));
    state->keyForms = static_cast<Form_pg_attribute*>(
        palloc0(sizeof(Form_pg_attribute) * static_cast<Size>(Max(state->keyCount, 1))));
    for (int i = 0; i < state->keyCount; i++) {
        state->keyForms[i] = valueForm(exprType(static_cast<Node*>(list_nth(plan.keys, i))));
    }
    for (int i = 0; i < state->aggregateCount; i++) {
        describe(list_nth_node(Aggref, plan.aggregates, i), &state->aggregates[i]);
    }
    state->relations = static_cast<Relation*>(
        palloc0(sizeof(Relation) * static_cast<Size>(Max(list_length(plan.leaves), 1))));
    for (int i = 0; i < list_length(plan.leaves); i++) {
        state->relations[i] =
            ExecOpenScanRelation(estate, static_cast<Index>(list_nth_int(plan.leaves, i)), eflags);
    }
}

// Translates the expressions and makes what computes a range.
void prepareEngine(FootfallStreamState* state) {
    const AggregatePlan& plan = state->plan;
    PlanState* planState = &state->css.ss.ps;
    state->translator =
        new (palloc(sizeof(ExpressionTranslator))) ExpressionTranslator(planState, plan.attributes);
    const auto count = static_cast<Size>(state->aggregateCount);
    auto* specs = static_cast<aggregate::AggregateSpec*>(
        palloc0(sizeof(aggregate::AggregateSpec) * Max(count, Size{1})));
    auto* calls = static_cast<behavior::GroupAggregateSpec*>(
        palloc0(sizeof(behavior::GroupAggregateSpec) * Max(count, Size{1})));
    Size own = 0;
    for (Size i = 0; i < count; i++) {
        StreamAggregate& target = state->aggregates[i];
        const auto* aggref = list_nth_node(Aggref, plan.aggregates, static_cast<int>(i));
        if (target.behavioural) {
            calls[i] = translateGroupFunction(target.call, aggref, planState, state->translator);
        } else {
            target.index = static_cast<uint32_t>(own);
            specs[own++] = translateAggregate(state->translator, aggref, target.function);
        }
    }
    auto* spec =
        static_cast<aggregate::AggregationSpec*>(palloc0(sizeof(aggregate::AggregationSpec)));
    spec->aggregates = {specs, own};
    spec->keys = translateList(state->translator, plan.keys);
    spec->filters = translateFilters(state->translator, plan.filters);
    pg::ContextResource* resource = state->translator->resource();
    MemoryContext context = CurrentMemoryContext;
    const size_t limit = stateLimit();
    auto* events = new (palloc(sizeof(StateResource))) StateResource(context);
    pg::enterEngine([&] {
        state->evaluator = pg::makeIn<scan::Evaluator>(context, state->translator->builder(),
                                                       state->translator->foreign(), resource);
        state->aggregation = pg::makeIn<aggregate::Aggregation>(context, *spec, state->evaluator,
                                                                nullptr, size_t{0}, resource);
        for (Size i = 0; i < count; i++) {
            if (state->aggregates[i].behavioural) {
                state->aggregates[i].state =
                    behavior::makeGroupAggregate(calls[i], *state->evaluator, limit, events);
            }
        }
    });
}

void prepare(FootfallStreamState* state) {
    MemoryContext previous = MemoryContextSwitchTo(state->context);
    const AggregatePlan& plan = state->plan;
    storage::ScanFilter filter = {};
    if (plan.predicates != NIL) {
        List* values = initInterpretedList(plan.predicateValues, &state->css.ss.ps);
        preparePredicates(&filter, plan.predicates, values, state->css.ss.ps.ps_ExprContext);
    }
    removeLeaves(&state->plan, &filter);
    if (state->shared == nullptr && hasPendingValues(&state->css) &&
        !hasRow(plan, state->relations, state->css.ss.ps.state->es_snapshot, filter,
                &state->counters)) {
        checkFunctions(plan, &state->css.ss.ps);
        state->finished = true;
        MemoryContextSwitchTo(previous);
        return;
    }
    prepareEngine(state);
    const int leaves = list_length(plan.leaves);
    state->filters = static_cast<storage::ScanFilter**>(
        palloc(sizeof(storage::ScanFilter*) * static_cast<Size>(Max(leaves, 1))));
    for (int i = 0; i < leaves; i++) {
        state->filters[i] = leafFilter(plan, filter, i);
    }
    const int least = state->shared != nullptr ? state->shared->ranges.leastRanges() : 1;
    state->stream =
        CustomerStream::open(plan, state->relations, state->css.ss.ps.state->es_snapshot,
                             state->filters, least, &state->counters.batches);
    if (state->shared != nullptr) {
        state->shared->ranges.check(state->stream->ranges());
    }
    state->nextRange = 0;
    state->lotEnd = state->shared != nullptr ? 0 : state->stream->ranges().count;
    state->inRange = false;
    MemoryContextSwitchTo(previous);
}

bool takeLot(FootfallStreamState* state) {
    return state->shared != nullptr &&
           state->shared->ranges.take(state->stream->ranges(), &state->nextRange, &state->lotEnd);
}

void collectCounters(FootfallStreamState* state) {
    if (state->evaluator == nullptr) {
        return;
    }
    const scan::EvaluationCounters& evaluation = state->evaluator->counters();
    state->counters.rowsRemoved += evaluation.rowsRemoved;
    state->counters.rowsRemovedEncoded += evaluation.rowsRemovedEncoded;
    for (int i = 0; i < list_length(state->plan.leaves); i++) {
        state->counters.addPruning(*state->filters[i]);
    }
}

// Ends the reading; what was computed stays.
void closeStream(FootfallStreamState* state) {
    if (state->stream != nullptr) {
        collectCounters(state);
        state->stream->close();
        state->stream = nullptr;
    }
}

// Groups and DISTINCT values of one customer cannot be split; they may take what a group of the
// plain aggregates may.
void checkMemory(const aggregate::Aggregation& aggregation) {
    if (aggregation.memoryBytes() > stateLimit()) {
        ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY),
                        errmsg("the groups of one customer do not fit into memory"),
                        errdetail("They take more than work_mem and 240 MB."),
                        errhint("Leave out rows without a customer, raise work_mem, or set "
                                "footfall.enable_vectorized to off.")));
    }
}

// The groups of the piece that the stream stands on.
void computePiece(FootfallStreamState* state) {
    aggregate::Aggregation& aggregation = *state->aggregation;
    StreamAggregate* end = state->aggregates + state->aggregateCount;
    pg::enterEngine([&] {
        aggregation.restart();
        for (StreamAggregate* one = state->aggregates; one < end; one++) {
            if (one->behavioural) {
                one->state->restart();
            }
        }
    });
    scan::Selection selection;
    while (state->stream->next(selection)) {
        scan::Batch& batch = state->stream->batch();
        pg::enterEngine([&] {
            aggregation.consume(batch, selection);
            if (selection.empty()) {
                return;
            }
            for (StreamAggregate* one = state->aggregates; one < end; one++) {
                if (one->behavioural) {
                    one->state->consume(batch, selection, aggregation.rowGroups());
                }
            }
        });
        checkMemory(aggregation);
    }
    pg::enterEngine([&] {
        aggregation.finish();
        state->groups = aggregation.nextGroups() ? aggregation.groups() : 0;
        for (StreamAggregate* one = state->aggregates; one < end; one++) {
            if (one->behavioural) {
                one->state->finish(state->groups);
            }
        }
    });
    state->group = 0;
}

bool nextRow(FootfallStreamState* state, TupleTableSlot* slot) {
    if (state->group >= state->groups && !nextGroupRange(state)) {
        return false;
    }
    const uint32_t group = state->group++;
    for (int i = 0; i < state->keyCount; i++) {
        slot->tts_values[i] = streamKey(state, group, i, &slot->tts_isnull[i]);
    }
    for (int i = 0; i < state->aggregateCount; i++) {
        const int column = state->keyCount + i;
        slot->tts_values[column] = streamResult(state, group, i, &slot->tts_isnull[column]);
    }
    return true;
}

TupleTableSlot* exec(CustomScanState* node) {
    FootfallStreamState* state = cast(node);
    ExprContext* econtext = node->ss.ps.ps_ExprContext;
    TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ResetExprContext(econtext);
        ExecClearTuple(slot);
        memset(slot->tts_isnull, 1, static_cast<Size>(slot->tts_tupleDescriptor->natts));
        MemoryContext previous = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
        const bool found = nextRow(state, slot);
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

void reset(FootfallStreamState* state) {
    closeStream(state);
    if (state->translator != nullptr) {
        state->translator->release();
    }
    state->translator = nullptr;
    state->evaluator = nullptr;
    state->aggregation = nullptr;
    state->finished = false;
    state->group = 0;
    state->groups = 0;
    ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
    MemoryContextReset(state->context);
}

void end(CustomScanState* node) {
    reset(cast(node));
}

void rescan(CustomScanState* node) {
    reset(cast(node));
}

void explain(CustomScanState* node, List* ancestors, ExplainState* es) {
    FootfallStreamState* state = cast(node);
    explainAggregate(state->plan, state->counters, node, ancestors, es);
}

CustomExecMethods makeExecMethods() {
    CustomExecMethods methods = {};
    methods.CustomName = "FootfallAggregate";
    methods.BeginCustomScan = begin;
    methods.ExecCustomScan = exec;
    methods.EndCustomScan = end;
    methods.ReScanCustomScan = rescan;
    SharedRangesMethods<FootfallStreamState, closeStream>::fill(&methods);
    methods.ExplainCustomScan = explain;
    return methods;
}

const CustomExecMethods* execMethods() {
    static const CustomExecMethods methods = makeExecMethods();
    return &methods;
}

}  // namespace

Node* createStreamState() {
    auto* state = static_cast<FootfallStreamState*>(palloc0(sizeof(FootfallStreamState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = execMethods();
    return reinterpret_cast<Node*>(state);
}

bool nextGroupRange(FootfallStreamState* state) {
    if (state->finished) {
        return false;
    }
    if (state->stream == nullptr) {
        prepare(state);
    }
    if (state->finished) {
        return false;
    }
    MemoryContext previous = MemoryContextSwitchTo(state->context);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (!state->inRange) {
            if (state->nextRange >= state->lotEnd && !takeLot(state)) {
                break;
            }
            state->inRange = true;
            state->counters.ranges++;
        }
        if (!state->stream->startPiece(state->nextRange)) {
            state->inRange = false;
            state->nextRange++;
            continue;
        }
        computePiece(state);
        if (state->groups > 0) {
            MemoryContextSwitchTo(previous);
            return true;
        }
    }
    MemoryContextSwitchTo(previous);
    closeStream(state);
    state->finished = true;
    return false;
}

Datum streamKey(const FootfallStreamState* state, uint32_t group, int key, bool* null) {
    const aggregate::Value value = state->aggregation->key(group, static_cast<uint32_t>(key));
    *null = value.null;
    return value.null ? Datum{0}
                      : datumOf(state->keyForms[key], value.integer, value.real, value.bytes);
}

Datum streamResult(const FootfallStreamState* state, uint32_t group, int aggregate, bool* null) {
    const StreamAggregate& target = state->aggregates[aggregate];
    if (target.behavioural) {
        behavior::GroupResult result;
        pg::enterEngine([&] { result = target.state->result(group); });
        return groupDatum(target.call.function, result, target.row, null);
    }
    aggregate::Result result;
    pg::enterEngine([&] { result = state->aggregation->result(group, target.index); });
    return aggregateDatum(target.function, target.form, result, null);
}

FootfallStreamState* streamOf(PlanState* state) {
    if (IsA(state, SubqueryScanState)) {
        state = reinterpret_cast<SubqueryScanState*>(state)->subplan;
    }
    if (!IsA(state, CustomScanState) ||
        reinterpret_cast<CustomScanState*>(state)->methods != execMethods()) {
        return nullptr;
    }
    return cast(state);
}

}  // namespace footfall::executor
