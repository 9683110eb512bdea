-- Training, versions, deployment, scoring, explaining; who may; what is refused.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA models;
SET search_path = models, public;
CREATE TYPE plan AS ENUM ('bronze', 'silver', 'gold');

-- Churn by known odds; hashes stand for chance, so that every server has the same rows.
CREATE FUNCTION chance(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || substr(md5($1 || '/' || $2), 1, 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE customers AS
SELECT i AS customer_id, timestamptz '2025-01-01 00:00+00' + (i % 24) * interval '30 days' AS cutoff,
    10 * chance(1, i) AS visits,
    CASE WHEN i % 10 = 0 THEN NULL ELSE 40 * chance(2, i) END::numeric(10, 2) AS basket,
    (ARRAY['bronze', 'silver', 'gold'])[1 + i % 3]::plan AS plan,
    'v' || i % 5 AS device, i % 2 = 0 AS newsletter, 1 AS always,
    chance(3, i) < 1 / (1 + exp(-(1.2 * (10 * chance(1, i) - 5) - CASE WHEN i % 3 = 2 THEN 1 ELSE 0 END))) AS churned
FROM generate_series(1, 3000) i;

-- Every algorithm trains, and ranks far better than chance.
SELECT a.algorithm, t.trained_model, t.version, t.training_rows, t.test_rows, t.roc_auc BETWEEN 0.88 AND 0.99 AS ranks,
    t.calibration_error < 0.06 AS calibrated
FROM (VALUES (1, 'logistic_regression', '{}'), (2, 'linear_svc', '{}'), (3, 'decision_tree', '{"max_depth": 4}'),
        (4, 'random_forest', '{"n_estimators": 20}'), (5, 'gradient_boosting', '{"n_estimators": 30, "max_depth": 3}'))
    AS a (n, algorithm, options),
    LATERAL footfall.train('churn', a.algorithm, 'customers', 'churned',
        '{"id": ["customer_id", "cutoff"], "seed": 7}'::jsonb || a.options::jsonb) t
ORDER BY a.n;
SELECT model, version, deployed, algorithm, label, features, bytes > 100 AS has_bytes FROM footfall.models ORDER BY version;
SELECT version, algorithm, roc_auc > 0.88 AS ranks, ks > 0.5 AS separates, f1 > 0.7 AS hits FROM footfall.compare_models('churn');

-- The same seed gives the same model; another seed another split.
SELECT version FROM footfall.train('churn', 'gradient_boosting', 'SELECT * FROM customers -- the same rows',
    'churned', '{"id": ["customer_id", "cutoff"], "seed": 7, "n_estimators": 30, "max_depth": 3}');
SELECT count(DISTINCT sha256) FROM footfall.models WHERE algorithm = 'gradient_boosting';

-- Splits: the latest rows by time, or as a column says.
SELECT training_rows, test_rows FROM footfall.train('by_time', 'logistic_regression', 'customers', 'churned',
    '{"id": "customer_id", "time": "cutoff", "test_fraction": 0.25, "calibration": "isotonic"}');
-- Rows whose label is not known when the later ones are asked are left out: none, or one time before each fold.
SELECT t.version
FROM (VALUES (1, 'cutoff', '"30 days"'::jsonb), (2, 'cutoff', '"60 days"'), (3, 'cutoff', '5184000'), (4, 'cutoff::date', '"31 days"'),
        (5, '(customer_id % 24)', '1.5'), (6, '(customer_id % 24)', '0')) AS e (n, time, embargo),
    LATERAL footfall.train('embargo', 'logistic_regression',
        'SELECT visits, churned, ' || e.time || ' AS at FROM customers', 'churned',
        '{"time": "at", "test_fraction": 0.25}'::jsonb || jsonb_build_object('embargo', e.embargo)) t
ORDER BY e.n;
SELECT options->'embargo' AS embargo, training_rows, calibration_rows, test_rows
FROM footfall.models WHERE model = 'embargo' ORDER BY version;
SELECT training_rows, test_rows, calibration_error < 0.06 AS calibrated
FROM footfall.train('by_column', 'logistic_regression',
    'SELECT customer_id % 4 = 0 AS held, visits, plan, churned FROM customers', 'churned',
    '{"split": "held", "calibration": "none", "class_weight": "balanced", "C": 0.5}');
-- Balanced classes shift probabilities, not the order.
SELECT item FROM footfall.model_metrics WHERE model = 'by_column' AND metric = 'importance' ORDER BY value DESC;
SELECT item, value > 0 AS positive FROM footfall.model_metrics
WHERE model = 'by_column' AND metric = 'coefficient' ORDER BY item COLLATE "C";

-- Deployment.
SELECT footfall.score('churn', c) FROM customers c LIMIT 1;
SELECT footfall.deploy('churn', 9);
SELECT footfall.deploy('churn', 1);
SELECT footfall.deploy('churn', 5);
SELECT version FROM footfall.models WHERE model = 'churn' AND deployed;
SELECT footfall.rollback('churn');
SELECT footfall.rollback('churn');
SELECT number, version, withdrawn_at IS NOT NULL AS withdrawn FROM footfall.model_deployments WHERE model = 'churn' ORDER BY number;

-- Scoring: by name, further columns do no harm, an unknown category and NULLs are fine.
SELECT count(*), min(p) >= 0 AND max(p) <= 1 AS probabilities, avg(p) BETWEEN 0.4 AND 0.6 AS average
FROM (SELECT footfall.score('churn', c) AS p FROM customers c) s;
SELECT bool_and(footfall.score('churn', c) = footfall.score('churn', s)) AS same
FROM customers c JOIN (SELECT newsletter, device, always, plan, basket, visits, customer_id AS id FROM customers) s
    ON s.id = c.customer_id;
SELECT footfall.score('churn', x) > 0.5 AS likely, footfall.score('churn', x, 4) > 0.5 AS forest
FROM (SELECT 9.5::float8 AS visits, NULL::numeric AS basket, 'bronze'::plan AS plan, 'unheard of' AS device,
    NULL::bool AS newsletter) x;
SELECT footfall.score('churn', NULL::customers) IS NULL AS null_row, footfall.score(NULL, c) IS NULL AS null_model
FROM customers c LIMIT 1;
-- A model that changes from row to row.
SELECT count(DISTINCT footfall.score('churn', c, v)) FROM customers c, generate_series(1, 5) v WHERE customer_id = 17;

-- A row type that changes while a call of the function lives: columns are bound anew.
CREATE TABLE changing AS SELECT visits, basket, plan, device, newsletter, always FROM customers WHERE customer_id = 17;
DO $$
DECLARE
    r changing;
    seen float8[];
BEGIN
    FOR i IN 1..4 LOOP
        SELECT * INTO r FROM changing;
        seen := seen || footfall.score('churn', r);
        IF i = 1 THEN
            ALTER TABLE changing DROP device;
            ALTER TABLE changing ADD device varchar DEFAULT 'v2';
        ELSIF i = 2 THEN
            ALTER TABLE changing RENAME visits TO baskets;
            ALTER TABLE changing RENAME basket TO visits;
            ALTER TABLE changing RENAME baskets TO basket;
        ELSIF i = 3 THEN
            ALTER TABLE changing ALTER device DROP DEFAULT, ALTER device TYPE int8 USING 42;
        END IF;
    END LOOP;
EXCEPTION WHEN datatype_mismatch THEN
    RAISE WARNING 'same %, other %, swapped %, %', seen[1] = seen[2], seen[2] <> seen[3],
        seen[3] = (SELECT footfall.score('churn', x) FROM (SELECT basket AS visits, visits AS basket, plan, device, newsletter
            FROM customers WHERE customer_id = 17) x), SQLERRM;
END $$;

-- Contributions add up to the margin: log odds, where no calibration came after.
SELECT m.version, m.algorithm, (SELECT e.feature FROM footfall.explain('churn', c, m.version) e
        WHERE e.feature <> '(bias)' ORDER BY abs(e.contribution) DESC LIMIT 1) AS first_reason,
    (SELECT count(*) FROM footfall.explain('churn', c, m.version)) AS rows
FROM footfall.models m, customers c WHERE m.model = 'churn' AND c.customer_id = 17 ORDER BY 1;
SELECT bool_and(abs(footfall.score('by_column', x, 1) - 1 / (1 + exp(-(SELECT sum(contribution) FROM footfall.explain('by_column', x, 1))))) < 1e-9)
    AS margin
FROM (SELECT visits, plan FROM customers WHERE customer_id < 50) x;

-- From events to the customers most at risk: customers come every few days, and stop for good one day.
CREATE TABLE events (ts timestamptz NOT NULL, customer_id bigint NOT NULL, event_type text, product_id int, price numeric) USING footfall;
INSERT INTO events
SELECT timestamptz '2025-01-01 00:00+00' + (v * (2 + c % 5) + chance(5, c * 1000 + v)) * interval '1 day', c,
    CASE WHEN chance(6, c * 1000 + v) < 0.3 THEN 'purchase' ELSE 'view' END, c * v % 50, 10 + c % 7
FROM generate_series(1, 500) c, generate_series(0, 120) v
WHERE v * (2 + c % 5) < CASE WHEN c % 3 = 0 THEN 240 ELSE 240 * chance(4, c) END;
SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer_id', event_column => 'event_type',
    product_column => 'product_id', amount => 'price');
SELECT trained_model, version, roc_auc > 0.7 AS ranks FROM footfall.train('at_risk', 'gradient_boosting',
    $$SELECT * FROM footfall.churn_dataset('events', '{2025-04-01 00:00+00,2025-05-01 00:00+00,2025-06-01 00:00+00,2025-07-01 00:00+00}')$$,
    'churned', '{"id": "customer_id", "time": "cutoff", "max_depth": 3, "n_estimators": 150, "learning_rate": 0.05, "min_child_weight": 10,
        "subsample": 0.7, "colsample_bytree": 0.5}');
SELECT footfall.deploy('at_risk', 1);
SELECT count(*) = 10 AS ten, bool_and(r.probability BETWEEN 0 AND 1) AS probabilities, bool_and(r.reason IS NOT NULL) AS reasons
FROM (SELECT f.customer_id, footfall.score('at_risk', f) AS probability,
        (SELECT e.feature FROM footfall.explain('at_risk', f) e WHERE e.feature <> '(bias)' AND e.contribution > 0 LIMIT 1) AS reason
    FROM footfall.churn_features('events', '2025-08-01 00:00+00') f ORDER BY probability DESC LIMIT 10) r;

-- The same in two calls.
SELECT trained_model, version, roc_auc > 0.7 AS ranks FROM footfall.train_churn('at_risk', 'events',
    '{2025-04-01 00:00+00,2025-05-01 00:00+00,2025-06-01 00:00+00,2025-07-01 00:00+00}', options => '{"max_depth": 3}');
SELECT count(DISTINCT sha256) FROM footfall.models WHERE model = 'at_risk';
SELECT version FROM footfall.train_churn('at_risk', 'events', '{2025-06-01 00:00+00}', 'logistic_regression', gap => '7 days');
-- The third cutoff's label is not known at the fourth; the second's is, and is for calibration; the first is learnt from.
SELECT training_rows = (SELECT count(*) FROM footfall.churn_features('events', '2025-04-01 00:00+00')) AS first_cutoff
FROM footfall.train_churn('at_risk', 'events',
    '{2025-04-01 00:00+00,2025-05-01 00:00+00,2025-05-30 00:00+00,2025-06-07 00:00+00}', gap => '1 day', label_window => '29 days');
SELECT s.decile, count(*) BETWEEN 1 AND 50 AS tenth, min(probability) >= 0 AND max(probability) <= 1 AS probabilities
FROM footfall.churn_scores('at_risk', 'events', '2025-08-01 00:00+00') s GROUP BY s.decile ORDER BY s.decile;
SELECT count(*) FILTER (WHERE top_reasons IS NULL) AS no_reason, bool_and(s.probability = footfall.score('at_risk', f)) AS same
FROM (SELECT * FROM footfall.churn_scores('at_risk', 'events', '2025-08-01 00:00+00') ORDER BY probability DESC LIMIT 10) s
JOIN footfall.churn_features('events', '2025-08-01 00:00+00') f USING (customer_id);
-- An operator of the caller's cannot get between.
CREATE SCHEMA models_trap;
CREATE FUNCTION models_trap.always(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR models_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = models_trap.always);
SELECT current_setting('search_path') AS path, md5(string_agg(top_reasons, ',' ORDER BY customer_id)) AS reasons
FROM footfall.churn_scores('at_risk', 'events', '2025-08-01 00:00+00') \gset
SET search_path = models_trap, models, public, pg_catalog;
SELECT md5(string_agg(top_reasons, ',' ORDER BY customer_id)) OPERATOR(pg_catalog.=) :'reasons' AS same_reasons
FROM footfall.churn_scores('at_risk', 'events', '2025-08-01 00:00+00');
SELECT pg_catalog.set_config('search_path', :'path', false);
DROP SCHEMA models_trap CASCADE;

-- The future does not show: a model of dates whose label windows are over is the same, to the last bit, when what came
-- after is gone, and features are the same when all that labels look at is gone, too.
CREATE TABLE known (LIKE events) USING footfall;
INSERT INTO known SELECT * FROM events WHERE ts < '2025-06-30 23:00+00';
CREATE TABLE before_labels AS SELECT * FROM known WHERE ts < '2025-04-01 00:00+00';
SELECT footfall.configure('known', time_column => 'ts', customer_column => 'customer_id', event_column => 'event_type',
    product_column => 'product_id', amount => 'price');
SELECT (SELECT count(*) FROM events) > (SELECT count(*) FROM known) AS there_is_a_future, array_agg(t.version) AS versions
FROM (VALUES ('events'), ('known')) e (source), LATERAL footfall.train_churn('leak', e.source,
    '{2025-04-01 00:00+00,2025-05-01 00:00+00,2025-06-01 00:00+00}', label_window => '29 days', until => '2025-06-30 23:00+00') t;
SELECT count(DISTINCT sha256) AS models, count(*) AS versions FROM footfall.models WHERE model = 'leak';
SELECT footfall.drop_model('leak');
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE to_jsonb(d) - 'cutoff' - 'churned' IS DISTINCT FROM to_jsonb(f)) AS differences,
    count(DISTINCT d.churned) AS labels
FROM footfall.churn_dataset('events', '{2025-04-01 00:00+00}') d
FULL JOIN footfall.churn_features('SELECT ts, customer_id, event_type, product_id, price AS amount FROM before_labels', '2025-04-01 00:00+00') f USING (customer_id);

-- Drift: none for the rows of training, a shift where values moved, were lost, or are new.
SELECT feature, stability_index < 0.01 AS stable FROM footfall.model_drift('churn', 'customers') ORDER BY 1;
SELECT feature, stability_index > 0.25 AS shifted FROM footfall.model_drift('churn',
    'SELECT visits + 3 AS visits, NULL::numeric AS basket, plan, device || ''x'' AS device, newsletter FROM customers', 2) ORDER BY 1;
SELECT count(*) FROM footfall.model_drift(NULL, 'customers');

-- What is refused.
\set VERBOSITY default
SELECT footfall.train('x', 'neural_network', 'customers', 'churned');
-- a long name is cut between characters
SELECT footfall.train('x', 'x' || repeat('ä', 60), 'customers', 'churned');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"], "colour": "red"}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"], "max_depth": 0}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff", "nothing"]}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"], "embargo": "30 days"}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": "customer_id", "time": "cutoff", "embargo": ["1 day", "2 days"]}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": "customer_id", "time": "cutoff", "embargo": "1 month"}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": "customer_id", "time": "cutoff", "embargo": "-1 day"}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": "customer_id", "time": "cutoff", "embargo": "soon"}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": "cutoff", "time": "customer_id", "embargo": "nan"}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": "customer_id", "time": "cutoff", "embargo": "900 days"}');
SELECT footfall.train_churn('x', 'events', '{2025-04-01 00:00+00,2025-04-08 00:00+00,2025-04-15 00:00+00,2025-04-22 00:00+00}');
SELECT footfall.train_churn('x', 'events', '{2025-04-01 00:00+00,2025-05-01 00:00+00}', label_window => '1 month');
SELECT footfall.train('x', 'decision_tree', 'customers', 'nothing', '{"id": ["customer_id", "cutoff"]}');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned');
SELECT footfall.train('x', 'decision_tree', 'customers', 'plan', '{"id": ["customer_id", "cutoff"]}');
SELECT footfall.train('x', 'decision_tree', 'SELECT visits, churned FROM customers WHERE false', 'churned');
SELECT footfall.train('x', 'decision_tree', 'SELECT visits, churned FROM customers WHERE churned', 'churned');
SELECT footfall.train('x', 'decision_tree', 'SELECT visits, churned, churned::int AS copy FROM customers', 'churned');
SELECT footfall.train('x', 'decision_tree', 'SELECT ''nan''::float8 AS visits, churned FROM customers', 'churned');
SELECT footfall.train('x', 'decision_tree', 'SELECT visits, NULLIF(churned, true) AS churned FROM customers', 'churned');
SELECT footfall.train('x', 'decision_tree', 'SELECT always, churned FROM customers', 'churned');
\set VERBOSITY sqlstate
SELECT footfall.train('x', 'decision_tree', 'no_such_table', 'churned');
SELECT footfall.train('x', 'decision_tree', 'SELECT 1 AS a) x; DROP TABLE customers; SELECT * FROM (SELECT 1', 'churned');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '[1]');
SELECT footfall.train('x', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"], "seed": null}');
SELECT footfall.train('x', 'linear_svc', 'customers', 'churned', '{"id": ["customer_id", "cutoff"], "calibration": "none"}');
SELECT count(*) FROM footfall.models WHERE model = 'x';
\set VERBOSITY default
SELECT footfall.score('churn', x) FROM (SELECT 1::float8 AS visits, 'a'::text AS basket) x;
SELECT footfall.score('churn', x) FROM (SELECT 'a'::text AS visits, 1 AS basket, 'gold'::plan AS plan, 1 AS device, true AS newsletter, 1 AS always) x;
SELECT footfall.score('churn', 1);
SELECT footfall.score('nothing', c) FROM customers c;
SELECT footfall.model_drift('churn', 'SELECT * FROM customers WHERE false');
SELECT footfall.model_drift('churn', 'SELECT visits FROM customers');
SELECT footfall.score('churn', c, 77) FROM customers c;

-- A training that is rolled back, or that fails, leaves nothing.
BEGIN;
SELECT version FROM footfall.train('undone', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"]}');
ROLLBACK;
SELECT count(*) FROM footfall.models WHERE model = 'undone';
-- So does one that is cancelled, whatever the algorithm is at: within a second.
CREATE TABLE many AS SELECT c.visits + n AS visits, c.basket, c.device, c.newsletter, chance(n, c.customer_id) AS noise,
    c.churned FROM customers c, generate_series(1, 20) n;
CREATE FUNCTION cancelled(algorithm text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
BEGIN
    began := clock_timestamp();
    PERFORM footfall.train('slow', algorithm, 'SELECT * FROM many', 'churned', options);
    RETURN 'trained';
EXCEPTION WHEN query_canceled THEN
    RETURN CASE WHEN clock_timestamp() - began < interval '2 seconds' THEN 'cancelled' ELSE 'late: ' || clock_timestamp() - began END;
END $$;
SET statement_timeout = '1s';
SELECT cancelled('random_forest', '{"n_estimators": 10000, "max_depth": 30, "min_samples_leaf": 1}');
SELECT cancelled('gradient_boosting', '{"n_estimators": 10000, "max_depth": 12}');
-- These learn faster than their rows are read: they are stopped before they can be through.
SET statement_timeout = '10ms';
SELECT cancelled('logistic_regression', '{"C": 1e9, "tol": 1e-9}');
SELECT cancelled('linear_svc', '{"C": 1e9, "tol": 1e-9}');
SELECT cancelled('decision_tree', '{"max_depth": 32, "min_samples_leaf": 1}');
RESET statement_timeout;
SELECT count(*) FROM footfall.models WHERE model = 'slow';
-- So does one that runs out of memory, however much there is.
CREATE FUNCTION with_memory(algorithm text, kilobytes int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('footfall.training_memory', kilobytes::text, true);
    PERFORM footfall.train('short', algorithm, 'SELECT * FROM many', 'churned', CASE WHEN algorithm IN ('random_forest', 'gradient_boosting') THEN '{"n_estimators": 5}' ELSE '{}' END::jsonb);
    RETURN 'trained';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT algorithm, array_agg(DISTINCT with_memory(algorithm, kilobytes)) AS ends
FROM unnest('{logistic_regression,linear_svc,decision_tree,random_forest,gradient_boosting}'::text[]) algorithm,
    unnest('{0,500,2000,4000,6000,8000,10000,12000}'::int[]) kilobytes
GROUP BY algorithm ORDER BY algorithm;
-- A worker without a database is not in pg_stat_activity on every version; it must let another one start.
SELECT version FROM footfall.train('after', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"]}');

-- Privileges: models are their owner's.
CREATE ROLE models_analyst NOLOGIN;
CREATE ROLE models_stranger NOLOGIN;
GRANT USAGE ON SCHEMA models TO models_analyst, models_stranger;
GRANT SELECT ON customers TO models_analyst;
SET ROLE models_analyst;
SELECT version FROM footfall.train('theirs', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"]}');
SELECT footfall.deploy('theirs', 1);
SELECT footfall.score('theirs', c) IS NOT NULL AS scored FROM customers c LIMIT 1;
SELECT model, owner FROM footfall.models;
SELECT count(*) FROM footfall.model_metrics WHERE model = 'churn';
\set VERBOSITY sqlstate
SELECT footfall.score('churn', c) FROM customers c LIMIT 1;
SELECT footfall.explain('churn', c) FROM customers c LIMIT 1;
SELECT footfall.train('churn', 'decision_tree', 'customers', 'churned', '{"id": ["customer_id", "cutoff"]}');
SELECT footfall.deploy('churn', 1);
SELECT footfall.rollback('churn');
SELECT footfall.drop_model('churn');
SELECT footfall.model_drift('churn', 'customers');
SELECT * FROM footfall.model;
SELECT * FROM footfall.model_metric;
SELECT * FROM footfall.model_deployment;
INSERT INTO footfall.model_deployment (model, number, version, deployed_by) VALUES ('churn', 99, 1, 'models_analyst');
RESET ROLE;
SET ROLE models_stranger;
SELECT footfall.train('mine', 'decision_tree', 'models.customers', 'churned', '{"id": ["customer_id", "cutoff"]}');
SELECT count(*) FROM footfall.models;
RESET ROLE;
\set VERBOSITY default
SELECT count(*) > 0 AS superuser_sees FROM footfall.models WHERE model = 'theirs';

SELECT footfall.drop_model(m) FROM (SELECT DISTINCT model AS m FROM footfall.models) x;
SELECT count(*) FROM footfall.models;
DROP SCHEMA models CASCADE;
DROP ROLE models_analyst, models_stranger;
