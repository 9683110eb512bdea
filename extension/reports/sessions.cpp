// footfall.sessions: a row per session, cut where a customer was away for longer than the gap.
//
// A session's number counts from the customer's first event, and a session is never cut by the
// dates, so the whole log is read; dates choose by when a session began. Its first and last event
// are those next to another session, so that no session is held in memory.
#include "extension/reports/event_source.h"
#include "extension/reports/purchase.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

// HAVING for the start of a session.
const char* startsBetween(TimestampTz since, TimestampTz until) {
    return psprintf(
        "%s%s",
        TIMESTAMP_IS_NOBEGIN(since)
            ? " HAVING true"
            : psprintf(" HAVING pg_catalog.min(s.at) OPERATOR(pg_catalog.>=) %s",
                       timeLiteral(since)),
        TIMESTAMP_IS_NOEND(until)
            ? ""
            : psprintf(" AND pg_catalog.min(s.at) OPERATOR(pg_catalog.<) %s", timeLiteral(until)));
}

char* composeSessions(const Arguments& arguments) {
    const EventSource source(arguments);
    const int64 gap = durationOf("gap", *arguments.requiredInterval("gap"), 0);
    const char* event = source.has(Role::Event)
                            ? psprintf("%s::pg_catalog.text", source.column(Role::Event))
                            : "NULL::pg_catalog.text";
    return psprintf(
        "SELECT s.customer::pg_catalog.text, s.number, pg_catalog.min(s.at), pg_catalog.max(s.at), "
        "pg_catalog.count(*),\npg_catalog.max(s.event) FILTER (WHERE s.before IS NULL "
        "OR s.before OPERATOR(pg_catalog.<>) s.number),\npg_catalog.max(s.event) FILTER (WHERE "
        "s.next IS NULL OR "
        "s.next OPERATOR(pg_catalog.<>) s.number),\npg_catalog.bool_or(s.bought)\n"
        "FROM (SELECT n.customer AS customer, n.at AS at, n.event AS event, n.bought AS bought, "
        "n.number AS number, pg_catalog.lag(n.number) OVER footfall_order AS before, "
        "pg_catalog.lead(n.number) OVER footfall_order AS next\n"
        "FROM (SELECT e.customer AS customer, e.at AS at, e.event AS event, e.bought AS bought, "
        "footfall.sessionize(e.at, %s) OVER footfall_order AS number\n"
        "FROM (SELECT %s AS customer, %s AS at, %s AS event, COALESCE(%s, false) AS bought\n"
        "FROM %s\nWHERE %s AND %s%s) AS e\n"
        "WINDOW footfall_order AS (PARTITION BY e.customer ORDER BY e.at, "
        "e.event COLLATE pg_catalog.\"C\")) AS n\n"
        "WINDOW footfall_order AS (PARTITION BY n.customer ORDER BY n.at, "
        "n.event COLLATE pg_catalog.\"C\")) AS s\n"
        "GROUP BY s.customer, s.number%s\nORDER BY s.customer, s.number",
        durationLiteral(gap), source.column(Role::Customer), source.time(), event,
        purchaseCondition(arguments, source), source.from(), source.during(DT_NOBEGIN, DT_NOEND),
        source.hasCustomer(), source.filter(),
        startsBetween(arguments.time("since", DT_NOBEGIN), arguments.time("until", DT_NOEND)));
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_sessions);

PGDLLEXPORT Datum footfall_sessions(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeSessions);
}
}
