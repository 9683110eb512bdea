-- Reports: what follows what, and sessions one by one.

CREATE FUNCTION footfall.user_flows(
    events pg_catalog.text,
    max_steps pg_catalog.int4 DEFAULT 5,
    start_event pg_catalog.text DEFAULT NULL,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        step pg_catalog.int4,
        source pg_catalog.text,
        target pg_catalog.text,
        customers pg_catalog.int8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'footfall_user_flows';
COMMENT ON FUNCTION footfall.user_flows(pg_catalog.text, pg_catalog.int4, pg_catalog.text, pg_catalog.timestamptz,
    pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text) IS
    'How many customers went from which event to which, step by step from their first event or a start event; target NULL is the end. Example: SELECT * FROM footfall.user_flows(''events'', 3, start_event => ''cart'')';

CREATE FUNCTION footfall.sessions(
    events pg_catalog.text,
    gap pg_catalog."interval" DEFAULT '30 minutes',
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL,
    split pg_catalog.text[] DEFAULT NULL)
    RETURNS TABLE (
        customer_id pg_catalog.text,
        session_number pg_catalog.int8,
        started_at pg_catalog.timestamptz,
        ended_at pg_catalog.timestamptz,
        events pg_catalog.int8,
        entry pg_catalog.text,
        exit pg_catalog.text,
        converted pg_catalog.bool)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 10000 AS 'MODULE_PATHNAME', 'footfall_sessions';
COMMENT ON FUNCTION footfall.sessions(pg_catalog.text, pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.timestamptz,
    pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text[]) IS
    'A row per session: who, the number of the session, from when to when, events, the first and the last one, whether there was a purchase. Example: SELECT * FROM footfall.sessions(''events'', ''30 minutes'')';
