// footfall.sessions: a row per session, cut where a customer was away for longer than the gap, and
// on request at midnight and where another campaign begins.
//
// A session's number counts from the customer's first event, and a session is never cut by the
// dates, so the whole log is read; dates choose by when a session began. Its first and last event
// are those next to another session, so that no session is held in memory.
#include "extension/reports/event_source.h"
#include "extension/reports/purchase.h"
#include "extension/reports/report.h"

#include <cstring>

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

struct Splits {
    bool midnight = false;
    bool campaign = false;
};

Splits readSplits(const Arguments& arguments) {
    Splits splits;
    ListCell* cell;
    foreach (cell, arguments.strings("split")) {
        const auto* where = static_cast<char*>(lfirst(cell));
        if (strcmp(where, "midnight") == 0) {
            splits.midnight = true;
        } else if (strcmp(where, "campaign") == 0) {
            splits.campaign = true;
        } else {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("split must not contain \"%s\"", where),
                            errhint("It may contain midnight and campaign.")));
        }
    }
    return splits;
}

// The events with the numbers of their sessions, cut by the gap alone.
char* numbered(const char* events, int64 gap) {
    return psprintf(
        "SELECT e.customer AS customer, e.at AS at, e.event AS event, e.bought AS bought, "
        "footfall.sessionize(e.at, %s) OVER footfall_order AS number\nFROM (%s) AS e\n"
        "WINDOW footfall_order AS (PARTITION BY e.customer ORDER BY e.at, "
        "e.event COLLATE pg_catalog.\"C\")",
        durationLiteral(gap), events);
}

// The same with more cuts: each event says whether a session begins with it. Of the events that
// name a campaign, the one before says which it was until then.
char* numberedWithSplits(const char* events, int64 gap, const Splits& splits, const char* zone) {
    const char* midnight =
        splits.midnight
            ? psprintf(
                  "\nOR pg_catalog.date(pg_catalog.timezone(%s, c.at)) OPERATOR(pg_catalog.<>) "
                  "pg_catalog.date(pg_catalog.timezone(%s, c.previous_at))",
                  zone, zone)
            : "";
    const char* campaign = splits.campaign
                               ? "\nOR (c.campaign IS NOT NULL AND (c.previous_campaign IS NULL OR "
                                 "c.campaign OPERATOR(pg_catalog.<>) c.previous_campaign))"
                               : "";
    return psprintf(
        "SELECT c.customer AS customer, c.at AS at, c.event AS event, c.bought AS bought,\n"
        "pg_catalog.sum(CASE WHEN c.previous_at IS NULL OR (c.at OPERATOR(pg_catalog.-) "
        "c.previous_at) OPERATOR(pg_catalog.>) %s%s%s THEN 1 ELSE 0 END) OVER (PARTITION BY "
        "c.customer ORDER BY c.place) AS number\n"
        "FROM (SELECT p.*, pg_catalog.lag(p.campaign) OVER (PARTITION BY p.customer, "
        "p.campaign IS NULL ORDER BY p.place) AS previous_campaign\n"
        "FROM (SELECT e.customer AS customer, e.at AS at, e.event AS event, e.bought AS bought, "
        "e.campaign AS campaign, pg_catalog.row_number() OVER footfall_order AS place, "
        "pg_catalog.lag(e.at) OVER footfall_order AS previous_at\nFROM (%s) AS e\n"
        "WINDOW footfall_order AS (PARTITION BY e.customer ORDER BY e.at, e.event COLLATE "
        "pg_catalog.\"C\", e.campaign COLLATE pg_catalog.\"C\")) AS p) AS c",
        durationLiteral(gap), midnight, campaign, events);
}

char* composeSessions(const Arguments& arguments) {
    const EventSource source(arguments);
    const int64 gap = durationOf("gap", *arguments.requiredInterval("gap"), 0);
    const Splits splits = readSplits(arguments);
    const char* event = source.has(Role::Event)
                            ? psprintf("%s::pg_catalog.text", source.column(Role::Event))
                            : "NULL::pg_catalog.text";
    const char* campaign = splits.campaign
                               ? psprintf("%s::pg_catalog.text", source.column(Role::Campaign))
                               : "NULL::pg_catalog.text";
    const char* events = psprintf(
        "SELECT %s AS customer, %s AS at, %s AS event, %s AS campaign, COALESCE(%s, false) AS "
        "bought\nFROM %s\nWHERE %s AND %s%s",
        source.column(Role::Customer), source.time(), event, campaign,
        purchaseCondition(arguments, source), source.from(), source.during(DT_NOBEGIN, DT_NOEND),
        source.hasCustomer(), source.filter());
    return psprintf(
        "SELECT s.customer::pg_catalog.text, s.number, pg_catalog.min(s.at), pg_catalog.max(s.at), "
        "pg_catalog.count(*),\npg_catalog.max(s.event) FILTER (WHERE s.before IS NULL "
        "OR s.before OPERATOR(pg_catalog.<>) s.number),\npg_catalog.max(s.event) FILTER (WHERE "
        "s.next IS NULL OR "
        "s.next OPERATOR(pg_catalog.<>) s.number),\npg_catalog.bool_or(s.bought)\n"
        "FROM (SELECT n.customer AS customer, n.at AS at, n.event AS event, n.bought AS bought, "
        "n.number AS number, pg_catalog.lag(n.number) OVER footfall_order AS before, "
        "pg_catalog.lead(n.number) OVER footfall_order AS next\nFROM (%s) AS n\n"
        "WINDOW footfall_order AS (PARTITION BY n.customer ORDER BY n.at, "
        "n.event COLLATE pg_catalog.\"C\"%s)) AS s\n"
        "GROUP BY s.customer, s.number%s\nORDER BY s.customer, s.number",
        splits.midnight || splits.campaign ? numberedWithSplits(events, gap, splits, source.zone())
                                           : numbered(events, gap),
        splits.campaign ? ", n.number" : "",
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
