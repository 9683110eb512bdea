-- Reports: how many customers come through a funnel, how long that takes, and who stopped where.

CREATE FUNCTION footfall.funnel(
    events pg_catalog.text,
    steps pg_catalog.text[] DEFAULT NULL,
    within pg_catalog."interval" DEFAULT '1 day',
    conditions pg_catalog.text[] DEFAULT NULL,
    step_order pg_catalog.text DEFAULT 'this',
    exclude pg_catalog.text[] DEFAULT NULL,
    breakdown pg_catalog.text DEFAULT NULL,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    exclusion pg_catalog.text DEFAULT 'drop_off',
    counting pg_catalog.text DEFAULT 'customers',
    median pg_catalog.bool DEFAULT true)
    RETURNS TABLE (
        breakdown pg_catalog.text,
        step pg_catalog.int4,
        name pg_catalog.text,
        customers pg_catalog.int8,
        dropped pg_catalog.int8,
        from_previous pg_catalog.numeric,
        from_first pg_catalog.numeric,
        median_seconds pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 10 AS 'MODULE_PATHNAME', 'footfall_funnel';
COMMENT ON FUNCTION footfall.funnel(pg_catalog.text, pg_catalog.text[], pg_catalog."interval", pg_catalog.text[], pg_catalog.text,
    pg_catalog.text[], pg_catalog.text, pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.bool) IS
    'How many customers took each step, events or SQL conditions, within a time of the first; how many dropped off, and the median time from the step before. Example: SELECT * FROM footfall.funnel(''events'', ''{view,cart,purchase}'', ''1 hour'')';

CREATE FUNCTION footfall.funnel_durations(
    events pg_catalog.text,
    steps pg_catalog.text[] DEFAULT NULL,
    within pg_catalog."interval" DEFAULT '1 day',
    percentiles pg_catalog.float8[] DEFAULT '{0.25,0.5,0.75,0.9,0.99}',
    conditions pg_catalog.text[] DEFAULT NULL,
    step_order pg_catalog.text DEFAULT 'this',
    exclude pg_catalog.text[] DEFAULT NULL,
    breakdown pg_catalog.text DEFAULT NULL,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    exclusion pg_catalog.text DEFAULT 'drop_off',
    counting pg_catalog.text DEFAULT 'customers')
    RETURNS TABLE (
        breakdown pg_catalog.text,
        step pg_catalog.int4,
        name pg_catalog.text,
        customers pg_catalog.int8,
        percentile pg_catalog.float8,
        seconds pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 10 AS 'MODULE_PATHNAME', 'footfall_funnel_durations';
COMMENT ON FUNCTION footfall.funnel_durations(pg_catalog.text, pg_catalog.text[], pg_catalog."interval", pg_catalog.float8[],
    pg_catalog.text[], pg_catalog.text, pg_catalog.text[], pg_catalog.text, pg_catalog.timestamptz, pg_catalog.timestamptz,
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'How long each step of a funnel takes after the one before: percentiles of the seconds over the customers who took both. Example: SELECT * FROM footfall.funnel_durations(''events'', ''{view,cart,purchase}'', ''1 hour'', ''{0.5,0.9}'')';

CREATE FUNCTION footfall.funnel_customers(
    events pg_catalog.text,
    steps pg_catalog.text[] DEFAULT NULL,
    within pg_catalog."interval" DEFAULT '1 day',
    reached pg_catalog.int4 DEFAULT NULL,
    conditions pg_catalog.text[] DEFAULT NULL,
    step_order pg_catalog.text DEFAULT 'this',
    exclude pg_catalog.text[] DEFAULT NULL,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    exclusion pg_catalog.text DEFAULT 'drop_off',
    counting pg_catalog.text DEFAULT 'customers')
    RETURNS TABLE (
        customer_id pg_catalog.text,
        step pg_catalog.int4,
        entered_at pg_catalog.timestamptz,
        last_at pg_catalog.timestamptz)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000 AS 'MODULE_PATHNAME', 'footfall_funnel_customers';
COMMENT ON FUNCTION footfall.funnel_customers(pg_catalog.text, pg_catalog.text[], pg_catalog."interval", pg_catalog.int4,
    pg_catalog.text[], pg_catalog.text, pg_catalog.text[], pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text,
    pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'Who stopped at a step of a funnel: the customers, the step, when they entered and when they took it. Example: SELECT * FROM footfall.funnel_customers(''events'', ''{view,cart,purchase}'', ''1 hour'', reached => 2)';
