-- TRUNCATE, ANALYZE, VACUUM, VACUUM FULL, TABLESAMPLE, sizes, temporary and unlogged tables.
CREATE SCHEMA maintenance;
SET search_path = maintenance, public;
SET client_min_messages = warning;

CREATE TABLE t (a int, b text) USING footfall;
INSERT INTO t SELECT i, 'row ' || i % 10 FROM generate_series(1, 5000) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, 'row ' || i % 10 FROM generate_series(5001, 6000) i;

-- ANALYZE counts both stores and samples both
ANALYZE t;
SELECT reltuples, relpages > 0 AS pages FROM pg_class WHERE oid = 't'::regclass;
SELECT attname, n_distinct, null_frac, array_length(most_common_vals, 1) FROM pg_stats
WHERE schemaname = 'maintenance' AND tablename = 't' ORDER BY attname;
SELECT (histogram_bounds::text::int[])[1] < 100 AND (histogram_bounds::text::int[])[101] > 5900 AS whole_range
FROM pg_stats WHERE schemaname = 'maintenance' AND tablename = 't' AND attname = 'a';
CREATE FUNCTION estimate(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
END
$$;
SELECT estimate('SELECT * FROM t') BETWEEN 5900 AND 6100 AS close,
    estimate('SELECT * FROM t WHERE a <= 600') BETWEEN 300 AND 1200 AS also_close;
-- when everything is sealed
CALL footfall.seal('t');
ANALYZE t;
SELECT reltuples FROM pg_class WHERE oid = 't'::regclass;
SELECT count(*) FROM pg_stats WHERE schemaname = 'maintenance' AND tablename = 't' AND n_distinct <> 0;

-- VACUUM keeps the count, drops nothing
INSERT INTO t SELECT i, 'row ' || i % 10 FROM generate_series(6001, 7000) i;
DELETE FROM t WHERE a % 10 = 0;
VACUUM t;
SELECT reltuples BETWEEN 6200 AND 7000 AS close FROM pg_class WHERE oid = 't'::regclass;
SELECT count(*), sum(a) FROM t;
VACUUM (ANALYZE, FREEZE) t;
SELECT reltuples FROM pg_class WHERE oid = 't'::regclass;
SELECT count(*), sum(a) FROM t;
SELECT age(relfrozenxid) < 1000 AS frozen FROM pg_class WHERE oid = 't'::regclass;
VACUUM FULL t;
SELECT count(*), sum(a) FROM t;
VACUUM (FULL, ANALYZE) t;
SELECT count(*), sum(a), "check".verified('t') FROM t;
CALL footfall.seal('t');
CALL footfall.compact('t');
VACUUM t;
SELECT "check".stores('t'), count(*), sum(a), "check".verified('t') FROM t;

-- sizes: the whole table is smaller than a heap
SELECT pg_total_relation_size('t') > 0 AND pg_table_size('t') > 0 AS sized, sum(sealed_bytes) > 0 AND sum(raw_bytes) > 0 AS told
FROM footfall.storage('t');

-- TABLESAMPLE: everything, nothing, a repeatable part from both stores
INSERT INTO t SELECT i, 'hot' FROM generate_series(10001, 12000) i;
SELECT count(*) FROM t TABLESAMPLE SYSTEM (100);
SELECT count(*) FROM t TABLESAMPLE BERNOULLI (100);
SELECT count(*) FROM t TABLESAMPLE SYSTEM (0);
SELECT count(*) FROM t TABLESAMPLE BERNOULLI (0);
SELECT count(*) BETWEEN 2000 AND 6500 AS about_half, count(*) FILTER (WHERE b = 'hot') > 0 AS hot, count(*) FILTER (WHERE b <> 'hot') > 0 AS sealed
FROM t TABLESAMPLE BERNOULLI (50) REPEATABLE (7);
SELECT (SELECT sum(a) FROM t TABLESAMPLE BERNOULLI (20) REPEATABLE (3)) = (SELECT sum(a) FROM t TABLESAMPLE BERNOULLI (20) REPEATABLE (3)) AS repeatable;
SELECT count(*) = count(DISTINCT a) AS no_row_twice FROM t TABLESAMPLE SYSTEM (70) REPEATABLE (1);

-- TRUNCATE: at once, rolled back, twice in the transaction that made the rows, with new rows after it
BEGIN;
TRUNCATE t;
SELECT count(*) FROM t;
INSERT INTO t VALUES (1, 'after');
CALL footfall.seal('t');
SELECT "check".stores('t'), count(*) FROM t;
ROLLBACK;
SELECT count(*), sum(a) FROM t;
BEGIN;
SAVEPOINT s;
TRUNCATE t;
ROLLBACK TO s;
SELECT count(*) FROM t;
DELETE FROM t WHERE a = 1;
COMMIT;
SELECT count(*) FROM t;
BEGIN;
CREATE TABLE fresh (a int) USING footfall;
INSERT INTO fresh SELECT generate_series(1, 100);
CALL footfall.seal('fresh');
TRUNCATE fresh;
SELECT count(*) FROM fresh;
INSERT INTO fresh SELECT generate_series(1, 10);
CALL footfall.seal('fresh');
SAVEPOINT s;
TRUNCATE fresh;
ROLLBACK TO s;
SELECT count(*) FROM fresh;
COMMIT;
SELECT count(*) FROM fresh;
TRUNCATE t, fresh RESTART IDENTITY;
SELECT "check".stores('t'), count(*) FROM t;
INSERT INTO t VALUES (1, 'one');
CALL footfall.seal('t');
SELECT "check".stores('t'), count(*), "check".verified('t') FROM t;

-- temporary tables
CREATE TEMPORARY TABLE temporary (a int, b text) USING footfall;
INSERT INTO temporary SELECT i, 'x' FROM generate_series(1, 1000) i;
CALL footfall.seal('temporary');
UPDATE temporary SET b = 'y' WHERE a <= 10;
DELETE FROM temporary WHERE a > 990;
SELECT count(*), count(*) FILTER (WHERE b = 'y') FROM temporary;
TRUNCATE temporary;
SELECT count(*) FROM temporary;
CREATE TEMPORARY TABLE on_commit (a int) USING footfall ON COMMIT DELETE ROWS;
BEGIN;
INSERT INTO on_commit SELECT generate_series(1, 100);
CALL footfall.seal('on_commit');
SELECT count(*) FROM on_commit;
COMMIT;
SELECT count(*) FROM on_commit;
BEGIN;
INSERT INTO on_commit SELECT generate_series(1, 100);
CALL footfall.seal('on_commit');
SELECT count(*) FROM on_commit;
COMMIT;
SELECT count(*) FROM on_commit;
BEGIN;
CREATE TEMPORARY TABLE on_drop USING footfall ON COMMIT DROP AS SELECT generate_series(1, 10) AS a;
SELECT count(*) FROM on_drop;
COMMIT;
DROP TABLE temporary;

-- unlogged tables
CREATE UNLOGGED TABLE unlogged (a int, b text) USING footfall;
INSERT INTO unlogged SELECT i, 'x' FROM generate_series(1, 1000) i;
CALL footfall.seal('unlogged');
SELECT "check".stores('unlogged');
UPDATE unlogged SET b = 'y' WHERE a <= 10;
SELECT count(*), count(*) FILTER (WHERE b = 'y') FROM unlogged;
ALTER TABLE unlogged SET LOGGED;
SELECT count(*), count(*) FILTER (WHERE b = 'y') FROM unlogged;
DROP SCHEMA maintenance CASCADE;
