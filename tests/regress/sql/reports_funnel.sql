-- funnel and funnel_customers, against the definition worked out by self-joins.
CREATE SCHEMA funnels;
SET search_path = funnels, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- Ties are frequent: times are multiples of ten minutes. Sessions are a customer's days.
CREATE TABLE plain (customer_id int, ts timestamptz, event text, session_id text, device text, price int);
CREATE FUNCTION pick(i int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(i || what), 7))::bit(28)::int % n $$;
INSERT INTO plain SELECT pick(i, 'customer', 211), '2026-05-01'::timestamptz + make_interval(mins => pick(i, 'time', 1500) * 10),
    (ARRAY['view', 'view', 'view', 'cart', 'cart', 'purchase', 'search'])[1 + pick(i, 'event', 7)], NULL,
    (ARRAY['phone', 'desktop', 'tablet', NULL])[1 + pick(i, 'device', 4)], i % 100 FROM generate_series(1, 5000) i;
UPDATE plain SET session_id = (ts AT TIME ZONE 'UTC')::date::text;
INSERT INTO plain VALUES (NULL, '2026-05-01', 'view', 's', 'phone', 1), (1, NULL, 'view', 's', 'phone', 1), (2, '-infinity', 'view', 's', 'phone', 1),
    (2, 'infinity', 'cart', 's', 'phone', 1), (500, '2026-05-03 10:00', 'view', NULL, 'phone', 1), (500, '2026-05-03 11:00', NULL, 's', 'phone', 1);
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
CREATE TABLE mixed (LIKE plain) PARTITION BY RANGE (ts);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (MINVALUE) TO ('2026-05-05') USING footfall;
CREATE TABLE mixed_2 PARTITION OF mixed FOR VALUES FROM ('2026-05-05') TO (MAXVALUE) USING footfall;
CREATE TABLE mixed_0 PARTITION OF mixed DEFAULT USING footfall;
SELECT footfall.configure(t::regclass, time_column => 'ts', customer_column => 'customer_id', event_column => 'event',
    session_column => 'session_id') FROM unnest('{hot,sealed,mixed}'::text[]) t;
INSERT INTO hot SELECT * FROM plain;
INSERT INTO sealed SELECT * FROM plain ORDER BY price;
INSERT INTO mixed SELECT * FROM plain WHERE ts < '2026-05-08' OR ts IS NULL;
CALL footfall.seal('sealed');
CALL footfall.compact('sealed');
CALL footfall.seal('mixed');
INSERT INTO mixed SELECT * FROM plain WHERE ts >= '2026-05-08';
ANALYZE plain;

-- How far each customer comes by definition: rows a, b, c in this order with the last within the window of the first.
CREATE FUNCTION reached(within interval, since timestamptz, until timestamptz, who text, OUT step int, OUT customers bigint) RETURNS SETOF record
LANGUAGE sql SET enable_nestloop = off AS $$
    WITH p AS (SELECT CASE who WHEN 'customers' THEN customer_id::text ELSE customer_id || '/' || session_id END AS who, ts, event FROM plain
               WHERE customer_id IS NOT NULL AND isfinite(ts)),
    a AS (SELECT * FROM p WHERE event = 'view' AND ts >= since AND ts < until AND who IS NOT NULL),
    ab AS (SELECT a.who, a.ts AS first, b.ts FROM a JOIN p b ON b.who = a.who AND b.event = 'cart' AND b.ts BETWEEN a.ts AND a.ts + within),
    abc AS (SELECT ab.who FROM ab JOIN p c ON c.who = ab.who AND c.event = 'purchase' AND c.ts >= ab.ts AND c.ts <= ab.first + within)
    SELECT 1, count(DISTINCT who) FROM a UNION ALL SELECT 2, count(DISTINCT who) FROM ab UNION ALL SELECT 3, count(DISTINCT who) FROM abc
$$;
SELECT w, s, u, c, count(*) AS steps, bool_and(f.customers = r.customers) AS equal, max(r.customers) FILTER (WHERE step = 3) AS last
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, unnest('{0,90 minutes,1 day,3 days}'::interval[]) w, unnest('{customers,sessions}'::text[]) c,
    (VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz), ('2026-05-04', '2026-05-06 12:00')) d(s, u),
    footfall.funnel(t, '{view,cart,purchase}', w, since => s, until => u, counting => c) f JOIN reached(w, s, u, c) r USING (step)
GROUP BY 1, 2, 3, 4 ORDER BY 4, 1, 2;
SELECT * FROM footfall.funnel('sealed', '{view,cart,purchase}', '90 minutes');
SELECT * FROM footfall.funnel('sealed', '{view,cart,purchase}', '90 minutes', median => false);

-- The median is of the chain that was first to come that far and began last.
SELECT f.median_seconds = e.median AS equal, e.median FROM footfall.funnel('mixed', '{view,purchase}', '5 hours') f,
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM came - (SELECT max(v.ts) FROM plain v WHERE v.customer_id = x.customer_id
        AND v.event = 'view' AND v.ts <= came)))::float8 AS median
     FROM (SELECT p.customer_id, min(p.ts) AS came FROM plain p WHERE event = 'purchase' AND isfinite(ts) AND EXISTS (SELECT FROM plain v WHERE
         v.customer_id = p.customer_id AND v.event = 'view' AND v.ts BETWEEN p.ts - interval '5 hours' AND p.ts) GROUP BY 1) x) e
WHERE step = 2;

-- Any order: as many different steps as lie within the window of some row.
CREATE TABLE levels AS SELECT w, customer_id, max(n) AS level FROM (
    SELECT w, a.customer_id, count(DISTINCT b.event) AS n FROM unnest('{0,2 hours,12 hours}'::interval[]) w,
        plain a JOIN plain b ON a.customer_id = b.customer_id WHERE b.ts BETWEEN a.ts AND a.ts + w
        AND isfinite(a.ts) AND isfinite(b.ts) AND a.event <> 'search' AND b.event <> 'search' GROUP BY w, a.customer_id, a.ctid) x GROUP BY 1, 2;
SELECT w, count(*) AS steps, bool_and(f.customers = (SELECT count(*) FROM levels l WHERE l.w = x.w AND level >= f.step)) AS equal, min(f.customers) AS last
FROM unnest('{plain,sealed,mixed}'::text[]) t, (SELECT DISTINCT w FROM levels) x, footfall.funnel(t, '{view,cart,purchase}', w, step_order => 'any') f
GROUP BY 1 ORDER BY 1;

-- Exclusion: no search in between (its moment comes after the steps of that moment).
SELECT t, f.customers = e.customers AS equal, e.customers FROM unnest('{plain,sealed,mixed}'::text[]) t,
    footfall.funnel(t, '{view,cart,purchase}', '2 days', exclude => '{search}') f, LATERAL (
    SELECT count(DISTINCT a.customer_id) AS customers FROM plain a
    JOIN plain b ON b.customer_id = a.customer_id AND b.event = 'cart' AND b.ts BETWEEN a.ts AND a.ts + interval '2 days'
    JOIN plain c ON c.customer_id = a.customer_id AND c.event = 'purchase' AND c.ts >= b.ts AND c.ts <= a.ts + interval '2 days'
    WHERE a.event = 'view' AND isfinite(a.ts) AND NOT EXISTS (SELECT FROM plain x WHERE x.customer_id = a.customer_id AND x.event = 'search'
        AND x.ts >= a.ts AND x.ts < c.ts)) e
WHERE step = 3;

-- By hand: repeated events want rows of their own, one row does not serve two conditions, exact order, dates, exclusions.
CREATE TABLE log (customer_id text, ts timestamp, event text, channel text);
INSERT INTO log VALUES ('one view', '2026-01-01 10:00', 'view', 'ads'),
    ('two views', '2026-01-01 10:00', 'view', 'mail'), ('two views', '2026-01-01 10:05', 'view', 'ads'),
    ('view search cart', '2026-01-01 10:00', 'view', NULL), ('view search cart', '2026-01-01 10:01', 'search', 'ads'),
    ('view search cart', '2026-01-01 10:01', 'view', 'mail'), ('view search cart', '2026-01-01 10:02', 'search', 'ads'),
    ('view search cart', '2026-01-01 10:03', 'cart', 'ads'),
    ('late', '2026-01-02 23:50', 'view', 'ads'), ('late', '2026-01-03 00:10', 'cart', 'ads'), ('late', '2026-01-03 00:20', 'view', 'mail'),
    ('late', '2026-01-03 00:30', 'cart', 'ads');
SELECT step, name, customers, dropped FROM footfall.funnel('log', '{view,view}');
SELECT step, name, customers, dropped FROM footfall.funnel('log', conditions => ARRAY['event <> ''x''', $$channel = 'ads'$$]);
SELECT step, name, customers FROM footfall.funnel('log', '{from the ads,cart}', conditions => ARRAY[$$channel = 'ads'$$, NULL]);
SELECT step, customers FROM footfall.funnel('log', '{view,cart}', step_order => 'exact');
SELECT step, customers, median_seconds FROM footfall.funnel('log', '{view,cart}', '1 hour', since => '2026-01-02', until => '2026-01-03');
SELECT step, customers, median_seconds FROM footfall.funnel('log', '{view,cart}', '1 hour', since => '2026-01-02', until => '2026-01-03', step_order => 'exact');
SELECT step, customers FROM footfall.funnel('log', '{view,cart}', '19 minutes', since => '2026-01-02', until => '2026-01-03');
SELECT step, customers, dropped FROM footfall.funnel('log', '{view,cart}', exclude => '{search}');
SELECT step, customers, dropped FROM footfall.funnel('log', '{view,cart}', exclude => '{search}', exclusion => 'remove_customer');
SELECT * FROM footfall.funnel_customers('log', '{view,cart}', exclude => '{search}');
SELECT * FROM footfall.funnel_customers('log', '{view,cart}', reached => 2, step_order => 'any');
-- The breakdown is what it was at the first time of the first step, the first that is known.
SELECT breakdown, step, customers FROM footfall.funnel('log', '{view,cart}', breakdown => 'channel');
SELECT breakdown, step, customers FROM footfall.funnel('log', '{view,cart}', breakdown => 'channel', median => false);
SELECT breakdown, step, customers FROM footfall.funnel('log', '{view,cart}', breakdown => 'channel', step_order => 'any');
SELECT breakdown, step, customers FROM footfall.funnel('log', '{search,cart}', breakdown => 'upper(channel)', filter => 'customer_id <> ''late''');
SELECT f.breakdown, f.customers, f.customers = e.customers AS equal FROM footfall.funnel('mixed', '{view,cart}', breakdown => 'device') f
FULL JOIN (SELECT device, count(*) AS customers FROM (SELECT DISTINCT ON (customer_id) customer_id, device FROM plain
    WHERE event = 'view' AND isfinite(ts) AND customer_id IS NOT NULL AND device IS NOT NULL ORDER BY customer_id, ts, device COLLATE "C") x GROUP BY 1) e
    ON f.breakdown = e.device WHERE f.step = 1;

-- funnel_customers are the funnel's customers
SELECT t, c, o, bool_and(f.customers = e.n) AS equal FROM unnest('{sealed,mixed}'::text[]) t, unnest('{customers,sessions}'::text[]) c, unnest('{this,any,exact}'::text[]) o,
    footfall.funnel(t, '{view,cart,purchase}', '6 hours', counting => c, step_order => o) f,
    LATERAL (SELECT count(*) AS n FROM footfall.funnel_customers(t, '{view,cart,purchase}', '6 hours', counting => c, step_order => o) x WHERE x.step >= f.step) e
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT count(*), bool_and(step = 2 AND entered_at <= last_at AND last_at <= entered_at + interval '6 hours') AS right FROM footfall.funnel_customers('sealed', '{view,cart,purchase}', '6 hours', 2);

-- The medians are among the durations, which other percentiles surround
SELECT t, o, count(*) > 2 AS some, bool_and(f.median_seconds IS NOT DISTINCT FROM d.seconds AND f.customers = d.customers AND f.name = d.name) AS equal
FROM unnest('{plain,sealed}'::text[]) t, unnest('{this,any}'::text[]) o, footfall.funnel(t, '{view,cart,purchase}', '6 hours', breakdown => 'device', step_order => o) f
    LEFT JOIN LATERAL (SELECT * FROM footfall.funnel_durations(t, '{view,cart,purchase}', '6 hours', '{0.5}', breakdown => 'device', step_order => o)) d
    ON d.step = f.step AND d.breakdown IS NOT DISTINCT FROM f.breakdown WHERE f.step > 1 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT step, count(*), bool_and(rises) AS rise FROM (SELECT step, percentile, seconds >= lag(seconds, 1, 0::float8) OVER (PARTITION BY step ORDER BY percentile) AS rises
    FROM footfall.funnel_durations('sealed', '{view,cart,purchase}', '6 hours')) x GROUP BY 1 ORDER BY 1;
SELECT * FROM footfall.funnel_durations('sealed', '{view,nothing}', '6 hours', '{1,0}');
SELECT * FROM footfall.funnel_durations('sealed', '{nothing,cart}', percentiles => '{0.9}');
SELECT * FROM footfall.funnel_durations('sealed', '{nothing,cart}', breakdown => 'device');
SELECT * FROM footfall.funnel_durations('sealed', '{view}');

-- Nobody there
SELECT * FROM footfall.funnel('sealed', '{nothing,cart}');
SELECT * FROM footfall.funnel('sealed', '{view,nothing}', breakdown => 'device', filter => 'false');
SELECT * FROM footfall.funnel_customers('sealed', '{nothing,cart}');
-- Events of other types than text
CREATE TYPE kind AS ENUM ('view', 'cart');
CREATE TABLE numbers AS SELECT 1 AS customer_id, '2026-01-01'::date + i AS ts, i % 3 AS event, (ARRAY['view', 'cart'])[1 + i % 2]::kind AS kind FROM generate_series(1, 10) i;
SELECT step, name, customers, median_seconds FROM footfall.funnel('numbers', '{1,2}', '2 days');
SELECT step, name, customers, median_seconds FROM footfall.funnel('SELECT customer_id, ts, kind AS event FROM numbers', '{cart,view}', '2 days');

-- Mistakes
\set VERBOSITY default
SELECT * FROM footfall.funnel('plain');
SELECT * FROM footfall.funnel('plain', '{}');
SELECT * FROM footfall.funnel('plain', '{view,NULL}');
SELECT * FROM footfall.funnel('plain', '{a,b}', conditions => '{true}');
SELECT * FROM footfall.funnel('plain', '{{a,b},{c,d}}');
SELECT * FROM footfall.funnel('plain', conditions => '{price > 3,pirce > 4}');
SELECT * FROM footfall.funnel('plain', conditions => '{price > 3,price}');
SELECT * FROM footfall.funnel('plain', '{view}', NULL);
SELECT * FROM footfall.funnel('plain', '{view}', '1 month');
SELECT * FROM footfall.funnel('plain', '{view}', '-1 day');
SELECT * FROM footfall.funnel('plain', '{view}', step_order => 'strict');
SELECT * FROM footfall.funnel('plain', '{view}', step_order => 'any', exclude => '{cart}');
SELECT * FROM footfall.funnel('plain', '{view}', exclusion => 'censor');
SELECT * FROM footfall.funnel('log', '{view}', counting => 'sessions');
SELECT * FROM footfall.funnel('numbers', '{view}');
SELECT * FROM footfall.funnel('SELECT ts, customer_id FROM plain', '{view}');
SELECT * FROM footfall.funnel_customers('plain', '{view,cart}', reached => 3);
SELECT * FROM footfall.funnel_durations('plain', '{view,cart}', percentiles => '{}');
SELECT * FROM footfall.funnel_durations('plain', '{view,cart}', percentiles => NULL);
SELECT * FROM footfall.funnel_durations('plain', '{view,cart}', percentiles => '{0.5,NULL}');
SELECT * FROM footfall.funnel_durations('plain', '{view,cart}', percentiles => '{0.5,90}');
SELECT * FROM footfall.funnel_durations('plain', '{view,cart}', percentiles => '{NaN}');
SELECT * FROM footfall.funnel_durations('plain', '{view,cart}', percentiles => '{{0.5},{0.9}}');
SELECT step, customers FROM footfall.funnel('plain', ARRAY['view''); DROP TABLE plain; --', 'a\b"c']);
