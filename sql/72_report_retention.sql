-- Reports: who comes back, who is new, stays and goes, and on how many days.

CREATE FUNCTION footfall.cohort_retention(
    events pg_catalog.text,
    period pg_catalog."interval" DEFAULT '1 week',
    mode pg_catalog.text DEFAULT 'on',
    first_event pg_catalog.text DEFAULT NULL,
    return_event pg_catalog.text DEFAULT NULL,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        cohort_start pg_catalog.timestamptz,
        period_number pg_catalog.int4,
        period_start pg_catalog.timestamptz,
        customers pg_catalog.int8,
        retained pg_catalog.int8,
        rate pg_catalog.numeric,
        complete pg_catalog.bool)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'footfall_cohort_retention';
COMMENT ON FUNCTION footfall.cohort_retention(pg_catalog.text, pg_catalog."interval", pg_catalog.text, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text) IS
    'Of the customers who first came in a period, how many were active in each period after it (on), or in it or later (on_or_after). Example: SELECT * FROM footfall.cohort_retention(''events'', ''1 month'', first_event => ''purchase'', return_event => ''purchase'')';

CREATE FUNCTION footfall.lifecycle(
    events pg_catalog.text,
    period pg_catalog."interval" DEFAULT '1 week',
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        period_start pg_catalog.timestamptz,
        state pg_catalog.text,
        customers pg_catalog.int8,
        complete pg_catalog.bool)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'footfall_lifecycle';
COMMENT ON FUNCTION footfall.lifecycle(pg_catalog.text, pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.timestamptz,
    pg_catalog.text, pg_catalog.text) IS
    'Active customers of each period as new, returning (active in the period before) and resurrecting (not then, but earlier), and as a negative number those gone dormant. Example: SELECT * FROM footfall.lifecycle(''events'', ''1 week'')';

CREATE FUNCTION footfall.stickiness(
    events pg_catalog.text,
    period pg_catalog."interval" DEFAULT '1 month',
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        period_start pg_catalog.timestamptz,
        active_days pg_catalog.int4,
        customers pg_catalog.int8,
        share pg_catalog.numeric,
        complete pg_catalog.bool)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'footfall_stickiness';
COMMENT ON FUNCTION footfall.stickiness(pg_catalog.text, pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.timestamptz,
    pg_catalog.text, pg_catalog.text) IS
    'Customers of each period by the number of days on which they were active. Example: SELECT * FROM footfall.stickiness(''events'', ''1 month'')';
