-- Jobs: CALL footfall.run_jobs and footfall.retain, what they record, who may see and do what.
CREATE SCHEMA jobs;
SET search_path = jobs;
CREATE ROLE jobs_owner;
CREATE ROLE jobs_other;
GRANT ALL ON SCHEMA jobs TO jobs_owner, jobs_other;
SET ROLE jobs_owner;

CREATE TABLE events (ts timestamptz NOT NULL, customer int, v text) PARTITION BY RANGE (ts);
SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer', partition_interval => '1 day',
    premake => 1, seal_after => '2 hours', compact_after => '1 day', retain => '10 days');
INSERT INTO events SELECT '2019-06-01 00:00+00'::timestamptz + i * interval '10 minutes', i % 50, 'v' || i FROM generate_series(0, 144 * 4) i;

-- Rows of the fifth day are younger than two hours and stay hot; days one to three have been over for a day.
CALL footfall.run_jobs('events', as_of => '2019-06-05 01:00+00');
SELECT relation, hot_rows, sealed_rows, segments FROM footfall.storage('events') WHERE relation::text LIKE '%p2019%' ORDER BY relation::text;
SELECT relation, level, count(*) FROM footfall.segments WHERE relation::text LIKE '%events_p2019%' GROUP BY 1, 2 ORDER BY relation::text, 2;
SELECT job, rows, attempt, done, error, duration >= '0' AS took, bytes >= 0 AS bytes FROM footfall.job_history ORDER BY started;
SELECT job, state, pid, attempts, error, last_finished >= last_started AS ended, next_start > last_started AS later FROM footfall.jobs ORDER BY job;
-- What has run is not due; naming the table runs it nevertheless.
CALL footfall.run_jobs(as_of => '2019-06-05 01:00+00');
SELECT count(*) FROM footfall.job_history;
CALL footfall.run_jobs('events', as_of => '2019-06-05 01:00+00');
SELECT job, rows, done FROM footfall.job_history ORDER BY started OFFSET 4;
-- Rows deleted later make a compacted partition worth another compaction.
DELETE FROM events WHERE ts < '2019-06-02 00:00+00' AND customer % 2 = 0;
CALL footfall.run_jobs('events', as_of => '2019-06-05 01:00+00');
SELECT segment > 0 AS another, rows, deleted_rows, level FROM footfall.segments WHERE relation = 'events_p2019_06_01'::regclass;

-- Retain: by the calendar; the same again does nothing.
SELECT count(*), min(ts) FROM events;
CALL footfall.retain('events', as_of => '2019-06-12 23:59+00');
SELECT count(*), min(ts) FROM events;
CALL footfall.retain('events', as_of => '2019-06-13 00:00+00');
SELECT count(*), min(ts) FROM events;
-- Strays that are too old go as well, and no partition is made for them.
INSERT INTO events VALUES ('2018-01-01 00:00+00', 1, 'old'), ('infinity', 1, 'never');
CALL footfall.run_jobs('events', as_of => '2019-06-13 00:00+00');
SELECT count(*) FILTER (WHERE v = 'old'), count(*) FILTER (WHERE v = 'never') FROM events;
SELECT count(*) FROM pg_class WHERE relname LIKE 'events_p2018%';
-- The word of a clock is not enough to drop all there is.
DELETE FROM events WHERE v = 'never';
CALL footfall.retain('events', as_of => '2091-01-01 00:00+00');
SELECT count(*), min(ts) FROM events;
SELECT job, state, attempts, error FROM footfall.jobs WHERE job = 'retain';
SELECT sqlstate, error, attempt FROM footfall.job_history WHERE error IS NOT NULL;
CALL footfall.run_jobs('events', as_of => '2019-06-13 00:00+00');
SELECT job, state, attempts, error FROM footfall.jobs WHERE job = 'retain';
-- A view on a partition keeps it; the others go, the error is told.
CREATE VIEW kept AS SELECT * FROM events_p2019_06_03;
\set VERBOSITY terse
CALL footfall.retain('events', as_of => '2019-06-15 00:00+00');
\set VERBOSITY default
SELECT min(ts) FROM events;
SELECT done, error FROM footfall.job_history WHERE job = 'retain' ORDER BY started DESC LIMIT 1;
DROP VIEW kept;

-- Not in a transaction block, not for nothing, not with nonsense.
BEGIN;
CALL footfall.run_jobs();
ROLLBACK;
CREATE TABLE plain (ts timestamptz, v int) USING footfall;
CALL footfall.retain('plain');
CALL footfall.retain(NULL);
CALL footfall.run_jobs('plain', as_of => 'infinity');
CALL footfall.run_jobs(0);
-- A table that is not partitioned is sealed.
SELECT footfall.configure('plain', time_column => 'ts', seal_after => '1 hour');
INSERT INTO plain VALUES ('2019-01-01 00:00+00', 1), ('2019-01-01 03:00+00', 2), (NULL, 3);
CALL footfall.run_jobs('plain', as_of => '2019-01-01 03:30+00');
SELECT hot_rows, sealed_rows FROM footfall.storage('plain');

-- In a session that is serializable by default.
SET default_transaction_isolation = serializable;
INSERT INTO plain VALUES ('2019-01-01 00:00+00', 4);
CALL footfall.run_jobs('plain', as_of => '2019-01-01 03:30+00');
RESET default_transaction_isolation;
SELECT hot_rows, sealed_rows FROM footfall.storage('plain');

-- Others see and do nothing.
SET ROLE jobs_other;
SELECT count(*) FROM footfall.jobs;
SELECT count(*) FROM footfall.job_history;
SELECT * FROM footfall.job;
SELECT * FROM footfall.job_run;
CALL footfall.run_jobs('jobs.events');
CALL footfall.retain('jobs.events');
CALL footfall.run_jobs();
RESET ROLE;
SET default_transaction_read_only = on;
CALL footfall.run_jobs();
RESET default_transaction_read_only;

SET client_min_messages = warning;
DROP SCHEMA jobs CASCADE;
-- What was remembered goes with the table.
SELECT count(*) FROM footfall.job;
SELECT count(*) FROM footfall.job_run;
DROP ROLE jobs_owner, jobs_other;
