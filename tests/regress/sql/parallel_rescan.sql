-- A Gather below our nodes, and our nodes below a Gather, run again: as the inner side of a nested
-- loop, after a LIMIT stopped it, and with another parameter.
CREATE SCHEMA parallel_rescan;
SET search_path = parallel_rescan, public;
CREATE TABLE t (a int, b int, c text) USING footfall;
INSERT INTO t SELECT i, i % 100, 'text ' || i % 4 FROM generate_series(1, 40000) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, i % 100, 'text ' || i % 4 FROM generate_series(40001, 45000) i;
ANALYZE t;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;

EXPLAIN (COSTS off)
SELECT * FROM (SELECT c, count(b), sum(a) FROM t GROUP BY c ORDER BY c) s RIGHT JOIN (VALUES (1), (2), (3)) v (x) ON true;
SELECT * FROM (SELECT c, count(b), sum(a) FROM t GROUP BY c ORDER BY c) s RIGHT JOIN (VALUES (1), (2), (3)) v (x) ON true;
SELECT v.x, (SELECT count(*) FROM t WHERE t.b < v.x) FROM (VALUES (1), (2), (3)) v (x);
-- groups that go to temporary files
SET work_mem = '64kB';
SELECT count(*), sum(s.n) FROM (SELECT a / 2 AS k, count(*) AS n FROM t GROUP BY 1) s RIGHT JOIN (VALUES (1), (2), (3)) v (x) ON true;
RESET work_mem;
-- a LIMIT ends the workers; the next run starts others
EXPLAIN (COSTS off)
SELECT v.x, count(s.a) FROM (VALUES (1), (2), (3)) v (x) LEFT JOIN (SELECT a FROM t WHERE b < 50 LIMIT 10) s ON true GROUP BY 1 ORDER BY 1;
SELECT v.x, count(s.a) FROM (VALUES (1), (2), (3)) v (x) LEFT JOIN (SELECT a FROM t WHERE b < 50 LIMIT 10) s ON true GROUP BY 1 ORDER BY 1;
SELECT v.x, count(s.a) FROM (VALUES (1), (2), (3)) v (x) LEFT JOIN (SELECT a FROM t WHERE b < 50 LIMIT 22499) s ON true GROUP BY 1 ORDER BY 1;
SELECT v.x, count(s.c) FROM (VALUES (1), (2), (3)) v (x) LEFT JOIN (SELECT c, count(*) FROM t GROUP BY c LIMIT 2) s ON true GROUP BY 1 ORDER BY 1;
-- a cursor that is read again
BEGIN;
DECLARE k SCROLL CURSOR WITH HOLD FOR SELECT c, count(*) FROM t GROUP BY c ORDER BY c;
FETCH ALL FROM k;
MOVE BACKWARD ALL FROM k;
FETCH 2 FROM k;
COMMIT;
FETCH 2 FROM k;
CLOSE k;
-- What is prepared anew at each start is not compiled each time: 1,500 runs of two sub-queries.
CREATE FUNCTION few_compiled(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING off, SUMMARY off, FORMAT json) ' || query INTO plan;
    RETURN coalesce((plan -> 0 -> 'JIT' ->> 'Functions')::int, 0) < 300;
END $$;
CREATE TABLE few (a int, c text) USING footfall;
INSERT INTO few SELECT i, 'text ' || i % 4 FROM generate_series(1, 50) i;
CALL footfall.seal('few');
SET max_parallel_workers_per_gather = 0;
SET jit = on;
SET jit_above_cost = 0;
SELECT few_compiled('SELECT (SELECT count(*) FROM few WHERE few.a < v.x AND quote_ident(few.c) <> v.x::text) FROM generate_series(1, 1500) v (x)');
SELECT few_compiled('SELECT (SELECT few.c FROM few WHERE few.a = v.x AND quote_ident(few.c) <> v.x::text LIMIT 1) FROM generate_series(1, 1500) v (x)');
SELECT sum(n) FROM (SELECT (SELECT count(*) FROM few WHERE few.a < v.x AND quote_ident(few.c) <> v.x::text) n FROM generate_series(1, 1500) v (x)) s;
DROP SCHEMA parallel_rescan CASCADE;
