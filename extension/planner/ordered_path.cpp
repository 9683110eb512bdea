// See ordered_path.h.
//
// The paths are made when PostgreSQL asks for what stands above the scan: it drops those of a
// partitioned table that are no Append of its partitions'.
//
// A window function over PARTITION BY the customer is offered in parallel, too, since all rows of a
// customer are one process's (executor/ordered_scan.h). PostgreSQL itself never runs a window
// function below Gather, because two processes may have rows of equal rank in different orders;
// here no partition is seen by two.
//
// Costs: reading as FootfallScan's, rows made one by one; putting a row into its place in a piece
// costs about two comparisons.
#include "extension/planner/ordered_path.h"

#include "extension/executor/ordered_scan.h"
#include "extension/executor/value_type.h"
#include "extension/module/settings.h"
#include "extension/pg/tree_walk.h"
#include "extension/planner/aggregate_plan_list.h"
#include "extension/planner/aggregate_query.h"
#include "extension/planner/read_cost.h"

namespace footfall::planner {

namespace {

create_upper_paths_hook_type previousHook = nullptr;

// What the order of a path is made of.
struct OrderedRead {
    executor::AggregatePlan plan;
    List* order;     // positions in plan.keys
    List* pathkeys;  // what is asked for
    TreeSize size;
};

// The relation's column that a pathkey sorts by, ascending and NULLs last; nullptr for another.
Var* columnOf(const PathKey* key, const RelOptInfo* relation) {
    if (key->pk_nulls_first || key->pk_eclass->ec_has_volatile) {
        return nullptr;
    }
    ListCell* cell;
    foreach (cell, key->pk_eclass->ec_members) {
        auto* member = lfirst_node(EquivalenceMember, cell);
        if (member->em_is_child || !IsA(member->em_expr, Var)) {
            continue;
        }
        auto* var = reinterpret_cast<Var*>(member->em_expr);
        if (var->varno != static_cast<int>(relation->relid) || var->varlevelsup != 0 ||
            var->varattno <= 0 || !executor::isIntegerInside(var->vartype)) {
            continue;
        }
        const Oid less = lookup_type_cache(var->vartype, TYPECACHE_LT_OPR)->lt_opr;
        if (get_opfamily_member(key->pk_opfamily, var->vartype, var->vartype,
                                BTLessStrategyNumber) == less) {
#if PG_VERSION_NUM >= 180000
            return key->pk_cmptype == COMPARE_LT ? var : nullptr;
#else
            return key->pk_strategy == BTLessStrategyNumber ? var : nullptr;
#endif
        }
    }
    return nullptr;
}

bool isColumnOf(const void* node, const RelOptInfo* relation) {
    if (!IsA(node, Var)) {
        return false;
    }
    const auto* var = static_cast<const Var*>(node);
    return var->varno == static_cast<int>(relation->relid) && var->varlevelsup == 0 &&
           var->varattno > 0;
}

// Whether the rows that `input` gives can be read in the order of the pathkeys.
bool recogniseOrder(PlannerInfo* root, RelOptInfo* input, List* pathkeys, OrderedRead* read) {
    *read = {};
    if (!module::enableScan || !module::enableVectorized || pathkeys == NIL ||
        input->reloptkind != RELOPT_BASEREL || input->rtekind != RTE_RELATION ||
        IS_DUMMY_REL(input) || !bms_is_empty(input->lateral_relids) ||
        root->parse->rowMarks != NIL || root->rowMarks != NIL || root->parse->hasTargetSRFs ||
        bms_is_member(static_cast<int>(input->relid), root->all_result_relids) ||
        planner_rt_fetch(input->relid, root)->tablesample != nullptr) {
        return false;
    }
    List* columns = pull_var_clause(
        reinterpret_cast<Node*>(input->reltarget->exprs),
        PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS | PVC_INCLUDE_PLACEHOLDERS);
    ListCell* cell;
    foreach (cell, columns) {
        if (!isColumnOf(lfirst(cell), input)) {
            return false;
        }
        read->plan.keys = list_append_unique(read->plan.keys, lfirst(cell));
    }
    foreach (cell, pathkeys) {
        Var* column = columnOf(lfirst_node(PathKey, cell), input);
        if (column == nullptr) {
            return false;
        }
        read->plan.keys = list_append_unique(read->plan.keys, column);
        int position = 0;
        while (!equal(list_nth(read->plan.keys, position), column)) {
            position++;
        }
        read->order = lappend_int(read->order, position);
        if (read->plan.customer == 0) {
            read->plan.customer = column->varattno;
        }
    }
    if (describeTreeRead(root, input, &read->plan) != nullptr ||
        !leadsOrderKey(root, read->plan, read->plan.customer)) {
        return false;
    }
    read->pathkeys = pathkeys;
    read->size = sizeAfterPruning(root, read->plan);
    return true;
}

Plan* planOrdered(PlannerInfo*, RelOptInfo*, CustomPath* path, List* targetList, List*, List*) {
    auto* scan = makeNode(CustomScan);
    executor::describeOrderedScan(scan,
                                  unpackPlan(static_cast<List*>(linitial(path->custom_private))),
                                  static_cast<List*>(lsecond(path->custom_private)));
    scan->scan.plan.targetlist = targetList;
    scan->scan.scanrelid = 0;
    scan->flags = path->flags;
    scan->methods = executor::orderedScanMethods();
    return &scan->scan.plan;
}

const CustomPathMethods pathMethods = {"FootfallScan", planOrdered, nullptr};

// The rows of `input`, as its target has them.
Path* makePath(PlannerInfo* root, RelOptInfo* input, const OrderedRead& read, int workers) {
    auto* path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = input;
    path->path.pathtarget = create_empty_pathtarget();
    ListCell* cell;
    foreach (cell, read.plan.keys) {
        add_column_to_pathtarget(path->path.pathtarget, static_cast<Expr*>(lfirst(cell)), 0);
    }
    set_pathtarget_cost_width(root, path->path.pathtarget);
    path->path.parallel_aware = workers > 0;
    path->path.parallel_safe = input->consider_parallel;
    path->path.parallel_workers = workers;
    path->path.pathkeys = read.pathkeys;
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    path->custom_private = list_make2(packPlan(read.plan), read.order);
    path->methods = &pathMethods;
    const double divisor = parallelDivisor(workers);
    QualCost filters;
    cost_qual_eval(&filters, read.plan.filters, root);
    // Before the first row, each process sorts the hot ones.
    const double hot = read.size.hotTuples;
    const Cost startup = 2 * cpu_operator_cost * hot * std::log2(Max(hot, 2.0));
    const Cost cpu = read.size.tuples * (cpu_operator_cost + filters.per_tuple) +
                     input->rows * (cpu_tuple_cost + 2 * cpu_operator_cost);
    const double factor = module::requireVectorized ? 1e-6 : 1;
    path->path.rows = clamp_row_est(input->rows / divisor);
    path->path.startup_cost = factor * startup;
    path->path.total_cost =
        factor *
        (startup +
         seq_page_cost * Max(read.size.pages * columnShare(input, read.plan.attributes), 1.0) +
         cpu / divisor);
    return reinterpret_cast<Path*>(
        create_projection_path(root, input, &path->path, input->reltarget));
}

int workersFor(RelOptInfo* input, const OrderedRead& read) {
    return input->consider_parallel ? compute_parallel_worker(input, read.size.pages, -1,
                                                              max_parallel_workers_per_gather)
                                    : 0;
}

Path* makeWindow(PlannerInfo* root, RelOptInfo* window, Path* rows, List* functions,
                 WindowClause* clause) {
#if PG_VERSION_NUM >= 170000
    return reinterpret_cast<Path*>(create_windowagg_path(root, window, rows,
                                                         root->upper_targets[UPPERREL_WINDOW],
                                                         functions, NIL, clause, NIL, true));
#else
    return reinterpret_cast<Path*>(create_windowagg_path(
        root, window, rows, root->upper_targets[UPPERREL_WINDOW], functions, clause, NIL, true));
#endif
}

// Whether the executor may stop early by a condition on the window function.
bool hasRunCondition(const WindowClause* clause, const List* functions) {
#if PG_VERSION_NUM >= 170000
    (void)clause;
    const ListCell* cell;
    foreach (cell, functions) {
        if (lfirst_node(WindowFunc, cell)->runCondition != NIL) {
            return true;
        }
    }
    return false;
#else
    (void)functions;
    return clause->runCondition != NIL;
#endif
}

bool partitionsByCustomer(PlannerInfo* root, const WindowClause* clause, const OrderedRead& read) {
    ListCell* cell;
    foreach (cell, clause->partitionClause) {
        auto* expression =
            get_sortgroupclause_expr(lfirst_node(SortGroupClause, cell), root->processed_tlist);
        if (IsA(expression, Var) && reinterpret_cast<Var*>(expression)->varlevelsup == 0 &&
            reinterpret_cast<Var*>(expression)->varno == static_cast<int>(read.plan.parent) &&
            reinterpret_cast<Var*>(expression)->varattno == read.plan.customer) {
            return true;
        }
    }
    return false;
}

// The expression without its window functions, which are looked at one by one.
Node* withoutWindowFunctions(Node* node, void* context) {
    if (node == nullptr) {
        return nullptr;
    }
    if (IsA(node, WindowFunc)) {
        return reinterpret_cast<Node*>(makeNullConst(exprType(node), -1, InvalidOid));
    }
    return pg::mutateExpression(node, withoutWindowFunctions, context);
}

// Whether a worker may compute the window functions of partitions that it alone has.
bool isParallelSafe(PlannerInfo* root, const WindowClause* clause, const List* functions) {
    const ListCell* cell;
    foreach (cell, functions) {
        auto* function = lfirst_node(WindowFunc, cell);
        if (func_parallel(function->winfnoid) != PROPARALLEL_SAFE ||
            !is_parallel_safe(root, reinterpret_cast<Node*>(function->args)) ||
            !is_parallel_safe(root, reinterpret_cast<Node*>(function->aggfilter))) {
            return false;
        }
    }
    List* target = root->upper_targets[UPPERREL_WINDOW]->exprs;
    return is_parallel_safe(root, clause->startOffset) &&
           is_parallel_safe(root, clause->endOffset) &&
           is_parallel_safe(root, withoutWindowFunctions(reinterpret_cast<Node*>(target), nullptr));
}

void offerWindow(PlannerInfo* root, RelOptInfo* input, RelOptInfo* window) {
    if (list_length(root->parse->windowClause) != 1) {
        return;
    }
    auto* clause = linitial_node(WindowClause, root->parse->windowClause);
    WindowFuncLists* lists =
        find_window_functions(reinterpret_cast<Node*>(root->processed_tlist), clause->winref);
    List* functions = lists->windowFuncs[clause->winref];
    OrderedRead read;
    if (functions == NIL || hasRunCondition(clause, functions) ||
        !recogniseOrder(root, input, root->window_pathkeys, &read)) {
        return;
    }
    add_path(window, makeWindow(root, window, makePath(root, input, read, 0), functions, clause));
    const int workers = workersFor(input, read);
    if (workers <= 0 || !partitionsByCustomer(root, clause, read) ||
        !isParallelSafe(root, clause, functions)) {
        return;
    }
    // The paths that are there already stay unsafe: as a whole, in more than one process, their
    // rows might differ.
    window->consider_parallel = true;
    const auto partial = [&] {
        return makeWindow(root, window, makePath(root, input, read, workers), functions, clause);
    };
    add_partial_path(window, partial());
    Path* below = partial();
    double rows = input->rows;
    add_path(window, reinterpret_cast<Path*>(create_gather_path(
                         root, window, below, below->pathtarget, nullptr, &rows)));
}

void offerSorted(PlannerInfo* root, RelOptInfo* input, RelOptInfo* ordered) {
    OrderedRead read;
    if (!recogniseOrder(root, input, root->sort_pathkeys, &read)) {
        return;
    }
    Path* path = makePath(root, input, read, 0);
    PathTarget* target = root->upper_targets[UPPERREL_ORDERED];
    if (!equal(path->pathtarget->exprs, target->exprs)) {
        path = reinterpret_cast<Path*>(create_projection_path(root, ordered, path, target));
    }
    add_path(ordered, path);
}

void offerOrdered(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input, RelOptInfo* output,
                  void* extra) {
    if (previousHook != nullptr) {
        previousHook(root, stage, input, output, extra);
    }
    if (stage == UPPERREL_WINDOW) {
        offerWindow(root, input, output);
    } else if (stage == UPPERREL_ORDERED) {
        offerSorted(root, input, output);
    }
}

}  // namespace

void installOrderedPathHook() {
    previousHook = create_upper_paths_hook;
    create_upper_paths_hook = offerOrdered;
    executor::registerOrderedScan();
}

}  // namespace footfall::planner
