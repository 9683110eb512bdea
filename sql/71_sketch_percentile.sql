-- Percentiles with a relative error: a sketch of numbers that adds up with others.

CREATE TYPE footfall.uddsketch;

CREATE FUNCTION footfall.uddsketch_in(value pg_catalog.cstring)
    RETURNS footfall.uddsketch
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_in';
COMMENT ON FUNCTION footfall.uddsketch_in(pg_catalog.cstring) IS
    'Part of the type uddsketch: reads its text form';

CREATE FUNCTION footfall.uddsketch_out(sketch footfall.uddsketch)
    RETURNS pg_catalog.cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_sketch_out';
COMMENT ON FUNCTION footfall.uddsketch_out(footfall.uddsketch) IS
    'Part of the type uddsketch: writes its text form';

CREATE FUNCTION footfall.uddsketch_receive(message pg_catalog.internal)
    RETURNS footfall.uddsketch
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_receive';
COMMENT ON FUNCTION footfall.uddsketch_receive(pg_catalog.internal) IS
    'Part of the type uddsketch: reads its binary form';

CREATE FUNCTION footfall.uddsketch_send(sketch footfall.uddsketch)
    RETURNS pg_catalog.bytea
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteasend';
COMMENT ON FUNCTION footfall.uddsketch_send(footfall.uddsketch) IS
    'Part of the type uddsketch: writes its binary form';

CREATE TYPE footfall.uddsketch (
    INPUT = footfall.uddsketch_in, OUTPUT = footfall.uddsketch_out,
    RECEIVE = footfall.uddsketch_receive, SEND = footfall.uddsketch_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = pg_catalog.int4, STORAGE = extended);
COMMENT ON TYPE footfall.uddsketch IS
    'A sketch of numbers, which knows their percentiles. Made by the aggregate uddsketch, read with approx_percentile, mean, num_vals, error, merged with rollup';

CREATE FUNCTION footfall.uddsketch_add(state pg_catalog.internal, value pg_catalog.float8)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_add';
COMMENT ON FUNCTION footfall.uddsketch_add(pg_catalog.internal, pg_catalog.float8) IS
    'Part of uddsketch: adds a row to a group';

CREATE FUNCTION footfall.uddsketch_add(state pg_catalog.internal, value pg_catalog.float8, max_buckets pg_catalog.int4, max_error pg_catalog.float8)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_add';
COMMENT ON FUNCTION footfall.uddsketch_add(pg_catalog.internal, pg_catalog.float8, pg_catalog.int4, pg_catalog.float8) IS
    'Part of uddsketch: adds a row to a group';

CREATE FUNCTION footfall.uddsketch_rollup(state pg_catalog.internal, sketch footfall.uddsketch)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_rollup';
COMMENT ON FUNCTION footfall.uddsketch_rollup(pg_catalog.internal, footfall.uddsketch) IS
    'Part of rollup: adds a sketch to a group';

CREATE FUNCTION footfall.uddsketch_combine(state pg_catalog.internal, other pg_catalog.internal)
    RETURNS pg_catalog.internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_combine';
COMMENT ON FUNCTION footfall.uddsketch_combine(pg_catalog.internal, pg_catalog.internal) IS
    'Part of uddsketch: adds what another process has seen of a group';

CREATE FUNCTION footfall.uddsketch_serialize(state pg_catalog.internal)
    RETURNS pg_catalog.bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_serialize';
COMMENT ON FUNCTION footfall.uddsketch_serialize(pg_catalog.internal) IS
    'Part of uddsketch: a group''s state as bytes';

CREATE FUNCTION footfall.uddsketch_final(state pg_catalog.internal)
    RETURNS footfall.uddsketch
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_final';
COMMENT ON FUNCTION footfall.uddsketch_final(pg_catalog.internal) IS
    'Part of uddsketch: the sketch of a group';

CREATE AGGREGATE footfall.uddsketch(value pg_catalog.float8) (
    SFUNC = footfall.uddsketch_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.uddsketch_final, COMBINEFUNC = footfall.uddsketch_combine,
    SERIALFUNC = footfall.uddsketch_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.uddsketch(pg_catalog.float8) IS
    'A sketch of the distribution of numbers: percentiles with a relative error of 0.1 % while they lie within a factor of 60, below 1 % within 14 orders of magnitude; error says which. Example: SELECT footfall.approx_percentile(0.95, footfall.uddsketch(amount)) FROM orders';

CREATE AGGREGATE footfall.uddsketch(value pg_catalog.float8, max_buckets pg_catalog.int4, max_error pg_catalog.float8) (
    SFUNC = footfall.uddsketch_add, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.uddsketch_final, COMBINEFUNC = footfall.uddsketch_combine,
    SERIALFUNC = footfall.uddsketch_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.uddsketch(pg_catalog.float8, pg_catalog.int4, pg_catalog.float8) IS
    'A sketch of the distribution of numbers: percentiles with the relative error max_error as long as max_buckets suffice; when they do not, the error grows, and error says how far. Example: footfall.uddsketch(amount, 500, 0.01)';

CREATE AGGREGATE footfall.rollup(sketch footfall.uddsketch) (
    SFUNC = footfall.uddsketch_rollup, STYPE = pg_catalog.internal, SSPACE = 1024,
    FINALFUNC = footfall.uddsketch_final, COMBINEFUNC = footfall.uddsketch_combine,
    SERIALFUNC = footfall.uddsketch_serialize, DESERIALFUNC = footfall.behavior_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.rollup(footfall.uddsketch) IS
    'The sketch of all numbers that the sketches have seen. Example: SELECT footfall.approx_percentile(0.5, footfall.rollup(amounts)) FROM daily';

CREATE FUNCTION footfall.approx_percentile(percentile pg_catalog.float8, sketch footfall.uddsketch)
    RETURNS pg_catalog.float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_percentile';
COMMENT ON FUNCTION footfall.approx_percentile(pg_catalog.float8, footfall.uddsketch) IS
    'The number below or at which the fraction percentile (0 to 1) of the numbers lies, as percentile_disc defines it, with the relative error of the sketch; NULL without numbers. Example: footfall.approx_percentile(0.5, footfall.uddsketch(amount))';

CREATE FUNCTION footfall.mean(sketch footfall.uddsketch)
    RETURNS pg_catalog.float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_mean';
COMMENT ON FUNCTION footfall.mean(footfall.uddsketch) IS
    'The average of the numbers, exact as avg is; NULL without numbers. Example: footfall.mean(footfall.uddsketch(amount))';

CREATE FUNCTION footfall.num_vals(sketch footfall.uddsketch)
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_num_vals';
COMMENT ON FUNCTION footfall.num_vals(footfall.uddsketch) IS
    'How many numbers the sketch has seen. Example: footfall.num_vals(footfall.uddsketch(amount))';

CREATE FUNCTION footfall.error(sketch footfall.uddsketch)
    RETURNS pg_catalog.float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_uddsketch_error';
COMMENT ON FUNCTION footfall.error(footfall.uddsketch) IS
    'The largest relative error of a percentile: what was asked for, or more when there were more buckets than allowed. Example: footfall.error(footfall.uddsketch(amount))';
