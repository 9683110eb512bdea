// See aggregate_path.h.
//
// Costs: pages of the columns read that pruning leaves, as FootfallScan's; then each value that is
// decoded, compared, or added to a group costs a fraction of cpu_operator_cost, since batches are
// worked on column by column. The unit: starting workers takes about 4 ms and costs 1000
// (parallel_setup_cost), so 1 is 4 microseconds. A value takes 1.25 ns on average over the
// benchmark's queries, an eighth of cpu_operator_cost; one of a DISTINCT aggregate 5 ns. In these
// units parallel_setup_cost decides when workers pay, with what they pay for pages: a worker is a
// new process, which the kernel makes a map of the shared buffers for that it touches, and takes it
// apart at the end.
#include "extension/planner/aggregate_path.h"

#include "extension/executor/footfall_aggregate.h"
#include "extension/module/settings.h"
#include "extension/planner/aggregate_plan_list.h"
#include "extension/planner/aggregate_query.h"
#include "extension/planner/dimension_join.h"
#include "extension/planner/group_estimate.h"
#include "extension/planner/read_cost.h"
#include "extension/planner/streamed_path.h"
#include "extension/planner/worker_count.h"

namespace footfall::planner {

namespace {

create_upper_paths_hook_type previousHook = nullptr;

// What a value costs in a batch, relative to cpu_operator_cost in the executor.
constexpr double kBatchFactor = 0.125;
// How much dearer a page to read makes starting workers: at 4,000 pages it costs twice as much.
constexpr double kMapFactor = 1.0 / 4000;
// How many bytes of a value are decoded as fast as a number.
constexpr double kValueBytes = 8;
// What looking up a value of a DISTINCT aggregate costs, in values.
constexpr double kDistinctValues = 4;
// What looking a row up in a dimension costs, in values.
constexpr double kLookupValues = 2;
// The least share of the rows for which columns behind a filter are decoded.
constexpr double kBlocksTouched = 0.1;

Plan* planAggregate(PlannerInfo* root, RelOptInfo*, CustomPath* path, List* targetList, List*,
                    List* children) {
    auto* scan = makeNode(CustomScan);
    const executor::AggregatePlan plan = unpackPlan(path->custom_private);
    executor::describeAggregatePlan(scan, plan);
    scan->scan.plan.targetlist = targetList;
    if (plan.mode != executor::AggregateMode::Partial) {
        scan->scan.plan.qual =
            static_cast<List*>(copyObjectImpl(reinterpret_cast<List*>(root->parse->havingQual)));
    }
    scan->scan.scanrelid = 0;
    scan->flags = path->flags;
    scan->custom_plans = children;
    scan->methods = executor::aggregateMethods();
    return &scan->scan.plan;
}

const CustomPathMethods pathMethods = {"FootfallAggregate", planAggregate, nullptr};

CustomPath* makePath(RelOptInfo* grouped, PathTarget* target, const AggregateQuery& query,
                     executor::AggregateMode mode, int workers) {
    executor::AggregatePlan plan = query.plan;
    plan.mode = mode;
    plan.customer = 0;
    auto* path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = grouped;
    path->path.pathtarget = target;
    path->path.parallel_aware = workers > 0 && !plan.overGroups;
    // A final node has a Gather below it.
    path->path.parallel_safe = grouped->consider_parallel && mode != executor::AggregateMode::Final;
    path->path.parallel_workers = workers;
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    path->custom_private = packPlan(plan);
    path->methods = &pathMethods;
    return path;
}

// What a stream of groups costs that are taken in batches, of what it costs as rows. Most of the
// difference is not in the costs of rows, which are estimated from too few groups as a rule; and
// PostgreSQL prefers a path that is sorted to one that is cheaper by a hundredth.
constexpr double kGroupsInBatches = 0.9;

// What reading, filtering and grouping all rows costs one process.
struct ReadCost {
    Cost pages;
    Cost cpu;
};

// How many of the attributes the expressions use.
int countAttributes(List* expressions, Index relid) {
    Bitmapset* used = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(expressions), relid, &used);
    return bms_num_members(used);
}

// What decoding a row's columns that no filter uses costs, in values: a wide text several.
double othersDecoded(const RelOptInfo* fact, const executor::AggregatePlan& plan) {
    Bitmapset* filtered = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(plan.filters), fact->relid, &filtered);
    double values = 0;
    ListCell* cell;
    foreach (cell, plan.attributes) {
        const int attribute = lfirst_int(cell);
        if (attribute <= 0) {
            values++;
        } else if (!bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, filtered)) {
            values += Max(1.0, fact->attr_widths[attribute - fact->min_attr] / kValueBytes);
        }
    }
    return values;
}

// What keys and aggregates cost a row that passed the filters, in cpu_operator_cost's unit.
Cost groupingCost(PlannerInfo* root, const executor::AggregatePlan& plan) {
    QualCost cost;
    cost_qual_eval(&cost, plan.keys, root);
    Cost perRow = cost.per_tuple + cpu_operator_cost * list_length(plan.keys);
    ListCell* cell;
    foreach (cell, plan.aggregates) {
        auto* aggref = lfirst_node(Aggref, cell);
        for (Node* part :
             {reinterpret_cast<Node*>(aggref->args), reinterpret_cast<Node*>(aggref->aggfilter)}) {
            cost_qual_eval_node(&cost, part, root);
            perRow += cost.per_tuple;
        }
        perRow += cpu_operator_cost * (aggref->aggdistinct != NIL ? kDistinctValues : 1);
    }
    return perRow;
}

// What looking up costs a row of the fact table.
Cost lookupCost(PlannerInfo* root, const executor::AggregatePlan& plan) {
    QualCost keys;
    QualCost filters;
    cost_qual_eval(&keys, plan.joinKeys, root);
    cost_qual_eval(&filters, plan.joinFilters, root);
    return keys.per_tuple + filters.per_tuple +
           cpu_operator_cost * kLookupValues * list_length(plan.dimensions);
}

// What reading the dimensions costs each process.
Cost dimensionCost(const List* paths) {
    Cost cost = 0;
    ListCell* cell;
    foreach (cell, paths) {
        auto* path = static_cast<Path*>(lfirst(cell));
        const int columns = list_length(path->pathtarget->exprs);
        cost += path->total_cost + path->rows * cpu_operator_cost * (1 + 2 * columns);
    }
    return cost;
}

ReadCost readCost(PlannerInfo* root, RelOptInfo* input, const AggregateQuery& query) {
    const executor::AggregatePlan& plan = query.plan;
    RelOptInfo* fact = query.fact;
    QualCost filters;
    cost_qual_eval(&filters, plan.filters, root);
    const int filtered = countAttributes(plan.filters, fact->relid);
    // Columns that no filter uses are read where a filter left something.
    const double left = Min(Max(fact->rows, query.tuples * kBlocksTouched), query.tuples);
    ReadCost cost;
    cost.pages = seq_page_cost * query.pages * columnShare(fact, plan.attributes);
    cost.cpu = kBatchFactor *
               (query.tuples * (cpu_operator_cost * (filtered + 1) + filters.per_tuple) +
                left * cpu_operator_cost * othersDecoded(fact, plan) +
                fact->rows * lookupCost(root, plan) + input->rows * groupingCost(root, plan));
    return cost;
}

// Dimensions that do not fit into memory are better joined by PostgreSQL, which splits them.
bool dimensionsFit(const AggregateQuery& query) {
    return dimensionBytes(query.dimensions) <= static_cast<double>(get_hash_memory_limit());
}

void setDisabledNodes(Path* path, const List* children) {
#if PG_VERSION_NUM >= 180000
    ListCell* cell;
    foreach (cell, children) {
        path->disabled_nodes += static_cast<Path*>(lfirst(cell))->disabled_nodes;
    }
#else
    (void)path;
    (void)children;
#endif
}

// Under require_vectorized the plans here are all but free, and keep their order among themselves.
Cost asRequired(Cost cost) {
    return module::requireVectorized ? cost * 1e-6 : cost;
}

void setCosts(Path* path, Cost startup, Cost total, double rows) {
    path->startup_cost = asRequired(startup);
    path->total_cost = asRequired(total);
    path->rows = clamp_row_est(rows);
}

// What a row costs a hash table of many groups with a set of values each, of what it costs one that
// stays in the cache.
constexpr double kMissedCache = 3;

void addSerial(PlannerInfo* root, RelOptInfo* input, RelOptInfo* grouped,
               const AggregateQuery& query, double cacheFactor) {
    List* dimensions = dimensionPaths(query.dimensions, false);
    if (list_length(dimensions) < list_length(query.dimensions)) {
        return;
    }
    const ReadCost cost = readCost(root, input, query);
    const double groups = estimateGroups(root, query.plan.keys, Max(input->rows, 1.0));
    CustomPath* path = makePath(grouped, query.target, query, executor::AggregateMode::Serial, 0);
    Cost startup = cost.pages + cost.cpu * cacheFactor + dimensionCost(dimensions) +
                   query.target->cost.startup;
    if (query.groups != nullptr) {
        path->custom_paths = list_make1(query.groups);
        startup += query.groups->total_cost * kGroupsInBatches;
    } else {
        path->custom_paths = dimensions;
    }
    setDisabledNodes(&path->path, path->custom_paths);
    setCosts(&path->path, startup,
             startup + groups * (cpu_tuple_cost + query.target->cost.per_tuple), groups);
    add_path(grouped, &path->path);
}

bool hasDistinct(const AggregateQuery& query) {
    ListCell* cell;
    foreach (cell, query.plan.aggregates) {
        if (lfirst_node(Aggref, cell)->aggdistinct != NIL) {
            return true;
        }
    }
    return false;
}

void addParallel(PlannerInfo* root, RelOptInfo* input, RelOptInfo* grouped,
                 const AggregateQuery& query, double cacheFactor) {
    if (!grouped->consider_parallel || !input->consider_parallel) {
        return;
    }
    const int workers = query.partialGroups != nullptr ? query.partialGroups->parallel_workers
                                                       : workersOfBatches(query.fact, query.pages);
    List* dimensions = dimensionPaths(query.dimensions, true);
    if (workers <= 0 || list_length(dimensions) < list_length(query.dimensions) ||
        (query.groups != nullptr && query.partialGroups == nullptr)) {
        return;
    }
    const ReadCost cost = readCost(root, input, query);
    const double groups = estimateGroups(root, query.plan.keys, Max(input->rows, 1.0));
    const double sent =
        estimateStatesSent(root, query.plan.aggregates, groups, Max(input->rows, groups));
    double records = Max(1.0 + sent / 4096, workers);

    PathTarget* target = create_empty_pathtarget();
    add_column_to_pathtarget(target,
                             executor::stateExpression(query.plan.keys, query.plan.aggregates), 0);
    target->width = 65536;
    CustomPath* partial =
        makePath(grouped, target, query, executor::AggregateMode::Partial, workers);
    Cost read =
        cost.pages + cost.cpu * cacheFactor / parallelDivisor(workers) + dimensionCost(dimensions);
    if (query.partialGroups != nullptr) {
        partial->custom_paths = list_make1(query.partialGroups);
        read += query.partialGroups->total_cost * kGroupsInBatches;
    } else {
        partial->custom_paths = dimensions;
    }
    setDisabledNodes(&partial->path, partial->custom_paths);
    setCosts(&partial->path, read, read + sent * cpu_tuple_cost * kBatchFactor, records);
    GatherPath* gather =
        create_gather_path(root, grouped, &partial->path, target, nullptr, &records);

    CustomPath* path = makePath(grouped, query.target, query, executor::AggregateMode::Final, 0);
    path->custom_paths = list_make1(gather);
    setDisabledNodes(&path->path, dimensions);
    const Cost startup =
        read + parallel_setup_cost * (1 + cost.pages * kMapFactor) + parallel_tuple_cost * records +
        sent * workers * cpu_tuple_cost * kBatchFactor + query.target->cost.startup;
    setCosts(&path->path, startup,
             startup + groups * (cpu_tuple_cost + query.target->cost.per_tuple), groups);
    add_path(grouped, &path->path);
}

// How many groups are worth being streamed rather than hashed: a hash table of fewer stays in the
// cache.
constexpr double kManyGroups = 20000;

// What a group or a value of a DISTINCT aggregate takes in memory, about.
constexpr double kGroupBytes = 64;

// How many rows the customer with the most has; those without a customer are one.
double mostRowsOfCustomer(PlannerInfo* root, RelOptInfo* input, const AggregateQuery& query) {
    Var* customer = nullptr;
    ListCell* cell;
    foreach (cell, query.plan.keys) {
        auto* key = static_cast<Node*>(lfirst(cell));
        if (IsA(key, Var) && reinterpret_cast<Var*>(key)->varattno == query.plan.customer) {
            customer = reinterpret_cast<Var*>(key);
        }
    }
    VariableStatData data;
    examine_variable(root, reinterpret_cast<Node*>(customer), static_cast<int>(input->relid),
                     &data);
    double share = 0;
    if (HeapTupleIsValid(data.statsTuple)) {
        share = reinterpret_cast<Form_pg_statistic>(GETSTRUCT(data.statsTuple))->stanullfrac;
        AttStatsSlot slot;
        if (get_attstatsslot(&slot, data.statsTuple, STATISTIC_KIND_MCV, InvalidOid,
                             ATTSTATSSLOT_NUMBERS)) {
            share = Max(share, slot.nnumbers > 0 ? double{slot.numbers[0]} : 0);
            free_attstatsslot(&slot);
        }
    }
    ReleaseVariableStats(data);
    return share * input->rows;
}

// What a hot row takes beside its columns while a stream sorts it in memory; and what reading it,
// keeping it and sorting it costs, in cpu_tuple_cost (40 ns): about 120 ns.
constexpr double kSortedRowBytes = 20;
constexpr double kSortedRowFactor = 3;

// Whether what one customer's rows make fits into memory: a stream has it there at once, where
// hashed groups would be spilled.
bool streamFits(PlannerInfo* root, RelOptInfo* input, const AggregateQuery& query) {
    bool manyEach = list_length(query.plan.keys) > 1;
    ListCell* cell;
    foreach (cell, query.plan.aggregates) {
        manyEach = manyEach || lfirst_node(Aggref, cell)->aggdistinct != NIL;
    }
    return !manyEach || mostRowsOfCustomer(root, input, query) * kGroupBytes <
                            static_cast<double>(get_hash_memory_limit());
}

// What reading and sorting hot rows costs a process: their numbers in memory, or all of them.
Cost hotSortCost(const AggregateQuery& query, double hot) {
    double bytes = kSortedRowBytes;
    ListCell* cell;
    foreach (cell, query.plan.attributes) {
        const int attribute = lfirst_int(cell);
        bytes += attribute > 0 ? query.fact->attr_widths[attribute - query.fact->min_attr] : 0;
    }
    if (hot * bytes < 1024.0 * work_mem) {
        return hot * kSortedRowFactor * cpu_tuple_cost;
    }
    return hot * (cpu_tuple_cost + 2 * cpu_operator_cost * log2(Max(hot, 2.0)));
}

// An aggregate whose groups come customer by customer, serially and from parallel processes; false
// where there is none.
bool addStreamed(PlannerInfo* root, RelOptInfo* input, RelOptInfo* grouped,
                 const AggregateQuery& query) {
    const double groups = estimateGroups(root, query.plan.keys, Max(input->rows, 1.0));
    if (query.plan.customer == 0 ||
        (!query.needsStream && (groups < kManyGroups || !streamFits(root, input, query)))) {
        return false;
    }
    const ReadCost cost = readCost(root, input, query);
    // Every process sorts the hot rows. PostgreSQL's own behavioural aggregates cost far more than
    // the planner knows, so these are streamed in any case.
    const double hot = query.needsStream ? 0 : query.hotTuples;
    const Cost sort = hotSortCost(query, hot);
    const auto make = [&](int workers) {
        CustomPath* path =
            makePath(grouped, query.target, query, executor::AggregateMode::Serial, workers);
        path->custom_private = packPlan(query.plan);
        path->methods = streamedPathMethods();
        const double divisor = parallelDivisor(workers);
        const double rows = groups / divisor;
        // The first groups come when the hot rows are sorted and a range is through.
        const Cost startup = query.target->cost.startup;
        setCosts(&path->path, startup,
                 startup + cost.pages + sort + cost.cpu / divisor +
                     rows * (cpu_tuple_cost * kBatchFactor + query.target->cost.per_tuple),
                 rows);
        return path;
    };
    add_path(grouped, &make(0)->path);
    const int workers =
        compute_parallel_worker(input, query.pages, -1, max_parallel_workers_per_gather);
    if (!grouped->consider_parallel || !input->consider_parallel || workers <= 0) {
        return true;
    }
    add_partial_path(grouped, &make(workers)->path);
    if (root->parent_root == nullptr) {
        double rows = groups;
        add_path(grouped, &create_gather_path(root, grouped, &make(workers)->path, query.target,
                                              nullptr, &rows)
                               ->path);
    }
    return true;
}

// The grouping that the stage makes; false when it makes none that is for us.
bool describeGrouping(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* grouped, void* extra,
                      Grouping* grouping) {
    const Query* parse = root->parse;
    if (stage == UPPERREL_GROUP_AGG) {
        *grouping = {parse->groupClause, grouped->reltarget,
                     static_cast<GroupPathExtraData*>(extra)->havingQual};
        return true;
    }
    if (stage != UPPERREL_DISTINCT || parse->hasDistinctOn || parse->hasAggs ||
        parse->groupClause != NIL || parse->groupingSets != NIL || parse->havingQual != nullptr ||
        parse->hasWindowFuncs || parse->hasTargetSRFs) {
        return false;
    }
    *grouping = {parse->distinctClause, root->upper_targets[UPPERREL_DISTINCT], nullptr};
    return true;
}

void offerAggregate(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input,
                    RelOptInfo* grouped, void* extra) {
    if (previousHook != nullptr) {
        previousHook(root, stage, input, grouped, extra);
    }
    if (!module::enableVectorized && !module::requireVectorized) {
        return;
    }
    Grouping grouping;
    if (!describeGrouping(root, stage, grouped, extra, &grouping)) {
        return;
    }
    AggregateQuery query;
    const char* reason = recogniseAggregate(root, input, grouping, &query);
    if (reason == nullptr && !module::enableVectorized) {
        reason = "footfall.enable_vectorized is off";
    }
    if (reason != nullptr) {
        // What we cannot make distinct PostgreSQL does, of rows that FootfallScan reads.
        if (module::requireVectorized && stage == UPPERREL_GROUP_AGG && query.concernsFootfall &&
            !query.forExecutor) {
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg("the aggregate cannot be vectorised: %s", reason),
                            errhint("footfall.require_vectorized is on.")));
        }
        return;
    }
    // Where groups are streamed, they are too many for the cache when each has a set.
    const bool streamed = addStreamed(root, input, grouped, query);
    const double cacheFactor = streamed && hasDistinct(query) ? kMissedCache : 1;
    if (query.needsStream || !dimensionsFit(query)) {
        return;
    }
    addSerial(root, input, grouped, query, cacheFactor);
    addParallel(root, input, grouped, query, cacheFactor);
}

}  // namespace

void installAggregateHook() {
    previousHook = create_upper_paths_hook;
    create_upper_paths_hook = offerAggregate;
    executor::registerAggregate();
}

}  // namespace footfall::planner
