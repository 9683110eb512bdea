-- System columns and rows addressed by ctid: stable while a segment lives, also for sealed rows.
CREATE SCHEMA row_addresses;
SET search_path = row_addresses, public;

CREATE TABLE t (a int, b text) USING footfall;
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 2000) i;
CALL footfall.seal('t');
INSERT INTO t SELECT i, 'row ' || i FROM generate_series(2001, 2010) i;
SELECT count(DISTINCT ctid), count(ctid), count(DISTINCT tableoid) FROM t;
SELECT count(*) FROM t WHERE xmin IS NULL OR xmax IS NULL OR cmin IS NULL OR cmax IS NULL;

-- by address, in a join, through a list
CREATE TEMPORARY TABLE kept AS SELECT a, ctid AS address FROM t WHERE a IN (1, 1000, 2000, 2005);
SELECT t.a FROM t JOIN kept ON t.ctid = kept.address ORDER BY t.a;
SELECT a FROM t WHERE ctid = (SELECT address FROM kept WHERE a = 1000);
SELECT a FROM t WHERE ctid = (SELECT address FROM kept WHERE a = 2005);
SELECT a FROM t WHERE ctid = ANY (ARRAY(SELECT address FROM kept)) ORDER BY a;
UPDATE t SET b = 'by address' WHERE ctid = (SELECT address FROM kept WHERE a = 1000);
DELETE FROM t WHERE ctid = (SELECT address FROM kept WHERE a = 2005);
SELECT a, b FROM t WHERE ctid = ANY (ARRAY(SELECT address FROM kept)) ORDER BY a;
SELECT a, b FROM t WHERE a IN (1000, 2005);
-- ranges of addresses: every row once
SELECT count(*) FROM t WHERE ctid >= '(0,0)';
SELECT count(*) FROM t WHERE ctid < '(0,0)';
SELECT (SELECT count(*) FROM t WHERE ctid >= (SELECT max(address) FROM kept WHERE a < 2001))
     + (SELECT count(*) FROM t WHERE ctid < (SELECT max(address) FROM kept WHERE a < 2001)) AS every_row;
-- addresses that do not exist
SELECT count(*) FROM t WHERE ctid IN ('(4294967294,1)', '(1000000,1)', '(2147483647,1)', '(0,0)', '(3000000000,200)');
DELETE FROM t WHERE ctid = '(4294967294,1)';

-- the latest version of a row that moved
SELECT currtid2('row_addresses.t', address) = address AS unchanged FROM kept WHERE a = 1;

-- whole-row references, row comparisons, a composite of the row in jsonb
SELECT t FROM t WHERE a IN (5, 2001) ORDER BY a;
SELECT to_jsonb(t) FROM t WHERE a = 5;
SELECT count(*) FROM t x JOIN t y ON x = y;

-- the address of a sealed row stays for as long as its segment lives: through changes of other rows and a vacuum
CREATE TEMPORARY TABLE before AS SELECT a, ctid AS address FROM t WHERE a <= 900;
DELETE FROM t WHERE a BETWEEN 901 AND 950;
INSERT INTO t SELECT i, 'new' FROM generate_series(3001, 3100) i;
VACUUM t;
SELECT count(*) FROM t JOIN before b ON t.ctid = b.address AND t.a = b.a;
DROP SCHEMA row_addresses CASCADE;
