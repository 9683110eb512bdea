-- FootfallAggregate and batch filters: the plans, and the same answers as a heap table's.
CREATE SCHEMA vectorized;
SET search_path = vectorized, public;
SET timezone = 'Europe/Berlin';

CREATE TABLE h (ts timestamptz NOT NULL, customer_id bigint NOT NULL, event_type text NOT NULL, product_id int,
    price float8, quantity smallint, country varchar(10), f bool);
INSERT INTO h SELECT timestamptz '2026-01-01 00:00+00' + i * interval '97 seconds', i % 97, (ARRAY['view', 'add', 'buy'])[1 + i % 3],
    nullif(i % 13, 0), i * 0.25, i % 5, CASE WHEN i % 7 > 0 THEN 'c' || i % 4 END, i % 2 = 0
  FROM generate_series(1, 9000) i;
CREATE TABLE t (LIKE h) USING footfall;
INSERT INTO t SELECT * FROM h WHERE ts < '2026-01-05';
CALL footfall.seal('t');
ALTER TABLE h ADD COLUMN extra int DEFAULT 7;
ALTER TABLE t ADD COLUMN extra int DEFAULT 7;
INSERT INTO t SELECT * FROM h WHERE ts >= '2026-01-05' AND ts < '2026-01-07';
CALL footfall.seal('t');
INSERT INTO t SELECT * FROM h WHERE ts >= '2026-01-07';
DELETE FROM t WHERE customer_id = 50;
DELETE FROM h WHERE customer_id = 50;
UPDATE t SET price = 3 WHERE customer_id = 51;
UPDATE h SET price = 3 WHERE customer_id = 51;
-- a partition tree: sealed, hot, empty; columns in another order in one partition
CREATE TABLE p (LIKE h) PARTITION BY RANGE (ts);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-01-04 00:00+00') USING footfall;
CREATE TABLE p2 (f bool, gone int, extra int, country varchar(10), quantity smallint, price float8, product_id int,
    event_type text NOT NULL, customer_id bigint NOT NULL, ts timestamptz NOT NULL) USING footfall;
ALTER TABLE p2 DROP COLUMN gone;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2026-01-04 00:00+00') TO ('2026-01-08 00:00+00');
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM ('2026-01-08 00:00+00') TO ('2026-02-01 00:00+00') USING footfall;
CREATE TABLE p4 PARTITION OF p FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00') USING footfall;
INSERT INTO p SELECT * FROM h;
CALL footfall.seal('p1');
CALL footfall.seal('p2');
ANALYZE h;
ANALYZE t;
ANALYZE p;

-- The queries on a heap table and on its twins, with %s for the table; nothing is printed when the rows are equal.
CREATE FUNCTION same(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    twin text;
    differing bigint;
BEGIN
    FOREACH twin IN ARRAY ARRAY['t', 'p'] LOOP
        EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) x',
            replace(query, '%s', twin), replace(query, '%s', 'h')) INTO differing;
        IF differing > 0 THEN
            RETURN format('%s differs in %s rows: %s', twin, differing, query);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TABLE queries (query text);
INSERT INTO queries VALUES
('SELECT count(*) FROM %s'),
('SELECT count(*), count(product_id), sum(quantity), sum(product_id), sum(customer_id), avg(quantity), avg(product_id), avg(customer_id) FROM %s'),
('SELECT min(ts), max(ts), min(price), max(price), min(quantity), max(customer_id), min(ts::date), max(ts::timestamp) FROM %s'),
('SELECT bool_and(f), bool_or(f), every(quantity >= 0) FROM %s'),
('SELECT sum(price), avg(price), sum(quantity::float4) FROM %s'),
('SELECT event_type, variance(quantity), var_pop(product_id), stddev(product_id), stddev_pop(quantity) FROM %s GROUP BY 1'),
('SELECT customer_id, ts::date, stddev(product_id * 100000), stddev_pop(product_id * 1000 + quantity), var_samp(product_id * 99999) FROM %s GROUP BY 1, 2'),
('SELECT min(event_type COLLATE "C"), max(country COLLATE "C") FROM %s'),
('SELECT event_type, count(*), sum(price * quantity) FROM %s GROUP BY 1'),
('SELECT country, event_type, count(*) FILTER (WHERE f), max(price) FROM %s GROUP BY 1, 2'),
('SELECT product_id, f, count(*) FROM %s GROUP BY 1, 2 HAVING count(*) > 300'),
('SELECT event_type FROM %s GROUP BY 1'),
('SELECT DISTINCT event_type, country FROM %s'),
('SELECT DISTINCT customer_id, date_trunc(''week'', ts), product_id %% 3 FROM %s WHERE f'),
('SELECT * FROM (SELECT DISTINCT country AS c, quantity FROM %s WHERE product_id > 3 ORDER BY quantity DESC, c LIMIT 7) q'),
('SELECT DISTINCT price::numeric FROM %s WHERE price < 40'),
('SELECT DISTINCT f, 1 AS one, NULL::text AS nothing FROM %s'),
('SELECT * FROM (SELECT DISTINCT ON (quantity) quantity, ts FROM %s ORDER BY 1, 2) q'),
('SELECT DISTINCT count(*) FROM %s GROUP BY event_type'),
('SELECT DISTINCT row_number() OVER (PARTITION BY customer_id ORDER BY ts, product_id) %% 4 FROM %s'),
('SELECT DISTINCT generate_series(0, quantity) FROM %s'),
('SELECT c, count(*) FROM (SELECT DISTINCT customer_id AS c, product_id FROM %s) q GROUP BY 1'),
('SELECT count(*) FROM (SELECT DISTINCT customer_id, ts::date AS d FROM %s) a JOIN (SELECT customer_id, min(ts)::date AS d FROM %s GROUP BY 1) b USING (customer_id, d)'),
('SELECT date_trunc(''hour'', ts), count(*) FROM %s GROUP BY 1'),
('SELECT date_trunc(''week'', ts), event_type, count(*) FROM %s GROUP BY 1, 2'),
('SELECT date_trunc(''day'', ts, ''Asia/Kolkata''), count(*) FROM %s GROUP BY 1'),
('SELECT date_trunc(''minute'', ts), count(*) FROM %s GROUP BY 1'),
('SELECT date_bin(interval ''10 minutes'', ts, timestamptz ''2026-01-01''), count(*) FROM %s GROUP BY 1'),
('SELECT ts::date, count(*) FROM %s GROUP BY 1'),
('SELECT extract(hour FROM ts)::int, count(*) FROM %s GROUP BY 1'),
('SELECT h::text, n FROM (SELECT extract(hour FROM ts) AS h, count(*) AS n FROM %s GROUP BY 1) q'),
('SELECT a::text, b::text, c::text, n FROM (SELECT extract(isodow FROM ts) AS a, extract(year FROM ts::date - 2300000) AS b, extract(century FROM ts::timestamp) AS c, count(*) AS n FROM %s GROUP BY 1, 2, 3) q'),
('SELECT y::text, m::text, n FROM (SELECT extract(year FROM x) AS y, extract(month FROM x) AS m, count(*) AS n FROM (SELECT CASE quantity WHEN 0 THEN ''infinity'' WHEN 1 THEN ''-infinity'' ELSE ts END AS x FROM %s) q GROUP BY 1, 2) q'),
('SELECT date_part(''dow'', ts), count(*) FROM %s GROUP BY 1'),
('SELECT to_char(ts, ''YYYY-MM-DD''), count(*) FROM %s GROUP BY 1'),
('SELECT product_id %% 3, -quantity, abs(quantity - 3), count(*) FROM %s GROUP BY 1, 2, 3'),
('SELECT CASE WHEN price > 1000 THEN ''a'' WHEN price > 50 THEN ''b'' ELSE ''c'' END, count(*) FROM %s GROUP BY 1'),
('SELECT CASE event_type WHEN ''view'' THEN 1 WHEN ''buy'' THEN 2 END, count(*) FROM %s GROUP BY 1'),
('SELECT upper(country) || lower(event_type), coalesce(country, ''none''), count(*) FROM %s GROUP BY 1, 2'),
('SELECT price::int, quantity::text, count(*) FROM %s WHERE price < 10 GROUP BY 1, 2'),
('SELECT extra, greatest(quantity, 2), count(extra) FROM %s GROUP BY 1, 2'),
('SELECT count(DISTINCT customer_id), count(DISTINCT country), sum(DISTINCT quantity), avg(DISTINCT product_id) FROM %s'),
('SELECT event_type, count(DISTINCT customer_id), count(DISTINCT ts::date) FROM %s GROUP BY 1'),
('SELECT 1 + sum(quantity) * 2, count(*) > 5 FROM %s HAVING count(*) > 5'),
('SELECT count(*) FROM %s WHERE event_type IN (''view'', ''buy'') AND country LIKE ''c%%1'''),
('SELECT count(*) FROM %s WHERE country IS NULL OR quantity = ANY (''{1,2}'')'),
('SELECT count(*) FROM %s WHERE country IS DISTINCT FROM ''c1'' AND NOT (event_type = ''view'')'),
('SELECT count(*) FROM %s WHERE quantity NOT IN (1, 2) AND customer_id IN (1, 2, 3, 1000)'),
('SELECT count(*) FROM %s WHERE quantity IN (1, 2, NULL) OR product_id NOT IN (1, NULL)'),
('SELECT count(*) FROM %s WHERE ts >= ''2026-01-03'' AND ts < ''2026-01-06'''),
('SELECT count(*) FROM %s WHERE ts > timestamptz ''2026-02-01'' - interval ''26 days'''),
('SELECT count(*), count(product_id) FROM %s WHERE ts >= ''2026-01-01 00:01:37+00'' AND customer_id <= 96 AND product_id >= 1'),
('SELECT count(*) FROM %s WHERE ts > ''2026-01-01 00:01:37+00'' AND customer_id < 96 AND 0 <= customer_id'),
('SELECT count(*) FROM %s WHERE product_id <= 12 AND quantity < 7'),
('SELECT count(*) FROM %s WHERE length(country) = 2 AND (ts, customer_id) > (timestamptz ''2026-01-03'', 5)'),
('SELECT count(*) FROM %s WHERE f IS NOT TRUE OR f = (quantity > 2)'),
('SELECT count(*) FROM %s WHERE quantity <> 0 AND product_id / quantity > 2'),
('SELECT count(*) FROM %s WHERE CASE WHEN quantity <> 0 THEN product_id / quantity > 2 END'),
('SELECT count(*) FROM %s WHERE product_id::numeric > 3.5 AND price::numeric < 1000'),
('SELECT count(*) FROM %s WHERE ts > ''2030-01-01'''),
('SELECT sum(quantity), min(price), avg(product_id) FROM %s WHERE ts > ''2030-01-01'''),
('SELECT event_type, count(*), rank() OVER (ORDER BY count(*)) FROM %s GROUP BY 1'),
('SELECT q, (SELECT sum(product_id) FROM %s x WHERE x.customer_id = q) FROM generate_series(1, 5) q'),
('SELECT event_type, count(*), (SELECT max(quantity) FROM %s) FROM %s WHERE quantity = (SELECT max(quantity) FROM %s) GROUP BY 1'),
('SELECT count(*) FROM (SELECT customer_id, count(*) n FROM %s GROUP BY 1) x WHERE n > 90'),
('SELECT round(stddev(price)::numeric, 6), round(var_pop(price)::numeric, 6), round(corr(price, quantity)::numeric, 6), regr_count(price, product_id) FROM %s');
SET footfall.require_vectorized = on;
SELECT d FROM queries, LATERAL (SELECT same(replace(query, '%%', '%')) d) s WHERE d IS NOT NULL;
-- the same in parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT d FROM queries, LATERAL (SELECT same(replace(query, '%%', '%')) d) s WHERE d IS NOT NULL;
-- and with little memory
SET work_mem = '64kB';
SELECT d FROM (VALUES ('SELECT customer_id, ts::date, count(*), sum(product_id) FROM %s GROUP BY 1, 2'),
    ('SELECT ts, count(*), max(event_type COLLATE "C") FROM %s GROUP BY 1'),
    ('SELECT f, count(DISTINCT ts) FROM %s GROUP BY 1')) q (query), LATERAL (SELECT same(query) d) s WHERE d IS NOT NULL;
RESET work_mem;

-- plans
EXPLAIN (COSTS OFF) SELECT event_type, count(*) FROM t WHERE country = 'c1' GROUP BY 1 ORDER BY 1;
-- no more processes than processors
SET footfall.processors = 2;
EXPLAIN (COSTS OFF) SELECT max(customer_id) FROM t WHERE quantity > 0;
SET footfall.processors = 1;
EXPLAIN (COSTS OFF) SELECT max(customer_id) FROM t WHERE quantity > 0;
RESET footfall.processors;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT event_type, count(*) FROM t WHERE country = 'c1' AND ts >= '2026-01-03' GROUP BY 1 HAVING count(*) > 1 ORDER BY 1;
EXPLAIN (COSTS OFF) SELECT count(*), 1 + sum(price * quantity) FROM p WHERE ts < '2026-01-06';
EXPLAIN (COSTS OFF) SELECT DISTINCT event_type, ts::date AS d FROM p WHERE ts < '2026-01-06' ORDER BY d;
EXPLAIN (COSTS OFF, VERBOSE) SELECT date_trunc('day', ts), count(DISTINCT customer_id) FROM t x GROUP BY 1;
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE country = 'c1' AND length(event_type) = 3 AND random() > 0.5;
SET footfall.require_vectorized = off;
SET footfall.enable_vectorized = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM t WHERE country = 'c1';
RESET footfall.enable_vectorized;

-- parameters: generic plans, rescans, and other values
SET footfall.require_vectorized = on;
SET plan_cache_mode = force_generic_plan;
PREPARE by_country (text, int[]) AS SELECT count(*), sum(product_id) FROM p WHERE country = $1 OR quantity = ANY ($2);
EXECUTE by_country ('c1', '{}');
EXECUTE by_country ('c2', '{1,NULL}');
EXECUTE by_country (NULL, NULL);
DEALLOCATE by_country;
RESET plan_cache_mode;

-- errors are those of the executor, for rows that it would have reached
\set VERBOSITY sqlstate
SELECT sum(product_id / quantity) FROM t;
SELECT sum(product_id / quantity) FROM t WHERE quantity <> 0;
SELECT count(*) FROM t WHERE 1000 / quantity > 2;
SELECT sum((customer_id + 9223372036854775800) / 2) FROM t;
SELECT max(price * 1e308) FROM t;
SELECT sum(1e307 + price) FROM t;
SELECT country, avg(1e307 + price) FROM t GROUP BY 1;
SELECT sum((3e38 + price)::real) FROM t;
SELECT avg(CASE country WHEN 'c1' THEN float8 '1e200' ELSE float8 '-1e200' END) FROM t;
\set VERBOSITY default

-- what cannot be vectorised says why
SELECT country, max(event_type) FROM t GROUP BY ROLLUP (country);
SELECT length(string_agg(event_type, ',')) AS length FROM t;
SELECT sum(price::numeric) FROM t;
SELECT price::numeric, count(*) FROM t GROUP BY 1;
SELECT count(*) FROM t WHERE random() < 2;
SELECT count(*) FROM t WHERE ctid = '(0,1)';
SELECT count(t) FROM t;
SELECT count(*) FROM t TABLESAMPLE SYSTEM (10);
CREATE TABLE p5 PARTITION OF p FOR VALUES FROM ('2026-03-05') TO ('2026-04-01') USING heap;
SELECT count(*) FROM p;
DROP TABLE p5;

-- hot rows are read where they stand: NULLs, values compressed and out of line, short ones and
-- aligned ones, columns dropped and added later, deleted rows
CREATE TABLE hot_rows (a int, gone text, b text, c "char", d bigint, e bool, n name, u uuid, f numeric, g text, h real, k int2) USING footfall;
ALTER TABLE hot_rows ALTER g SET STORAGE EXTERNAL;
INSERT INTO hot_rows SELECT i, 'gone', CASE WHEN i % 5 > 0 THEN repeat('b', i % 300) END, chr(65 + i % 26)::"char",
    CASE WHEN i % 7 > 0 THEN i * 5000000000 END, i % 3 = 0, 'n' || i % 11, ('00000000-0000-0000-0000-' || lpad((i % 13)::text, 12, '0'))::uuid,
    i / 7.0, CASE i % 400 WHEN 1 THEN repeat(md5(i::text), 200) WHEN 2 THEN repeat('y', 60000) ELSE 'g' || i % 4 END, i / 3.0, i % 100
    FROM generate_series(1, 3000) i;
ALTER TABLE hot_rows DROP gone;
ALTER TABLE hot_rows ADD later text DEFAULT 'later', ADD last int;
INSERT INTO hot_rows SELECT i, 'Z', NULL, NULL, true, NULL, NULL, NULL, 'short', NULL, NULL, NULL, i FROM generate_series(3001, 3100) i;
DELETE FROM hot_rows WHERE a % 17 = 0;
UPDATE hot_rows SET later = 'now' WHERE a % 19 = 0;
CREATE TABLE hot_twin AS TABLE hot_rows;
CREATE TABLE hot_filters AS SELECT unnest(ARRAY['true', 'k = 7', 'g = ''g1'' AND d > 1000', 'later = ''now'' ', 'last IS NULL AND e', 'b IS NULL',
    'length(g) > 60 AND k < 30']) AS filter;
CREATE TABLE hot_columns (list text, keys text);
INSERT INTO hot_columns VALUES ('count(*), count(b), count(later), count(last)', ''), ('b, count(*)', '1'), ('c, count(*), sum(d)', '1'),
    ('e, min(d), max(k), count(n)', '1'), ('u, count(*), sum(k), max(h)', '1'), ('g, count(f)', '1'), ('later, last, count(*)', '1, 2'),
    ('count(*), sum(last), count(u)', ''), ('k, sum(d), count(DISTINCT g)', '1');
CREATE FUNCTION answer(relation regclass, list text, filter text, keys text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('footfall.require_vectorized', CASE relation WHEN 'hot_rows'::regclass THEN 'on' ELSE 'off' END, true);
    EXECUTE format('SELECT count(*) || '' '' || md5(string_agg(x::text, '','' ORDER BY x::text COLLATE "C")) FROM (SELECT %s FROM %s WHERE %s %s OFFSET 0) x',
        list, relation, filter, CASE WHEN keys <> '' THEN 'GROUP BY ' || keys ELSE '' END) INTO answer;
    RETURN answer;
END
$$;
SELECT list, filter FROM hot_columns, hot_filters
WHERE answer('hot_rows', list, filter, keys) IS DISTINCT FROM answer('hot_twin', list, filter, keys) OR answer('hot_twin', list, filter, keys) IS NULL;
SELECT "check".stores('hot_rows'), count(*), count(b), count(g), sum(length(g)), count(DISTINCT u) FROM hot_rows;

-- row security: filters of the query see no row that the policy hides
CREATE ROLE footfall_analyst;
GRANT USAGE ON SCHEMA vectorized TO footfall_analyst;
GRANT SELECT ON t, p TO footfall_analyst;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON t USING (country = 'c1');
CREATE FUNCTION tell(x text) RETURNS boolean LANGUAGE plpgsql STABLE COST 0.0001 AS $$
BEGIN
    IF x <> 'c1' THEN RAISE NOTICE 'leaked %', x; END IF;
    RETURN true;
END
$$;
SET ROLE footfall_analyst;
SELECT country, count(*) FROM t WHERE tell(country) GROUP BY 1;
SELECT price FROM t WHERE tell(country) AND price < 2;
RESET ROLE;
SELECT count(*) FROM h WHERE country = 'c1';

DROP SCHEMA vectorized CASCADE;
DROP ROLE footfall_analyst;
