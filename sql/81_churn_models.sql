-- Churn from events to scores, in terms of churn_dataset, churn_features, train, score and explain. Run as the caller and
-- under the caller's search_path, since `events` is the caller's to name; everything else is qualified.

CREATE FUNCTION footfall.train_churn(
    model pg_catalog.text,
    events pg_catalog.text,
    cutoffs pg_catalog.timestamptz[],
    algorithm pg_catalog.text DEFAULT 'gradient_boosting',
    feature_window pg_catalog."interval" DEFAULT '90 days',
    gap pg_catalog."interval" DEFAULT '0 days',
    label_window pg_catalog."interval" DEFAULT '30 days',
    options pg_catalog.jsonb DEFAULT '{}',
    until pg_catalog.timestamptz DEFAULT NULL,
    activity pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (trained_model pg_catalog.text, version pg_catalog.int4, training_rows pg_catalog.int8,
        test_rows pg_catalog.int8, roc_auc pg_catalog.float8, pr_auc pg_catalog.float8, log_loss pg_catalog.float8,
        brier pg_catalog.float8, calibration_error pg_catalog.float8)
    LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 1 AS $$
    SELECT t.trained_model, t.version, t.training_rows, t.test_rows, t.roc_auc, t.pr_auc, t.log_loss, t.brier,
        t.calibration_error
    FROM footfall.train(train_churn.model, train_churn.algorithm,
        pg_catalog.format('SELECT * FROM footfall.churn_dataset(%L, %L::pg_catalog.timestamptz[], '
            'feature_window => %L, gap => %L, label_window => %L, until => %L, activity => %L)', train_churn.events,
            train_churn.cutoffs::pg_catalog.text, train_churn.feature_window::pg_catalog.text,
            train_churn.gap::pg_catalog.text, train_churn.label_window::pg_catalog.text,
            train_churn.until::pg_catalog.text, train_churn.activity),
        'churned',
        CASE WHEN pg_catalog.cardinality(train_churn.cutoffs) OPERATOR(pg_catalog.>) 1
            -- A label is known when its window is over: earlier cutoffs must not know what later ones are asked.
            THEN pg_catalog.jsonb_build_object('id', 'customer_id', 'time', 'cutoff', 'embargo',
                (train_churn.gap OPERATOR(pg_catalog.+) train_churn.label_window)::pg_catalog.text)
            ELSE '{"id": ["customer_id", "cutoff"]}'::pg_catalog.jsonb
        END
        -- Whether somebody comes back is mostly chance: many small steps, each on some of the rows and columns.
        OPERATOR(pg_catalog.||) CASE WHEN train_churn.algorithm OPERATOR(pg_catalog.=) 'gradient_boosting' THEN
            '{"n_estimators": 150, "learning_rate": 0.05, "max_depth": 3, "min_child_weight": 10, "subsample": 0.7, "colsample_bytree": 0.5}'
            ELSE '{}' END::pg_catalog.jsonb OPERATOR(pg_catalog.||) train_churn.options) t
    WHERE t.version IS NOT NULL
$$;
COMMENT ON FUNCTION footfall.train_churn(pg_catalog.text, pg_catalog.text, pg_catalog.timestamptz[], pg_catalog.text,
    pg_catalog."interval", pg_catalog."interval", pg_catalog."interval", pg_catalog.jsonb, pg_catalog.timestamptz,
    pg_catalog.text) IS
    'Trains a churn model on an event table: features before each cutoff, labels after it, judged by the latest cutoffs. Example: SELECT * FROM footfall.train_churn(''churn'', ''events'', ''{2025-10-01,2025-11-01,2025-12-01,2026-01-01}'')';

CREATE FUNCTION footfall.churn_scores(
    model pg_catalog.text,
    events pg_catalog.text,
    as_of pg_catalog.timestamptz,
    feature_window pg_catalog."interval" DEFAULT '90 days',
    version pg_catalog.int4 DEFAULT NULL)
    RETURNS TABLE (customer_id pg_catalog.text, probability pg_catalog.float8, decile pg_catalog.int4,
        top_reasons pg_catalog.text)
    -- Reasons cost more than all the rest. They stand outside the subquery, so that a caller's LIMIT spares them.
    LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100000 AS $$
    SELECT s.customer_id, s.probability, s.decile,
        (SELECT pg_catalog.string_agg(pg_catalog.concat(r.feature, ' = ', CASE
                WHEN pg_catalog.jsonb_typeof(r.value) OPERATOR(pg_catalog.=) 'null' THEN 'unknown'
                WHEN pg_catalog.jsonb_typeof(r.value) OPERATOR(pg_catalog.=) 'number' THEN pg_catalog.trim_scale(pg_catalog.round((r.value OPERATOR(pg_catalog.#>>) '{}')::pg_catalog."numeric", 1))::pg_catalog.text
                ELSE r.value OPERATOR(pg_catalog.#>>) '{}' END), ', ' ORDER BY r.contribution DESC)
         FROM (SELECT e.feature AS feature, e.contribution AS contribution,
                   pg_catalog.to_jsonb(s.features) OPERATOR(pg_catalog.->) e.feature AS value
               FROM footfall.explain(churn_scores.model, s.features, churn_scores.version) e
               WHERE e.feature OPERATOR(pg_catalog.<>) '(bias)' AND e.contribution OPERATOR(pg_catalog.>) 0
               ORDER BY e.contribution DESC LIMIT 3) r)
    FROM (
        SELECT p.customer_id AS customer_id, p.probability AS probability, p.features AS features,
            pg_catalog.ntile(10) OVER (ORDER BY p.probability DESC, p.customer_id) AS decile
        FROM (
            SELECT f.customer_id AS customer_id, f AS features,
                footfall.score(churn_scores.model, f, churn_scores.version) AS probability
            FROM footfall.churn_features(churn_scores.events, churn_scores.as_of, churn_scores.feature_window) f) p) s
$$;
COMMENT ON FUNCTION footfall.churn_scores(pg_catalog.text, pg_catalog.text, pg_catalog.timestamptz,
    pg_catalog."interval", pg_catalog.int4) IS
    'Each customer''s probability by a churn model, the decile (1: most at risk) and the features, with their values, that raise it most; feature_window as in training. Example: SELECT * FROM footfall.churn_scores(''churn'', ''events'', now()) ORDER BY probability DESC LIMIT 10';
