// footfall.attribution: an aggregate that returns an array of (channel, credit), for unnest.
#include "engine/behavior/attribution.h"
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

namespace {

using behavior::AttributionModel;
using behavior::AttributionShape;
using behavior::AttributionState;

constexpr uint64 kDefaultLookBack = 30 * static_cast<uint64>(USECS_PER_DAY);
constexpr uint64 kDefaultHalfLife = 7 * static_cast<uint64>(USECS_PER_DAY);

std::string_view textView(const text* value) {
    return {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

AttributionModel modelArgument(FunctionCallInfo fcinfo, int n) {
    static constexpr std::pair<std::string_view, AttributionModel> kModels[] = {
        {"first", AttributionModel::First},          {"last", AttributionModel::Last},
        {"linear", AttributionModel::Linear},        {"position", AttributionModel::Position},
        {"time_decay", AttributionModel::TimeDecay},
    };
    const text* name = DatumGetTextPP(requiredArgument(fcinfo, n, "the attribution model"));
    for (const auto& [known, model] : kModels) {
        if (textView(name) == known) {
            return model;
        }
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("unknown attribution model \"%s\"", text_to_cstring(name)),
                    errhint("Models are first, last, linear, position and time_decay.")));
    pg_unreachable();
}

uint64 intervalArgument(FunctionCallInfo fcinfo, int n, const char* what) {
    return toMicroseconds(DatumGetIntervalP(requiredArgument(fcinfo, n, what)), what);
}

// Arguments: the state, the time, the channel, converted, the model, perhaps look-back and
// half-life.
Datum addRow(FunctionCallInfo fcinfo) {
    MemoryContext context = aggregateContext(fcinfo);
    const bool complete = PG_NARGS() > 5;
    const AttributionShape shape = {
        modelArgument(fcinfo, 4),
        complete ? intervalArgument(fcinfo, 5, "the look-back") : kDefaultLookBack,
        complete ? intervalArgument(fcinfo, 6, "the half-life") : kDefaultHalfLife};
    Datum state = PG_ARGISNULL(0) ? Datum{0} : PG_GETARG_DATUM(0);
    if (PG_ARGISNULL(0) || !stateOf<AttributionState>(state).hasShape(shape)) {
        pg::enterEngine(
            [&] { openState<AttributionState>(fcinfo, context, &state).setShape(shape); });
    }
    const bool converted = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
    if (PG_ARGISNULL(1) || (PG_ARGISNULL(2) && !converted)) {
        return state;
    }
    const TimestampTz time = PG_GETARG_TIMESTAMPTZ(1);
    const text* channel = PG_ARGISNULL(2) ? nullptr : PG_GETARG_TEXT_PP(2);
    const size_t limit = stateLimit();
    pg::enterEngine([&] {
        const std::string_view name = channel == nullptr ? std::string_view() : textView(channel);
        stateOf<AttributionState>(state).add(time, channel == nullptr ? nullptr : &name, converted,
                                             limit);
    });
    return state;
}

void poll() {
    pg::callPostgres([] { CHECK_FOR_INTERRUPTS(); });
}

// The rows are made inside, where the engine's vector lives.
void makeRows(const std::vector<behavior::ChannelCredit>& credits, TupleDesc descriptor,
              Datum** rows, int* count) {
    *rows = static_cast<Datum*>(palloc(sizeof(Datum) * (credits.size() + 1)));
    for (const behavior::ChannelCredit& credit : credits) {
        const bool isNull = credit.channel == nullptr;
        Datum values[2] = {
            isNull ? Datum{0}
                   : PointerGetDatum(cstring_to_text_with_len(
                         credit.channel->bytes, static_cast<int>(credit.channel->length))),
            Float8GetDatum(credit.credit)};
        bool nulls[2] = {isNull, false};
        (*rows)[(*count)++] = HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
    }
}

Datum finalCredits(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    const Oid element = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
    if (!OidIsValid(element)) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("the function must return an array of rows")));
    }
    if (PG_ARGISNULL(0)) {
        return PointerGetDatum(construct_empty_array(element));
    }
    TupleDesc descriptor = lookup_rowtype_tupdesc_copy(element, -1);
    Datum* rows = nullptr;
    int count = 0;
    const size_t limit = stateLimit();
    pg::enterEngine([&] {
        const auto credits = stateOf<AttributionState>(PG_GETARG_DATUM(0)).credits(limit, &poll);
        pg::callPostgres([&] { makeRows(credits, descriptor, &rows, &count); });
    });
    return PointerGetDatum(construct_array(rows, count, element, -1, false, TYPALIGN_DOUBLE));
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_attribution_add);
PG_FUNCTION_INFO_V1(footfall_attribution_combine);
PG_FUNCTION_INFO_V1(footfall_attribution_serialize);
PG_FUNCTION_INFO_V1(footfall_attribution_final);

PGDLLEXPORT Datum footfall_attribution_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo);
}

PGDLLEXPORT Datum footfall_attribution_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combineStates<footfall::behavior::AttributionState>(fcinfo);
}

PGDLLEXPORT Datum footfall_attribution_serialize(PG_FUNCTION_ARGS) {
    return footfall::functions::serializeState<footfall::behavior::AttributionState>(fcinfo);
}

PGDLLEXPORT Datum footfall_attribution_final(PG_FUNCTION_ARGS) {
    return footfall::functions::finalCredits(fcinfo);
}
}
