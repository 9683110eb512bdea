-- Reports: orders and revenue by bucket, and what happens now. The functions run as the caller; the query in their
-- argument may call anything, so they are not for parallel workers (their own query is).

CREATE FUNCTION footfall.kpis(
    events pg_catalog.text,
    bucket pg_catalog."interval" DEFAULT '1 day',
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    breakdown pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        bucket pg_catalog.timestamptz,
        breakdown pg_catalog.text,
        orders pg_catalog.int8,
        revenue pg_catalog.numeric,
        average_order_value pg_catalog.numeric,
        customers pg_catalog.int8,
        complete pg_catalog.bool)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'footfall_kpis';
COMMENT ON FUNCTION footfall.kpis(pg_catalog.text, pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.timestamptz,
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'Orders, revenue, average order value and customers who bought, by bucket of time, empty buckets included. Example: SELECT * FROM footfall.kpis(''events'', ''1 week'', since => ''2026-01-01'')';

CREATE FUNCTION footfall.live_activity(
    events pg_catalog.text,
    last pg_catalog."interval" DEFAULT '5 minutes',
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        event pg_catalog.text,
        events pg_catalog.int8,
        customers pg_catalog.int8,
        per_minute pg_catalog.numeric)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 10 AS 'MODULE_PATHNAME', 'footfall_live_activity';
COMMENT ON FUNCTION footfall.live_activity(pg_catalog.text, pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.text,
    pg_catalog.text) IS
    'What happened during the last minutes: events, customers, events per minute. Example: SELECT * FROM footfall.live_activity(''events'', ''15 minutes'')';
