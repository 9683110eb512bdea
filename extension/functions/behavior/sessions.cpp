// footfall.session_agg with its rollup, and the window function footfall.sessionize.
#include "engine/behavior/sessions.h"
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

namespace {

using behavior::SessionState;
using behavior::SessionSummary;

constexpr const char* kGap = "the gap between sessions";

// Arguments: the state, the time, the gap.
Datum addRow(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    const uint64 gap = toMicroseconds(DatumGetIntervalP(requiredArgument(fcinfo, 2, kGap)), kGap);
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<SessionState>(state).hasGap(gap)) {
        pg::enterEngine([&] { openState<SessionState>(fcinfo, context, &state).setGap(gap); });
    }
    if (!PG_ARGISNULL(1)) {
        appendEvent(stateOf<SessionState>(state).times(), PG_GETARG_TIMESTAMPTZ(1));
    }
    return state;
}

// The descriptor of the composite type that the function returns, looked up once per call site.
TupleDesc resultDescriptor(FunctionCallInfo fcinfo) {
    auto* descriptor = static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
    if (descriptor == nullptr) {
        MemoryContext previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
        if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg("the function must return a row")));
        }
        descriptor = BlessTupleDesc(descriptor);
        fcinfo->flinfo->fn_extra = descriptor;
        MemoryContextSwitchTo(previous);
    }
    return descriptor;
}

Datum summaryRow(FunctionCallInfo fcinfo, const SessionSummary& summary) {
    auto* duration = static_cast<Interval*>(palloc0(sizeof(Interval)));
    duration->time = static_cast<TimeOffset>(std::min<uint64>(summary.duration, PG_INT64_MAX));
    Datum values[3] = {Int64GetDatum(static_cast<int64>(summary.sessions)),
                       Int64GetDatum(static_cast<int64>(summary.events)),
                       IntervalPGetDatum(duration)};
    bool nulls[3] = {false, false, false};
    return HeapTupleGetDatum(heap_form_tuple(resultDescriptor(fcinfo), values, nulls));
}

Datum finalSummary(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    SessionSummary summary;
    if (!PG_ARGISNULL(0)) {
        pg::enterEngine([&] { summary = stateOf<SessionState>(PG_GETARG_DATUM(0)).summary(); });
    }
    return summaryRow(fcinfo, summary);
}

// A summary that a user may have put together by hand: NULLs count as 0.
SessionSummary readSummary(HeapTupleHeader row) {
    bool missing[3];
    const Datum sessions = GetAttributeByNum(row, 1, &missing[0]);
    const Datum events = GetAttributeByNum(row, 2, &missing[1]);
    const Datum duration = GetAttributeByNum(row, 3, &missing[2]);
    SessionSummary summary;
    summary.sessions = missing[0] ? 0 : static_cast<uint64>(DatumGetInt64(sessions));
    summary.events = missing[1] ? 0 : static_cast<uint64>(DatumGetInt64(events));
    summary.duration =
        missing[2] ? 0 : toMicroseconds(DatumGetIntervalP(duration), "a session's duration");
    return summary;
}

Datum addSummaries(FunctionCallInfo fcinfo) {
    SessionSummary sum = readSummary(PG_GETARG_HEAPTUPLEHEADER(0));
    const SessionSummary other = readSummary(PG_GETARG_HEAPTUPLEHEADER(1));
    sum.sessions += other.sessions;
    sum.events += other.events;
    sum.duration += other.duration;
    return summaryRow(fcinfo, sum);
}

// What sessionize remembers of a partition.
struct PartitionState {
    bool started;
    uint64 gap;
    behavior::SessionNumbering numbering;
};

Datum numberSession(FunctionCallInfo fcinfo) {
    WindowObject window = PG_WINDOW_OBJECT();
    auto* state =
        static_cast<PartitionState*>(WinGetPartitionLocalMemory(window, sizeof(PartitionState)));
    // Rows that were numbered are not needed again.
    WinSetMarkPosition(window, WinGetCurrentPosition(window));
    bool isNull = false;
    const Datum interval = WinGetFuncArgCurrent(window, 1, &isNull);
    if (isNull) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", kGap)));
    }
    const uint64 gap = toMicroseconds(DatumGetIntervalP(interval), kGap);
    if (!state->started) {
        new (&state->numbering) behavior::SessionNumbering();
        state->started = true;
        state->gap = gap;
    } else if (state->gap != gap) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s varies within a partition", kGap)));
    }
    const Datum time = WinGetFuncArgCurrent(window, 0, &isNull);
    if (isNull) {
        PG_RETURN_NULL();
    }
    uint64 number = 0;
    pg::enterEngine([&] { number = state->numbering.next(DatumGetTimestampTz(time), gap); });
    PG_RETURN_INT64(static_cast<int64>(number));
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_session_add);
PG_FUNCTION_INFO_V1(footfall_session_combine);
PG_FUNCTION_INFO_V1(footfall_session_serialize);
PG_FUNCTION_INFO_V1(footfall_session_final);
PG_FUNCTION_INFO_V1(footfall_session_summary_add);
PG_FUNCTION_INFO_V1(footfall_sessionize);

PGDLLEXPORT Datum footfall_session_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo);
}

PGDLLEXPORT Datum footfall_session_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::behavior::SessionState>(fcinfo);
}

PGDLLEXPORT Datum footfall_session_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::behavior::SessionState>(fcinfo);
}

PGDLLEXPORT Datum footfall_session_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalSummary(fcinfo);
}

PGDLLEXPORT Datum footfall_session_summary_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addSummaries(fcinfo);
}

PGDLLEXPORT Datum footfall_sessionize(PG_FUNCTION_ARGS) {
    return footfall::functions::numberSession(fcinfo);
}
}
