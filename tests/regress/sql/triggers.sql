-- Row and statement triggers, transition tables, constraints, foreign keys from a footfall table, row locks.
CREATE SCHEMA triggers;
SET search_path = triggers, public;
SET client_min_messages = notice;

CREATE TABLE t (a int, b text, n int DEFAULT 0) USING footfall;
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 100) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(101, 110) i;

CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        RAISE NOTICE '% % statement', TG_WHEN, TG_OP;
        RETURN NULL;
    END IF;
    RAISE NOTICE '% % %: % -> %', TG_NAME, TG_WHEN, TG_OP,
        CASE WHEN TG_OP <> 'INSERT' THEN OLD END, CASE WHEN TG_OP <> 'DELETE' THEN NEW END;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER statement_before BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON t EXECUTE FUNCTION tell();
CREATE TRIGGER statement_after AFTER INSERT OR UPDATE OR DELETE ON t EXECUTE FUNCTION tell();
INSERT INTO t VALUES (200, 'new');
UPDATE t SET b = 'sealed, changed' WHERE a = 1;
UPDATE t SET b = 'hot, changed' WHERE a = 101;
DELETE FROM t WHERE a = 2;
DELETE FROM t WHERE a = 102;
COPY t FROM stdin;
201	copied	1
202	copied too	2
\.
-- after triggers that fire at commit read the old row from its segment
CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE OR DELETE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
BEGIN;
UPDATE t SET b = 'later' WHERE a = 3;
DELETE FROM t WHERE a = 4;
SELECT count(*) FROM t;
COMMIT;
DROP TRIGGER before_row ON t;
DROP TRIGGER after_row ON t;
DROP TRIGGER deferred ON t;
DROP TRIGGER statement_before ON t;
DROP TRIGGER statement_after ON t;

-- a BEFORE trigger changes the row, or keeps it from being changed
CREATE FUNCTION change_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.a % 2 = 0 THEN RETURN NULL; END IF;
    NEW.b := upper(NEW.b);
    RETURN NEW;
END
$$;
CREATE TRIGGER change_row BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION change_row();
WITH changed AS (UPDATE t SET b = 'loud' WHERE a IN (5, 6) RETURNING a, b) SELECT * FROM changed ORDER BY a;
SELECT a, b FROM t WHERE a IN (5, 6) ORDER BY a;
DROP TRIGGER change_row ON t;
-- a BEFORE trigger that touches the row itself: the same error as on a heap
CREATE FUNCTION touch_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE triggers.t SET n = n + 1 WHERE a = OLD.a;
    RETURN NEW;
END
$$;
CREATE TRIGGER touch_again BEFORE UPDATE ON t FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION touch_again();
\set VERBOSITY sqlstate
UPDATE t SET b = 'x' WHERE a = 7;
UPDATE t SET b = 'x' WHERE a = 103;
\set VERBOSITY default
DROP TRIGGER touch_again ON t;

-- transition tables
CREATE FUNCTION tell_tables() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE NOTICE 'old: %', (SELECT string_agg(a || ' ' || b, ', ' ORDER BY a) FROM old_rows);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        RAISE NOTICE 'new: %', (SELECT string_agg(a || ' ' || b, ', ' ORDER BY a) FROM new_rows);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tables_insert AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION tell_tables();
CREATE TRIGGER tables_update AFTER UPDATE ON t REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows EXECUTE FUNCTION tell_tables();
CREATE TRIGGER tables_delete AFTER DELETE ON t REFERENCING OLD TABLE AS old_rows EXECUTE FUNCTION tell_tables();
INSERT INTO t VALUES (300, 'a'), (301, 'b');
COPY t (a, b) FROM stdin;
302	c
303	d
\.
UPDATE t SET b = b || '!' WHERE a IN (10, 300);
DELETE FROM t WHERE a IN (11, 301);
DROP TABLE t;

-- CHECK, NOT NULL, generated and identity columns, defaults from a sequence
CREATE TABLE c (id int GENERATED ALWAYS AS IDENTITY, a int CHECK (a > 0), b int GENERATED ALWAYS AS (a * 2) STORED, s serial) USING footfall;
INSERT INTO c (a) SELECT i FROM generate_series(1, 50) i;
CALL footfall.seal('c');
\set VERBOSITY sqlstate
INSERT INTO c (a) VALUES (-1);
UPDATE c SET a = 0 WHERE a = 1;
UPDATE c SET id = 1 WHERE a = 1;
\set VERBOSITY default
UPDATE c SET a = 1000 WHERE a = 1 RETURNING *;
SELECT count(*), sum(b), max(id), max(s) FROM c;

-- a foreign key from it: checked at insert and update, cascaded into sealed rows
CREATE TABLE products (id int PRIMARY KEY, name text);
INSERT INTO products SELECT i, 'p' || i FROM generate_series(1, 10) i;
CREATE TABLE views (id int, product int REFERENCES products ON DELETE CASCADE ON UPDATE CASCADE, other int REFERENCES products ON DELETE SET NULL) USING footfall;
INSERT INTO views SELECT i, 1 + i % 10, 1 + i % 5 FROM generate_series(1, 1000) i;
CALL footfall.seal('views');
INSERT INTO views SELECT i, 1 + i % 10, NULL FROM generate_series(1001, 1010) i;
\set VERBOSITY sqlstate
INSERT INTO views VALUES (0, 77, 1);
UPDATE views SET product = 77 WHERE id = 1;
COPY views FROM stdin;
1	99	1
\.
\set VERBOSITY default
SELECT count(*), sum(product), count(other) FROM views;
DELETE FROM products WHERE id = 10;
SELECT count(*), sum(product), count(other) FROM views;
UPDATE products SET id = 100 WHERE id = 9;
SELECT count(*), sum(product), count(other) FROM views;
DELETE FROM products WHERE id = 1;
SELECT count(*), sum(product), count(other) FROM views;
-- added to existing rows: validated over both stores
CREATE TABLE few (id int PRIMARY KEY);
INSERT INTO few SELECT generate_series(1, 5);
\set VERBOSITY sqlstate
ALTER TABLE views ADD FOREIGN KEY (product) REFERENCES few;
\set VERBOSITY default
ALTER TABLE views ADD CONSTRAINT f FOREIGN KEY (product) REFERENCES few NOT VALID;
DELETE FROM views WHERE product > 5;
ALTER TABLE views VALIDATE CONSTRAINT f;
ALTER TABLE views ADD CONSTRAINT small CHECK (id < 5000);
\set VERBOSITY sqlstate
ALTER TABLE views ADD CONSTRAINT smaller CHECK (id < 50);
\set VERBOSITY default
-- deferred
CREATE TABLE later (id int, few int REFERENCES few DEFERRABLE INITIALLY DEFERRED) USING footfall;
BEGIN;
INSERT INTO later VALUES (1, 50);
-- a row whose trigger is still to fire is not moved
SAVEPOINT s;
\set VERBOSITY sqlstate
CALL footfall.seal('later');
\set VERBOSITY default
ROLLBACK TO s;
INSERT INTO few VALUES (50);
COMMIT;
CALL footfall.seal('later');
SELECT * FROM later;
\set VERBOSITY sqlstate
BEGIN;
UPDATE later SET few = 51 WHERE id = 1;
COMMIT;
\set VERBOSITY default
SELECT * FROM later;

-- row locks of every strength, NOWAIT and SKIP LOCKED; locked rows can be changed by the locker
BEGIN;
SELECT id FROM views WHERE id IN (11, 1002) ORDER BY id FOR UPDATE;
SELECT id FROM views WHERE id IN (11, 1002) ORDER BY id FOR NO KEY UPDATE NOWAIT;
SELECT id FROM views WHERE id IN (11, 1002) ORDER BY id FOR SHARE;
SELECT id FROM views WHERE id IN (11, 1002) ORDER BY id FOR KEY SHARE SKIP LOCKED;
UPDATE views SET other = 2 WHERE id IN (11, 1002);
SELECT id, other FROM views WHERE id IN (11, 1002) ORDER BY id FOR UPDATE;
DELETE FROM views WHERE id IN (11, 1002);
SELECT id FROM views WHERE id IN (11, 1002) FOR UPDATE;
COMMIT;
SELECT count(*) FROM views;
SELECT v.id, f.id FROM views v JOIN few f ON f.id = v.product WHERE v.id = 3 FOR UPDATE;
SELECT "check".verified('views'), "check".verified('c');
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA triggers CASCADE;
