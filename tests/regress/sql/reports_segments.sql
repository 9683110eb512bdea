-- create_segment: views of customers who meet conditions, and reports that use them.
CREATE SCHEMA segments;
SET search_path = segments, public;
SET timezone = 'UTC';
CREATE TABLE plain (ts timestamptz, customer_id int, event text, amount numeric, country text);
INSERT INTO plain SELECT '2026-01-01'::timestamptz + make_interval(hours => i), (i * 31) % 60, (ARRAY['view', 'cart', 'view', 'purchase'])[1 + (i * 7 + i / 50) % 4],
    i % 90, (ARRAY['DE', 'FR', NULL])[1 + (i * 31) % 60 % 3] FROM generate_series(1, 1200) i;
INSERT INTO plain VALUES ('2026-01-01', NULL, 'purchase', 1000000, 'DE'), (NULL, 3, 'refund', 7, 'FR');
CREATE TABLE events (LIKE plain) USING footfall;
INSERT INTO events TABLE plain;
SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer_id', event_column => 'event', amount => 'amount');
CALL footfall.seal('events');

-- Conditions over all events of a customer, or met by one of them; all must hold.
SELECT footfall.create_segment('spenders', 'events', ARRAY[$$sum(amount) FILTER (WHERE event = 'purchase') > 250$$]);
SELECT footfall.create_segment('french_carts', 'events', ARRAY['country = ''FR'' -- a comment', $$count(*) FILTER (WHERE event = 'cart') >= 5$$, 'amount > 80']);
SELECT footfall.create_segment('segments."Refunded ones"', 'SELECT customer_id, event FROM events WHERE customer_id < 30', '{event = ''refund''}');
SELECT footfall.create_segment('recent', 'events', ARRAY[$$max(ts) > '2026-02-19'$$]);
SELECT footfall.create_segment('everyone', 'events', '{true}');
SELECT reloptions FROM pg_class WHERE oid = 'french_carts'::regclass;
SELECT (SELECT count(*) FROM spenders) AS spenders, (SELECT count(*) FROM french_carts) AS french_carts, (SELECT string_agg(customer_id::text, ',') FROM "Refunded ones") AS refunded,
    (SELECT count(*) FROM recent) AS recent, (SELECT count(*) FROM everyone) AS everyone;
SELECT (SELECT array_agg(customer_id ORDER BY customer_id) FROM spenders) = (SELECT array_agg(c ORDER BY c) FROM (SELECT customer_id AS c FROM plain WHERE event = 'purchase' AND customer_id IS NOT NULL GROUP BY 1 HAVING sum(amount) > 250) x) AS spenders,
    (SELECT array_agg(customer_id ORDER BY customer_id) FROM french_carts) = (SELECT array_agg(c ORDER BY c) FROM (SELECT DISTINCT customer_id AS c FROM plain p WHERE country = 'FR'
        AND (SELECT count(*) FROM plain q WHERE q.customer_id = p.customer_id AND event = 'cart') >= 5 AND EXISTS (SELECT FROM plain q WHERE q.customer_id = p.customer_id AND amount > 80)) x) AS french_carts;
-- A segment follows its events.
INSERT INTO events VALUES ('2026-03-01', 1000, 'purchase', 500, 'DE');
SELECT count(*) FROM spenders WHERE customer_id = 1000;

-- As a filter, as a breakdown, as the events
SELECT sum(orders) AS orders, sum(revenue) AS revenue FROM footfall.kpis('events', filter => 'customer_id IN (SELECT customer_id FROM french_carts)');
SELECT count(*) AS orders, sum(amount) AS revenue FROM plain JOIN french_carts USING (customer_id) WHERE event = 'purchase';
SELECT breakdown, step, customers FROM footfall.funnel('events', '{view,cart,purchase}', '30 days', breakdown => 'customer_id IN (SELECT customer_id FROM spenders)') ORDER BY 1, 2;
SELECT count(*) FROM footfall.rfm('SELECT e.* FROM events e JOIN spenders USING (customer_id)');

-- Mistakes
\set VERBOSITY default
\set SHOW_CONTEXT errors
SELECT footfall.create_segment('spenders', 'events', '{true}');
SELECT footfall.create_segment('nothing', 'events', '{}');
SELECT footfall.create_segment('nothing', 'events', NULL);
SELECT footfall.create_segment('nothing', 'events', '{NULL}');
SELECT footfall.create_segment(NULL, 'events', '{true}');
SELECT footfall.create_segment('no..thing', 'events', '{true}');
SELECT footfall.create_segment('elsewhere.segments.nothing', 'events', '{true}');
SELECT footfall.create_segment('nowhere.nothing', 'events', '{true}');
SELECT footfall.create_segment('nothing', 'events', '{amuont > 3}');
SELECT footfall.create_segment('nothing', 'events', '{sum(amount)}');
SELECT footfall.create_segment('nothing', 'events', '{sum(amount) > ts}');
SELECT footfall.create_segment('nothing', 'events', '{rank() OVER () > 1}');
SELECT footfall.create_segment('nothing', 'events', '{count(*) > 3 AND amount > 1}');
SELECT footfall.create_segment('nothing', 'events', '{true) OR (true}');
SELECT footfall.create_segment('nothing', 'events', '{true; DROP TABLE plain}');
SELECT footfall.create_segment('nothing', 'SELECT 1 AS a', '{true}');
SELECT to_regclass('nothing') IS NULL AS nothing;

-- The reader's rights: on the segment, on the events, on their rows
CREATE ROLE footfall_segment_reader;
GRANT USAGE ON SCHEMA segments TO footfall_segment_reader;
GRANT SELECT ON spenders TO footfall_segment_reader;
SET ROLE footfall_segment_reader;
\set VERBOSITY sqlstate
SELECT count(*) FROM spenders;
SELECT footfall.create_segment('segments.theirs', 'events', '{true}');
RESET ROLE;
GRANT SELECT ON events TO footfall_segment_reader;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY others ON events USING (customer_id > 30);
SET ROLE footfall_segment_reader;
SELECT footfall.create_segment('segments.theirs', 'events', '{true}');
\set VERBOSITY default
SELECT min(customer_id) FROM spenders;
CREATE TEMPORARY TABLE mine (customer_id int);
SELECT footfall.create_segment('pg_temp.theirs', 'events', '{true}');
SELECT min(customer_id), count(*) FROM pg_temp.theirs;
DROP VIEW pg_temp.theirs;
RESET ROLE;
SELECT min(customer_id), count(*) FROM spenders;
BEGIN READ ONLY;
SELECT footfall.create_segment('nothing', 'events', '{true}');
ROLLBACK;
DROP TABLE mine;
DROP OWNED BY footfall_segment_reader;
DROP ROLE footfall_segment_reader;
