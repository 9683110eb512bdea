-- What is not there yet says so at once: 0A000 with a hint, and nothing is half done.
CREATE SCHEMA refused;
SET search_path = refused, public;
CREATE TABLE t (a int, b text) USING footfall;
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 100) i;
CALL footfall.seal('t');
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
    RETURN state || CASE WHEN hint <> '' THEN ', with a hint' ELSE ', WITHOUT A HINT' END;
END
$$;
SELECT statement, refusal(statement) FROM (VALUES
    (1, 'CREATE INDEX ON t (a)'),
    (2, 'CREATE UNIQUE INDEX ON t (a)'),
    (3, 'CREATE INDEX ON t USING brin (a)'),
    (4, 'CREATE INDEX ON t USING hash (a)'),
    (5, 'ALTER TABLE t ADD PRIMARY KEY (a)'),
    (6, 'ALTER TABLE t ADD UNIQUE (a)'),
    (7, 'ALTER TABLE t ADD EXCLUDE USING btree (b WITH =)'),
    (8, 'CREATE TABLE u (a int PRIMARY KEY) USING footfall'),
    (9, 'CREATE TABLE u (a int UNIQUE) USING footfall'),
    (10, 'CREATE TABLE u (a int, EXCLUDE USING btree (a WITH =)) USING footfall')
    ) v(n, statement) ORDER BY n;
SELECT count(*) FROM pg_class WHERE relname = 'u' AND relnamespace = 'refused'::regnamespace;
CREATE TABLE parent (a int PRIMARY KEY) PARTITION BY RANGE (a);
SELECT refusal('CREATE TABLE child PARTITION OF parent FOR VALUES FROM (1) TO (2) USING footfall');
CREATE TABLE free (a int NOT NULL) PARTITION BY RANGE (a);
CREATE TABLE free_1 PARTITION OF free FOR VALUES FROM (1) TO (200) USING footfall;
SELECT refusal('CREATE INDEX ON free (a)');
SELECT refusal('ALTER TABLE free ADD PRIMARY KEY (a)');
-- from a heap with an index
CREATE TABLE heap_with_index (a int PRIMARY KEY);
INSERT INTO heap_with_index VALUES (1);
SELECT refusal('ALTER TABLE heap_with_index SET ACCESS METHOD footfall');
SELECT a FROM heap_with_index;

-- sealed rows are not written under SERIALIZABLE; hot rows are
INSERT INTO t VALUES (1000, 'hot');
\set VERBOSITY sqlstate
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE t SET b = 'x' WHERE a = 1;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
DELETE FROM t WHERE a = 1;
ROLLBACK;
\set VERBOSITY default
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE t SET b = 'serializable' WHERE a = 1000;
INSERT INTO t VALUES (1001, 'serializable');
SELECT count(*) FROM t WHERE b = 'serializable';
COMMIT;
SELECT count(*), count(*) FILTER (WHERE b = 'serializable') FROM t;

-- settings of managed tables for a table that is none
SELECT setting, refusal(format('SELECT footfall.configure(%L, %s)', 'refused.t', setting)) FROM (VALUES
    ('seal_after => interval ''1 hour'''), ('compact_after => interval ''1 day'''), ('partition_interval => interval ''1 week'''),
    ('premake => 3'), ('archive_to => ''cold'''), ('archive_after => interval ''1 year'''), ('archive_above => ''300 MB'''),
    ('retain => interval ''2 years''')) v(setting);
SELECT "check".verified('t');
DROP SCHEMA refused CASCADE;
