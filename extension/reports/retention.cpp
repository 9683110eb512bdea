// footfall.cohort_retention: of the customers who first came in a period, how many came back in
// each period after it.
//
// A customer's entry is the first event (or first_event) of all, whenever that was, so the whole
// log is read: `since` must not make an old customer new. Dates then choose among the entries.
#include "extension/reports/calendar.h"
#include "extension/reports/event_source.h"
#include "extension/reports/horizon.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

constexpr const char* kModes[] = {"on", "on_or_after", nullptr};

// A customer is back in each period with a return event: one row a customer and period.
constexpr char kOn[] =
    "SELECT a.cohort AS cohort, a.period AS period, pg_catalog.count(*) AS retained "
    "FROM footfall_entered AS a WHERE a.return_at OPERATOR(pg_catalog.>=) a.entered_at "
    "GROUP BY 1, 2";
// A customer is back up to the period of the last return event: one row a customer.
constexpr char kOnOrAfter[] =
    "SELECT c.cohort AS cohort, c.period AS period, pg_catalog.count(*) AS retained FROM ("
    "SELECT a.cohort AS cohort, pg_catalog.max(a.period) AS period FROM footfall_entered AS a "
    "WHERE a.return_at OPERATOR(pg_catalog.>=) a.entered_at GROUP BY a.customer, a.cohort) AS c "
    "GROUP BY 1, 2";

const char* filtered(const char* condition) {
    return condition == nullptr ? "" : psprintf(" FILTER (WHERE %s)", condition);
}

// Only rows that can matter: with both events named, those of the two.
const char* relevantRows(const char* first, const char* back) {
    return first == nullptr || back == nullptr ? "" : psprintf(" AND (%s OR %s)", first, back);
}

const char* within(const char* time, TimestampTz since, TimestampTz until) {
    return psprintf("%s%s",
                    TIMESTAMP_IS_NOBEGIN(since)
                        ? ""
                        : psprintf(" AND %s OPERATOR(pg_catalog.>=) %s", time, timeLiteral(since)),
                    TIMESTAMP_IS_NOEND(until)
                        ? ""
                        : psprintf(" AND %s OPERATOR(pg_catalog.<) %s", time, timeLiteral(until)));
}

char* composeCohortRetention(const Arguments& arguments) {
    const EventSource source(arguments);
    const Calendar calendar = Calendar::of(arguments, "period", source.zone());
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    const bool unbounded = arguments.choice("mode", kModes) == 1;
    const char* firstEvent = arguments.string("first_event");
    const char* returnEvent = arguments.string("return_event");
    const char* first = firstEvent == nullptr ? nullptr : source.eventIs("first_event", firstEvent);
    const char* back =
        returnEvent == nullptr ? nullptr : source.eventIs("return_event", returnEvent);
    return psprintf(
        "WITH footfall_entered AS MATERIALIZED (SELECT * FROM (SELECT a.customer AS customer, "
        "a.period AS period, a.return_at AS return_at,\n"
        "pg_catalog.min(a.first_at) OVER footfall_customer AS entered_at,\n"
        "pg_catalog.min(a.period) FILTER (WHERE a.first_at IS NOT NULL) OVER footfall_customer "
        "AS cohort\nFROM (SELECT %s AS customer, %s AS period, pg_catalog.min(%s)%s AS first_at, "
        "pg_catalog.max(%s)%s AS return_at\nFROM %s\nWHERE %s AND %s%s%s GROUP BY 1, 2) AS a\n"
        "WINDOW footfall_customer AS (PARTITION BY a.customer)) AS a "
        "WHERE a.entered_at IS NOT NULL%s),\n"
        "footfall_sizes AS (SELECT a.cohort AS cohort, pg_catalog.count(*) AS customers "
        "FROM footfall_entered AS a WHERE a.period OPERATOR(pg_catalog.=) a.cohort GROUP BY 1),\n"
        "footfall_cells AS (%s),\n"
        "footfall_horizon AS MATERIALIZED (%s),\n"
        "footfall_periods AS MATERIALIZED (%s),\n"
        "footfall_triangle AS (SELECT s.cohort AS cohort, "
        "p.number OPERATOR(pg_catalog.-) c.number AS number, p.starts AS starts, p.ends AS ends, "
        "s.customers AS customers, COALESCE(%s, 0)::pg_catalog.int8 AS retained\n"
        "FROM footfall_sizes AS s "
        "JOIN footfall_periods AS c ON c.starts OPERATOR(pg_catalog.=) s.cohort\n"
        "JOIN footfall_periods AS p ON p.number OPERATOR(pg_catalog.>=) c.number\n"
        "LEFT JOIN footfall_cells AS x ON x.cohort OPERATOR(pg_catalog.=) s.cohort "
        "AND x.period OPERATOR(pg_catalog.=) p.starts)\n"
        "SELECT t.cohort, t.number::pg_catalog.int4, t.starts, t.customers, t.retained, "
        "pg_catalog.round(t.retained::pg_catalog.numeric OPERATOR(pg_catalog./) "
        "t.customers::pg_catalog.numeric, 6), t.ends OPERATOR(pg_catalog.<=) h.at\n"
        "FROM footfall_triangle AS t, footfall_horizon AS h ORDER BY 1, 2",
        source.column(Role::Customer), calendar.start(source.time()), source.time(),
        filtered(first), source.time(), filtered(back), source.from(),
        source.during(DT_NOBEGIN, DT_NOEND), source.hasCustomer(), relevantRows(first, back),
        source.filter(), within("a.entered_at", since, until), unbounded ? kOnOrAfter : kOn,
        horizonBeyond(source, until),
        calendar.periods("(SELECT pg_catalog.min(cohort) FROM footfall_sizes)",
                         "(SELECT last FROM footfall_horizon)"),
        unbounded ? "pg_catalog.sum(x.retained) OVER (PARTITION BY s.cohort ORDER BY p.starts DESC)"
                  : "x.retained");
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_cohort_retention);

PGDLLEXPORT Datum footfall_cohort_retention(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeCohortRetention);
}
}
