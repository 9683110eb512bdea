-- Reports about customers: their value, what they buy together, what brought them, how they took a test. As in
-- 70_report_kpis.sql, the functions run as the caller.

CREATE FUNCTION footfall.rfm(
    events pg_catalog.text,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        customer_id pg_catalog.text,
        last_order pg_catalog.timestamptz,
        recency_days pg_catalog.int4,
        orders pg_catalog.int8,
        revenue pg_catalog.numeric,
        recency_score pg_catalog.int4,
        frequency_score pg_catalog.int4,
        monetary_score pg_catalog.int4,
        segment pg_catalog.text)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000 AS 'MODULE_PATHNAME', 'footfall_rfm';
COMMENT ON FUNCTION footfall.rfm(pg_catalog.text, pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text,
    pg_catalog.text) IS
    'Customers by how recently, how often and for how much they bought: scores 1 to 5 and a named segment. Example: SELECT segment, count(*) FROM footfall.rfm(''events'') GROUP BY 1';

CREATE FUNCTION footfall.experiment(
    events pg_catalog.text,
    variant_column pg_catalog.text,
    control pg_catalog.text,
    goal pg_catalog.text DEFAULT NULL,
    goal_condition pg_catalog.text DEFAULT NULL,
    within pg_catalog."interval" DEFAULT NULL,
    switchers pg_catalog.text DEFAULT 'exclude',
    confidence pg_catalog.float8 DEFAULT 0.95,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        variant pg_catalog.text,
        customers pg_catalog.int8,
        conversions pg_catalog.int8,
        rate pg_catalog.float8,
        lift pg_catalog.float8,
        ci_low pg_catalog.float8,
        ci_high pg_catalog.float8,
        p_value pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 5 AS 'MODULE_PATHNAME', 'footfall_experiment';
COMMENT ON FUNCTION footfall.experiment(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog."interval", pg_catalog.text, pg_catalog.float8, pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text,
    pg_catalog.text) IS
    'The variants of a test against its control: conversion rates, relative lift with its score interval, p-value of the two-proportion z-test. Example: SELECT * FROM footfall.experiment(''events'', ''variant'', ''control'', ''purchase'', within => ''7 days'')';

CREATE FUNCTION footfall.campaign_attribution(
    events pg_catalog.text,
    model pg_catalog.text DEFAULT 'last',
    conversion pg_catalog.text DEFAULT NULL,
    campaign pg_catalog.text DEFAULT NULL,
    look_back pg_catalog."interval" DEFAULT '30 days',
    half_life pg_catalog."interval" DEFAULT '7 days',
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        campaign pg_catalog.text,
        credit pg_catalog.float8,
        share pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 20 AS 'MODULE_PATHNAME', 'footfall_campaign_attribution';
COMMENT ON FUNCTION footfall.campaign_attribution(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text,
    pg_catalog."interval", pg_catalog."interval", pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text) IS
    'Which campaigns brought the conversions of a time about: model last, first, linear, position, time_decay, markov (removal effect) or shapley; campaign NULL has conversions without a touch. Example: SELECT * FROM footfall.campaign_attribution(''events'', ''markov'', look_back => ''14 days'')';

CREATE FUNCTION footfall.basket_rules(
    events pg_catalog.text,
    min_support pg_catalog.float8 DEFAULT 0.01,
    min_confidence pg_catalog.float8 DEFAULT 0,
    max_items pg_catalog.int4 DEFAULT 2,
    basket pg_catalog.text DEFAULT NULL,
    item pg_catalog.text DEFAULT NULL,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        antecedent pg_catalog.text,
        consequent pg_catalog.text,
        baskets pg_catalog.int8,
        support pg_catalog.float8,
        confidence pg_catalog.float8,
        lift pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'footfall_basket_rules';
COMMENT ON FUNCTION footfall.basket_rules(pg_catalog.text, pg_catalog.float8, pg_catalog.float8, pg_catalog.int4, pg_catalog.text,
    pg_catalog.text, pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'What is bought together: rules antecedent -> consequent with support, confidence and lift. Example: SELECT * FROM footfall.basket_rules(''events'', min_support => 0.001) ORDER BY lift DESC LIMIT 20';

CREATE FUNCTION footfall.customer_lifetime_value(
    events pg_catalog.text,
    months pg_catalog.int4 DEFAULT 12,
    discount_rate pg_catalog.float8 DEFAULT 0.01,
    penalizer pg_catalog.float8 DEFAULT 0,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        customer_id pg_catalog.text,
        repeated_purchases pg_catalog.int8,
        recency_days pg_catalog.int8,
        age_days pg_catalog.int8,
        mean_amount pg_catalog.float8,
        probability_alive pg_catalog.float8,
        expected_purchases pg_catalog.float8,
        expected_amount pg_catalog.float8,
        lifetime_value pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000 AS 'MODULE_PATHNAME', 'footfall_customer_lifetime_value';
COMMENT ON FUNCTION footfall.customer_lifetime_value(pg_catalog.text, pg_catalog.int4, pg_catalog.float8, pg_catalog.float8,
    pg_catalog.timestamptz, pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'What customers will buy within the next months of 30 days, and what that is worth today, by BG/NBD and Gamma-Gamma. Example: SELECT * FROM footfall.customer_lifetime_value(''events'', months => 6) ORDER BY lifetime_value DESC LIMIT 100';

CREATE FUNCTION footfall.customer_lifetime_parameters(
    events pg_catalog.text,
    penalizer pg_catalog.float8 DEFAULT 0,
    since pg_catalog.timestamptz DEFAULT NULL,
    until pg_catalog.timestamptz DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    filter pg_catalog.text DEFAULT NULL,
    purchase pg_catalog.text DEFAULT NULL)
    RETURNS TABLE (
        parameter pg_catalog.text,
        value pg_catalog.float8)
    LANGUAGE c STABLE PARALLEL UNSAFE COST 1000000 ROWS 9 AS 'MODULE_PATHNAME', 'footfall_customer_lifetime_parameters';
COMMENT ON FUNCTION footfall.customer_lifetime_parameters(pg_catalog.text, pg_catalog.float8, pg_catalog.timestamptz,
    pg_catalog.timestamptz, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS
    'The parameters that customer_lifetime_value estimates: r, alpha (weeks), a, b of BG/NBD, p, q, v of Gamma-Gamma. Example: SELECT * FROM footfall.customer_lifetime_parameters(''events'')';

CREATE FUNCTION footfall.create_segment(name pg_catalog.text, events pg_catalog.text, conditions pg_catalog.text[])
    RETURNS pg_catalog.void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_create_segment';
COMMENT ON FUNCTION footfall.create_segment(pg_catalog.text, pg_catalog.text, pg_catalog.text[]) IS
    'Creates a view of the customers who meet all conditions: with aggregates over their events, or without, of one of them. Example: SELECT footfall.create_segment(''big_spenders'', ''events'', ''{sum(amount) > 1000, event = ''''signup''''}'')';
