-- A report whose arguments are constants is planned within the query that asks: the rows, their order and the rights are
-- those of the call, which a sub-query as an argument keeps.
CREATE SCHEMA inlined;
SET search_path = inlined, public;
SET timezone = 'UTC';
CREATE TABLE shop (customer_id int, ts timestamptz, event text, session_id int, product_id int, category text, order_id int,
    amount float8, price numeric(10,2), campaign text, device text, country text) USING footfall;
SELECT footfall.configure('shop', time_column => 'ts', customer_column => 'customer_id', order_by => '{customer_id,ts}', amount => 'amount');
INSERT INTO shop SELECT 1 + (i * 7919) % 997, '2026-01-01'::timestamptz + make_interval(mins => (i * 31) % 100000),
    (ARRAY['view', 'search', 'purchase', NULL, 'view', 'add_to_cart', 'refund'])[1 + i % 7], nullif(i % 5, 0) + (i % 997) * 10, nullif(i % 23, 0),
    'c' || i % 4, nullif(i % 3, 0) + (i % 997) * 10, (i % 400) * 0.25, i % 100, (ARRAY['mail', NULL])[1 + i % 2],
    (ARRAY['phone', 'desktop', NULL])[1 + i % 3], (ARRAY['DE', 'FR'])[1 + i % 2]
FROM generate_series(1, 20000) i;
INSERT INTO shop (customer_id, ts) VALUES (NULL, '2026-01-02'), (1, 'infinity'), (1, '2026-02-01');
CALL footfall.seal('shop');
CALL footfall.compact('shop');
INSERT INTO shop SELECT 990 + i, '2026-01-20', 'purchase', i, i, 'c1', i, i, i, 'mail', 'phone', 'DE' FROM generate_series(1, 30) i;
ANALYZE shop;

CREATE FUNCTION calls(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE line text; BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line LIKE '%Function Scan on churn_features%' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
-- What nobody asks for is not computed.
EXPLAIN (COSTS OFF) SELECT customer_id, purchases FROM footfall.churn_features('shop', '2026-02-01') WHERE purchases > 3;
CREATE FUNCTION counts(query text, word text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE line text; n bigint := 0; BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        n := n + (line LIKE '%' || word || '%')::int;
    END LOOP;
    RETURN n;
END $$;
SELECT counts('SELECT count(*), sum(events) FROM footfall.churn_features(''shop'', ''2026-02-01'')', 'Footfall') AS reads,
    counts('SELECT count(*), sum(events) FROM footfall.churn_features(''shop'', ''2026-02-01'')', 'Sort') AS sorts,
    counts('SELECT count(*), sum(tenure_days) FROM footfall.churn_features(''shop'', ''2026-02-01'')', 'Sort') AS tenure_sorts,
    counts('SELECT array_agg(events) FROM footfall.churn_features(''shop'', ''2026-02-01'')', 'Sort') AS ordered;
SELECT calls($$SELECT * FROM footfall.churn_features('shop', '2026-02-01')$$) AS plain,
    calls($$SELECT * FROM footfall.churn_features('SELECT * FROM shop', '2026-02-01', features => '{views}', filter => 'product_id > 3')$$) AS query,
    calls($$SELECT 1 WHERE EXISTS (WITH f AS MATERIALIZED (SELECT * FROM footfall.churn_features('shop', '2026-02-01')) TABLE f)$$) AS nested,
    calls($$SELECT * FROM footfall.churn_features((SELECT 'shop'::text), '2026-02-01')$$) AS expression,
    calls($$SELECT * FROM footfall.churn_features('shop', now())$$) AS stable,
    calls($$SELECT * FROM footfall.churn_features('SELECT *, random() AS r FROM shop', '2026-02-01')$$) AS volatile,
    calls($$SELECT * FROM footfall.churn_features('shop', '2026-02-01') WITH ORDINALITY$$) AS ordinality,
    calls($$SELECT * FROM footfall.churn_features('SELECT ts::timestamp AS ts, customer_id FROM shop', '2026-02-01')$$) AS zone_of_session,
    calls($$SELECT * FROM footfall.churn_features('SELECT ts::timestamp AS ts, customer_id FROM shop', '2026-02-01', time_zone => 'UTC')$$) AS zone_given;

-- The same rows in the same order.
CREATE FUNCTION same(events text, more text DEFAULT '') RETURNS TABLE (customers bigint, differences bigint) LANGUAGE plpgsql AS $$ BEGIN
    RETURN QUERY EXECUTE format($q$ WITH a AS MATERIALIZED (SELECT f::text AS r, row_number() OVER () AS n FROM footfall.churn_features(%1$L, '2026-02-01 00:00+00' %2$s) f),
        b AS MATERIALIZED (SELECT f::text AS r, row_number() OVER () AS n FROM footfall.churn_features((SELECT %1$L::text), '2026-02-01 00:00+00' %2$s) f)
        SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE b) x) + (SELECT count(*) FROM (TABLE b EXCEPT ALL TABLE a) x) $q$, events, more);
END $$;
SELECT * FROM same('shop');
SELECT * FROM same('inlined.shop', $$, '10 days', session_gap => '1 hour', time_zone => 'Asia/Kolkata', purchase => 'event = ''refund'''$$);
SELECT * FROM same('SELECT * FROM shop WHERE country = ''DE''', $$, features => '{monetary,device,trend}'$$);
SELECT * FROM same('SELECT ts, customer_id, event, price AS amount FROM shop', ', NULL');
SELECT * FROM same('SELECT ts, chr(65 + customer_id % 60) COLLATE "C" AS customer_id, device FROM shop');
SELECT * FROM same('SELECT ts, CASE customer_id % 3 WHEN 0 THEN ''ä'' WHEN 1 THEN ''z'' ELSE ''Z'' END AS customer_id, country FROM shop');
SELECT * FROM same('SELECT * FROM shop WHERE false');
SET timezone = 'America/New_York';
SELECT * FROM same('shop');
SELECT * FROM same('SELECT ts::timestamp AS ts, customer_id FROM shop');
SET timezone = 'UTC';
-- Aggregates over customers, joins, sub-queries, views, other statements
CREATE FUNCTION alike(query text) RETURNS TABLE (same bool, answer text) LANGUAGE plpgsql AS $$ DECLARE a text; b text; BEGIN
    EXECUTE replace(query, 'FEATURES', 'footfall.churn_features(''shop'', ''2026-02-01'')') INTO a;
    EXECUTE replace(query, 'FEATURES', 'footfall.churn_features((SELECT ''shop''::text), ''2026-02-01'')') INTO b;
    RETURN QUERY SELECT a IS NOT DISTINCT FROM b, a;
END $$;
SELECT (alike(q)).* FROM unnest(ARRAY[
    'SELECT (sum(products), sum(active_days), count(*), sum(events), sum(purchases), sum(monetary), round(sum(recency_days)::numeric, 6))::text FROM FEATURES',
    'SELECT string_agg(customer_id || '':'' || events, '','') FROM FEATURES WHERE events < 4',
    'SELECT array_agg(x)::text FROM (SELECT (device, count(*), sum(sessions)) AS x FROM FEATURES GROUP BY device ORDER BY device) y',
    'SELECT md5(string_agg(f::text, '','')) FROM FEATURES f',
    'SELECT md5(string_agg(to_jsonb(f)::text, '','')) FROM (SELECT * FROM FEATURES LIMIT 50 OFFSET 3) f',
    'SELECT count(*)::text FROM generate_series(1, 50) g JOIN LATERAL (SELECT * FROM FEATURES) f ON f.customer_id = g::text',
    'SELECT count(*)::text FROM shop s LEFT JOIN FEATURES f ON f.customer_id = s.customer_id::text WHERE f.trend IS NULL OR f.tenure_days > 30',
    'SELECT count(*)::text FROM FEATURES a JOIN FEATURES b USING (customer_id) WHERE a.device = b.device',
    'SELECT (SELECT max(monetary) FROM FEATURES WHERE customer_id = ''7'')::text',
    'SELECT count(*)::text FROM FEATURES GROUP BY sessions HAVING count(*) > 1 ORDER BY sessions LIMIT 1',
    'SELECT (count(*), max(n))::text FROM (SELECT row_number() OVER () AS n, customer_id FROM FEATURES) x WHERE n = customer_id::int']) q;
CREATE VIEW seen AS SELECT * FROM footfall.churn_features('shop', '2026-02-01');
SELECT pg_get_viewdef('seen') LIKE '%churn_features(%' AS kept, count(*), sum(events) FROM seen;
CREATE TABLE stored AS SELECT * FROM footfall.churn_features('shop', '2026-02-01');
SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE seen) x;
UPDATE stored s SET events = -1 FROM footfall.churn_features('shop', '2026-02-01') f WHERE f.customer_id = s.customer_id AND f.views > 0;
SELECT count(*) FILTER (WHERE (events = -1) <> (views > 0)) FROM stored;
SELECT count(*) FROM (SELECT customer_id FROM footfall.churn_features('shop', '2026-02-01') FOR UPDATE) x;

-- A plan that is kept is made again when a setting, the zone or the user asks for it.
SET plan_cache_mode = force_generic_plan;
PREPARE kept AS SELECT round(sum(monetary)::numeric, 2) AS monetary, sum(active_days) AS days, count(*) FROM footfall.churn_features('shop', '2026-02-01');
EXECUTE kept;
SELECT footfall.configure('shop', amount => 'price');
EXECUTE kept;
SELECT round(sum(monetary)::numeric, 2) AS monetary FROM footfall.churn_features((SELECT 'shop'::text), '2026-02-01');
SET timezone = 'Asia/Kolkata';
EXECUTE kept;
SELECT sum(active_days) AS days FROM footfall.churn_features((SELECT 'shop'::text), '2026-02-01 00:00+00');
SET timezone = 'UTC';
CREATE ROLE footfall_reader;
CREATE ROLE footfall_other;
GRANT USAGE ON SCHEMA inlined TO footfall_reader, footfall_other;
GRANT SELECT ON shop TO footfall_reader;
ALTER TABLE shop ENABLE ROW LEVEL SECURITY;
CREATE POLICY phones ON shop TO footfall_reader USING (device = 'phone');
SET ROLE footfall_reader;
EXECUTE kept;
SELECT sum(active_days) AS days, count(*) FROM footfall.churn_features((SELECT 'shop'::text), '2026-02-01');
SET ROLE footfall_other;
EXECUTE kept;
RESET ROLE;
EXECUTE kept;
BEGIN;
REVOKE EXECUTE ON FUNCTION footfall.churn_features FROM PUBLIC;
SET LOCAL ROLE footfall_reader;
SAVEPOINT before;
EXECUTE kept;
ROLLBACK TO before;
SELECT count(*) FROM footfall.churn_features('shop', '2026-02-01');
ROLLBACK;
EXECUTE kept;
-- So it is when a function changes that an argument was computed with.
CREATE FUNCTION someday() RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT timestamptz '2026-02-01 00:00+00' $$;
PREPARE dated AS SELECT count(*), sum(events) FROM footfall.churn_features('shop', someday(), '20 days');
EXECUTE dated;
CREATE OR REPLACE FUNCTION someday() RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT timestamptz '2026-01-10 00:00+00' $$;
EXECUTE dated;
SELECT count(*), sum(events) FROM footfall.churn_features((SELECT 'shop'::text), someday(), '20 days');
-- Parameters are constants of a plan that is made for their values.
PREPARE asked(text, timestamptz) AS SELECT count(*), sum(events) FROM footfall.churn_features($1, as_of => $2, feature_window => '20 days');
SELECT calls('EXECUTE asked(''shop'', ''2026-02-01'')') AS generic;
EXECUTE asked('shop', '2026-02-01');
SET plan_cache_mode = force_custom_plan;
SELECT calls('EXECUTE asked(''shop'', ''2026-02-01'')') AS custom;
EXECUTE asked('shop', '2026-02-01');
RESET plan_cache_mode;
-- A time that the caller wrote is one of the session that runs the plan; row_security = off is heard by a plan that is kept.
BEGIN;
SET LOCAL time zone 'UTC';
PREPARE since AS SELECT sum(events) FROM footfall.churn_features('shop', '2026-02-01 00:00+00', filter => $$ts >= '2026-01-20'$$);
EXECUTE since;
SET LOCAL time zone 'America/New_York';
EXECUTE since;
SELECT sum(events) FROM footfall.churn_features((SELECT 'shop'::text), '2026-02-01 00:00+00', filter => $$ts >= '2026-01-20'$$);
ROLLBACK;
SET ROLE footfall_reader;
PREPARE secured AS SELECT count(*) FROM footfall.churn_features('shop', '2026-02-01');
EXECUTE secured;
SET row_security = off;
\set VERBOSITY sqlstate
EXECUTE secured;
\set VERBOSITY default
RESET row_security;
RESET ROLE;
-- A function of another with the same name is not ours; it stays what it is.
CREATE FUNCTION churn_features(a text, b timestamptz) RETURNS TABLE (customer_id text) LANGUAGE sql AS $$ SELECT a $$;
SELECT * FROM churn_features('shop', '2026-02-01');
-- Mistakes
SELECT count(*) FROM footfall.churn_features('shop', NULL);
SELECT count(*) FROM footfall.churn_features('nothing', '2026-02-01');
SELECT count(*) FROM footfall.churn_features('shop', '2026-02-01', filter => 'nowhere > 1');
\set VERBOSITY sqlstate
SELECT sum(categories) FROM footfall.churn_features('SELECT ts, customer_id, ''{}''::json AS category FROM shop', '2026-02-01');
SELECT count(*) FROM footfall.churn_features('SELECT * FROM shop FOR UPDATE', '2026-02-01');
\set VERBOSITY default
SET footfall.require_vectorized = on;
SELECT count(*), sum(products) FROM footfall.churn_features('shop', '2026-02-01');
RESET footfall.require_vectorized;
\set VERBOSITY sqlstate
SET client_min_messages = warning;
DROP OWNED BY footfall_reader, footfall_other;
DROP ROLE footfall_reader, footfall_other;
DROP SCHEMA inlined CASCADE;
