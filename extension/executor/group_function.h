// Which behavioural aggregates of footfall the engine computes over streamed customers, what their
// calls ask for, and their results as Datums.
#pragma once

#include "engine/behavior/group_aggregate.h"
#include "extension/executor/expression_translator.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// Where a call has its arguments; -1: none such.
struct GroupFunctionCall {
    behavior::GroupFunction function;
    int window;
    int modes;
    int pattern;
    int time;
    int text;
    int period;
    int conditions;
    int gap;
    int length;
};

// Fills `*call`; returns why the engine cannot compute the aggregate, or nullptr.
const char* describeGroupFunction(const Aggref* aggref, GroupFunctionCall* call);

// The call for the engine, the arguments that hold for a whole group evaluated.
behavior::GroupAggregateSpec translateGroupFunction(const GroupFunctionCall& call,
                                                    const Aggref* aggref, PlanState* planState,
                                                    ExpressionTranslator* translator);

// The engine's result as the aggregate's, in the current context. `row` describes the type where it
// is composite.
Datum groupDatum(behavior::GroupFunction function, const behavior::GroupResult& result,
                 TupleDesc row, bool* null);

}  // namespace footfall::executor
