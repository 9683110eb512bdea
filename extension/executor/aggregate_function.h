// PostgreSQL's aggregates that the engine computes: which they are, and how their results become
// Datums.
#pragma once

#include "engine/aggregate/aggregate_spec.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

enum class ResultForm : uint8_t {
    Direct,           // the engine's value in the aggregate's type
    NumericSum,       // the exact integer sum as a numeric
    NumericAverage,   // the exact integer sum divided as numeric
    Count,            // Result::count, whatever the function
    IntegerVariance,  // from exact sums, as a numeric
    IntegerDeviation,
    Final,  // PostgreSQL's final function over an array of count and moments
};

struct AggregateFunction {
    aggregate::Function function;
    ResultForm form;
    int moments;        // Final: how many the array has; Integer*: 1 less than the count divides
    Oid finalFunction;  // Final
};

// Fills `*result`; returns why the engine cannot compute the aggregate as PostgreSQL does, or
// nullptr.
const char* describeAggregate(const Aggref* aggref, AggregateFunction* result);

// The engine's result as the aggregate's, in the current context.
Datum aggregateDatum(const AggregateFunction& function, Form_pg_attribute form,
                     const aggregate::Result& result, bool* null);

}  // namespace footfall::executor
