-- Patterns in the order of a customer's events.

CREATE FUNCTION footfall.sequence_add(state pg_catalog.internal, pattern pg_catalog.text, ts pg_catalog.timestamptz,
    VARIADIC conditions pg_catalog.bool[])
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_add';
COMMENT ON FUNCTION footfall.sequence_add(pg_catalog.internal, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.bool[]) IS
    'Part of sequence_match and sequence_count: adds a row to a group';

CREATE FUNCTION footfall.sequence_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_combine';
COMMENT ON FUNCTION footfall.sequence_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of sequence_match and sequence_count: adds what another process has seen of a group';

CREATE FUNCTION footfall.sequence_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_serialize';
COMMENT ON FUNCTION footfall.sequence_serialize(pg_catalog.internal) IS
    'Part of sequence_match and sequence_count: a group''s state as bytes';

CREATE FUNCTION footfall.sequence_matched(state pg_catalog.internal)
    RETURNS pg_catalog.bool
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_matched';
COMMENT ON FUNCTION footfall.sequence_matched(pg_catalog.internal) IS
    'Part of sequence_match: whether the pattern occurs';

CREATE FUNCTION footfall.sequence_counted(state pg_catalog.internal)
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_counted';
COMMENT ON FUNCTION footfall.sequence_counted(pg_catalog.internal) IS
    'Part of sequence_count: how often the pattern occurs';

CREATE FUNCTION footfall.sequence_next_add(state pg_catalog.internal, pattern pg_catalog.text, ts pg_catalog.timestamptz,
    event pg_catalog.text, VARIADIC conditions pg_catalog.bool[])
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_next_add';
COMMENT ON FUNCTION footfall.sequence_next_add(pg_catalog.internal, pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text,
    pg_catalog.bool[]) IS
    'Part of sequence_next: adds a row to a group';

CREATE FUNCTION footfall.sequence_next_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_next_combine';
COMMENT ON FUNCTION footfall.sequence_next_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of sequence_next: adds what another process has seen of a group';

CREATE FUNCTION footfall.sequence_next_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_next_serialize';
COMMENT ON FUNCTION footfall.sequence_next_serialize(pg_catalog.internal) IS
    'Part of sequence_next: a group''s state as bytes';

CREATE FUNCTION footfall.sequence_next_final(state pg_catalog.internal)
    RETURNS pg_catalog.text
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sequence_next_final';
COMMENT ON FUNCTION footfall.sequence_next_final(pg_catalog.internal) IS
    'Part of sequence_next: the event after the first match';

CREATE AGGREGATE footfall.sequence_match(pattern pg_catalog.text, ts pg_catalog.timestamptz, VARIADIC conditions pg_catalog.bool[]) (
    SFUNC = footfall.sequence_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.sequence_matched, COMBINEFUNC = footfall.sequence_combine,
    SERIALFUNC = footfall.sequence_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.sequence_match(pg_catalog.text, pg_catalog.timestamptz, VARIADIC pg_catalog.bool[]) IS
    'Whether the rows, in time order, contain a pattern: (?N) a row that meets condition N, . any row, .* any rows, (?t<=S) at most S seconds between two rows (also <, >, >=, ==). Rows that meet no condition are invisible. Example: SELECT customer_id, footfall.sequence_match(''(?1)(?t<=3600)(?2)'', ts, event = ''cart'', event = ''purchase'') FROM events GROUP BY customer_id';

CREATE AGGREGATE footfall.sequence_count(pattern pg_catalog.text, ts pg_catalog.timestamptz, VARIADIC conditions pg_catalog.bool[]) (
    SFUNC = footfall.sequence_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.sequence_counted, COMBINEFUNC = footfall.sequence_combine,
    SERIALFUNC = footfall.sequence_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.sequence_count(pg_catalog.text, pg_catalog.timestamptz, VARIADIC pg_catalog.bool[]) IS
    'How often the rows, in time order, contain a pattern (as in sequence_match), without overlap. Example: SELECT customer_id, footfall.sequence_count(''(?1).*(?2)'', ts, event = ''view'', event = ''purchase'') FROM events GROUP BY customer_id';

CREATE AGGREGATE footfall.sequence_next(pattern pg_catalog.text, ts pg_catalog.timestamptz, event pg_catalog.text,
    VARIADIC conditions pg_catalog.bool[]) (
    SFUNC = footfall.sequence_next_add, STYPE = pg_catalog.internal, SSPACE = 512,
    FINALFUNC = footfall.sequence_next_final, COMBINEFUNC = footfall.sequence_next_combine,
    SERIALFUNC = footfall.sequence_next_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.sequence_next(pg_catalog.text, pg_catalog.timestamptz, pg_catalog.text,
    VARIADIC pg_catalog.bool[]) IS
    'The event of the row right after the first match of a pattern (as in sequence_match); rows that meet no condition count here. NULL without one. Example: SELECT footfall.sequence_next(''(?1)(?2)'', ts, event, event = ''view'', event = ''cart'') FROM events GROUP BY customer_id';
