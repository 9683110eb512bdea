// footfall.lifecycle and footfall.stickiness: who is new, stays, comes back and goes; on how many
// days customers are active.
#include "extension/reports/calendar.h"
#include "extension/reports/event_source.h"
#include "extension/reports/horizon.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

// One row a customer and period of activity, as (customer, period).
char* activePeriods(const EventSource& source, const Calendar& calendar, TimestampTz since,
                    TimestampTz until) {
    return psprintf("SELECT %s AS customer, %s AS period\nFROM %s\nWHERE %s AND %s%s GROUP BY 1, 2",
                    source.column(Role::Customer), calendar.start(source.time()), source.from(),
                    source.during(since, until), source.hasCustomer(), source.filter());
}

// All history says who is new; `since` chooses among the periods. Periods are numbered, so that the
// one before is the one before whatever its length.
char* composeLifecycle(const Arguments& arguments) {
    const EventSource source(arguments);
    const Calendar calendar = Calendar::of(arguments, "period", source.zone());
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    const bool hasSince = !TIMESTAMP_NOT_FINITE(since);
    return psprintf(
        "WITH footfall_active AS MATERIALIZED (%s),\n"
        "footfall_horizon AS MATERIALIZED (%s),\n"
        "footfall_periods AS MATERIALIZED (%s),\n"
        "footfall_numbered AS MATERIALIZED (SELECT p.number AS number, "
        "pg_catalog.lag(p.number) OVER footfall_customer AS before, "
        "pg_catalog.lead(p.number) OVER footfall_customer AS after\n"
        "FROM footfall_active AS a JOIN footfall_periods AS p "
        "ON p.starts OPERATOR(pg_catalog.=) a.period\n"
        "WINDOW footfall_customer AS (PARTITION BY a.customer ORDER BY p.number)),\n"
        "footfall_states(place, state) AS (VALUES (1, 'new'::pg_catalog.text), (2, 'returning'), "
        "(3, 'resurrecting'), (4, 'dormant')),\n"
        "footfall_counts AS (SELECT n.number AS number, CASE WHEN n.before IS NULL THEN 1 "
        "WHEN n.before OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.=) n.number THEN 2 ELSE 3 END "
        "AS place, pg_catalog.count(*) AS customers FROM footfall_numbered AS n GROUP BY 1, 2\n"
        "UNION ALL SELECT n.number OPERATOR(pg_catalog.+) 1, 4, "
        "OPERATOR(pg_catalog.-) pg_catalog.count(*) FROM footfall_numbered AS n "
        "WHERE n.after IS NULL OR n.after OPERATOR(pg_catalog.>) "
        "(n.number OPERATOR(pg_catalog.+) 1) GROUP BY 1)\n"
        "SELECT p.starts, s.state, COALESCE(c.customers, 0::pg_catalog.int8), "
        "p.ends OPERATOR(pg_catalog.<=) h.at%s\n"
        "FROM footfall_horizon AS h, footfall_periods AS p CROSS JOIN footfall_states AS s "
        "LEFT JOIN footfall_counts AS c ON c.number OPERATOR(pg_catalog.=) p.number "
        "AND c.place OPERATOR(pg_catalog.=) s.place%s\nORDER BY p.starts, s.place",
        activePeriods(source, calendar, DT_NOBEGIN, until), horizonOf(source, until),
        calendar.periods("(SELECT pg_catalog.min(period) FROM footfall_active)",
                         "(SELECT last FROM footfall_horizon)"),
        hasSince ? psprintf(" AND p.starts OPERATOR(pg_catalog.>=) %s", timeLiteral(since)) : "",
        hasSince ? psprintf("\nWHERE p.ends OPERATOR(pg_catalog.>) %s", timeLiteral(since)) : "");
}

char* composeStickiness(const Arguments& arguments) {
    const EventSource source(arguments);
    const Calendar calendar = Calendar::of(arguments, "period", source.zone());
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    if (!calendar.hasDays()) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("period must be days or months: it is active days that are counted"),
                        errhint("For example period => '1 week' or '1 month'.")));
    }
    const bool hasSince = !TIMESTAMP_NOT_FINITE(since);
    return psprintf(
        "WITH footfall_active AS MATERIALIZED (SELECT %s AS period, d.customer AS customer, "
        "pg_catalog.count(*) AS days FROM (%s) AS d(customer, day) GROUP BY 1, 2),\n"
        "footfall_horizon AS MATERIALIZED (%s),\n"
        "footfall_periods AS (%s),\n"
        "footfall_cells AS (SELECT p.starts AS starts, d.days::pg_catalog.int8 AS days, "
        "0::pg_catalog.int8 AS customers, p.ends OPERATOR(pg_catalog.<=) h.at%s AS complete\n"
        "FROM footfall_horizon AS h, footfall_periods AS p CROSS JOIN LATERAL "
        "pg_catalog.generate_series(1, pg_catalog.date(pg_catalog.timezone(%s, p.ends)) "
        "OPERATOR(pg_catalog.-) pg_catalog.date(pg_catalog.timezone(%s, p.starts))) AS d(days)\n"
        "UNION ALL SELECT a.period, a.days, pg_catalog.count(*), NULL FROM footfall_active AS a "
        "GROUP BY 1, 2),\n"
        "footfall_totals AS (SELECT c.starts AS starts, c.days AS days, "
        "pg_catalog.sum(c.customers) AS customers, pg_catalog.bool_and(c.complete) AS complete "
        "FROM footfall_cells AS c GROUP BY 1, 2)\n"
        "SELECT t.starts, t.days::pg_catalog.int4, t.customers::pg_catalog.int8, "
        "CASE WHEN pg_catalog.sum(t.customers) OVER footfall_period OPERATOR(pg_catalog.>) "
        "0::pg_catalog.numeric THEN pg_catalog.round(t.customers OPERATOR(pg_catalog./) "
        "pg_catalog.sum(t.customers) OVER footfall_period, 6) END, t.complete\n"
        "FROM footfall_totals AS t WINDOW footfall_period AS (PARTITION BY t.starts) ORDER BY 1, 2",
        calendar.start("d.day"), activePeriods(source, Calendar::days(source.zone()), since, until),
        horizonOf(source, until),
        calendar.periods(
            hasSince ? timeLiteral(since) : "(SELECT pg_catalog.min(period) FROM footfall_active)",
            "(SELECT last FROM footfall_horizon)"),
        hasSince ? psprintf(" AND p.starts OPERATOR(pg_catalog.>=) %s", timeLiteral(since)) : "",
        source.zone(), source.zone());
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_lifecycle);
PG_FUNCTION_INFO_V1(footfall_stickiness);

PGDLLEXPORT Datum footfall_lifecycle(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeLifecycle);
}

PGDLLEXPORT Datum footfall_stickiness(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeStickiness);
}
}
