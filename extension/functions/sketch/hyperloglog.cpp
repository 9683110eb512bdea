// The type footfall.hyperloglog_sketch, its aggregates hyperloglog and rollup, and
// approx_count_distinct.
#include "engine/sketch/hyperloglog.h"
#include "extension/functions/sketch/sketch_value.h"
#include "extension/functions/sketch/value_hash.h"

namespace footfall::functions {

using sketch::HyperLogLog;

template <>
struct SketchTraits<HyperLogLog> {
    static constexpr const char* kName = "footfall.hyperloglog_sketch";
    static void setDefaults(HyperLogLog& sketch) {
        sketch.setPrecision(HyperLogLog::kDefaultPrecision);
    }
    static void check(HyperLogLog&) {}
};

namespace {

// Arguments: the state, the value, and maybe the precision.
Datum addValue(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    const ValueHash& hashOf = ValueHash::ofArgument(fcinfo, 1);
    const int64 precision = PG_NARGS() > 2
                                ? DatumGetInt32(requiredArgument(fcinfo, 2, "the precision"))
                                : HyperLogLog::kDefaultPrecision;
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<HyperLogLog>(state).hasPrecision(precision)) {
        pg::enterEngine(
            [&] { openState<HyperLogLog>(fcinfo, context, &state).setPrecision(precision); });
    }
    if (PG_ARGISNULL(1)) {
        return state;
    }
    const uint64 hash = hashOf(PG_GETARG_DATUM(1));
    auto& sketch = stateOf<HyperLogLog>(state);
    if (!sketch.tryAdd(hash)) {
        pg::enterEngine([&] { sketch.add(hash); });
    }
    return state;
}

Datum finalCount(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    if (PG_ARGISNULL(0)) {
        PG_RETURN_INT64(0);
    }
    PG_RETURN_INT64(static_cast<int64>(stateOf<HyperLogLog>(PG_GETARG_DATUM(0)).estimate()));
}

template <class Body>
void withSketch(FunctionCallInfo fcinfo, Body&& body) {
    const bytea* stored = PG_GETARG_BYTEA_PP(0);
    pg::enterEngine([&] {
        HyperLogLog sketch(std::pmr::new_delete_resource());
        readSketch(stored, sketch);
        body(sketch);
    });
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_hyperloglog_in);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_receive);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_add);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_rollup);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_combine);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_serialize);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_final);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_final_count);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_count);
PG_FUNCTION_INFO_V1(footfall_hyperloglog_error);

PGDLLEXPORT Datum footfall_hyperloglog_in(PG_FUNCTION_ARGS) {
    return footfall::functions::sketchIn<footfall::sketch::HyperLogLog>(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_receive(PG_FUNCTION_ARGS) {
    return footfall::functions::sketchReceive<footfall::sketch::HyperLogLog>(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addValue(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_rollup(PG_FUNCTION_ARGS) {
    return footfall::functions::rollupSketch<footfall::sketch::HyperLogLog>(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::sketch::HyperLogLog>(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::sketch::HyperLogLog>(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalSketch<footfall::sketch::HyperLogLog>(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_final_count(PG_FUNCTION_ARGS) {
    return footfall::functions::finalCount(fcinfo);
}

PGDLLEXPORT Datum footfall_hyperloglog_count(PG_FUNCTION_ARGS) {
    int64 count = 0;
    footfall::functions::withSketch(
        fcinfo, [&](const auto& sketch) { count = static_cast<int64>(sketch.estimate()); });
    PG_RETURN_INT64(count);
}

PGDLLEXPORT Datum footfall_hyperloglog_error(PG_FUNCTION_ARGS) {
    double error = 0;
    footfall::functions::withSketch(fcinfo,
                                    [&](const auto& sketch) { error = sketch.standardError(); });
    PG_RETURN_FLOAT8(error);
}
}
