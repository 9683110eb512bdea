// footfall.funnel, footfall.funnel_durations and footfall.funnel_customers: how many customers come
// through the steps, how long each step takes them, and who stopped where.
#include "extension/reports/funnel_chains.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

constexpr char kCountLevels[] =
    "SELECT t.breakdown AS breakdown, pg_catalog.cardinality(t.times) AS level, "
    "pg_catalog.count(*) AS customers FROM footfall_times AS t GROUP BY 1, 2";

// From the step before to this one, of those who took both.
constexpr char kTaken[] =
    "SELECT t.breakdown AS breakdown, s.step AS step, pg_catalog.date_part('epoch', "
    "t.times[s.step] OPERATOR(pg_catalog.-) t.times[s.step OPERATOR(pg_catalog.-) 1]) AS seconds\n"
    "FROM footfall_times AS t CROSS JOIN LATERAL pg_catalog.generate_series(2, "
    "pg_catalog.cardinality(t.times)) AS s(step)";
constexpr char kNoMedians[] =
    "SELECT NULL::pg_catalog.text AS breakdown, 1 AS step, NULL::pg_catalog.float8 AS median "
    "WHERE false";

char* medians() {
    return psprintf(
        "SELECT t.breakdown AS breakdown, t.step AS step, pg_catalog.percentile_cont(0.5) WITHIN "
        "GROUP (ORDER BY t.seconds) AS median FROM (%s) AS t GROUP BY 1, 2",
        kTaken);
}

// VALUES of (step, name).
char* stepList(List* names) {
    StringInfoData list;
    initStringInfo(&list);
    ListCell* cell;
    foreach (cell, names) {
        appendStringInfo(&list, "%s(%d, %s::pg_catalog.text)", list.len == 0 ? "" : ", ",
                         foreach_current_index(cell) + 1,
                         quote_literal_cstr(static_cast<char*>(lfirst(cell))));
    }
    return list.data;
}

// Who reached a level has reached all before it; customers per step, and medians, are put side by
// side by grouping, which takes a NULL breakdown for a value.
char* composeFunnel(const Arguments& arguments) {
    const EventSource source(arguments);
    const char* text = arguments.string("breakdown");
    const char* breakdown = text == nullptr ? nullptr : source.expressionAsText("breakdown", text);
    const FunnelChains chains(arguments, source, breakdown);
    const bool withMedian = arguments.flag("median", true);
    const bool withTimes = withMedian || chains.inAnyOrder();
    return psprintf(
        "WITH %s%s%sfootfall_levels AS (%s),\n"
        "footfall_medians AS (%s),\n"
        "footfall_steps(step, name) AS (VALUES %s),\n"
        "footfall_reached AS (SELECT %s AS breakdown, s.step AS step, s.name AS name, "
        "COALESCE(pg_catalog.sum(l.customers) FILTER (WHERE l.level OPERATOR(pg_catalog.>=) "
        "s.step), 0)::pg_catalog.int8 AS customers, NULL::pg_catalog.float8 AS median\n"
        "FROM footfall_steps AS s %s JOIN footfall_levels AS l ON true GROUP BY 1, 2, 3),\n"
        "footfall_both AS (SELECT breakdown, step, pg_catalog.max(name) AS name, "
        "pg_catalog.max(customers) AS customers, pg_catalog.max(median) AS median FROM (\n"
        "SELECT breakdown, step, name, customers, median FROM footfall_reached UNION ALL\n"
        "SELECT breakdown, step, NULL, NULL, median FROM footfall_medians) AS r "
        "GROUP BY breakdown, step),\n"
        "footfall_funnel AS (SELECT breakdown, step, name, customers, median, "
        "pg_catalog.lag(customers) OVER footfall_order AS previous, "
        "pg_catalog.first_value(customers) OVER footfall_order AS entered FROM footfall_both "
        "WINDOW footfall_order AS (PARTITION BY breakdown ORDER BY step))\n"
        "SELECT breakdown, step, name, customers,\n"
        "COALESCE(previous OPERATOR(pg_catalog.-) customers, 0::pg_catalog.int8),\n"
        "CASE WHEN COALESCE(previous, customers) OPERATOR(pg_catalog.>) 0::pg_catalog.int8 THEN "
        "pg_catalog.round(customers::pg_catalog.numeric OPERATOR(pg_catalog./) "
        "COALESCE(previous, customers)::pg_catalog.numeric, 6) END,\n"
        "CASE WHEN entered OPERATOR(pg_catalog.>) 0::pg_catalog.int8 THEN "
        "pg_catalog.round(customers::pg_catalog.numeric OPERATOR(pg_catalog./) "
        "entered::pg_catalog.numeric, 6) END,\n"
        "median FROM footfall_funnel ORDER BY breakdown, step",
        withTimes ? "footfall_times AS MATERIALIZED (" : "", withTimes ? chains.times() : "",
        withTimes ? "),\n" : "", withTimes ? kCountLevels : chains.levels(),
        withMedian ? medians() : kNoMedians, stepList(chains.names()),
        withTimes || breakdown != nullptr ? "l.breakdown" : "NULL::pg_catalog.text",
        breakdown == nullptr ? "LEFT" : "");
}

// ARRAY[...] of what percentiles says.
char* percentileArray(const Arguments& arguments) {
    StringInfoData list;
    initStringInfo(&list);
    ListCell* cell;
    foreach (cell, arguments.reals("percentiles", 0, 1)) {
        appendStringInfo(&list, "%s'%.17g'::pg_catalog.float8", list.len == 0 ? "" : ", ",
                         *static_cast<double*>(lfirst(cell)));
    }
    if (list.len == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("percentiles must contain a number"),
                        errhint("For example percentiles => '{0.5,0.9}'.")));
    }
    return psprintf("ARRAY[%s]", list.data);
}

// As in the funnel, a NULL breakdown is put side by side by grouping; every step is there, and
// without a breakdown also when nobody took the first.
char* composeFunnelDurations(const Arguments& arguments) {
    const EventSource source(arguments);
    const char* text = arguments.string("breakdown");
    const char* breakdown = text == nullptr ? nullptr : source.expressionAsText("breakdown", text);
    const FunnelChains chains(arguments, source, breakdown);
    const char* percentiles = percentileArray(arguments);
    return psprintf(
        "WITH footfall_times AS MATERIALIZED (%s),\n"
        "footfall_steps(step, name) AS (VALUES %s),\n"
        "footfall_both AS (SELECT r.breakdown AS breakdown, r.step AS step, "
        "pg_catalog.max(r.customers) AS customers, pg_catalog.max(r.seconds) AS seconds FROM (\n"
        "SELECT t.breakdown AS breakdown, t.step AS step, pg_catalog.count(*) AS customers, "
        "pg_catalog.percentile_cont(%s) WITHIN GROUP (ORDER BY t.seconds) AS seconds "
        "FROM (%s) AS t GROUP BY 1, 2\n"
        "UNION ALL SELECT b.breakdown, s.step, 0, NULL FROM (%s) AS b "
        "CROSS JOIN footfall_steps AS s) AS r GROUP BY 1, 2)\n"
        "SELECT b.breakdown, b.step, s.name, b.customers, p.percentile, b.seconds[p.place]\n"
        "FROM footfall_both AS b JOIN footfall_steps AS s ON s.step OPERATOR(pg_catalog.=) b.step "
        "CROSS JOIN pg_catalog.unnest(%s) WITH ORDINALITY AS p(percentile, place)\n"
        "WHERE b.step OPERATOR(pg_catalog.>) 1 ORDER BY b.breakdown, b.step, p.place",
        chains.times(), stepList(chains.names()), percentiles, kTaken,
        breakdown == nullptr ? "SELECT NULL::pg_catalog.text AS breakdown"
                             : "SELECT DISTINCT t.breakdown AS breakdown FROM footfall_times AS t",
        percentiles);
}

// Those whose last step was `reached`, or with NULL all who took the first.
char* composeFunnelCustomers(const Arguments& arguments) {
    const EventSource source(arguments);
    const FunnelChains chains(arguments, source, nullptr);
    const int32 steps = list_length(chains.names());
    const int32 reached = arguments.number("reached", 1, steps, 0);
    return psprintf(
        "SELECT t.customer::pg_catalog.text, pg_catalog.cardinality(t.times), t.times[1], "
        "t.times[pg_catalog.cardinality(t.times)]\nFROM (%s) AS t%s\n"
        "ORDER BY t.times[1], t.customer",
        chains.times(),
        reached == 0 ? ""
                     : psprintf(" WHERE pg_catalog.cardinality(t.times) OPERATOR(pg_catalog.=) %d",
                                reached));
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_funnel);
PG_FUNCTION_INFO_V1(footfall_funnel_durations);
PG_FUNCTION_INFO_V1(footfall_funnel_customers);

PGDLLEXPORT Datum footfall_funnel(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeFunnel);
}

PGDLLEXPORT Datum footfall_funnel_durations(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeFunnelDurations);
}

PGDLLEXPORT Datum footfall_funnel_customers(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeFunnelCustomers);
}
}
