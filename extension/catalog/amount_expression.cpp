// See amount_expression.h.
//
// Renaming works on the text, at the places where the grammar finds references to columns: no name
// has to be resolved, so it works while the catalogs are between two states, and also when the
// expression has stopped being valid (because a function it calls is gone).
#include "extension/catalog/amount_expression.h"

#include <cctype>
#include <cstring>

#include "extension/pg/expression_text.h"
#include "extension/pg/tree_walk.h"

namespace footfall::catalog {

namespace {

// Says which text a syntax error is in: a position in it is not a position in the user's query.
void amountErrorContext(void* argument) {
    const char* text = static_cast<const char*>(argument);
    const int position = geterrposition();
    if (position > 0) {
        errposition(0);
        internalerrposition(position);
        internalerrquery(text);
    }
    errcontext("amount of footfall.configure: %s", text);
}

struct ErrorContext {
    ErrorContextCallback callback;
};

void pushErrorContext(ErrorContext* context, const char* text) {
    context->callback.callback = amountErrorContext;
    context->callback.arg = const_cast<char*>(text);
    context->callback.previous = error_context_stack;
    error_context_stack = &context->callback;
}

void popErrorContext(ErrorContext* context) {
    error_context_stack = context->callback.previous;
}

// The one expression that `text` must be.
Node* parseExpression(const char* text) {
    Node* expression = pg::parseExpressionText(text);
    if (expression == nullptr) {
        ereport(ERROR,
                (errcode(ERRCODE_SYNTAX_ERROR), errmsg("amount must be one column or expression"),
                 errhint("For example amount => 'price' or amount => 'price * quantity'.")));
    }
    return expression;
}

bool isNumber(Oid type) {
    switch (getBaseType(type)) {
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case FLOAT4OID:
        case FLOAT8OID:
        case NUMERICOID:
            return true;
        default:
            return false;
    }
}

// The text of an analysed expression, with every name outside pg_catalog qualified.
char* deparse(Relation relation, Node* expression) {
    List* context =
        deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
    const int level = NewGUCNestLevel();
    (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
    char* text = deparse_expression(expression, context, false, false);
    AtEOXact_GUC(false, level);
    return text;
}

bool walkRawExpression(Node* node, pg::TreeWalker walker, void* context) {
#if PG_VERSION_NUM >= 160000
    return raw_expression_tree_walker_impl(node, walker, context);
#else
    using Untyped = void (*)();
    return raw_expression_tree_walker(
        node, reinterpret_cast<bool (*)()>(reinterpret_cast<Untyped>(walker)), context);
#endif
}

// References to one column (or, without a name, to all), in the order of the tree.
struct References {
    const char* column;
    List* locations;
    List* names;  // of char*, as often as they occur
};

bool collectReferences(Node* node, void* argument) {
    if (node == nullptr) {
        return false;
    }
    auto* references = static_cast<References*>(argument);
    if (IsA(node, ColumnRef)) {
        auto* reference = castNode(ColumnRef, node);
        Node* name = static_cast<Node*>(linitial(reference->fields));
        if (IsA(name, String) &&
            (references->column == nullptr || strcmp(strVal(name), references->column) == 0)) {
            references->locations = lappend_int(references->locations, reference->location);
            references->names = lappend(references->names, strVal(name));
        }
        return false;
    }
    return walkRawExpression(node, collectReferences, argument);
}

List* referencesTo(const char* text, const char* column) {
    References references = {column, NIL, NIL};
    (void)collectReferences(parseExpression(text), &references);
    list_sort(references.locations, list_int_cmp);
    return references.locations;
}

// Where pg_catalog has to be named: an operator or a function, at its place in the text.
struct Unqualified {
    int location;
    const char* operatorName;  // nullptr: a function
};

bool collectUnqualified(Node* node, void* argument) {
    if (node == nullptr) {
        return false;
    }
    auto* found = static_cast<List**>(argument);
    const bool isOperator = IsA(node, A_Expr);
    if (isOperator || IsA(node, FuncCall)) {
        List* name = isOperator ? castNode(A_Expr, node)->name : castNode(FuncCall, node)->funcname;
        // Of the other kinds of A_Expr (NULLIF, IS DISTINCT FROM) the text does not hold the name.
        const bool named = !isOperator || castNode(A_Expr, node)->kind == AEXPR_OP ||
                           castNode(A_Expr, node)->kind == AEXPR_OP_ANY ||
                           castNode(A_Expr, node)->kind == AEXPR_OP_ALL;
        if (named && list_length(name) == 1) {
            auto* place = static_cast<Unqualified*>(palloc(sizeof(Unqualified)));
            place->location =
                isOperator ? castNode(A_Expr, node)->location : castNode(FuncCall, node)->location;
            place->operatorName = isOperator ? strVal(linitial(name)) : nullptr;
            *found = lappend(*found, place);
        }
    }
    return walkRawExpression(node, collectUnqualified, argument);
}

int compareLocations(const ListCell* a, const ListCell* b) {
    const int left = static_cast<Unqualified*>(lfirst(a))->location;
    const int right = static_cast<Unqualified*>(lfirst(b))->location;
    return left < right ? -1 : static_cast<int>(left > right);
}

// Length of the identifier, quoted or not, at the start of `text`.
Size identifierLength(const char* text) {
    if (*text != '"') {
        Size length = 0;
        while (text[length] != '\0' &&
               (isalnum(static_cast<unsigned char>(text[length])) || text[length] == '_' ||
                text[length] == '$' || IS_HIGHBIT_SET(text[length]))) {
            length++;
        }
        return length;
    }
    Size length = 1;
    while (text[length] != '\0') {
        if (text[length] == '"' && text[length + 1] != '"') {
            return length + 1;
        }
        length += text[length] == '"' ? 2 : 1;
    }
    return length;
}

}  // namespace

char* canonicalAmount(Relation relation, const char* text) {
    // A column's name as it is, which need not be a valid expression (Price, unit price).
    AttrNumber attribute = get_attnum(RelationGetRelid(relation), text);
    if (attribute > 0) {
        text = quote_identifier(text);
    }
    ErrorContext context;
    pushErrorContext(&context, text);
    Node* raw = parseExpression(text);
    ParseState* state = make_parsestate(nullptr);
    state->p_sourcetext = text;
    ParseNamespaceItem* item =
        addRangeTableEntryForRelation(state, relation, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(state, item, true, true, true);
    // The kind of expression an index may have: no subquery, aggregate, window or set-returning
    // function.
    Node* expression = transformExpr(state, raw, EXPR_KIND_INDEX_EXPRESSION);
    const Oid type = exprType(expression);
    if (!isNumber(type)) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("amount is of type %s, not a number", format_type_be(type)),
                        errhint("Use a column or expression of type numeric, integer or double "
                                "precision, or cast it: "
                                "amount => '(%s)::numeric'.",
                                text)));
    }
    assign_expr_collations(state, expression);
    Bitmapset* attributes = nullptr;
    pull_varattnos(expression, 1, &attributes);
    for (int member = -1; (member = bms_next_member(attributes, member)) >= 0;) {
        const int number = member + FirstLowInvalidHeapAttributeNumber;
        if (number <= 0) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                            errmsg("amount may not refer to whole rows or system columns"),
                            errhint("Name the columns it is computed from.")));
        }
    }
    if (bms_is_empty(attributes)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                        errmsg("amount does not refer to any column"),
                        errhint("For example amount => 'price * quantity'.")));
    }
    Node* planned = reinterpret_cast<Node*>(
        expression_planner(reinterpret_cast<Expr*>(copyObjectImpl(expression))));
    if (contain_mutable_functions(planned)) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_OBJECT_DEFINITION), errmsg("amount must be immutable"),
                 errhint("Its value may depend on the row alone, not on settings, the time or "
                         "other tables.")));
    }
    char* canonical = deparse(relation, expression);
    popErrorContext(&context);
    free_parsestate(state);
    return canonical;
}

List* columnsOfAmount(const char* text) {
    References references = {nullptr, NIL, NIL};
    (void)collectReferences(parseExpression(text), &references);
    return references.names;
}

// The canonical text has parentheses around every operation, so OPERATOR(), which binds less
// tightly than * and +, changes nothing.
char* qualifiedAmount(const char* text) {
    List* places = NIL;
    (void)collectUnqualified(parseExpression(text), &places);
    list_sort(places, compareLocations);
    StringInfoData result;
    initStringInfo(&result);
    int copied = 0;
    ListCell* cell;
    foreach (cell, places) {
        const auto* place = static_cast<Unqualified*>(lfirst(cell));
        appendBinaryStringInfo(&result, text + copied, place->location - copied);
        copied = place->location;
        if (place->operatorName == nullptr) {
            appendStringInfoString(&result, "pg_catalog.");
        } else {
            appendStringInfo(&result, "OPERATOR(pg_catalog.%s)", place->operatorName);
            copied += static_cast<int>(strlen(place->operatorName));
        }
    }
    appendStringInfoString(&result, text + copied);
    return result.data;
}

bool amountMentions(const char* text, const char* column) {
    return referencesTo(text, column) != NIL;
}

char* renameInAmount(const char* text, const char* column, const char* newName) {
    StringInfoData result;
    initStringInfo(&result);
    int copied = 0;
    ListCell* cell;
    foreach (cell, referencesTo(text, column)) {
        const int location = lfirst_int(cell);
        appendBinaryStringInfo(&result, text + copied, location - copied);
        appendStringInfoString(&result, quote_identifier(newName));
        copied = location + static_cast<int>(identifierLength(text + location));
    }
    appendStringInfoString(&result, text + copied);
    return result.data;
}

}  // namespace footfall::catalog
