// The type footfall.uddsketch, its aggregates uddsketch and rollup, and what it answers.
#include "engine/sketch/uddsketch.h"
#include "extension/functions/sketch/sketch_value.h"

namespace footfall::functions {

using sketch::UddSketch;

template <>
struct SketchTraits<UddSketch> {
    static constexpr const char* kName = "footfall.uddsketch";
    static void setDefaults(UddSketch& sketch) {
        sketch.setParameters(UddSketch::kDefaultBuckets, UddSketch::kDefaultError);
    }
    static void check(UddSketch&) {}
};

namespace {

// Arguments: the state, the value, and maybe the most buckets and the error.
Datum addValue(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    int64 buckets = UddSketch::kDefaultBuckets;
    float8 error = UddSketch::kDefaultError;
    if (PG_NARGS() > 2) {
        buckets = DatumGetInt32(requiredArgument(fcinfo, 2, "the number of buckets"));
        error = DatumGetFloat8(requiredArgument(fcinfo, 3, "the error"));
    }
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<UddSketch>(state).hasParameters(buckets, error)) {
        pg::enterEngine(
            [&] { openState<UddSketch>(fcinfo, context, &state).setParameters(buckets, error); });
    }
    if (PG_ARGISNULL(1)) {
        return state;
    }
    const float8 value = PG_GETARG_FLOAT8(1);
    auto& sketch = stateOf<UddSketch>(state);
    if (!sketch.tryAdd(value)) {
        pg::enterEngine([&] { sketch.add(value); });
    }
    return state;
}

// What `body` says of the sketch in argument `n`, or NULL.
template <class Body>
Datum answer(FunctionCallInfo fcinfo, int n, Body&& body) {
    const bytea* stored = PG_GETARG_BYTEA_PP(n);
    bool known = false;
    float8 value = 0;
    pg::enterEngine([&] {
        UddSketch sketch(std::pmr::new_delete_resource());
        readSketch(stored, sketch);
        const std::optional<double> found = body(sketch);
        known = found.has_value();
        value = found.value_or(0);
    });
    if (!known) {
        PG_RETURN_NULL();
    }
    PG_RETURN_FLOAT8(value);
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_uddsketch_in);
PG_FUNCTION_INFO_V1(footfall_uddsketch_receive);
PG_FUNCTION_INFO_V1(footfall_uddsketch_add);
PG_FUNCTION_INFO_V1(footfall_uddsketch_rollup);
PG_FUNCTION_INFO_V1(footfall_uddsketch_combine);
PG_FUNCTION_INFO_V1(footfall_uddsketch_serialize);
PG_FUNCTION_INFO_V1(footfall_uddsketch_final);
PG_FUNCTION_INFO_V1(footfall_uddsketch_percentile);
PG_FUNCTION_INFO_V1(footfall_uddsketch_mean);
PG_FUNCTION_INFO_V1(footfall_uddsketch_error);
PG_FUNCTION_INFO_V1(footfall_uddsketch_num_vals);

PGDLLEXPORT Datum footfall_uddsketch_in(PG_FUNCTION_ARGS) {
    return footfall::functions::sketchIn<footfall::sketch::UddSketch>(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_receive(PG_FUNCTION_ARGS) {
    return footfall::functions::sketchReceive<footfall::sketch::UddSketch>(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addValue(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_rollup(PG_FUNCTION_ARGS) {
    return footfall::functions::rollupSketch<footfall::sketch::UddSketch>(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::sketch::UddSketch>(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::sketch::UddSketch>(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalSketch<footfall::sketch::UddSketch>(fcinfo);
}

PGDLLEXPORT Datum footfall_uddsketch_percentile(PG_FUNCTION_ARGS) {
    const float8 p = PG_GETARG_FLOAT8(0);
    return footfall::functions::answer(fcinfo, 1,
                                       [&](const auto& sketch) { return sketch.percentile(p); });
}

PGDLLEXPORT Datum footfall_uddsketch_mean(PG_FUNCTION_ARGS) {
    return footfall::functions::answer(fcinfo, 0, [](const auto& sketch) { return sketch.mean(); });
}

PGDLLEXPORT Datum footfall_uddsketch_error(PG_FUNCTION_ARGS) {
    return footfall::functions::answer(fcinfo, 0,
                                       [](const auto& sketch) { return sketch.error(); });
}

PGDLLEXPORT Datum footfall_uddsketch_num_vals(PG_FUNCTION_ARGS) {
    const bytea* stored = PG_GETARG_BYTEA_PP(0);
    uint64 count = 0;
    footfall::pg::enterEngine([&] {
        footfall::sketch::UddSketch sketch(std::pmr::new_delete_resource());
        footfall::functions::readSketch(stored, sketch);
        count = sketch.count();
    });
    PG_RETURN_INT64(static_cast<int64>(count));
}
}
