-- What the jobs of managed tables must not do: drop all there is, lose rows to a constraint, break a key.
CREATE SCHEMA guards;
SET search_path = guards;
SET timezone = 'UTC';

-- A clock that jumped costs nothing: an expired stray does not stay, so it is no reason to drop the rest.
CREATE TABLE clock (ts timestamptz, v int) PARTITION BY RANGE (ts);
SELECT footfall.configure('clock', time_column => 'ts', partition_interval => '1 day', premake => 0, retain => '10 days');
INSERT INTO clock VALUES ('2019-06-01 12:00+00', 1), ('2019-06-02 12:00+00', 2);
CALL footfall.run_jobs('clock', as_of => '2019-06-02 12:00+00');
INSERT INTO clock VALUES ('1990-01-01 00:00+00', 3);
CALL footfall.retain('clock', as_of => '2091-01-01 00:00+00');
SELECT tableoid::regclass, ts, v FROM clock ORDER BY v;
-- Nor are strays dropped where they are all there is.
CREATE TABLE clock_strays (ts timestamptz, v int) PARTITION BY RANGE (ts);
SELECT footfall.configure('clock_strays', time_column => 'ts', partition_interval => '1 day', premake => 0, retain => '10 days');
INSERT INTO clock_strays VALUES ('2019-06-01 12:00+00', 1);
CALL footfall.retain('clock_strays', as_of => '2091-01-01 00:00+00');
SELECT tableoid::regclass, ts, v FROM clock_strays ORDER BY v;
-- What has no time, or none in the calendar, stays: then the rest may go.
INSERT INTO clock_strays VALUES (NULL, 2);
CALL footfall.retain('clock_strays', as_of => '2091-01-01 00:00+00');
SELECT ts, v FROM clock_strays ORDER BY v;
INSERT INTO clock VALUES ('infinity', 4);
CALL footfall.retain('clock', as_of => '2091-01-01 00:00+00');
SELECT ts, v FROM clock ORDER BY v;
-- An expired stray goes while a partition stays; an empty table has nothing to lose.
CREATE TABLE plain_course (ts timestamptz, v int) PARTITION BY RANGE (ts);
SELECT footfall.configure('plain_course', time_column => 'ts', partition_interval => '1 day', premake => 0, retain => '10 days');
CALL footfall.retain('plain_course', as_of => '2091-01-01 00:00+00');
INSERT INTO plain_course VALUES ('2019-06-20 12:00+00', 1);
CALL footfall.run_jobs('plain_course', as_of => '2019-06-20 12:00+00');
INSERT INTO plain_course VALUES ('2018-01-01 00:00+00', 2);
CALL footfall.retain('plain_course', as_of => '2019-06-20 12:00+00');
SELECT v FROM plain_course ORDER BY v;

-- A constraint that old rows violate is valid for a new partition: such a row is not moved there, where it could not be
-- found, and nothing of its day is. Other days are.
CREATE TABLE priced (ts timestamptz NOT NULL, price int, label text) PARTITION BY RANGE (ts);
CREATE TABLE priced_rest (label text, price int, ts timestamptz NOT NULL) USING footfall;
ALTER TABLE priced ATTACH PARTITION priced_rest DEFAULT;
INSERT INTO priced VALUES ('2019-01-01 10:00+00', 5, 'a'), ('2019-01-01 11:00+00', -5, 'b'), ('2019-01-02 11:00+00', 6, 'c');
ALTER TABLE priced ADD CONSTRAINT price_positive CHECK (price >= 0) NOT VALID;
SELECT footfall.configure('priced', time_column => 'ts', partition_interval => '1 day', premake => 0);
CALL footfall.run_jobs('priced', as_of => '2019-01-03 00:00+00');
SELECT count(*) FROM priced WHERE price < 0;
SELECT tableoid::regclass, count(*) FROM priced GROUP BY 1 ORDER BY tableoid::regclass::text;
SELECT sqlstate, rows FROM footfall.job_history WHERE relation = 'priced'::regclass AND job = 'partitions' ORDER BY started DESC LIMIT 1;
UPDATE priced SET price = 0 WHERE price < 0;
CALL footfall.run_jobs('priced', as_of => '2019-01-03 00:00+00');
SELECT tableoid::regclass, count(*) FROM priced GROUP BY 1 ORDER BY tableoid::regclass::text;
-- The same of NOT NULL, which can be NOT VALID since PostgreSQL 18.
CREATE TABLE labelled (ts timestamptz NOT NULL, label text) PARTITION BY RANGE (ts);
CREATE TABLE labelled_rest PARTITION OF labelled DEFAULT USING footfall;
INSERT INTO labelled VALUES ('2019-01-01 10:00+00', NULL);
DO $$ BEGIN
    EXECUTE format('ALTER TABLE labelled ADD CONSTRAINT has_label %s NOT VALID', CASE
        WHEN current_setting('server_version_num')::int >= 180000 THEN 'NOT NULL label' ELSE 'CHECK (label IS NOT NULL)' END);
END $$;
SELECT footfall.configure('labelled', time_column => 'ts', partition_interval => '1 day', premake => 0);
SET client_min_messages = error;
CALL footfall.run_jobs('labelled', as_of => '2019-01-03 00:00+00');
RESET client_min_messages;
SELECT tableoid::regclass, count(*) FROM labelled WHERE label IS NULL GROUP BY 1;
SELECT sqlstate IN ('23502', '23514') AS refused, rows FROM footfall.job_history WHERE relation = 'labelled'::regclass AND job = 'partitions';

-- Rows that a foreign key refers to are neither moved nor deleted; partitions are made all the same.
CREATE TABLE referred (ts timestamptz NOT NULL, id int) PARTITION BY RANGE (ts);
CREATE TABLE referred_rest (ts timestamptz NOT NULL, id int PRIMARY KEY) USING heap;
ALTER TABLE referred_rest REPLICA IDENTITY NOTHING;
ALTER TABLE referred ADD CONSTRAINT has_id CHECK (id IS NOT NULL);
ALTER TABLE referred_rest ADD CONSTRAINT has_id CHECK (id IS NOT NULL);
ALTER TABLE referred ATTACH PARTITION referred_rest DEFAULT;
CREATE TABLE referring (id int REFERENCES referred_rest) USING heap;
INSERT INTO referred VALUES ('2019-01-01 10:00+00', 1);
INSERT INTO referring VALUES (1);
SELECT footfall.configure('referred', time_column => 'ts', partition_interval => '1 day', premake => 0, retain => '10 days');
CALL footfall.run_jobs('referred', as_of => '2019-01-03 00:00+00');
INSERT INTO referred VALUES ('2019-06-01 10:00+00', 2);
CALL footfall.retain('referred', as_of => '2019-06-01 12:00+00');
SELECT r.id, f.ts FROM referring r LEFT JOIN referred f USING (id);
SELECT count(*) FROM pg_inherits WHERE inhparent = 'referred'::regclass;

SET client_min_messages = warning;
DROP SCHEMA guards CASCADE;
