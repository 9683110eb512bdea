-- footfall.verify: silent about what is sound, and each kind of damage named. What a superuser can damage with SQL is
-- damaged here; bytes of chunks are in tests/tap.
CREATE SCHEMA verify;
SET search_path = verify;
CREATE ROLE verify_owner;
CREATE ROLE verify_auditor IN ROLE pg_read_all_data;
CREATE ROLE verify_reader;
GRANT ALL ON SCHEMA verify TO verify_owner;
GRANT USAGE ON SCHEMA verify TO verify_reader;
SET ROLE verify_owner;

CREATE TABLE events (id int, customer int, kind text, amount numeric(10, 2), ts timestamptz, note text) USING footfall;
SELECT * FROM footfall.verify('events');
SELECT footfall.configure('events', order_by => '{customer,ts}');
INSERT INTO events SELECT i, i * 7919 % 500, (ARRAY['view', 'cart', 'purchase'])[1 + i % 3], i / 100.0,
    '2026-01-01 00:00:00+00'::timestamptz + i * interval '1 minute', CASE WHEN i % 5 = 0 THEN md5(i::text) END
FROM generate_series(1, 20000) i;
SELECT * FROM footfall.verify('events');
CALL footfall.seal('events');
INSERT INTO events SELECT i, 1, 'view', 1, now(), repeat('long ', 2000) FROM generate_series(20001, 20100) i;
INSERT INTO events SELECT i, 2, 'view', 1, now(), string_agg(md5(i::text || j), '') FROM generate_series(20101, 20110) i, generate_series(1, 200) j GROUP BY i;
DELETE FROM events WHERE customer = 7;
UPDATE events SET kind = 'seen' WHERE customer = 8;
SELECT * FROM footfall.verify('events');
-- Every change of the table's shape
ALTER TABLE events ADD COLUMN late int DEFAULT 5;
ALTER TABLE events DROP COLUMN note;
CALL footfall.seal('events');
SELECT * FROM footfall.verify('events');
DELETE FROM events WHERE customer < 50;
CALL footfall.compact('events');
SELECT * FROM footfall.verify('events');
VACUUM FULL events;
SELECT * FROM footfall.verify('events');
ALTER TABLE events ALTER COLUMN id TYPE bigint;
SELECT * FROM footfall.verify('events');
CALL footfall.seal('events');
DELETE FROM events WHERE customer = 100;
SELECT * FROM footfall.verify('events');
SELECT segment, rows, deleted_rows FROM footfall.segments WHERE relation = 'events'::regclass ORDER BY 1;

-- Who may: the owner, and who may read all data.
CREATE TABLE plain (a int);
SELECT * FROM footfall.verify('plain');
SELECT * FROM footfall.verify(NULL);
GRANT SELECT ON events TO verify_reader;
SET ROLE verify_reader;
SELECT * FROM footfall.verify('events');
SET ROLE verify_auditor;
SELECT * FROM footfall.verify('verify.events');
SET ROLE verify_owner;
CREATE POLICY own ON events USING (customer = 2);
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
SET ROLE verify_auditor;
SELECT * FROM footfall.verify('verify.events');
RESET ROLE;
ALTER TABLE events DISABLE ROW LEVEL SECURITY;

-- Damage. The catalog rows of the one segment, changed and rolled back.
CREATE FUNCTION storage(t regclass) RETURNS oid LANGUAGE sql STABLE AS $$ SELECT reltoastrelid FROM pg_class WHERE oid = t $$;
SET client_min_messages = warning;
-- identifiers of values are not the same in each run
CREATE FUNCTION problems() RETURNS TABLE (segment int, attribute name, problem text) LANGUAGE sql AS $$
    SELECT segment, attribute, regexp_replace(regexp_replace(problem, '(value|value with OID) \d+', '\1 N'), '(pg_toast_|table )\d+', '\1N')
    FROM footfall.verify('verify.events')
$$;
SELECT * FROM problems();
BEGIN;
UPDATE footfall.segment SET rows = rows - 1 WHERE storage = storage('events');
SELECT * FROM problems();
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET rows = 0 WHERE storage = storage('events');
SELECT * FROM problems();
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET level = 9, stored_bytes = stored_bytes + 1 WHERE storage = storage('events');
SELECT segment, attribute, regexp_replace(problem, '\d{3,}', 'N', 'g') AS problem FROM problems();
ROLLBACK;
-- one byte of the header, in turn each of the first hundred
CREATE FUNCTION header_damage() RETURNS TABLE (tried bigint, noticed bigint) LANGUAGE plpgsql AS $$
DECLARE
    whole bytea := (SELECT meta FROM footfall.segment WHERE storage = storage('events'));
BEGIN
    tried := 0;
    noticed := 0;
    FOR i IN 0 .. least(octet_length(whole), 100) - 1 LOOP
        UPDATE footfall.segment SET meta = set_byte(whole, i, get_byte(whole, i) # 16) WHERE storage = storage('events');
        tried := tried + 1;
        noticed := noticed + (SELECT count(*) > 0 FROM footfall.verify('verify.events'))::int;
    END LOOP;
    UPDATE footfall.segment SET meta = whole WHERE storage = storage('events');
    RETURN NEXT;
END
$$;
SELECT * FROM header_damage();
BEGIN;
UPDATE footfall.segment SET meta = ''::bytea WHERE storage = storage('events');
SELECT segment, attribute FROM problems();
ROLLBACK;
-- two columns' chunks exchanged, one used twice, one that is not there, a chunk of no column
BEGIN;
UPDATE footfall.segment SET value_ids[1] = value_ids[2], value_ids[2] = value_ids[1] WHERE storage = storage('events');
SELECT segment, attribute, problem <> '' AS problem FROM problems();
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET value_ids[3] = value_ids[4] WHERE storage = storage('events');
SELECT segment, attribute, problem <> '' AS problem FROM problems();
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET value_ids[5] = 1 WHERE storage = storage('events');
SELECT * FROM problems();
\set VERBOSITY sqlstate
SELECT count(ts) FROM events;
\set VERBOSITY default
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET attributes[2] = 77 WHERE storage = storage('events');
SELECT * FROM problems();
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET attributes[2] = attributes[1] WHERE storage = storage('events');
SELECT segment, attribute, problem FROM problems() WHERE problem LIKE 'two chunks%';
ROLLBACK;
BEGIN;
UPDATE footfall.segment SET attributes = attributes[1:2] WHERE storage = storage('events');
SELECT * FROM problems();
ROLLBACK;
-- block maps and bloom filters
BEGIN;
UPDATE footfall.segment SET index_value = value_ids[1] WHERE storage = storage('events') AND index_value <> 0;
SELECT segment, attribute, problem <> '' AS problem FROM problems();
ROLLBACK;
-- tombstones
BEGIN;
INSERT INTO footfall.tombstone SELECT storage('events'), 4000, i, NULL FROM generate_series(0, 9) i;
INSERT INTO footfall.tombstone SELECT storage('events'), segment, i, NULL
FROM footfall.segments, generate_series(200000, 200002) i WHERE relation = 'events'::regclass;
SELECT * FROM problems();
ROLLBACK;
-- a second row for a segment, and rows in the wrong table
BEGIN;
INSERT INTO footfall.unlogged_segment SELECT * FROM footfall.segment WHERE storage = storage('events');
SELECT * FROM problems();
ROLLBACK;
-- errors that are no damage end the check
BEGIN;
SET LOCAL statement_timeout = '1ms';
SELECT count(*) FROM footfall.verify('events'), pg_sleep(0.05);
ROLLBACK;
SELECT * FROM problems();

RESET client_min_messages;
SELECT * FROM footfall.verify('events');
SET client_min_messages = warning;
DROP SCHEMA verify CASCADE;
DROP ROLE verify_owner, verify_auditor, verify_reader;
