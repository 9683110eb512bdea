// See rolling_retention.h.
#include "extension/reports/rolling_retention.h"

#include "extension/reports/calendar.h"
#include "extension/reports/horizon.h"

namespace footfall::reports {

namespace {

// How many whole periods lie between two times; 0 when they are the other way round.
const char* periodsBetween(const char* from, const char* to, int64 period) {
    return psprintf(
        "GREATEST((pg_catalog.\"extract\"('epoch', %s OPERATOR(pg_catalog.-) %s) "
        "OPERATOR(pg_catalog.*) 1000000::pg_catalog.numeric)::pg_catalog.int8 "
        "OPERATOR(pg_catalog./) %lld::pg_catalog.int8, 0::pg_catalog.int8)",
        to, from, static_cast<long long>(period));
}

// (cohort, number, retained) of customers and the periods that they lived through.
constexpr char kOn[] =
    "SELECT b.cohort, b.number, 0::pg_catalog.int8, pg_catalog.count(*) FROM footfall_back AS b "
    "WHERE b.number OPERATOR(pg_catalog.<) b.lived GROUP BY 1, 2";
// The last one only; sums make it count in those before.
constexpr char kOnOrAfter[] =
    "SELECT l.cohort, l.number, 0::pg_catalog.int8, pg_catalog.count(*) FROM (SELECT b.cohort AS "
    "cohort, LEAST(pg_catalog.max(b.number), b.lived OPERATOR(pg_catalog.-) 1) AS number "
    "FROM footfall_back AS b GROUP BY b.customer, b.cohort, b.lived) AS l "
    "WHERE l.number OPERATOR(pg_catalog.>=) 0 GROUP BY 1, 2";

}  // namespace

char* composeRollingRetention(const Arguments& arguments, const EventSource& source,
                              const RollingRetention& question) {
    const Calendar calendar = Calendar::of(arguments, "period", source.zone());
    const int64 period = durationOf("period", *arguments.requiredInterval("period"), 1);
    const char* lived = periodsBetween("s.entered_at", "h.at", period);
    return psprintf(
        "WITH footfall_horizon AS MATERIALIZED (%s),\n"
        "footfall_seen AS MATERIALIZED (SELECT s.*, %s AS cohort, %s AS lived, %s AS number\n"
        "FROM (SELECT e.customer AS customer, e.at AS at, e.back AS back, pg_catalog.min(e.at) "
        "FILTER (WHERE e.entry) OVER (PARTITION BY e.customer) AS entered_at\n"
        "FROM (SELECT %s AS customer, %s AS at, %s AS entry, %s AS back\n%s) AS e) AS s, "
        "footfall_horizon AS h WHERE s.at OPERATOR(pg_catalog.>=) s.entered_at%s),\n"
        "footfall_entered AS (SELECT s.customer AS customer, pg_catalog.min(s.cohort) AS cohort, "
        "pg_catalog.min(s.lived) AS lived FROM footfall_seen AS s GROUP BY 1),\n"
        "footfall_back AS (SELECT s.customer AS customer, s.cohort AS cohort, s.lived AS lived, "
        "s.number AS number FROM footfall_seen AS s WHERE s.back GROUP BY 1, 2, 3, 4),\n"
        // Customers by how many periods they lived through, returns, and a row for every period.
        "footfall_counts(cohort, number, customers, retained) AS (\n"
        "SELECT e.cohort, e.lived, pg_catalog.count(*), 0::pg_catalog.int8 FROM footfall_entered "
        "AS e GROUP BY 1, 2\nUNION ALL %s\n"
        "UNION ALL SELECT c.cohort, n.number, 0::pg_catalog.int8, 0::pg_catalog.int8 FROM (SELECT "
        "e.cohort AS cohort, pg_catalog.max(e.lived) AS most FROM footfall_entered AS e GROUP BY "
        "1) AS c CROSS JOIN LATERAL pg_catalog.generate_series(0::pg_catalog.int8, c.most) AS "
        "n(number)),\n"
        "footfall_cells AS (SELECT c.cohort AS cohort, c.number AS number, "
        "pg_catalog.sum(c.customers)::pg_catalog.int8 AS customers, "
        "pg_catalog.sum(c.retained)::pg_catalog.int8 AS retained FROM footfall_counts AS c "
        "GROUP BY 1, 2),\n"
        "footfall_triangle AS (SELECT c.cohort AS cohort, c.number AS number, "
        "pg_catalog.sum(c.customers) OVER (PARTITION BY c.cohort) AS everybody, "
        "COALESCE(pg_catalog.sum(c.customers) OVER (PARTITION BY c.cohort ORDER BY c.number DESC "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0::pg_catalog.numeric) AS customers, "
        "%s AS retained FROM footfall_cells AS c)\n"
        "SELECT t.cohort, t.number::pg_catalog.int4, t.cohort OPERATOR(pg_catalog.+) (%s "
        "OPERATOR(pg_catalog.*) t.number::pg_catalog.float8), t.customers::pg_catalog.int8, "
        "t.retained::pg_catalog.int8, CASE WHEN t.customers OPERATOR(pg_catalog.>) "
        "0::pg_catalog.numeric THEN pg_catalog.round(t.retained::pg_catalog.numeric "
        "OPERATOR(pg_catalog./) t.customers, 6) END, "
        "t.customers OPERATOR(pg_catalog.=) t.everybody\n"
        "FROM footfall_triangle AS t ORDER BY 1, 2",
        horizonBeyond(source, arguments.time("until", DT_NOEND)), calendar.start("s.entered_at"),
        lived, periodsBetween("s.entered_at", "s.at", period), source.column(Role::Customer),
        source.time(), question.entry, question.back, question.rows, question.entrants,
        question.unbounded ? kOnOrAfter : kOn,
        question.unbounded ? "pg_catalog.sum(c.retained) OVER (PARTITION BY c.cohort ORDER BY "
                             "c.number DESC)"
                           : "c.retained",
        durationLiteral(period));
}

}  // namespace footfall::reports
