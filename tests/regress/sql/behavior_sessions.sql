-- session_agg with its accessors and rollup, sessionize.
CREATE SCHEMA sessions;
SET search_path = sessions, footfall;
SET timezone = 'UTC';

CREATE TABLE log (customer int, ts timestamptz, n int) WITH (parallel_workers = 4);
INSERT INTO log VALUES (1, '2026-01-01 10:00', 1), (1, '2026-01-01 10:30', 2), (1, '2026-01-01 11:00:00.000001', 3),
    (2, '2026-01-01 10:00', 4), (2, '2026-01-01 10:00', 5), (2, NULL, 6), (3, NULL, 7);
SELECT customer, session_agg(ts, '30 minutes') AS s, session_count(session_agg(ts, '30 minutes')),
    events_per_session(session_agg(ts, '30 minutes')), avg_duration(session_agg(ts, '30 minutes'))
FROM log GROUP BY customer ORDER BY customer;
SELECT session_count(s), events_per_session(s), avg_duration(s) FROM (
    SELECT rollup(s) AS s FROM (SELECT session_agg(ts, '30 minutes') AS s FROM log GROUP BY customer) x) y;
SELECT session_agg(ts, '0') FROM log WHERE customer = 2;
SELECT session_agg(ts, '30 minutes'), rollup(NULL::session_summary) FROM log WHERE false;

SELECT n, ts, sessionize(ts, '30 minutes') OVER (PARTITION BY customer ORDER BY ts) AS rising,
    sessionize(ts, '30 minutes') OVER (PARTITION BY customer ORDER BY ts DESC NULLS LAST) AS falling
FROM log ORDER BY n;

-- Refused
\set VERBOSITY terse
SELECT sessionize(ts, '30 minutes') OVER (ORDER BY n) FROM log;
SELECT sessionize(ts, make_interval(mins => n)) OVER (PARTITION BY customer ORDER BY ts) FROM log;
SELECT sessionize(ts, NULL) OVER (ORDER BY ts) FROM log;
SELECT sessionize(ts, '1 month') OVER (ORDER BY ts) FROM log;
SELECT session_agg(ts, make_interval(mins => n)) FROM log;
SELECT session_agg(ts, NULL) FROM log;
SELECT session_agg(ts, '-1 s') FROM log;
\set VERBOSITY default

-- A summary is a value: it can be kept in a table.
CREATE TABLE kept AS SELECT customer, session_agg(ts, '30 minutes') AS s FROM log GROUP BY customer;
SELECT session_count(rollup(s)) FROM kept;

-- Equal to plain SQL, serial and parallel, and to sessionize.
TRUNCATE log;
INSERT INTO log SELECT i % 1000, '2026-01-01'::timestamptz + make_interval(mins => (i * 7919) % 30000), i FROM generate_series(1, 40000) i;
CREATE VIEW plain AS SELECT customer, count(*) FILTER (WHERE previous IS NULL OR ts - previous > '30 minutes') AS sessions, count(*) AS events
    FROM (SELECT customer, ts, lag(ts) OVER (PARTITION BY customer ORDER BY ts) AS previous FROM log) x GROUP BY customer;
CREATE VIEW summarised AS SELECT customer, (s).sessions, (s).events FROM (
    SELECT customer, session_agg(ts, '30 minutes') AS s FROM log GROUP BY customer) x;
SET max_parallel_workers_per_gather = 0;
SELECT * FROM "check".differences('plain', 'summarised');
SET max_parallel_workers_per_gather = 4;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM "check".differences('plain', 'summarised');
CREATE VIEW numbered AS SELECT customer, max(session) AS sessions, count(*) AS events FROM (
    SELECT customer, sessionize(ts, '30 minutes') OVER (PARTITION BY customer ORDER BY ts) AS session FROM log) x GROUP BY customer;
SELECT * FROM "check".differences('plain', 'numbered');
SELECT (rollup(s)).sessions = (SELECT sum(sessions) FROM plain) AS equal FROM (SELECT session_agg(ts, '30 minutes') AS s FROM log GROUP BY customer) x;
