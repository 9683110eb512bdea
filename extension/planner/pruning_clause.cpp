// See pruning_clause.h.
#include "extension/planner/pruning_clause.h"

namespace footfall::planner {

namespace {

Var* columnOf(Node* node, Index relid) {
    if (IsA(node, RelabelType)) {
        node = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg);
    }
    if (!IsA(node, Var)) {
        return nullptr;
    }
    Var* var = reinterpret_cast<Var*>(node);
    return var->varno == static_cast<int>(relid) && var->varattno > 0 && var->varlevelsup == 0
               ? var
               : nullptr;
}

bool isInteger(Oid type) {
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

// Types whose btree order is the engine's natural order of the stored values.
bool isOrdered(Oid type) {
    switch (type) {
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case FLOAT4OID:
        case FLOAT8OID:
        case DATEOID:
        case TIMEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
        case UUIDOID:
        case BOOLOID:
            return true;
        default:
            return false;
    }
}

// Types whose equality is the equality of their bytes.
bool isBytewiseEqual(Oid type, Oid collation) {
    if (type != TEXTOID && type != VARCHAROID) {
        return false;
    }
    return OidIsValid(collation) && get_collation_isdeterministic(collation);
}

bool comparisonOf(Oid op, Oid type, storage::Comparison* comparison) {
    TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
    if (!OidIsValid(entry->btree_opf)) {
        return false;
    }
    switch (get_op_opfamily_strategy(op, entry->btree_opf)) {
        case BTLessStrategyNumber:
            *comparison = storage::Comparison::Less;
            return true;
        case BTLessEqualStrategyNumber:
            *comparison = storage::Comparison::LessEqual;
            return true;
        case BTEqualStrategyNumber:
            *comparison = storage::Comparison::Equal;
            return true;
        case BTGreaterEqualStrategyNumber:
            *comparison = storage::Comparison::GreaterEqual;
            return true;
        case BTGreaterStrategyNumber:
            *comparison = storage::Comparison::Greater;
            return true;
        default:
            return false;
    }
}

bool isRowIndependent(Node* value) {
    return !contain_volatile_functions(value) && !contain_var_clause(value) &&
           !contain_subplans(value);
}

bool acceptable(Var* column, Oid collation, Oid op, Oid valueType, Node* value, bool array,
                PruningClause* result) {
    Oid type = column->vartype;
    // varchar columns are compared as text.
    Oid family = type == VARCHAROID ? TEXTOID : type;
    if (!comparisonOf(op, family, &result->comparison)) {
        return false;
    }
    const bool sameType = valueType == family || (isInteger(type) && isInteger(valueType));
    const bool ordered = isOrdered(type);
    const bool equal = result->comparison == storage::Comparison::Equal;
    if (!sameType || (!ordered && !(equal && isBytewiseEqual(type, collation))) ||
        (array && !equal) || !isRowIndependent(value)) {
        return false;
    }
    result->attribute = column->varattno;
    result->array = array;
    result->valueType = valueType;
    result->value = reinterpret_cast<Expr*>(value);
    return true;
}

}  // namespace

bool matchPruningClause(RestrictInfo* info, RelOptInfo* relation, PruningClause* result) {
    const Index relid = relation->relid;
    Node* clause = reinterpret_cast<Node*>(info->clause);
    if (info->pseudoconstant || info->security_level > relation->baserestrict_min_security) {
        return false;
    }
    if (IsA(clause, OpExpr)) {
        auto* op = reinterpret_cast<OpExpr*>(clause);
        if (list_length(op->args) != 2) {
            return false;
        }
        auto* left = static_cast<Node*>(linitial(op->args));
        auto* right = static_cast<Node*>(lsecond(op->args));
        if (Var* column = columnOf(left, relid)) {
            return acceptable(column, op->inputcollid, op->opno, exprType(right), right, false,
                              result);
        }
        if (Var* column = columnOf(right, relid)) {
            Oid commutator = get_commutator(op->opno);
            return OidIsValid(commutator) && acceptable(column, op->inputcollid, commutator,
                                                        exprType(left), left, false, result);
        }
        return false;
    }
    if (IsA(clause, ScalarArrayOpExpr)) {
        auto* op = reinterpret_cast<ScalarArrayOpExpr*>(clause);
        auto* left = static_cast<Node*>(linitial(op->args));
        auto* right = static_cast<Node*>(lsecond(op->args));
        Var* column = columnOf(left, relid);
        Oid element = get_base_element_type(exprType(right));
        return column != nullptr && op->useOr && OidIsValid(element) &&
               acceptable(column, op->inputcollid, op->opno, element, right, true, result);
    }
    if (Var* column = columnOf(clause, relid); column != nullptr && column->vartype == BOOLOID) {
        result->attribute = column->varattno;
        result->comparison = storage::Comparison::Equal;
        result->array = false;
        result->valueType = BOOLOID;
        result->value = reinterpret_cast<Expr*>(makeBoolConst(true, false));
        return true;
    }
    return false;
}

}  // namespace footfall::planner
