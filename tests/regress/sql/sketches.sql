-- hyperloglog, uddsketch, top_n: errors as stated, the same bytes by every plan, storable, refused input.
CREATE SCHEMA sketches;
SET search_path = sketches, footfall;
SET timezone = 'UTC';
SET extra_float_digits = 0;

CREATE TABLE log (day int, customer bigint, product text, amount float8, price numeric) USING footfall;
INSERT INTO log SELECT i % 10, (i::bigint * 7919) % 30011, 'p' || (sqrt((i::bigint * 31) % 250000))::int, (i % 997) * 0.25 + 1, i % 50
FROM generate_series(1, 60000) i;

-- Within the stated error of the exact answers.
SELECT abs(approx_count_distinct(customer)::float8 / count(DISTINCT customer) - 1) < 3 * stderror(hyperloglog(customer)) AS customers,
    abs(approx_count_distinct(product)::float8 / count(DISTINCT product) - 1) < 3 * stderror(hyperloglog(product)) AS products,
    distinct_count(hyperloglog(day)) = count(DISTINCT day) AS days,
    distinct_count(hyperloglog(price)) = count(DISTINCT price) AS prices,
    abs(distinct_count(hyperloglog(customer, 18))::float8 / count(DISTINCT customer) - 1) < 3 * stderror(hyperloglog(customer, 18)) AS precise,
    approx_count_distinct(customer) = distinct_count(hyperloglog(customer)) AS same
FROM log;
SELECT p, abs(approx_percentile(p, sketch) - exact) <= exact * error(sketch) * 1.000001 AS within
FROM (SELECT p, uddsketch(amount) AS sketch, percentile_disc(p) WITHIN GROUP (ORDER BY amount) AS exact
      FROM log, unnest('{0,0.01,0.25,0.5,0.75,0.9,0.99,0.999,1}'::float8[]) p GROUP BY p) x ORDER BY p;
SELECT num_vals(s), round(mean(s)::numeric, 6) = (SELECT round(avg(amount)::numeric, 6) FROM log) AS mean, error(s) < 0.005 AS error,
    error(coarse), approx_percentile(0, s) = (SELECT min(amount) FROM log) AS least, approx_percentile(1, s) AS greatest
FROM (SELECT uddsketch(amount) AS s, uddsketch(amount, 500, 0.02) AS coarse FROM log) x;
-- 501 products: exact counts.
SELECT v.* FROM (SELECT top_n(product, 3) AS s FROM log) x, top_values(x.s) v;
SELECT product, count(*) FROM log GROUP BY product ORDER BY count(*) DESC, product COLLATE "C" LIMIT 3;
-- 30,011 customers, of whom one stands out: bounds.
INSERT INTO log SELECT 11, 5, 'p5', 1, 1 FROM generate_series(1, 5000);
SELECT v.value, v.count >= 5002 AND v.count - v.error <= 5002 AS bounded, v.error <= 65000 / 1001 AS small, num_vals(s)
FROM (SELECT top_n(customer, 1) AS s FROM log) x, top_values(x.s) v;
DELETE FROM log WHERE day = 11;

-- Stored, merged: the sketch of all rows, byte by byte. (A sum of multiples of 0.25 does not round.)
CREATE TABLE daily (day int, customers hyperloglog_sketch, amounts uddsketch, products top_n_sketch) USING footfall;
INSERT INTO daily SELECT day, hyperloglog(customer), uddsketch(amount), top_n(product, 3) FROM log GROUP BY day;
INSERT INTO daily VALUES (NULL, NULL, NULL, NULL);
CALL footfall.seal('daily');
CREATE VIEW whole AS SELECT hyperloglog(customer)::text AS customers, uddsketch(amount)::text AS amounts, top_n(product, 3)::text AS products FROM log;
CREATE VIEW summed AS SELECT rollup(customers)::text AS customers, rollup(amounts)::text AS amounts, rollup(products)::text AS products FROM daily;
SELECT * FROM "check".differences('whole', 'summed');
SELECT day, distinct_count(customers), num_vals(amounts), num_vals(products) FROM daily WHERE day IS NULL OR day < 2 ORDER BY day;

-- By every plan: sealed, compacted, shuffled, a heap, parallel.
CREATE TABLE expected AS SELECT * FROM whole;
CREATE TABLE shuffled WITH (parallel_workers = 4) AS SELECT * FROM log ORDER BY md5(customer::text || product || amount);
CREATE VIEW from_shuffled AS SELECT hyperloglog(customer)::text AS customers, uddsketch(amount)::text AS amounts, top_n(product, 3)::text AS products FROM shuffled;
CALL footfall.seal('log');
SELECT * FROM "check".differences('expected', 'whole');
CALL footfall.compact('log');
SELECT * FROM "check".differences('expected', 'whole');
SELECT * FROM "check".differences('expected', 'from_shuffled');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 4;
SELECT * FROM "check".differences('expected', 'whole');
SELECT * FROM "check".differences('expected', 'from_shuffled');
SELECT * FROM "check".differences('expected', 'summed');
RESET max_parallel_workers_per_gather;

-- Text and binary forms come back as they were; accessors read what COPY wrote.
SELECT count(*) FROM daily WHERE customers::text::hyperloglog_sketch::text IS DISTINCT FROM customers::text
    OR amounts::text::uddsketch::text IS DISTINCT FROM amounts::text OR products::text::top_n_sketch::text IS DISTINCT FROM products::text;
SELECT hyperloglog_send(customers) = decode(substr(customers::text, 3), 'hex') AS send FROM daily WHERE day = 1;
SET bytea_output = 'escape';
SELECT customers::text LIKE '\\x48%' AS hex FROM daily WHERE day = 1;
RESET bytea_output;

-- Equal values count once.
SELECT approx_count_distinct(v) FROM (VALUES (1.0), (1.00), (1)) x (v);
SELECT approx_count_distinct(v) FROM unnest('{0,-0,NaN,NaN}'::float8[]) v;
SELECT approx_count_distinct(v) FROM unnest('{a,a ,b}'::char(3)[]) v;
SELECT hyperloglog(a)::text = hyperloglog(b)::text AS integers FROM (VALUES (-1::smallint, -1::bigint)) x (a, b);
SELECT hyperloglog(a)::text = hyperloglog(b)::text AS floats FROM (VALUES (0.5::real, 0.5::float8)) x (a, b);
SELECT approx_count_distinct(v) FROM unnest('{a,"",NULL,b}'::text[]) v;
SELECT approx_count_distinct(v) FROM unnest(ARRAY['{"a": 1.0}'::jsonb, '{"a": 1.00}']) v;
SELECT approx_count_distinct(v) FROM unnest(ARRAY['2026-01-01 12:00+00'::timestamptz, '2026-01-01 13:00+01']) v;
CREATE TYPE mood AS ENUM ('low', 'high');
SELECT approx_count_distinct(v), hyperloglog(v)::text = hyperloglog(t)::text AS by_label
FROM unnest('{low,high,low}'::mood[]) v, LATERAL (SELECT v::text AS t) x;
CREATE DOMAIN short AS text;
SELECT hyperloglog(v)::text = hyperloglog(t)::text AS as_text FROM unnest('{a,b}'::short[]) v, LATERAL (SELECT v::text AS t) x;

-- Nothing in it, or NULLs only
SELECT approx_count_distinct(customer), distinct_count(hyperloglog(customer)), num_vals(uddsketch(amount)), mean(uddsketch(amount)),
    approx_percentile(0.5, uddsketch(amount)), num_vals(top_n(product, 3)) FROM log WHERE false;
SELECT approx_count_distinct(v), distinct_count(hyperloglog(v)), num_vals(uddsketch(v)), num_vals(top_n(v, 3)) FROM unnest('{NULL,NULL}'::int[]) v;
SELECT v.* FROM (SELECT top_n(product, 3) AS s FROM log WHERE false) x, top_values(x.s) v;
-- Values are kept as texts that follow no setting, so that sketches of two sessions add up.
CREATE TYPE moment AS (at timestamptz, amount float8);
CREATE DOMAIN price AS float8;
CREATE FUNCTION sketch_of(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE sketch text;
BEGIN
    EXECUTE format('SELECT footfall.top_n(%s, 3)::text FROM generate_series(1, 3) i', expression) INTO sketch;
    RETURN sketch;
END $$;
CREATE TABLE expressions AS SELECT e FROM unnest(ARRAY[$$timestamptz '2026-01-05 23:30:00.5+00' + i * interval '1 s'$$, $$'infinity'::timestamptz$$,
    $$timestamp '2026-01-05 23:30' + i * interval '1 s'$$, $$timestamp '0044-03-15 12:00 BC'$$, $$date '2026-01-05' + i$$, $$'-infinity'::date$$, $$0.1::float8 + i$$,
    $$1e300::float8 * i$$, $$'NaN'::float8$$, $$0.1::float4 + i$$, $$(i + 0.1)::sketches.price$$, $$i * interval '1 day 1 hour'$$, $$decode(i::text, 'escape')$$,
    $$tstzrange('2026-01-05 00:00+00', timestamptz '2026-01-06 00:00+00' + i * interval '1 s')$$, $$ARRAY[0.1::float8 + i]$$,
    $$ROW(timestamptz '2026-01-05 00:00+00' + i * interval '1 s', 0.1)::sketches.moment$$, $$'sketches.log'::regclass$$, $$i::numeric / 3$$]) e;
SET timezone = 'UTC';
CREATE TABLE here AS SELECT e, sketch_of(e) FROM expressions;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET intervalstyle = 'iso_8601';
SET extra_float_digits = -3;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
SELECT e FROM expressions JOIN here USING (e) WHERE sketch_of(e) IS DISTINCT FROM sketch_of;
SELECT v.value FROM expressions, LATERAL (SELECT (sketch_of(e))::top_n_sketch AS s) x, LATERAL (SELECT * FROM top_values(x.s) LIMIT 1) v;
RESET timezone; RESET datestyle; RESET intervalstyle; RESET extra_float_digits; RESET bytea_output; RESET quote_all_identifiers;
-- Values that are equal count as one.
SELECT v.* FROM (SELECT top_n(x, 3) AS s FROM unnest('{0,-0,1,-0}'::float8[]) x) y, top_values(y.s) v;
SELECT v.* FROM (SELECT top_n(x, 3) AS s FROM unnest('{-0,0}'::float4[]) x) y, top_values(y.s) v;
SELECT distinct_count(rollup(customers)), num_vals(rollup(amounts)), num_vals(rollup(products)) FROM daily WHERE day IS NULL;
-- An empty sketch fits all.
SELECT distinct_count(rollup(s)), stderror(rollup(s)) FROM (SELECT hyperloglog(1) FILTER (WHERE false) AS s UNION ALL SELECT hyperloglog(2, 10)) x;

-- NaN, infinities, signs
SELECT p, round(approx_percentile(p, s)::numeric, 2) FROM (SELECT uddsketch(v) AS s FROM unnest('{-Infinity,-2,-1,0,1,2,Infinity,NaN}'::float8[]) v) x,
    unnest('{0,0.2,0.5,0.8,0.875,1}'::float8[]) p;

-- Refused
\set VERBOSITY sqlstate
SELECT hyperloglog(customer, 7) FROM log;
SELECT hyperloglog(customer, 19) FROM log;
SELECT hyperloglog(customer, NULL) FROM log;
SELECT hyperloglog(customer, 8 + day) FROM log;
SELECT hyperloglog('{}'::json) FROM log;
SELECT rollup(s) FROM (SELECT hyperloglog(1) AS s UNION ALL SELECT hyperloglog(2, 10)) x;
SELECT uddsketch(amount, 15, 0.1) FROM log;
SELECT uddsketch(amount, 100, 0) FROM log;
SELECT uddsketch(amount, 100, 'NaN') FROM log;
SELECT uddsketch(amount, NULL, 0.1) FROM log;
SELECT uddsketch(amount, 100 + day, 0.1) FROM log;
SELECT rollup(s) FROM (SELECT uddsketch(1) AS s UNION ALL SELECT uddsketch(2, 100, 0.1)) x;
SELECT approx_percentile(1.5, amounts) FROM daily;
SELECT approx_percentile('NaN', amounts) FROM daily;
SELECT mean(uddsketch(v)) FROM unnest('{1e308,1e308}'::float8[]) v;
SELECT top_n(product, 0) FROM log;
SELECT top_n(product, 10001) FROM log;
SELECT top_n(product, NULL) FROM log;
SELECT top_n(product, day + 1) FROM log;
SELECT rollup(s) FROM (SELECT top_n(1, 3) AS s UNION ALL SELECT top_n(1, 4)) x;
SELECT '48'::hyperloglog_sketch;
SELECT ''::hyperloglog_sketch;
SELECT '\x4'::hyperloglog_sketch;
SELECT '\x'::hyperloglog_sketch;
SELECT '\x55010e'::hyperloglog_sketch;
SELECT '\x48020e0000'::hyperloglog_sketch;
SELECT '\x48010e0001'::hyperloglog_sketch;
SELECT '\x48010e000000'::hyperloglog_sketch;
SELECT customers::text::uddsketch FROM daily WHERE day = 1;
SELECT substr(amounts::text, 1, length(amounts::text) - 2)::uddsketch FROM daily WHERE day = 1;
-- A value that is no text of this database's encoding: fe.
SELECT '\x46010101000101fe0100'::top_n_sketch;
