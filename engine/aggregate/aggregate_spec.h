// What is to be aggregated, and what comes out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/scan/expression.h"

namespace footfall::aggregate {

using Int128 = __int128;

enum class Function : uint8_t {
    CountRows = 1,  // count(*), no argument
    Count,          // any type
    // Result: the type PostgreSQL's sum has. Int16, Int32 -> `integer` (overflow of int8 raises
    // 22003); Int64 -> `sum` (a numeric is made of it); floats -> `real` (a float4's is float4).
    Sum,
    // Integers: `sum` and `count`, numeric division is the caller's. Floats: `real`.
    Average,
    // Integers, Bool, floats (NaN greatest), Bytes and Fixed in memcmp order.
    Min,
    Max,
    BoolAnd,
    BoolOr,
    // The variance and stddev functions share one state. Float32, Float64: `moments`. Int16, Int32:
    // `count`, `sum` and `sumOfSquares`, exact.
    Variance,
    // corr, covar_*, regr_* over (second, argument) = (Y, X) as float8: `moments`. A row counts
    // when both are not NULL.
    Regression,
};

struct AggregateSpec {
    Function function = Function::CountRows;
    const scan::Expression* argument = nullptr;
    const scan::Expression* second = nullptr;  // Regression: Y; `argument` is X
    const scan::Expression* filter = nullptr;  // Bool; only rows for which it is true count
    bool distinct = false;                     // Count, Sum, Average
};

// Grouping equality is equality of bits (floats: -0 = 0, all NaN equal).
struct AggregationSpec {
    std::span<const scan::Expression* const> filters;  // one after the other; Bool
    std::span<const scan::Expression* const> keys;     // none: one group, also over no rows
    std::span<const AggregateSpec> aggregates;
};

// A value of a key column. Bytes are valid until the groups are gone.
struct Value {
    bool null = false;
    int64_t integer = 0;     // Bool and integers
    double real = 0;         // floats
    std::string_view bytes;  // Bytes and Fixed
};

// What an aggregate has for a group; which fields count says Function. `null` is what SQL's result
// would be (no row; for Variance and Regression it is never set: look at count).
struct Result {
    bool null = false;
    int64_t integer = 0;     // Count*, Sum of small integers, Min/Max of integers, Bool*
    double real = 0;         // Sum, Average, Min, Max of floats
    std::string_view bytes;  // Min, Max of Bytes and Fixed
    int64_t count = 0;       // non-NULL inputs
    Int128 sum = 0;
    Int128 sumOfSquares = 0;
    // As PostgreSQL's transition arrays: Variance: sum of X, sum of (X - mean)^2.
    // Regression: Sx, Sxx, Sy, Syy, Sxy.
    double moments[5] = {0, 0, 0, 0, 0};
};

}  // namespace footfall::aggregate
