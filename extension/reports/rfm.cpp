// footfall.rfm: customers by how recently, how often and for how much they bought.
//
// A score is the fifth that a customer's value lies in, by the number of customers with a lesser
// one: equal values have equal scores, the lowest that one of them would have. The segment is
// looked up by recency and frequency.
#include "extension/reports/event_source.h"
#include "extension/reports/horizon.h"
#include "extension/reports/purchase.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

// By the recency score, then by the frequency score.
constexpr char kSegments[] =
    "'{{hibernating,hibernating,at risk,at risk,cannot lose},"
    "{hibernating,hibernating,at risk,at risk,cannot lose},"
    "{about to sleep,about to sleep,needs attention,loyal,loyal},"
    "{promising,potential loyalist,potential loyalist,loyal,loyal},"
    "{new,potential loyalist,potential loyalist,champion,champion}}'::pg_catalog.text[]";

const char* fifth(const char* order) {
    return psprintf(
        "((((pg_catalog.rank() OVER (ORDER BY %s) OPERATOR(pg_catalog.-) 1) "
        "OPERATOR(pg_catalog.*) 5) OPERATOR(pg_catalog./) pg_catalog.count(*) OVER ()) "
        "OPERATOR(pg_catalog.+) 1)::pg_catalog.int4",
        order);
}

char* compose(const Arguments& arguments) {
    const EventSource source(arguments);
    const TimestampTz since = arguments.time("since", DT_NOBEGIN);
    const TimestampTz until = arguments.time("until", DT_NOEND);
    const char* amount = source.amount();
    const char* orders = source.has(Role::Order)
                             ? psprintf("pg_catalog.count(DISTINCT %s)", source.column(Role::Order))
                             : "pg_catalog.count(*)";
    const char* revenue =
        amount == nullptr ? "NULL::pg_catalog.numeric"
                          : psprintf("COALESCE(pg_catalog.sum(%s), 0)::pg_catalog.numeric", amount);
    return psprintf(
        "WITH footfall_customers AS (SELECT %s AS customer, %s AS last_order, %s AS orders, %s AS "
        "revenue\nFROM %s\nWHERE %s AND %s AND %s%s GROUP BY %s),\n"
        "footfall_days AS (SELECT customer, last_order, pg_catalog.timezone(%s, "
        "last_order)::pg_catalog.date AS last_day, orders, revenue FROM footfall_customers WHERE "
        "orders OPERATOR(pg_catalog.>) 0),\n"
        "footfall_horizon AS MATERIALIZED (SELECT pg_catalog.timezone(%s, "
        "h.last)::pg_catalog.date AS today FROM (%s) h),\n"
        "footfall_scores AS (SELECT customer, last_order, last_day, orders, revenue, %s AS "
        "recency, %s AS frequency, %s AS monetary FROM footfall_days)\n"
        "SELECT customer::pg_catalog.text, last_order, today OPERATOR(pg_catalog.-) last_day, "
        "orders, revenue, recency, frequency, monetary, (%s)[recency][frequency]\n"
        "FROM footfall_scores, footfall_horizon ORDER BY recency DESC, frequency DESC, monetary "
        "DESC, customer",
        source.column(Role::Customer), source.timeOf("max"), orders, revenue, source.from(),
        source.hasCustomer(), source.during(since, until), purchaseCondition(arguments, source),
        source.filter(), source.column(Role::Customer), source.zone(), source.zone(),
        horizonOf(source, until), fifth("last_day"), fifth("orders"),
        amount == nullptr ? "NULL::pg_catalog.int4" : fifth("revenue"), kSegments);
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_rfm);

PGDLLEXPORT Datum footfall_rfm(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::compose);
}
}
