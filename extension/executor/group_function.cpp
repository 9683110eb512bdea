// See group_function.h.
#include "extension/executor/group_function.h"

#include "extension/executor/behavior_arguments.h"
#include "extension/executor/interpreted_expression.h"
#include "extension/pg/guard.h"
#include "extension/pg/varbit.h"

namespace footfall::executor {

using behavior::GroupFunction;
using behavior::GroupResult;

namespace {

constexpr const char* kWindow = "a funnel's window";
constexpr const char* kGap = "the gap between sessions";

struct Known {
    const char* name;
    int arguments;
    GroupFunctionCall call;
};

//                                 window modes pattern time text period conditions gap length
const Known kKnown[] = {
    {"window_funnel", 3, {GroupFunction::Funnel, 0, -1, -1, 1, -1, -1, 2, -1, -1}},
    {"window_funnel", 4, {GroupFunction::Funnel, 0, 1, -1, 2, -1, -1, 3, -1, -1}},
    {"window_funnel_times", 3, {GroupFunction::FunnelTimes, 0, -1, -1, 1, -1, -1, 2, -1, -1}},
    {"window_funnel_times", 4, {GroupFunction::FunnelTimes, 0, 1, -1, 2, -1, -1, 3, -1, -1}},
    {"retention", 1, {GroupFunction::Retention, -1, -1, -1, -1, -1, -1, 0, -1, -1}},
    {"sequence_match", 3, {GroupFunction::SequenceMatch, -1, -1, 0, 1, -1, -1, 2, -1, -1}},
    {"sequence_count", 3, {GroupFunction::SequenceCount, -1, -1, 0, 1, -1, -1, 2, -1, -1}},
    {"sequence_next", 4, {GroupFunction::SequenceNext, -1, -1, 0, 1, 2, -1, 3, -1, -1}},
    {"session_agg", 2, {GroupFunction::Sessions, -1, -1, -1, 0, -1, -1, -1, 1, -1}},
    {"path_agg", 3, {GroupFunction::Path, -1, -1, -1, 0, 1, -1, -1, -1, 2}},
    {"active_periods", 1, {GroupFunction::ActivePeriods, -1, -1, -1, -1, -1, 0, -1, -1, -1}},
};

bool belongsToFootfall(Oid function) {
    const Oid extension = get_extension_oid("footfall", true);
    return OidIsValid(extension) &&
           getExtensionOfObject(ProcedureRelationId, function) == extension;
}

Node* argumentAt(const Aggref* aggref, int index) {
    return reinterpret_cast<Node*>(static_cast<TargetEntry*>(list_nth(aggref->args, index))->expr);
}

Node* withoutRelabel(Node* node) {
    while (IsA(node, RelabelType)) {
        node = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(node)->arg);
    }
    return node;
}

// Whether the argument has one value for the whole query.
bool isFixed(Node* node) {
    node = withoutRelabel(node);
    return IsA(node, Param) || (IsA(node, Const) && !reinterpret_cast<Const*>(node)->constisnull);
}

Datum fixedValue(const Aggref* aggref, int index, const char* what, PlanState* planState) {
    Node* node = withoutRelabel(argumentAt(aggref, index));
    if (IsA(node, Const)) {
        return reinterpret_cast<Const*>(node)->constvalue;
    }
    bool null = false;
    ExprState* state = initInterpreted(reinterpret_cast<Expr*>(node), planState);
    const Datum value = ExecEvalExpr(state, planState->ps_ExprContext, &null);
    if (null) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", what)));
    }
    return value;
}

List* conditionsOf(const Aggref* aggref, const GroupFunctionCall& call) {
    return reinterpret_cast<ArrayExpr*>(argumentAt(aggref, call.conditions))->elements;
}

Datum arrayOf(Datum* elements, int count, Oid type) {
    int16 length = 0;
    bool byValue = false;
    char align = 0;
    get_typlenbyvalalign(type, &length, &byValue, &align);
    return PointerGetDatum(construct_array(elements, count, type, length, byValue, align));
}

Datum textOf(std::string_view bytes) {
    return PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
}

Datum bitsOf(const GroupResult& result) {
    auto* bits = static_cast<VarBit*>(palloc0(static_cast<Size>(VARBITTOTALLEN(result.bits))));
    SET_VARSIZE(bits, VARBITTOTALLEN(result.bits));
    VARBITLEN(bits) = static_cast<int32>(result.bits);
    memcpy(VARBITS(bits), result.bytes.data(), result.bytes.size());
    return VarBitPGetDatum(bits);
}

Datum summaryOf(const behavior::SessionSummary& summary, TupleDesc row) {
    auto* duration = static_cast<Interval*>(palloc0(sizeof(Interval)));
    duration->time = static_cast<TimeOffset>(std::min<uint64>(summary.duration, PG_INT64_MAX));
    Datum values[3] = {Int64GetDatum(static_cast<int64>(summary.sessions)),
                       Int64GetDatum(static_cast<int64>(summary.events)),
                       IntervalPGetDatum(duration)};
    bool nulls[3] = {false, false, false};
    return HeapTupleGetDatum(heap_form_tuple(row, values, nulls));
}

}  // namespace

const char* describeGroupFunction(const Aggref* aggref, GroupFunctionCall* call) {
    char* name = get_func_name(aggref->aggfnoid);
    const Known* known = nullptr;
    for (const Known& candidate : kKnown) {
        if (name != nullptr && strcmp(candidate.name, name) == 0 &&
            candidate.arguments == list_length(aggref->args)) {
            known = &candidate;
        }
    }
    if (known == nullptr || !belongsToFootfall(aggref->aggfnoid)) {
        return "the engine does not have one of the aggregate functions";
    }
    if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggorder != NIL ||
        aggref->aggdistinct != NIL || aggref->agglevelsup != 0 ||
        aggref->aggsplit != AGGSPLIT_SIMPLE) {
        return "a behavioural aggregate has DISTINCT or ORDER BY, or belongs to another query "
               "level";
    }
    *call = known->call;
    for (const int index : {call->window, call->modes, call->pattern, call->gap, call->length}) {
        if (index >= 0 && !isFixed(argumentAt(aggref, index))) {
            return "a behavioural aggregate has a parameter that is no constant";
        }
    }
    if (call->conditions >= 0) {
        Node* conditions = argumentAt(aggref, call->conditions);
        if (!IsA(conditions, ArrayExpr) || reinterpret_cast<ArrayExpr*>(conditions)->multidims ||
            list_length(reinterpret_cast<ArrayExpr*>(conditions)->elements) < 1 ||
            list_length(reinterpret_cast<ArrayExpr*>(conditions)->elements) >
                static_cast<int>(behavior::kMaxSteps)) {
            return "a behavioural aggregate has its conditions in an array";
        }
    }
    return nullptr;
}

behavior::GroupAggregateSpec translateGroupFunction(const GroupFunctionCall& call,
                                                    const Aggref* aggref, PlanState* planState,
                                                    ExpressionTranslator* translator) {
    behavior::GroupAggregateSpec spec;
    spec.function = call.function;
    const auto translated = [&](int index) {
        return index < 0 ? nullptr : translator->translate(argumentAt(aggref, index));
    };
    spec.time = translated(call.time);
    spec.text = translated(call.text);
    spec.period = translated(call.period);
    if (aggref->aggfilter != nullptr) {
        spec.filter = translator->translate(reinterpret_cast<Node*>(aggref->aggfilter));
    }
    if (call.conditions >= 0) {
        List* conditions = conditionsOf(aggref, call);
        const auto count = static_cast<Size>(list_length(conditions));
        auto** expressions =
            static_cast<const scan::Expression**>(palloc(sizeof(const scan::Expression*) * count));
        for (Size i = 0; i < count; i++) {
            expressions[i] = translator->translate(
                static_cast<Node*>(list_nth(conditions, static_cast<int>(i))));
        }
        spec.conditions = {expressions, count};
    }
    if (call.window >= 0) {
        spec.window = toMicroseconds(
            DatumGetIntervalP(fixedValue(aggref, call.window, kWindow, planState)), kWindow);
    }
    if (call.modes >= 0) {
        spec.modes = parseFunnelModes(
            DatumGetArrayTypeP(fixedValue(aggref, call.modes, "a funnel's modes", planState)));
    }
    if (call.pattern >= 0) {
        const text* pattern =
            DatumGetTextPP(fixedValue(aggref, call.pattern, "a sequence's pattern", planState));
        const Size size = VARSIZE_ANY_EXHDR(pattern);
        spec.pattern = {pnstrdup(VARDATA_ANY(pattern), size), size};
    }
    if (call.gap >= 0) {
        spec.gap =
            toMicroseconds(DatumGetIntervalP(fixedValue(aggref, call.gap, kGap, planState)), kGap);
    }
    if (call.length >= 0) {
        spec.length =
            DatumGetInt32(fixedValue(aggref, call.length, "the length of a path", planState));
    }
    return spec;
}

Datum groupDatum(GroupFunction function, const GroupResult& result, TupleDesc row, bool* null) {
    *null = result.null;
    if (result.null) {
        return Datum{0};
    }
    switch (function) {
        case GroupFunction::Funnel:
            return Int32GetDatum(static_cast<int32>(result.integer));
        case GroupFunction::SequenceMatch:
            return BoolGetDatum(result.integer != 0);
        case GroupFunction::SequenceCount:
            return Int64GetDatum(result.integer);
        case GroupFunction::SequenceNext:
            return textOf(result.bytes);
        case GroupFunction::Sessions:
            return summaryOf(result.sessions, row);
        case GroupFunction::ActivePeriods:
            return bitsOf(result);
        case GroupFunction::FunnelTimes: {
            Datum times[behavior::kMaxSteps];
            int count = 0;
            for (const int64_t time : result.times) {
                times[count++] = TimestampTzGetDatum(time);
            }
            return arrayOf(times, count, TIMESTAMPTZOID);
        }
        case GroupFunction::Retention: {
            Datum met[behavior::kMaxSteps];
            for (uint32_t i = 0; i < result.conditions; i++) {
                met[i] = BoolGetDatum((result.integer >> i & 1) != 0);
            }
            return arrayOf(met, static_cast<int>(result.conditions), BOOLOID);
        }
        case GroupFunction::Path:
            break;
    }
    auto* events = static_cast<Datum*>(palloc(sizeof(Datum) * (result.path.size() + 1)));
    for (Size i = 0; i < result.path.size(); i++) {
        events[i] = textOf(result.path[i].text->view());
    }
    return arrayOf(events, static_cast<int>(result.path.size()), TEXTOID);
}

}  // namespace footfall::executor
