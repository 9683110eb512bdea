-- How many different values: a sketch of a set that adds up with others. The type is not called as the aggregate is:
-- PostgreSQL takes hyperloglog(text) for a cast then.

CREATE TYPE footfall.hyperloglog_sketch;

CREATE FUNCTION footfall.hyperloglog_in(value pg_catalog.cstring)
    RETURNS footfall.hyperloglog_sketch
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_in';
COMMENT ON FUNCTION footfall.hyperloglog_in(pg_catalog.cstring) IS
    'Part of the type hyperloglog_sketch: reads its text form';

CREATE FUNCTION footfall.hyperloglog_out(sketch footfall.hyperloglog_sketch)
    RETURNS pg_catalog.cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sketch_out';
COMMENT ON FUNCTION footfall.hyperloglog_out(footfall.hyperloglog_sketch) IS
    'Part of the type hyperloglog_sketch: writes its text form';

CREATE FUNCTION footfall.hyperloglog_receive(message pg_catalog.internal)
    RETURNS footfall.hyperloglog_sketch
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_receive';
COMMENT ON FUNCTION footfall.hyperloglog_receive(pg_catalog.internal) IS
    'Part of the type hyperloglog_sketch: reads its binary form';

CREATE FUNCTION footfall.hyperloglog_send(sketch footfall.hyperloglog_sketch)
    RETURNS pg_catalog.bytea
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteasend';
COMMENT ON FUNCTION footfall.hyperloglog_send(footfall.hyperloglog_sketch) IS
    'Part of the type hyperloglog_sketch: writes its binary form';

CREATE TYPE footfall.hyperloglog_sketch (
    INPUT = footfall.hyperloglog_in, OUTPUT = footfall.hyperloglog_out,
    RECEIVE = footfall.hyperloglog_receive, SEND = footfall.hyperloglog_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = pg_catalog.int4, STORAGE = extended);
COMMENT ON TYPE footfall.hyperloglog_sketch IS
    'A sketch of a set of values, which knows about how many there are. Made by the aggregate hyperloglog, read with distinct_count, merged with rollup';

CREATE FUNCTION footfall.hyperloglog_add(state pg_catalog.internal, value pg_catalog.anyelement)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_add';
COMMENT ON FUNCTION footfall.hyperloglog_add(pg_catalog.internal, pg_catalog.anyelement) IS
    'Part of hyperloglog: adds a row to a group';

CREATE FUNCTION footfall.hyperloglog_add(state pg_catalog.internal, value pg_catalog.anyelement, precision_bits pg_catalog.int4)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_add';
COMMENT ON FUNCTION footfall.hyperloglog_add(pg_catalog.internal, pg_catalog.anyelement, pg_catalog.int4) IS
    'Part of hyperloglog: adds a row to a group';

CREATE FUNCTION footfall.hyperloglog_rollup(state pg_catalog.internal, sketch footfall.hyperloglog_sketch)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_rollup';
COMMENT ON FUNCTION footfall.hyperloglog_rollup(pg_catalog.internal, footfall.hyperloglog_sketch) IS
    'Part of rollup: adds a sketch to a group';

CREATE FUNCTION footfall.hyperloglog_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_combine';
COMMENT ON FUNCTION footfall.hyperloglog_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of hyperloglog: adds what another process has seen of a group';

CREATE FUNCTION footfall.hyperloglog_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_serialize';
COMMENT ON FUNCTION footfall.hyperloglog_serialize(pg_catalog.internal) IS
    'Part of hyperloglog: a group''s state as bytes';

CREATE FUNCTION footfall.hyperloglog_final(state pg_catalog.internal)
    RETURNS footfall.hyperloglog_sketch
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_final';
COMMENT ON FUNCTION footfall.hyperloglog_final(pg_catalog.internal) IS
    'Part of hyperloglog: the sketch of a group';

CREATE FUNCTION footfall.hyperloglog_final_count(state pg_catalog.internal)
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_final_count';
COMMENT ON FUNCTION footfall.hyperloglog_final_count(pg_catalog.internal) IS
    'Part of approx_count_distinct: the number of a group';

CREATE AGGREGATE footfall.hyperloglog(value pg_catalog.anyelement) (
    SFUNC = footfall.hyperloglog_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.hyperloglog_final, COMBINEFUNC = footfall.hyperloglog_combine,
    SERIALFUNC = footfall.hyperloglog_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.hyperloglog(pg_catalog.anyelement) IS
    'A sketch of the different values, with a standard error of 0.8 %. Read it with distinct_count, store it, merge it with rollup. Example: SELECT ts::date, footfall.hyperloglog(customer_id) FROM events GROUP BY 1';

CREATE AGGREGATE footfall.hyperloglog(value pg_catalog.anyelement, precision_bits pg_catalog.int4) (
    SFUNC = footfall.hyperloglog_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.hyperloglog_final, COMBINEFUNC = footfall.hyperloglog_combine,
    SERIALFUNC = footfall.hyperloglog_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.hyperloglog(pg_catalog.anyelement, pg_catalog.int4) IS
    'A sketch of the different values with 2^precision_bits registers, precision_bits 8 to 18: its standard error is 1.04 / sqrt(2^precision_bits), its size up to 0.75 * 2^precision_bits bytes. Example: footfall.hyperloglog(customer_id, 16)';

CREATE AGGREGATE footfall.rollup(sketch footfall.hyperloglog_sketch) (
    SFUNC = footfall.hyperloglog_rollup, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.hyperloglog_final, COMBINEFUNC = footfall.hyperloglog_combine,
    SERIALFUNC = footfall.hyperloglog_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.rollup(footfall.hyperloglog_sketch) IS
    'The sketch of all values that any of the sketches has seen. Example: SELECT date_trunc(''month'', day), footfall.distinct_count(footfall.rollup(customers)) FROM daily GROUP BY 1';

CREATE AGGREGATE footfall.approx_count_distinct(value pg_catalog.anyelement) (
    SFUNC = footfall.hyperloglog_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.hyperloglog_final_count, COMBINEFUNC = footfall.hyperloglog_combine,
    SERIALFUNC = footfall.hyperloglog_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.approx_count_distinct(pg_catalog.anyelement) IS
    'About how many different values there are, with a standard error of 0.8 %, in 16 kB of memory; 0 without values. Example: SELECT footfall.approx_count_distinct(customer_id) FROM events';

CREATE FUNCTION footfall.distinct_count(sketch footfall.hyperloglog_sketch)
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_count';
COMMENT ON FUNCTION footfall.distinct_count(footfall.hyperloglog_sketch) IS
    'About how many different values the sketch has seen. Example: footfall.distinct_count(footfall.hyperloglog(customer_id))';

CREATE FUNCTION footfall.stderror(sketch footfall.hyperloglog_sketch)
    RETURNS pg_catalog.float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_hyperloglog_error';
COMMENT ON FUNCTION footfall.stderror(footfall.hyperloglog_sketch) IS
    'The standard error of distinct_count, relative to the truth: 0.008 with the default precision. Example: footfall.stderror(footfall.hyperloglog(customer_id))';
