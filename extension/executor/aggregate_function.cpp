// See aggregate_function.h.
#include "extension/executor/aggregate_function.h"

#include "extension/executor/value_type.h"

namespace footfall::executor {

namespace {

using aggregate::Function;

struct Known {
    Oid aggregate;
    Function function;
    ResultForm form;
    int moments;  // as in AggregateFunction
};

const Known kKnown[] = {
    {F_COUNT_, Function::CountRows, ResultForm::Direct, 0},
    {F_COUNT_ANY, Function::Count, ResultForm::Direct, 0},
    {F_SUM_INT2, Function::Sum, ResultForm::Direct, 0},
    {F_SUM_INT4, Function::Sum, ResultForm::Direct, 0},
    {F_SUM_INT8, Function::Sum, ResultForm::NumericSum, 0},
    {F_SUM_FLOAT4, Function::Sum, ResultForm::Direct, 0},
    {F_SUM_FLOAT8, Function::Sum, ResultForm::Direct, 0},
    {F_AVG_INT2, Function::Average, ResultForm::NumericAverage, 0},
    {F_AVG_INT4, Function::Average, ResultForm::NumericAverage, 0},
    {F_AVG_INT8, Function::Average, ResultForm::NumericAverage, 0},
    {F_AVG_FLOAT4, Function::Average, ResultForm::Direct, 0},
    {F_AVG_FLOAT8, Function::Average, ResultForm::Direct, 0},
    {F_MIN_INT2, Function::Min, ResultForm::Direct, 0},
    {F_MIN_INT4, Function::Min, ResultForm::Direct, 0},
    {F_MIN_INT8, Function::Min, ResultForm::Direct, 0},
    {F_MIN_FLOAT4, Function::Min, ResultForm::Direct, 0},
    {F_MIN_FLOAT8, Function::Min, ResultForm::Direct, 0},
    {F_MIN_DATE, Function::Min, ResultForm::Direct, 0},
    {F_MIN_TIME, Function::Min, ResultForm::Direct, 0},
    {F_MIN_TIMESTAMP, Function::Min, ResultForm::Direct, 0},
    {F_MIN_TIMESTAMPTZ, Function::Min, ResultForm::Direct, 0},
    {F_MIN_TEXT, Function::Min, ResultForm::Direct, 0},
    {F_MAX_INT2, Function::Max, ResultForm::Direct, 0},
    {F_MAX_INT4, Function::Max, ResultForm::Direct, 0},
    {F_MAX_INT8, Function::Max, ResultForm::Direct, 0},
    {F_MAX_FLOAT4, Function::Max, ResultForm::Direct, 0},
    {F_MAX_FLOAT8, Function::Max, ResultForm::Direct, 0},
    {F_MAX_DATE, Function::Max, ResultForm::Direct, 0},
    {F_MAX_TIME, Function::Max, ResultForm::Direct, 0},
    {F_MAX_TIMESTAMP, Function::Max, ResultForm::Direct, 0},
    {F_MAX_TIMESTAMPTZ, Function::Max, ResultForm::Direct, 0},
    {F_MAX_TEXT, Function::Max, ResultForm::Direct, 0},
    {F_BOOL_AND, Function::BoolAnd, ResultForm::Direct, 0},
    {F_EVERY, Function::BoolAnd, ResultForm::Direct, 0},
    {F_BOOL_OR, Function::BoolOr, ResultForm::Direct, 0},
    {F_VAR_POP_INT2, Function::Variance, ResultForm::IntegerVariance, 0},
    {F_VAR_POP_INT4, Function::Variance, ResultForm::IntegerVariance, 0},
    {F_VAR_SAMP_INT2, Function::Variance, ResultForm::IntegerVariance, 1},
    {F_VAR_SAMP_INT4, Function::Variance, ResultForm::IntegerVariance, 1},
    {F_VARIANCE_INT2, Function::Variance, ResultForm::IntegerVariance, 1},
    {F_VARIANCE_INT4, Function::Variance, ResultForm::IntegerVariance, 1},
    {F_STDDEV_POP_INT2, Function::Variance, ResultForm::IntegerDeviation, 0},
    {F_STDDEV_POP_INT4, Function::Variance, ResultForm::IntegerDeviation, 0},
    {F_STDDEV_SAMP_INT2, Function::Variance, ResultForm::IntegerDeviation, 1},
    {F_STDDEV_SAMP_INT4, Function::Variance, ResultForm::IntegerDeviation, 1},
    {F_STDDEV_INT2, Function::Variance, ResultForm::IntegerDeviation, 1},
    {F_STDDEV_INT4, Function::Variance, ResultForm::IntegerDeviation, 1},
    {F_VAR_POP_FLOAT4, Function::Variance, ResultForm::Final, 2},
    {F_VAR_POP_FLOAT8, Function::Variance, ResultForm::Final, 2},
    {F_VAR_SAMP_FLOAT4, Function::Variance, ResultForm::Final, 2},
    {F_VAR_SAMP_FLOAT8, Function::Variance, ResultForm::Final, 2},
    {F_VARIANCE_FLOAT4, Function::Variance, ResultForm::Final, 2},
    {F_VARIANCE_FLOAT8, Function::Variance, ResultForm::Final, 2},
    {F_STDDEV_POP_FLOAT4, Function::Variance, ResultForm::Final, 2},
    {F_STDDEV_POP_FLOAT8, Function::Variance, ResultForm::Final, 2},
    {F_STDDEV_SAMP_FLOAT4, Function::Variance, ResultForm::Final, 2},
    {F_STDDEV_SAMP_FLOAT8, Function::Variance, ResultForm::Final, 2},
    {F_STDDEV_FLOAT4, Function::Variance, ResultForm::Final, 2},
    {F_STDDEV_FLOAT8, Function::Variance, ResultForm::Final, 2},
    {F_REGR_COUNT, Function::Regression, ResultForm::Count, 0},
    {F_REGR_SXX, Function::Regression, ResultForm::Final, 5},
    {F_REGR_SYY, Function::Regression, ResultForm::Final, 5},
    {F_REGR_SXY, Function::Regression, ResultForm::Final, 5},
    {F_REGR_AVGX, Function::Regression, ResultForm::Final, 5},
    {F_REGR_AVGY, Function::Regression, ResultForm::Final, 5},
    {F_REGR_R2, Function::Regression, ResultForm::Final, 5},
    {F_REGR_SLOPE, Function::Regression, ResultForm::Final, 5},
    {F_REGR_INTERCEPT, Function::Regression, ResultForm::Final, 5},
    {F_COVAR_POP, Function::Regression, ResultForm::Final, 5},
    {F_COVAR_SAMP, Function::Regression, ResultForm::Final, 5},
    {F_CORR, Function::Regression, ResultForm::Final, 5},
};

const Known* find(Oid aggregate) {
    for (const Known& known : kKnown) {
        if (known.aggregate == aggregate) {
            return &known;
        }
    }
    return nullptr;
}

// Finds the final function, and checks that the transition array is the one the engine's moments
// make: one element for the count, then the moments, all 0 at the start.
const char* describeFinal(AggregateFunction* result, Oid aggregate) {
    HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
    if (!HeapTupleIsValid(tuple)) {
        return "an aggregate is not in the catalog";
    }
    auto* form = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
    result->finalFunction = form->aggfinalfn;
    bool null = false;
    Datum initial = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &null);
    const char* expected = result->moments == 2 ? "{0,0,0}" : "{0,0,0,0,0,0}";
    const bool same = !null && form->aggtranstype == FLOAT8ARRAYOID &&
                      OidIsValid(form->aggfinalfn) &&
                      strcmp(TextDatumGetCString(initial), expected) == 0;
    ReleaseSysCache(tuple);
    return same ? nullptr : "an aggregate keeps its state in a form unknown to footfall";
}

Numeric numericOf(aggregate::Int128 value) {
    if (value >= PG_INT64_MIN && value <= PG_INT64_MAX) {
        return int64_to_numeric(static_cast<int64>(value));
    }
    // In base 10^18, so that each digit fits into an int64.
    constexpr int64 kBase = INT64CONST(1000000000000000000);
    Numeric high = numericOf(value / kBase);
    Numeric low = int64_to_numeric(static_cast<int64>(value % kBase));
    const Datum scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(high),
                                             NumericGetDatum(int64_to_numeric(kBase)));
    return DatumGetNumeric(DirectFunctionCall2(numeric_add, scaled, NumericGetDatum(low)));
}

Datum compute(PGFunction function, Datum left, Datum right) {
    return DirectFunctionCall2(function, left, right);
}

Datum integerDatum(aggregate::Int128 value) {
    return NumericGetDatum(numericOf(value));
}

// The square root of a quotient, with as many digits after the point as the quotient has, rounded
// once. numeric_sqrt may give more digits; where cutting them would round a second time at a tie,
// the square tells on which side of the tie the root is.
Datum rootOf(Datum quotient) {
    const Datum scale = DirectFunctionCall1(numeric_scale, quotient);
    const Datum root = DirectFunctionCall1(numeric_sqrt, quotient);
    const Datum rounded = compute(numeric_round, root, scale);
    const Datum down = compute(numeric_trunc, root, scale);
    const Datum twice =
        compute(numeric_sub, compute(numeric_add, root, root), compute(numeric_add, rounded, down));
    const bool tie = DatumGetBool(compute(numeric_ne, rounded, down)) &&
                     DatumGetBool(compute(numeric_eq, twice, integerDatum(0)));
    const bool below =
        DatumGetBool(compute(numeric_gt, compute(numeric_mul, root, root), quotient));
    return tie && below ? down : rounded;
}

// Variance and standard deviation of integers as numeric_stddev_internal computes them.
Datum integerVariance(const AggregateFunction& function, const aggregate::Result& result,
                      bool* null) {
    const int64 divisor = result.count - function.moments;
    *null = divisor < 1;
    if (*null) {
        return Datum{0};
    }
    const Datum count = integerDatum(result.count);
    const Datum sum = integerDatum(result.sum);
    const Datum spread =
        compute(numeric_sub, compute(numeric_mul, count, integerDatum(result.sumOfSquares)),
                compute(numeric_mul, sum, sum));
    if (!DatumGetBool(compute(numeric_gt, spread, integerDatum(0)))) {
        return integerDatum(0);
    }
    const Datum variance =
        compute(numeric_div, spread, compute(numeric_mul, count, integerDatum(divisor)));
    return function.form == ResultForm::IntegerVariance ? variance : rootOf(variance);
}

Datum callFinal(const AggregateFunction& function, const aggregate::Result& result, bool* null) {
    Datum elements[6];
    elements[0] = Float8GetDatum(static_cast<float8>(result.count));
    for (int i = 0; i < function.moments; i++) {
        elements[i + 1] = Float8GetDatum(result.moments[i]);
    }
    ArrayType* array = construct_array(elements, function.moments + 1, FLOAT8OID, sizeof(float8),
                                       FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
    FmgrInfo info;
    fmgr_info(function.finalFunction, &info);
    LOCAL_FCINFO(call, 1);
    InitFunctionCallInfoData(*call, &info, 1, InvalidOid, nullptr, nullptr);
    call->args[0].value = PointerGetDatum(array);
    call->args[0].isnull = false;
    Datum value = FunctionCallInvoke(call);
    *null = call->isnull;
    return value;
}

}  // namespace

const char* describeAggregate(const Aggref* aggref, AggregateFunction* result) {
    const Known* known = find(aggref->aggfnoid);
    if (known == nullptr) {
        return "the engine does not have one of the aggregate functions";
    }
    if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggorder != NIL || aggref->aggvariadic ||
        aggref->agglevelsup != 0 || aggref->aggsplit != AGGSPLIT_SIMPLE) {
        return "an aggregate has ORDER BY, or belongs to another query level";
    }
    *result = {known->function, known->form, known->moments, InvalidOid};
    if (known->function == Function::Min || known->function == Function::Max) {
        auto* argument = static_cast<TargetEntry*>(linitial(aggref->args));
        if (!orderIsBytewise(exprType(reinterpret_cast<Node*>(argument->expr)),
                             aggref->inputcollid)) {
            return "min or max of text needs the collation \"C\"";
        }
    }
    if (aggref->aggdistinct != NIL) {
        switch (known->function) {
            case Function::Min:
            case Function::Max:
            case Function::BoolAnd:
            case Function::BoolOr:
                break;  // the same without DISTINCT
            case Function::Count:
            case Function::Sum:
            case Function::Average: {
                auto* argument = static_cast<TargetEntry*>(linitial(aggref->args));
                auto* value = reinterpret_cast<Node*>(argument->expr);
                if (!equalityIsBytewise(exprType(value), exprCollation(value))) {
                    return "DISTINCT of a type that is not compared by its bytes";
                }
                break;
            }
            default:
                return "DISTINCT in this aggregate";
        }
    }
    return known->form == ResultForm::Final ? describeFinal(result, aggref->aggfnoid) : nullptr;
}

Datum aggregateDatum(const AggregateFunction& function, Form_pg_attribute form,
                     const aggregate::Result& result, bool* null) {
    *null = false;
    switch (function.form) {
        case ResultForm::Count:
            return Int64GetDatum(result.count);
        case ResultForm::Final:
            return callFinal(function, result, null);
        case ResultForm::IntegerVariance:
        case ResultForm::IntegerDeviation:
            return integerVariance(function, result, null);
        default:
            break;
    }
    *null = result.null;
    if (*null) {
        return Datum{0};
    }
    switch (function.form) {
        case ResultForm::NumericSum:
            return NumericGetDatum(numericOf(result.sum));
        case ResultForm::NumericAverage:
            return DirectFunctionCall2(numeric_div, NumericGetDatum(numericOf(result.sum)),
                                       NumericGetDatum(int64_to_numeric(result.count)));
        default:
            return datumOf(form, result.integer, result.real, result.bytes);
    }
}

}  // namespace footfall::executor
