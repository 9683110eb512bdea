// Expressions that are interpreted even where the plan's are compiled to machine code.
//
// What a node prepares anew each time it is started again (the value of a parameter, a function
// that only PostgreSQL can evaluate) would be compiled as often: a sub-query that runs ten thousand
// times would start the compiler ten thousand times, which costs thousands of times what it saves,
// and PostgreSQL keeps what it compiled until the query ends.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

// As ExecInitExpr does, in the current context.
ExprState* initInterpreted(Expr* expression, PlanState* planState);

// As ExecInitExprList does, in the current context.
List* initInterpretedList(List* expressions, PlanState* planState);

}  // namespace footfall::executor
