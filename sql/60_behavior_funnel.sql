-- How far customers come through a funnel.

-- States of behavioural aggregates travel between processes as versioned bytes.
CREATE FUNCTION footfall.behavior_deserialize(state pg_catalog.bytea, dummy pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_behavior_deserialize';
COMMENT ON FUNCTION footfall.behavior_deserialize(pg_catalog.bytea, pg_catalog.internal) IS
    'Part of the behavioural aggregates: takes over a state from another process';

CREATE FUNCTION footfall.window_funnel_add(state pg_catalog.internal, within pg_catalog."interval",
    ts pg_catalog.timestamptz, VARIADIC steps pg_catalog.bool[])
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_window_funnel_add';
COMMENT ON FUNCTION footfall.window_funnel_add(pg_catalog.internal, pg_catalog."interval", pg_catalog.timestamptz,
    pg_catalog.bool[]) IS
    'Part of window_funnel: adds a row to a group';

CREATE FUNCTION footfall.window_funnel_add(state pg_catalog.internal, within pg_catalog."interval",
    modes pg_catalog.text[], ts pg_catalog.timestamptz, VARIADIC steps pg_catalog.bool[])
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_window_funnel_add_modes';
COMMENT ON FUNCTION footfall.window_funnel_add(pg_catalog.internal, pg_catalog."interval", pg_catalog.text[],
    pg_catalog.timestamptz, pg_catalog.bool[]) IS
    'Part of window_funnel: adds a row to a group';

CREATE FUNCTION footfall.window_funnel_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_window_funnel_combine';
COMMENT ON FUNCTION footfall.window_funnel_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of window_funnel: adds what another process has seen of a group';

CREATE FUNCTION footfall.window_funnel_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_window_funnel_serialize';
COMMENT ON FUNCTION footfall.window_funnel_serialize(pg_catalog.internal) IS
    'Part of window_funnel: a group''s state as bytes';

CREATE FUNCTION footfall.window_funnel_level(state pg_catalog.internal)
    RETURNS pg_catalog.int4
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_window_funnel_level';
COMMENT ON FUNCTION footfall.window_funnel_level(pg_catalog.internal) IS
    'Part of window_funnel: the number of steps a group has reached';

CREATE FUNCTION footfall.window_funnel_reached(state pg_catalog.internal)
    RETURNS pg_catalog.timestamptz[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_window_funnel_reached';
COMMENT ON FUNCTION footfall.window_funnel_reached(pg_catalog.internal) IS
    'Part of window_funnel_times: when a group has reached its steps';

CREATE AGGREGATE footfall.window_funnel(within pg_catalog."interval", ts pg_catalog.timestamptz,
    VARIADIC steps pg_catalog.bool[]) (
    SFUNC = footfall.window_funnel_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.window_funnel_level, COMBINEFUNC = footfall.window_funnel_combine,
    SERIALFUNC = footfall.window_funnel_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.window_funnel(pg_catalog."interval", pg_catalog.timestamptz, VARIADIC pg_catalog.bool[]) IS
    'How many of the steps happened in order, within a time of the first of them. Rows of equal time count as in order. Example: SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''cart'', event = ''purchase'') FROM events GROUP BY customer_id';

CREATE AGGREGATE footfall.window_funnel(within pg_catalog."interval", modes pg_catalog.text[],
    ts pg_catalog.timestamptz, VARIADIC steps pg_catalog.bool[]) (
    SFUNC = footfall.window_funnel_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.window_funnel_level, COMBINEFUNC = footfall.window_funnel_combine,
    SERIALFUNC = footfall.window_funnel_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.window_funnel(pg_catalog."interval", pg_catalog.text[], pg_catalog.timestamptz,
    VARIADIC pg_catalog.bool[]) IS
    'How many of the steps happened in order, with modes: strict_order (nothing else in between), strict_deduplication (a repeated step ends it), strict_increase (each step later than the one before), strict_once (a row serves one step), exclude (the last condition ends a chain), exclude_customer (the last condition makes the result NULL). Example: footfall.window_funnel(''1 day'', ''{strict_order}'', ts, event = ''view'', event = ''cart'')';

CREATE AGGREGATE footfall.window_funnel_times(within pg_catalog."interval", ts pg_catalog.timestamptz,
    VARIADIC steps pg_catalog.bool[]) (
    SFUNC = footfall.window_funnel_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.window_funnel_reached, COMBINEFUNC = footfall.window_funnel_combine,
    SERIALFUNC = footfall.window_funnel_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.window_funnel_times(pg_catalog."interval", pg_catalog.timestamptz,
    VARIADIC pg_catalog.bool[]) IS
    'When the steps that window_funnel counts were reached: an element a step. Example: SELECT customer_id, footfall.window_funnel_times(''1 day'', ts, event = ''view'', event = ''purchase'') FROM events GROUP BY customer_id';

CREATE AGGREGATE footfall.window_funnel_times(within pg_catalog."interval", modes pg_catalog.text[],
    ts pg_catalog.timestamptz, VARIADIC steps pg_catalog.bool[]) (
    SFUNC = footfall.window_funnel_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.window_funnel_reached, COMBINEFUNC = footfall.window_funnel_combine,
    SERIALFUNC = footfall.window_funnel_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.window_funnel_times(pg_catalog."interval", pg_catalog.text[], pg_catalog.timestamptz,
    VARIADIC pg_catalog.bool[]) IS
    'When the steps that window_funnel counts were reached, with its modes: an element a step. Example: footfall.window_funnel_times(''1 day'', ''{strict_once}'', ts, event = ''view'', event = ''purchase'')';
