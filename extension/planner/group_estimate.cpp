// See group_estimate.h.
#include "extension/planner/group_estimate.h"

#include "engine/aggregate/distinct_set.h"

namespace footfall::planner {

namespace {

struct Range {
    double least;
    double greatest;
};

bool numberOf(Oid type, Datum value, double* number) {
    switch (type) {
        case INT2OID:
            *number = DatumGetInt16(value);
            return true;
        case INT4OID:
            *number = DatumGetInt32(value);
            return true;
        case INT8OID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            *number = static_cast<double>(DatumGetInt64(value));
            return true;
        default:
            return false;
    }
}

// Between which values statistics saw the column's lie.
bool findRange(PlannerInfo* root, Node* column, Range* range) {
    VariableStatData data;
    examine_variable(root, column, 0, &data);
    bool found = false;
    for (const int kind : {STATISTIC_KIND_HISTOGRAM, STATISTIC_KIND_MCV}) {
        AttStatsSlot slot;
        if (!HeapTupleIsValid(data.statsTuple) ||
            !get_attstatsslot(&slot, data.statsTuple, kind, InvalidOid, ATTSTATSSLOT_VALUES)) {
            continue;
        }
        for (int i = 0; i < slot.nvalues; i++) {
            double value = 0;
            if (!numberOf(slot.valuetype, slot.values[i], &value) || !std::isfinite(value)) {
                continue;
            }
            *range = found ? Range{Min(range->least, value), Max(range->greatest, value)}
                           : Range{value, value};
            found = true;
        }
        free_attstatsslot(&slot);
    }
    ReleaseVariableStats(data);
    return found;
}

// Microseconds of what date_trunc cuts to; 0 where it is too fine or not known.
double unitOf(Node* argument) {
    if (!IsA(argument, Const) || reinterpret_cast<Const*>(argument)->constisnull) {
        return 0;
    }
    const char* word = TextDatumGetCString(reinterpret_cast<Const*>(argument)->constvalue);
    constexpr double kHour = static_cast<double>(USECS_PER_HOUR);
    constexpr double kDay = static_cast<double>(USECS_PER_DAY);
    const std::pair<const char*, double> units[] = {
        {"minute", kHour / 60}, {"hour", kHour},        {"day", kDay},       {"week", 7 * kDay},
        {"month", 28 * kDay},   {"quarter", 90 * kDay}, {"year", 365 * kDay}};
    for (const auto& [name, length] : units) {
        if (pg_strcasecmp(word, name) == 0) {
            return length;
        }
    }
    return 0;
}

// How many buckets of time the key is one of; 0 where it is not known to be one.
double bucketsOf(PlannerInfo* root, Node* key) {
    if (!IsA(key, FuncExpr)) {
        return 0;
    }
    auto* call = reinterpret_cast<FuncExpr*>(key);
    Node* time = nullptr;
    double unit = 0;
    switch (call->funcid) {
        case F_DATE_TRUNC_TEXT_TIMESTAMP:
        case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
        case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
            unit = unitOf(static_cast<Node*>(linitial(call->args)));
            time = static_cast<Node*>(lsecond(call->args));
            break;
        case F_DATE_TIMESTAMP:
        case F_DATE_TIMESTAMPTZ:
            unit = static_cast<double>(USECS_PER_DAY);
            time = static_cast<Node*>(linitial(call->args));
            break;
        default:
            return 0;
    }
    Range range;
    if (unit == 0 || !IsA(time, Var) || !findRange(root, time, &range)) {
        return 0;
    }
    // The ends are in buckets of their own.
    return (range.greatest - range.least) / unit + 2;
}

// What one DISTINCT aggregate's values are as states.
double valuesSent(PlannerInfo* root, const Aggref* aggref, double groups, double rows) {
    using aggregate::DistinctSet;
    // A page is read and merged as fast as so many single values, and pays from so many on.
    constexpr double kPageCost = 8;
    constexpr double kFilled = 16;
    auto* argument = reinterpret_cast<Node*>(linitial_node(TargetEntry, aggref->args)->expr);
    const double distinct = estimate_num_groups(root, list_make1(argument), rows, nullptr, nullptr);
    const double values = Min(rows, groups * distinct);
    constexpr auto kPageValues = static_cast<double>(DistinctSet::kPageValues);
    Range range;
    if (!IsA(argument, Var) || !findRange(root, argument, &range) || range.least < 0 ||
        range.greatest >= kPageValues * static_cast<double>(DistinctSet::kPages)) {
        return values;
    }
    const double pages = groups * ((range.greatest - range.least) / kPageValues + 1);
    return pages * kFilled < values ? Min(values, pages * kPageCost) : values;
}

}  // namespace

double estimateGroups(PlannerInfo* root, List* keys, double rows) {
    if (keys == NIL) {
        return 1;
    }
    double buckets = 1;
    List* others = NIL;
    ListCell* cell;
    foreach (cell, keys) {
        auto* key = static_cast<Node*>(lfirst(cell));
        const double found = bucketsOf(root, key);
        buckets *= Max(found, 1);
        others = found > 0 ? others : lappend(others, key);
    }
    const auto plain = [&](List* list) {
        return list == NIL ? 1 : estimate_num_groups(root, list, rows, nullptr, nullptr);
    };
    return Min(plain(keys), buckets * plain(others));
}

double estimateStatesSent(PlannerInfo* root, const List* aggregates, double groups, double rows) {
    double sent = groups;
    const ListCell* cell;
    foreach (cell, aggregates) {
        const auto* aggref = lfirst_node(Aggref, cell);
        if (aggref->aggdistinct != NIL) {
            sent += valuesSent(root, aggref, groups, rows);
        }
    }
    return sent;
}

}  // namespace footfall::planner
