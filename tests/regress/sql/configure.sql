-- footfall.configure, footfall.reset, footfall.order_key: what is accepted, what is refused, what follows DDL.
CREATE SCHEMA configure;
SET search_path = configure;
CREATE ROLE configure_owner;
CREATE ROLE configure_other;
GRANT ALL ON SCHEMA configure TO configure_owner, configure_other;
SET ROLE configure_owner;

CREATE TYPE kind AS ENUM ('view', 'cart', 'purchase');
CREATE DOMAIN moment AS timestamptz;
CREATE TABLE events (
    ts moment NOT NULL, customer_id bigint, kind kind, session uuid, product text, order_id int,
    campaign varchar(20), price numeric(10, 2), "Unit Count" int, weight double precision, bonus money,
    done boolean, extra json)
PARTITION BY RANGE (ts);

-- A partitioned table can be configured before it has partitions; nothing to set is nothing.
SELECT footfall.configure('events');
SELECT footfall.order_key('events');
SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer_id', event_column => 'kind',
    session_column => 'session', product_column => 'product', order_column => 'order_id',
    campaign_column => 'campaign', amount => 'price * "Unit Count"');
-- Without order_by the customer and the time are the order key.
SELECT footfall.order_key('events');
SELECT footfall.configure('events', order_by => '{customer_id,kind,ts}');
SELECT * FROM footfall.settings WHERE relation = 'events'::regclass ORDER BY setting;

-- What is left out stays; what is given replaces.
SELECT footfall.configure('events', amount => 'price');
SELECT setting, value FROM footfall.settings WHERE relation = 'events'::regclass AND setting IN ('amount', 'order_by') ORDER BY 1;
SELECT footfall.configure('events', amount => 'Unit Count');
SELECT value FROM footfall.settings WHERE relation = 'events'::regclass AND setting = 'amount';

-- Columns that do not exist, of types that will not do.
SELECT footfall.configure('events', time_column => 'when');
SELECT footfall.configure('events', time_column => 'product');
SELECT footfall.configure('events', customer_column => 'weight');
SELECT footfall.configure('events', customer_column => 'ctid');
SELECT footfall.configure('events', event_column => 'session');
SELECT footfall.configure('events', order_column => 'extra');
SELECT footfall.configure('events', order_by => '{customer_id,nowhere}');
SELECT footfall.configure('events', order_by => '{customer_id,ts,customer_id}');
SELECT footfall.configure('events', order_by => '{extra}');
SELECT footfall.configure('events', order_by => '{customer_id,NULL}');
SELECT footfall.configure('events', order_by => '{{customer_id,ts},{kind,product}}');
SELECT footfall.configure('events', order_by => '{a,b,c,d,e,f,g,h,i}');
SELECT footfall.configure('events', order_by => '{"ts DESC"}');
SELECT footfall.configure(NULL);
SELECT footfall.configure(0);

-- A computed column is a column.
CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a % 10) STORED) USING footfall;
SELECT footfall.configure('computed', order_by => '{b,a}');
SELECT footfall.order_key('computed');

-- Amounts: a number, of the row alone.
\set VERBOSITY terse
SELECT footfall.configure('events', amount => 'nowhere * 2');
SELECT footfall.configure('events', amount => 'product');
SELECT footfall.configure('events', amount => 'done');
SELECT footfall.configure('events', amount => 'bonus');
SELECT footfall.configure('events', amount => '42');
SELECT footfall.configure('events', amount => '');
SELECT footfall.configure('events', amount => 'sum(price)');
SELECT footfall.configure('events', amount => 'sum(price) OVER ()');
SELECT footfall.configure('events', amount => 'generate_series(1, order_id)');
SELECT footfall.configure('events', amount => '(SELECT price)');
SELECT footfall.configure('events', amount => 'price * random()');
SELECT footfall.configure('events', amount => 'price * extract(epoch FROM now())');
SELECT footfall.configure('events', amount => 'price, weight');
SELECT footfall.configure('events', amount => 'price AS p');
SELECT footfall.configure('events', amount => '*');
SELECT footfall.configure('events', amount => '$1');
SELECT footfall.configure('events', amount => 'price FROM pg_authid');
SELECT footfall.configure('events', amount => 'price) FROM pg_authid --');
SELECT footfall.configure('events', amount => 'price; DROP TABLE configure.events');
SELECT footfall.configure('events', amount => 'price UNION SELECT 1');
SELECT footfall.configure('events', amount => 'hashtext(events::text)');
\set VERBOSITY default
-- A syntax error is shown in its own text.
SELECT footfall.configure('events', amount => 'price * * 2');
-- Functions and types of other schemas are qualified, so that the text means the same under any search_path.
CREATE FUNCTION net(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN $1 / 1.19;
SELECT footfall.configure('events', amount => 'round(net(price), 2) * coalesce("Unit Count", 1)');
SELECT value FROM footfall.settings WHERE relation = 'events'::regclass AND setting = 'amount';

-- Nothing of a call is done when one argument is wrong.
SELECT footfall.configure('events', product_column => 'campaign', order_by => '{nowhere}');
SELECT value FROM footfall.settings WHERE relation = 'events'::regclass AND setting = 'product_column';
BEGIN;
SELECT footfall.configure('events', product_column => 'campaign');
ROLLBACK;
SELECT value FROM footfall.settings WHERE relation = 'events'::regclass AND setting = 'product_column';

-- Archives.
SELECT footfall.configure('events', archive_to => 'cold');
SELECT footfall.configure('events', archive_after => '30 days');
SELECT footfall.configure('events', archive_above => '300 MB');
SELECT footfall.reset('events', 'retain');
SELECT footfall.reset('events', 'colour');
SELECT footfall.reset('events', NULL);

-- Partitions inherit, and may have their own.
CREATE TABLE january PARTITION OF events FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00') USING footfall;
CREATE TABLE february PARTITION OF events FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00') USING footfall;
SELECT footfall.configure('february', order_by => '{product}');
SELECT relation, partition_of, owner, segments, order_key FROM footfall.tables
WHERE relation IN ('january'::regclass, 'february'::regclass) ORDER BY relation::text;
-- Attribute numbers of a partition need not be its parent's.
CREATE TABLE march (junk int, price numeric(10, 2), ts moment NOT NULL, campaign varchar(20), "Unit Count" int, kind kind,
    extra json, product text, customer_id bigint, weight double precision, session uuid, bonus money, done boolean,
    order_id int) USING footfall;
ALTER TABLE march DROP COLUMN junk;
ALTER TABLE events ATTACH PARTITION march FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00');
SELECT footfall.order_key('march');
INSERT INTO events (ts, customer_id, kind, product)
SELECT '2026-01-01 00:00:00+00'::timestamptz + i * interval '13 minutes', i * 7919 % 97,
    (ARRAY['view', 'cart', 'purchase'])[1 + i % 3]::kind, 'p' || i * 31 % 53 FROM generate_series(1, 9000) i;
CALL footfall.seal('events');
-- Sealed rows come back in the order key's order: how many stand before their predecessor?
CREATE FUNCTION inversions(t regclass, key text, OUT rows bigint, OUT inversions bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE key < before) FROM (
        SELECT ROW(%1$s) AS key, lag(ROW(%1$s)) OVER (ORDER BY ctid) AS before FROM %2$s) s', key, t) INTO rows, inversions;
END
$$;
SELECT * FROM inversions('january', 'customer_id, kind, ts');
SELECT * FROM inversions('february', 'product COLLATE "C"');
SELECT * FROM inversions('march', 'customer_id, kind, ts');
SELECT * FROM footfall.verify('events');

-- A new key holds for what is written from now on, and for all rows after a compaction.
SELECT footfall.configure('events', order_by => '{ts}');
SELECT inversions > 0 AS not_yet FROM inversions('january', 'ts');
CALL footfall.compact('january');
SELECT * FROM inversions('january', 'ts');
-- An empty order on a partition is an order: none.
SELECT footfall.configure('march', order_by => '{}');
SELECT footfall.order_key('march');
SELECT footfall.reset('march', 'order_by');
SELECT footfall.order_key('march');
SELECT footfall.reset('march', 'order_by');
-- Rewrites keep the order: the new table is sorted while it is loaded.
SET footfall.min_segment_rows = 100;
ALTER TABLE events ALTER COLUMN weight TYPE real;
SELECT sealed_rows FROM footfall.storage('march');
SELECT * FROM inversions('march', 'ts');
SELECT count(*) FROM events;
RESET footfall.min_segment_rows;

-- Renamed columns keep their parts, in the table, its partitions and the amount.
SELECT footfall.configure('events', order_by => '{customer_id,ts}', amount => 'price * "Unit Count" + price');
SELECT footfall.configure('february', amount => 'price + 1');
ALTER TABLE events RENAME COLUMN customer_id TO "Customer";
ALTER TABLE events RENAME COLUMN price TO "unit ""net"" price";
ALTER TABLE events RENAME COLUMN "Unit Count" TO number;
ALTER TABLE events RENAME TO shop_events;
SELECT * FROM footfall.settings WHERE relation IN ('shop_events'::regclass, 'february'::regclass) ORDER BY relation::text, setting;
SELECT footfall.order_key('march');
SELECT footfall.configure('shop_events', amount => value) FROM footfall.settings
WHERE relation = 'shop_events'::regclass AND setting = 'amount';

-- Dropped columns give theirs up.
ALTER TABLE shop_events DROP COLUMN product;
ALTER TABLE shop_events DROP COLUMN number;
SELECT footfall.configure('shop_events', order_by => '{Customer,kind,ts}');
ALTER TABLE shop_events DROP COLUMN kind;
ALTER TABLE shop_events DROP COLUMN "Customer";
SELECT * FROM footfall.settings WHERE relation IN ('shop_events'::regclass, 'february'::regclass) ORDER BY relation::text, setting;
-- A new column of an old name plays no part.
ALTER TABLE shop_events ADD COLUMN "Customer" int;
SELECT footfall.order_key('shop_events');

-- The first session statement that touches footfall may be the rename itself.
CREATE TABLE bare (ts timestamptz, customer_id int) PARTITION BY RANGE (ts);
SELECT footfall.configure('bare', time_column => 'ts', customer_column => 'customer_id');
\c -
SET search_path = configure;
ALTER TABLE bare RENAME COLUMN customer_id TO buyer;
\c -
SET search_path = configure;
ALTER TABLE bare DROP COLUMN buyer;
SELECT * FROM footfall.settings WHERE relation = 'bare'::regclass ORDER BY setting;

-- Typed tables follow their type; materialized views have an order too; a heap partition gets its order when it becomes
-- a footfall table.
CREATE TYPE shape AS (ts timestamptz, customer_id int);
CREATE TABLE typed OF shape USING footfall;
SELECT footfall.configure('typed', time_column => 'ts', customer_column => 'customer_id');
ALTER TYPE shape RENAME ATTRIBUTE customer_id TO buyer CASCADE;
SELECT footfall.order_key('typed');
ALTER TYPE shape DROP ATTRIBUTE buyer CASCADE;
SELECT setting, value FROM footfall.settings WHERE relation = 'typed'::regclass ORDER BY 1;
CREATE TABLE source (k int, ts timestamptz, note text) PARTITION BY RANGE (ts);
SELECT footfall.configure('source', order_by => '{k,ts}');
CREATE TABLE source_1 PARTITION OF source FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00') USING heap;
INSERT INTO source SELECT i * 7919 % 1000, '2026-01-01 00:00:00+00'::timestamptz + i * interval '1 s' FROM generate_series(1, 20000) i;
SELECT footfall.order_key('source_1');
ALTER TABLE source_1 SET ACCESS METHOD footfall;
SELECT footfall.order_key('source_1'), sealed_rows FROM footfall.storage('source_1');
SELECT * FROM inversions('source_1', 'k, ts');
ALTER TABLE source DETACH PARTITION source_1;
SELECT footfall.order_key('source_1');
CREATE MATERIALIZED VIEW summary USING footfall AS SELECT * FROM source_1;
SET client_min_messages = warning;
SELECT footfall.configure('summary', customer_column => 'k', time_column => 'ts');
RESET client_min_messages;
REFRESH MATERIALIZED VIEW summary;
CALL footfall.seal('summary');
SELECT * FROM inversions('summary', 'k, ts');
-- In one transaction, savepoints included
BEGIN;
SELECT footfall.configure('source', order_by => '{ts}');
SAVEPOINT a;
SELECT footfall.reset('source', 'order_by');
SELECT footfall.order_key('source');
ROLLBACK TO a;
SELECT footfall.order_key('source');
ROLLBACK;
SELECT footfall.order_key('source');
-- What is no footfall table has no order key.
SELECT footfall.order_key('pg_class'), footfall.order_key(NULL), footfall.order_key(0);

-- Settings go with their table, temporary ones too.
DROP TABLE bare;
CREATE TEMP TABLE scratch (ts timestamptz, customer_id int) USING footfall;
SELECT footfall.configure('scratch', time_column => 'ts', order_by => '{customer_id,ts}');
SELECT footfall.order_key('scratch');
DROP TABLE scratch;
SELECT count(*) FROM footfall.setting s WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.relation);

-- Only the owner, and only tables that footfall keeps or may keep.
CREATE TABLE plain (a int);
CREATE VIEW looking AS SELECT 1 AS a;
SELECT footfall.configure('plain', order_by => '{a}');
SELECT footfall.configure('looking', order_by => '{a}');
SELECT footfall.configure('pg_class', order_by => '{oid}');
SET ROLE configure_other;
SELECT footfall.configure('shop_events', order_by => '{ts}');
SELECT footfall.configure('january', order_by => '{ts}');
SELECT footfall.reset('shop_events', 'order_by');
SELECT footfall.order_key('shop_events');
SELECT footfall.load();
SELECT * FROM footfall.setting;
SELECT count(*) FROM footfall.settings;
SELECT count(*) FROM footfall.tables;
SELECT count(*) FROM footfall.segments;
RESET ROLE;
SET default_transaction_read_only = on;
SELECT footfall.configure('shop_events', order_by => '{ts}');
RESET default_transaction_read_only;

SET client_min_messages = warning;
DROP SCHEMA configure CASCADE;
DROP ROLE configure_owner, configure_other;
