// See interpreted_expression.h.
#include "extension/executor/interpreted_expression.h"

namespace footfall::executor {

ExprState* initInterpreted(Expr* expression, PlanState* planState) {
    // An error ends the query, and with it the state whose flags these are.
    EState* query = planState->state;
    const int flags = query->es_jit_flags;
    query->es_jit_flags = PGJIT_NONE;
    ExprState* state = ExecInitExpr(expression, planState);
    query->es_jit_flags = flags;
    return state;
}

List* initInterpretedList(List* expressions, PlanState* planState) {
    List* states = NIL;
    ListCell* cell;
    foreach (cell, expressions) {
        states = lappend(states, initInterpreted(static_cast<Expr*>(lfirst(cell)), planState));
    }
    return states;
}

}  // namespace footfall::executor
