// footfall.window_funnel and footfall.window_funnel_times: one transition, two finals, so that a
// query which asks for both keeps one state.
#include "engine/behavior/window_funnel.h"
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

namespace {

using behavior::FunnelModes;
using behavior::FunnelShape;
using behavior::FunnelState;

// The modes that a call site parsed last. They are the same for every row, save in a wrong query.
struct ParsedModes {
    FunnelModes modes;
    Size size;
    char text[FLEXIBLE_ARRAY_MEMBER];
};

FunnelModes modesArgument(FunctionCallInfo fcinfo, int n) {
    ArrayType* array = DatumGetArrayTypeP(requiredArgument(fcinfo, n, "a funnel's modes"));
    const Size size = VARSIZE(array);
    const auto* last = static_cast<ParsedModes*>(fcinfo->flinfo->fn_extra);
    if (last != nullptr && last->size == size && memcmp(last->text, array, size) == 0) {
        return last->modes;
    }
    const FunnelModes modes = executor::parseFunnelModes(array);
    auto* parsed = static_cast<ParsedModes*>(
        MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, offsetof(ParsedModes, text) + size));
    parsed->modes = modes;
    parsed->size = size;
    memcpy(parsed->text, array, size);
    if (last != nullptr) {
        pfree(fcinfo->flinfo->fn_extra);
    }
    fcinfo->flinfo->fn_extra = parsed;
    return modes;
}

// Arguments: the state, the window, perhaps modes, the time, the conditions.
Datum addRow(FunctionCallInfo fcinfo, const FunnelModes& modes, int timeArgument) {
    MemoryContext context = aggregateContext(fcinfo);
    const uint64 window = toMicroseconds(
        DatumGetIntervalP(requiredArgument(fcinfo, 1, "a funnel's window")), "a funnel's window");
    if (PG_ARGISNULL(timeArgument + 1)) {
        if (PG_ARGISNULL(0)) {
            PG_RETURN_NULL();
        }
        return PG_GETARG_DATUM(0);
    }
    const Conditions conditions = readConditions(PG_GETARG_ARRAYTYPE_P(timeArgument + 1));
    const FunnelShape shape = {window, conditions.count, modes};
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !(stateOf<FunnelState>(state).shape() == shape)) {
        pg::enterEngine([&] { openState<FunnelState>(fcinfo, context, &state).setShape(shape); });
    }
    auto& funnel = stateOf<FunnelState>(state);
    if (!PG_ARGISNULL(timeArgument) && funnel.wants(conditions.met)) {
        appendEvent(funnel.events(),
                    behavior::StepEvent{PG_GETARG_TIMESTAMPTZ(timeArgument), conditions.met});
    }
    return state;
}

Datum finalLevel(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    if (PG_ARGISNULL(0)) {
        PG_RETURN_INT32(0);
    }
    bool excluded = false;
    int32 level = 0;
    pg::enterEngine([&] {
        const auto matcher = stateOf<FunnelState>(PG_GETARG_DATUM(0)).match(false);
        excluded = matcher.customerExcluded();
        level = static_cast<int32>(matcher.level());
    });
    if (excluded) {
        PG_RETURN_NULL();
    }
    PG_RETURN_INT32(level);
}

Datum finalTimes(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    Datum times[behavior::kMaxSteps];
    int level = 0;
    bool excluded = false;
    if (!PG_ARGISNULL(0)) {
        pg::enterEngine([&] {
            const auto matcher = stateOf<FunnelState>(PG_GETARG_DATUM(0)).match(true);
            excluded = matcher.customerExcluded();
            for (const int64_t time : matcher.times()) {
                times[level++] = TimestampTzGetDatum(time);
            }
        });
    }
    if (excluded) {
        PG_RETURN_NULL();
    }
    PG_RETURN_ARRAYTYPE_P(construct_array(times, level, TIMESTAMPTZOID, sizeof(TimestampTz),
                                          FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_window_funnel_add);
PG_FUNCTION_INFO_V1(footfall_window_funnel_add_modes);
PG_FUNCTION_INFO_V1(footfall_window_funnel_combine);
PG_FUNCTION_INFO_V1(footfall_window_funnel_serialize);
PG_FUNCTION_INFO_V1(footfall_behavior_deserialize);
PG_FUNCTION_INFO_V1(footfall_window_funnel_level);
PG_FUNCTION_INFO_V1(footfall_window_funnel_reached);

PGDLLEXPORT Datum footfall_window_funnel_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo, {}, 2);
}

PGDLLEXPORT Datum footfall_window_funnel_add_modes(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo, footfall::functions::modesArgument(fcinfo, 2), 3);
}

PGDLLEXPORT Datum footfall_window_funnel_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::behavior::FunnelState>(fcinfo);
}

PGDLLEXPORT Datum footfall_window_funnel_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::behavior::FunnelState>(fcinfo);
}

PGDLLEXPORT Datum footfall_behavior_deserialize(PG_FUNCTION_ARGS) {
    return footfall::functions::deserializeState(fcinfo);
}

PGDLLEXPORT Datum footfall_window_funnel_level(PG_FUNCTION_ARGS) {
    return footfall::functions::finalLevel(fcinfo);
}

PGDLLEXPORT Datum footfall_window_funnel_reached(PG_FUNCTION_ARGS) {
    return footfall::functions::finalTimes(fcinfo);
}
}
