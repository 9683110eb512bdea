-- Sessions: events with no more than a gap between them.

CREATE TYPE footfall.session_summary AS (
    sessions pg_catalog.int8,
    events pg_catalog.int8,
    duration pg_catalog."interval");
COMMENT ON TYPE footfall.session_summary IS
    'The result of session_agg: sessions, events, and the time from first to last event summed over the sessions';

CREATE FUNCTION footfall.session_add(state pg_catalog.internal, ts pg_catalog.timestamptz, gap pg_catalog."interval")
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_session_add';
COMMENT ON FUNCTION footfall.session_add(pg_catalog.internal, pg_catalog.timestamptz, pg_catalog."interval") IS
    'Part of session_agg: adds a row to a group';

CREATE FUNCTION footfall.session_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_session_combine';
COMMENT ON FUNCTION footfall.session_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of session_agg: adds what another process has seen of a group';

CREATE FUNCTION footfall.session_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_session_serialize';
COMMENT ON FUNCTION footfall.session_serialize(pg_catalog.internal) IS
    'Part of session_agg: a group''s state as bytes';

CREATE FUNCTION footfall.session_final(state pg_catalog.internal)
    RETURNS footfall.session_summary
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_session_final';
COMMENT ON FUNCTION footfall.session_final(pg_catalog.internal) IS
    'Part of session_agg: the summary of a group';

CREATE AGGREGATE footfall.session_agg(ts pg_catalog.timestamptz, gap pg_catalog."interval") (
    SFUNC = footfall.session_add, STYPE = pg_catalog.internal, SSPACE = 256,
    FINALFUNC = footfall.session_final, COMBINEFUNC = footfall.session_combine,
    SERIALFUNC = footfall.session_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.session_agg(pg_catalog.timestamptz, pg_catalog."interval") IS
    'Summarises the sessions of one customer; a new session starts when more than the gap lies between two events. Read it with session_count, events_per_session, avg_duration; add up customers with rollup. Example: SELECT customer_id, footfall.session_count(footfall.session_agg(ts, ''30 minutes'')) FROM events GROUP BY customer_id';

CREATE FUNCTION footfall.session_count(summary footfall.session_summary)
    RETURNS pg_catalog.int8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (summary).sessions;
COMMENT ON FUNCTION footfall.session_count(footfall.session_summary) IS
    'The number of sessions. Example: footfall.session_count(footfall.session_agg(ts, ''30 minutes''))';

CREATE FUNCTION footfall.events_per_session(summary footfall.session_summary)
    RETURNS pg_catalog.float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (summary).events::pg_catalog.float8 OPERATOR(pg_catalog./)
        CASE WHEN (summary).sessions OPERATOR(pg_catalog.<>) 0 THEN (summary).sessions END::pg_catalog.float8;
COMMENT ON FUNCTION footfall.events_per_session(footfall.session_summary) IS
    'Events per session, NULL without a session. Example: footfall.events_per_session(footfall.session_agg(ts, ''30 minutes''))';

CREATE FUNCTION footfall.avg_duration(summary footfall.session_summary)
    RETURNS pg_catalog."interval"
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (summary).duration OPERATOR(pg_catalog./)
        CASE WHEN (summary).sessions OPERATOR(pg_catalog.<>) 0 THEN (summary).sessions END::pg_catalog.float8;
COMMENT ON FUNCTION footfall.avg_duration(footfall.session_summary) IS
    'The time from first to last event of a session, on average, NULL without a session. Example: footfall.avg_duration(footfall.session_agg(ts, ''30 minutes''))';

CREATE FUNCTION footfall.session_summary_add(summary footfall.session_summary, other footfall.session_summary)
    RETURNS footfall.session_summary
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_session_summary_add';
COMMENT ON FUNCTION footfall.session_summary_add(footfall.session_summary, footfall.session_summary) IS
    'Part of rollup: adds two summaries';

CREATE AGGREGATE footfall.rollup(summary footfall.session_summary) (
    SFUNC = footfall.session_summary_add, STYPE = footfall.session_summary,
    COMBINEFUNC = footfall.session_summary_add, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.rollup(footfall.session_summary) IS
    'Adds up the summaries of many customers. Example: SELECT footfall.avg_duration(footfall.rollup(s)) FROM (SELECT footfall.session_agg(ts, ''30 minutes'') AS s FROM events GROUP BY customer_id) x';

CREATE FUNCTION footfall.sessionize(ts pg_catalog.timestamptz, gap pg_catalog."interval")
    RETURNS pg_catalog.int8
    LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sessionize';
COMMENT ON FUNCTION footfall.sessionize(pg_catalog.timestamptz, pg_catalog."interval") IS
    'The number of the session that a row belongs to, from 1 in each partition; a new session starts when more than the gap lies between two rows. Example: SELECT *, footfall.sessionize(ts, ''30 minutes'') OVER (PARTITION BY customer_id ORDER BY ts) FROM events';
