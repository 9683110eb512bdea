-- Parallel plans, parallel CREATE TABLE AS, and plans that rescan: each row once.
CREATE SCHEMA parallel;
SET search_path = parallel, public;

CREATE TABLE t (a int, b int, c text) USING footfall;
INSERT INTO t SELECT i, i % 100, 'text ' || i % 1000 FROM generate_series(1, 30000) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, i % 100, 'text ' || i % 1000 FROM generate_series(30001, 40000) i;
CALL footfall.seal('t');
DELETE FROM t WHERE a % 1000 = 0;
INSERT INTO t SELECT i, i % 100, 'text ' || i % 1000 FROM generate_series(40001, 45000) i;
ANALYZE t;
SELECT count(*), sum(a), count(DISTINCT a), count(DISTINCT c) FROM t;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
SELECT count(*), sum(a), count(DISTINCT a), count(DISTINCT c) FROM t;
SET parallel_leader_participation = off;
SELECT count(*), sum(a), count(DISTINCT a) FROM t;
SELECT b, count(*), sum(a) FROM t WHERE b < 3 GROUP BY b ORDER BY b;
SELECT count(*), sum(x.a) FROM t x JOIN t y USING (a) WHERE x.b = 5;
CREATE TABLE copy USING footfall AS SELECT * FROM t WHERE b <> 7;
SELECT count(*), sum(a) FROM copy;
-- own uncommitted changes are seen by workers
BEGIN;
DELETE FROM t WHERE b = 1;
INSERT INTO t SELECT i, 1, 'mine' FROM generate_series(50001, 50100) i;
SELECT count(*), sum(a) FROM t;
ROLLBACK;
SELECT count(*), sum(a) FROM t;
RESET parallel_leader_participation;
-- rescans: nested loops, correlated and lateral sub-queries, a limit that ends a scan early
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET max_parallel_workers_per_gather = 0;
SELECT count(*), sum(t.a) FROM generate_series(1, 3) g JOIN t ON t.b = g;
SELECT g, (SELECT count(*) FROM t WHERE b = g) FROM generate_series(1, 3) g;
SELECT g, l.a FROM generate_series(1, 3) g, LATERAL (SELECT a FROM t WHERE b = g ORDER BY a LIMIT 1) l;
SELECT count(*) FROM (SELECT 1 FROM t LIMIT 10) x;
SELECT "check".verified('t');
DROP SCHEMA parallel CASCADE;
