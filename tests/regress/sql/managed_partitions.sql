-- Managed partitions: where they begin and end, what is adopted, how strays are moved, what is refused.
CREATE SCHEMA managed;
SET search_path = managed;
CREATE ROLE managed_owner;
CREATE ROLE managed_other;
GRANT ALL ON SCHEMA managed TO managed_owner;
GRANT USAGE ON SCHEMA managed TO managed_other;
SET ROLE managed_owner;

-- The partitions whose names hold the text, in order, with their length.
CREATE FUNCTION partitions(t regclass, part text, OUT name text, OUT lower timestamptz, OUT length interval)
RETURNS SETOF record LANGUAGE sql AS $$
SELECT relname, b[1]::timestamptz, b[2]::timestamptz - b[1]::timestamptz
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid,
    regexp_match(pg_get_expr(relpartbound, c.oid), $r$FROM \('(.*)'\) TO \('(.*)'\)$r$) b
WHERE inhparent = t AND relname LIKE '%' || part || '%' ORDER BY 2, 1
$$;
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ' ' || SQLERRM || ' / ' || hint;
END
$$;

-- Bad values say which and why.
CREATE TABLE bad (ts timestamptz NOT NULL, day date, v int) PARTITION BY RANGE (ts);
CREATE TABLE bad_day (ts timestamptz, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE bad_list (ts timestamptz, v int) PARTITION BY LIST (v);
CREATE TABLE bad_two (ts timestamptz, v int) PARTITION BY RANGE (ts, v);
CREATE TABLE bad_plain (ts timestamptz, v int) USING footfall;
SELECT value, refused(format('SELECT footfall.configure(''bad'', time_column => ''ts'', %s)', value))
FROM unnest(ARRAY[
    $$partition_interval => '0'$$, $$partition_interval => '-1 day'$$, $$partition_interval => '1 month 2 days'$$,
    $$partition_interval => '1.5 seconds'$$, $$partition_interval => '2000 years'$$, $$premake => 3$$,
    $$partition_interval => '1 day', premake => -1$$, $$partition_interval => '1 day', premake => 1001$$,
    $$retain => '1 year'$$, $$compact_after => '1 day'$$, $$seal_after => '-1 hour'$$,
    $$partition_interval => '1 day', time_zone => 'Europe/Atlantis'$$,
    $$partition_interval => '1 day', maintenance_window => 'at night'$$,
    $$partition_interval => '1 day', maintenance_window => '02:00-25:00'$$,
    $$partition_interval => '1 day', maintenance_window => '02:00-02:00'$$]) value;
SELECT refused($$SELECT footfall.configure('bad', partition_interval => '1 day')$$);
SELECT refused($$SELECT footfall.configure('bad', time_column => 'day', partition_interval => '1 day')$$);
SELECT refused($$SELECT footfall.configure('bad_day', time_column => 'day', partition_interval => '1 hour')$$);
SELECT refused($$SELECT footfall.configure('bad_list', time_column => 'ts', partition_interval => '1 day')$$);
SELECT refused($$SELECT footfall.configure('bad_two', time_column => 'ts', partition_interval => '1 day')$$);
SELECT refused($$SELECT footfall.configure('bad_plain', time_column => 'ts', partition_interval => '1 day')$$);
SELECT refused($$SELECT footfall.configure('bad_plain', seal_after => '1 hour')$$);
-- Nothing is left of what was refused.
SELECT count(*) FROM footfall.settings WHERE relation::text LIKE 'bad%';
SELECT count(*) FROM pg_inherits WHERE inhparent::regclass::text LIKE 'bad%';

-- Days of a time zone, over the change to summer time and back.
CREATE TABLE berlin (ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('berlin', time_column => 'ts', partition_interval => '1 day', premake => 3, time_zone => 'Europe/Berlin');
SELECT count(*), bool_and(a.amname = 'footfall') FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
LEFT JOIN pg_am a ON a.oid = c.relam WHERE inhparent = 'berlin'::regclass;
CALL footfall.run_jobs('berlin', as_of => '2019-03-29 23:30+00');
CALL footfall.run_jobs('berlin', as_of => '2019-10-26 12:00+02');
SELECT * FROM partitions('berlin', 'p2019');
SELECT setting, value FROM footfall.settings WHERE relation = 'berlin'::regclass ORDER BY 1;
-- A day that a time zone left out; midnights that happen twice, or not at all.
CREATE TABLE apia (ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('apia', time_column => 'ts', partition_interval => '1 day', premake => 3, time_zone => 'Pacific/Apia');
CALL footfall.run_jobs('apia', as_of => '2011-12-29 12:00+00');
SELECT * FROM partitions('apia', 'p2011');
CREATE TABLE havana (ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('havana', time_column => 'ts', partition_interval => '1 day', premake => 1, time_zone => 'America/Havana');
INSERT INTO havana SELECT '2019-11-03 03:00+00'::timestamptz + i * interval '15 minutes' FROM generate_series(0, 20) i;
INSERT INTO havana SELECT '2019-03-10 04:00+00'::timestamptz + i * interval '15 minutes' FROM generate_series(0, 10) i;
CALL footfall.run_jobs('havana', as_of => '2019-03-09 12:00+00');
SELECT * FROM partitions('havana', 'p2019');
SELECT tableoid::regclass, count(*), min(ts), max(ts) FROM havana GROUP BY 1 ORDER BY 3;

-- Months and their ends, years, weeks from Monday, quarters of an hour.
CREATE TABLE monthly (ts timestamp NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('monthly', time_column => 'ts', partition_interval => '1 month', premake => 2);
CALL footfall.run_jobs('monthly', as_of => '2024-01-31 23:59:59.999999+00');
SELECT * FROM partitions('monthly', 'p2024');
CREATE TABLE yearly (day date NOT NULL) PARTITION BY RANGE (day);
SELECT footfall.configure('yearly', time_column => 'day', partition_interval => '1 year', premake => 1);
CALL footfall.run_jobs('yearly', as_of => '1999-12-31 12:00+00');
SELECT name, lower FROM partitions('yearly', 'p1') UNION ALL SELECT name, lower FROM partitions('yearly', 'p2000');
CREATE TABLE weekly (day date NOT NULL) PARTITION BY RANGE (day);
SELECT footfall.configure('weekly', time_column => 'day', partition_interval => '7 days', premake => 1);
CALL footfall.run_jobs('weekly', as_of => '2000-01-01 12:00+00');
SELECT name, to_char(lower, 'Day'), length FROM partitions('weekly', 'p1') UNION ALL
SELECT name, to_char(lower, 'Day'), length FROM partitions('weekly', 'p2000');
CREATE TABLE quarters (ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
SELECT footfall.configure('quarters', time_column => 'ts', partition_interval => '15 minutes', premake => 6, time_zone => 'Europe/Berlin');
CALL footfall.run_jobs('quarters', as_of => '2019-10-27 00:20+00');
SELECT * FROM partitions('quarters', 'p2019');

-- Partitions that are there stay as they are; gaps are filled. Names are cut, and counted when taken.
CREATE TABLE "Adopted with a name of very many letters, ähnlich wie diese" (v text, ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
CREATE TABLE early PARTITION OF "Adopted with a name of very many letters, ähnlich wie diese" FOR VALUES FROM (MINVALUE) TO ('2019-01-01 06:00+00');
CREATE TABLE odd (ts timestamptz NOT NULL, gone int, v text) USING footfall;
ALTER TABLE odd DROP COLUMN gone;
ALTER TABLE "Adopted with a name of very many letters, ähnlich wie diese" ATTACH PARTITION odd FOR VALUES FROM ('2019-01-02 10:00+00') TO ('2019-01-02 12:00+00');
CREATE TABLE "Adopted with a name of very many letters, ähnlich _p2019_01_03" ();
SELECT footfall.configure('"Adopted with a name of very many letters, ähnlich wie diese"', time_column => 'ts', partition_interval => '1 day', premake => 2);
CALL footfall.run_jobs('"Adopted with a name of very many letters, ähnlich wie diese"', as_of => '2019-01-01 12:00+00');
SELECT name, octet_length(name), lower, length FROM partitions('"Adopted with a name of very many letters, ähnlich wie diese"', 'p2019');

-- Strays: from a default partition that was there, with columns in another order, hot and sealed, deleted and updated.
CREATE TABLE strays (ts timestamptz NOT NULL, customer int, note text DEFAULT 'none', twice int GENERATED ALWAYS AS (customer * 2) STORED, CHECK (customer > 0))
    PARTITION BY RANGE (ts);
CREATE TABLE strays_rest (junk int, twice int GENERATED ALWAYS AS (customer * 2) STORED, note text, customer int, ts timestamptz NOT NULL, CONSTRAINT strays_customer_check CHECK (customer > 0)) USING footfall;
ALTER TABLE strays_rest DROP COLUMN junk;
ALTER TABLE strays ATTACH PARTITION strays_rest DEFAULT;
CREATE TABLE log (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO managed.log VALUES (TG_OP); RETURN NULL; END $$;
CREATE TRIGGER noted AFTER INSERT OR DELETE ON strays FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO strays (ts, customer, note) SELECT '2019-05-01 00:00+00'::timestamptz + i * interval '1 hour', i, 'n' || i FROM generate_series(1, 72) i;
CALL footfall.seal('strays');
DELETE FROM strays WHERE customer = 5;
UPDATE strays SET note = 'changed' WHERE customer = 6;
INSERT INTO strays (ts, customer) VALUES ('2019-05-01 12:30+00', 1000), ('infinity', 1001), ('-infinity', 1002), ('20000-01-01 00:00+00', 1003);
SELECT count(*), sum(customer), sum(twice), md5(string_agg(s::text, ',' ORDER BY customer)) AS before FROM strays s \gset
SELECT :count, :sum;
SELECT footfall.configure('strays', time_column => 'ts', partition_interval => '1 day', premake => 0);
TRUNCATE log;
CALL footfall.run_jobs('strays', as_of => '2019-05-10 00:00+00');
SELECT tableoid::regclass, count(*) FROM strays GROUP BY 1 ORDER BY tableoid::regclass::text;
SELECT md5(string_agg(s::text, ',' ORDER BY customer)) = :'before' AS same FROM strays s;
SELECT count(*) FROM log;
SELECT rows, done FROM footfall.job_history WHERE relation = 'strays'::regclass AND job = 'partitions';
-- No helper constraint is left behind; triggers work on.
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE contype = 'c' AND conrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'strays'::regclass)
    AND conname LIKE 'footfall%';
INSERT INTO strays (ts, customer) VALUES ('2019-05-02 12:30+00', 2000);
SELECT * FROM log;
SELECT * FROM footfall.verify('strays');
-- A default partition that is partitioned itself is not touched.
CREATE TABLE nested (ts timestamptz NOT NULL, v int) PARTITION BY RANGE (ts);
CREATE TABLE nested_rest PARTITION OF nested DEFAULT PARTITION BY LIST (v);
SELECT refused($$SELECT footfall.configure('nested', time_column => 'ts', partition_interval => '1 day')$$);

-- Policies are the table's, not a partition's.
SELECT refused($$SELECT footfall.configure('strays_rest', time_column => 'ts', seal_after => '1 day')$$);
SELECT refused($$SELECT footfall.reset('strays', 'time_column')$$);

-- A superuser's call makes partitions for the owner; others may not.
RESET ROLE;
SELECT footfall.configure('bad', time_column => 'ts', partition_interval => '1 month');
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'bad'::regclass);
SET ROLE managed_other;
SELECT footfall.configure('managed.bad', premake => 2);
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA managed CASCADE;
SELECT count(*) FROM footfall.job;
DROP ROLE managed_owner, managed_other;
