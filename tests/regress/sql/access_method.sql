-- The way in and the way out: SET ACCESS METHOD from and to heap, default_table_access_method, dropping.
CREATE SCHEMA access_method;
SET search_path = access_method, public;
SET client_min_messages = warning;

CREATE TABLE original AS
SELECT i AS id, i % 20 AS customer, CASE WHEN i % 7 = 0 THEN NULL ELSE 'kind ' || i % 4 END AS kind, i * 0.01 AS amount,
    repeat('x', i % 300) AS filler FROM generate_series(1, 2000) i;

-- in: a heap with rows, dead rows, a dropped column, a fast default and toasted values
CREATE TABLE t (LIKE original) USING heap;
ALTER TABLE t ADD COLUMN gone int;
INSERT INTO t SELECT *, 1 FROM original;
INSERT INTO t SELECT *, 1 FROM original WHERE id <= 100;
DELETE FROM t WHERE ctid IN (SELECT max(ctid) FROM t WHERE id <= 100 GROUP BY id);
ALTER TABLE t DROP COLUMN gone;
SELECT * FROM "check".differences('original', 't');
ALTER TABLE t SET ACCESS METHOD footfall;
SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = 't'::regclass;
SELECT * FROM "check".differences('original', 't');
CALL footfall.seal('t');
SELECT "check".stores('t'), d.* FROM "check".differences('original', 't') d;

-- out: sealed, changed and hot rows
UPDATE t SET kind = 'changed' WHERE id <= 50;
DELETE FROM t WHERE id BETWEEN 51 AND 60;
INSERT INTO t SELECT * FROM original WHERE id BETWEEN 51 AND 55;
UPDATE original SET kind = 'changed' WHERE id <= 50;
DELETE FROM original WHERE id BETWEEN 56 AND 60;
SELECT * FROM "check".differences('original', 't');
ALTER TABLE t ADD COLUMN extra text DEFAULT 'fast';
ALTER TABLE original ADD COLUMN extra text DEFAULT 'fast';
ALTER TABLE t SET ACCESS METHOD heap;
SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = 't'::regclass;
SELECT * FROM "check".differences('original', 't');
CREATE INDEX ON t (id);
SELECT count(*) FROM t WHERE id = 7;
DROP INDEX t_id_idx;

-- back and forth in one transaction, together with another change, rolled back
BEGIN;
ALTER TABLE t SET ACCESS METHOD footfall, ALTER COLUMN id TYPE bigint;
CALL footfall.seal('t');
SELECT "check".stores('t'), count(*), sum(id) FROM t;
ROLLBACK;
SELECT count(*), sum(id), pg_typeof(max(id)) FROM t;
BEGIN;
ALTER TABLE t SET ACCESS METHOD footfall;
DELETE FROM t WHERE id <= 10;
SAVEPOINT s;
ALTER TABLE t SET ACCESS METHOD heap;
SELECT count(*) FROM t;
ROLLBACK TO s;
SELECT count(*) FROM t;
COMMIT;
DELETE FROM original WHERE id <= 10;
SELECT * FROM "check".differences('original', 't');
-- to itself
ALTER TABLE t SET ACCESS METHOD footfall;
CALL footfall.seal('t');
ALTER TABLE t SET ACCESS METHOD footfall;
SELECT d.* FROM "check".differences('original', 't') d;

-- a heap without a TOAST relation gets one when it is needed
CREATE TABLE ints (a int, b int) USING heap;
INSERT INTO ints SELECT i, i FROM generate_series(1, 1000) i;
SELECT reltoastrelid = 0 AS none FROM pg_class WHERE oid = 'ints'::regclass;
ALTER TABLE ints SET ACCESS METHOD footfall;
CALL footfall.seal('ints');
SELECT "check".stores('ints'), count(*), sum(a) FROM ints;
ALTER TABLE ints SET ACCESS METHOD heap;
SELECT count(*), sum(b) FROM ints;

-- the default access method, also for materialized views
SET default_table_access_method = footfall;
CREATE TABLE by_default (a int);
CREATE MATERIALIZED VIEW view_by_default AS SELECT generate_series(1, 3) AS a;
SELECT relname, amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE relname LIKE '%by_default' ORDER BY relname;
RESET default_table_access_method;

-- dropping: a table, with its transaction rolled back, in a schema
BEGIN;
DROP TABLE t;
ROLLBACK;
SELECT d.* FROM "check".differences('original', 't') d;
DROP TABLE t;
CREATE TABLE t (a int) USING footfall;
SELECT "check".stores('t'), count(*) FROM t;
DROP SCHEMA access_method CASCADE;
