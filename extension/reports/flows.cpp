// footfall.user_flows: which event follows which, step by step from the entry.
//
// A customer's path begins with the first event within the dates, or with the first start_event
// there, and goes on past them.
#include "extension/reports/event_source.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

constexpr int32 kMostSteps = 1000;

// One row a customer: the path from the first event on.
char* pathsFromFirst(const EventSource& source, TimestampTz since, TimestampTz until,
                     int32 length) {
    const char* has = TIMESTAMP_NOT_FINITE(until)
                          ? ""
                          : psprintf(" HAVING pg_catalog.min(%s) OPERATOR(pg_catalog.<) %s",
                                     source.time(), timeLiteral(until));
    return psprintf(
        "SELECT footfall.path_agg(%s, %s::pg_catalog.text, %d) AS path\nFROM %s\n"
        "WHERE %s AND %s AND %s IS NOT NULL%s GROUP BY %s%s",
        source.time(), source.column(Role::Event), length, source.from(),
        source.during(since, DT_NOEND), source.hasCustomer(), source.column(Role::Event),
        source.filter(), source.column(Role::Customer), has);
}

// The same from the start event on, which comes first among events of its moment.
char* pathsFromStart(const EventSource& source, const char* start, TimestampTz since,
                     TimestampTz until, int32 length) {
    const char* entry = TIMESTAMP_NOT_FINITE(until)
                            ? start
                            : psprintf("%s AND %s", start, source.compareTime("<", until));
    return psprintf(
        "SELECT pg_catalog.array_agg(f.event ORDER BY f.place) AS path FROM ("
        "SELECT e.customer AS customer, e.event AS event, pg_catalog.row_number() OVER "
        "(PARTITION BY e.customer ORDER BY e.at, e.later, e.event COLLATE pg_catalog.\"C\") AS "
        "place "
        "FROM (\nSELECT %s AS customer, %s::pg_catalog.text AS event, %s AS at, "
        "CASE WHEN %s THEN 0 ELSE 1 END AS later, "
        "pg_catalog.min(%s) FILTER (WHERE %s) OVER (PARTITION BY %s) AS entered_at\nFROM %s\n"
        "WHERE %s AND %s AND %s IS NOT NULL%s) AS e "
        "WHERE e.at OPERATOR(pg_catalog.>=) e.entered_at) AS f "
        "WHERE f.place OPERATOR(pg_catalog.<=) %d GROUP BY f.customer",
        source.column(Role::Customer), source.column(Role::Event), source.time(), start,
        source.time(), entry, source.column(Role::Customer), source.from(),
        source.during(since, DT_NOEND), source.hasCustomer(), source.column(Role::Event),
        source.filter(), length);
}

char* composeUserFlows(const Arguments& arguments) {
    const EventSource source(arguments);
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    const int32 steps = arguments.number("max_steps", 1, kMostSteps, 5);
    const char* start = arguments.string("start_event");
    // One event more says what the last step leads to, or that nothing follows.
    return psprintf(
        "SELECT s.step, p.path[s.step], p.path[s.step OPERATOR(pg_catalog.+) 1], "
        "pg_catalog.count(*)\nFROM (%s) AS p CROSS JOIN LATERAL pg_catalog.generate_series(1, "
        "LEAST(%d, pg_catalog.cardinality(p.path))) AS s(step)\n"
        "GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3",
        start == nullptr
            ? pathsFromFirst(source, since, until, steps + 1)
            : pathsFromStart(source, source.eventIs("start_event", start), since, until, steps + 1),
        steps);
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_user_flows);

PGDLLEXPORT Datum footfall_user_flows(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeUserFlows);
}
}
