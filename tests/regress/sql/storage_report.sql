-- footfall.storage and the views: what they count, and for whom.
CREATE SCHEMA storage_report;
SET search_path = storage_report;
CREATE ROLE storage_owner;
CREATE ROLE storage_member IN ROLE storage_owner;
CREATE ROLE storage_reader;
CREATE ROLE storage_nobody;
GRANT ALL ON SCHEMA storage_report TO storage_owner, storage_reader, storage_nobody;
SET ROLE storage_owner;

CREATE TABLE events (id int, customer int, kind text, ts timestamptz) PARTITION BY RANGE (id);
-- Without partitions there is nothing to report.
SELECT * FROM footfall.storage('events');
CREATE TABLE low PARTITION OF events FOR VALUES FROM (0) TO (100000) USING footfall;
CREATE TABLE middle PARTITION OF events FOR VALUES FROM (100000) TO (200000) PARTITION BY RANGE (id);
CREATE TABLE middle_1 PARTITION OF middle FOR VALUES FROM (100000) TO (150000) USING footfall;
-- A partition of another access method is not footfall's to count.
CREATE TABLE middle_2 PARTITION OF middle FOR VALUES FROM (150000) TO (200000) USING heap;
SELECT footfall.configure('events', customer_column => 'customer', time_column => 'ts');

CREATE FUNCTION report(t regclass) RETURNS TABLE (relation regclass, hot_rows bigint, sealed_rows bigint, deleted_rows bigint,
    segments bigint, bytes_add_up boolean, has_raw boolean, smaller boolean) LANGUAGE sql AS $$
    SELECT relation, hot_rows, sealed_rows, deleted_rows, segments,
        hot_bytes + sealed_bytes = pg_total_relation_size(relation), raw_bytes > 0, ratio > 1
    FROM footfall.storage(t)
$$;
SELECT * FROM report('events');
INSERT INTO events SELECT i, i * 7919 % 1000, 'view', '2026-01-01 00:00:00+00'::timestamptz + i * interval '1 s'
FROM generate_series(50001, 100000 - 1) i;
INSERT INTO events SELECT i, i % 1000, 'view', '2026-01-01 00:00:00+00' FROM generate_series(150000, 150009) i;
SELECT * FROM report('events');
CALL footfall.seal('events');
SELECT * FROM report('events');
INSERT INTO events SELECT i, 1, 'cart', '2026-01-02 00:00:00+00' FROM generate_series(100001, 100500) i;
DELETE FROM events WHERE customer = 7 AND id < 100000;
UPDATE events SET kind = 'seen' WHERE customer = 8 AND id < 100000;
SELECT * FROM report('events');
SELECT count(*), sum((tableoid <> 'middle_2'::regclass)::int) FROM events;
SELECT * FROM report('low');
SELECT * FROM report('middle');
-- One snapshot: this transaction's own changes count, others' later ones do not.
BEGIN;
DELETE FROM low WHERE id % 2 = 0;
SELECT hot_rows, sealed_rows, deleted_rows, hot_rows + sealed_rows = (SELECT count(*) FROM low) AS all_counted FROM footfall.storage('low');
ROLLBACK;
SELECT hot_rows, sealed_rows, deleted_rows, hot_rows + sealed_rows = (SELECT count(*) FROM low) AS all_counted FROM footfall.storage('low');
SELECT relation, segment, rows, deleted_rows, level, raw_bytes > stored_bytes AS smaller, ratio > 1 AS ratio
FROM footfall.segments WHERE relation IN ('low'::regclass, 'middle_1'::regclass) ORDER BY 1, 2;
CALL footfall.compact('events');
SELECT * FROM report('events');
SELECT relation, segment, rows, deleted_rows, level FROM footfall.segments WHERE relation = 'low'::regclass;
SELECT relation, partition_of, owner, segments, hot_bytes + sealed_bytes = pg_total_relation_size(relation) AS bytes_add_up,
    raw_bytes > 0 AS has_raw, order_key
FROM footfall.tables WHERE relation IN ('low'::regclass, 'middle_1'::regclass) ORDER BY 1;
-- The ranges of the order key and of the time, as the columns' types write them
SET timezone = 'UTC';
SELECT key_from, key_to, time_from, time_to FROM footfall.segments WHERE relation = 'low'::regclass;
CREATE TABLE typed (i smallint, d date, f real, b boolean, t text, u uuid, n numeric, k text COLLATE "C") USING footfall;
INSERT INTO typed SELECT i % 50 - 25, '2026-02-01'::date + i % 28, i / 8.0, i % 2 = 0, 'customer number ' || (i % 90 + 10),
    md5(i::text)::uuid, i, 'k' || (i % 90 + 10) FROM generate_series(1, 1000) i;
INSERT INTO typed (f) VALUES ('NaN');
SELECT footfall.configure('typed', time_column => 'd');
CALL footfall.seal('typed');
SET client_min_messages = warning;
DO $$
DECLARE
    name text;
    range text;
BEGIN
    FOREACH name IN ARRAY '{i,d,f,b,t,u,n,k}'::text[] LOOP
        PERFORM footfall.configure('typed', order_by => ARRAY[name]);
        SELECT concat_ws(' to ', key_from, key_to) INTO range FROM footfall.segments WHERE relation = 'typed'::regclass;
        RAISE WARNING '%: %', name, range;
    END LOOP;
END
$$;
SELECT time_from, time_to FROM footfall.segments WHERE relation = 'typed'::regclass;
RESET client_min_messages;
SET ROLE storage_reader;
SELECT * FROM footfall.segment_list('typed');
SELECT * FROM footfall.segment_totals('typed');
SET ROLE storage_owner;
RESET timezone;
TRUNCATE events;
SELECT * FROM report('events');

-- Other kinds of tables that footfall keeps.
CREATE UNLOGGED TABLE quick USING footfall AS SELECT i AS a FROM generate_series(1, 20000) i;
CREATE TEMP TABLE passing USING footfall AS SELECT i AS a FROM generate_series(1, 20000) i;
CREATE MATERIALIZED VIEW kept USING footfall AS SELECT a FROM quick;
SELECT * FROM report('quick') UNION ALL SELECT * FROM report('passing');
SELECT relation, hot_rows + sealed_rows AS rows FROM footfall.storage('kept');
SELECT relation::text, rows, level FROM footfall.segments
WHERE relation IN ('quick'::regclass, 'passing'::regclass) ORDER BY 1;

-- What is not a footfall table.
CREATE TABLE plain (a int);
SELECT * FROM footfall.storage('plain');
SELECT * FROM footfall.storage('middle_2');
SELECT * FROM footfall.storage(NULL);
SELECT * FROM footfall.storage(1);

-- Who may look: those who may read the table; where row security applies, nobody.
INSERT INTO events SELECT i, 1, 'view', '2026-01-01 00:00:00+00' FROM generate_series(1, 100) i;
GRANT SELECT ON events, typed TO storage_reader;
SET ROLE storage_nobody;
SELECT * FROM footfall.storage('events');
SELECT * FROM footfall.storage('low');
SET ROLE storage_reader;
SELECT relation, hot_rows FROM footfall.storage('events');
SELECT * FROM footfall.storage('low');
SET ROLE storage_member;
SELECT relation, hot_rows FROM footfall.storage('low');
SELECT relation FROM footfall.tables WHERE relation = 'low'::regclass;
SET ROLE storage_owner;
CREATE POLICY own ON events USING (customer = 2);
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
SET ROLE storage_reader;
SELECT count(*) FROM events;
SELECT relation, hot_rows FROM footfall.storage('events');
SET ROLE storage_owner;
SELECT relation, hot_rows FROM footfall.storage('events');
ALTER TABLE events FORCE ROW LEVEL SECURITY;
SELECT relation, hot_rows FROM footfall.storage('events');
SELECT * FROM footfall.verify('events');

-- The views show an owner's tables to the owner, and none of footfall's own tables to anybody.
SET ROLE storage_reader;
SELECT count(*) FROM footfall.tables;
SELECT count(*) FROM footfall.segments;
SELECT count(*) FROM footfall.settings;
-- A function that would tell what it sees is not shown anything.
CREATE FUNCTION tell(regclass) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SELECT relation FROM footfall.tables WHERE tell(relation);
SELECT relation FROM footfall.settings WHERE tell(relation);
\set VERBOSITY sqlstate
SELECT count(*) FROM footfall.segment;
SELECT count(*) FROM footfall.tombstone;
SELECT count(*) FROM footfall.truncation;
SELECT count(*) FROM footfall.fast_default;
SELECT count(*) FROM footfall.unlogged_segment;
SELECT count(*) FROM footfall.unlogged_tombstone;
SELECT count(*) FROM footfall.setting;
INSERT INTO footfall.settings VALUES ('low', 'order_by', '{id}');
DELETE FROM footfall.tables;
\set VERBOSITY default
RESET ROLE;
SELECT relation::text FROM footfall.tables WHERE owner = 'storage_owner' ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA storage_report CASCADE;
DROP TABLE passing;
DROP ROLE storage_owner, storage_member, storage_reader, storage_nobody;
