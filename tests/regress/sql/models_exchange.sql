-- Models from other tools and for them: what is kept, who may, what is refused.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA exchange;
SET search_path = exchange, public;
CREATE FUNCTION chance(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || substr(md5($1 || '/' || $2), 1, 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE customers AS
SELECT i AS customer_id, 10 * chance(1, i) AS visits,
    CASE WHEN i % 10 = 0 THEN NULL ELSE 40 * chance(2, i) END::numeric(10, 2) AS basket,
    CASE WHEN i % 7 > 0 THEN (ARRAY['bronze', 'silver', 'gold'])[1 + i % 3] END AS plan, i % 2 = 0 AS newsletter, 1 AS always,
    chance(3, i) < 1 / (1 + exp(-(1.2 * (10 * chance(1, i) - 5) - CASE WHEN i % 3 = 2 THEN 1 ELSE 0 END))) AS churned
FROM generate_series(1, 2000) i;

-- A model that goes out and comes back scores the same, bit for bit, calibrated or not, and explains itself the same.
SELECT a.calibration, (footfall.train('churn', 'gradient_boosting', 'customers', 'churned', jsonb_build_object('id', 'customer_id',
    'seed', 7, 'n_estimators', 20, 'max_depth', 3, 'calibration', a.calibration))).version
FROM (VALUES (1, 'platt'), (2, 'none'), (3, 'isotonic')) a (n, calibration) ORDER BY a.n;
SELECT footfall.import_model('back', 'xgboost_json', footfall.export_model('churn', version => v)) FROM generate_series(1, 2) v;
SELECT v AS version, bool_and(footfall.score('churn', c, v) = footfall.score('back', c, v)) AS same_scores,
    bool_and((SELECT max(abs(e.contribution - b.contribution)) < 1e-12 FROM footfall.explain('churn', c, v) e
        FULL JOIN footfall.explain('back', c, v) b USING (feature))) FILTER (WHERE customer_id < 20) AS same_reasons
FROM customers c, generate_series(1, 2) v GROUP BY v ORDER BY v;
SELECT version, algorithm, label, dataset, options, features, training_rows, trained_by::text = current_user AS mine
FROM footfall.models WHERE model = 'back' ORDER BY version;
SELECT version, algorithm, roc_auc FROM footfall.compare_models('back');
SELECT footfall.deploy('back', 1);
SELECT count(footfall.score('back', c)) FROM customers c;
SELECT convert_from(footfall.export_model('back'), 'UTF8')::jsonb #>> '{learner,objective,name}' AS objective,
    convert_from(footfall.export_model('back'), 'UTF8')::jsonb #> '{learner,feature_names}' AS names;
-- Without its calibration, a score is the margin's log odds.
SELECT footfall.import_model('plain', 'xgboost_json', footfall.export_model('churn', version => 3, calibrated => false));
SELECT bool_and(abs(footfall.score('plain', c, 1) - 1 / (1 + exp(-(SELECT sum(e.contribution) FROM footfall.explain('churn', c, 3) e)))) < 1e-9) AS plain,
    bool_or(footfall.score('plain', c, 1) <> footfall.score('churn', c, 3)) AS differs FROM customers c WHERE customer_id < 20;

-- As ONNX, what asks for what: operators are chosen by algorithm and calibration.
SELECT v AS version, position('TreeEnsembleRegressor' IN m) > 0 AS trees, position('MatMul' IN m) > 0 AS linear, position('Sigmoid' IN m) > 0 AS sigmoid,
    position('GreaterOrEqual' IN m) > 0 AS isotonic, position('LabelEncoder' IN m) > 0 AS texts, position('silver' IN m) > 0 AS categories,
    position('always' IN m) > 0 AS constants
FROM generate_series(1, 3) v, LATERAL (SELECT encode(footfall.export_model('churn', 'onnx', v), 'escape')) x (m) ORDER BY v;

-- As PMML: a tree a segment, the features that are asked for, a probability.
SELECT v AS version, regexp_count(m, '<TreeModel ') AS trees, regexp_count(m, '<Node ') = regexp_count(m, '</Node>') AS nodes,
    (SELECT string_agg(f[1], ' ') FROM regexp_matches(m, '<DataField name="([^"]*)"', 'g') f) AS fields, regexp_count(m, 'name="probability"') AS probability,
    regexp_count(m, 'function="exp"') AS exponentials, regexp_count(m, 'function="if"') > 0 AS steps
FROM generate_series(1, 3) v, LATERAL (SELECT convert_from(footfall.export_model('churn', 'pmml', v), 'UTF8')) x (m) ORDER BY v;

-- A model of XGBoost's own: a split by categories, names that need mapping, features no tree asks for.
CREATE TABLE given AS SELECT $$
{"learner":{"attributes":{},"feature_names":["plan","Visits per Month","spare"],"feature_types":["c","float","i"],
 "gradient_booster":{"model":{"trees":[{"categories":[0,2],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[2],
  "default_left":[0,1,0,0,0],"left_children":[1,3,-1,-1,-1],"right_children":[2,4,-1,-1,-1],
  "split_conditions":[0,2.5,0.75,-0.5,0.25],"split_indices":[0,1,0,0,0],"split_type":[1,0,0,0,0],"sum_hessian":[10,6,4,2,4]}]},
  "name":"gbtree"},"learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"3"},
  "objective":{"name":"binary:logistic"}},"version":[2,0,3]}
$$::text AS json;
SELECT footfall.import_model('theirs', 'xgboost_json', convert_to(json, 'UTF8'),
    '{"features": {"Visits per Month": "visits"}, "categories": {"plan": ["gold", "silver", "bronze"]}, "label": "gone"}') FROM given;
SELECT footfall.deploy('theirs', 1);
SELECT x.plan, x.visits, footfall.score('theirs', x)::numeric(10, 6) AS score
FROM (VALUES ('gold', 1), ('bronze', 1), ('silver', 1), ('silver', 9), ('silver', NULL), ('new', 9), (NULL, 1)) x (plan, visits);
SELECT e.* FROM (SELECT 'silver' AS plan, 9 AS visits) x, footfall.explain('theirs', x) e;
SELECT label, features FROM footfall.models WHERE model = 'theirs';

-- What is refused.
\set VERBOSITY default
SELECT footfall.model_drift('theirs', 'customers');
SELECT footfall.import_model('x', 'xgboost_json', convert_to(json, 'UTF8')) FROM given;
SELECT footfall.import_model('x', 'xgboost_json', convert_to(json, 'UTF8'), '{"colour": "red"}') FROM given;
SELECT footfall.import_model('x', 'xgboost_json', convert_to(json, 'UTF8'), '{"features": ["a", "b"]}') FROM given;
SELECT footfall.import_model('x', 'xgboost_json', convert_to(json, 'UTF8'), 
    jsonb_build_object('features', ARRAY[repeat('a', 64), 'b', 'c'], 'categories', jsonb_build_object(repeat('a', 64), ARRAY['a', 'b', 'c']))) FROM given;
SELECT footfall.import_model('x', 'xgboost_json', convert_to(replace(json, 'binary:logistic', 'multi:softprob'), 'UTF8')) FROM given;
SELECT footfall.import_model('x', 'xgboost_json', convert_to(replace(json, 'gbtree', 'dart'), 'UTF8')) FROM given;
SELECT footfall.import_model('x', 'xgboost_json', convert_to(replace(json, '[1,3,-1', '[1,0,-1'), 'UTF8'), '{"categories": {"plan": ["a", "b", "c"]}}') FROM given;
SELECT footfall.import_model('x', 'xgboost_json', 'no JSON');
SELECT footfall.import_model('x', 'pickle', '');
SELECT footfall.import_model('', 'xgboost_json', '');
SELECT footfall.export_model('churn', version => 3);
SELECT footfall.export_model('churn', 'pickle');
SELECT footfall.export_model('churn');
SELECT footfall.export_model('churn', version => 0);
SELECT version FROM footfall.train('churn', 'logistic_regression', 'customers', 'churned', '{"id": "customer_id"}');
SELECT footfall.export_model('churn', version => 4);
SELECT position('MatMul' IN encode(footfall.export_model('churn', 'onnx', 4), 'escape')) > 0 AS linear,
    position('<RegressionTable' IN convert_from(footfall.export_model('churn', 'pmml', 4), 'UTF8')) > 0 AS regression;
\set VERBOSITY sqlstate
SET footfall.max_import_size = 1;
SELECT footfall.import_model('x', 'xgboost_json', footfall.export_model('churn', version => 1)) IS NULL;
RESET footfall.max_import_size;
SELECT footfall.import_model('x', 'xgboost_json', '\xff');
SELECT count(*) FROM footfall.models WHERE model = 'x';
SELECT footfall.export_model(NULL) IS NULL AS nothing, footfall.import_model('x', 'xgboost_json', NULL) IS NULL AS nothing_stored;

-- Models are their owner's.
CREATE ROLE exchange_analyst NOLOGIN;
GRANT USAGE ON SCHEMA exchange TO exchange_analyst;
GRANT SELECT ON given TO exchange_analyst;
SET ROLE exchange_analyst;
SELECT footfall.export_model('churn', version => 1);
SELECT footfall.import_model('churn', 'xgboost_json', '');
SET footfall.max_import_size = 1000;
SELECT footfall.import_model('own', 'xgboost_json', convert_to(json, 'UTF8'), '{"categories": {"plan": ["a", "b", "c"]}}') FROM given;
SELECT length(footfall.export_model('own', version => 1)) > 100 AS exported;
RESET ROLE;
SELECT footfall.drop_model(m) FROM unnest('{churn,back,plain,theirs,own}'::text[]) m;
DROP SCHEMA exchange CASCADE;
DROP ROLE exchange_analyst;
