-- user_flows and sessions, against the same questions asked with window functions.
CREATE SCHEMA flows;
SET search_path = flows, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE plain (customer_id int, ts timestamptz, event text);
CREATE FUNCTION pick(i int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(i || what), 7))::bit(28)::int % n $$;
INSERT INTO plain SELECT pick(i, 'customer', 97), '2026-05-01'::timestamptz + make_interval(mins => pick(i, 'time', 5003) * 5),
    (ARRAY['view', 'search', 'cart', 'purchase', 'view', NULL])[1 + pick(i, 'event', 6)] FROM generate_series(1, 4000) i;
INSERT INTO plain VALUES (NULL, '2026-05-01', 'view'), (1, NULL, 'view'), (2, '-infinity', 'view'), (2, 'infinity', 'cart');
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
SELECT footfall.configure(t::regclass, time_column => 'ts', customer_column => 'customer_id', event_column => 'event') FROM unnest('{hot,sealed}'::text[]) t;
INSERT INTO hot TABLE plain;
INSERT INTO sealed TABLE plain;
CALL footfall.seal('sealed');
CALL footfall.compact('sealed');

CREATE FUNCTION expected(steps int, since timestamptz, until timestamptz) RETURNS TABLE (step int, source text, target text, customers bigint) LANGUAGE sql AS $$
    SELECT n::int, event, next, count(*) FROM (
        SELECT event, lead(event) OVER w AS next, row_number() OVER w AS n, min(ts) OVER (PARTITION BY customer_id) AS entered FROM plain
        WHERE customer_id IS NOT NULL AND isfinite(ts) AND event IS NOT NULL AND ts >= since
        WINDOW w AS (PARTITION BY customer_id ORDER BY ts, event COLLATE "C")) x WHERE n <= steps AND entered < until GROUP BY 1, 2, 3
$$;
SELECT t, n, since, until, (SELECT count(*) FROM footfall.user_flows(t, n, since => d.since, until => d.until)) AS rows,
    (SELECT count(*) FROM (SELECT * FROM footfall.user_flows(t, n, since => d.since, until => d.until)
        EXCEPT ALL SELECT * FROM expected(n, d.since, d.until)) x) AS only_report,
    (SELECT count(*) FROM (SELECT * FROM expected(n, d.since, d.until) EXCEPT ALL SELECT * FROM footfall.user_flows(t, n, since => d.since, until => d.until)) x) AS only_expected
FROM unnest('{plain,hot,sealed}'::text[]) t, unnest('{1,4}'::int[]) n, (VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz), ('2026-05-10', '2026-05-10 20:00')) d(since, until)
ORDER BY 1, 2, 3;
-- From an event on
WITH entered AS (SELECT customer_id, min(ts) AS at FROM plain WHERE event = 'cart' AND isfinite(ts) GROUP BY 1),
paths AS (SELECT array_agg(event ORDER BY ts, event <> 'cart', event COLLATE "C") AS path FROM plain JOIN entered USING (customer_id)
    WHERE ts >= at AND isfinite(ts) AND event IS NOT NULL GROUP BY customer_id),
other AS (SELECT s, path[s], path[s + 1], count(*) FROM paths, generate_series(1, least(3, cardinality(path))) s GROUP BY 1, 2, 3)
SELECT (SELECT count(*) FROM (SELECT * FROM footfall.user_flows('sealed', 3, 'cart') EXCEPT ALL TABLE other) x) AS only_report,
    (SELECT count(*) FROM (TABLE other EXCEPT ALL SELECT * FROM footfall.user_flows('sealed', 3, 'cart')) x) AS only_expected;
CREATE TABLE log (customer_id text, ts timestamptz, event text);
INSERT INTO log VALUES ('a', '2026-01-01 10:00', 'cart'), ('a', '2026-01-01 10:00', 'view'), ('a', '2026-01-01 10:31', 'purchase'),
    ('b', '2026-01-01 09:00', 'view'), ('b', '2026-01-01 09:30', 'view'), ('b', '2026-01-01 10:00:00.000001', 'view'), ('b', '2026-01-02', NULL);
SELECT * FROM footfall.user_flows('log');
SELECT * FROM footfall.user_flows('log', 2, 'view');
SELECT * FROM footfall.user_flows('log', 2, 'view', since => '2026-01-01 09:10', until => '2026-01-01 10:00');
SELECT * FROM footfall.user_flows('log', 2, 'nothing');

-- sessions
CREATE VIEW cut AS SELECT *, sum(CASE WHEN ts - before <= interval '2 hours' THEN 0 ELSE 1 END) OVER (PARTITION BY customer_id ORDER BY ts) AS n
    FROM (SELECT *, lag(ts) OVER (PARTITION BY customer_id ORDER BY ts) AS before FROM plain WHERE customer_id IS NOT NULL AND isfinite(ts)) x;
CREATE VIEW expected_sessions AS SELECT customer_id::text, n AS session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
    (array_agg(event ORDER BY ts, event COLLATE "C"))[1] AS entry, (array_agg(event ORDER BY ts DESC, event COLLATE "C" DESC))[1] AS exit,
    coalesce(bool_or(event = 'purchase'), false) AS converted FROM cut GROUP BY customer_id, n;
SELECT t, (SELECT count(*) FROM footfall.sessions(t, '2 hours')) AS sessions,
    (SELECT count(*) FROM (SELECT * FROM footfall.sessions(t, '2 hours') EXCEPT ALL TABLE expected_sessions) x) AS only_report,
    (SELECT count(*) FROM (TABLE expected_sessions EXCEPT ALL SELECT * FROM footfall.sessions(t, '2 hours')) x) AS only_expected
FROM unnest('{plain,hot,sealed}'::text[]) t;
-- Dates choose by the start, and cut nothing.
SELECT count(*) > 0 AS some FROM footfall.sessions('sealed', '2 hours', since => '2026-05-03 11:00', until => '2026-05-03 13:00');
SELECT count(*) AS differences FROM (SELECT * FROM footfall.sessions('sealed', '2 hours', since => '2026-05-03 11:00', until => '2026-05-03 13:00') EXCEPT ALL
    SELECT * FROM expected_sessions WHERE started_at >= '2026-05-03 11:00' AND started_at < '2026-05-03 13:00') x;
SELECT * FROM footfall.sessions('log');
SELECT * FROM footfall.sessions('log', '0', purchase => 'event = ''cart''', filter => 'customer_id = ''a''');
SELECT * FROM footfall.sessions('SELECT customer_id, ts FROM log');
SELECT * FROM footfall.sessions('SELECT * FROM log WHERE false');
-- More cuts: at midnight of a zone, and where another campaign begins.
CREATE VIEW cut_at_midnight AS SELECT *, sum(CASE WHEN ts - before <= interval '2 hours' AND (ts AT TIME ZONE 'Asia/Kolkata')::date =
    (before AT TIME ZONE 'Asia/Kolkata')::date THEN 0 ELSE 1 END) OVER (PARTITION BY customer_id ORDER BY ts) AS n
    FROM (SELECT *, lag(ts) OVER (PARTITION BY customer_id ORDER BY ts) AS before FROM plain WHERE customer_id IS NOT NULL AND isfinite(ts)) x;
CREATE VIEW expected_days AS SELECT customer_id::text, n AS session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
    (array_agg(event ORDER BY ts, event COLLATE "C"))[1] AS entry, (array_agg(event ORDER BY ts DESC, event COLLATE "C" DESC))[1] AS exit,
    coalesce(bool_or(event = 'purchase'), false) AS converted FROM cut_at_midnight GROUP BY customer_id, n;
SELECT t, (SELECT count(*) FROM expected_days) > (SELECT count(*) FROM expected_sessions) AS more,
    (SELECT count(*) FROM (SELECT * FROM footfall.sessions(t, '2 hours', split => '{midnight}', time_zone => 'Asia/Kolkata') EXCEPT ALL TABLE expected_days) x) AS only_report,
    (SELECT count(*) FROM (TABLE expected_days EXCEPT ALL SELECT * FROM footfall.sessions(t, '2 hours', split => '{midnight}', time_zone => 'Asia/Kolkata')) x) AS only_expected
FROM unnest('{plain,sealed}'::text[]) t;
CREATE TABLE visits (customer_id text, ts timestamptz, event text, campaign text);
INSERT INTO visits VALUES ('a', '2026-01-01 10:00', 'view', NULL), ('a', '2026-01-01 10:05', 'view', 'x'), ('a', '2026-01-01 10:10', 'view', NULL),
    ('a', '2026-01-01 10:15', 'cart', 'x'), ('a', '2026-01-01 10:20', 'view', 'y'), ('a', '2026-01-01 10:20', 'view', 'y'),
    ('a', '2026-01-01 23:50', 'view', NULL), ('a', '2026-01-02 00:10', 'view', 'y'), ('a', '2026-01-02 00:15', 'purchase', 'x'),
    ('b', '2026-01-02 00:00', 'view', 'x'), ('b', '2026-01-02 00:00', 'view', 'y');
SELECT * FROM footfall.sessions('visits', split => '{campaign}');
SELECT * FROM footfall.sessions('visits', split => '{midnight,campaign}', since => '2026-01-01 12:00');
SELECT count(*) AS differences FROM (SELECT * FROM footfall.sessions('visits', split => '{}') EXCEPT ALL SELECT * FROM footfall.sessions('visits')) x;
-- Mistakes
SELECT * FROM footfall.sessions('visits', split => '{noon}');
SELECT * FROM footfall.sessions('visits', split => '{NULL}');
SELECT * FROM footfall.sessions('log', split => '{campaign}');
SELECT * FROM footfall.sessions('log', NULL);
SELECT * FROM footfall.sessions('log', '1 month');
SELECT * FROM footfall.sessions('log', purchase => 'event');
SELECT * FROM footfall.user_flows('log', 0);
SELECT * FROM footfall.user_flows('SELECT ts, customer_id FROM log');
