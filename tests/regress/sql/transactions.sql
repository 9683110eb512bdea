-- Rollback, savepoints, cursors, prepared transactions, own changes seen by later commands.
CREATE SCHEMA transactions;
SET search_path = transactions, public;
SET client_min_messages = warning;

CREATE TABLE t (a int, b text) USING footfall;
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 1000) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1001, 1100) i;

-- everything rolls back
BEGIN;
INSERT INTO t VALUES (5000, 'mine');
UPDATE t SET b = 'changed' WHERE a <= 10;
DELETE FROM t WHERE a BETWEEN 11 AND 20;
SELECT count(*), count(*) FILTER (WHERE b = 'changed') FROM t;
ROLLBACK;
SELECT count(*), count(*) FILTER (WHERE b = 'changed') FROM t;

-- savepoints
BEGIN;
DELETE FROM t WHERE a = 1;
SAVEPOINT one;
DELETE FROM t WHERE a = 2;
UPDATE t SET b = 'two' WHERE a = 3;
SELECT count(*), max(b) FILTER (WHERE a = 3) FROM t;
ROLLBACK TO one;
SELECT count(*), max(b) FILTER (WHERE a = 3) FROM t;
SAVEPOINT two;
UPDATE t SET b = 'three' WHERE a = 3;
RELEASE two;
SAVEPOINT three;
DELETE FROM t WHERE a = 3;
SELECT count(*) FROM t WHERE a = 3;
ROLLBACK TO three;
SELECT * FROM t WHERE a = 3;
COMMIT;
SELECT count(*), max(b) FILTER (WHERE a = 3) FROM t;

-- an update undone to a savepoint can be done again, also after a delete of the same row
BEGIN;
SAVEPOINT s;
UPDATE t SET b = 'x' WHERE a = 30;
ROLLBACK TO s;
UPDATE t SET b = 'y' WHERE a = 30;
SAVEPOINT s2;
DELETE FROM t WHERE a = 31;
ROLLBACK TO s2;
DELETE FROM t WHERE a = 31;
COMMIT;
SELECT * FROM t WHERE a IN (30, 31) ORDER BY a;

-- seal inside a transaction: seen inside, gone with it
BEGIN;
CALL footfall.seal('t');
SELECT "check".stores('t'), count(*), sum(a) FROM t;
ROLLBACK;
SELECT "check".stores('t'), count(*), sum(a) FROM t;
BEGIN;
INSERT INTO t VALUES (6000, 'sealed in the transaction that made it');
CALL footfall.seal('t');
SELECT * FROM t WHERE a = 6000;
UPDATE t SET b = 'and changed there' WHERE a = 6000;
SELECT * FROM t WHERE a = 6000;
DELETE FROM t WHERE a = 6000;
SELECT * FROM t WHERE a = 6000;
COMMIT;
SELECT count(*), sum(a) FROM t;

-- a bulk load undone
BEGIN;
SAVEPOINT s;
COPY t FROM stdin;
7001	one
7002	two
\.
SELECT count(*) FROM t WHERE a > 7000;
ROLLBACK TO s;
SELECT count(*) FROM t WHERE a > 7000;
INSERT INTO t SELECT i, 'bulk' FROM generate_series(8001, 8100) i;
COMMIT;
SELECT count(*) FROM t WHERE a > 7000;
BEGIN;
CREATE TABLE made USING footfall AS SELECT * FROM t;
SELECT count(*) FROM made;
SAVEPOINT s;
INSERT INTO made SELECT * FROM t;
SELECT count(*) FROM made;
ROLLBACK TO s;
SELECT count(*) FROM made;
ROLLBACK;

-- cursors: one snapshot, fixed when they are declared
BEGIN;
DECLARE c CURSOR FOR SELECT a FROM t ORDER BY a;
FETCH 2 FROM c;
DELETE FROM t WHERE a <= 100;
INSERT INTO t SELECT i, 'late' FROM generate_series(-5, -1) i;
FETCH 2 FROM c;
DECLARE d SCROLL CURSOR FOR SELECT a FROM t WHERE a BETWEEN 101 AND 110;
FETCH LAST FROM d;
FETCH BACKWARD 2 FROM d;
FETCH FIRST FROM d;
FETCH ABSOLUTE 5 FROM d;
MOVE FORWARD ALL IN d;
FETCH BACKWARD 1 FROM d;
CLOSE d;
MOVE FORWARD ALL IN c;
ROLLBACK;
-- plain scan order, forward and backward over both stores
BEGIN;
DECLARE f SCROLL CURSOR FOR SELECT a FROM t;
MOVE FORWARD ALL IN f;
MOVE BACKWARD ALL IN f;
MOVE FORWARD ALL IN f;
COMMIT;
-- held over commit
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT a, b FROM t WHERE a BETWEEN 200 AND 204 ORDER BY a;
FETCH 1 FROM h;
COMMIT;
DELETE FROM t WHERE a BETWEEN 200 AND 204;
FETCH ALL FROM h;
CLOSE h;
-- WHERE CURRENT OF, on sealed and hot rows
BEGIN;
DECLARE u CURSOR FOR SELECT a FROM t WHERE a IN (300, 1050) FOR UPDATE;
FETCH 1 FROM u;
UPDATE t SET b = 'current' WHERE CURRENT OF u;
FETCH 1 FROM u;
DELETE FROM t WHERE CURRENT OF u;
COMMIT;
SELECT a, b FROM t WHERE b = 'current' OR a IN (300, 1050) ORDER BY a;

-- prepared transactions
BEGIN;
UPDATE t SET b = 'prepared' WHERE a IN (400, 1060);
DELETE FROM t WHERE a IN (401, 1061);
INSERT INTO t VALUES (9001, 'prepared');
PREPARE TRANSACTION 'footfall one';
SELECT count(*) FROM t WHERE b = 'prepared';
COMMIT PREPARED 'footfall one';
SELECT a, b FROM t WHERE a IN (400, 401, 1060, 1061, 9001) ORDER BY a;
BEGIN;
DELETE FROM t;
PREPARE TRANSACTION 'footfall two';
ROLLBACK PREPARED 'footfall two';
SELECT count(*), sum(a) FROM t;
BEGIN;
CALL footfall.seal('t');
PREPARE TRANSACTION 'footfall three';
SELECT count(*), sum(a) FROM t;
COMMIT PREPARED 'footfall three';
SELECT "check".stores('t'), count(*), sum(a) FROM t;

-- exported snapshot: imported by a transaction of the same session is refused by PostgreSQL, so only its making is shown
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT length(pg_export_snapshot()) > 0 AS exported, count(*) FROM t;
COMMIT;

-- functions that see their own changes (VOLATILE) and those that do not (STABLE)
CREATE FUNCTION see_volatile() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM transactions.t';
CREATE FUNCTION see_stable() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM transactions.t';
WITH d AS (DELETE FROM t WHERE a = 500 RETURNING a) SELECT see_stable() - see_volatile() FROM d;
DO $$
DECLARE before bigint; after bigint;
BEGIN
    SELECT count(*) INTO before FROM transactions.t;
    FOR i IN 501..510 LOOP
        DELETE FROM transactions.t WHERE a = i;
        BEGIN
            DELETE FROM transactions.t WHERE a = i + 100;
            RAISE division_by_zero;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
    SELECT count(*) INTO after FROM transactions.t;
    RAISE WARNING 'deleted %', before - after;
END
$$;
SELECT "check".verified('t');
DROP SCHEMA transactions CASCADE;
