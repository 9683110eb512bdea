// See expression_text.h.
#include "extension/pg/expression_text.h"

namespace footfall::pg {

// The grammar reads it as what may follow SELECT, so all the rest of a query is refused here.
Node* parseExpressionText(const char* text) {
    List* statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
    auto* select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
    const bool plain = list_length(select->targetList) == 1 && select->distinctClause == NIL &&
                       select->intoClause == nullptr && select->fromClause == NIL &&
                       select->whereClause == nullptr && select->groupClause == NIL &&
                       select->havingClause == nullptr && select->windowClause == NIL &&
                       select->valuesLists == NIL && select->sortClause == NIL &&
                       select->limitOffset == nullptr && select->limitCount == nullptr &&
                       select->lockingClause == NIL && select->withClause == nullptr &&
                       select->op == SETOP_NONE;
    ResTarget* target = plain ? linitial_node(ResTarget, select->targetList) : nullptr;
    if (target == nullptr || target->name != nullptr) {
        return nullptr;
    }
    // "*" is no expression, but the grammar takes it for a reference to a column.
    const bool star =
        IsA(target->val, ColumnRef) && IsA(llast(castNode(ColumnRef, target->val)->fields), A_Star);
    return star ? nullptr : target->val;
}

}  // namespace footfall::pg
