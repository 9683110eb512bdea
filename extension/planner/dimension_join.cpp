// See dimension_join.h.
//
// What must hold of a join is in three places after PostgreSQL's own preparation: the relations'
// own restrictions, which their paths apply; the join clauses in the relations' joininfo; and the
// equivalence classes, whose members are equal to each other. All of them are accounted for here,
// or the join is refused. Equalities between members of a class follow from the equality of each
// with the fact table's member, so a class without one is refused.
//
// An ON condition of an outer join (not pushed down) is something else than a filter above it: only
// the key is taken there.
#include "extension/planner/dimension_join.h"

#include "extension/executor/dimension_join.h"
#include "extension/executor/native_operator.h"
#include "extension/executor/value_type.h"
#include "extension/planner/leaf_relations.h"

namespace footfall::planner {

namespace {

using executor::DimensionJoinKind;

struct Dimension {
    RelOptInfo* relation;
    DimensionJoinKind kind;
    bool special;   // its kind is known from join_info_list
    List* clauses;  // RestrictInfos that may be its key, of outer, semi and anti joins all it has
    RestrictInfo* key;
    Node* factSide;
    Var* column;
};

struct Join {
    PlannerInfo* root;
    RelOptInfo* fact;
    Dimension* dimensions;
    int count;
    List* filters;  // RestrictInfos above the joins
};

Dimension* dimensionOf(Join* join, int relid) {
    for (int i = 0; i < join->count; i++) {
        if (static_cast<int>(join->dimensions[i].relation->relid) == relid) {
            return &join->dimensions[i];
        }
    }
    return nullptr;
}

bool isOuter(const Dimension& dimension) {
    return dimension.kind == DimensionJoinKind::Left || dimension.kind == DimensionJoinKind::Anti;
}

// Without the numbers of outer joins, which PostgreSQL 16 and later has among them.
Relids baseRelations(PlannerInfo* root, Relids relids) {
    return bms_intersect(relids, root->all_baserels);
}

const char* collectDimensions(Join* join, RelOptInfo* input) {
    PlannerInfo* root = join->root;
    Relids relids = baseRelations(root, input->relids);
    join->dimensions = static_cast<Dimension*>(
        palloc0(sizeof(Dimension) * static_cast<Size>(bms_num_members(relids))));
    int relid = -1;
    while ((relid = bms_next_member(relids, relid)) >= 0) {
        RelOptInfo* relation = root->simple_rel_array[relid];
        if (relation == nullptr || relation->reloptkind != RELOPT_BASEREL ||
            IS_DUMMY_REL(relation) || !bms_is_empty(relation->lateral_relids)) {
            return "a join with something else than tables";
        }
        if (relation == join->fact) {
            continue;
        }
        Dimension& dimension = join->dimensions[join->count++];
        dimension.relation = relation;
        dimension.kind = DimensionJoinKind::Inner;
    }
    return nullptr;
}

const char* collectKinds(Join* join) {
    ListCell* cell;
    foreach (cell, join->root->join_info_list) {
        auto* special = lfirst_node(SpecialJoinInfo, cell);
        int relid = 0;
        Dimension* dimension = bms_get_singleton_member(special->syn_righthand, &relid)
                                   ? dimensionOf(join, relid)
                                   : nullptr;
        if (dimension == nullptr || dimension->special) {
            return "an outer join of more than a dimension";
        }
        dimension->special = true;
        switch (special->jointype) {
            case JOIN_LEFT:
                dimension->kind = DimensionJoinKind::Left;
                break;
            case JOIN_SEMI:
                dimension->kind = DimensionJoinKind::Semi;
                break;
            case JOIN_ANTI:
                dimension->kind = DimensionJoinKind::Anti;
                break;
            default:
                return "a full join";
        }
    }
    return nullptr;
}

// Equalities that PostgreSQL keeps as classes of equal expressions.
const char* checkClass(Join* join, const EquivalenceClass* equal) {
    Relids all = nullptr;
    bool ofFact = false;
    bool single = true;
    int members = 0;
    ListCell* cell;
    foreach (cell, equal->ec_members) {
        auto* member = lfirst_node(EquivalenceMember, cell);
        if (member->em_is_child || member->em_is_const) {
            continue;
        }
        members++;
        int relid = 0;
        single = single && bms_get_singleton_member(member->em_relids, &relid);
        ofFact = ofFact || relid == static_cast<int>(join->fact->relid);
        all = bms_add_members(all, member->em_relids);
    }
    // One expression equals nothing, or a constant, which is a clause by then.
    if (members < 2 || bms_num_members(all) < 2) {
        return nullptr;
    }
    if (!single || equal->ec_broken || equal->ec_has_volatile) {
        return "an equality over several tables";
    }
    // Equal to a constant is what each table checks for itself.
    if (!equal->ec_has_const && !ofFact) {
        return "an equality between dimensions";
    }
    for (int i = 0; i < join->count; i++) {
        const Dimension& dimension = join->dimensions[i];
        if (isOuter(dimension) && bms_is_member(static_cast<int>(dimension.relation->relid), all)) {
            return "a condition on an outer join's columns";
        }
    }
    return nullptr;
}

const char* collectClasses(Join* join) {
    PlannerInfo* root = join->root;
    ListCell* cell;
    foreach (cell, root->eq_classes) {
        if (const char* reason = checkClass(join, lfirst_node(EquivalenceClass, cell))) {
            return reason;
        }
    }
    for (int i = 0; i < join->count; i++) {
        Dimension& dimension = join->dimensions[i];
        if (isOuter(dimension)) {
            continue;
        }
        Relids relids = bms_union(join->fact->relids, dimension.relation->relids);
        List* implied =
            generate_join_implied_equalities(root, relids, join->fact->relids, dimension.relation
#if PG_VERSION_NUM >= 160000
                                             ,
                                             nullptr
#endif
            );
        dimension.clauses = list_concat(dimension.clauses, implied);
    }
    // Looking for the operators may have found that one is missing.
    foreach (cell, root->eq_classes) {
        if (lfirst_node(EquivalenceClass, cell)->ec_broken) {
            return "an equality without an operator";
        }
    }
    return nullptr;
}

// Sorts a join clause: to the dimension whose key it may be, or to the filters.
const char* placeClause(Join* join, RestrictInfo* info) {
    if (info->pseudoconstant) {
        return "a condition that does not depend on a row";
    }
#if PG_VERSION_NUM >= 160000
    if (info->has_clone || info->is_clone) {
        return "outer joins in several orders";
    }
#endif
    Relids relids = baseRelations(join->root, info->required_relids);
    Relids others = bms_del_member(bms_copy(relids), static_cast<int>(join->fact->relid));
    int relid = 0;
    Dimension* only = bms_get_singleton_member(others, &relid) ? dimensionOf(join, relid) : nullptr;
    const bool ofFact = bms_is_member(static_cast<int>(join->fact->relid), relids);
    if (!info->is_pushed_down) {
        if (only == nullptr || !ofFact || !isOuter(*only)) {
            return "an outer join's condition over several tables";
        }
        only->clauses = lappend(only->clauses, info);
        return nullptr;
    }
    if (only != nullptr && ofFact && !isOuter(*only)) {
        only->clauses = lappend(only->clauses, info);
        return nullptr;
    }
    for (int i = 0; i < join->count; i++) {
        const Dimension& dimension = join->dimensions[i];
        if (dimension.kind == DimensionJoinKind::Semi &&
            bms_is_member(static_cast<int>(dimension.relation->relid), relids)) {
            return "a semijoin's condition over several tables";
        }
    }
    join->filters = lappend(join->filters, info);
    return nullptr;
}

const char* collectClauses(Join* join) {
    List* found = list_copy(join->fact->joininfo);
    for (int i = 0; i < join->count; i++) {
        found = list_concat_unique_ptr(found, join->dimensions[i].relation->joininfo);
    }
    ListCell* cell;
    foreach (cell, found) {
        if (const char* reason = placeClause(join, lfirst_node(RestrictInfo, cell))) {
            return reason;
        }
    }
    return nullptr;
}

bool isInteger(Oid type) {
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

// Whether the stored values of both sides are equal exactly if the operator says so.
bool comparesStoredValues(OpExpr* op, Node* left, Node* right) {
    set_opfuncid(op);
    const executor::NativeOperator* native = executor::nativeOperator(op->opfuncid);
    const Oid type = exprType(left);
    if (native == nullptr || native->op != scan::Operator::Equal) {
        return false;
    }
    if (isInteger(type) && isInteger(exprType(right))) {
        return true;
    }
    return type == exprType(right) && !executor::storageType(type).isFloat() &&
           executor::equalityIsBytewise(type, op->inputcollid);
}

bool matchSides(const Join& join, Node* factSide, Node* other, Dimension* dimension) {
    Node* column = other;
    while (IsA(column, RelabelType)) {
        column = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(column)->arg);
    }
    if (!IsA(column, Var) || !bms_equal(pull_varnos(join.root, factSide), join.fact->relids)) {
        return false;
    }
    auto* var = reinterpret_cast<Var*>(column);
    const vector::ColumnType stored = executor::storageType(var->vartype);
    const vector::ColumnType compared = executor::storageType(exprType(other));
    if (var->varno != static_cast<int>(dimension->relation->relid) || var->varattno <= 0 ||
        stored.kind != compared.kind || stored.width != compared.width) {
        return false;
    }
    dimension->factSide = factSide;
    dimension->column = var;
    return true;
}

bool matchKey(const Join& join, RestrictInfo* info, Dimension* dimension) {
    if (!IsA(info->clause, OpExpr)) {
        return false;
    }
    auto* op = reinterpret_cast<OpExpr*>(info->clause);
    if (list_length(op->args) != 2) {
        return false;
    }
    auto* left = static_cast<Node*>(linitial(op->args));
    auto* right = static_cast<Node*>(lsecond(op->args));
    return comparesStoredValues(op, left, right) &&
           (matchSides(join, left, right, dimension) || matchSides(join, right, left, dimension));
}

// A partial index may be thought unique because of conditions that are filters here.
bool hasPartialUniqueIndex(RelOptInfo* relation) {
    ListCell* cell;
    foreach (cell, relation->indexlist) {
        auto* index = static_cast<IndexOptInfo*>(lfirst(cell));
        if (index->unique && index->indpred != NIL) {
            return true;
        }
    }
    return false;
}

// Whether this one clause makes the dimension's row unique. What PostgreSQL remembers was proved
// with all clauses, and is put aside.
bool isUniqueBy(const Join& join, RestrictInfo* info, const Dimension& dimension) {
    RelOptInfo* relation = dimension.relation;
    if (hasPartialUniqueIndex(relation)) {
        return false;
    }
    List* unique = relation->unique_for_rels;
    List* other = relation->non_unique_for_rels;
    relation->unique_for_rels = NIL;
    relation->non_unique_for_rels = NIL;
    const bool proved = innerrel_is_unique(
        join.root, bms_union(join.fact->relids, relation->relids), join.fact->relids, relation,
        dimension.kind == DimensionJoinKind::Left ? JOIN_LEFT : JOIN_INNER, list_make1(info),
        false);
    relation->unique_for_rels = unique;
    relation->non_unique_for_rels = other;
    return proved;
}

// What part of the fact table's rows the join leaves, as far as the dimension's own conditions
// tell.
double shareLeft(const Dimension& dimension) {
    const bool removes =
        dimension.kind == DimensionJoinKind::Inner || dimension.kind == DimensionJoinKind::Semi;
    const double all = dimension.relation->tuples;
    return removes && all > 0 ? Min(dimension.relation->rows / all, 1.0) : 1.0;
}

// What removes most rows comes first.
void sortDimensions(Join* join) {
    for (int i = 1; i < join->count; i++) {
        const Dimension moved = join->dimensions[i];
        int at = i;
        for (; at > 0 && shareLeft(moved) < shareLeft(join->dimensions[at - 1]); at--) {
            join->dimensions[at] = join->dimensions[at - 1];
        }
        join->dimensions[at] = moved;
    }
}

const char* chooseKey(Join* join, Dimension* dimension) {
    const bool wantsRow =
        dimension->kind == DimensionJoinKind::Inner || dimension->kind == DimensionJoinKind::Left;
    ListCell* cell;
    foreach (cell, dimension->clauses) {
        auto* info = lfirst_node(RestrictInfo, cell);
        if (dimension->key == nullptr && matchKey(*join, info, dimension) &&
            (!wantsRow || isUniqueBy(*join, info, *dimension))) {
            dimension->key = info;
        } else if (dimension->kind == DimensionJoinKind::Inner) {
            join->filters = lappend(join->filters, info);
        } else {
            return "a condition beside the key of an outer join, EXISTS or IN";
        }
    }
    return dimension->key != nullptr ? nullptr : "a dimension without a unique key";
}

// Functions that are not leakproof must not see rows too early; without conditions of our own
// there are none but the tables'.
const char* checkSecurity(const Join& join) {
    if (join.root->qual_security_level == 0) {
        return nullptr;
    }
    for (int i = 0; i < join.count; i++) {
        if (!IsA(join.dimensions[i].factSide, Var)) {
            return "a join by an expression under row security";
        }
    }
    return join.filters == NIL ? nullptr : "a join condition under row security";
}

int columnNumber(const List* columns, AttrNumber attribute) {
    int number = 0;
    ListCell* cell;
    foreach (cell, columns) {
        if (lfirst_node(Var, cell)->varattno == attribute) {
            return number;
        }
        number++;
    }
    return -1;
}

const char* describe(const Dimension& dimension, executor::AggregatePlan* plan) {
    executor::DimensionPlan described = {};
    described.kind = dimension.kind;
    described.relation = dimension.relation->relid;
    described.equality = reinterpret_cast<OpExpr*>(dimension.key->clause)->opfuncid;
    List* columns = dimension.relation->reltarget->exprs;
    ListCell* cell;
    foreach (cell, columns) {
        auto* column = static_cast<Node*>(lfirst(cell));
        if (!IsA(column, Var) || reinterpret_cast<Var*>(column)->varattno <= 0) {
            return "more than columns of a dimension";
        }
        described.attributes =
            lappend_int(described.attributes, reinterpret_cast<Var*>(column)->varattno);
    }
    described.key = columnNumber(columns, dimension.column->varattno);
    if (described.key < 0) {
        return "a dimension's key that it does not give";
    }
    plan->dimensions = lappend(plan->dimensions, executor::packDimension(described));
    plan->joinKeys = lappend(plan->joinKeys, dimension.factSide);
    return nullptr;
}

double leafTuples(PlannerInfo* root, const LeafRelations& leaves) {
    double tuples = 0;
    ListCell* cell;
    foreach (cell, leaves.indexes) {
        tuples += Max(root->simple_rel_array[lfirst_int(cell)]->tuples, 0);
    }
    return tuples;
}

// The cheapest path that depends on no other relation.
Path* ownPath(RelOptInfo* relation, bool parallel) {
    Path* cheapest = nullptr;
    ListCell* cell;
    foreach (cell, relation->pathlist) {
        auto* path = static_cast<Path*>(lfirst(cell));
        if (path->param_info != nullptr || (parallel && !path->parallel_safe) ||
            !equal(path->pathtarget->exprs, relation->reltarget->exprs)) {
            continue;
        }
        if (cheapest == nullptr || compare_path_costs(path, cheapest, TOTAL_COST) < 0) {
            cheapest = path;
        }
    }
    return cheapest;
}

}  // namespace

RelOptInfo* findFactTable(PlannerInfo* root, RelOptInfo* join) {
    RelOptInfo* fact = nullptr;
    double most = -1;
    Relids relids = baseRelations(root, join->relids);
    int relid = -1;
    while ((relid = bms_next_member(relids, relid)) >= 0) {
        RelOptInfo* relation = root->simple_rel_array[relid];
        if (relation == nullptr || relation->rtekind != RTE_RELATION || IS_DUMMY_REL(relation)) {
            continue;
        }
        const LeafRelations leaves = findLeaves(root, relation, NIL);
        if (!leaves.footfall || leaves.indexes == NIL) {
            continue;
        }
        const double tuples = leafTuples(root, leaves);
        if (tuples > most) {
            most = tuples;
            fact = relation;
        }
    }
    return fact;
}

const char* recogniseDimensions(PlannerInfo* root, RelOptInfo* input, RelOptInfo* fact,
                                executor::AggregatePlan* plan, List** dimensions) {
    if (root->hasLateralRTEs || root->hasPseudoConstantQuals || root->placeholder_list != NIL) {
        return "a lateral join, or a value made below an outer join";
    }
    Join join = {};
    join.root = root;
    join.fact = fact;
    if (const char* reason = collectDimensions(&join, input)) {
        return reason;
    }
    if (const char* reason = collectKinds(&join)) {
        return reason;
    }
    if (const char* reason = collectClasses(&join)) {
        return reason;
    }
    if (const char* reason = collectClauses(&join)) {
        return reason;
    }
    sortDimensions(&join);
    for (int i = 0; i < join.count; i++) {
        Dimension& dimension = join.dimensions[i];
        const char* reason = chooseKey(&join, &dimension);
        if (reason == nullptr) {
            reason = describe(dimension, plan);
        }
        if (reason != nullptr) {
            return reason;
        }
        *dimensions = lappend(*dimensions, dimension.relation);
    }
    if (const char* reason = checkSecurity(join)) {
        return reason;
    }
    plan->joinFilters = get_actual_clauses(join.filters);
    return nullptr;
}

bool givesColumns(RelOptInfo* dimension, List* expressions) {
    Bitmapset* used = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(expressions), dimension->relid, &used);
    int member = -1;
    while ((member = bms_next_member(used, member)) >= 0) {
        const auto attribute = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
        if (columnNumber(dimension->reltarget->exprs, attribute) < 0) {
            return false;
        }
    }
    return true;
}

double dimensionBytes(List* dimensions) {
    // Beside a value: its code, and the key's place in the table of keys.
    constexpr double kPerValue = 8;
    constexpr double kPerRow = 16;
    double bytes = 0;
    ListCell* cell;
    foreach (cell, dimensions) {
        auto* relation = static_cast<RelOptInfo*>(lfirst(cell));
        bytes += relation->rows * (relation->reltarget->width + kPerRow +
                                   kPerValue * list_length(relation->reltarget->exprs));
    }
    return bytes;
}

List* dimensionPaths(List* dimensions, bool parallel) {
    List* paths = NIL;
    ListCell* cell;
    foreach (cell, dimensions) {
        Path* path = ownPath(static_cast<RelOptInfo*>(lfirst(cell)), parallel);
        if (path == nullptr) {
            return NIL;
        }
        paths = lappend(paths, path);
    }
    return paths;
}

}  // namespace footfall::planner
