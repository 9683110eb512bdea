// footfall.experiment: the variants of a test against its control.
//
// A customer takes part from the first row that names a variant, within the report's dates, and
// converts with a row that meets the goal at that time or later. Who saw several variants tells
// nothing about any of them and is left out, unless the first one counts.
#include "engine/statistics/proportion_test.h"
#include "extension/pg/guard.h"
#include "extension/reports/event_source.h"
#include "extension/reports/query_rows.h"

#include <cstring>
#include <optional>

namespace footfall::reports {

namespace {

using statistics::Proportion;

struct Variant {
    char* name;
    Proportion customers;
};

struct Comparison {
    double pValue;
    std::optional<statistics::Interval> ratio;
};

const char* goalCondition(const Arguments& arguments, const EventSource& source) {
    const char* name = arguments.string("goal");
    const char* condition = arguments.string("goal_condition");
    if ((name == nullptr) == (condition == nullptr)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("either goal or goal_condition must be given"),
                        errhint("goal is the name of an event, goal_condition an SQL condition.")));
    }
    return name != nullptr ? source.eventIs("goal", name)
                           : source.condition("goal_condition", condition);
}

// (variant, customers, conversions)
const char* compose(const Arguments& arguments) {
    static constexpr const char* kSwitchers[] = {"exclude", "first", nullptr};
    const EventSource source(arguments);
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    const Interval* within = arguments.interval("within");
    const bool first = arguments.choice("switchers", kSwitchers) == 1;
    const char* goal = goalCondition(arguments, source);
    const char* variant =
        source.expressionAsText("variant_column", arguments.requiredString("variant_column"));
    const char* time = source.time();
    const char* exposed = psprintf("%s IS NOT NULL AND %s", variant, source.during(since, until));
    // Of equal times the least name is the first.
    const char* chosen =
        first ? psprintf("(footfall.path_agg(%s, CASE WHEN %s THEN %s END, 1))[1]", time, exposed,
                         variant)
              : psprintf("pg_catalog.min(%s COLLATE pg_catalog.\"C\") FILTER (WHERE %s)", variant,
                         exposed);
    const char* rows = psprintf("FROM %s WHERE %s AND %s%s", source.from(), source.hasCustomer(),
                                source.during(since, DT_NOEND), source.filter());
    const char* customers = psprintf(
        "SELECT %s AS customer, %s AS variant, pg_catalog.max(%s COLLATE pg_catalog.\"C\") FILTER "
        "(WHERE %s) AS last_variant,\n"
        "pg_catalog.min(%s) FILTER (WHERE %s) AS entered_at, "
        "pg_catalog.max(%s) FILTER (WHERE %s) AS goal_at\n%s GROUP BY %s",
        source.column(Role::Customer), chosen, variant, exposed, time, exposed, time, goal, rows,
        source.column(Role::Customer));
    const char* converted = "goal_at OPERATOR(pg_catalog.>=) entered_at";
    if (within != nullptr) {
        // The goal that is in time need not be the last one: each row beside its customer's entry.
        customers = psprintf(
            "SELECT customer, %s AS variant, pg_catalog.max(variant) AS last_variant, "
            "pg_catalog.min(entered_at) AS entered_at,\n"
            "pg_catalog.max(at) FILTER (WHERE goal AND at OPERATOR(pg_catalog.>=) entered_at "
            "AND at OPERATOR(pg_catalog.-) entered_at OPERATOR(pg_catalog.<=) %s) AS goal_at\n"
            "FROM (SELECT customer, variant, at, goal, pg_catalog.min(at) FILTER (WHERE variant IS "
            "NOT NULL) OVER (PARTITION BY customer) AS entered_at\n"
            "FROM (SELECT %s AS customer, (CASE WHEN %s THEN %s END) COLLATE pg_catalog.\"C\" AS "
            "variant, %s AS at, %s AS goal %s) r WHERE goal OR variant IS NOT NULL) e "
            "GROUP BY customer",
            first ? "(footfall.path_agg(at, variant, 1))[1]" : "pg_catalog.min(variant)",
            durationLiteral(durationOf("within", *within, 0)), source.column(Role::Customer),
            exposed, variant, time, goal, rows);
    }
    return psprintf(
        "WITH footfall_customers AS (%s)\n"
        "SELECT variant::pg_catalog.text, pg_catalog.count(*), "
        "pg_catalog.count(*) FILTER (WHERE %s)\n"
        "FROM footfall_customers WHERE variant IS NOT NULL%s GROUP BY variant ORDER BY variant",
        customers, converted, first ? "" : " AND variant OPERATOR(pg_catalog.=) last_variant");
}

// The number of the control among the variants.
int findControl(const Variant* variants, int count, const char* control) {
    constexpr int kNamesShown = 20;
    StringInfoData names;
    initStringInfo(&names);
    for (int i = 0; i < count; i++) {
        if (strcmp(variants[i].name, control) == 0) {
            return i;
        }
        if (i < kNamesShown) {
            appendStringInfo(&names, "%s%s", i == 0 ? "" : ", ", variants[i].name);
        }
    }
    if (count > kNamesShown) {
        appendStringInfo(&names, " and %d more", count - kNamesShown);
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("no customer was in the control \"%s\"", control),
                    errhint("The variants are %s.", names.data)));
}

void putRow(ReturnSetInfo* result, const Variant& variant, double controlRate,
            const Comparison* comparison) {
    const double rate = variant.customers.rate();
    Datum values[8] = {CStringGetTextDatum(variant.name),
                       Int64GetDatum(static_cast<int64>(variant.customers.trials)),
                       Int64GetDatum(static_cast<int64>(variant.customers.successes)),
                       Float8GetDatum(rate)};
    bool nulls[8] = {false, false, false, false, true, true, true, true};
    if (comparison != nullptr) {
        nulls[7] = false;
        values[7] = Float8GetDatum(comparison->pValue);
        if (comparison->ratio) {
            nulls[4] = nulls[5] = nulls[6] = false;
            values[4] = Float8GetDatum(rate / controlRate - 1);
            values[5] = Float8GetDatum(comparison->ratio->low - 1);
            values[6] = Float8GetDatum(comparison->ratio->high - 1);
        }
    }
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

void compute(const Arguments& arguments, ReturnSetInfo* result) {
    const char* control = arguments.requiredString("control");
    const double confidence = arguments.real("confidence", 0.5, 0.999999, 0.95);
    QueryRows rows(compose(arguments), {TEXTOID, INT8OID, INT8OID});
    if (rows.count() == 0) {
        rows.end();
        return;
    }
    auto* variants = static_cast<Variant*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Variant) * rows.count()));
    int count = 0;
    while (rows.next()) {
        variants[count++] = {
            rows.string(0),
            {static_cast<uint64>(rows.bigint(2)), static_cast<uint64>(rows.bigint(1))}};
    }
    rows.end();
    const int place = findControl(variants, count, control);
    const Proportion base = variants[place].customers;
    putRow(result, variants[place], base.rate(), nullptr);
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        if (i == place) {
            continue;
        }
        Comparison comparison = {};
        pg::enterEngine([&] {
            comparison.pValue = statistics::equalRatesPValue(variants[i].customers, base);
            comparison.ratio =
                statistics::rateRatioInterval(variants[i].customers, base, confidence);
        });
        putRow(result, variants[i], base.rate(), &comparison);
    }
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_experiment);

PGDLLEXPORT Datum footfall_experiment(PG_FUNCTION_ARGS) {
    return footfall::reports::runComputedReport(fcinfo, footfall::reports::compute);
}
}
