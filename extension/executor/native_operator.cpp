// See native_operator.h.
#include "extension/executor/native_operator.h"

#include "extension/executor/zone_changes.h"

namespace footfall::executor {

namespace {

using scan::Operator;

constexpr Requirement kNone = Requirement::None;
constexpr Requirement kEquality = Requirement::BytewiseEquality;
constexpr Requirement kOrder = Requirement::BytewiseOrder;

// The six comparisons of a family whose names share a prefix.
#define COMPARISONS(prefix)                                                                    \
    {F_##prefix##EQ, Operator::Equal, kNone}, {F_##prefix##NE, Operator::NotEqual, kNone},     \
        {F_##prefix##LT, Operator::Less, kNone}, {F_##prefix##LE, Operator::LessEqual, kNone}, \
        {F_##prefix##GT, Operator::Greater, kNone}, {                                          \
        F_##prefix##GE, Operator::GreaterEqual, kNone                                          \
    }

#define ARITHMETIC(prefix)                                                               \
    {F_##prefix##PL, Operator::Add, kNone}, {F_##prefix##MI, Operator::Subtract, kNone}, \
        {F_##prefix##MUL, Operator::Multiply, kNone}, {                                  \
        F_##prefix##DIV, Operator::Divide, kNone                                         \
    }

#define CAST(function) \
    { function, Operator::Cast, kNone }

const NativeOperator kNative[] = {
    COMPARISONS(INT2),
    COMPARISONS(INT4),
    COMPARISONS(INT8),
    COMPARISONS(INT24),
    COMPARISONS(INT42),
    COMPARISONS(INT28),
    COMPARISONS(INT82),
    COMPARISONS(INT48),
    COMPARISONS(INT84),
    COMPARISONS(FLOAT4),
    COMPARISONS(FLOAT8),
    COMPARISONS(FLOAT48),
    COMPARISONS(FLOAT84),
    COMPARISONS(DATE_),
    COMPARISONS(TIME_),
    COMPARISONS(TIMESTAMP_),
    COMPARISONS(TIMESTAMPTZ_),
    COMPARISONS(BOOL),
    COMPARISONS(UUID_),
    COMPARISONS(BYTEA),
    {F_OIDEQ, Operator::Equal, kNone},
    {F_OIDNE, Operator::NotEqual, kNone},
    {F_CHAREQ, Operator::Equal, kNone},
    {F_CHARNE, Operator::NotEqual, kNone},
    {F_ENUM_EQ, Operator::Equal, kNone},
    {F_ENUM_NE, Operator::NotEqual, kNone},
    {F_TEXTEQ, Operator::Equal, kEquality},
    {F_TEXTNE, Operator::NotEqual, kEquality},
    {F_TEXT_LT, Operator::Less, kOrder},
    {F_TEXT_LE, Operator::LessEqual, kOrder},
    {F_TEXT_GT, Operator::Greater, kOrder},
    {F_TEXT_GE, Operator::GreaterEqual, kOrder},
    ARITHMETIC(INT2),
    ARITHMETIC(INT4),
    ARITHMETIC(INT8),
    ARITHMETIC(INT24),
    ARITHMETIC(INT42),
    ARITHMETIC(INT28),
    ARITHMETIC(INT82),
    ARITHMETIC(INT48),
    ARITHMETIC(INT84),
    ARITHMETIC(FLOAT4),
    ARITHMETIC(FLOAT8),
    ARITHMETIC(FLOAT48),
    ARITHMETIC(FLOAT84),
    {F_INT2MOD, Operator::Modulo, kNone},
    {F_INT4MOD, Operator::Modulo, kNone},
    {F_INT8MOD, Operator::Modulo, kNone},
    {F_MOD_INT2_INT2, Operator::Modulo, kNone},
    {F_MOD_INT4_INT4, Operator::Modulo, kNone},
    {F_MOD_INT8_INT8, Operator::Modulo, kNone},
    {F_INT2UM, Operator::Negate, kNone},
    {F_INT4UM, Operator::Negate, kNone},
    {F_INT8UM, Operator::Negate, kNone},
    {F_FLOAT4UM, Operator::Negate, kNone},
    {F_FLOAT8UM, Operator::Negate, kNone},
    {F_INT2ABS, Operator::Absolute, kNone},
    {F_INT4ABS, Operator::Absolute, kNone},
    {F_INT8ABS, Operator::Absolute, kNone},
    {F_FLOAT4ABS, Operator::Absolute, kNone},
    {F_FLOAT8ABS, Operator::Absolute, kNone},
    {F_ABS_INT2, Operator::Absolute, kNone},
    {F_ABS_INT4, Operator::Absolute, kNone},
    {F_ABS_INT8, Operator::Absolute, kNone},
    {F_ABS_FLOAT4, Operator::Absolute, kNone},
    {F_ABS_FLOAT8, Operator::Absolute, kNone},
    CAST(F_INT2_INT4),
    CAST(F_INT2_INT8),
    CAST(F_INT2_FLOAT4),
    CAST(F_INT2_FLOAT8),
    CAST(F_INT4_BOOL),
    CAST(F_INT4_INT2),
    CAST(F_INT4_INT8),
    CAST(F_INT4_FLOAT4),
    CAST(F_INT4_FLOAT8),
    CAST(F_INT8_INT2),
    CAST(F_INT8_INT4),
    CAST(F_INT8_FLOAT4),
    CAST(F_INT8_FLOAT8),
    CAST(F_FLOAT4_INT2),
    CAST(F_FLOAT4_INT4),
    CAST(F_FLOAT4_INT8),
    CAST(F_FLOAT4_FLOAT8),
    CAST(F_FLOAT8_INT2),
    CAST(F_FLOAT8_INT4),
    CAST(F_FLOAT8_INT8),
    CAST(F_FLOAT8_FLOAT4),
    CAST(F_BOOL_INT4),
};

// Units whose values change at full hours at most.
bool isCoarseUnit(const Node* node) {
    if (!IsA(node, Const)) {
        return false;
    }
    auto* constant = reinterpret_cast<const Const*>(node);
    if (constant->constisnull || constant->consttype != TEXTOID) {
        return false;
    }
    const char* unit = TextDatumGetCString(constant->constvalue);
    for (const char* coarse : {"hour", "day", "dow", "isodow", "doy", "week", "month", "quarter",
                               "year", "isoyear", "decade", "century", "millennium"}) {
        if (pg_strcasecmp(unit, coarse) == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

const NativeOperator* nativeOperator(Oid function) {
    for (const NativeOperator& native : kNative) {
        if (native.function == function) {
            return &native;
        }
    }
    return nullptr;
}

namespace {

// How a step function depends on a time zone.
struct StepZone {
    bool step = false;
    bool zoned = false;
    pg_tz* zone = nullptr;  // when zoned; nullptr when there is none of that name
};

StepZone zoneOfStep(Oid function, const List* arguments) {
    switch (function) {
        case F_DATE_TIMESTAMP:
            return {true};
        case F_DATE_TIMESTAMPTZ:
            return {true, true, session_timezone};
        case F_DATE_TRUNC_TEXT_TIMESTAMP:
        case F_EXTRACT_TEXT_TIMESTAMP:
        case F_DATE_PART_TEXT_TIMESTAMP:
            return {isCoarseUnit(static_cast<const Node*>(linitial(arguments)))};
        case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
        case F_EXTRACT_TEXT_TIMESTAMPTZ:
        case F_DATE_PART_TEXT_TIMESTAMPTZ:
            return {isCoarseUnit(static_cast<const Node*>(linitial(arguments))), true,
                    session_timezone};
        case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT: {
            const auto* name = static_cast<const Const*>(lthird(arguments));
            if (!isCoarseUnit(static_cast<const Node*>(linitial(arguments))) || !IsA(name, Const) ||
                name->constisnull) {
                return {};
            }
            return {true, true, zoneNamed(TextDatumGetCString(name->constvalue))};
        }
        default:
            return {};
    }
}

}  // namespace

int64 stepBucketWidth(Oid function, const List* arguments) {
    const StepZone step = zoneOfStep(function, arguments);
    if (!step.step ||
        (step.zoned && (step.zone == nullptr || changesWithinQuarters(step.zone).everyYear))) {
        return 0;
    }
    return kQuarterHour;
}

std::span<const int64> bucketsWithChanges(Oid function, const List* arguments) {
    const StepZone step = zoneOfStep(function, arguments);
    if (!step.zoned) {
        return {};
    }
    return changesWithinQuarters(step.zone).quarters;
}

int argumentOfStepPart(Oid function, const List* arguments) {
    int varying = -1;
    for (int i = 0; i < list_length(arguments); i++) {
        const auto* argument = static_cast<const Node*>(list_nth(arguments, i));
        if (!IsA(argument, Const)) {
            if (varying >= 0) {
                return -1;
            }
            varying = i;
        } else if (reinterpret_cast<const Const*>(argument)->constisnull) {
            return -1;
        }
    }
    const auto divisor = [&] {
        return DatumGetInt32(static_cast<const Const*>(lsecond(arguments))->constvalue);
    };
    switch (function) {
        case F_TIMEZONE_TEXT_TIMESTAMPTZ:
            return varying == 1 ? varying : -1;
        case F_DATE_TIMESTAMP:
            return varying;
        case F_DATE_MI: {
            // Days between two dates are far from the limits of an integer.
            if (varying != 0) {
                return -1;
            }
            const auto* other = static_cast<const Const*>(lsecond(arguments));
            return DATE_NOT_FINITE(DatumGetDateADT(other->constvalue)) ? -1 : varying;
        }
        case F_INT4DIV:
            return varying == 0 && divisor() > 0 ? varying : -1;
        default:
            return -1;
    }
}

bool givesWholeNumbers(Oid function, const List* arguments) {
    switch (function) {
        case F_EXTRACT_TEXT_DATE:
        case F_EXTRACT_TEXT_TIMESTAMP:
        case F_EXTRACT_TEXT_TIMESTAMPTZ:
            return isCoarseUnit(static_cast<const Node*>(linitial(arguments)));
        default:
            return false;
    }
}

}  // namespace footfall::executor
