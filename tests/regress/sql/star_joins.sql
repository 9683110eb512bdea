-- Joins with dimensions inside FootfallAggregate: which are taken, and the same answers as PostgreSQL's joins of a heap table.
CREATE SCHEMA star_joins;
SET search_path = star_joins, public;
SET timezone = 'UTC';

CREATE TABLE h (ts timestamptz NOT NULL, customer_id bigint NOT NULL, event_type text NOT NULL, product_id int, price float8,
    quantity smallint, country varchar(10), f bool);
INSERT INTO h SELECT timestamptz '2026-01-01 00:00+00' + i * interval '97 seconds', i % 97, (ARRAY['view', 'add', 'buy'])[1 + i % 3],
    nullif(i % 53, 0), i * 0.25, i % 5, CASE WHEN i % 7 > 0 THEN 'c' || i % 4 END, i % 2 = 0
  FROM generate_series(1, 6000) i;
CREATE TABLE t (LIKE h) USING footfall;
INSERT INTO t SELECT * FROM h WHERE ts < '2026-01-04';
CALL footfall.seal('t');
INSERT INTO t SELECT * FROM h WHERE ts >= '2026-01-04' AND ts < '2026-01-06';
CALL footfall.seal('t');
INSERT INTO t SELECT * FROM h WHERE ts >= '2026-01-06';
DELETE FROM t WHERE customer_id = 50;
DELETE FROM h WHERE customer_id = 50;
CREATE TABLE p (LIKE h) PARTITION BY RANGE (ts);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-01-04 00:00+00') USING footfall;
CREATE TABLE p2 (f bool, country varchar(10), quantity smallint, price float8, product_id int, event_type text NOT NULL,
    customer_id bigint NOT NULL, ts timestamptz NOT NULL) USING footfall;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2026-01-04 00:00+00') TO ('2026-02-01 00:00+00');
INSERT INTO p SELECT * FROM h;
CALL footfall.seal('p1');

CREATE TABLE product (product_id int PRIMARY KEY, margin text, list_price float8, brand_id int);
INSERT INTO product SELECT i, (ARRAY['low', 'high', NULL])[1 + i % 3], CASE i % 4 WHEN 0 THEN '-0' WHEN 1 THEN 'NaN' ELSE '1.5' END::float8, i % 6
  FROM generate_series(1, 45) i;
CREATE TABLE customer (customer_id bigint PRIMARY KEY, segment text, signup date, home text);
INSERT INTO customer SELECT i, (ARRAY['vip', 'lapsed', 'new'])[1 + i % 3], date '2025-12-01' + i, 'c' || i % 5 FROM generate_series(-3, 80) i;
CREATE TABLE calendar (day date PRIMARY KEY, weekend bool NOT NULL);
INSERT INTO calendar SELECT date '2025-12-20' + i, i % 7 < 2 FROM generate_series(0, 15) i;
CREATE TABLE nation (code text PRIMARY KEY, continent text);
INSERT INTO nation VALUES ('c0', 'Europe'), ('c1', 'Asia'), ('c2', 'Europe'), ('c9', 'Africa');
CREATE TABLE brand (brand_id int PRIMARY KEY, name text);
INSERT INTO brand SELECT i, 'b' || i FROM generate_series(0, 4) i;
CREATE TABLE nobody (customer_id bigint PRIMARY KEY, segment text);
CREATE TABLE loose (k int, v text);
INSERT INTO loose SELECT i % 20, 'v' || i FROM generate_series(1, 40) i;
INSERT INTO loose VALUES (NULL, 'null');
-- unique where NULL is not, in two columns, in part, and of bpchar and numeric
CREATE TABLE gaps (k int UNIQUE, v text);
INSERT INTO gaps SELECT nullif(i, 3), 'g' || i FROM generate_series(1, 9) i;
INSERT INTO gaps VALUES (NULL, 'null'), (NULL, 'again');
CREATE TABLE twofold (a int, b text, v int, PRIMARY KEY (a, b));
INSERT INTO twofold SELECT i, e, i * 10 FROM generate_series(1, 40) i, unnest(ARRAY['view', 'buy']) e;
CREATE TABLE partly (k int, state text, v int);
CREATE UNIQUE INDEX ON partly (k) WHERE state IS NOT NULL;
INSERT INTO partly SELECT i, 'view', i FROM generate_series(1, 20) i;
INSERT INTO partly SELECT i, NULL, i FROM generate_series(1, 20) i;
CREATE TABLE padded (code char(5) PRIMARY KEY, v int);
INSERT INTO padded VALUES ('c1', 1), ('c2 ', 2);
CREATE TABLE amounts (q numeric PRIMARY KEY, v int);
INSERT INTO amounts VALUES (1.0, 1), (2.00, 2);
CREATE TABLE floats (x float8 PRIMARY KEY, v int);
INSERT INTO floats VALUES ('-0', 0), ('NaN', 1), (0.25, 2);
CREATE TABLE split (k int PRIMARY KEY, v text) PARTITION BY RANGE (k);
CREATE TABLE split1 PARTITION OF split FOR VALUES FROM (0) TO (10);
CREATE TABLE split2 PARTITION OF split FOR VALUES FROM (10) TO (1000);
INSERT INTO split SELECT i, 's' || i % 4 FROM generate_series(0, 60) i;
CREATE TABLE rare (k int NOT NULL, v text) USING footfall;
INSERT INTO rare SELECT i, 'r' || i FROM generate_series(1, 30) i;
CALL footfall.seal('rare');
CREATE VIEW good_products AS SELECT product_id, upper(margin) AS margin FROM product WHERE brand_id < 4;
ANALYZE;

-- The answers, with %s for the fact table; and how the plan over t joins.
CREATE FUNCTION same(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    twin text;
    differing bigint;
    line text;
    taken text := 'left';
BEGIN
    -- Whatever the costs say; NOT IN is a sub-plan.
    PERFORM set_config('footfall.require_vectorized', (query !~ 'NOT IN')::text, true);
    FOREACH twin IN ARRAY ARRAY['t', 'p'] LOOP
        EXECUTE format('SELECT count(*) FROM (((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) x',
            replace(query, '%s', twin), replace(query, '%s', 'h')) INTO differing;
        IF differing > 0 THEN
            RETURN format('%s differs in %s rows', twin, differing);
        END IF;
    END LOOP;
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || replace(query, '%s', 't') LOOP
        IF line ~ '^ *Lookup: ' THEN
            taken := substring(line FROM 'Lookup: .*');
        END IF;
    END LOOP;
    RETURN taken;
END
$$;
-- varies: another version of PostgreSQL knows more of what is unique, or keeps other clauses
CREATE TABLE queries (id int GENERATED ALWAYS AS IDENTITY, query text, varies bool DEFAULT false);
INSERT INTO queries (query) VALUES
('SELECT c.segment, count(*), sum(price), sum(quantity) FROM %s e JOIN customer c ON c.customer_id = e.customer_id GROUP BY 1'),
('SELECT c.segment, date_trunc(''week'', ts), count(*) FROM %s e JOIN customer c USING (customer_id) WHERE event_type = ''buy'' GROUP BY 1, 2'),
('SELECT count(*) FROM %s e, customer c WHERE c.customer_id = e.customer_id AND c.segment = ''vip'' AND c.signup > ''2025-12-20'''),
('SELECT c.segment, p.margin, d.weekend, count(*), sum(price) FROM %s e JOIN customer c USING (customer_id) JOIN product p USING (product_id) JOIN calendar d ON d.day = cast(e.ts AS date) GROUP BY 1, 2, 3'),
('SELECT d.weekend, extract(hour FROM e.ts), count(*) FROM %s e JOIN calendar d ON d.day = cast(e.ts AS date) GROUP BY 1, 2'),
('SELECT p.margin, count(*), avg(quantity), count(p.product_id), max(p.list_price), count(DISTINCT p.brand_id) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id GROUP BY 1'),
('SELECT p.list_price, count(*), count(DISTINCT p.list_price), sum(p.list_price) FROM %s e JOIN product p USING (product_id) GROUP BY 1'),
('SELECT c.segment, p.margin, count(*) FROM %s e JOIN customer c USING (customer_id) JOIN product p USING (product_id) WHERE p.margin = ''low'' AND c.segment <> ''vip'' GROUP BY 1, 2'),
('SELECT coalesce(p.margin, ''none'') m, count(*) FILTER (WHERE p.margin IS NULL) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id GROUP BY 1'),
('SELECT e.event_type, count(*) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id WHERE p.margin IS DISTINCT FROM ''low'' GROUP BY 1'),
('SELECT e.event_type, count(*) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id WHERE coalesce(p.brand_id, 7) > 4 GROUP BY 1'),
('SELECT e.event_type, count(*), count(p.margin) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id AND p.margin = ''low'' GROUP BY 1'),
('SELECT e.event_type, count(p.margin) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id AND e.event_type = ''buy'' GROUP BY 1'),
('SELECT e.event_type, count(*) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id WHERE p.product_id IS NULL GROUP BY 1'),
('SELECT e.event_type, count(*), max(p.margin COLLATE "C") FROM %s e LEFT JOIN product p ON p.product_id = e.product_id WHERE p.product_id IS NULL GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE customer_id IN (SELECT customer_id FROM customer WHERE segment = ''lapsed'') GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE product_id IN (SELECT k FROM loose) GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE EXISTS (SELECT FROM loose WHERE k = product_id AND v < ''v3'') GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE NOT EXISTS (SELECT FROM loose WHERE k = product_id) GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE product_id NOT IN (SELECT k FROM loose) GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE EXISTS (SELECT FROM loose WHERE k = product_id AND length(v) > quantity) GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE NOT EXISTS (SELECT FROM loose WHERE k = product_id AND length(v) > quantity) GROUP BY 1'),
('SELECT v, count(*) FROM %s e JOIN loose l ON l.k = e.product_id GROUP BY 1'),
('SELECT v, count(*) FROM %s e LEFT JOIN loose l ON l.k = e.product_id GROUP BY 1'),
('SELECT v, count(*) FROM %s e JOIN gaps g ON g.k = e.product_id GROUP BY 1'),
('SELECT v, count(*) FROM %s e LEFT JOIN gaps g ON g.k = e.product_id GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE NOT EXISTS (SELECT FROM gaps WHERE k = product_id) GROUP BY 1'),
('SELECT n.continent, count(*), min(n.code COLLATE "C") FROM %s e JOIN nation n ON n.code = e.country GROUP BY 1'),
('SELECT n.continent, e.country, count(*) FROM %s e LEFT JOIN nation n ON n.code = e.country GROUP BY 1, 2'),
('SELECT v, count(*) FROM %s e JOIN padded d ON d.code = e.country GROUP BY 1'),
('SELECT v, count(*) FROM %s e JOIN amounts a ON a.q = e.quantity GROUP BY 1'),
('SELECT v, count(*) FROM %s e JOIN floats x ON x.x = e.price GROUP BY 1'),
('SELECT count(*), count(n.segment) FROM %s e JOIN nobody n USING (customer_id)'),
('SELECT count(*), count(n.segment) FROM %s e LEFT JOIN nobody n USING (customer_id)'),
('SELECT n.segment, count(*) FROM %s e LEFT JOIN nobody n USING (customer_id) GROUP BY 1'),
('SELECT count(*) FROM %s e WHERE NOT EXISTS (SELECT FROM nobody n WHERE n.customer_id = e.customer_id)'),
('SELECT p.brand_id, c.segment, count(*) FROM %s e JOIN product p USING (product_id) JOIN customer c USING (customer_id) WHERE p.brand_id + c.customer_id > 20 GROUP BY 1, 2'),
('SELECT p.margin, count(*) FROM %s e JOIN product p USING (product_id) JOIN customer c USING (customer_id) WHERE c.home = ''c'' || p.brand_id GROUP BY 1'),
('SELECT count(*) FROM %s e JOIN product p USING (product_id) JOIN customer c USING (customer_id) WHERE c.home = e.country'),
('SELECT b.name, count(*) FROM %s e JOIN product p USING (product_id) JOIN brand b USING (brand_id) GROUP BY 1'),
('SELECT t2.v, count(*) FROM %s e JOIN twofold t2 ON t2.a = e.product_id AND t2.b = e.event_type GROUP BY 1'),
('SELECT t2.v, count(*) FROM %s e JOIN twofold t2 ON t2.a = e.product_id GROUP BY 1'),
('SELECT t2.v, count(*) FROM %s e JOIN twofold t2 ON t2.a = e.product_id AND t2.b = ''buy'' GROUP BY 1'),
('SELECT count(*), sum(v) FROM %s e JOIN partly y ON y.k = e.product_id AND y.state = e.event_type'),
('SELECT count(*), sum(v) FROM %s e JOIN partly y ON y.k = e.product_id'),
('SELECT v, count(*) FROM %s e JOIN split s ON s.k = e.product_id GROUP BY 1'),
('SELECT v, count(*) FROM %s e JOIN split s ON s.k = e.product_id WHERE s.k < 8 GROUP BY 1'),
('SELECT v, count(*) FROM %s e JOIN rare r ON r.k = e.product_id GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE product_id IN (SELECT k FROM rare WHERE v > ''r2'') GROUP BY 1'),
('SELECT g.margin, count(*) FROM %s e JOIN good_products g USING (product_id) GROUP BY 1'),
('SELECT g.margin, count(*) FROM %s e LEFT JOIN good_products g USING (product_id) GROUP BY 1'),
('SELECT g.n, count(*) FROM %s e JOIN (SELECT brand_id, count(*) AS n FROM product GROUP BY 1) g ON g.brand_id = e.quantity GROUP BY 1'),
('SELECT d.b, count(*) FROM %s e JOIN (SELECT DISTINCT brand_id AS b FROM product) d ON d.b = e.quantity GROUP BY 1'),
('WITH c AS MATERIALIZED (SELECT DISTINCT k FROM loose) SELECT count(*) FROM %s e JOIN c ON c.k = e.product_id'),
('SELECT count(*) FROM %s e JOIN (VALUES (1, ''a''), (1, ''b''), (2, ''c'')) v (k, x) ON v.k = e.product_id'),
('SELECT count(*) FROM %s e JOIN generate_series(1, 3) g ON g = e.product_id'),
('SELECT s.margin, count(*) FROM %s e JOIN LATERAL (SELECT margin FROM product p WHERE p.product_id = e.product_id LIMIT 1) s ON true GROUP BY 1'),
('SELECT count(*) FROM %s e RIGHT JOIN product p ON p.product_id = e.product_id'),
('SELECT count(*), count(e.f) FROM %s e FULL JOIN product p ON p.product_id = e.product_id'),
('SELECT count(*) FROM %s e JOIN %s e2 ON e2.ts = e.ts'),
('SELECT count(*) FROM %s e JOIN product p ON p.product_id > e.product_id'),
('SELECT count(*) FROM %s e, product p'),
('SELECT count(*) FROM %s e JOIN product p ON p.product_id = e.product_id + 1'),
('SELECT p.product_id, count(*) FROM %s e JOIN product p ON p.product_id = e.customer_id % 60 GROUP BY 1 HAVING count(*) > 60 AND min(p.brand_id) > 1'),
('SELECT count(*) FROM %s e JOIN product p ON p.product_id = e.product_id WHERE e.product_id = 5'),
('SELECT count(*) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id WHERE e.product_id = 5 AND p.margin IS NULL'),
('SELECT count(*) FROM %s e JOIN product p ON p.product_id = e.product_id JOIN split s ON s.k = e.product_id'),
('SELECT count(*) FROM %s e JOIN product p ON p.product_id = e.product_id JOIN split s ON s.k = p.product_id'),
('SELECT s.v, count(*) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id LEFT JOIN split s ON s.k = p.brand_id GROUP BY 1'),
('SELECT c.segment, p.margin, count(*) FROM %s e LEFT JOIN product p ON p.product_id = e.product_id JOIN customer c USING (customer_id) WHERE NOT EXISTS (SELECT FROM nation WHERE code = e.country) AND e.quantity IN (SELECT k FROM gaps) GROUP BY 1, 2'),
('SELECT count(*) FROM %s e LEFT JOIN (product p JOIN brand b USING (brand_id)) ON p.product_id = e.product_id WHERE b.name IS NULL'),
('SELECT x.one, count(*) FROM %s e LEFT JOIN (SELECT product_id, 1 AS one FROM product) x ON x.product_id = e.product_id GROUP BY 1'),
('SELECT count(*) FROM %s e JOIN product p USING (product_id) WHERE random() >= 0'),
('SELECT count(*) FROM %s e JOIN product p USING (product_id) WHERE now() > ''2000-01-01'' AND (SELECT count(*) FROM brand) > 2'),
('SELECT (SELECT name FROM brand b WHERE b.brand_id = p.brand_id), count(*) FROM %s e JOIN product p USING (product_id) GROUP BY 1'),
('SELECT p, count(*) FROM %s e JOIN product p USING (product_id) GROUP BY p'),
('SELECT p.ctid, count(*) FROM %s e JOIN product p USING (product_id) GROUP BY 1'),
('SELECT p.tableoid::regclass::text, e.event_type, count(*) FROM %s e JOIN split p ON p.k = product_id GROUP BY 1, 2'),
('SELECT p.product_id, p.margin, count(*) FROM %s e JOIN product p USING (product_id) GROUP BY p.product_id'),
('SELECT e.f, p.margin FROM %s e JOIN product p USING (product_id) GROUP BY 1, 2'),
('SELECT string_agg(p.margin, '','' ORDER BY e.ts) FROM %s e JOIN product p USING (product_id) WHERE e.customer_id = 7');
UPDATE queries SET varies = true WHERE query ~ 'split|product_id = 5 AND';
SELECT id, CASE WHEN varies AND same !~ 'differs' THEN 'equal' ELSE same END AS same, query
  FROM (SELECT id, same(query), varies, query FROM queries) q ORDER BY id;
DROP TABLE queries;

-- prepared statements: parameters in keys, filters and dimensions
SET plan_cache_mode = force_generic_plan;
PREPARE by_margin(text, int, text) AS
    SELECT p.margin, count(*), sum(e.quantity * $2) FROM t e JOIN product p ON p.product_id = e.product_id + $2
    WHERE e.event_type = $3 AND p.margin = $1 GROUP BY 1;
EXECUTE by_margin('high', 0, 'buy');
EXECUTE by_margin('low', 1, 'view');
EXECUTE by_margin(NULL, 1, 'view');
RESET plan_cache_mode;

-- again for each row outside: parameters change the dimension, the key or nothing
SELECT x, (SELECT count(*) FROM t e JOIN product p ON p.product_id = e.product_id WHERE p.brand_id = x) AS dimension,
    (SELECT count(*) FROM t e JOIN product p ON p.product_id = e.product_id + x) AS key,
    (SELECT count(*) FROM t e JOIN product p ON p.product_id = e.product_id WHERE e.quantity = x AND random() > -1) AS joined
  FROM generate_series(0, 2) x;
SELECT x, s.* FROM generate_series(0, 1) x LEFT JOIN LATERAL
    (SELECT p.margin, count(*) AS n FROM t e LEFT JOIN product p USING (product_id) GROUP BY 1 ORDER BY 2 OFFSET x) s ON true ORDER BY 1, 3;

-- parallel: each process reads the dimensions
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END
$$;
SELECT trim(line) FROM plan('SELECT p.margin, count(*) FROM p e JOIN product p USING (product_id) GROUP BY 1') line
  WHERE line ~ 'Footfall|Mode|Workers|Lookup';
SELECT p.list_price, count(*) FROM p e JOIN product p USING (product_id) GROUP BY 1 ORDER BY 1, 2;
SELECT p.margin, count(*), count(DISTINCT e.customer_id) FROM p e JOIN product p USING (product_id) GROUP BY 1 ORDER BY 1;
SELECT p.margin, count(*), count(DISTINCT e.customer_id) FROM h e JOIN product p USING (product_id) GROUP BY 1 ORDER BY 1;
SELECT n.continent, c.segment, count(*) FROM p e LEFT JOIN nation n ON n.code = e.country JOIN customer c USING (customer_id)
  WHERE NOT EXISTS (SELECT FROM loose WHERE k = e.product_id) GROUP BY 1, 2
EXCEPT ALL
SELECT n.continent, c.segment, count(*) FROM h e LEFT JOIN nation n ON n.code = e.country JOIN customer c USING (customer_id)
  WHERE NOT EXISTS (SELECT FROM loose WHERE k = e.product_id) GROUP BY 1, 2;
SELECT x, (SELECT count(*) FROM p e JOIN product p USING (product_id) WHERE p.brand_id = x OR random() < 0) FROM generate_series(0, 2) x;
-- a dimension that no worker may read
CREATE FUNCTION only_here(int) RETURNS bool LANGUAGE sql PARALLEL UNSAFE AS 'SELECT $1 > 1';
SELECT p.margin, count(*) FROM p e JOIN product p USING (product_id) WHERE only_here(p.brand_id) GROUP BY 1 ORDER BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- who may not read a dimension, or only some of its rows, and functions that would tell
CREATE ROLE star_visitor;
GRANT USAGE ON SCHEMA star_joins TO star_visitor;
GRANT SELECT ON t, h, product TO star_visitor;
ALTER TABLE product ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_rows ON product TO star_visitor USING (margin = 'high');
CREATE FUNCTION telling(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN $1; END $$;
SET ROLE star_visitor;
\set VERBOSITY sqlstate
SELECT count(*) FROM t e JOIN customer c USING (customer_id);
\set VERBOSITY default
SELECT p.margin, count(*) FROM t e JOIN product p USING (product_id) GROUP BY 1;
SELECT p.margin, count(*) FROM h e JOIN product p USING (product_id) GROUP BY 1;
SELECT count(*) FROM t e JOIN product p USING (product_id) WHERE telling(p.product_id) + e.quantity > 100
  AND p.product_id < 4 AND e.ts < '2026-01-01 02:00';
RESET ROLE;
-- the functions of aggregates and of joins are the user's to execute
BEGIN;
REVOKE EXECUTE ON FUNCTION pg_catalog.int4eq(int, int) FROM PUBLIC;
SET ROLE star_visitor;
\set VERBOSITY sqlstate
SELECT count(*) FROM t e JOIN product p USING (product_id);
\set VERBOSITY default
ROLLBACK;
RESET ROLE;

-- what memory cannot hold PostgreSQL splits
CREATE TABLE wide (k int PRIMARY KEY, v text);
INSERT INTO wide SELECT i, repeat('x', 40) || i % 3 FROM generate_series(1, 2500) i;
ANALYZE wide;
SELECT same('SELECT v, count(*) FROM %s e JOIN wide w ON w.k = e.product_id GROUP BY 1');
SET work_mem = '64kB';
SELECT same('SELECT v, count(*) FROM %s e JOIN wide w ON w.k = e.product_id GROUP BY 1');
RESET work_mem;

-- what the planner took for small is split, and the fact table is read once for each part
CREATE FUNCTION many(n int) RETURNS SETOF int LANGUAGE plpgsql ROWS 5 AS $$ BEGIN RETURN QUERY SELECT generate_series(-n, n); END $$;
CREATE VIEW numbers AS SELECT k, CASE WHEN k % 5 > 0 THEN 'v' || k % 3 END AS v, repeat('x', 30) || k AS x FROM many(4000) k GROUP BY k;
CREATE VIEW names AS SELECT 'c' || k AS code, max(repeat('y', 50) || k % 3) AS v FROM many(3000) k GROUP BY 1;
CREATE VIEW repeated AS SELECT k / 3 AS k, repeat('z', 40) || k AS v FROM many(5000) k WHERE k % 11 <> 0 OFFSET 0;
SET work_mem = '64kB';
CREATE TABLE split_queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO split_queries (query) VALUES
('SELECT n.v, count(*), sum(length(n.x)) FROM %s e JOIN numbers n ON n.k = e.product_id GROUP BY 1'),
('SELECT n.v, count(*), max(length(n.x)) FROM %s e LEFT JOIN numbers n ON n.k = e.customer_id * 60 GROUP BY 1'),
('SELECT e.country, m.v, count(*) FROM %s e LEFT JOIN names m ON m.code = e.country GROUP BY 1, 2'),
('SELECT event_type, count(*) FROM %s e WHERE customer_id IN (SELECT k FROM repeated WHERE v IS NOT NULL) GROUP BY 1'),
('SELECT event_type, count(*) FROM %s e WHERE NOT EXISTS (SELECT FROM repeated r WHERE r.k = e.customer_id * 100 AND v IS NOT NULL) GROUP BY 1'),
('SELECT n.v, m.v, p.margin, count(*) FROM %s e JOIN product p USING (product_id) LEFT JOIN numbers n ON n.k = e.customer_id JOIN names m ON m.code = e.country WHERE event_type <> ''buy'' AND length(n.x) > quantity GROUP BY 1, 2, 3');
SELECT id, same(query) FROM split_queries ORDER BY id;
SET footfall.require_vectorized = on;
CREATE FUNCTION passes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF line ~ 'Lookup Passes' THEN
            RETURN trim(line);
        END IF;
    END LOOP;
    RETURN 'none';
END
$$;
SELECT id, passes(replace(query, '%s', 't')) FROM split_queries ORDER BY id;
-- again and again, and parallel
SELECT y, (SELECT count(*) FROM t e JOIN numbers n ON n.k = e.product_id + y WHERE length(n.x) > 31) AS taken,
    (SELECT count(*) FROM h e JOIN numbers n ON n.k = e.product_id + y WHERE length(n.x) > 31) AS joined FROM generate_series(0, 2) y;
ALTER FUNCTION many(int) PARALLEL SAFE;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT trim(line) FROM plan('SELECT n.v, count(*) FROM t e JOIN numbers n ON n.k = e.product_id GROUP BY 1') line WHERE line ~ 'Mode|Lookup:';
SELECT id, same(query) FROM split_queries ORDER BY id;

SET client_min_messages = warning;
DROP SCHEMA star_joins CASCADE;
DROP ROLE star_visitor;
