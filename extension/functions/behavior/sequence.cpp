// footfall.sequence_match and footfall.sequence_count (one transition, two finals), and
// footfall.sequence_next.
#include "engine/behavior/sequence.h"
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

namespace {

using behavior::SequenceNextState;
using behavior::SequenceState;

std::string_view textView(const text* value) {
    return {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

Datum unchanged(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) {
        PG_RETURN_NULL();
    }
    return PG_GETARG_DATUM(0);
}

// The state with its parameters set from this row.
template <class State>
Datum openSequence(FunctionCallInfo fcinfo, const Conditions& conditions) {
    MemoryContext context = aggregateContext(fcinfo);
    const text* pattern = DatumGetTextPP(requiredArgument(fcinfo, 1, "a sequence's pattern"));
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<State>(state).shape().is(textView(pattern), conditions.count)) {
        pg::enterEngine([&] {
            openState<State>(fcinfo, context, &state)
                .shape()
                .set(textView(pattern), conditions.count);
        });
    }
    return state;
}

// Arguments: the state, the pattern, the time, the conditions.
Datum addRow(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(3)) {
        return unchanged(fcinfo);
    }
    const Conditions conditions = readConditions(PG_GETARG_ARRAYTYPE_P(3));
    const Datum state = openSequence<SequenceState>(fcinfo, conditions);
    if (conditions.met != 0 && !PG_ARGISNULL(2)) {
        appendEvent(stateOf<SequenceState>(state).events(),
                    behavior::StepEvent{PG_GETARG_TIMESTAMPTZ(2), conditions.met});
    }
    return state;
}

uint64 countMatches(FunctionCallInfo fcinfo, uint64 most) {
    (void)aggregateContext(fcinfo);
    uint64 matches = 0;
    if (!PG_ARGISNULL(0)) {
        pg::enterEngine([&] { matches = stateOf<SequenceState>(PG_GETARG_DATUM(0)).count(most); });
    }
    return matches;
}

// Arguments: the state, the pattern, the time, the event, the conditions.
Datum addNextRow(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(4)) {
        return unchanged(fcinfo);
    }
    const Conditions conditions = readConditions(PG_GETARG_ARRAYTYPE_P(4));
    const Datum state = openSequence<SequenceNextState>(fcinfo, conditions);
    if (PG_ARGISNULL(2)) {
        return state;
    }
    const TimestampTz time = PG_GETARG_TIMESTAMPTZ(2);
    const text* event = PG_ARGISNULL(3) ? nullptr : PG_GETARG_TEXT_PP(3);
    const size_t limit = stateLimit();
    pg::enterEngine([&] {
        auto& events = stateOf<SequenceNextState>(state).events();
        if (event == nullptr) {
            events.appendWithoutText(time, conditions.met, limit);
        } else {
            events.append(time, conditions.met, textView(event), limit);
        }
    });
    return state;
}

Datum finalNext(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    const behavior::PooledText* next = nullptr;
    if (!PG_ARGISNULL(0)) {
        pg::enterEngine([&] { next = stateOf<SequenceNextState>(PG_GETARG_DATUM(0)).next(); });
    }
    if (next == nullptr) {
        PG_RETURN_NULL();
    }
    PG_RETURN_TEXT_P(cstring_to_text_with_len(next->bytes, static_cast<int>(next->length)));
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_sequence_add);
PG_FUNCTION_INFO_V1(footfall_sequence_combine);
PG_FUNCTION_INFO_V1(footfall_sequence_serialize);
PG_FUNCTION_INFO_V1(footfall_sequence_matched);
PG_FUNCTION_INFO_V1(footfall_sequence_counted);
PG_FUNCTION_INFO_V1(footfall_sequence_next_add);
PG_FUNCTION_INFO_V1(footfall_sequence_next_combine);
PG_FUNCTION_INFO_V1(footfall_sequence_next_serialize);
PG_FUNCTION_INFO_V1(footfall_sequence_next_final);

PGDLLEXPORT Datum footfall_sequence_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo);
}

PGDLLEXPORT Datum footfall_sequence_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::behavior::SequenceState>(fcinfo);
}

PGDLLEXPORT Datum footfall_sequence_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::behavior::SequenceState>(fcinfo);
}

PGDLLEXPORT Datum footfall_sequence_matched(PG_FUNCTION_ARGS) {
    return BoolGetDatum(footfall::functions::countMatches(fcinfo, 1) != 0);
}

PGDLLEXPORT Datum footfall_sequence_counted(PG_FUNCTION_ARGS) {
    return Int64GetDatum(
        static_cast<int64>(footfall::functions::countMatches(fcinfo, PG_UINT64_MAX)));
}

PGDLLEXPORT Datum footfall_sequence_next_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addNextRow(fcinfo);
}

PGDLLEXPORT Datum footfall_sequence_next_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::behavior::SequenceNextState>(fcinfo);
}

PGDLLEXPORT Datum footfall_sequence_next_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::behavior::SequenceNextState>(fcinfo);
}

PGDLLEXPORT Datum footfall_sequence_next_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalNext(fcinfo);
}
}
