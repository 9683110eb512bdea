// See expression_translator.h. Engine calls may throw and are each made inside enterEngine;
// PostgreSQL calls are made outside of it.
#include "extension/executor/expression_translator.h"

#include "extension/executor/interpreted_expression.h"
#include "extension/executor/native_operator.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/pg/tree_walk.h"
#include "extension/storage/value.h"

namespace footfall::executor {

using scan::Expression;
using scan::Operator;

namespace {

template <class Make>
const Expression* make(Make&& body) {
    const Expression* made = nullptr;
    pg::enterEngine([&] { made = body(); });
    return made;
}

bool sameStorage(Oid a, Oid b) {
    const vector::ColumnType left = storageType(a);
    const vector::ColumnType right = storageType(b);
    return left.kind == right.kind && left.width == right.width;
}

bool dependsOnRow(Node* node) {
    return contain_var_clause(node);
}

Oid functionOf(OpExpr* op) {
    set_opfuncid(op);
    return op->opfuncid;
}

// Of a FuncExpr or OpExpr.
List* argumentsOf(Node* node) {
    return IsA(node, FuncExpr) ? reinterpret_cast<FuncExpr*>(node)->args
                               : reinterpret_cast<OpExpr*>(node)->args;
}

// Every argument of these is evaluated for every row.
bool evaluatesAllArguments(Node* node) {
    switch (nodeTag(node)) {
        case T_FuncExpr:
        case T_OpExpr:
        case T_ScalarArrayOpExpr:
        case T_RelabelType:
        case T_CoerceViaIO:
            return true;
        default:
            return false;
    }
}

// Whether the engine may know the operator at the node's top, with more than passing it on.
bool mayBeNative(Node* node) {
    switch (nodeTag(node)) {
        case T_FuncExpr: {
            auto* call = reinterpret_cast<FuncExpr*>(node);
            return nativeOperator(call->funcid) != nullptr ||
                   stepBucketWidth(call->funcid, call->args) != 0;
        }
        case T_OpExpr: {
            auto* op = reinterpret_cast<OpExpr*>(node);
            const Oid function = functionOf(op);
            return nativeOperator(function) != nullptr || function == F_TEXTLIKE ||
                   function == F_TEXTNLIKE || argumentOfStepPart(function, op->args) >= 0;
        }
        case T_ScalarArrayOpExpr:
            return true;
        default:
            return false;
    }
}

// In CASE x WHEN v, puts x in the place of CaseTestExpr. Inner expressions that have a
// CaseTestExpr of their own keep it.
Node* substituteTested(Node* node, void* tested) {
    if (node == nullptr) {
        return nullptr;
    }
    if (IsA(node, CaseTestExpr)) {
        return static_cast<Node*>(copyObjectImpl(tested));
    }
    if (IsA(node, CaseExpr) && reinterpret_cast<CaseExpr*>(node)->arg != nullptr) {
        auto* inner = static_cast<CaseExpr*>(copyObjectImpl(node));
        inner->arg =
            reinterpret_cast<Expr*>(substituteTested(reinterpret_cast<Node*>(inner->arg), tested));
        return reinterpret_cast<Node*>(inner);
    }
    if (IsA(node, ArrayCoerceExpr)) {
        auto* inner = static_cast<ArrayCoerceExpr*>(copyObjectImpl(node));
        inner->arg =
            reinterpret_cast<Expr*>(substituteTested(reinterpret_cast<Node*>(inner->arg), tested));
        return reinterpret_cast<Node*>(inner);
    }
    return pg::mutateExpression(node, substituteTested, tested);
}

// Whether two different columns are in the expression.
bool hasSeveralVars(Node* node) {
    struct Search {
        const Var* first = nullptr;
        static bool finds(Node* part, void* context) {
            if (part == nullptr) {
                return false;
            }
            if (!IsA(part, Var)) {
                return pg::walkExpression(part, finds, context);
            }
            auto* search = static_cast<Search*>(context);
            if (search->first == nullptr) {
                search->first = reinterpret_cast<const Var*>(part);
            }
            return !equal(search->first, part);
        }
    };
    Search search;
    return Search::finds(node, &search);
}

}  // namespace

void checkExecute(Oid function) {
#if PG_VERSION_NUM >= 160000
    const AclResult result =
        object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE);
#else
    const AclResult result = pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE);
#endif
    if (result != ACLCHECK_OK) {
        aclcheck_error(result, OBJECT_FUNCTION, get_func_name(function));
    }
    InvokeFunctionExecuteHook(function);
}

ExpressionTranslator::ExpressionTranslator(PlanState* planState, const List* attributes)
    : planState_(planState), attributes_(attributes) {
    MemoryContext context = CurrentMemoryContext;
    foreign_ = new (palloc(sizeof(ForeignExpressions))) ForeignExpressions(planState);
    resource_ = new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(context);
    pg::enterEngine([&] { builder_ = pg::makeIn<scan::ExpressionBuilder>(context, resource_); });
}

ExpressionTranslator::Arguments ExpressionTranslator::translateAll(List* nodes) {
    const auto count = static_cast<std::size_t>(list_length(nodes));
    auto** translated = static_cast<const Expression**>(
        palloc(sizeof(const Expression*) * Max(count, std::size_t{1})));
    std::size_t i = 0;
    ListCell* cell;
    foreach (cell, nodes) {
        translated[i++] = translate(static_cast<Node*>(lfirst(cell)));
    }
    return {translated, count};
}

const Expression* ExpressionTranslator::translate(Node* node) {
    check_stack_depth();
    const Expression* native = tryNative(node);
    return native != nullptr ? native : foreignCall(node);
}

const Expression* ExpressionTranslator::translateFilter(Node* node) {
    runsQueries_ = true;
    const Expression* translated = translate(node);
    runsQueries_ = false;
    return translated;
}

void ExpressionTranslator::addRelation(Index relation, const List* attributes, int first) {
    auto* added = static_cast<FurtherRelation*>(palloc(sizeof(FurtherRelation)));
    *added = {relation, attributes, first, further_};
    further_ = added;
}

const Expression* ExpressionTranslator::column(const Var* var) {
    const List* attributes = attributes_;
    int index = 0;
    for (const FurtherRelation* other = further_; other != nullptr; other = other->next) {
        if (static_cast<Index>(var->varno) == other->relation) {
            attributes = other->attributes;
            index = other->first;
        }
    }
    ListCell* cell;
    foreach (cell, attributes) {
        if (lfirst_int(cell) == var->varattno) {
            const vector::ColumnType type = storageType(var->vartype);
            return make([&] { return builder_->column(static_cast<uint32_t>(index), type); });
        }
        index++;
    }
    elog(ERROR, "column %d is not among those FootfallAggregate reads", var->varattno);
    return nullptr;
}

const Expression* ExpressionTranslator::constant(Oid type, Datum value, bool null) {
    Form_pg_attribute form = valueForm(type);
    if (!null) {
        storage::prepareValue(form, &value);
    }
    const vector::ColumnType stored = storage::columnTypeOf(form);
    return make([&] {
        if (null) {
            return builder_->nullConstant(stored);
        }
        vector::Column holder(stored, resource_);
        storage::appendValue(holder, form, value);
        return builder_->constant(std::move(holder));
    });
}

bool ExpressionTranslator::hasValue(const Param* param) const {
    if (param->paramkind != PARAM_EXEC) {
        return true;
    }
    return takesValues_ &&
           (runsQueries_ ||
            planState_->state->es_param_exec_vals[param->paramid].execPlan == nullptr);
}

// The value of a constant or a parameter.
bool ExpressionTranslator::valueOf(Node* node, Datum* value, bool* null) {
    if (IsA(node, RelabelType)) {
        return valueOf(reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg), value,
                       null);
    }
    if (IsA(node, Const)) {
        auto* constant = reinterpret_cast<Const*>(node);
        *value = constant->constvalue;
        *null = constant->constisnull;
        return true;
    }
    if (!IsA(node, Param) || !hasValue(reinterpret_cast<Param*>(node))) {
        return false;
    }
    ExprState* state = initInterpreted(reinterpret_cast<Expr*>(node), planState_);
    *value = ExecEvalExpr(state, planState_->ps_ExprContext, null);
    return true;
}

const Expression* ExpressionTranslator::tryNative(Node* node) {
    if (!IsA(node, Const) && !IsA(node, Param) && !dependsOnRow(node)) {
        return nullptr;
    }
    switch (nodeTag(node)) {
        case T_Var:
            return column(reinterpret_cast<Var*>(node));
        case T_Const:
        case T_Param: {
            Datum value = 0;
            bool null = true;  // where values are left out
            if (!valueOf(node, &value, &null) && takesValues_) {
                return nullptr;
            }
            return constant(exprType(node), value, null);
        }
        case T_RelabelType: {
            auto* arg = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg);
            return sameStorage(exprType(node), exprType(arg)) ? translate(arg) : nullptr;
        }
        case T_OpExpr: {
            auto* op = reinterpret_cast<OpExpr*>(node);
            return function(functionOf(op), op->inputcollid, node, op->args);
        }
        case T_FuncExpr: {
            auto* call = reinterpret_cast<FuncExpr*>(node);
            return function(call->funcid, call->inputcollid, node, call->args);
        }
        case T_DistinctExpr:
            return equality(Operator::DistinctFrom, reinterpret_cast<DistinctExpr*>(node));
        case T_ScalarArrayOpExpr:
            return anyOf(reinterpret_cast<ScalarArrayOpExpr*>(node));
        case T_BoolExpr:
            return boolean(reinterpret_cast<BoolExpr*>(node));
        case T_CaseExpr:
            return caseOf(reinterpret_cast<CaseExpr*>(node));
        case T_CoalesceExpr:
            return call(Operator::Coalesce, node, reinterpret_cast<CoalesceExpr*>(node)->args);
        case T_NullTest: {
            auto* test = reinterpret_cast<NullTest*>(node);
            const Oid type = exprType(reinterpret_cast<Node*>(test->arg));
            if (test->argisrow || type_is_rowtype(type)) {
                return nullptr;
            }
            return call(test->nulltesttype == IS_NULL ? Operator::IsNull : Operator::IsNotNull,
                        node, list_make1(test->arg));
        }
        case T_BooleanTest: {
            static constexpr Operator kTests[] = {Operator::IsTrue,    Operator::IsNotTrue,
                                                  Operator::IsFalse,   Operator::IsNotFalse,
                                                  Operator::IsUnknown, Operator::IsNotUnknown};
            auto* test = reinterpret_cast<BooleanTest*>(node);
            return call(kTests[test->booltesttype], node, list_make1(test->arg));
        }
        default:
            return nullptr;
    }
}

const Expression* ExpressionTranslator::call(Operator op, Node* node, List* arguments) {
    const vector::ColumnType type = storageType(exprType(node));
    const bool conditional = op == Operator::And || op == Operator::Or || op == Operator::Case ||
                             op == Operator::Coalesce;
    const bool before = std::exchange(runsQueries_, runsQueries_ && !conditional);
    const Arguments translated = translateAll(arguments);
    runsQueries_ = before;
    return make([&] { return builder_->call(op, type, translated); });
}

const Expression* ExpressionTranslator::function(Oid function, Oid collation, Node* node,
                                                 List* arguments) {
    switch (function) {
        case F_TEXTLIKE:
            return like(Operator::Like, collation, arguments);
        case F_TEXTNLIKE:
            return like(Operator::NotLike, collation, arguments);
        default:
            break;
    }
    if (const Expression* bucketed = step(node)) {
        return bucketed;
    }
    const NativeOperator* native = nativeOperator(function);
    if (native == nullptr) {
        return nullptr;
    }
    const Oid type = exprType(static_cast<Node*>(linitial(arguments)));
    if ((native->requirement == Requirement::BytewiseEquality &&
         !equalityIsBytewise(type, collation)) ||
        (native->requirement == Requirement::BytewiseOrder && !orderIsBytewise(type, collation))) {
        return nullptr;
    }
    // A domain over a float is stored as an integer; its RelabelType makes it foreign.
    checkExecute(function);
    return call(native->op, node, arguments);
}

// A step function, and what is made of its answer alone.
const Expression* ExpressionTranslator::step(Node* node) {
    int64 width = 0;
    std::span<const int64> mixed;
    List* positions = NIL;  // of arguments, down to that of the innermost step function
    int steps = 0;          // how many of them lead there
    Node* part = node;
    while (IsA(part, FuncExpr) || IsA(part, OpExpr)) {
        const bool call = IsA(part, FuncExpr);
        const Oid function = call ? reinterpret_cast<FuncExpr*>(part)->funcid
                                  : functionOf(reinterpret_cast<OpExpr*>(part));
        List* arguments = argumentsOf(part);
        int position = argumentOfStepPart(function, arguments);
        if (const int64 own = stepBucketWidth(function, arguments); own != 0) {
            position = list_length(arguments) == 1 ? 0 : 1;
            width = own;
            mixed = bucketsWithChanges(function, arguments);
            steps = list_length(positions) + 1;
        }
        if (position < 0) {
            break;
        }
        positions = lappend_int(positions, position);
        part = static_cast<Node*>(list_nth(arguments, position));
    }
    if (width == 0) {
        return nullptr;
    }
    // Copied only now: every call of an expression asks, and few have a step inside.
    auto* replaced = static_cast<Node*>(copyObjectImpl(node));
    ListCell* found = nullptr;
    part = replaced;
    for (int i = 0; i < steps; i++) {
        found = list_nth_cell(argumentsOf(part), list_nth_int(positions, i));
        part = static_cast<Node*>(lfirst(found));
    }
    auto* argument = static_cast<Node*>(lfirst(found));
    lfirst(found) = ForeignExpressions::parameter(1, argument);
    const Expression* translated = translate(argument);
    const uint32_t id =
        foreign_->add(reinterpret_cast<Expr*>(replaced), list_make1_oid(exprType(argument)));
    const vector::ColumnType type = storageType(exprType(node));
    return make([&] { return builder_->step(id, type, translated, width, mixed); });
}

const Expression* ExpressionTranslator::like(Operator op, Oid collation, List* arguments) {
    auto* subject = static_cast<Node*>(linitial(arguments));
    Datum value = 0;
    bool null = true;
    if (!equalityIsBytewise(TEXTOID, collation) || !sameStorage(exprType(subject), TEXTOID) ||
        !valueOf(static_cast<Node*>(lsecond(arguments)), &value, &null) || null) {
        return nullptr;
    }
    const bool multibyte = pg_database_encoding_max_length() > 1;
    if (multibyte && GetDatabaseEncoding() != PG_UTF8) {
        return nullptr;
    }
    const text* pattern = DatumGetTextPP(value);
    const std::string_view bytes(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern));
    checkExecute(op == Operator::Like ? F_TEXTLIKE : F_TEXTNLIKE);
    const Expression* argument = translate(subject);
    // nullptr again for a pattern the engine does not take.
    return make([&] { return builder_->like(op, argument, bytes, multibyte); });
}

const Expression* ExpressionTranslator::equality(Operator op, DistinctExpr* distinct) {
    const Oid function = functionOf(distinct);
    const NativeOperator* native = nativeOperator(function);
    const Oid type = exprType(static_cast<Node*>(linitial(distinct->args)));
    if (native == nullptr || native->op != Operator::Equal ||
        (native->requirement == Requirement::BytewiseEquality &&
         !equalityIsBytewise(type, distinct->inputcollid))) {
        return nullptr;
    }
    checkExecute(function);
    return call(op, reinterpret_cast<Node*>(distinct), distinct->args);
}

// column = ANY (array) and column <> ALL (array) with an array known now.
const Expression* ExpressionTranslator::anyOf(ScalarArrayOpExpr* any) {
    set_sa_opfuncid(any);
    const NativeOperator* native = nativeOperator(any->opfuncid);
    auto* subject = static_cast<Node*>(linitial(any->args));
    auto* array = static_cast<Node*>(lsecond(any->args));
    const Oid type = exprType(subject);
    const Oid element = get_base_element_type(exprType(array));
    const Operator wanted = any->useOr ? Operator::Equal : Operator::NotEqual;
    Datum value = 0;
    bool null = true;
    if (native == nullptr || native->op != wanted || !OidIsValid(element) ||
        storageType(type) != storageType(element) || !equalityIsBytewise(type, any->inputcollid) ||
        !valueOf(array, &value, &null) || null) {
        return nullptr;
    }
    checkExecute(any->opfuncid);
    ArrayType* values = DatumGetArrayTypeP(value);
    Form_pg_attribute form = valueForm(element);
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(values, ARR_ELEMTYPE(values), form->attlen, form->attbyval, form->attalign,
                      &elements, &nulls, &count);
    for (int i = 0; i < count; i++) {
        if (!nulls[i]) {
            storage::prepareValue(form, &elements[i]);
        }
    }
    const Expression* argument = translate(subject);
    return make([&] {
        vector::Column constants(storage::columnTypeOf(form), resource_);
        for (int i = 0; i < count; i++) {
            if (nulls[i]) {
                constants.appendNull();
            } else {
                storage::appendValue(constants, form, elements[i]);
            }
        }
        return builder_->any(any->useOr ? Operator::EqualAny : Operator::NotEqualAll, argument,
                             std::move(constants));
    });
}

const Expression* ExpressionTranslator::boolean(BoolExpr* expression) {
    auto* node = reinterpret_cast<Node*>(expression);
    switch (expression->boolop) {
        case AND_EXPR:
            return call(Operator::And, node, expression->args);
        case OR_EXPR:
            return call(Operator::Or, node, expression->args);
        case NOT_EXPR:
            // NOT of IS DISTINCT FROM is what the parser makes of IS NOT DISTINCT FROM.
            return call(Operator::Not, node, expression->args);
    }
    return nullptr;
}

const Expression* ExpressionTranslator::caseOf(CaseExpr* expression) {
    List* parts = NIL;
    ListCell* cell;
    foreach (cell, expression->args) {
        auto* when = lfirst_node(CaseWhen, cell);
        auto* condition = reinterpret_cast<Node*>(when->expr);
        if (expression->arg != nullptr) {
            condition = substituteTested(condition, expression->arg);
        }
        parts = lappend(lappend(parts, condition), when->result);
    }
    const Oid type = exprType(reinterpret_cast<Node*>(expression));
    auto* otherwise = reinterpret_cast<Node*>(expression->defresult);
    if (otherwise == nullptr) {
        otherwise = reinterpret_cast<Node*>(makeNullConst(type, -1, InvalidOid));
    }
    return call(Operator::Case, reinterpret_cast<Node*>(expression), lappend(parts, otherwise));
}

// Replaces the parts of an expression that the engine evaluates by parameters.
struct ExpressionTranslator::Hoisting {
    Node* root;
    // An expression of one column is asked once for each entry of a dictionary: better as a whole,
    // and apart from an expression of several.
    bool several;
    bool eager;   // whether more than columns may be taken out
    List* nodes;  // what the parameters stand for
};

Node* ExpressionTranslator::hoist(Node* node, void* context) {
    if (node == nullptr) {
        return nullptr;
    }
    auto* hoisting = static_cast<Hoisting*>(context);
    const bool inside = node == hoisting->root || IsA(node, List) || !hoisting->eager ||
                        !dependsOnRow(node) ||
                        (evaluatesAllArguments(node) && !mayBeNative(node) &&
                         (!hoisting->several || hasSeveralVars(node)));
    if (inside && !IsA(node, Var)) {
        return pg::mutateExpression(node, hoist, context);
    }
    int number = 1;
    ListCell* cell;
    foreach (cell, hoisting->nodes) {
        if (equal(lfirst(cell), node)) {
            return reinterpret_cast<Node*>(ForeignExpressions::parameter(number, node));
        }
        number++;
    }
    hoisting->nodes = lappend(hoisting->nodes, node);
    return reinterpret_cast<Node*>(ForeignExpressions::parameter(number, node));
}

const Expression* ExpressionTranslator::foreignCall(Node* node) {
    Hoisting hoisting = {node, hasSeveralVars(node), evaluatesAllArguments(node), NIL};
    Node* body = hoist(node, &hoisting);
    List* types = NIL;
    ListCell* cell;
    foreach (cell, hoisting.nodes) {
        types = lappend_oid(types, exprType(static_cast<Node*>(lfirst(cell))));
    }
    const Arguments arguments = translateAll(hoisting.nodes);
    const uint32_t id = foreign_->add(reinterpret_cast<Expr*>(body), types);
    const vector::ColumnType type = storageType(exprType(node));
    return make([&] { return builder_->foreign(id, type, arguments, true); });
}

}  // namespace footfall::executor
