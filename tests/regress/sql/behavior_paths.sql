-- path_agg and attribution.
CREATE SCHEMA paths;
SET search_path = paths, footfall;
SET timezone = 'UTC';
SET extra_float_digits = 0;

CREATE TABLE log (customer int, ts timestamptz, event text, channel text) WITH (parallel_workers = 4);
INSERT INTO log VALUES (1, '2026-01-05', 'purchase', NULL), (1, '2026-01-01', 'view', 'search'), (1, '2026-01-02', 'view', 'email'),
    (1, '2026-01-02', 'cart', 'ads'), (1, '2026-01-04', 'view', 'email'), (2, '2026-01-01', 'purchase', 'email'),
    (3, '2026-01-01', 'purchase', NULL), (3, '2026-01-02', 'view', 'ads'), (4, NULL, 'purchase', 'ads'), (4, '2026-01-01', NULL, NULL);

SELECT customer, path_agg(ts, event, 3), path_agg(ts, event, 100) FROM log GROUP BY customer ORDER BY customer;
SELECT path_agg(ts, event, 3) FROM log WHERE false;

SELECT customer, model, c.channel, c.credit FROM unnest('{first,last,linear,position,time_decay}'::text[]) model,
    LATERAL (SELECT customer, attribution(ts, channel, event = 'purchase', model) AS credits FROM log GROUP BY customer) x,
    LATERAL unnest(credits) c ORDER BY 1, 2, 3;
-- The look-back includes its end, the half-life decides how fast credit fades.
SELECT c.* FROM (SELECT attribution(ts, channel, event = 'purchase', 'linear', '3 days', '1 day') AS credits FROM log WHERE customer = 1) x,
    unnest(credits) c;
SELECT c.* FROM (SELECT attribution(ts, channel, event = 'purchase', 'time_decay', '4 days', '1 day') AS credits FROM log WHERE customer = 1) x,
    unnest(credits) c;
-- Position, by the number of touches.
SELECT n, c.channel, c.credit FROM generate_series(1, 4) n, LATERAL (SELECT attribution('2026-01-01'::timestamptz + i * interval '1 hour',
    CASE WHEN i <= n THEN 'touch ' || i END, i > n, 'position') AS credits FROM generate_series(1, n + 1) i) x, unnest(credits) c ORDER BY 1, 2;
SELECT attribution(ts, channel, NULL, 'linear') FROM log;
SELECT attribution(ts, channel, true, 'linear') FROM log WHERE false;

-- Refused
\set VERBOSITY terse
SELECT path_agg(ts, event, 0) FROM log;
SELECT path_agg(ts, event, 100001) FROM log;
SELECT path_agg(ts, event, NULL) FROM log;
SELECT path_agg(ts, event, customer) FROM log;
SELECT attribution(ts, channel, true, 'middle') FROM log;
SELECT attribution(ts, channel, true, NULL) FROM log;
SELECT attribution(ts, channel, true, 'linear', '-1 day', '1 day') FROM log;
SELECT attribution(ts, channel, true, 'linear', '1 day', '0') FROM log;
SELECT attribution(ts, channel, true, 'linear', '1 month', '1 day') FROM log;
SELECT attribution(ts, channel, true, CASE customer WHEN 1 THEN 'linear' ELSE 'first' END) FROM log;
\set VERBOSITY default

-- Equal to plain SQL, serial and parallel.
TRUNCATE log;
INSERT INTO log SELECT i % 500, '2026-01-01'::timestamptz + make_interval(mins => (i * 7919) % 50021),
    (ARRAY['view', 'cart', 'search', 'purchase', 'view'])[1 + (i * 31 + i / 500) % 5], (ARRAY['ads', 'email', NULL, 'search'])[1 + (i * 17 + i / 500 * 7 / 3) % 4]
FROM generate_series(1, 20000) i;
CREATE VIEW first_five AS SELECT customer, (array_agg(event ORDER BY ts, event COLLATE "C"))[:5] AS path FROM log GROUP BY customer;
CREATE VIEW paths AS SELECT customer, path_agg(ts, event, 5) AS path FROM log GROUP BY customer;
CREATE VIEW linear AS SELECT channel, round(sum(credit)::numeric, 6) AS credit FROM (
    SELECT t.channel, 1.0::float8 / count(*) OVER (PARTITION BY c.ctid) AS credit FROM log c
    JOIN log t ON t.customer = c.customer AND t.channel IS NOT NULL AND t.ts BETWEEN c.ts - interval '168 hours' AND c.ts
    WHERE c.event = 'purchase') x GROUP BY channel;
CREATE VIEW attributed AS SELECT (c).channel, round(sum((c).credit)::numeric, 6) AS credit FROM (
    SELECT unnest(attribution(ts, channel, event = 'purchase', 'linear', '7 days', '1 day')) AS c FROM log GROUP BY customer) x
    WHERE (c).channel IS NOT NULL GROUP BY 1;
SET max_parallel_workers_per_gather = 0;
SELECT * FROM "check".differences('first_five', 'paths');
SELECT * FROM "check".differences('linear', 'attributed');
SELECT count(*) > 1 AS channels FROM attributed;
SELECT sum((c).credit) = (SELECT count(*) FROM log WHERE event = 'purchase') AS adds_up FROM (
    SELECT unnest(attribution(ts, channel, event = 'purchase', 'last')) AS c FROM log GROUP BY customer) x;
SET max_parallel_workers_per_gather = 4;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM "check".differences('first_five', 'paths');
SELECT * FROM "check".differences('linear', 'attributed');
