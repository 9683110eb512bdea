-- Partitioned tables: footfall and heap leaves side by side, rows that move, ATTACH and DETACH, pruning.
CREATE SCHEMA partitions;
SET search_path = partitions, public;
SET client_min_messages = warning;

CREATE TABLE events (at date NOT NULL, customer int, kind text, amount numeric) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING footfall;
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING footfall;
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2026-03-01') TO ('2026-04-01') USING heap;
CREATE TABLE events_rest PARTITION OF events DEFAULT USING footfall;
INSERT INTO events SELECT date '2026-01-01' + i % 100, i % 40, 'kind ' || i % 3, i FROM generate_series(1, 4000) i;
CALL footfall.seal('events_1');
CALL footfall.seal('events_rest');
SELECT tableoid::regclass, count(*), sum(amount) FROM events GROUP BY tableoid ORDER BY tableoid::regclass::text;
SELECT "check".stores('events_1') AS one, "check".stores('events_2') AS two, "check".stores('events_rest') AS rest;

-- updates that move a row: out of a sealed partition, into one, between the access methods
WITH moved AS (UPDATE events SET at = at + 31 WHERE at = '2026-01-05' AND customer < 5 RETURNING tableoid::regclass, at, customer)
SELECT tableoid, at, count(*) FROM moved GROUP BY 1, 2 ORDER BY 2;
UPDATE events SET at = '2026-01-20' WHERE at = '2026-03-10' AND customer < 10;
UPDATE events SET at = '2026-03-20' WHERE at = '2026-01-21' AND customer < 10;
UPDATE events SET at = '2030-01-01' WHERE at = '2026-01-22' AND customer < 10;
SELECT tableoid::regclass, count(*), sum(amount) FROM events GROUP BY tableoid ORDER BY tableoid::regclass::text;
DELETE FROM events WHERE customer = 7;
SELECT count(*), sum(amount) FROM events;
COPY events FROM stdin WITH (FORMAT csv);
2026-01-15,1,copied,1
2026-02-15,2,copied,2
2026-03-15,3,copied,3
2027-01-15,4,copied,4
\.
SELECT tableoid::regclass, * FROM events WHERE kind = 'copied' ORDER BY at;
\set VERBOSITY sqlstate
INSERT INTO events_1 VALUES ('2026-05-01', 1, 'wrong partition', 1);
UPDATE events_1 SET at = '2026-05-01' WHERE at = '2026-01-02';
\set VERBOSITY default
MERGE INTO events e USING (VALUES (date '2026-01-03', 3), (date '2026-08-01', 1)) v(at, customer) ON e.at = v.at AND e.customer = v.customer
WHEN MATCHED THEN UPDATE SET kind = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (v.at, v.customer, 'merged', 0);
SELECT at, customer, count(*) FROM events WHERE kind = 'merged' GROUP BY 1, 2 ORDER BY 1;

-- seal and compact the whole tree
CALL footfall.seal('events_2');
CALL footfall.compact('events_1');
SELECT count(*), sum(amount), count(DISTINCT at) FROM events;
SELECT date_trunc('month', at)::date AS month, count(*), sum(amount) FROM events GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM events WHERE at BETWEEN '2026-01-10' AND '2026-02-10';

-- DETACH, ATTACH with validation, a partition exchanged, columns added and dropped on the parent
ALTER TABLE events DETACH PARTITION events_1;
SELECT count(*) FROM events;
SELECT count(*), sum(amount) FROM events_1;
\set VERBOSITY sqlstate
ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2026-01-01') TO ('2026-01-10');
\set VERBOSITY default
ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
SELECT count(*) FROM events;
CREATE TABLE other (extra int, kind text, amount numeric, customer int, at date NOT NULL) USING footfall;
ALTER TABLE other DROP COLUMN extra;
INSERT INTO other SELECT 'other', i, i, date '2026-05-01' + i % 10 FROM generate_series(1, 500) i;
CALL footfall.seal('other');
DELETE FROM events WHERE at >= '2026-05-01' AND at < '2026-06-01';
ALTER TABLE events ATTACH PARTITION other FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
SELECT * FROM events WHERE at = '2026-05-03' AND customer = 2;
UPDATE events SET at = '2026-02-03' WHERE at = '2026-05-03' AND customer < 20;
SELECT tableoid::regclass, * FROM events WHERE kind = 'other' AND at = '2026-02-03' ORDER BY customer;
ALTER TABLE events ADD COLUMN added int DEFAULT 5;
ALTER TABLE events DROP COLUMN kind;
SELECT tableoid::regclass, count(*), sum(added) FROM events GROUP BY tableoid ORDER BY tableoid::regclass::text;
TRUNCATE events_2;
SELECT count(*) FROM events;
DROP TABLE events_1;
SELECT count(*) FROM events;
TRUNCATE events;
SELECT count(*) FROM events;

-- list and hash partitions, partitions of partitions, a partition key that is an expression
CREATE TABLE deep (a int, b int) PARTITION BY LIST (a);
CREATE TABLE deep_1 PARTITION OF deep FOR VALUES IN (1) PARTITION BY HASH (b);
CREATE TABLE deep_1_0 PARTITION OF deep_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0) USING footfall;
CREATE TABLE deep_1_1 PARTITION OF deep_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1) USING footfall;
CREATE TABLE deep_2 PARTITION OF deep FOR VALUES IN (2, NULL) USING footfall;
INSERT INTO deep SELECT NULLIF(1 + i % 3, 3), i FROM generate_series(1, 300) i;
CALL footfall.seal('deep_1_0');
CALL footfall.seal('deep_2');
UPDATE deep SET a = 2 WHERE a = 1 AND b < 100;
UPDATE deep SET b = b + 1 WHERE a = 1;
SELECT a, count(*), sum(b) FROM deep GROUP BY a ORDER BY a;
SELECT "check".verified('deep_1_0'), "check".verified('deep_2');
DROP SCHEMA partitions CASCADE;
