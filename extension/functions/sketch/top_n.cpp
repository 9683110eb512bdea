// The type footfall.top_n_sketch, its aggregates top_n and rollup, and its rows. Values are kept
// and compared as their text.
#include "engine/sketch/frequent_values.h"
#include "extension/functions/sketch/sketch_value.h"
#include "extension/functions/sketch/value_text.h"

namespace footfall::functions {

using sketch::FrequentValues;

template <>
struct SketchTraits<FrequentValues> {
    static constexpr const char* kName = "footfall.top_n_sketch";
    static constexpr int64 kDefaultWanted = 10;
    static void setDefaults(FrequentValues& sketch) { sketch.setWanted(kDefaultWanted); }
    // Inside enterEngine: 22021 for what is no text in this database's encoding.
    static void check(FrequentValues& sketch) {
        for (const FrequentValues::Counter& counter : sketch.counters()) {
            if (counter.length > MaxAllocSize) {
                base::throwCorrupt("a value is longer than 1 GB");
            }
            pg::callPostgres([&] {
                pg_verify_mbstr(GetDatabaseEncoding(), counter.bytes,
                                static_cast<int>(counter.length), false);
            });
        }
    }
};

namespace {

// Arguments: the state, the value, how many values are wanted.
Datum addValue(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    const int32 wanted = DatumGetInt32(requiredArgument(fcinfo, 2, "the number of values"));
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<FrequentValues>(state).hasWanted(wanted)) {
        pg::enterEngine(
            [&] { openState<FrequentValues>(fcinfo, context, &state).setWanted(wanted); });
    }
    if (PG_ARGISNULL(1)) {
        return state;
    }
    const std::string_view value =
        ValueText::ofArgument(fcinfo, 1, ValueText::Purpose::Value)(PG_GETARG_DATUM(1));
    const size_t limit = stateLimit();
    pg::enterEngine([&] { stateOf<FrequentValues>(state).add(value, limit); });
    return state;
}

// One row for each value: the value, its count, by how much the count may be too high.
Datum topValues(FunctionCallInfo fcinfo) {
    const bytea* stored = PG_GETARG_BYTEA_PP(0);
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::enterEngine([&] {
        FrequentValues sketch(std::pmr::new_delete_resource());
        readSketch(stored, sketch);
        for (const FrequentValues::Counter* counter : sketch.top()) {
            pg::callPostgres([&] {
                CHECK_FOR_INTERRUPTS();
                text* value =
                    cstring_to_text_with_len(counter->bytes, static_cast<int>(counter->length));
                Datum values[3] = {PointerGetDatum(value),
                                   Int64GetDatum(static_cast<int64>(counter->count)),
                                   Int64GetDatum(static_cast<int64>(counter->error))};
                bool nulls[3] = {false, false, false};
                tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
                pfree(value);
            });
        }
    });
    return Datum{0};
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_top_n_in);
PG_FUNCTION_INFO_V1(footfall_top_n_receive);
PG_FUNCTION_INFO_V1(footfall_top_n_add);
PG_FUNCTION_INFO_V1(footfall_top_n_rollup);
PG_FUNCTION_INFO_V1(footfall_top_n_combine);
PG_FUNCTION_INFO_V1(footfall_top_n_serialize);
PG_FUNCTION_INFO_V1(footfall_top_n_final);
PG_FUNCTION_INFO_V1(footfall_top_n_values);
PG_FUNCTION_INFO_V1(footfall_top_n_num_vals);

PGDLLEXPORT Datum footfall_top_n_in(PG_FUNCTION_ARGS) {
    return footfall::functions::sketchIn<footfall::sketch::FrequentValues>(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_receive(PG_FUNCTION_ARGS) {
    return footfall::functions::sketchReceive<footfall::sketch::FrequentValues>(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addValue(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_rollup(PG_FUNCTION_ARGS) {
    return footfall::functions::rollupSketch<footfall::sketch::FrequentValues>(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::sketch::FrequentValues>(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::sketch::FrequentValues>(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalSketch<footfall::sketch::FrequentValues>(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_values(PG_FUNCTION_ARGS) {
    return footfall::functions::topValues(fcinfo);
}

PGDLLEXPORT Datum footfall_top_n_num_vals(PG_FUNCTION_ARGS) {
    const bytea* stored = PG_GETARG_BYTEA_PP(0);
    uint64 count = 0;
    footfall::pg::enterEngine([&] {
        footfall::sketch::FrequentValues sketch(std::pmr::new_delete_resource());
        footfall::functions::readSketch(stored, sketch);
        count = sketch.count();
    });
    PG_RETURN_INT64(static_cast<int64>(count));
}
}
