-- INSERT, COPY, CREATE TABLE AS, UPDATE, DELETE, MERGE and RETURNING over hot and sealed rows.
CREATE SCHEMA dml;
SET search_path = dml, public;

CREATE TABLE events (id int, customer int NOT NULL, kind text DEFAULT 'view', amount numeric(10, 2), at timestamptz)
    USING footfall;
INSERT INTO events SELECT i, i % 50, (ARRAY['view', 'cart', 'purchase'])[1 + i % 3], i / 100.0,
    '2026-01-01 00:00:00+00'::timestamptz + i * interval '1 minute'
FROM generate_series(1, 3000) i;
SELECT "check".stores('events');
CALL footfall.seal('events');
SELECT "check".stores('events'), count(*), sum(id), sum(amount), min(at), max(at) FROM events;
INSERT INTO events SELECT i, i % 50, NULL, NULL, NULL FROM generate_series(3001, 3500) i;
SELECT "check".stores('events');
SELECT count(*), count(kind), count(amount), sum(id) FROM events;

-- RETURNING, defaults, sub-selects, one snapshot for source and target
INSERT INTO events (id, customer) VALUES (10001, 7) RETURNING *;
INSERT INTO events (id, customer) VALUES (10002, 7), (10003, 8) RETURNING id, kind, tableoid::regclass;
INSERT INTO events SELECT id + 100000, customer, kind, amount, at FROM events WHERE customer = 3;
SELECT count(*), sum(id) FROM events WHERE customer = 3;
WITH added AS (INSERT INTO events (id, customer) VALUES (10004, 99) RETURNING id)
SELECT (SELECT count(*) FROM events WHERE customer = 99) AS before, (SELECT id FROM added);
INSERT INTO events (id, customer) VALUES (1, NULL);
INSERT INTO events (id, customer) VALUES (10005, 9) ON CONFLICT DO NOTHING RETURNING id;

-- UPDATE of sealed rows, of hot rows, of both; of a row updated before
UPDATE events SET kind = 'refund' WHERE id = 10 RETURNING id, kind, amount;
WITH changed AS (UPDATE events SET amount = amount + 1 WHERE id IN (11, 3400) RETURNING id, amount) SELECT * FROM changed ORDER BY 1;
UPDATE events SET kind = 'again' WHERE id = 10 RETURNING *;
UPDATE events SET kind = 'late' WHERE customer = 5;
SELECT kind, count(*), sum(id) FROM events WHERE customer IN (5, 10) GROUP BY kind ORDER BY kind;
WITH changed AS (UPDATE events e SET amount = s.total FROM (SELECT customer, sum(amount) AS total FROM events GROUP BY customer) s
WHERE s.customer = e.customer AND e.id <= 3 RETURNING e.id, e.amount) SELECT * FROM changed ORDER BY 1;
-- a join that matches a row twice updates it once
UPDATE events e SET kind = 'once' FROM (VALUES (20, 'a'), (20, 'b')) v(id, x) WHERE e.id = v.id RETURNING e.id, e.kind;
SELECT count(*), sum(id) FROM events;

-- DELETE
DELETE FROM events WHERE id = 12 RETURNING *;
DELETE FROM events WHERE id = 12 RETURNING *;
DELETE FROM events WHERE customer = 6;
WITH changed AS (DELETE FROM events e USING (VALUES (13), (14), (3500)) v(id) WHERE e.id = v.id RETURNING e.id) SELECT * FROM changed ORDER BY 1;
SELECT count(*), sum(id) FROM events;
WITH gone AS (DELETE FROM events WHERE customer = 8 RETURNING id)
SELECT count(*) AS gone, (SELECT count(*) FROM events WHERE customer = 8) AS seen FROM gone;
-- a deleted row says who deleted it, whichever store it came from
BEGIN;
UPDATE events SET kind = 'before' WHERE id = 16;
DELETE FROM events WHERE id IN (15, 3499) RETURNING id, xmax = pg_current_xact_id()::xid AS own, cmin, cmax;
ROLLBACK;
SELECT id, xmax FROM events WHERE id = 15;

-- rows updated and deleted are sealed again without coming back
CALL footfall.seal('events');
SELECT "check".stores('events'), count(*), sum(id), count(kind), sum(amount) FROM events;
CALL footfall.compact('events');
SELECT "check".stores('events'), count(*), sum(id), count(kind), sum(amount) FROM events;
SELECT * FROM events WHERE id IN (10, 11, 12, 20, 3400) ORDER BY id;

-- MERGE: all of its actions on sealed and on hot rows
CREATE TABLE changes (id int, kind text);
INSERT INTO changes VALUES (21, 'merged'), (22, 'drop'), (23, 'keep'), (50001, 'new'), (50002, 'new'), (10001, 'merged');
INSERT INTO events (id, customer, kind) VALUES (50002, 1, 'hot');
MERGE INTO events e USING changes c ON e.id = c.id
WHEN MATCHED AND c.kind = 'drop' THEN DELETE
WHEN MATCHED AND c.kind = 'keep' THEN DO NOTHING
WHEN MATCHED THEN UPDATE SET kind = c.kind
WHEN NOT MATCHED THEN INSERT (id, customer, kind) VALUES (c.id, 0, c.kind);
SELECT id, kind FROM events WHERE id IN (21, 22, 23, 50001, 50002, 10001) ORDER BY id;
-- a second match of one row is an error, as on a heap
\set VERBOSITY sqlstate
INSERT INTO changes VALUES (21, 'twice');
MERGE INTO events e USING changes c ON e.id = c.id WHEN MATCHED THEN UPDATE SET kind = c.kind;
\set VERBOSITY default
SELECT id, kind FROM events WHERE id = 21;

-- COPY in and out
COPY events (id, customer, kind, amount, at) FROM stdin WITH (FORMAT csv, NULL '-');
60001,1,view,1.50,2026-02-01 10:00:00+00
60002,2,-,-,-
60003,3,"a, b
c",2.25,2026-02-01 10:00:01+00
\.
COPY (SELECT * FROM events WHERE id >= 60000 ORDER BY id) TO stdout;
COPY events (id, customer) FROM stdin WHERE id % 2 = 0;
70001	1
70002	2
\.
SELECT count(*), min(id) FROM events WHERE id > 70000;
-- a COPY that fails leaves nothing
COPY events (id, customer) FROM stdin;
70003	1
70004	x
\.
SELECT count(*) FROM events WHERE id > 70000;
CALL footfall.seal('events');
COPY (SELECT * FROM events WHERE id >= 60000 ORDER BY id) TO stdout WITH (FORMAT csv);

-- CREATE TABLE AS, SELECT INTO, INSERT ... SELECT between access methods
CREATE TABLE copied USING footfall AS SELECT * FROM events;
SELECT * FROM "check".differences('events', 'copied');
CREATE TABLE heap_copy AS SELECT * FROM copied;
SELECT * FROM "check".differences('events', 'heap_copy');
CREATE TABLE empty_copy USING footfall AS SELECT * FROM events WITH NO DATA;
SELECT count(*) FROM empty_copy;
CREATE MATERIALIZED VIEW totals USING footfall AS SELECT customer, count(*) AS n, sum(amount) AS amount FROM events GROUP BY customer;
SELECT count(*), sum(n) FROM totals;
DELETE FROM events WHERE customer = 1;
REFRESH MATERIALIZED VIEW totals;
SELECT count(*), sum(n) FROM totals;

-- rows that no heap page holds are refused as by a heap, also where segments are written directly
CREATE FUNCTION load_wide(method name, columns int, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE stored text;
BEGIN
    EXECUTE format('CREATE TABLE wide USING %I AS SELECT %s FROM generate_series(1, 3) g', method,
                   (SELECT string_agg(format('%s AS c%s', value, i), ', ') FROM generate_series(1, columns) i));
    SELECT CASE method WHEN 'heap' THEN 'stored' ELSE "check".stores('wide') END INTO stored;
    DROP TABLE wide;
    RETURN stored;
EXCEPTION WHEN program_limit_exceeded THEN
    RETURN SQLERRM;
END
$$;
SET footfall.min_segment_rows = 1;
SELECT columns, value, load_wide('heap', columns, value) AS heap, load_wide('footfall', columns, value) AS footfall
FROM (VALUES (900, 'g::int8'), (1100, 'g::int8'), (1100, 'NULL::int8'),
             (300, 'repeat(md5(g::text), 100)'), (1000, 'repeat(md5(g::text), 100)')) v(columns, value);
CREATE TABLE plain (a text) USING footfall;
ALTER TABLE plain ALTER COLUMN a SET STORAGE PLAIN;
COPY plain FROM PROGRAM 'head -c 9000 /dev/zero | tr "\000" x';
COPY plain FROM PROGRAM 'head -c 900 /dev/zero | tr "\000" x';
SELECT "check".stores('plain');
RESET footfall.min_segment_rows;

-- aggregates, joins, set operations and windows see one table
SELECT customer, count(*), sum(id), min(kind), max(at) FROM events WHERE customer < 5 GROUP BY customer ORDER BY customer;
SELECT count(*) FROM events a JOIN copied b USING (id);
SELECT id, lag(id) OVER (PARTITION BY customer ORDER BY id) FROM events WHERE customer = 2 ORDER BY id LIMIT 3;
SELECT count(*) FROM (SELECT id FROM copied EXCEPT SELECT id FROM events) x;
SELECT count(*) FROM copied c WHERE EXISTS (SELECT 1 FROM events e WHERE e.id = c.id AND e.customer = 3);

SELECT "check".verified('events');
DROP SCHEMA dml CASCADE;
