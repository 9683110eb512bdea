-- Recommenders: training, versions, what is recommended, who may, what is refused.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA recommenders;
SET search_path = recommenders, public;
CREATE TYPE happening AS ENUM ('view', 'cart', 'purchase', 'search');

-- Customers buy products of their own taste (number % 3) and hardly any others; hashes stand for chance.
CREATE FUNCTION chance(int, int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || substr(md5($1 || '/' || $2 || '/' || $3), 1, 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE events (ts timestamptz NOT NULL, customer_id bigint, event_type happening, product_id int, price numeric) USING footfall;
INSERT INTO events
SELECT timestamptz '2026-01-01 00:00+00' + chance(1, c, p) * interval '100 days', c, h, p, 5 + p % 10
FROM generate_series(1, 200) c, generate_series(1, 90) p, unnest('{view,purchase}'::happening[]) h
WHERE chance(2, c, p) < CASE WHEN c % 3 = p % 3 THEN 0.45 ELSE 0.02 END AND (h = 'view' OR chance(3, c, p) < 0.8);
INSERT INTO events VALUES ('2026-01-02', NULL, 'purchase', 1, 5), ('2026-01-02', 1, 'purchase', NULL, 5),
    ('2026-01-02', 1, 'search', 999, 0);
SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer_id', event_column => 'event_type',
    product_column => 'product_id', amount => 'price');
CREATE VIEW tastes AS
SELECT m.algorithm, count(*) AS rows, count(*) FILTER (WHERE r.product_id::int % 3 = c % 3) >= 0.9 * count(*) AS right_taste,
    count(*) FILTER (WHERE EXISTS (SELECT FROM events e WHERE e.customer_id = c AND e.event_type = 'purchase'
        AND e.product_id = r.product_id::int)) AS bought, count(DISTINCT (c, r.rank)) = count(*) AS ranked, min(r.basis) AS basis
FROM footfall.models m, generate_series(1, 200, 7) c, footfall.recommend('next', c, 5, version => m.version) r
WHERE m.model = 'next' GROUP BY m.version, m.algorithm ORDER BY m.version;

-- Every algorithm knows the tastes, and recommends nothing that was bought.
SELECT a.algorithm, t.trained_model, t.version, t.customers, t.products, t.interactions > 2500 AS interactions,
    t.test_customers > 150 AS judged, t.precision_at_k > 0.08 AS precise, t.recall_at_k > 0.2 AS recalls,
    t.map_at_k > 0.08 AS map, t.ndcg_at_k > 0.15 AS ndcg, t.auc_at_k > 0.6 AS auc
FROM (VALUES (1, 'als', '{"factors": 8}'), (2, 'cosine', '{"neighbors": 20}'), (3, 'bm25', '{"K1": 1.5}')) AS a (n, algorithm, options),
    LATERAL footfall.train_recommender('next', 'events', a.algorithm, '{"seed": 7}'::jsonb || a.options::jsonb) t
ORDER BY a.n;
SELECT * FROM tastes;
SELECT version, deployed, algorithm, label, features, dataset, options, bytes > 1000 AS has_bytes FROM footfall.models ORDER BY version;
SELECT metric, count(*) AS versions, bool_and(value > 0) AS positive FROM footfall.model_metrics WHERE model = 'next' GROUP BY metric ORDER BY metric COLLATE "C";

-- The same seed gives the same recommender; refit learns what came after the split.
SELECT version FROM footfall.train_recommender('next', 'events', 'als', '{"seed": 7, "factors": 8}');
SELECT version FROM footfall.train_recommender('next', 'events', 'als', '{"seed": 7, "factors": 8, "refit": false}');
SELECT count(DISTINCT sha256) AS same FROM footfall.models WHERE version IN (1, 4);
SELECT (SELECT training_rows FROM footfall.models WHERE version = 5) < (SELECT training_rows FROM footfall.models WHERE version = 4) AS fewer,
    (SELECT count(DISTINCT value) FROM footfall.model_metrics WHERE metric = 'ndcg_at_k' AND version IN (1, 4, 5)) AS same_metrics;

-- Splits: a time, or a share of the events; none, and nothing is judged.
SELECT test_customers > 100 AS judged FROM footfall.train_recommender('split', 'events', 'cosine', '{"split": "2026-03-20 00:00+00", "k": 3}');
SELECT metric, value FROM footfall.model_metrics WHERE model = 'split' AND metric IN ('k', 'split_epoch') ORDER BY 1;
SELECT test_customers, precision_at_k, auc_at_k FROM footfall.train_recommender('split', 'events', 'cosine', '{"test_fraction": 0}');
SELECT test_customers FROM footfall.train_recommender('split', 'events', 'cosine', '{"test_customers": 40}');

SELECT customers, products, interactions FROM footfall.train_recommender('split',
    'SELECT customer_id, product_id FROM events', 'als', '{"test_fraction": 0, "factors": 2}');

-- Weights: what an event counts, its revenue, what a purchase is.
SELECT t.version, t.interactions FROM (VALUES (1, '{"weights": {"purchase": 1}}'), (2, '{"weights": {"view": 1, "cart": 2.5, "purchase": 0}}'),
        (3, '{"weight_by": "amount"}'), (4, '{"weights": {"search": 1}, "test_fraction": 0}')) o (n, options),
    LATERAL footfall.train_recommender('weights', 'events', 'cosine', '{"refit": true}'::jsonb || o.options::jsonb) t ORDER BY o.n;
SELECT (SELECT count(DISTINCT (customer_id, product_id)) FROM events WHERE event_type = 'purchase'
        AND customer_id IS NOT NULL AND product_id IS NOT NULL) AS purchases,
    (SELECT count(DISTINCT (customer_id, product_id)) FROM events WHERE event_type = 'view') AS views;
SELECT test_customers > 50 AS judged FROM footfall.train_recommender('weights', 'events', 'cosine', purchase => 'price > 10',
    filter => 'customer_id <= 100');

-- Asking: ids of any type, those who are not known, ties, NULLs.
SELECT footfall.recommend('next', 1);
SELECT footfall.deploy('next', 1);
SELECT (SELECT array_agg(r ORDER BY rank) FROM footfall.recommend('next', 17) r)
    = (SELECT array_agg(r ORDER BY rank) FROM footfall.recommend('next', '17') r) AS same_text,
    (SELECT count(*) FROM footfall.recommend('next', 17::smallint, 3)) AS three,
    (SELECT count(*) FROM footfall.recommend('next', 17, 10000)) + (SELECT count(DISTINCT product_id) FROM events
        WHERE customer_id = 17 AND event_type = 'purchase') AS all_products,
    (SELECT count(*) FROM footfall.recommend('next', 17, 10000, false)) AS bought_too;
SELECT r.rank, r.product_id, r.score = p.customers / 200.0 AS share, r.basis
FROM footfall.recommend('next', 'nobody', 3) r,
    LATERAL (SELECT count(DISTINCT customer_id) AS customers FROM events WHERE product_id = r.product_id::int) p ORDER BY r.rank;
SELECT count(*) FROM footfall.recommend('next', NULL::bigint);
SELECT count(*) FROM footfall.recommend('next', 17, NULL);
SELECT s.rank, s.product_id::int % 3 AS taste, s.score BETWEEN 0 AND 1 AS cosine FROM footfall.similar_products('next', 4, 5) s;
SELECT count(*) FROM footfall.similar_products('next', 'no such product');
SELECT m.version, bool_and(s.product_id::int % 3 = p % 3) AS same_taste
FROM footfall.models m, generate_series(1, 90, 11) p, footfall.similar_products('next', p, 3, m.version) s
WHERE m.model = 'next' AND m.version <= 3 GROUP BY 1 ORDER BY 1;
SELECT test_customers > 100 AS judged FROM footfall.train_recommender('uuids',
    $$SELECT ts, md5(customer_id::text)::uuid AS customer_id, 'p' || product_id AS product_id FROM events -- no events' names$$,
    'cosine');
SELECT count(*) AS rows, bool_and(substr(product_id, 2)::int % 3 = 2) AS taste, min(basis) AS basis
FROM footfall.recommend('uuids', md5('17')::uuid, 5, version => 1);

-- Ids are one text in training and in asking, whatever a session has set, and one for numbers that are equal.
CREATE TABLE typed AS SELECT timestamptz '2026-01-01 00:00+00' + n * interval '1 hour' AS ts, n % 8 AS customer_id,
    n % 3 = 0 AS of_bool, ('10.0.0.' || n % 3)::inet AS of_inet, date '2026-01-02' + n % 3 AS of_date,
    timestamp '2026-01-02 03:04:05' + n % 3 * interval '1 day' AS of_timestamp,
    timestamptz '2026-01-02 03:04:05+00' + n % 3 * interval '1 day' AS of_timestamptz, (n % 3) / 3.0::float8 AS of_float8,
    (n % 3 - 1)::numeric(9, 2) AS of_numeric, n % 3 * interval '1 day 2 hours' AS of_interval FROM generate_series(1, 48) n;
CREATE FUNCTION known(product text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('DateStyle', 'SQL, DMY', true), set_config('TimeZone', 'Asia/Tokyo', true),
        set_config('extra_float_digits', '-10', true), set_config('IntervalStyle', 'sql_standard', true);
    EXECUTE format($q$SELECT footfall.train_recommender('typed', 'SELECT ts, customer_id, %I AS product_id FROM typed', 'cosine', '{"test_fraction": 0}')$q$, product);
    PERFORM set_config('DateStyle', 'ISO, YMD', true), set_config('TimeZone', 'America/Lima', true),
        set_config('extra_float_digits', '1', true), set_config('IntervalStyle', 'iso_8601', true);
    EXECUTE format($q$SELECT string_agg(s.product_id, ', ' ORDER BY s.product_id COLLATE "C") FROM (SELECT DISTINCT %I AS p FROM typed) t,
        footfall.similar_products('typed', t.p, 1, (SELECT max(version) FROM footfall.models WHERE model = 'typed')) s$q$, product) INTO answer;
    RETURN answer;
END $$;
SELECT a.attname, known(a.attname) FROM pg_attribute a WHERE a.attrelid = 'typed'::regclass AND a.attname ~ '^of_' ORDER BY a.attnum;
SELECT version FROM footfall.train_recommender('numbers', 'SELECT ts, customer_id, of_numeric AS product_id FROM typed', 'cosine', '{"test_fraction": 0}');
SELECT (SELECT count(*) FROM footfall.similar_products('numbers', 1, 9, 1)) AS whole, (SELECT count(*) FROM footfall.similar_products('numbers', 1.0, 9, 1)) AS "numeric",
    (SELECT count(*) FROM footfall.similar_products('numbers', 1::float8, 9, 1)) AS "float", (SELECT count(*) FROM footfall.similar_products('numbers', '-0'::float8, 9, 1)) AS zero;
-- A split that says no time zone is in time_zone.
SELECT o.n, t.version FROM (VALUES (1, '{"split": "2026-03-20 00:00"}', 'Asia/Tokyo'), (2, '{"split": "2026-03-20 00:00+00"}', 'Asia/Tokyo'),
    (3, '{"split": "2026-03-20 00:00"}', 'MSK'), (4, '{"split": "2026-03-20 00:00"}', NULL)) o (n, options, zone),
    LATERAL footfall.train_recommender('zones', 'events', 'cosine', o.options::jsonb, time_zone => o.zone) t ORDER BY o.n;
SELECT version, to_timestamp(value) AT TIME ZONE 'UTC' AS split FROM footfall.model_metrics WHERE model = 'zones' AND metric = 'split_epoch' ORDER BY 1;

-- A recommender that changes from row to row; many customers.
SELECT count(DISTINCT r) FROM generate_series(1, 3) v, footfall.recommend('next', 17, 3, version => v) r;
SELECT count(*), count(DISTINCT r.product_id) > 20 AS products FROM generate_series(1, 200) c, footfall.recommend('next', c, 2) r;

-- What is refused.
\set VERBOSITY default
SELECT footfall.train_recommender('x', 'events', 'svd');
SELECT footfall.train_recommender('x', 'events', 'als', '{"colour": "red"}');
SELECT footfall.train_recommender('x', 'events', 'cosine', '{"factors": 8}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"factors": 0}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"factors": [8, 9]}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"factors": null}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"weights": 3}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"weights": {}}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"weights": {"view": -1}}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"weights": {"buy": 1}}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"weight_by": "mood"}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"split": "2026-02-01", "test_fraction": 0.1}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"split": "infinity"}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"split": "2020-01-01"}');
SELECT footfall.train_recommender('x', 'events', 'als', '{"split": "2027-01-01"}');
SELECT footfall.train_recommender('x', 'SELECT * FROM events WHERE false', 'als');
SELECT footfall.train_recommender('x', 'SELECT * FROM events WHERE false', 'als', '{"test_fraction": 0}');
SELECT footfall.train_recommender('x', 'SELECT ts, customer_id FROM events', 'als');
SELECT footfall.train_recommender('x', 'SELECT ts, customer_id, product_id FROM events', 'als', '{"weight_by": "amount"}');
SELECT footfall.train_recommender('x', 'SELECT ts, customer_id, product_id, ''nan''::float8 AS amount FROM events', 'als', '{"weight_by": "amount"}');
SELECT footfall.train_recommender('x', 'events', filter => 'price');
SELECT footfall.recommend('next', 17, 0);
SELECT footfall.recommend('next', 17, 20000);
SELECT footfall.recommend('next', 17, version => 0);
SELECT footfall.recommend('next', 17, version => 99);
SELECT footfall.recommend('nothing', 17);
SELECT footfall.similar_products('nothing', 17);
\set VERBOSITY sqlstate
SELECT footfall.train_recommender('', 'events');
SELECT footfall.train_recommender(NULL, 'events');
SELECT footfall.train_recommender('x', NULL);
SELECT footfall.train_recommender('x', 'events', NULL);
SELECT footfall.train_recommender('x', 'events', 'als', NULL);
SELECT footfall.train_recommender('x', 'events', 'als', '[1]');
SELECT footfall.train_recommender('x', 'no_such_table');
SELECT footfall.train_recommender('x', 'events', 'als', '{"split": "soon"}');
\set VERBOSITY default
-- A recommender does not score, what scores does not recommend.
SELECT footfall.score('next', e) FROM events e LIMIT 1;
SELECT footfall.model_drift('next', 'events');
SELECT version FROM footfall.train('scores', 'decision_tree',
    'SELECT price, customer_id, event_type = ''purchase'' AND chance(9, customer_id::int, product_id) < 0.5 AS y FROM events WHERE customer_id > 0 AND product_id > 0', 'y');
SELECT footfall.recommend('scores', 17, version => 1);
-- More memory than there may be, known before the worker starts.
SET maintenance_work_mem = '1MB';
\set VERBOSITY sqlstate
SELECT footfall.train_recommender('x', 'SELECT now() AS ts, c AS customer_id, 1 AS product_id FROM generate_series(1, 45000) c', 'als',
    '{"factors": 512, "test_fraction": 0}');
RESET maintenance_work_mem;
-- More than can be stored.
SET maintenance_work_mem = '1GB';
SELECT footfall.train_recommender('x', 'SELECT now() AS ts, c AS customer_id, 1 AS product_id FROM generate_series(1, 135000) c', 'als',
    '{"factors": 512, "test_fraction": 0}');
RESET maintenance_work_mem;
-- More than the process that learns may take.
SET footfall.training_memory = '8MB';
SELECT footfall.train_recommender('x', 'SELECT now() AS ts, c AS customer_id, c % 9 AS product_id FROM generate_series(1, 9000) c', 'als',
    '{"factors": 512, "test_fraction": 0}');
RESET footfall.training_memory;
\set VERBOSITY default

-- A training that is rolled back, or that is cancelled, leaves nothing.
BEGIN;
SELECT version FROM footfall.train_recommender('undone', 'events', 'bm25');
ROLLBACK;
SET statement_timeout = '1500ms';
SELECT footfall.train_recommender('slow', 'events', 'als', '{"factors": 512, "iterations": 1000}');
RESET statement_timeout;
SELECT count(*) FROM footfall.models WHERE model IN ('x', 'undone', 'slow');
SELECT version FROM footfall.train_recommender('after', 'events', 'bm25');

-- Privileges: recommenders are their owner's, events are read as the caller.
CREATE ROLE recommenders_analyst NOLOGIN;
GRANT USAGE ON SCHEMA recommenders TO recommenders_analyst;
SET ROLE recommenders_analyst;
\set VERBOSITY sqlstate
SELECT footfall.train_recommender('theirs', 'events');
RESET ROLE;
GRANT SELECT ON events TO recommenders_analyst;
SET ROLE recommenders_analyst;
SELECT version FROM footfall.train_recommender('theirs', 'events', 'cosine');
SELECT count(*) FROM footfall.recommend('theirs', 17, version => 1);
SELECT footfall.train_recommender('next', 'events', 'cosine');
SELECT footfall.recommend('next', 17);
SELECT footfall.similar_products('next', 17);
SELECT footfall.drop_model('next');
RESET ROLE;

-- Damaged bytes are an error.
UPDATE footfall.model SET content = set_byte(content, 40, 255 - get_byte(content, 40)) WHERE model = 'next' AND version = 2;
SELECT footfall.recommend('next', 17, version => 2);

SELECT footfall.drop_model(m) FROM unnest('{next,split,weights,uuids,typed,numbers,zones,scores,after,theirs}'::text[]) m;
SELECT count(*) FROM footfall.models;
DROP SCHEMA recommenders CASCADE;
DROP ROLE recommenders_analyst;
