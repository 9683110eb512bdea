-- Reports: what is known of each customer at a moment, and who was lost after it.

CREATE FUNCTION footfall.churn_features(
    events pg_catalog.text,
    as_of pg_catalog.timestamptz,
    feature_window pg_catalog."interval" DEFAULT '90 days',
    recent_window pg_catalog."interval" DEFAULT NULL,
    session_gap pg_catalog."interval" DEFAULT '30 minutes',
    features pg_catalog.text[] DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        customer_id pg_catalog.text,
        recency_days pg_catalog.float8,
        frequency pg_catalog.int8,
        monetary pg_catalog.float8,
        average_basket pg_catalog.float8,
        purchase_recency_days pg_catalog.float8,
        purchase_gap_days pg_catalog.float8,
        purchase_gap_deviation pg_catalog.float8,
        tenure_days pg_catalog.float8,
        active_days pg_catalog.int8,
        events pg_catalog.int8,
        views pg_catalog.int8,
        searches pg_catalog.int8,
        carts pg_catalog.int8,
        cart_removals pg_catalog.int8,
        checkouts pg_catalog.int8,
        purchases pg_catalog.int8,
        returns pg_catalog.int8,
        sessions pg_catalog.int8,
        sessions_7_days pg_catalog.int8,
        sessions_14_days pg_catalog.int8,
        sessions_30_days pg_catalog.int8,
        session_gap_days pg_catalog.float8,
        session_overdue pg_catalog.float8,
        events_per_session pg_catalog.float8,
        last_session_events pg_catalog.int8,
        trend pg_catalog.float8,
        products pg_catalog.int8,
        categories pg_catalog.int8,
        campaign_share pg_catalog.float8,
        device pg_catalog.text,
        country pg_catalog.text)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'footfall_churn_features';
COMMENT ON FUNCTION footfall.churn_features(pg_catalog.text, pg_catalog.timestamptz, pg_catalog."interval",
    pg_catalog."interval", pg_catalog."interval", pg_catalog.text[], pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'A row per customer who was active in the feature window before as_of, with what is known of them then: recency, frequency, monetary and more. Nothing at or after as_of counts. Example: SELECT * FROM footfall.churn_features(''events'', ''2026-03-01'', ''90 days'')';

CREATE FUNCTION footfall.churn_labels(
    events pg_catalog.text,
    as_of pg_catalog.timestamptz,
    gap pg_catalog."interval" DEFAULT '0 days',
    label_window pg_catalog."interval" DEFAULT '30 days',
    feature_window pg_catalog."interval" DEFAULT '90 days',
    until pg_catalog.timestamptz DEFAULT NULL,
    activity pg_catalog.text DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        customer_id pg_catalog.text,
        churned pg_catalog.bool)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'footfall_churn_labels';
COMMENT ON FUNCTION footfall.churn_labels(pg_catalog.text, pg_catalog.timestamptz, pg_catalog."interval",
    pg_catalog."interval", pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text,
    pg_catalog.text) IS
    'A row per customer who was active in the feature window before as_of: whether they did nothing in the label window after it. A label window that is not over is refused. Example: SELECT * FROM footfall.churn_labels(''events'', ''2026-03-01'', label_window => ''30 days'')';

CREATE FUNCTION footfall.churn_dataset(
    events pg_catalog.text,
    cutoffs pg_catalog.timestamptz[],
    feature_window pg_catalog."interval" DEFAULT '90 days',
    gap pg_catalog."interval" DEFAULT '0 days',
    label_window pg_catalog."interval" DEFAULT '30 days',
    until pg_catalog.timestamptz DEFAULT NULL,
    activity pg_catalog.text DEFAULT NULL,
    recent_window pg_catalog."interval" DEFAULT NULL,
    session_gap pg_catalog."interval" DEFAULT '30 minutes',
    features pg_catalog.text[] DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        cutoff pg_catalog.timestamptz,
        customer_id pg_catalog.text,
        churned pg_catalog.bool,
        recency_days pg_catalog.float8,
        frequency pg_catalog.int8,
        monetary pg_catalog.float8,
        average_basket pg_catalog.float8,
        purchase_recency_days pg_catalog.float8,
        purchase_gap_days pg_catalog.float8,
        purchase_gap_deviation pg_catalog.float8,
        tenure_days pg_catalog.float8,
        active_days pg_catalog.int8,
        events pg_catalog.int8,
        views pg_catalog.int8,
        searches pg_catalog.int8,
        carts pg_catalog.int8,
        cart_removals pg_catalog.int8,
        checkouts pg_catalog.int8,
        purchases pg_catalog.int8,
        returns pg_catalog.int8,
        sessions pg_catalog.int8,
        sessions_7_days pg_catalog.int8,
        sessions_14_days pg_catalog.int8,
        sessions_30_days pg_catalog.int8,
        session_gap_days pg_catalog.float8,
        session_overdue pg_catalog.float8,
        events_per_session pg_catalog.float8,
        last_session_events pg_catalog.int8,
        trend pg_catalog.float8,
        products pg_catalog.int8,
        categories pg_catalog.int8,
        campaign_share pg_catalog.float8,
        device pg_catalog.text,
        country pg_catalog.text)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'footfall_churn_dataset';
COMMENT ON FUNCTION footfall.churn_dataset(pg_catalog.text, pg_catalog.timestamptz[], pg_catalog."interval",
    pg_catalog."interval", pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.text, pg_catalog."interval",
    pg_catalog."interval", pg_catalog.text[], pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'churn_features and churn_labels side by side for each cutoff: what a model is trained on. Example: SELECT * FROM footfall.churn_dataset(''events'', ''{2026-01-01,2026-02-01}'', label_window => ''30 days'')';
