-- Privileges and row security: as on any table, and footfall's own tables and functions are closed.
CREATE SCHEMA row_security;
SET search_path = row_security, public;
CREATE ROLE footfall_owner;
CREATE ROLE footfall_reader;
CREATE ROLE footfall_stranger;
GRANT USAGE, CREATE ON SCHEMA row_security TO footfall_owner, footfall_reader, footfall_stranger;

SET ROLE footfall_owner;
CREATE TABLE t (a int, who name, secret text) USING footfall;
INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'footfall_reader' ELSE 'footfall_owner' END, 'secret ' || i FROM generate_series(1, 1000) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, 'footfall_reader', 'secret ' || i FROM generate_series(1001, 1010) i;
GRANT SELECT (a, who), UPDATE (who) ON t TO footfall_reader;
GRANT INSERT, DELETE ON t TO footfall_reader;

\set VERBOSITY sqlstate
SET ROLE footfall_stranger;
SELECT count(*) FROM t;
INSERT INTO t VALUES (1);
CALL footfall.seal('t');
CALL footfall.compact('t');
SELECT count(*) FROM footfall.storage('t');
SELECT count(*) FROM footfall.verify('t');
TRUNCATE t;
ANALYZE t;
SELECT count(*) FROM footfall.segment;
SELECT count(*) FROM footfall.tombstone;
SET ROLE footfall_reader;
SELECT secret FROM t LIMIT 1;
SELECT count(*), max(a) FROM t WHERE who = 'footfall_reader';
UPDATE t SET secret = 'x' WHERE a = 2;
UPDATE t SET who = who WHERE a = 2;
CALL footfall.seal('t');
CALL footfall.compact('t');
ALTER TABLE t ADD COLUMN x int;
\set VERBOSITY default

-- row security on sealed and hot rows
SET ROLE footfall_owner;
CREATE POLICY own_rows ON t USING (who = current_user) WITH CHECK (who = current_user AND a < 5000);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
SELECT count(*) FROM t;
SET ROLE footfall_reader;
SELECT count(*), count(*) FILTER (WHERE who <> 'footfall_reader') FROM t;
DELETE FROM t WHERE a IN (1, 2, 3, 4, 1001);
\set VERBOSITY sqlstate
INSERT INTO t (a, who) VALUES (2000, 'footfall_owner');
INSERT INTO t (a, who) VALUES (6000, 'footfall_reader');
UPDATE t SET who = 'footfall_owner' WHERE a = 6;
\set VERBOSITY default
INSERT INTO t (a, who) VALUES (2000, 'footfall_reader');
SELECT count(*) FROM t;
-- a function that is cheap and tells what it sees runs after the barrier
CREATE FUNCTION tell(x int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN
    IF x % 2 = 1 AND x < 1000 THEN RAISE NOTICE 'leaked %', x; END IF;
    RETURN true;
END
$$;
SELECT count(*) FROM t WHERE tell(a);
-- what reads past the policies, and the statistics of both stores, are not for those whom policies bind
\set VERBOSITY sqlstate
SELECT count(*) FROM footfall.verify('t');
SELECT count(*) FROM footfall.storage('t');
\set VERBOSITY default
SELECT count(*) FROM footfall.tables WHERE relation = 't'::regclass;
SELECT count(*) FROM footfall.segments WHERE relation = 't'::regclass;
SELECT count(*) FROM footfall.settings WHERE relation = 't'::regclass;
SELECT count(*) FROM pg_stats WHERE schemaname = 'row_security' AND tablename = 't';
SET ROLE footfall_owner;
ALTER TABLE t FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM t;
RESET ROLE;
SELECT count(*) FROM t;
SELECT count(*) FROM t WHERE a IN (1, 2, 3, 4, 1001, 6);

DROP SCHEMA row_security CASCADE;
DROP ROLE footfall_owner, footfall_reader, footfall_stranger;
