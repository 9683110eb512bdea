// See aggregate_query.h.
//
// Row security and views' barriers: filters keep the order of their security levels, and everything
// else (keys, aggregates) is evaluated for rows that passed all of them, so no function sees a row
// too early. Pruning takes no clause from behind a barrier (pruning_clause.h).
#include "extension/planner/aggregate_query.h"

#include "extension/catalog/configuration.h"
#include "extension/executor/aggregate_function.h"
#include "extension/executor/group_function.h"
#include "extension/executor/native_operator.h"
#include "extension/executor/scan_predicates.h"
#include "extension/executor/value_type.h"
#include "extension/pg/tree_walk.h"
#include "extension/planner/dimension_join.h"
#include "extension/planner/leaf_ranges.h"
#include "extension/planner/leaf_relations.h"
#include "extension/planner/pruning_clause.h"
#include "extension/planner/pruning_estimate.h"
#include "extension/planner/scan_path.h"
#include "extension/planner/streamed_path.h"

namespace footfall::planner {

namespace {

// Why the expression cannot be evaluated in batches, or nullptr.
const char* whyNot(Node* expression) {
    if (contain_volatile_functions(expression)) {
        return "a volatile function";
    }
    if (contain_subplans(expression)) {
        return "a sub-query in an expression";
    }
    if (expression_returns_set(expression)) {
        return "a function that returns a set";
    }
    return nullptr;
}

const char* whyNotAny(List* expressions) {
    ListCell* cell;
    foreach (cell, expressions) {
        if (const char* reason = whyNot(static_cast<Node*>(lfirst(cell)))) {
            return reason;
        }
    }
    return nullptr;
}

// Whether two values of the key are equal exactly if their stored bytes are.
bool isComparedByBytes(Node* key) {
    if (IsA(key, FuncExpr)) {
        auto* call = reinterpret_cast<FuncExpr*>(key);
        if (executor::givesWholeNumbers(call->funcid, call->args)) {
            return true;
        }
    }
    return executor::equalityIsBytewise(exprType(key), exprCollation(key));
}

const char* collectKeys(PlannerInfo* root, const Grouping& grouping, List** keys) {
    ListCell* cell;
    foreach (cell, grouping.clause) {
        auto* clause = lfirst_node(SortGroupClause, cell);
        Node* key = get_sortgroupclause_expr(clause, root->processed_tlist);
        const Oid type = exprType(key);
        if (!isComparedByBytes(key)) {
            return "GROUP BY a type or collation that is not compared by its bytes";
        }
        if (lookup_type_cache(getBaseType(type), TYPECACHE_EQ_OPR)->eq_opr != clause->eqop) {
            return "GROUP BY with an equality of its own";
        }
        if (!contain_var_clause(key)) {
            return "GROUP BY an expression without columns";
        }
        *keys = list_append_unique(*keys, key);
    }
    return whyNotAny(*keys);
}

// `*needsStream` receives whether one of them needs its rows customer by customer.
const char* collectAggregates(const Grouping& grouping, List** aggregates, bool* needsStream,
                              bool* forExecutor) {
    constexpr int kFlags =
        PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS;
    List* found = pull_var_clause(reinterpret_cast<Node*>(grouping.target->exprs), kFlags);
    found = list_concat(found, pull_var_clause(grouping.having, kFlags));
    ListCell* cell;
    foreach (cell, found) {
        auto* node = static_cast<Node*>(lfirst(cell));
        if (!IsA(node, Aggref)) {
            continue;
        }
        auto* aggref = reinterpret_cast<Aggref*>(node);
        executor::AggregateFunction function;
        if (const char* reason = executor::describeAggregate(aggref, &function)) {
            executor::GroupFunctionCall call;
            if (reason = executor::describeGroupFunction(aggref, &call); reason != nullptr) {
                *forExecutor = true;
                return reason;
            }
            *needsStream = true;
        }
        if (const char* reason = whyNotAny(list_make2(aggref->args, aggref->aggfilter))) {
            return reason;
        }
        *aggregates = list_append_unique(*aggregates, aggref);
    }
    return nullptr;
}

// Whether every column in the expression is inside a key or an aggregate.
bool isCovered(Node* node, List* keys) {
    struct Search {
        static bool finds(Node* part, void* context) {
            if (part == nullptr || IsA(part, Aggref) ||
                list_member(static_cast<List*>(context), part)) {
                return false;
            }
            return IsA(part, Var) || IsA(part, PlaceHolderVar) ||
                   pg::walkExpression(part, finds, context);
        }
    };
    return !Search::finds(node, keys);
}

struct OrderedFilter {
    RestrictInfo* info;
    Cost cost;
    bool leakproof;
    Selectivity passing;
};

bool comesAfter(const OrderedFilter& a, const OrderedFilter& b) {
    if (a.info->security_level != b.info->security_level) {
        return a.info->security_level > b.info->security_level;
    }
    if (a.cost != b.cost) {
        return a.cost > b.cost;
    }
    return a.leakproof && b.leakproof && a.passing > b.passing;
}

// By security level, then by cost. Of what costs the same, neighbours that cannot fail go by what
// they leave, so that the next one's column is decoded for few rows; the rest stays in the order of
// the query.
void sortFilters(PlannerInfo* root, RelOptInfo* relation, List** filters) {
    const int count = list_length(relation->baserestrictinfo);
    auto* ordered = static_cast<OrderedFilter*>(
        palloc(sizeof(OrderedFilter) * static_cast<Size>(Max(count, 1))));
    for (int i = 0; i < count; i++) {
        auto* info = static_cast<RestrictInfo*>(list_nth(relation->baserestrictinfo, i));
        QualCost cost;
        cost_qual_eval_node(&cost, reinterpret_cast<Node*>(info), root);
        auto* clause = reinterpret_cast<Node*>(info->clause);
        OrderedFilter filter = {info, cost.per_tuple, !contain_leaked_vars(clause), 1};
        if (filter.leakproof && count > 1) {
            filter.passing =
                clause_selectivity(root, reinterpret_cast<Node*>(info), 0, JOIN_INNER, nullptr);
        }
        int at = i;
        while (at > 0 && comesAfter(ordered[at - 1], filter)) {
            ordered[at] = ordered[at - 1];
            at--;
        }
        ordered[at] = filter;
    }
    for (int i = 0; i < count; i++) {
        *filters = lappend(*filters, ordered[i].info->clause);
    }
}

const char* collectFilters(PlannerInfo* root, RelOptInfo* input, executor::AggregatePlan* plan) {
    ListCell* cell;
    foreach (cell, input->baserestrictinfo) {
        auto* info = lfirst_node(RestrictInfo, cell);
        if (info->pseudoconstant) {
            return "a condition that does not depend on a row";
        }
        PruningClause clause;
        if (matchPruningClause(info, input, &clause)) {
            plan->predicateValues = lappend(plan->predicateValues, clause.value);
            plan->predicates = lappend(
                plan->predicates, executor::describePredicate(clause.attribute, clause.comparison,
                                                              clause.array, clause.valueType));
        }
    }
    sortFilters(root, input, &plan->filters);
    return whyNotAny(plan->filters);
}

const char* collectAttributes(RelOptInfo* input, executor::AggregatePlan* plan) {
    Bitmapset* used = nullptr;
    for (List* expressions :
         {plan->keys, plan->aggregates, plan->filters, plan->joinKeys, plan->joinFilters}) {
        pull_varattnos(reinterpret_cast<Node*>(expressions), input->relid, &used);
    }
    int member = -1;
    while ((member = bms_next_member(used, member)) >= 0) {
        const int number = member + FirstLowInvalidHeapAttributeNumber;
        if (number == 0) {
            return "a whole row as a value";
        }
        if (number < 0 && number != TableOidAttributeNumber) {
            return "a system column";
        }
        plan->attributes = lappend_int(plan->attributes, number);
    }
    return nullptr;
}

// Customers of these types have an order key of their own (engine/segment/bound.h), so that ranges
// of keys tell them apart.
bool hasOwnKey(Oid type) {
    return executor::isIntegerInside(type) || type == UUIDOID;
}

// Whether the leaves' order keys begin with the columns that are the parent's `attribute`.
bool leadsOrder(PlannerInfo* root, const executor::AggregatePlan& plan, int attribute) {
    int position = 0;
    while (list_nth_int(plan.attributes, position) != attribute) {
        position++;
    }
    for (int i = 0; i < list_length(plan.leaves); i++) {
        RangeTblEntry* entry =
            planner_rt_fetch(static_cast<Index>(list_nth_int(plan.leaves, i)), root);
        Relation relation = table_open(entry->relid, NoLock);
        AttrNumber order[catalog::kMaxOrderKeys];
        const bool leads =
            catalog::orderKey(relation, order) > 0 &&
            order[0] ==
                list_nth_int(static_cast<List*>(list_nth(plan.leafAttributes, i)), position);
        table_close(relation, NoLock);
        if (!leads) {
            return false;
        }
    }
    return plan.leaves != NIL;
}

// The key that the tables are in the order of; 0 without one.
int streamedKey(PlannerInfo* root, const executor::AggregatePlan& plan) {
    ListCell* cell;
    foreach (cell, plan.keys) {
        auto* key = static_cast<Node*>(lfirst(cell));
        if (!IsA(key, Var)) {
            continue;
        }
        auto* var = reinterpret_cast<Var*>(key);
        if (var->varlevelsup == 0 && var->varattno > 0 && hasOwnKey(var->vartype) &&
            leadsOrder(root, plan, var->varattno)) {
            return var->varattno;
        }
    }
    return 0;
}

// Rows of events on a heap page, about.
constexpr double kHotTuplesPerPage = 60;

double hotTuples(RelOptInfo* leaf, Oid table) {
    Relation relation = table_open(table, NoLock);
    const double pages = RelationGetNumberOfBlocks(relation);
    table_close(relation, NoLock);
    return Min(pages * kHotTuplesPerPage, Max(leaf->tuples, 0));
}

bool isGroupingFunction(Node* node, void*) {
    if (node == nullptr) {
        return false;
    }
    return IsA(node, GroupingFunc) || pg::walkExpression(node, isGroupingFunction, nullptr);
}

bool hasGroupingFunction(PlannerInfo* root) {
    return isGroupingFunction(reinterpret_cast<Node*>(root->processed_tlist), nullptr) ||
           isGroupingFunction(root->parse->havingQual, nullptr);
}

const char* checkQuery(PlannerInfo* root, RelOptInfo* input, const Grouping& grouping,
                       const LeafRelations& leaves) {
    if (!leaves.footfall) {
        return "some partitions are not footfall tables";
    }
    // GROUPING() of a plain GROUP BY is 0, but only PostgreSQL's Agg can say so.
    if (root->parse->groupingSets != NIL || hasGroupingFunction(root)) {
        return "GROUPING SETS";
    }
    if (!root->parse->hasAggs && grouping.clause == NIL) {
        return "HAVING without GROUP BY and aggregates";
    }
    if (root->parse->rowMarks != NIL || root->rowMarks != NIL ||
        bms_is_member(static_cast<int>(input->relid), root->all_result_relids)) {
        return "row locks, or a table that the query changes";
    }
    if (!bms_is_empty(input->lateral_relids)) {
        return "a lateral reference";
    }
    if (planner_rt_fetch(input->relid, root)->tablesample != nullptr) {
        return "TABLESAMPLE";
    }
    return nullptr;
}

// The joins with dimensions, when there are some.
const char* collectDimensions(PlannerInfo* root, RelOptInfo* input, AggregateQuery* query) {
    executor::AggregatePlan& plan = query->plan;
    if (input == query->fact) {
        return nullptr;
    }
    if (const char* reason =
            recogniseDimensions(root, input, query->fact, &plan, &query->dimensions)) {
        return reason;
    }
    ListCell* cell;
    foreach (cell, query->dimensions) {
        auto* dimension = static_cast<RelOptInfo*>(lfirst(cell));
        if (!givesColumns(dimension, plan.keys) || !givesColumns(dimension, plan.aggregates) ||
            !givesColumns(dimension, plan.joinFilters)) {
            return "a column that a dimension does not give";
        }
    }
    if (const char* reason = whyNotAny(plan.joinKeys)) {
        return reason;
    }
    return whyNotAny(plan.joinFilters);
}

bool areScannedFast(PlannerInfo* root, const LeafRelations& leaves) {
    ListCell* cell;
    foreach (cell, leaves.indexes) {
        const int index = lfirst_int(cell);
        if (!isScannedFast(root->simple_rel_array[index], planner_rt_fetch(index, root)->relid)) {
            return false;
        }
    }
    return true;
}

}  // namespace

namespace {

// The path among these that is a scan of a sub-query whose rows are a streamed aggregate's groups.
Path* findGroups(const List* paths) {
    const ListCell* cell;
    foreach (cell, paths) {
        Path* path = withoutProjection(static_cast<Path*>(lfirst(cell)));
        if (IsA(path, SubqueryScanPath) && path->param_info == nullptr &&
            isStreamedPath(reinterpret_cast<SubqueryScanPath*>(path)->subpath)) {
            return path;
        }
    }
    return nullptr;
}

const char* recogniseOverGroups(PlannerInfo* root, RelOptInfo* input, const Grouping& grouping,
                                AggregateQuery* query) {
    query->groups = findGroups(input->pathlist);
    query->partialGroups = findGroups(input->partial_pathlist);
    if (query->groups == nullptr) {
        return "no footfall table";
    }
    // The sub-query's outputs and its HAVING are evaluated in batches, too.
    auto* below = reinterpret_cast<SubqueryScanPath*>(withoutProjection(query->groups))->subpath;
    for (const char* reason :
         {whyNotAny(below->pathtarget->exprs), whyNot(input->subroot->parse->havingQual)}) {
        if (reason != nullptr) {
            return reason;
        }
    }
    // The tables are the sub-query's concern: require_vectorized asks nothing of this level.
    executor::AggregatePlan& plan = query->plan;
    plan.parent = input->relid;
    plan.overGroups = true;
    query->fact = input;
    const LeafRelations none = {NIL, NIL, true, true};
    bool forExecutor = false;
    for (const char* reason :
         {checkQuery(root, input, grouping, none), collectKeys(root, grouping, &plan.keys),
          collectAggregates(grouping, &plan.aggregates, &query->needsStream, &forExecutor)}) {
        if (reason != nullptr) {
            return reason;
        }
    }
    if (query->needsStream) {
        return "a behavioural aggregate is not grouped by the first column of the order key";
    }
    ListCell* cell;
    foreach (cell, input->baserestrictinfo) {
        if (lfirst_node(RestrictInfo, cell)->pseudoconstant) {
            return "a condition that does not depend on a row";
        }
    }
    sortFilters(root, input, &plan.filters);
    if (const char* reason = whyNotAny(plan.filters)) {
        return reason;
    }
    if (!isCovered(reinterpret_cast<Node*>(grouping.target->exprs), plan.keys) ||
        !isCovered(grouping.having, plan.keys)) {
        return "a column outside of GROUP BY and aggregates";
    }
    query->tuples = Max(query->groups->rows, 1.0);
    return collectAttributes(input, &plan);
}

}  // namespace

const char* recogniseAggregate(PlannerInfo* root, RelOptInfo* input, const Grouping& grouping,
                               AggregateQuery* query) {
    *query = {};
    query->target = grouping.target;
    if (input->reloptkind == RELOPT_BASEREL && input->rtekind == RTE_SUBQUERY &&
        !IS_DUMMY_REL(input)) {
        return recogniseOverGroups(root, input, grouping, query);
    }
    const bool joined = input->reloptkind == RELOPT_JOINREL;
    RelOptInfo* fact = joined && !IS_DUMMY_REL(input) ? findFactTable(root, input) : input;
    if (fact == nullptr || fact->reloptkind != RELOPT_BASEREL || fact->rtekind != RTE_RELATION ||
        IS_DUMMY_REL(fact)) {
        return "more than one table";
    }
    query->fact = fact;
    LeafRelations leaves = findLeaves(root, fact, NIL);
    // What joins in another way than we can is PostgreSQL's to join.
    query->concernsFootfall = leaves.anyFootfall && !joined;
    if (!leaves.anyFootfall) {
        return "no footfall table";
    }
    executor::AggregatePlan& plan = query->plan;
    plan.parent = fact->relid;
    bool forExecutor = false;
    for (const char* reason :
         {checkQuery(root, fact, grouping, leaves),
          collectAggregates(grouping, &plan.aggregates, &query->needsStream, &forExecutor),
          collectKeys(root, grouping, &plan.keys), collectFilters(root, fact, &plan),
          collectDimensions(root, input, query)}) {
        if (reason != nullptr) {
            query->forExecutor = forExecutor && areScannedFast(root, leaves);
            return reason;
        }
    }
    if (!isCovered(reinterpret_cast<Node*>(grouping.target->exprs), plan.keys) ||
        !isCovered(grouping.having, plan.keys)) {
        return "a column outside of GROUP BY and aggregates";
    }
    if (const char* reason = collectAttributes(fact, &plan)) {
        return reason;
    }
    leaves = findLeaves(root, fact, plan.attributes);
    if (!leaves.footfall) {
        return "a partition without one of the columns";
    }
    plan.leaves = leaves.indexes;
    plan.leafAttributes = leaves.attributes;
    plan.leafRanges = findLeafRanges(root, fact, plan.leaves);
    plan.customer = joined ? 0 : streamedKey(root, plan);
    if (query->needsStream && plan.customer == 0) {
        query->forExecutor = areScannedFast(root, leaves);
        return "a behavioural aggregate is not grouped by the first column of the order key";
    }
    const TreeSize size = sizeAfterPruning(root, plan);
    query->pages = size.pages;
    query->tuples = size.tuples;
    query->hotTuples = size.hotTuples;
    return nullptr;
}

const char* describeTreeRead(PlannerInfo* root, RelOptInfo* input, executor::AggregatePlan* plan) {
    plan->parent = input->relid;
    for (const char* reason : {collectFilters(root, input, plan), collectAttributes(input, plan)}) {
        if (reason != nullptr) {
            return reason;
        }
    }
    const LeafRelations leaves = findLeaves(root, input, plan->attributes);
    if (!leaves.footfall) {
        return "some partitions are not footfall tables, or lack one of the columns";
    }
    plan->leaves = leaves.indexes;
    plan->leafAttributes = leaves.attributes;
    plan->leafRanges = findLeafRanges(root, input, plan->leaves);
    return nullptr;
}

bool leadsOrderKey(PlannerInfo* root, const executor::AggregatePlan& plan, int attribute) {
    return leadsOrder(root, plan, attribute);
}

TreeSize sizeAfterPruning(PlannerInfo* root, const executor::AggregatePlan& plan) {
    TreeSize size = {0, 0, 0};
    ListCell* cell;
    foreach (cell, plan.leaves) {
        const int index = lfirst_int(cell);
        RelOptInfo* leaf = root->simple_rel_array[index];
        const Oid table = planner_rt_fetch(index, root)->relid;
        const double share = shareAfterPruning(root, leaf, table);
        size.pages += leaf->pages * share;
        size.tuples += Max(leaf->tuples, 0) * share;
        if (plan.customer != 0) {
            size.hotTuples += hotTuples(leaf, table);
        }
    }
    return size;
}

}  // namespace footfall::planner
