-- Models: training, versions, deployment, scoring.
--
-- The tables are read and written by the functions below alone, which check the caller against the model's owner;
-- people read them through views. Their rows are dumped: a restored database scores as before.

CREATE TABLE footfall.model (
    model pg_catalog.text NOT NULL,
    version pg_catalog.int4 NOT NULL,
    owner pg_catalog.regrole NOT NULL,
    trained_by pg_catalog.regrole NOT NULL,
    trained_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
    algorithm pg_catalog.text NOT NULL,
    label pg_catalog.text NOT NULL,
    dataset pg_catalog.text NOT NULL,
    options pg_catalog.jsonb NOT NULL,
    features pg_catalog.text[] NOT NULL,
    training_rows pg_catalog.int8 NOT NULL,
    calibration_rows pg_catalog.int8 NOT NULL,
    test_rows pg_catalog.int8 NOT NULL,
    content pg_catalog.bytea NOT NULL,
    checksum pg_catalog.bytea NOT NULL,
    CONSTRAINT model_pkey PRIMARY KEY (model, version)
);

CREATE TABLE footfall.model_metric (
    model pg_catalog.text NOT NULL,
    version pg_catalog.int4 NOT NULL,
    metric pg_catalog.text NOT NULL,
    item pg_catalog.text,
    value pg_catalog.float8 NOT NULL,
    CONSTRAINT model_metric_key UNIQUE (model, version, metric, item)
);

CREATE TABLE footfall.model_deployment (
    model pg_catalog.text NOT NULL,
    number pg_catalog.int4 NOT NULL,
    version pg_catalog.int4 NOT NULL,
    deployed_by pg_catalog.regrole NOT NULL,
    deployed_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
    withdrawn_at pg_catalog.timestamptz,
    CONSTRAINT model_deployment_pkey PRIMARY KEY (model, number)
);

REVOKE ALL ON footfall.model, footfall.model_metric, footfall.model_deployment FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('footfall.model', '');
SELECT pg_catalog.pg_extension_config_dump('footfall.model_metric', '');
SELECT pg_catalog.pg_extension_config_dump('footfall.model_deployment', '');

CREATE FUNCTION footfall.train(
    model pg_catalog.text,
    algorithm pg_catalog.text,
    dataset pg_catalog.text,
    label pg_catalog.text,
    options pg_catalog.jsonb DEFAULT '{}',
    OUT trained_model pg_catalog.text,
    OUT version pg_catalog.int4,
    OUT training_rows pg_catalog.int8,
    OUT test_rows pg_catalog.int8,
    OUT roc_auc pg_catalog.float8,
    OUT pr_auc pg_catalog.float8,
    OUT log_loss pg_catalog.float8,
    OUT brier pg_catalog.float8,
    OUT calibration_error pg_catalog.float8)
    RETURNS pg_catalog.record
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'footfall_train';
COMMENT ON FUNCTION footfall.train(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog.jsonb) IS
    'Trains a version of a model on a relation or query in a process of its own, and returns how it did on rows it has not seen. Example: SELECT * FROM footfall.train(''churn'', ''gradient_boosting'', ''churn_rows'', ''churned'', ''{"id": ["customer_id"], "seed": 1}'')';

CREATE FUNCTION footfall.deploy(model pg_catalog.text, version pg_catalog.int4) RETURNS pg_catalog.void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_deploy';
COMMENT ON FUNCTION footfall.deploy(pg_catalog.text, pg_catalog.int4) IS
    'Makes a version of a model the one that is applied when none is named. For the model''s owner. Example: SELECT footfall.deploy(''churn'', 2)';

CREATE FUNCTION footfall.rollback(model pg_catalog.text) RETURNS pg_catalog.int4
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_rollback';
COMMENT ON FUNCTION footfall.rollback(pg_catalog.text) IS
    'Takes the last deployment of a model back and returns the version that is deployed again. For the model''s owner. Example: SELECT footfall.rollback(''churn'')';

CREATE FUNCTION footfall.drop_model(model pg_catalog.text) RETURNS pg_catalog.void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_drop_model';
COMMENT ON FUNCTION footfall.drop_model(pg_catalog.text) IS
    'Deletes a model with all its versions, metrics and deployments. For the model''s owner. Example: SELECT footfall.drop_model(''churn'')';

CREATE FUNCTION footfall.import_model(
    model pg_catalog.text,
    format pg_catalog.text,
    content pg_catalog.bytea,
    options pg_catalog.jsonb DEFAULT '{}')
    RETURNS pg_catalog.int4
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'footfall_import_model';
COMMENT ON FUNCTION footfall.import_model(pg_catalog.text, pg_catalog.text, pg_catalog.bytea, pg_catalog.jsonb) IS
    'Stores a model that was trained elsewhere as the next version, and returns its number. The format is xgboost_json. It is checked, never executed. Example: SELECT footfall.import_model(''churn'', ''xgboost_json'', pg_read_binary_file(''/tmp/model.json''), ''{"features": ["tenure", "charges"]}'')';

CREATE FUNCTION footfall.export_model(
    model pg_catalog.text,
    format pg_catalog.text DEFAULT 'xgboost_json',
    version pg_catalog.int4 DEFAULT NULL,
    calibrated pg_catalog.bool DEFAULT true)
    RETURNS pg_catalog.bytea
    LANGUAGE c STABLE PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME', 'footfall_export_model';
COMMENT ON FUNCTION footfall.export_model(pg_catalog.text, pg_catalog.text, pg_catalog.int4, pg_catalog.bool) IS
    'A version of a model (the deployed one if none is named) in a format that other tools read: xgboost_json, onnx or pmml. For the model''s owner. Example: SELECT convert_from(footfall.export_model(''churn'', ''xgboost_json'', 2), ''UTF8'')';

CREATE FUNCTION footfall.score(
    model pg_catalog.text,
    features pg_catalog.anyelement,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS pg_catalog.float8
    LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'footfall_score';
COMMENT ON FUNCTION footfall.score(pg_catalog.text, pg_catalog.anyelement, pg_catalog.int4) IS
    'The probability that a model gives a row; columns are found by name. NULL for a NULL row. For the model''s owner. Example: SELECT customer_id, footfall.score(''churn'', c) FROM churn_rows c';

CREATE FUNCTION footfall.explain(
    model pg_catalog.text,
    features pg_catalog.anyelement,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (feature pg_catalog.text, contribution pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL SAFE ROWS 20 COST 1000 AS 'MODULE_PATHNAME', 'footfall_explain';
COMMENT ON FUNCTION footfall.explain(pg_catalog.text, pg_catalog.anyelement, pg_catalog.int4) IS
    'What each feature of a row contributes to the model''s margin, the largest first; all of it with the bias is the margin. For the model''s owner. Example: SELECT e.* FROM churn_rows c, footfall.explain(''churn'', c) e WHERE c.customer_id = 42';

CREATE FUNCTION footfall.model_drift(
    model pg_catalog.text,
    dataset pg_catalog.text,
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (feature pg_catalog.text, stability_index pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 20 COST 100000 AS 'MODULE_PATHNAME', 'footfall_model_drift';
COMMENT ON FUNCTION footfall.model_drift(pg_catalog.text, pg_catalog.text, pg_catalog.int4) IS
    'How far the rows of a relation or query are from those a model has learnt from: the population stability index by feature, below 0.1 stable, above 0.25 a shift. For the model''s owner. Example: SELECT * FROM footfall.model_drift(''churn'', ''churn_rows'') ORDER BY stability_index DESC';

CREATE VIEW footfall.models WITH (security_barrier) AS
SELECT m.model AS model,
    m.version AS version,
    m.version OPERATOR(pg_catalog.=) (
        SELECT d.version FROM footfall.model_deployment d
        WHERE d.model OPERATOR(pg_catalog.=) m.model AND d.withdrawn_at IS NULL
        ORDER BY d.number DESC LIMIT 1) IS TRUE AS deployed,
    m.owner AS owner,
    m.trained_by AS trained_by,
    m.trained_at AS trained_at,
    m.algorithm AS algorithm,
    m.label AS label,
    m.dataset AS dataset,
    m.options AS options,
    m.features AS features,
    m.training_rows AS training_rows,
    m.calibration_rows AS calibration_rows,
    m.test_rows AS test_rows,
    pg_catalog.length(m.content) AS bytes,
    pg_catalog.encode(m.checksum, 'hex') AS sha256
FROM footfall.model m
WHERE pg_catalog.pg_has_role(m.owner::pg_catalog.oid, 'USAGE');
COMMENT ON VIEW footfall.models IS
    'The versions of your models: algorithm, features, options, rows, which one is deployed. Example: SELECT * FROM footfall.models WHERE model = ''churn'' ORDER BY version';

CREATE VIEW footfall.model_metrics WITH (security_barrier) AS
SELECT d.model AS model, d.version AS version, d.metric AS metric, d.item AS item, d.value AS value
FROM footfall.model_metric d
JOIN footfall.model m ON m.model OPERATOR(pg_catalog.=) d.model AND m.version OPERATOR(pg_catalog.=) d.version
WHERE pg_catalog.pg_has_role(m.owner::pg_catalog.oid, 'USAGE');
COMMENT ON VIEW footfall.model_metrics IS
    'How the versions of your models did on rows they had not seen: quality, lift by decile, confusion matrix, calibration, importance and coefficients. Example: SELECT item, value FROM footfall.model_metrics WHERE model = ''churn'' AND version = 1 AND metric = ''importance'' ORDER BY value DESC';

CREATE VIEW footfall.model_deployments WITH (security_barrier) AS
SELECT d.model AS model, d.number AS number, d.version AS version, d.deployed_by AS deployed_by,
    d.deployed_at AS deployed_at, d.withdrawn_at AS withdrawn_at
FROM footfall.model_deployment d
JOIN footfall.model m ON m.model OPERATOR(pg_catalog.=) d.model AND m.version OPERATOR(pg_catalog.=) d.version
WHERE pg_catalog.pg_has_role(m.owner::pg_catalog.oid, 'USAGE');
COMMENT ON VIEW footfall.model_deployments IS
    'Which version of your models was deployed when, and withdrawn when. Example: SELECT * FROM footfall.model_deployments ORDER BY deployed_at';

CREATE FUNCTION footfall.compare_models(model pg_catalog.text)
    RETURNS TABLE (version pg_catalog.int4, algorithm pg_catalog.text, deployed pg_catalog.bool,
        training_rows pg_catalog.int8, test_rows pg_catalog.int8, roc_auc pg_catalog.float8,
        pr_auc pg_catalog.float8, log_loss pg_catalog.float8, brier pg_catalog.float8, ks pg_catalog.float8,
        f1 pg_catalog.float8, calibration_error pg_catalog.float8)
    LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.version, m.algorithm, m.deployed, m.training_rows, m.test_rows,
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'roc_auc'),
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'pr_auc'),
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'log_loss'),
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'brier'),
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'ks'),
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'f1'),
        pg_catalog.max(v.value) FILTER (WHERE v.metric OPERATOR(pg_catalog.=) 'calibration_error')
    FROM footfall.models m
    LEFT JOIN footfall.model_metrics v
        ON v.model OPERATOR(pg_catalog.=) m.model AND v.version OPERATOR(pg_catalog.=) m.version
    WHERE m.model OPERATOR(pg_catalog.=) compare_models.model
    GROUP BY m.version, m.algorithm, m.deployed, m.training_rows, m.test_rows
    ORDER BY m.version
$$;
COMMENT ON FUNCTION footfall.compare_models(pg_catalog.text) IS
    'The versions of one of your models side by side, each judged by its own test rows. Example: SELECT * FROM footfall.compare_models(''churn'')';

GRANT SELECT ON footfall.models, footfall.model_metrics, footfall.model_deployments TO PUBLIC;
