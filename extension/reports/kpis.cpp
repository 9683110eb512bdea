// footfall.kpis and footfall.live_activity: orders and revenue by bucket; what happens now.
#include "extension/reports/calendar.h"
#include "extension/reports/event_source.h"
#include "extension/reports/horizon.h"
#include "extension/reports/purchase.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

// Cells with orders, added up with zeros for all buckets (of every breakdown value).
char* composeKpis(const Arguments& arguments) {
    const EventSource source(arguments);
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    const Calendar calendar = Calendar::of(arguments, "bucket", source.zone());
    const char* horizon = horizonOf(source, until);
    const char* breakdown = arguments.string("breakdown");
    const char* amount = source.amount();
    const char* orders = source.has(Role::Order)
                             ? psprintf("pg_catalog.count(DISTINCT %s)", source.column(Role::Order))
                             : "pg_catalog.count(*)";
    const char* revenue = amount == nullptr
                              ? "NULL::pg_catalog.numeric"
                              : psprintf("pg_catalog.sum(%s)::pg_catalog.numeric", amount);
    const char* cells = psprintf(
        "SELECT %s AS bucket, %s AS breakdown, %s AS orders, %s AS revenue, "
        "pg_catalog.count(DISTINCT %s) AS customers\nFROM %s\nWHERE %s AND %s%s GROUP BY 1%s",
        calendar.start(source.time()),
        breakdown == nullptr ? "NULL::pg_catalog.text"
                             : source.expressionAsText("breakdown", breakdown),
        orders, revenue, source.column(Role::Customer), source.from(), source.during(since, until),
        purchaseCondition(arguments, source), source.filter(), breakdown == nullptr ? "" : ", 2");
    const bool hasSince = !TIMESTAMP_NOT_FINITE(since);
    const char* first =
        hasSince ? timeLiteral(since) : "(SELECT pg_catalog.min(bucket) FROM footfall_cells)";
    return psprintf(
        "WITH footfall_cells AS MATERIALIZED (%s),\n"
        "footfall_horizon AS MATERIALIZED (%s),\n"
        "footfall_periods AS (%s),\n"
        "footfall_breakdowns AS (%s),\n"
        "footfall_rows AS (SELECT bucket, breakdown, orders, revenue, customers, "
        "NULL::pg_catalog.bool AS complete FROM footfall_cells\n"
        "UNION ALL SELECT p.starts, b.breakdown, 0, %s, 0, p.ends OPERATOR(pg_catalog.<=) h.at%s "
        "FROM footfall_periods p, footfall_breakdowns b, footfall_horizon h)\n"
        "SELECT bucket, breakdown, pg_catalog.sum(orders)::pg_catalog.int8, "
        "pg_catalog.sum(revenue),\n"
        "CASE WHEN pg_catalog.sum(orders) OPERATOR(pg_catalog.>) 0::pg_catalog.numeric THEN "
        "pg_catalog.round(pg_catalog.sum(revenue) OPERATOR(pg_catalog./) pg_catalog.sum(orders), "
        "GREATEST(2, pg_catalog.scale(pg_catalog.sum(revenue)))) END,\n"
        "pg_catalog.sum(customers)::pg_catalog.int8, "
        "COALESCE(pg_catalog.bool_and(complete), false)\n"
        "FROM footfall_rows GROUP BY bucket, breakdown ORDER BY bucket, breakdown",
        cells, horizon, calendar.periods(first, "(SELECT last FROM footfall_horizon)"),
        breakdown == nullptr ? "SELECT NULL::pg_catalog.text AS breakdown"
                             : "SELECT DISTINCT breakdown FROM footfall_cells",
        amount == nullptr ? "NULL::pg_catalog.numeric" : "0",
        hasSince ? psprintf(" AND p.starts OPERATOR(pg_catalog.>=) %s", timeLiteral(since)) : "");
}

// The time span ends with `until`, which is now unless it is given, and includes it.
char* composeLiveActivity(const Arguments& arguments) {
    const EventSource source(arguments);
    const TimestampTz until = arguments.time("until", GetCurrentTransactionStartTimestamp());
    const int64 span = durationOf("last", *arguments.requiredInterval("last"), 1);
    const TimestampTz since = span < until - MIN_TIMESTAMP ? until - span : DT_NOBEGIN;
    return psprintf(
        "SELECT %s::pg_catalog.text, pg_catalog.count(*), pg_catalog.count(DISTINCT %s),\n"
        "pg_catalog.round(pg_catalog.count(*)::pg_catalog.numeric OPERATOR(pg_catalog.*) "
        "60000000::pg_catalog.numeric OPERATOR(pg_catalog./) %lld::pg_catalog.numeric, 2)\n"
        "FROM %s\nWHERE %s AND %s%s GROUP BY %s ORDER BY 2 DESC, 1",
        source.column(Role::Event), source.column(Role::Customer), static_cast<long long>(span),
        source.from(), source.compareTime(">", since), source.compareTime("<=", until),
        source.filter(), source.column(Role::Event));
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_kpis);
PG_FUNCTION_INFO_V1(footfall_live_activity);

PGDLLEXPORT Datum footfall_kpis(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeKpis);
}

PGDLLEXPORT Datum footfall_live_activity(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeLiveActivity);
}
}
