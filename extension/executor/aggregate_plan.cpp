// How a FootfallAggregate's description is laid out in its plan node; see aggregate_plan.h.
#include "extension/executor/aggregate_plan.h"

#include "extension/executor/dimension_join.h"
#include "extension/pg/tree_walk.h"

namespace footfall::executor {

namespace {

const char* const kFilters = "footfall filters";
const char* const kPredicateValues = "footfall predicate values";
const char* const kRelations = "footfall relations";
const char* const kJoinKeys = "footfall join keys";
const char* const kJoinFilters = "footfall join filters";
const char* const kDimensions = "footfall dimensions";
const char* const kState = "footfall state";

// A row of expressions with a name that makes it unlike every row a query has.
RowExpr* namedRow(const char* name, List* expressions) {
    auto* row = makeNode(RowExpr);
    row->args = expressions;
    row->row_typeid = RECORDOID;
    row->row_format = COERCE_EXPLICIT_CALL;
    row->colnames = list_make1(makeString(pstrdup(name)));
    row->location = -1;
    return row;
}

TargetEntry* entryOf(Expr* expression, List* before) {
    return makeTargetEntry(expression, static_cast<AttrNumber>(list_length(before) + 1), nullptr,
                           false);
}

List* appendEntries(List* entries, List* expressions) {
    ListCell* cell;
    foreach (cell, expressions) {
        entries = lappend(entries, entryOf(static_cast<Expr*>(lfirst(cell)), entries));
    }
    return entries;
}

Expr* tableoidOf(Index relation) {
    return reinterpret_cast<Expr*>(
        makeVar(static_cast<int>(relation), TableOidAttributeNumber, OIDOID, -1, InvalidOid, 0));
}

bool collectParameters(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, Param)) {
        auto** found = static_cast<List**>(context);
        *found = list_append_unique(*found, node);
        return false;
    }
    return pg::walkExpression(node, collectParameters, context);
}

List* rowAt(List* entries, int index) {
    auto* entry = static_cast<TargetEntry*>(list_nth(entries, index));
    return castNode(RowExpr, entry->expr)->args;
}

}  // namespace

Expr* stateExpression(List* keys, List* aggregates) {
    auto* relabel = makeNode(RelabelType);
    relabel->arg = reinterpret_cast<Expr*>(namedRow(kState, list_concat_copy(keys, aggregates)));
    relabel->resulttype = BYTEAOID;
    relabel->resulttypmod = -1;
    relabel->relabelformat = COERCE_IMPLICIT_CAST;
    relabel->location = -1;
    return &relabel->xpr;
}

void describeAggregatePlan(CustomScan* scan, const AggregatePlan& plan) {
    List* entries = NIL;
    if (plan.mode == AggregateMode::Partial) {
        entries = lappend(entries, entryOf(stateExpression(plan.keys, plan.aggregates), entries));
    } else {
        entries = appendEntries(appendEntries(entries, plan.keys), plan.aggregates);
    }
    List* relations = list_make1(tableoidOf(plan.parent));
    ListCell* cell;
    foreach (cell, plan.leaves) {
        relations = lappend(relations, tableoidOf(static_cast<Index>(lfirst_int(cell))));
    }
    entries = appendEntries(entries, list_make3(namedRow(kFilters, plan.filters),
                                                namedRow(kPredicateValues, plan.predicateValues),
                                                namedRow(kRelations, relations)));
    List* dimensions = NIL;
    foreach (cell, plan.dimensions) {
        dimensions =
            lappend(dimensions, tableoidOf(unpackDimension(lfirst_node(List, cell)).relation));
    }
    entries = appendEntries(entries, list_make3(namedRow(kJoinKeys, plan.joinKeys),
                                                namedRow(kJoinFilters, plan.joinFilters),
                                                namedRow(kDimensions, dimensions)));
    scan->custom_scan_tlist = entries;
    collectParameters(reinterpret_cast<Node*>(entries), &scan->custom_exprs);
    scan->custom_private =
        list_make5(list_make5_int(static_cast<int>(plan.mode), list_length(plan.keys),
                                  list_length(plan.aggregates), plan.customer,
                                  static_cast<int>(plan.overGroups)),
                   plan.attributes, plan.leafAttributes, plan.predicates, plan.dimensions);
    scan->custom_private = lappend(scan->custom_private, plan.leafRanges);
}

AggregatePlan readAggregatePlan(const CustomScan* scan) {
    AggregatePlan plan = {};
    List* numbers = linitial_node(List, scan->custom_private);
    const int keys = lsecond_int(numbers);
    const int aggregates = lthird_int(numbers);
    plan.mode = static_cast<AggregateMode>(linitial_int(numbers));
    plan.customer = list_nth_int(numbers, 3);
    plan.overGroups = list_nth_int(numbers, 4) != 0;
    plan.attributes = static_cast<List*>(lsecond(scan->custom_private));
    plan.leafAttributes = static_cast<List*>(lthird(scan->custom_private));
    plan.predicates = static_cast<List*>(lfourth(scan->custom_private));
    auto* dimensions = static_cast<List*>(list_nth(scan->custom_private, 4));
    plan.leafRanges = static_cast<List*>(list_nth(scan->custom_private, 5));
    List* groups = NIL;
    int next = keys + aggregates;
    if (plan.mode == AggregateMode::Partial) {
        auto* entry = static_cast<TargetEntry*>(linitial(scan->custom_scan_tlist));
        auto* relabel = castNode(RelabelType, entry->expr);
        groups = castNode(RowExpr, relabel->arg)->args;
        next = 1;
    } else {
        for (int i = 0; i < next; i++) {
            groups = lappend(groups,
                             static_cast<TargetEntry*>(list_nth(scan->custom_scan_tlist, i))->expr);
        }
    }
    for (int i = 0; i < keys + aggregates; i++) {
        List*& target = i < keys ? plan.keys : plan.aggregates;
        target = lappend(target, list_nth(groups, i));
    }
    plan.filters = rowAt(scan->custom_scan_tlist, next);
    plan.predicateValues = rowAt(scan->custom_scan_tlist, next + 1);
    ListCell* cell;
    foreach (cell, rowAt(scan->custom_scan_tlist, next + 2)) {
        const auto relation = lfirst_node(Var, cell)->varno;
        if (plan.parent == 0) {
            plan.parent = static_cast<Index>(relation);
        } else {
            plan.leaves = lappend_int(plan.leaves, static_cast<int>(relation));
        }
    }
    plan.joinKeys = rowAt(scan->custom_scan_tlist, next + 3);
    plan.joinFilters = rowAt(scan->custom_scan_tlist, next + 4);
    List* relations = rowAt(scan->custom_scan_tlist, next + 5);
    for (int i = 0; i < list_length(dimensions); i++) {
        DimensionPlan dimension = unpackDimension(static_cast<List*>(list_nth(dimensions, i)));
        dimension.relation = static_cast<Index>(static_cast<Var*>(list_nth(relations, i))->varno);
        plan.dimensions = lappend(plan.dimensions, packDimension(dimension));
    }
    return plan;
}

}  // namespace footfall::executor
