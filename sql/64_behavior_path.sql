-- Paths and attribution: which events in which order, and which channels brought a conversion about.

CREATE FUNCTION footfall.path_add(state pg_catalog.internal, ts pg_catalog.timestamptz, event pg_catalog.text, max_len pg_catalog.int4)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_path_add';
COMMENT ON FUNCTION footfall.path_add(pg_catalog.internal, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.int4) IS
    'Part of path_agg: adds a row to a group';

CREATE FUNCTION footfall.path_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_path_combine';
COMMENT ON FUNCTION footfall.path_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of path_agg: adds what another process has seen of a group';

CREATE FUNCTION footfall.path_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_path_serialize';
COMMENT ON FUNCTION footfall.path_serialize(pg_catalog.internal) IS
    'Part of path_agg: a group''s state as bytes';

CREATE FUNCTION footfall.path_final(state pg_catalog.internal)
    RETURNS pg_catalog.text[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_path_final';
COMMENT ON FUNCTION footfall.path_final(pg_catalog.internal) IS
    'Part of path_agg: the result of a group';

CREATE AGGREGATE footfall.path_agg(ts pg_catalog.timestamptz, event pg_catalog.text, max_len pg_catalog.int4) (
    SFUNC = footfall.path_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.path_final, COMBINEFUNC = footfall.path_combine,
    SERIALFUNC = footfall.path_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.path_agg(pg_catalog.timestamptz, pg_catalog.text, pg_catalog.int4) IS
    'The first max_len events in time order; events of equal time are in the order of their bytes. Example: SELECT path, count(*) FROM (SELECT footfall.path_agg(ts, event, 5) AS path FROM events GROUP BY customer_id) x GROUP BY path ORDER BY count(*) DESC';

CREATE TYPE footfall.channel_credit AS (
    channel pg_catalog.text,
    credit pg_catalog.float8);
COMMENT ON TYPE footfall.channel_credit IS
    'A channel and its share of the conversions, as attribution returns them';

CREATE FUNCTION footfall.attribution_add(state pg_catalog.internal, ts pg_catalog.timestamptz, channel pg_catalog.text,
    converted pg_catalog.bool, model pg_catalog.text)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_attribution_add';
COMMENT ON FUNCTION footfall.attribution_add(pg_catalog.internal, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.bool, pg_catalog.text) IS
    'Part of attribution: adds a row to a group';

CREATE FUNCTION footfall.attribution_add(state pg_catalog.internal, ts pg_catalog.timestamptz, channel pg_catalog.text,
    converted pg_catalog.bool, model pg_catalog.text, look_back pg_catalog."interval", half_life pg_catalog."interval")
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_attribution_add';
COMMENT ON FUNCTION footfall.attribution_add(pg_catalog.internal, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.bool, pg_catalog.text,
    pg_catalog."interval", pg_catalog."interval") IS
    'Part of attribution: adds a row to a group';

CREATE FUNCTION footfall.attribution_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_attribution_combine';
COMMENT ON FUNCTION footfall.attribution_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of attribution: adds what another process has seen of a group';

CREATE FUNCTION footfall.attribution_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_attribution_serialize';
COMMENT ON FUNCTION footfall.attribution_serialize(pg_catalog.internal) IS
    'Part of attribution: a group''s state as bytes';

CREATE FUNCTION footfall.attribution_final(state pg_catalog.internal)
    RETURNS footfall.channel_credit[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_attribution_final';
COMMENT ON FUNCTION footfall.attribution_final(pg_catalog.internal) IS
    'Part of attribution: the result of a group';

CREATE AGGREGATE footfall.attribution(ts pg_catalog.timestamptz, channel pg_catalog.text, converted pg_catalog.bool, model pg_catalog.text) (
    SFUNC = footfall.attribution_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.attribution_final, COMBINEFUNC = footfall.attribution_combine,
    SERIALFUNC = footfall.attribution_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.attribution(pg_catalog.timestamptz, pg_catalog.text, pg_catalog.bool, pg_catalog.text) IS
    'Shares the conversions of one customer among the channels of the 30 days before each: model first, last, linear, position (40/20/40) or time_decay (half-life 7 days). The credits add up to the number of conversions; channel NULL has those without a touch. Example: SELECT (c).channel, sum((c).credit) FROM (SELECT unnest(footfall.attribution(ts, channel, event = ''purchase'', ''linear'')) AS c FROM events GROUP BY customer_id) x GROUP BY 1';

CREATE AGGREGATE footfall.attribution(ts pg_catalog.timestamptz, channel pg_catalog.text, converted pg_catalog.bool, model pg_catalog.text,
    look_back pg_catalog."interval", half_life pg_catalog."interval") (
    SFUNC = footfall.attribution_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.attribution_final, COMBINEFUNC = footfall.attribution_combine,
    SERIALFUNC = footfall.attribution_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.attribution(pg_catalog.timestamptz, pg_catalog.text, pg_catalog.bool, pg_catalog.text, pg_catalog."interval",
    pg_catalog."interval") IS
    'Shares the conversions of one customer among the channels of a time before each; the half-life matters to time_decay. Example: footfall.attribution(ts, channel, event = ''purchase'', ''time_decay'', ''90 days'', ''7 days'')';
