// footfall.sessions: a row per session, cut where a customer was away for longer than the gap.
//
// A session's number counts from the customer's first event, and a session is never cut by the
// dates, so the whole log is read; dates choose by when a session began.
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
            : psprintf(" HAVING pg_catalog.min(e.at) OPERATOR(pg_catalog.>=) %s",
                       timeLiteral(since)),
        TIMESTAMP_IS_NOEND(until)
            ? ""
            : psprintf(" AND pg_catalog.min(e.at) OPERATOR(pg_catalog.<) %s", timeLiteral(until)));
}

char* composeSessions(const Arguments& arguments) {
    const EventSource source(arguments);
    const int64 gap = durationOf("gap", *arguments.requiredInterval("gap"), 0);
    const char* event = source.has(Role::Event)
                            ? psprintf("%s::pg_catalog.text", source.column(Role::Event))
                            : "NULL::pg_catalog.text";
    return psprintf(
        "SELECT e.customer::pg_catalog.text, e.number, pg_catalog.min(e.at), pg_catalog.max(e.at), "
        "pg_catalog.count(*),\n"
        "(pg_catalog.array_agg(e.event ORDER BY e.at, e.event COLLATE pg_catalog.\"C\"))[1],\n"
        "(pg_catalog.array_agg(e.event ORDER BY e.at DESC, "
        "e.event COLLATE pg_catalog.\"C\" DESC NULLS LAST))[1],\n"
        "pg_catalog.bool_or(e.bought)\nFROM (SELECT %s AS customer, %s AS at, %s AS event, "
        "COALESCE(%s, false) AS bought, footfall.sessionize(%s, %s) OVER (PARTITION BY %s "
        "ORDER BY %s) AS number\nFROM %s\nWHERE %s AND %s%s) AS e\n"
        "GROUP BY e.customer, e.number%s\nORDER BY e.customer, e.number",
        source.column(Role::Customer), source.time(), event, purchaseCondition(arguments, source),
        source.time(), durationLiteral(gap), source.column(Role::Customer), source.time(),
        source.from(), source.during(DT_NOBEGIN, DT_NOEND), source.hasCustomer(), source.filter(),
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
