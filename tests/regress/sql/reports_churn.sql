-- churn_features, churn_labels, churn_dataset: against the same questions asked customer by customer, and the future
-- must not show.
CREATE SCHEMA churn;
SET search_path = churn, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE FUNCTION pick(i int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(i || what), 7))::bit(28)::int % n $$;
CREATE TABLE plain (customer_id int, ts timestamptz, event text, session_id int, product_id int, category text, order_id int,
    amount numeric(10,2), campaign text, device text, country text);
INSERT INTO plain SELECT pick(i, 'customer', 89), '2026-01-01'::timestamptz + make_interval(mins => pick(i, 'time', 21600) * 10),
    (ARRAY['view', 'search', 'add_to_cart', 'purchase', 'view', NULL, 'checkout', 'refund', 'remove_from_cart', 'purchase'])[1 + pick(i, 'event', 10)],
    nullif(pick(i, 'session', 7), 0), nullif(pick(i, 'product', 20), 0), 'c' || nullif(pick(i, 'product', 20) / 5, 0),
    nullif(pick(i, 'order', 6), 0) + 10 * pick(i, 'customer', 89), pick(i, 'amount', 400) * 0.25, (ARRAY['mail', 'ads', NULL, NULL])[1 + pick(i, 'campaign', 4)],
    (ARRAY['phone', 'desktop', 'tablet', NULL])[1 + pick(i, 'device', 4)], (ARRAY['DE', 'FR'])[1 + pick(i, 'country', 3)]
FROM generate_series(1, 3000) i;
INSERT INTO plain (customer_id, ts, event, amount) VALUES (NULL, '2026-03-01', 'purchase', 1), (1, NULL, 'purchase', 1),
    (2, 'infinity', 'purchase', 1), (2, '-infinity', 'purchase', 1), (3, '2026-03-15', 'purchase', 7), (3, '2026-03-14 23:59:59.999999', 'purchase', 9),
    (4, '2026-02-13', 'purchase', NULL), (4, '2026-02-12 23:59:59.999999', 'purchase', 3), (501, '2026-02-12 23:59:59.999999', 'view', NULL), (502, '2026-02-13', NULL, NULL);
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
CREATE TABLE mixed (LIKE plain) PARTITION BY RANGE (ts);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (MINVALUE) TO ('2026-02-20') USING footfall;
CREATE TABLE mixed_2 PARTITION OF mixed FOR VALUES FROM ('2026-02-20') TO (MAXVALUE) USING footfall;
CREATE TABLE mixed_0 PARTITION OF mixed DEFAULT USING footfall;
SELECT footfall.configure(t::regclass, time_column => 'ts', customer_column => 'customer_id', event_column => 'event', amount => 'amount')
FROM unnest('{hot,sealed,mixed}'::text[]) t;
INSERT INTO hot TABLE plain;
INSERT INTO sealed TABLE plain;
INSERT INTO mixed TABLE plain;
CALL footfall.seal('sealed');
CALL footfall.compact('sealed');
CALL footfall.seal('mixed_1');

-- Customer by customer, with a sub-select a feature.
CREATE FUNCTION days(i interval) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT extract(epoch FROM i) / 86400 $$;
CREATE FUNCTION expected(as_of timestamptz, since timestamptz, zone text DEFAULT 'UTC') RETURNS SETOF jsonb LANGUAGE sql AS $$
    WITH w AS MATERIALIZED (SELECT * FROM plain WHERE ts >= since AND ts < as_of AND isfinite(ts)),
    p AS MATERIALIZED (SELECT * FROM w WHERE event = 'purchase'),
    moments AS (SELECT DISTINCT customer_id, at FROM (SELECT customer_id, order_id, min(ts) AS at FROM p WHERE order_id IS NOT NULL GROUP BY 1, 2) x),
    gaps AS MATERIALIZED (SELECT a.customer_id, days(a.at - (SELECT max(b.at) FROM moments b WHERE b.customer_id = a.customer_id AND b.at < a.at)) AS gap FROM moments a),
    half AS (SELECT to_timestamp((extract(epoch FROM as_of) + extract(epoch FROM since)) / 2) AS at)
    SELECT jsonb_build_object('customer_id', k::text,
        'recency_days', days(as_of - (SELECT max(ts) FROM w WHERE customer_id = k)),
        'frequency', (SELECT count(*) FROM (SELECT order_id FROM p WHERE customer_id = k AND order_id IS NOT NULL GROUP BY 1) x),
        'monetary', coalesce((SELECT sum(amount) FROM p WHERE customer_id = k), 0),
        'average_basket', (SELECT coalesce(sum(amount), 0) / nullif(count(DISTINCT order_id), 0) FROM p WHERE customer_id = k),
        'purchase_recency_days', (SELECT days(as_of - ts) FROM p WHERE customer_id = k ORDER BY ts DESC LIMIT 1),
        'purchase_gap_days', (SELECT (sum(gap) / count(*)) FROM gaps WHERE customer_id = k AND gap IS NOT NULL HAVING count(*) > 0),
        'purchase_gap_deviation', (SELECT sqrt((sum(gap ^ 2) - sum(gap) ^ 2 / count(*)) / (count(*) - 1)) FROM gaps WHERE customer_id = k AND gap IS NOT NULL HAVING count(*) > 1),
        'tenure_days', days(as_of - (SELECT ts FROM plain WHERE customer_id = k AND isfinite(ts) ORDER BY ts LIMIT 1)),
        'active_days', (SELECT count(*) FROM (SELECT DISTINCT (ts AT TIME ZONE zone)::date FROM w WHERE customer_id = k) x),
        'events', (SELECT count(*) FROM w WHERE customer_id = k),
        'views', (SELECT count(*) FROM w WHERE customer_id = k AND event = 'view'),
        'searches', (SELECT count(*) FROM w WHERE customer_id = k AND event = 'search'),
        'carts', (SELECT count(*) FROM w WHERE customer_id = k AND event = 'add_to_cart'),
        'cart_removals', (SELECT count(*) FROM w WHERE customer_id = k AND event = 'remove_from_cart'),
        'checkouts', (SELECT count(*) FROM w WHERE customer_id = k AND event = 'checkout'),
        'purchases', (SELECT count(*) FROM p WHERE customer_id = k),
        'returns', (SELECT count(*) FROM w WHERE customer_id = k AND event = 'refund'),
        'sessions', (SELECT count(*) FROM (SELECT DISTINCT session_id FROM w WHERE customer_id = k AND session_id IS NOT NULL) x),
        'sessions_7_days', (SELECT count(*) FROM (SELECT max(ts) AS at FROM w WHERE customer_id = k AND session_id IS NOT NULL GROUP BY session_id) x WHERE at >= as_of - interval '168 hours'),
        'sessions_14_days', (SELECT count(*) FROM (SELECT max(ts) AS at FROM w WHERE customer_id = k AND session_id IS NOT NULL GROUP BY session_id) x WHERE at >= as_of - interval '336 hours'),
        'sessions_30_days', (SELECT count(*) FROM (SELECT max(ts) AS at FROM w WHERE customer_id = k AND session_id IS NOT NULL GROUP BY session_id) x WHERE at >= as_of - interval '720 hours'),
        'session_gap_days', (SELECT days(max(at) - min(at)) / (count(*) - 1) FROM (SELECT max(ts) AS at FROM w WHERE customer_id = k AND session_id IS NOT NULL GROUP BY session_id) x HAVING count(*) > 1),
        'session_overdue', (SELECT days(as_of - max(at)) * (count(*) - 1) / nullif(days(max(at) - min(at)), 0) FROM (SELECT max(ts) AS at FROM w WHERE customer_id = k AND session_id IS NOT NULL GROUP BY session_id) x HAVING count(*) > 1),
        'events_per_session', (SELECT count(*)::numeric / count(DISTINCT session_id) FROM w WHERE customer_id = k AND session_id IS NOT NULL HAVING count(*) > 0),
        'last_session_events', (SELECT count(*) FROM w WHERE customer_id = k AND session_id IS NOT NULL GROUP BY session_id ORDER BY max(ts) DESC, count(*) DESC LIMIT 1),
        'trend', (SELECT avg(CASE WHEN ts >= half.at THEN 1.0 ELSE -1 END) FROM w, half WHERE customer_id = k),
        'products', (SELECT count(*) FROM (SELECT product_id FROM w WHERE customer_id = k AND product_id IS NOT NULL GROUP BY 1) x),
        'categories', (SELECT count(*) FROM (SELECT category FROM w WHERE customer_id = k AND category IS NOT NULL GROUP BY 1) x),
        'campaign_share', (SELECT avg(CASE WHEN campaign IS NULL THEN 0.0 ELSE 1 END) FROM w WHERE customer_id = k),
        'device', (SELECT device FROM w WHERE customer_id = k AND device IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, max(ts) DESC, device COLLATE "C" LIMIT 1),
        'country', (SELECT country FROM w WHERE customer_id = k AND country IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, max(ts) DESC, country COLLATE "C" LIMIT 1))
    FROM (SELECT DISTINCT customer_id AS k FROM w WHERE customer_id IS NOT NULL) c
$$;
-- Numbers to nine digits after the point.
CREATE FUNCTION rounded(r jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT jsonb_object_agg(key, CASE WHEN jsonb_typeof(value) = 'number' THEN to_jsonb(round((value #>> '{}')::numeric, 9)) ELSE value END) FROM jsonb_each(r) $$;
CREATE TABLE wanted AS SELECT 90 AS days, rounded(e) AS r FROM expected('2026-03-15', '2025-12-15') e
    UNION ALL SELECT 30, rounded(e) FROM expected('2026-03-15', '2026-02-13') e;
SELECT days, count(*), count(DISTINCT r ->> 'device') AS devices, count(r ->> 'purchase_gap_deviation') AS deviations, count(r ->> 'average_basket') AS baskets
FROM wanted GROUP BY 1 ORDER BY 1;
SELECT t, days, (SELECT count(*) FROM footfall.churn_features(t, '2026-03-15', make_interval(days => days))) AS customers,
    (SELECT count(*) FROM (SELECT rounded(to_jsonb(f)) FROM footfall.churn_features(t, '2026-03-15', make_interval(days => days)) f
        EXCEPT ALL SELECT r FROM wanted WHERE wanted.days = d.days) x) AS only_report,
    (SELECT count(*) FROM (SELECT r FROM wanted WHERE wanted.days = d.days
        EXCEPT ALL SELECT rounded(to_jsonb(f)) FROM footfall.churn_features(t, '2026-03-15', make_interval(days => days)) f) x) AS only_expected
FROM unnest(ARRAY['plain', 'hot', 'sealed', 'mixed', 'SELECT * FROM sealed']) t, unnest('{30,90}'::int[]) AS d(days);
-- All history; the trend is then of 30 days against the 30 before.
SELECT count(*) AS differences FROM (SELECT rounded(to_jsonb(f) - 'trend') FROM footfall.churn_features('sealed', '2026-03-15', NULL) f
    EXCEPT ALL SELECT rounded(e - 'trend') FROM expected('2026-03-15', '2025-01-01') e) x;
SELECT count(*) AS differences FROM (SELECT customer_id, round(trend::numeric, 9) FROM footfall.churn_features('sealed', '2026-03-15', NULL)
    EXCEPT ALL SELECT customer_id::text, round(avg(CASE WHEN ts >= '2026-02-13' THEN 1.0 ELSE -1 END) FILTER (WHERE ts >= '2026-01-14'), 9)
    FROM plain WHERE isfinite(ts) AND ts < '2026-03-15' GROUP BY customer_id) x;
SELECT count(*) AS differences FROM (SELECT customer_id, round(trend::numeric, 9) FROM footfall.churn_features('sealed', '2026-03-15', recent_window => '7 days')
    EXCEPT ALL SELECT customer_id::text, round(avg(CASE WHEN ts >= '2026-03-08' THEN 1.0 ELSE -1 END) FILTER (WHERE ts >= '2026-03-01'), 9)
    FROM plain WHERE isfinite(ts) AND ts < '2026-03-15' AND ts >= '2025-12-15' GROUP BY customer_id) x;
-- Days are those of the time zone; a day that the clocks shorten is one day.
SELECT (SELECT sum(active_days) FROM footfall.churn_features('sealed', '2026-04-02', time_zone => 'America/New_York')) AS new_york,
    (SELECT sum((e ->> 'active_days')::int) FROM expected('2026-04-02', '2026-01-02', 'America/New_York') e) AS expected,
    (SELECT sum(active_days) FROM footfall.churn_features('sealed', '2026-04-02')) AS utc;
-- Windows have days of 24 hours, also where clocks change in between: 2026-03-29 in Berlin.
SET timezone = 'Europe/Berlin';
SELECT count(*) AS differences FROM (SELECT rounded(to_jsonb(f)) FROM footfall.churn_features('sealed', '2026-03-30 00:00 Europe/Berlin', '3 days') f
    EXCEPT ALL SELECT rounded(e) FROM expected('2026-03-30 00:00 Europe/Berlin', '2026-03-26 23:00 Europe/Berlin', 'Europe/Berlin') e) x;
-- Times without a zone are times in time_zone.
SELECT count(*) AS differences FROM (SELECT * FROM footfall.churn_features('sealed', '2026-03-30 00:00 Europe/Berlin', '30 days')
    EXCEPT ALL SELECT * FROM footfall.churn_features('SELECT customer_id, ts AT TIME ZONE ''Asia/Kolkata'' AS ts, event, session_id, product_id, category, order_id, amount, campaign, device, country FROM sealed',
        '2026-03-30 00:00 Europe/Berlin', '30 days', time_zone => 'Asia/Kolkata')) x
WHERE NOT EXISTS (SELECT FROM footfall.churn_features('sealed', '2026-03-30 00:00 Europe/Berlin', '30 days', time_zone => 'Asia/Kolkata') f
    WHERE f.customer_id = x.customer_id AND f.active_days <> x.active_days);
SET timezone = 'UTC';
-- Without a session column sessions end where more than the gap lies between two events.
CREATE VIEW nameless AS SELECT customer_id, ts, event FROM sealed;
WITH cut AS (SELECT *, count(*) FILTER (WHERE ts - before > '6 days' OR before IS NULL) OVER (PARTITION BY customer_id ORDER BY ts) AS n FROM
    (SELECT *, lag(ts) OVER (PARTITION BY customer_id ORDER BY ts) AS before FROM plain WHERE ts >= '2026-02-13' AND ts < '2026-03-15' AND customer_id IS NOT NULL) x),
other AS (SELECT customer_id::text, max(n) AS sessions, round(count(*)::numeric / max(n), 9) AS events_per_session,
    (SELECT count(*) FROM cut d WHERE d.customer_id = c.customer_id AND d.n = max(c.n)) AS last_session_events FROM cut c GROUP BY customer_id)
SELECT count(*), sum(sessions), (SELECT count(*) FROM (TABLE other EXCEPT ALL SELECT customer_id, sessions, round(events_per_session::numeric, 9), last_session_events
    FROM footfall.churn_features('nameless', '2026-03-15', '30 days', session_gap => '6 days')) x) AS differences FROM other;
-- Without an order column purchases at the same moment are one.
SELECT count(purchase_gap_days) > 50 AS many, count(*) FILTER (WHERE round(purchase_gap_days::numeric, 9) IS DISTINCT FROM gap) AS differences
FROM footfall.churn_features('SELECT * FROM nameless UNION ALL SELECT * FROM nameless', '2026-03-15') JOIN (
    SELECT customer_id::text, round(days(max(ts) - min(ts)) / nullif(count(DISTINCT ts) - 1, 0), 9) AS gap FROM plain
    WHERE event = 'purchase' AND ts >= '2025-12-15' AND ts < '2026-03-15' AND customer_id IS NOT NULL GROUP BY 1) x USING (customer_id);
-- What the data lacks is NULL.
SELECT count(*), count(recency_days), count(frequency), count(monetary), count(average_basket), count(carts), count(products), count(categories), count(campaign_share),
    count(device), count(country), count(last_session_events) FROM footfall.churn_features('nameless', '2026-03-15');
SELECT count(*), count(views), count(carts), sum(frequency) = sum(events) AS all_are_purchases, sum(purchases) = sum(events) AS so_are_rows
FROM footfall.churn_features('SELECT customer_id, ts FROM churn.nameless', '2026-03-15');
-- Only some features: the others are NULL, these are the same.
SELECT count(recency_days) + count(events) + count(sessions) + count(device) AS others,
    count(*) FILTER (WHERE (a.frequency, a.trend, a.country) IS DISTINCT FROM (b.frequency, b.trend, b.country)) AS differences
FROM footfall.churn_features('sealed', '2026-03-15', features => '{frequency,trend,country}') a FULL JOIN
    (SELECT customer_id, frequency, trend, country FROM footfall.churn_features('sealed', '2026-03-15')) b USING (customer_id);
SELECT * FROM footfall.churn_features('sealed', '2026-03-15', features => '{frequenzy}');
-- Enums, integers, varchar and char as events; another purchase
CREATE TYPE kind AS ENUM ('view', 'purchase', 'other');
SELECT n, sum(views) AS views, sum(searches) AS searches, sum(frequency) AS frequency FROM unnest(ARRAY[
    $$SELECT customer_id, ts, CASE event WHEN 'view' THEN event WHEN 'purchase' THEN event ELSE 'other' END::churn.kind AS event FROM plain$$,
    $$SELECT customer_id, ts, event::varchar(20) FROM plain$$, $$SELECT customer_id, ts, event::char(20) AS event FROM plain$$]) WITH ORDINALITY AS t(t, n),
    LATERAL (SELECT * FROM footfall.churn_features(t, '2026-03-15')) f GROUP BY 1 ORDER BY 1;
SELECT sum(views) AS views, sum(frequency) AS frequency FROM footfall.churn_features('SELECT customer_id, ts, length(event) AS event FROM plain', '2026-03-15', purchase => 'event = 4');
SELECT sum(frequency) AS frequency, sum(monetary) AS monetary FROM footfall.churn_features('sealed', '2026-03-15', purchase => $$event = 'refund' AND device = 'phone'$$, filter => 'order_id > 100');
SELECT count(DISTINCT order_id), sum(amount) FROM plain WHERE event = 'refund' AND device = 'phone' AND order_id > 100 AND ts >= '2025-12-15' AND ts < '2026-03-15';
-- Amounts of every kind of number, no order of rows shows
SELECT type, sum(monetary), sum(average_basket * frequency) = sum(monetary) AS same
FROM unnest('{int2,int4,int8,float4,float8,numeric,money}'::text[]) type, LATERAL (SELECT *
    FROM footfall.churn_features(format('SELECT customer_id, ts, event, (amount::int)::%s AS amount FROM sealed', CASE type WHEN 'money' THEN 'numeric::money' ELSE type END), '2026-03-15')) f
GROUP BY type ORDER BY type;
SELECT count(DISTINCT s) AS answers FROM unnest('{ASC,DESC}'::text[]) o, unnest('{float8,numeric}'::text[]) type, LATERAL (SELECT md5(string_agg(customer_id || ' ' || monetary, ',')) AS s
    FROM footfall.churn_features(format('SELECT customer_id, ts, event, (amount * 1.01)::%s AS amount FROM sealed ORDER BY ts %s', type, o), '2026-03-15')) f;
SELECT customer_id, monetary, average_basket FROM footfall.churn_features($$SELECT * FROM (VALUES (1, '2026-03-01'::timestamptz, 1e300::float8), (1, '2026-03-02', 1e300),
    (2, '2026-03-01', 'NaN'), (3, '2026-03-01', '-Infinity'), (4, '2026-03-01', 0.1), (4, '2026-03-01', 0.2), (5, '2026-03-01', NULL)) v(customer_id, ts, amount)$$, '2026-03-15');

-- Labels
CREATE FUNCTION lost(as_of timestamptz, gap interval, label_window interval) RETURNS TABLE (customer_id text, churned bool) LANGUAGE sql AS $$
    SELECT customer_id::text, NOT EXISTS (SELECT FROM plain q WHERE q.customer_id = p.customer_id AND q.ts >= as_of + gap AND q.ts < as_of + gap + label_window)
    FROM plain p WHERE ts >= as_of - interval '90 days' AND ts < as_of AND customer_id IS NOT NULL GROUP BY customer_id
$$;
SELECT t, gap, (SELECT count(*) FILTER (WHERE churned) FROM footfall.churn_labels(t, '2026-03-15', gap, '7 days')) AS churned,
    (SELECT count(*) FROM (SELECT * FROM footfall.churn_labels(t, '2026-03-15', gap, '7 days') EXCEPT ALL SELECT * FROM lost('2026-03-15', gap, '7 days')) x) AS only_report,
    (SELECT count(*) FROM (SELECT * FROM lost('2026-03-15', gap, '7 days') EXCEPT ALL SELECT * FROM footfall.churn_labels(t, '2026-03-15', gap, '7 days')) x) AS only_expected
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, unnest('{0,3 days}'::interval[]) gap ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE churned) AS without_a_purchase FROM footfall.churn_labels('sealed', '2026-03-15', label_window => '14 days', activity => 'event = ''purchase''');
-- The first and the last moment of the label window
CREATE TABLE edge (customer_id text, ts timestamptz);
INSERT INTO edge VALUES ('a', '2026-01-01'), ('b', '2026-01-01'), ('c', '2026-01-01'), ('d', '2026-01-01'), ('a', '2026-01-10'), ('b', '2026-01-11'), ('c', '2026-01-20 23:59:59.999999'), ('d', '2026-01-21');
SELECT * FROM footfall.churn_labels('edge', '2026-01-10', gap => '1 day', label_window => '10 days');
-- Not over: by the last event, by until, by the clock. Events of the future do not make it over.
\set VERBOSITY default
SELECT * FROM footfall.churn_labels('edge', '2026-01-10', gap => '1 day', label_window => '10 days 00:00:01');
SELECT count(*) FROM footfall.churn_labels('edge', '2026-01-10', gap => '1 day', label_window => '11 days', until => '2026-01-22');
SELECT count(*) FROM footfall.churn_labels('edge', '2026-01-10', label_window => '10 days', until => '2026-01-15');
SELECT * FROM footfall.churn_labels('SELECT * FROM churn.edge WHERE false', '2026-01-10');
SELECT count(*) FROM footfall.churn_labels('SELECT * FROM churn.edge WHERE false', '2026-01-10', until => '2026-03-01');
\set VERBOSITY sqlstate
SELECT * FROM footfall.churn_labels($$SELECT 1 AS customer_id, now() + interval '9 years' AS ts$$, now() - interval '1 day');
SELECT * FROM footfall.churn_labels('edge', now() - interval '1 day', until => now() + interval '9 years');
SELECT * FROM footfall.churn_dataset('edge', ARRAY['2026-01-10', now() - interval '1 day'], until => now());
\set VERBOSITY default

-- A dataset is both, for each cutoff.
SELECT count(*), count(DISTINCT cutoff), (SELECT count(*) FROM (
    SELECT d.cutoff, d.churned, to_jsonb(d) - 'cutoff' - 'churned' FROM footfall.churn_dataset('sealed', '{2026-03-15,2026-02-15}', '30 days', '1 day', '14 days') d
    EXCEPT ALL SELECT c, churned, to_jsonb(f) FROM unnest('{2026-02-15,2026-03-15}'::timestamptz[]) c, footfall.churn_features('sealed', c, '30 days') f
        JOIN footfall.churn_labels('sealed', c, '1 day', '14 days', '30 days') l USING (customer_id)) x) AS differences
FROM footfall.churn_dataset('sealed', '{2026-03-15,2026-02-15}', '30 days', '1 day', '14 days');
-- Rows come in order.
SELECT count(*) > 100 AS many, bool_and((cutoff, customer_id::int) > (cutoff_before, before)) AS sorted
FROM (SELECT cutoff, customer_id, lag(cutoff) OVER () AS cutoff_before, lag(customer_id::int) OVER () AS before
    FROM footfall.churn_dataset('sealed', '{2026-03-15,2026-02-15}', label_window => '14 days', features => '{events}')) x;

-- The future must not show: change it, add to it, take it away, and every row of the features is the same.
CREATE VIEW now_seen AS SELECT t, f.* FROM unnest('{hot,sealed,mixed}'::text[]) t, LATERAL (SELECT * FROM footfall.churn_features(t, '2026-02-20 12:00')) f;
CREATE VIEW dataset_seen AS SELECT * FROM footfall.churn_dataset('sealed', '{2026-01-31,2026-02-06}', label_window => '14 days', until => '2026-02-20 12:00');
CREATE TABLE known AS TABLE now_seen;
CREATE TABLE dataset_known AS TABLE dataset_seen;
SELECT count(*) > 200 AS rows, (SELECT count(*) > 100 FROM dataset_known) AS dataset_rows FROM known;
CREATE VIEW leak AS SELECT (SELECT count(*) FROM (TABLE now_seen EXCEPT ALL TABLE known) x) AS changed, (SELECT count(*) FROM (TABLE known EXCEPT ALL TABLE now_seen) x) AS missing,
    (SELECT count(*) FROM (TABLE dataset_seen EXCEPT ALL TABLE dataset_known) x) AS dataset_changed, (SELECT count(*) FROM (TABLE dataset_known EXCEPT ALL TABLE dataset_seen) x) AS dataset_missing;
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY '{hot,sealed,mixed}'::text[] LOOP
    EXECUTE format('UPDATE %I SET event = ''purchase'', amount = 1e6, device = ''car'', country = ''XX'', campaign = ''late'', session_id = 1, order_id = 1, product_id = 77, category = ''late''
        WHERE ts >= ''2026-02-20 12:00''', t);
END LOOP; END $$;
TABLE leak;
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY '{hot,sealed,mixed}'::text[] LOOP
    EXECUTE format('INSERT INTO %I SELECT c, ''2026-02-20 12:00'', ''purchase'', 1, 77, ''late'', 1, 5, ''late'', ''car'', ''XX'' FROM generate_series(0, 600) c', t);
END LOOP; END $$;
CALL footfall.seal('sealed');
CALL footfall.seal('mixed');
TABLE leak;
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY '{hot,sealed,mixed}'::text[] LOOP
    EXECUTE format('DELETE FROM %I WHERE ts >= ''2026-02-20 12:00''', t);
END LOOP; END $$;
TABLE leak;
-- A change of the past does show.
BEGIN;
INSERT INTO hot VALUES (1, '2026-02-20 11:59:59.999999', 'view');
INSERT INTO sealed VALUES (1, '2026-01-30', 'view');
TABLE leak;
ROLLBACK;

-- Nothing there; mistakes
SELECT count(*) FROM footfall.churn_features('SELECT * FROM churn.edge WHERE false', '2026-01-10');
SELECT count(*) FROM footfall.churn_features('edge', '2026-01-01');
SELECT count(*) FROM footfall.churn_features('edge', '2026-01-10', '9 days');
SELECT count(*) FROM footfall.churn_features('edge', '2026-01-10', '8 days 23:59:59.999999');
SELECT count(*) FROM footfall.churn_features('edge', '2026-01-10', '9999999 days');
SELECT * FROM footfall.churn_features('edge', NULL);
SELECT * FROM footfall.churn_features('edge', 'infinity');
SELECT * FROM footfall.churn_features('edge', '2026-01-10', '1 month');
SELECT * FROM footfall.churn_features('edge', '2026-01-10', '0');
SELECT * FROM footfall.churn_features('edge', '2026-01-10', '10 days', '5 days 1 second');
SELECT * FROM footfall.churn_features('edge', '2026-01-10', session_gap => NULL);
SELECT * FROM footfall.churn_features('edge', '2026-01-10', features => '{events,NULL}');
SELECT * FROM footfall.churn_features('edge', '2026-01-10', features => '{}');
SELECT * FROM footfall.churn_features('edge', '2026-01-10', purchase => 'customer_id');
SELECT * FROM footfall.churn_features('SELECT now() AS ts', '2026-01-10');
SELECT * FROM footfall.churn_labels('edge', '2026-01-10', label_window => '0');
SELECT * FROM footfall.churn_labels('edge', '2026-01-10', gap => '-1 day');
SELECT * FROM footfall.churn_labels('edge', '294276-12-01');
SELECT * FROM footfall.churn_labels('edge', '2026-01-10', label_window => '5 days', activity => 'sum(1) > 0');
SELECT * FROM footfall.churn_dataset('edge', '{}');
SELECT * FROM footfall.churn_dataset('edge', NULL);
SELECT * FROM footfall.churn_dataset('edge', '{2026-01-05,NULL}');
SELECT * FROM footfall.churn_dataset('edge', '{2026-01-05,2026-01-05}', label_window => '1 day');
SELECT * FROM footfall.churn_dataset('edge', '{{2026-01-05},{2026-01-06}}');
SELECT * FROM footfall.churn_dataset('edge', '{infinity}');

-- As the caller
CREATE ROLE footfall_scientist;
GRANT USAGE ON SCHEMA churn TO footfall_scientist;
GRANT SELECT (ts, customer_id) ON edge TO footfall_scientist;
GRANT SELECT ON hot TO footfall_scientist;
ALTER TABLE hot ENABLE ROW LEVEL SECURITY;
CREATE POLICY phones ON hot USING (device = 'phone');
SET ROLE footfall_scientist;
\set VERBOSITY sqlstate
SELECT * FROM footfall.churn_features('sealed', '2026-02-20');
SELECT * FROM footfall.churn_labels('sealed', '2026-01-20');
SELECT * FROM footfall.churn_dataset('sealed', '{2026-01-20}');
SELECT * FROM footfall.churn_labels('hot', '2026-01-10', activity => 'EXISTS (SELECT FROM churn.sealed)');
\set VERBOSITY default
SELECT count(*) FROM footfall.churn_features('edge', '2026-01-10');
SELECT count(DISTINCT device) AS devices, sum(events) AS events FROM footfall.churn_features('hot', '2026-02-20 12:00');
-- The horizon is that of the rows that the caller may see.
SELECT * FROM footfall.churn_labels('hot', '2026-02-19', label_window => '36 hours') LIMIT 0;
RESET ROLE;
SELECT count(DISTINCT device) AS devices, count(*) AS events, max(ts) FROM hot WHERE device = 'phone' AND isfinite(ts) AND customer_id IS NOT NULL;
DROP OWNED BY footfall_scientist;
DROP ROLE footfall_scientist;

-- What needs no order is FootfallAggregate's; little memory changes nothing.
SET footfall.require_vectorized = on;
SELECT count(*) FROM footfall.churn_features('mixed', '2026-02-20 12:00', features => '{recency_days,frequency,purchases,products,active_days,views,trend}');
RESET footfall.require_vectorized;
SET work_mem = '64kB';
TABLE leak;
RESET work_mem;
