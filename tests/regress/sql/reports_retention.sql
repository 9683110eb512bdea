-- cohort_retention, lifecycle and stickiness, against the same questions asked another way.
CREATE SCHEMA retained;
SET search_path = retained, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE plain (customer_id text, ts timestamptz, event text);
CREATE FUNCTION pick(i int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(i || what), 7))::bit(28)::int % n $$;
INSERT INTO plain SELECT 'c' || pick(i, 'customer', 50 + i / 3), '2026-02-20'::timestamptz + make_interval(mins => i * 53 + pick(i, 'time', 500)),
    (ARRAY['view', 'cart', 'view', 'purchase', 'view'])[1 + pick(i, 'event', 5)] FROM generate_series(1, 3000) i;
-- A week in which nobody did anything
DELETE FROM plain WHERE ts >= '2026-03-23 00:00 Europe/Berlin' AND ts < '2026-03-30 00:00 Europe/Berlin';
INSERT INTO plain VALUES (NULL, '2026-02-01', 'view'), ('c1', NULL, 'view'), ('c2', '-infinity', 'view'), ('c3', 'infinity', 'view');
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
SELECT footfall.configure(t::regclass, time_column => 'ts', customer_column => 'customer_id', event_column => 'event') FROM unnest('{hot,sealed}'::text[]) t;
INSERT INTO hot TABLE plain;
INSERT INTO sealed TABLE plain;
CALL footfall.seal('sealed');
CALL footfall.compact('sealed');
CREATE TABLE active AS SELECT customer_id, ts, event, (date_trunc('week', ts AT TIME ZONE 'Europe/Berlin'))::date AS week FROM plain
    WHERE customer_id IS NOT NULL AND isfinite(ts);
ANALYZE active;

-- Weeks of Berlin, on and on or after
CREATE TABLE firsts AS SELECT customer_id, min(week) AS first, min(ts) AS first_at FROM active GROUP BY 1;
ANALYZE firsts;
CREATE TABLE expected AS
    SELECT cohort, n, count(DISTINCT f.customer_id) AS customers, count(DISTINCT f.customer_id) FILTER (WHERE a.week = cohort + 7 * n) AS active_on,
        count(DISTINCT f.customer_id) FILTER (WHERE a.week >= cohort + 7 * n) AS active_later
    FROM (SELECT DISTINCT first AS cohort FROM firsts) c JOIN firsts f ON f.first = c.cohort JOIN active a USING (customer_id),
        generate_series(0, 40) n WHERE cohort + 7 * n <= (SELECT max(week) FROM active) GROUP BY 1, 2;
SELECT t, m, count(*) AS cells, count(*) FILTER (WHERE o.customers = e.customers AND o.retained = CASE m WHEN 'on' THEN active_on ELSE active_later END
        AND o.rate = round(o.retained::numeric / o.customers, 6) AND o.period_start = (cohort + 7 * n)::timestamp AT TIME ZONE 'Europe/Berlin') AS equal, sum(retained) AS retained
FROM unnest('{plain,hot,sealed}'::text[]) t, unnest('{on,on_or_after}'::text[]) m, LATERAL footfall.cohort_retention(t, mode => m, time_zone => 'Europe/Berlin') o
FULL JOIN expected e ON o.cohort_start = e.cohort::timestamp AT TIME ZONE 'Europe/Berlin' AND o.period_number = e.n GROUP BY 1, 2 ORDER BY 1, 2;
SELECT cohort_start, period_number, period_start, customers, retained, complete FROM footfall.cohort_retention('sealed', '1 month', time_zone => 'Europe/Berlin');
-- A cohort is who came then for the first time; since does not make old customers new, and what follows until counts.
SELECT cohort_start, period_number, customers, retained, complete FROM footfall.cohort_retention('sealed', '4 weeks', since => '2026-03-05', until => '2026-04-05');
SELECT count(*) FROM firsts WHERE first_at >= '2026-03-05' AND first_at < '2026-04-05';
-- until after the last event says that nothing is missing
SELECT bool_and(complete) FROM footfall.cohort_retention('sealed', '4 weeks', until => '2026-06-15');
-- Events of their own: first purchase, and a view after it
SELECT o.cohort_start, o.period_number, o.customers, o.retained, o.retained = e.n AS equal
FROM footfall.cohort_retention('sealed', '1 month', first_event => 'purchase', return_event => 'view') o, LATERAL (
    SELECT count(DISTINCT v.customer_id) AS n FROM active v JOIN (SELECT customer_id, min(ts) AS first_at FROM active WHERE event = 'purchase' GROUP BY 1) f USING (customer_id)
    WHERE v.event = 'view' AND v.ts >= f.first_at AND date_trunc('month', f.first_at) = o.cohort_start AND date_trunc('month', v.ts) = o.period_start) e ORDER BY 1, 2;
SELECT o.period_number, sum(o.retained), sum(e.n) FROM footfall.cohort_retention('hot', '1 month', 'on_or_after', first_event => 'purchase') o, LATERAL (
    SELECT count(DISTINCT v.customer_id) AS n FROM active v JOIN (SELECT customer_id, min(ts) AS first_at FROM active WHERE event = 'purchase' GROUP BY 1) f USING (customer_id)
    WHERE v.ts >= f.first_at AND date_trunc('month', f.first_at) = o.cohort_start AND date_trunc('month', v.ts) >= o.period_start) e GROUP BY 1 ORDER BY 1;

-- By hand: the day has 23 hours, a return before the first event does not count.
CREATE TABLE log (customer_id int, ts timestamptz, event text);
INSERT INTO log VALUES (1, '2026-03-28 10:00', 'view'), (1, '2026-03-28 12:00', 'purchase'), (1, '2026-03-29 21:30', 'view'), (1, '2026-03-29 22:30', 'view'),
    (2, '2026-03-28 13:00', 'purchase'), (2, '2026-03-31 00:00', 'purchase'), (3, '2026-03-30 22:00', 'purchase');
SELECT cohort_start AT TIME ZONE 'Europe/Berlin' AS cohort, period_number AS n, period_start AT TIME ZONE 'Europe/Berlin' AS period, customers, retained, rate, complete
FROM footfall.cohort_retention('log', '1 day', first_event => 'purchase', return_event => 'view', time_zone => 'Europe/Berlin');
SELECT cohort_start, period_number AS n, customers, retained FROM footfall.cohort_retention('log', '24 hours', 'on_or_after');

-- lifecycle
SELECT t, count(*) AS cells, count(*) FILTER (WHERE o.customers = e.customers) AS equal, sum(abs(e.customers)) AS customers FROM unnest('{plain,hot,sealed}'::text[]) t,
    footfall.lifecycle(t, time_zone => 'Europe/Berlin') o, LATERAL (SELECT (o.period_start AT TIME ZONE 'Europe/Berlin')::date AS week) w, LATERAL (
    SELECT CASE state
        WHEN 'new' THEN (SELECT count(*) FROM firsts WHERE first = week)
        WHEN 'returning' THEN (SELECT count(*) FROM firsts f WHERE EXISTS (SELECT FROM active a WHERE a.customer_id = f.customer_id AND a.week = w.week)
            AND EXISTS (SELECT FROM active a WHERE a.customer_id = f.customer_id AND a.week = w.week - 7))
        WHEN 'resurrecting' THEN (SELECT count(*) FROM firsts f WHERE first < w.week - 7 AND EXISTS (SELECT FROM active a WHERE a.customer_id = f.customer_id AND a.week = w.week)
            AND NOT EXISTS (SELECT FROM active a WHERE a.customer_id = f.customer_id AND a.week = w.week - 7))
        WHEN 'dormant' THEN -(SELECT count(*) FROM firsts f WHERE NOT EXISTS (SELECT FROM active a WHERE a.customer_id = f.customer_id AND a.week = w.week)
            AND EXISTS (SELECT FROM active a WHERE a.customer_id = f.customer_id AND a.week = w.week - 7)) END AS customers) e GROUP BY 1 ORDER BY 1;
SELECT * FROM footfall.lifecycle('sealed', '1 month', since => '2026-04-01', until => '2026-06-01');
-- The empty week: all are dormant in it, and it is the period before the next.
SELECT period_start, state, customers FROM footfall.lifecycle('sealed', time_zone => 'Europe/Berlin', since => '2026-03-23', until => '2026-04-01');

-- stickiness
SELECT t, count(*) AS cells, count(*) FILTER (WHERE o.customers = coalesce(e.customers, 0)) AS equal, sum(o.customers) AS customers FROM unnest('{plain,hot,sealed}'::text[]) t
CROSS JOIN LATERAL footfall.stickiness(t, time_zone => 'Europe/Berlin') o LEFT JOIN (
    SELECT month, days, count(*) AS customers FROM (SELECT date_trunc('month', ts AT TIME ZONE 'Europe/Berlin') AS month, customer_id,
        count(DISTINCT (ts AT TIME ZONE 'Europe/Berlin')::date) AS days FROM active GROUP BY 1, 2) x GROUP BY 1, 2) e
    ON o.period_start = e.month AT TIME ZONE 'Europe/Berlin' AND o.active_days = e.days GROUP BY 1 ORDER BY 1;
SELECT period_start, max(active_days) AS days, sum(customers) AS customers, sum(share) AS share, bool_and(complete) AS complete FROM footfall.stickiness('sealed', since => '2026-02-25') GROUP BY 1 ORDER BY 1;
SELECT * FROM footfall.stickiness('log', '1 week', time_zone => 'Europe/Berlin');

-- Nothing there, and mistakes
CREATE TABLE nothing (LIKE plain) USING footfall;
SELECT * FROM footfall.cohort_retention('nothing');
SELECT * FROM footfall.cohort_retention('sealed', since => '2030-01-01');
SELECT * FROM footfall.lifecycle('nothing');
SELECT * FROM footfall.stickiness('nothing');
SELECT * FROM footfall.cohort_retention('plain', '1 day 1 hour');
SELECT * FROM footfall.cohort_retention('plain', mode => 'bracket');
SELECT * FROM footfall.stickiness('plain', '12 hours');

-- A source that answers differently each time is read once: customers add up, whatever the sample has; and a row that does
-- not count, far away, changes nothing.
CREATE VIEW sampled AS SELECT * FROM plain TABLESAMPLE BERNOULLI (30);
SELECT e, count(*) > 0 AS some, bool_and(wrong = 0) AS right FROM generate_series(1, 10) i, unnest(ARRAY['sampled',
    'SELECT * FROM retained.plain TABLESAMPLE BERNOULLI (5)', 'SELECT customer_id, ts, event FROM retained.plain WHERE random() < 0.02',
    'SELECT customer_id, ts + random() * interval ''90 days'' AS ts, event FROM retained.plain LIMIT 100']) e,
    LATERAL (SELECT count(*) AS cells, count(*) FILTER (WHERE retained > customers OR (period_number = 0 AND retained <> customers)) AS wrong
        FROM footfall.cohort_retention(e, '1 week', since => timestamptz '-infinity' + i * interval '0')) r GROUP BY 1 ORDER BY 1;
CREATE TABLE stray AS TABLE plain;
INSERT INTO stray VALUES (NULL, '0001-01-01', 'view'), ('c1', '0200-01-01', 'nothing');
SELECT count(*) AS differences FROM footfall.cohort_retention('stray', '1 week', filter => $$event <> 'nothing'$$) a
    FULL JOIN footfall.cohort_retention('plain', '1 week') b ON a = b WHERE a IS NULL OR b IS NULL;
-- Where a zone left out a day: it is the first of a period of five, and the log's first local time lies in it.
CREATE TABLE apia (customer_id int, ts timestamp, event text);
INSERT INTO apia VALUES (1, '2011-12-31 12:00', 'view'), (1, '2012-01-04 12:00', 'view');
SELECT period_number, customers, retained FROM footfall.cohort_retention('apia', '5 days', time_zone => 'Pacific/Apia');
INSERT INTO apia VALUES (2, '2011-12-30 12:00', 'view'), (2, '2011-12-31 13:00', 'view'), (3, '2011-12-31 00:10', 'view'), (3, '2011-12-31 02:10', 'view');
DELETE FROM apia WHERE ts > '2012-01-01';
SELECT cohort_start, period_number, customers, retained FROM footfall.cohort_retention('apia', '1 hour', time_zone => 'Pacific/Apia') WHERE retained > 0;
-- Patterns of periods: every pair of entry and return, units of all kinds, against the question in plain SQL.
CREATE TABLE long_ago (customer_id int, ts timestamptz, event text);
INSERT INTO long_ago SELECT pick(i, 'customer', 40), '0003-01-01 BC'::timestamptz + make_interval(days => i * 9 + pick(i, 'time', 300)),
    (ARRAY['view', 'cart', 'purchase'])[1 + pick(i, 'event', 3)] FROM generate_series(1, 200) i;
INSERT INTO long_ago VALUES (1, 'infinity', 'view'), (2, '-infinity', 'purchase'), (3, NULL, 'view'), (NULL, '0001-01-01', 'view'), (77, NULL, 'purchase'), (78, 'infinity', 'purchase');
-- Without a zone: an hour that Berlin's clocks left out, and one they had twice.
CREATE TABLE local (customer_id int, ts timestamp, event text);
INSERT INTO local VALUES (1, '2026-03-29 02:45', 'view'), (1, '2026-03-29 03:05', 'purchase'), (2, '2026-03-29 03:01', 'view'), (2, '2026-03-29 04:00', 'view'),
    (3, '2026-03-29 02:59', 'purchase'), (3, '2026-03-29 08:00', 'view'), (4, '2026-03-29 09:00', 'purchase');
CREATE TABLE days (customer_id int, ts date, event text);
INSERT INTO days SELECT pick(i, 'customer', 40), date '2011-12-15' + pick(i, 'time', 30), (ARRAY['view', 'cart', 'purchase'])[1 + pick(i, 'event', 3)] FROM generate_series(1, 200) i;
CREATE FUNCTION plainly(source text, start text, zone text, first_event text, return_event text, since timestamptz, until timestamptz, later bool)
RETURNS TABLE (cohort timestamptz, period timestamptz, retained bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH e AS (SELECT customer_id, ts, event, %2$s AS p FROM (SELECT customer_id, event, ts::timestamp %3$s AS ts FROM %1$s WHERE isfinite(ts) AND customer_id IS NOT NULL) x),
        f AS (SELECT customer_id, min(ts) AS at FROM e WHERE event = coalesce(%4$L, event) GROUP BY 1),
        a AS (SELECT customer_id, (SELECT p FROM e WHERE e.customer_id = f.customer_id AND e.ts = f.at LIMIT 1) AS cohort, at FROM f
            WHERE at >= coalesce(%6$L, '-infinity')::timestamptz AND at < coalesce(%7$L, 'infinity')::timestamptz),
        r AS (SELECT DISTINCT a.customer_id, a.cohort, e.p FROM a JOIN e ON e.customer_id = a.customer_id AND e.ts >= a.at AND e.event = coalesce(%5$L, e.event)),
        l AS (SELECT customer_id, r.cohort, max(p) AS p FROM r GROUP BY 1, 2)
        SELECT r.cohort, r.p, count(*) FROM r WHERE NOT %8$L::bool GROUP BY 1, 2 UNION ALL SELECT l.cohort, l.p, count(*) FROM l WHERE %8$L::bool GROUP BY 1, 2$q$,
        source, start, CASE source WHEN 'local' THEN format('AT TIME ZONE %L', zone) WHEN 'days' THEN format('AT TIME ZONE %L', zone) ELSE 'AT TIME ZONE ''UTC''' END,
        first_event, return_event, since, until, later);
END $$;
CREATE TABLE cases AS SELECT t, period::interval, zone, start, f, b, since, later FROM (VALUES
    ('sealed', '1 week', 'Europe/Berlin', $$date_trunc('week', ts, 'Europe/Berlin')$$), ('hot', '1 month', 'America/New_York', $$date_trunc('month', ts, 'America/New_York')$$),
    ('plain', '3 days', 'Asia/Tokyo', $$date_bin('3 days', ts AT TIME ZONE 'Asia/Tokyo', '2001-01-01') AT TIME ZONE 'Asia/Tokyo'$$),
    ('sealed', '36 hours', 'Asia/Kolkata', $$date_bin('36 hours', ts, '2001-01-01'::timestamp AT TIME ZONE 'Asia/Kolkata')$$),
    ('long_ago', '3 months', 'UTC', $$date_trunc('quarter', ts, 'UTC')$$), ('long_ago', '1 year', 'Africa/Monrovia', $$date_trunc('year', ts, 'Africa/Monrovia')$$),
    ('long_ago', '60 days', 'UTC', $$date_bin('60 days', ts AT TIME ZONE 'UTC', '2001-01-01') AT TIME ZONE 'UTC'$$),
    ('local', '15 minutes', 'Europe/Berlin', $$date_bin('15 minutes', ts, '2001-01-01'::timestamp AT TIME ZONE 'Europe/Berlin')$$),
    ('local', '1 hour', 'UTC', $$date_trunc('hour', ts, 'UTC')$$), ('days', '1 day', 'Pacific/Apia', $$date_trunc('day', ts, 'Pacific/Apia')$$)) v(t, period, zone, start),
    (VALUES (NULL, NULL), ('purchase', NULL), (NULL, 'purchase'), ('purchase', 'purchase'), ('purchase', 'view')) e(f, b), (VALUES (false), (true)) s(since), (VALUES (false), (true)) m(later);
SELECT t, period, zone, count(*) AS questions, sum(expected) AS cells, sum(found) AS equal FROM cases c, LATERAL (SELECT
    CASE WHEN since THEN (SELECT min(cohort) + (max(cohort) - min(cohort)) / 3 FROM plainly(t, start, zone, f, b, NULL, NULL, false)) END AS since,
    CASE WHEN since THEN (SELECT max(cohort) - (max(cohort) - min(cohort)) / 3 FROM plainly(t, start, zone, f, b, NULL, NULL, false)) END AS until) d,
    LATERAL (SELECT count(*) AS expected, count(*) FILTER (WHERE o.retained IS NOT DISTINCT FROM e.retained) AS found
        FROM (SELECT * FROM plainly(t, start, zone, f, b, d.since, d.until, later)) e FULL JOIN (
            SELECT *, retained - CASE WHEN later THEN coalesce(lead(retained) OVER (PARTITION BY cohort_start ORDER BY period_number), 0) ELSE 0 END AS last
            FROM footfall.cohort_retention(t, period, CASE WHEN later THEN 'on_or_after' ELSE 'on' END, f, b, d.since, d.until, zone)) r
        ON r.cohort_start = e.cohort AND r.period_start = e.period
        CROSS JOIN LATERAL (SELECT r.last AS retained) o WHERE e.cohort IS NOT NULL OR o.retained <> 0) x
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- Periods from each customer's entry on: 24 hours less a moment are period 0, and who has not yet lived through a period does not count in it.
CREATE TABLE rolls (customer_id int, ts timestamptz, event text);
INSERT INTO rolls VALUES (1, '2026-01-01 20:00', 'view'), (1, '2026-01-02 19:59:59.999999', 'cart'), (1, '2026-01-02 20:00', 'view'),
    (2, '2026-01-01 08:00', 'view'), (2, '2026-01-04 07:59:59', 'cart'), (3, '2026-01-03 12:00', 'view'), (3, '2026-01-04 12:00', 'purchase'),
    (NULL, '2026-01-01', 'view'), (4, NULL, 'view'), (5, '-infinity', 'view'), (2, 'infinity', 'view');
SELECT * FROM footfall.cohort_retention('rolls', '1 day', 'rolling');
SELECT * FROM footfall.cohort_retention('rolls', '1 day', 'rolling_or_after');
SELECT * FROM footfall.cohort_retention('rolls', '24 hours', 'rolling', return_event => 'cart', until => '2026-01-02');
SELECT * FROM footfall.cohort_retention('rolls', '1 day', 'rolling', first_event => 'purchase');
SELECT * FROM footfall.cohort_retention('rolls', '1 day', 'rolling', first_event => 'nothing');
SELECT * FROM footfall.cohort_retention('SELECT * FROM rolls WHERE false', '1 day', 'rolling');
SELECT * FROM footfall.cohort_retention('rolls', '1 month', 'rolling');
-- The same in plain SQL
SELECT t, mode, count(*) AS cells, count(*) FILTER (WHERE r.customers = o.customers AND r.retained = o.retained AND r.complete = (o.customers = o.everybody)) AS equal
FROM unnest('{plain,hot,sealed}'::text[]) t, unnest('{rolling,rolling_or_after}'::text[]) mode,
    LATERAL footfall.cohort_retention(t, '7 days', mode, 'view', 'purchase', time_zone => 'Asia/Tokyo') r,
    LATERAL (SELECT count(*) AS everybody, count(*) FILTER (WHERE lived > r.period_number) AS customers, count(*) FILTER (WHERE lived > r.period_number AND
            EXISTS (SELECT FROM plain b WHERE b.customer_id = e.customer_id AND b.event = 'purchase' AND isfinite(b.ts) AND b.ts >= e.at + r.period_number * interval '168 hours'
                AND (mode = 'rolling_or_after' OR b.ts < e.at + (r.period_number + 1) * interval '168 hours'))) AS retained
        FROM (SELECT customer_id, min(ts) AS at, floor(extract(epoch FROM (SELECT max(ts) FROM plain WHERE isfinite(ts)) - min(ts)) / 604800) AS lived
            FROM plain WHERE event = 'view' AND isfinite(ts) AND customer_id IS NOT NULL GROUP BY 1) e
        WHERE date_trunc('week', at, 'Asia/Tokyo') = r.cohort_start) o GROUP BY 1, 2 ORDER BY 1, 2;
