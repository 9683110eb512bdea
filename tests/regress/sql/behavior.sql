-- The behavioural aggregates: truth tables, NULLs, refusals, and one answer whatever the plan.
CREATE SCHEMA behavior;
SET search_path = behavior, footfall;

-- "a1 b11": event a at second 1, event b at second 11; several letters are one row that meets several conditions.
CREATE FUNCTION rows(story text) RETURNS TABLE (t timestamptz, e text) LANGUAGE sql IMMUTABLE AS $$
    SELECT to_timestamp(substring(word FROM '\d+$')::int), substring(word FROM '^[a-z]+')
    FROM regexp_split_to_table(story, ' ') AS word
$$;
CREATE FUNCTION level(seconds int, modes text[], story text) RETURNS int LANGUAGE sql AS $$
    SELECT window_funnel(make_interval(secs => seconds), modes, t, e ~ 'a', e ~ 'b', e ~ 'c') FROM rows(story)
$$;

-- window_funnel: the truth table of docs/reference/window_funnel.md
SELECT story, seconds, level(seconds, '{}', story) AS "default", level(seconds, '{strict_order}', story) AS "order",
    level(seconds, '{strict_deduplication}', story) AS deduplication,
    level(seconds, '{strict_increase}', story) AS increase, level(seconds, '{strict_once}', story) AS once,
    level(seconds, '{exclude}', story) AS exclude, level(seconds, '{exclude_customer}', story) AS exclude_customer
FROM (VALUES (10, 'a1 b11'), (10, 'a1 b12'), (10, 'a1 a9 b12 c13'), (0, 'a1 b1'), (10, 'c1 b1 a1'), (10, 'abc1'),
    (10, 'abc1 abc1 abc1'), (10, 'a1 a2 b2'), (10, 'a1 b2 x3 a4 b5 c6'), (10, 'x1 a2 c3 b4 c5'), (10, 'a1 a2 b3 b4 c5'),
    (10, 'a1 b2 b3 c4'), (10, 'a1 a2 b3 c4'), (10, 'x1 x2 a3 b4 c5'), (10, 'b1 c2'), (10, 'x1')) v(seconds, story);
SELECT window_funnel_times('10 s', t, e ~ 'a', e ~ 'b', e ~ 'c') FROM rows('a1 a9 b12 b13 c14');
SELECT window_funnel_times('10 s', '{strict_increase}', t, e ~ 'a', e ~ 'b') FROM rows('a1 a2 b2');
SELECT window_funnel_times('10 s', t, e ~ 'a') FROM rows('b1');
SELECT window_funnel_times('10 s', '{exclude_customer}', t, e ~ 'a', e ~ 'b') FROM rows('a1 b2');

-- NULL conditions are not met, NULL times and NULL arrays are skipped, a group without rows has reached nothing.
SELECT window_funnel('10 s', t, a, b), window_funnel_times('10 s', t, a, b) FROM (VALUES
    (to_timestamp(1), true, NULL::bool), (NULL, true, true), (to_timestamp(3), NULL, NULL), (to_timestamp(4), NULL, true)) v(t, a, b);
SELECT window_funnel('10 s', now(), VARIADIC NULL::bool[]), window_funnel_times('10 s', now(), VARIADIC NULL::bool[]);
SELECT window_funnel('10 s', now(), true), window_funnel_times('10 s', now(), true), retention(true),
    sequence_match('(?1)', now(), true), sequence_count('(?1)', now(), true), sequence_next('(?1)', now(), 'a', true)
WHERE false;
SELECT window_funnel('1 day', '-infinity', true, false), window_funnel('1 day', 'infinity', true, true);
SELECT window_funnel('1 day', t, e = 'a', e = 'b') AS day, window_funnel('24 hours', t, e = 'a', e = 'b') AS hours
FROM (VALUES ('2026-03-28 12:00+00'::timestamptz, 'a'), ('2026-03-29 12:00+00', 'b')) v(t, e);
-- A window that says the same in other words does not vary.
SELECT window_funnel(w, t, true, true) FROM (VALUES ('1 day'::interval, now()), ('24:00'::interval, now())) v(w, t);

-- Refused
\set VERBOSITY terse
SELECT window_funnel('1 month', now(), true);
SELECT window_funnel('-1 s', now(), true);
SELECT window_funnel('1000000000 days', now(), true);
SELECT window_funnel(NULL, now(), true);
SELECT window_funnel('1 s', NULL::text[], now(), true);
SELECT window_funnel('1 s', '{strict}', now(), true);
SELECT window_funnel('1 s', ARRAY[NULL::text], now(), true);
SELECT window_funnel('1 s', '{exclude,exclude_customer}', now(), true, false);
SELECT window_funnel('1 s', '{exclude}', now(), true);
SELECT window_funnel('1 s', now(), VARIADIC '{}'::bool[]);
SELECT window_funnel('1 s', now(), VARIADIC '{{t,f},{t,f}}'::bool[]);
SELECT window_funnel('1 s', now(), VARIADIC array_fill(true, ARRAY[33]));
SELECT window_funnel('1 s', now(), VARIADIC array_fill(true, ARRAY[32]));
SELECT window_funnel(make_interval(secs => i), now(), true) FROM generate_series(1, 2) i;
SELECT window_funnel('1 s', CASE i WHEN 1 THEN '{strict_once}'::text[] ELSE '{}' END, now(), true) FROM generate_series(1, 2) i;
SELECT window_funnel('1 s', now(), VARIADIC array_fill(true, ARRAY[i])) FROM generate_series(1, 2) i;
SELECT retention(VARIADIC array_fill(true, ARRAY[i])) FROM generate_series(1, 2) i;
SELECT sequence_match('(?' || i || ')', now(), true, true) FROM generate_series(1, 2) i;
SELECT sequence_match('(?1)(?3)', now(), true, true);
SELECT sequence_match('(?1).*(?t<=1)(?2)', now(), true, true);
SELECT sequence_match('(?1)(?2', now(), true, true);
SELECT sequence_match(NULL, now(), true);
\set VERBOSITY default
SELECT sequence_match('(?1)->(?2)', now(), true, true);

-- retention: any order; the first condition decides.
SELECT retention(e ~ 'a', e ~ 'b', e ~ 'c') FROM rows('b1 a5');
SELECT retention(e ~ 'a', e ~ 'b', e ~ 'c') FROM rows('b1 c5');
SELECT retention(NULL, true);
SELECT retention(VARIADIC NULL::bool[]);

-- sequence_*
SELECT story, pattern, sequence_match(pattern, t, e ~ 'a', e ~ 'b', e ~ 'c'), sequence_count(pattern, t, e ~ 'a', e ~ 'b', e ~ 'c'),
    sequence_next(pattern, t, e, e ~ 'a', e ~ 'b', e ~ 'c')
FROM (VALUES ('a1 b2', '(?1)(?2)'), ('a1 c2 b3', '(?1)(?2)'), ('a1 c2 b3', '(?1).*(?2)'), ('a1 x2 b3', '(?1)(?2)'),
    ('a1 c2 b3 x4', '(?1).(?2)'), ('a1 b11 c12', '(?1)(?t<=10)(?2)'), ('a1 b12', '(?1)(?t<=10)(?2)'),
    ('a1 a2 a3 a4 a5', '(?1)(?1)'), ('b1 a1', '(?1)(?2)'), ('ab1', '(?1)(?2)'), ('a1 b2 a3 b4 x9', '(?1)(?t==1)(?2)')) v(story, pattern),
    LATERAL rows(story) GROUP BY story, pattern ORDER BY story, pattern;

-- One answer: shuffled, serial, parallel, hashed, sorted, hot and sealed.
CREATE TABLE log (customer int, ts timestamptz, event text, met int) WITH (parallel_workers = 4);
SELECT setseed(0.5);
INSERT INTO log SELECT random() * 3000, '2026-01-01'::timestamptz + make_interval(secs => (random() * 2000)::int),
    (ARRAY['view', 'cart', 'purchase', 'search'])[1 + random() * 3.99], random() * 15 FROM generate_series(1, 60000);
CREATE VIEW answers AS SELECT customer,
    window_funnel('5 min', ts, event = 'view', event = 'cart', event = 'purchase') AS level,
    window_funnel('5 min', '{strict_once,strict_deduplication}', ts, met & 1 <> 0, met & 2 <> 0, met & 4 <> 0, met & 8 <> 0) AS once,
    window_funnel('5 min', '{strict_order,strict_increase}', ts, met & 1 <> 0, met & 2 <> 0) AS ordered,
    window_funnel_times('5 min', '{exclude}', ts, event = 'view', event = 'cart', event = 'purchase') AS times,
    retention(event = 'purchase', event = 'search', met = 7) AS retained,
    sequence_count('(?1)(?t<=600)(?2).*(?3)', ts, event = 'view', event = 'cart', event = 'purchase') AS sequences,
    sequence_next('(?1)(?2)', ts, event, event = 'view', event = 'cart') AS next
FROM log GROUP BY customer;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT * FROM answers;
SELECT count(*), count(DISTINCT level), count(DISTINCT once), sum(sequences) > 1000 AS many FROM serial;
SET max_parallel_workers_per_gather = 4;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE parallel AS SELECT * FROM answers;
SELECT * FROM "check".differences('serial', 'parallel');
SET enable_hashagg = off;
CREATE TABLE sorted AS SELECT * FROM answers;
SELECT * FROM "check".differences('serial', 'sorted');
RESET enable_hashagg;
CREATE TABLE shuffled AS SELECT * FROM log ORDER BY random();
ALTER TABLE log RENAME TO original;
ALTER TABLE shuffled RENAME TO log;
CREATE OR REPLACE FUNCTION answers_of(t regclass) RETURNS SETOF serial LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE replace(pg_get_viewdef('behavior.answers'), 'original', t::text);
END
$$;
CREATE TABLE of_shuffled AS SELECT * FROM answers_of('log');
SELECT * FROM "check".differences('serial', 'of_shuffled');
CREATE TABLE sealed (LIKE log) USING footfall;
INSERT INTO sealed SELECT * FROM log;
CALL footfall.seal('sealed');
CREATE TABLE of_sealed AS SELECT * FROM answers_of('sealed');
SELECT * FROM "check".differences('serial', 'of_sealed');

-- As window functions: the answer so far.
SELECT e, window_funnel('10 s', t, e ~ 'a', e ~ 'b', e ~ 'c') OVER (ORDER BY t), retention(e ~ 'a', e ~ 'c') OVER (ORDER BY t),
    sequence_count('(?1).*(?3)', t, e ~ 'a', e ~ 'b', e ~ 'c') OVER (ORDER BY t)
FROM rows('a1 b2 c3 a4 c5');

-- The events of one group have a limit, and passing it is an error that names it.
SET work_mem = '64kB';
\set VERBOSITY sqlstate
SELECT window_funnel('1 s', now(), true) FROM generate_series(1, 20000000);
\set VERBOSITY default
RESET work_mem;
