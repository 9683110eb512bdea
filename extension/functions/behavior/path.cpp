// footfall.path_agg.
#include "engine/behavior/path.h"
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

namespace {

using behavior::PathState;

// Arguments: the state, the time, the event, the length.
Datum addRow(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    const int32 length = DatumGetInt32(requiredArgument(fcinfo, 3, "the length of a path"));
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<PathState>(state).hasLength(length)) {
        pg::enterEngine([&] { openState<PathState>(fcinfo, context, &state).setLength(length); });
    }
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
        return state;
    }
    const TimestampTz time = PG_GETARG_TIMESTAMPTZ(1);
    const text* event = PG_GETARG_TEXT_PP(2);
    const size_t limit = stateLimit();
    pg::enterEngine([&] {
        stateOf<PathState>(state).add(time, {VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event)}, limit);
    });
    return state;
}

Datum finalPath(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    if (PG_ARGISNULL(0)) {
        return PointerGetDatum(construct_empty_array(TEXTOID));
    }
    std::span<const behavior::TextEvent> path;
    pg::enterEngine([&] { path = stateOf<PathState>(PG_GETARG_DATUM(0)).path(); });
    auto* events = static_cast<Datum*>(palloc(sizeof(Datum) * (path.size() + 1)));
    for (size_t i = 0; i < path.size(); i++) {
        events[i] = PointerGetDatum(
            cstring_to_text_with_len(path[i].text->bytes, static_cast<int>(path[i].text->length)));
    }
    return PointerGetDatum(
        construct_array(events, static_cast<int>(path.size()), TEXTOID, -1, false, TYPALIGN_INT));
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_path_add);
PG_FUNCTION_INFO_V1(footfall_path_combine);
PG_FUNCTION_INFO_V1(footfall_path_serialize);
PG_FUNCTION_INFO_V1(footfall_path_final);

PGDLLEXPORT Datum footfall_path_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo);
}

PGDLLEXPORT Datum footfall_path_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::behavior::PathState>(fcinfo);
}

PGDLLEXPORT Datum footfall_path_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::behavior::PathState>(fcinfo);
}

PGDLLEXPORT Datum footfall_path_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalPath(fcinfo);
}
}
