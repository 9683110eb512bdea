-- The most frequent values, with bounds: a sketch of counts that adds up with others.

CREATE TYPE footfall.top_n_sketch;

CREATE FUNCTION footfall.top_n_in(value pg_catalog.cstring)
    RETURNS footfall.top_n_sketch
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_in';
COMMENT ON FUNCTION footfall.top_n_in(pg_catalog.cstring) IS
    'Part of the type top_n_sketch: reads its text form';

CREATE FUNCTION footfall.top_n_out(sketch footfall.top_n_sketch)
    RETURNS pg_catalog.cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sketch_out';
COMMENT ON FUNCTION footfall.top_n_out(footfall.top_n_sketch) IS
    'Part of the type top_n_sketch: writes its text form';

CREATE FUNCTION footfall.top_n_receive(message pg_catalog.internal)
    RETURNS footfall.top_n_sketch
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_receive';
COMMENT ON FUNCTION footfall.top_n_receive(pg_catalog.internal) IS
    'Part of the type top_n_sketch: reads its binary form';

CREATE FUNCTION footfall.top_n_send(sketch footfall.top_n_sketch)
    RETURNS pg_catalog.bytea
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteasend';
COMMENT ON FUNCTION footfall.top_n_send(footfall.top_n_sketch) IS
    'Part of the type top_n_sketch: writes its binary form';

CREATE TYPE footfall.top_n_sketch (
    INPUT = footfall.top_n_in, OUTPUT = footfall.top_n_out,
    RECEIVE = footfall.top_n_receive, SEND = footfall.top_n_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = pg_catalog.int4, STORAGE = extended);
COMMENT ON TYPE footfall.top_n_sketch IS
    'A sketch of the most frequent values, with their counts. Made by the aggregate top_n, read with top_values, merged with rollup';

CREATE FUNCTION footfall.top_n_add(state pg_catalog.internal, value pg_catalog.anyelement, n pg_catalog.int4)
    RETURNS pg_catalog.internal
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_add';
COMMENT ON FUNCTION footfall.top_n_add(pg_catalog.internal, pg_catalog.anyelement, pg_catalog.int4) IS
    'Part of top_n: adds a row to a group';

CREATE FUNCTION footfall.top_n_rollup(state pg_catalog.internal, sketch footfall.top_n_sketch)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_rollup';
COMMENT ON FUNCTION footfall.top_n_rollup(pg_catalog.internal, footfall.top_n_sketch) IS
    'Part of rollup: adds a sketch to a group';

CREATE FUNCTION footfall.top_n_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_combine';
COMMENT ON FUNCTION footfall.top_n_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of top_n: adds what another process has seen of a group';

CREATE FUNCTION footfall.top_n_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_serialize';
COMMENT ON FUNCTION footfall.top_n_serialize(pg_catalog.internal) IS
    'Part of top_n: a group''s state as bytes';

CREATE FUNCTION footfall.top_n_final(state pg_catalog.internal)
    RETURNS footfall.top_n_sketch
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_final';
COMMENT ON FUNCTION footfall.top_n_final(pg_catalog.internal) IS
    'Part of top_n: the sketch of a group';

CREATE AGGREGATE footfall.top_n(value pg_catalog.anyelement, n pg_catalog.int4) (
    SFUNC = footfall.top_n_add, STYPE = pg_catalog.internal, SSPACE = 65536,
    FINALFUNC = footfall.top_n_final, COMBINEFUNC = footfall.top_n_combine,
    SERIALFUNC = footfall.top_n_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.top_n(pg_catalog.anyelement, pg_catalog.int4) IS
    'A sketch of the n most frequent values (1 to 10000), as text. Counts are exact up to 1000 different values or 10 n, whichever is more; beyond, they are too high by error at most. Example: SELECT v.* FROM (SELECT footfall.top_n(product_id, 10) AS top FROM events) x, footfall.top_values(x.top) v';

CREATE AGGREGATE footfall.rollup(sketch footfall.top_n_sketch) (
    SFUNC = footfall.top_n_rollup, STYPE = pg_catalog.internal, SSPACE = 65536,
    FINALFUNC = footfall.top_n_final, COMBINEFUNC = footfall.top_n_combine,
    SERIALFUNC = footfall.top_n_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.rollup(footfall.top_n_sketch) IS
    'The sketch of all values that the sketches have seen. Example: SELECT v.* FROM (SELECT footfall.rollup(top) AS top FROM daily) x, footfall.top_values(x.top) v';

CREATE FUNCTION footfall.top_values(sketch footfall.top_n_sketch, OUT value pg_catalog.text, OUT count pg_catalog.int8, OUT error pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'footfall_top_n_values';
COMMENT ON FUNCTION footfall.top_values(footfall.top_n_sketch) IS
    'The most frequent values, most frequent first: each occurred at least count - error and at most count times. Example: SELECT v.* FROM (SELECT footfall.top_n(product_id, 10) AS top FROM events) x, footfall.top_values(x.top) v';

CREATE FUNCTION footfall.num_vals(sketch footfall.top_n_sketch)
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_top_n_num_vals';
COMMENT ON FUNCTION footfall.num_vals(footfall.top_n_sketch) IS
    'How many values the sketch has seen. Example: footfall.num_vals(footfall.top_n(product_id, 10))';
