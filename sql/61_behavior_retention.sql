-- Whether customers came back.

CREATE FUNCTION footfall.retention_add(state pg_catalog.int8, VARIADIC conditions pg_catalog.bool[])
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_retention_add';
COMMENT ON FUNCTION footfall.retention_add(pg_catalog.int8, pg_catalog.bool[]) IS
    'Part of retention: adds a row to a group';

CREATE FUNCTION footfall.retention_combine(state pg_catalog.int8, other pg_catalog.int8)
    RETURNS pg_catalog.int8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_retention_combine';
COMMENT ON FUNCTION footfall.retention_combine(pg_catalog.int8, pg_catalog.int8) IS
    'Part of retention: adds what another process has seen of a group';

CREATE FUNCTION footfall.retention_final(state pg_catalog.int8)
    RETURNS pg_catalog.bool[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_retention_final';
COMMENT ON FUNCTION footfall.retention_final(pg_catalog.int8) IS
    'Part of retention: the conditions that a group has met';

CREATE AGGREGATE footfall.retention(VARIADIC conditions pg_catalog.bool[]) (
    SFUNC = footfall.retention_add, STYPE = pg_catalog.int8,
    FINALFUNC = footfall.retention_final, COMBINEFUNC = footfall.retention_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.retention(VARIADIC pg_catalog.bool[]) IS
    'Which conditions were met by any row, given that the first was met by one; their order in time does not matter. Example: SELECT customer_id, footfall.retention(ts::date = ''2026-01-01'', ts::date = ''2026-01-02'') FROM events GROUP BY customer_id';

CREATE FUNCTION footfall.active_periods_add(state pg_catalog.varbit, period pg_catalog.int4)
    RETURNS pg_catalog.varbit
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_active_periods_add';
COMMENT ON FUNCTION footfall.active_periods_add(pg_catalog.varbit, pg_catalog.int4) IS
    'Part of active_periods: adds a row to a group';

CREATE FUNCTION footfall.active_periods_combine(state pg_catalog.varbit, other pg_catalog.varbit)
    RETURNS pg_catalog.varbit
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'footfall_active_periods_combine';
COMMENT ON FUNCTION footfall.active_periods_combine(pg_catalog.varbit, pg_catalog.varbit) IS
    'Part of active_periods: adds what another process has seen of a group';

CREATE AGGREGATE footfall.active_periods(period pg_catalog.int4) (
    SFUNC = footfall.active_periods_add, STYPE = pg_catalog.varbit,
    COMBINEFUNC = footfall.active_periods_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE footfall.active_periods(pg_catalog.int4) IS
    'In which periods, numbered from 0, there was a row: bit n is period n, the last bit the latest period. Example: SELECT customer_id, footfall.active_periods(ts::date - date ''2026-01-01'') FROM events WHERE ts >= ''2026-01-01'' GROUP BY customer_id';
