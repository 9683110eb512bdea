-- Partitions over changes of the clocks and ends of months, in every kind of time zone: no gap, no overlap, each row in the
-- partition that its time says. The bounds are compared with what counting minutes gives, not with what made them.
CREATE SCHEMA calendar;
SET search_path = calendar;
SET timezone = 'UTC';
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';

-- When each day begins for good: clocks that are set back over midnight show a day before that.
CREATE FUNCTION days_of(zone text, first timestamptz, last timestamptz) RETURNS TABLE (day date, lower timestamptz) LANGUAGE sql AS $$
SELECT local, max(minute) FROM (
    SELECT minute, (minute AT TIME ZONE zone)::date AS local, lag((minute AT TIME ZONE zone)::date) OVER (ORDER BY minute) AS former
    FROM generate_series(first, last, interval '1 minute') minute) m
WHERE former < local GROUP BY local
$$;
CREATE FUNCTION months_of(zone text, first timestamptz, last timestamptz) RETURNS TABLE (day date, lower timestamptz) LANGUAGE sql AS $$
SELECT * FROM calendar.days_of(zone, first, last) WHERE extract(day FROM day) = 1
$$;
-- Hours are of the clock that is never set.
CREATE FUNCTION hours_of(first timestamptz, last timestamptz) RETURNS TABLE (lower timestamptz) LANGUAGE sql AS $$
SELECT h FROM generate_series(date_trunc('hour', first), last, interval '1 hour') h
$$;
CREATE FUNCTION bounds_of(t regclass, OUT partition regclass, OUT lower timestamptz, OUT upper timestamptz) RETURNS SETOF record LANGUAGE sql AS $$
SELECT c.oid::regclass, b[1]::timestamptz, b[2]::timestamptz
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid, regexp_match(pg_get_expr(relpartbound, c.oid), $r$FROM \('(.*)'\) TO \('(.*)'\)$r$) b
WHERE inhparent = t AND b IS NOT NULL AND b[1]::timestamptz < '2024-01-01'
$$;

-- Changes of the clocks: in the night; at midnight, which is left out or comes twice; over midnight, one minute after it; by half
-- an hour; a day that is left out; and none, at a leap day and at the end of a year.
CREATE TABLE changes (number int, zone text, change timestamptz);
INSERT INTO changes VALUES
    (1, 'Europe/Berlin', '2019-03-31 01:00+00'), (2, 'Europe/Berlin', '2019-10-27 01:00+00'),
    (3, 'America/Sao_Paulo', '2018-11-04 03:00+00'), (4, 'America/Sao_Paulo', '2019-02-17 02:00+00'),
    (5, 'America/St_Johns', '2010-11-07 02:31+00'), (6, 'Australia/Lord_Howe', '2019-04-06 15:00+00'),
    (7, 'Pacific/Apia', '2011-12-30 10:00+00'), (8, 'Asia/Kathmandu', '2020-02-29 18:15+00'), (9, 'UTC', '2020-01-01 00:00+00');
CREATE TABLE tables AS
SELECT row_number() OVER (ORDER BY number, width, session) AS id, c.*, width, session
FROM changes c, unnest(ARRAY['1 hour', '1 day', '1 month']) width, unnest(ARRAY['UTC', 'Pacific/Auckland']) session;
-- Rows about the change, to the microsecond at what may be a bound; months need some more.
CREATE TABLE twin (id bigint, ts timestamptz, n int);
INSERT INTO twin
SELECT id, ts, row_number() OVER (PARTITION BY id ORDER BY ts) FROM tables, LATERAL (
    SELECT change + i * interval '13 minutes' FROM generate_series(-170, 170) i
    UNION SELECT change + i * interval '30 minutes' - j * interval '1 microsecond' FROM generate_series(-74, 74) i, generate_series(0, 1) j
    UNION SELECT change + i * interval '11 days 7 hours' FROM generate_series(-12, 12) i WHERE width = '1 month') x(ts);

-- The jobs run in sessions of different time zones, before, at and after the change, with rows that are there already (strays)
-- and rows that come between.
\set ECHO none
\o /dev/null
SELECT format('SET timezone = %L', session),
    format('CREATE TABLE t%s (ts timestamptz NOT NULL, n int) PARTITION BY RANGE (ts)', id),
    format('SELECT footfall.configure(%L, time_column => ''ts'', partition_interval => %L, premake => 2, time_zone => %L)', 't' || id, width, zone),
    format('INSERT INTO t%s SELECT ts, n FROM twin WHERE id = %1$s AND n %% 2 = 0', id),
    format('CALL footfall.run_jobs(%L, as_of => %L)', 't' || id, change - interval '1 day'),
    format('CALL footfall.run_jobs(%L, as_of => %L)', 't' || id, change - interval '1 microsecond'),
    format('INSERT INTO t%s SELECT ts, n FROM twin WHERE id = %1$s AND n %% 2 = 1', id),
    format('CALL footfall.run_jobs(%L, as_of => %L)', 't' || id, change),
    format('CALL footfall.run_jobs(%L, as_of => %L)', 't' || id, change + interval '59 minutes'),
    format('CALL footfall.run_jobs(%L, as_of => %L)', 't' || id, change + interval '1 day')
FROM tables ORDER BY id \gexec
\o
\set ECHO all
SET timezone = 'UTC';

CREATE TABLE bounds (id bigint, partition regclass, lower timestamptz, upper timestamptz);
CREATE TABLE found (id bigint, partition regclass, ts timestamptz, n int);
\set ECHO none
SELECT format('INSERT INTO bounds SELECT %s, * FROM bounds_of(%L)', id, 't' || id), format('INSERT INTO found SELECT %s, tableoid, ts, n FROM t%1$s', id)
FROM tables ORDER BY id \gexec
\set ECHO all

-- Every table has some; no gap and no overlap.
SELECT width, min(count) >= 4 AS some, sum(gaps) AS gaps FROM (
    SELECT id, count(*), count(*) FILTER (WHERE former <> lower) AS gaps
    FROM (SELECT *, lag(upper) OVER (PARTITION BY id ORDER BY lower) AS former FROM bounds) b GROUP BY id) g
JOIN tables USING (id) GROUP BY width ORDER BY width;
-- The bounds are those of the calendar.
CREATE TABLE span AS SELECT id, min(lower) AS first, max(lower) AS last FROM bounds GROUP BY id;
CREATE TABLE expected AS
SELECT DISTINCT id, lower FROM tables JOIN span USING (id), LATERAL (
    SELECT d.lower FROM days_of(zone, first - interval '1 hour', last) d WHERE width = '1 day'
    UNION ALL SELECT d.lower FROM months_of(zone, first - interval '1 hour', last) d WHERE width = '1 month'
    UNION ALL SELECT h.lower FROM hours_of(first, last) h WHERE width = '1 hour') x;
SELECT zone, width, lower, what FROM tables JOIN (
    SELECT id, lower, 'not made' AS what FROM (SELECT id, lower FROM expected EXCEPT SELECT id, lower FROM bounds) x
    UNION ALL SELECT id, lower, 'made' FROM (SELECT id, lower FROM bounds EXCEPT SELECT id, lower FROM expected) x) y USING (id) ORDER BY 1, 2, 3;
-- Whatever the session's time zone, under the same names.
SELECT count(*) > 400 AS many, count(*) FILTER (WHERE a.names IS DISTINCT FROM b.names) AS differ FROM (
    SELECT number, width, lower, regexp_replace(partition::text, '^t\d+', '') AS names FROM bounds JOIN tables USING (id) WHERE session = 'UTC') a
FULL JOIN (
    SELECT number, width, lower, regexp_replace(partition::text, '^t\d+', '') AS names FROM bounds JOIN tables USING (id) WHERE session <> 'UTC') b
USING (number, width, lower);
-- Each row is where its time says, once, and no stray is left.
SELECT count(*) FROM (TABLE twin EXCEPT ALL SELECT id, ts, n FROM found) x;
SELECT count(*) FROM (SELECT id, ts, n FROM found EXCEPT ALL TABLE twin) x;
SELECT count(*) FROM found f LEFT JOIN bounds b USING (id, partition) WHERE b.id IS NULL OR f.ts < b.lower OR f.ts >= b.upper;
-- A query for one moment finds it, and asks one partition.
CREATE FUNCTION look_up(t text, moment timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    found int;
BEGIN
    EXECUTE format('SELECT n FROM calendar.%I WHERE ts = $1', t) USING moment INTO STRICT found;
    RETURN found;
END
$$;
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE n <> look_up('t' || id, ts)) AS wrong FROM twin WHERE id % 6 IN (0, 1, 4);
-- Two are ready ahead: what comes next is no stray.
SELECT count(*) AS tables, count(*) FILTER (WHERE ahead < 2) AS not_ready FROM (
    SELECT id, (SELECT count(*) FROM bounds b WHERE b.id = t.id AND b.lower > change + interval '1 day') AS ahead FROM tables t) x;
SELECT bool_and(clean) FROM (SELECT "check".verified(('t' || id)::regclass) AS clean FROM tables) x;

-- A row by itself, just before the change: nothing else makes the partition that it belongs to.
CREATE TABLE lonely (number int, partition regclass, ts timestamptz);
\set ECHO none
\o /dev/null
SELECT format('CREATE TABLE alone%s (ts timestamptz NOT NULL) PARTITION BY RANGE (ts)', number),
    format('SELECT footfall.configure(%L, time_column => ''ts'', partition_interval => ''1 day'', premake => 0, time_zone => %L)', 'alone' || number, zone),
    format('INSERT INTO alone%s VALUES (%L)', number, change - interval '1 microsecond'),
    format('CALL footfall.run_jobs(%L, as_of => %L)', 'alone' || number, change + interval '100 days')
FROM changes ORDER BY number \gexec
\o
SELECT format('INSERT INTO lonely SELECT %s, a.tableoid::regclass, ts FROM alone%1$s a', number) FROM changes ORDER BY number \gexec
\set ECHO all
SELECT zone, partition, ts FROM lonely JOIN changes USING (number) ORDER BY number;

-- Columns without a time zone take the wall clock's hour twice, or not at all, in one partition.
CREATE TABLE wall (ts timestamp NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('wall', time_column => 'ts', partition_interval => '1 hour', premake => 2, time_zone => 'Europe/Berlin');
CALL footfall.run_jobs('wall', as_of => '2019-03-31 00:30+00');
CALL footfall.run_jobs('wall', as_of => '2019-10-27 00:30+00');
CALL footfall.run_jobs('wall', as_of => '2019-10-27 01:30+00');
SELECT partition, lower, upper FROM bounds_of('wall') ORDER BY lower;
INSERT INTO wall VALUES ('2019-03-31 02:30'), ('2019-10-27 02:30'), ('2019-10-27 02:30');
SELECT tableoid::regclass, count(*) FROM wall GROUP BY 1 ORDER BY 1;

DROP SCHEMA calendar CASCADE;
