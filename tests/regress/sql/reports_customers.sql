-- rfm, experiment, campaign_attribution, basket_rules and customer_lifetime_value, against the same questions asked
-- another way.
CREATE SCHEMA customers;
SET search_path = customers, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE FUNCTION pick(i int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(i || what), 7))::bit(28)::int % n $$;
CREATE TABLE plain (ts timestamptz, customer_id int, event text, order_id int, product_id text, campaign text, amount numeric(10,2), variant text);
INSERT INTO plain SELECT '2026-01-01'::timestamptz + make_interval(mins => i * 45 + pick(i, 'time', 3000)), c, e,
    CASE e WHEN 'purchase' THEN i / 4 END, CASE WHEN e <> 'visit' THEN 'p' || least(pick(i, 'p', 12), pick(i, 'q', 12)) END,
    CASE e WHEN 'visit' THEN (ARRAY['search', 'ads', 'mail', 'Ärger', NULL])[1 + pick(i, 'campaign', 5)] END,
    CASE WHEN e = 'purchase' AND i % 13 > 0 THEN pick(i, 'amount', 9000) / 100.0 END,
    CASE WHEN e = 'visit' AND i % 3 = 0 THEN (ARRAY['control', 'blue', 'green'])[1 + (c + pick(i, 'switch', 40) / 39) % 3] END
FROM (SELECT i, 1 + least(pick(i, 'c', 300), pick(i, 'd', 300)) AS c, (ARRAY['visit', 'visit', 'cart', 'purchase', 'purchase'])[1 + pick(i, 'event', 5)] AS e
    FROM generate_series(1, 4000) i) x;
INSERT INTO plain VALUES (NULL, 1, 'purchase', -1, 'p1', NULL, 1000, 'control'), ('infinity', 1, 'purchase', -2, 'p1', 'search', 1000, 'green'),
    ('-infinity', 1, 'purchase', -3, 'p1', 'search', 1000, 'blue'), ('2026-02-01', NULL, 'purchase', -4, 'p1', 'search', 1000, 'blue'),
    ('2026-02-02', 400, 'purchase', NULL, NULL, NULL, NULL, NULL);
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
CREATE TABLE mixed (LIKE plain) PARTITION BY RANGE (ts);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (MINVALUE) TO ('2026-02-15') USING footfall;
CREATE TABLE mixed_2 PARTITION OF mixed FOR VALUES FROM ('2026-02-15') TO (MAXVALUE) USING footfall;
CREATE TABLE mixed_0 PARTITION OF mixed DEFAULT USING footfall;
INSERT INTO hot TABLE plain;
INSERT INTO sealed TABLE plain;
CALL footfall.seal('sealed');
CALL footfall.compact('sealed');
INSERT INTO mixed SELECT * FROM plain WHERE ts < '2026-03-01' OR ts IS NULL;
CALL footfall.seal('mixed');
INSERT INTO mixed SELECT * FROM plain WHERE ts >= '2026-03-01';
SELECT footfall.configure(t::regclass, time_column => 'ts', customer_column => 'customer_id', event_column => 'event', order_column => 'order_id',
    product_column => 'product_id', campaign_column => 'campaign', amount => 'amount') FROM unnest('{hot,sealed,mixed}'::text[]) t;
CREATE TABLE known AS SELECT * FROM plain WHERE isfinite(ts) AND customer_id IS NOT NULL;
ANALYZE known;

-- rfm: a score is one more than the fifths of the customers that have less
CREATE TABLE bought AS SELECT customer_id, max(ts) AS last_order, count(DISTINCT order_id) AS orders, coalesce(sum(amount), 0) AS revenue,
    max((ts AT TIME ZONE 'Europe/Berlin')::date) AS day FROM known WHERE event = 'purchase' GROUP BY 1 HAVING count(order_id) > 0;
ANALYZE bought;
CREATE TABLE scored AS SELECT b.*, (SELECT max((ts AT TIME ZONE 'Europe/Berlin')::date) FROM known) - day AS days,
    1 + 5 * (SELECT count(*) FROM bought o WHERE o.day < b.day) / (SELECT count(*) FROM bought) AS r,
    1 + 5 * (SELECT count(*) FROM bought o WHERE o.orders < b.orders) / (SELECT count(*) FROM bought) AS f,
    1 + 5 * (SELECT count(*) FROM bought o WHERE o.revenue < b.revenue) / (SELECT count(*) FROM bought) AS m FROM bought b;
SELECT t, count(*) AS customers, count(*) FILTER (WHERE (o.last_order, o.recency_days, o.orders, o.revenue, o.recency_score, o.frequency_score, o.monetary_score)
    = (s.last_order, s.days, s.orders, s.revenue, s.r, s.f, s.m)) AS equal
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, LATERAL footfall.rfm(t, time_zone => 'Europe/Berlin') o FULL JOIN scored s ON s.customer_id::text = o.customer_id GROUP BY 1 ORDER BY 1;
SELECT segment, min(recency_score) AS r_from, max(recency_score) AS r_to, min(frequency_score) AS f_from, max(frequency_score) AS f_to, count(*), sum(revenue) FROM footfall.rfm('sealed') GROUP BY 1 ORDER BY 1;
SELECT count(*), sum(orders) = (SELECT count(DISTINCT (customer_id, order_id)) FROM known WHERE event = 'purchase' AND order_id IS NOT NULL AND product_id = 'p3' AND ts >= '2026-02-01' AND ts < '2026-03-01') AS equal,
    min(recency_days) FROM footfall.rfm('sealed', '2026-02-01', '2026-03-01', filter => $$product_id = 'p3'$$);
-- By hand: equal values have equal scores; the day of 2026-03-02 has begun in Berlin when it is 23:30 in UTC.
CREATE TABLE few (ts timestamptz, who int);
INSERT INTO few SELECT '2026-03-01 12:00'::timestamptz - make_interval(days => d), w FROM unnest('{1,2,3,4,5}'::int[], '{0,1,1,7,30}'::int[]) AS x(w, d), generate_series(1, w);
INSERT INTO few VALUES ('2026-03-01 23:30', 1);
SELECT * FROM footfall.rfm('SELECT ts, who AS customer_id FROM few', time_zone => 'Europe/Berlin');
SELECT customer_id, recency_days, orders FROM footfall.rfm('SELECT ts, who AS customer_id FROM few', until => '2026-03-01');
SELECT recency_score, frequency_score, segment FROM footfall.rfm('SELECT ts, 1 AS customer_id FROM few');
-- The whole table of segments: a customer for each pair of scores
CREATE TABLE pairs AS SELECT '2026-01-01'::timestamptz + make_interval(days => r) AS ts, r * 10 + f AS customer_id FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, f);
SELECT recency_score AS r, string_agg(segment, ', ' ORDER BY frequency_score) AS segments, bool_and(customer_id = recency_score * 10 + frequency_score || '') AS equal FROM footfall.rfm('pairs') GROUP BY 1 ORDER BY 1;

-- experiment: who took part, and who converted after that
CREATE TABLE took_part AS SELECT customer_id, min(ts) AS entered_at, count(DISTINCT variant) AS variants, min(variant) AS variant, (array_agg(variant ORDER BY ts))[1] AS first
    FROM known WHERE variant IS NOT NULL AND ts >= '2026-01-20' AND ts < '2026-03-20' GROUP BY 1;
ANALYZE took_part;
CREATE FUNCTION counted(by_first bool, within interval) RETURNS TABLE (variant text, customers bigint, conversions bigint) LANGUAGE sql AS $$
    SELECT CASE WHEN by_first THEN first ELSE variant END, count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM known k WHERE k.customer_id = p.customer_id
        AND event = 'purchase' AND amount > 20 AND ts >= entered_at AND (within IS NULL OR ts <= entered_at + within)))
    FROM took_part p WHERE by_first OR variants = 1 GROUP BY 1 $$;
SELECT t, s, w, count(*) AS variants, count(*) FILTER (WHERE (o.customers, o.conversions, round(o.rate::numeric, 9)) = (e.customers, e.conversions, round(e.conversions::numeric / e.customers, 9))) AS equal,
    sum(o.customers) AS customers, sum(o.conversions) AS conversions
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, unnest('{exclude,first}'::text[]) s, unnest('{NULL,10 days,0}'::interval[]) w,
    LATERAL footfall.experiment(t, 'variant', 'control', goal_condition => $$event = 'purchase' AND amount > 20$$, switchers => s, within => w, since => '2026-01-20', until => '2026-03-20') o
    LEFT JOIN LATERAL counted(s = 'first', w) e USING (variant) GROUP BY 1, 2, 3 ORDER BY 3 NULLS FIRST, 2, 1;
-- Figures of statsmodels: confint_proportions_2indep(120, 999, 100, 1000, compare='ratio', method='score', correction=False),
-- proportions_ztest([120, 100], [999, 1000])
CREATE TABLE test (ts timestamptz, customer_id int, event text, variant text) USING footfall;
INSERT INTO test SELECT '2026-01-01', g, 'see', CASE WHEN g <= 1000 THEN 'control' ELSE 'b' END FROM generate_series(1, 2000) g;
INSERT INTO test SELECT '2026-01-05', g, 'purchase' FROM generate_series(1, 2000) g WHERE g <= 100 OR g BETWEEN 1001 AND 1120;
-- 2000 saw both, 900 bought before the test
INSERT INTO test VALUES ('2026-01-02', 2000, 'see', 'control'), ('2025-12-31', 900, 'purchase', NULL);
SELECT variant, customers, conversions, round(rate::numeric, 6) AS rate, round(lift::numeric, 6) AS lift, round(ci_low::numeric, 6) AS ci_low, round(ci_high::numeric, 6) AS ci_high, round(p_value::numeric, 6) AS p_value
FROM footfall.experiment('test', 'variant', 'control', 'purchase');
SELECT variant, customers, round(ci_low::numeric, 6) AS ci_low, round(ci_high::numeric, 6) AS ci_high FROM footfall.experiment('test', 'variant', 'control', 'purchase', switchers => 'first', confidence => 0.8);
SELECT variant, customers, conversions FROM footfall.experiment('test', 'variant', 'b', 'purchase', within => '4 days');
SELECT variant, customers, conversions, lift, ci_low, ci_high, p_value FROM footfall.experiment('test', 'variant', 'b', 'purchase', within => '3 days 23:59:59');
SELECT * FROM footfall.experiment('test', 'upper(left(variant, 1))', 'C', 'see', filter => $$variant = 'control'$$);
SELECT * FROM footfall.experiment('test', 'variant', 'control', 'purchase', since => '2026-01-03');

-- campaign_attribution, within 10 days, conversions of February
CREATE TABLE credits AS WITH conversions AS (SELECT row_number() OVER () AS number, customer_id, ts FROM known WHERE event = 'purchase' AND ts >= '2026-02-01' AND ts < '2026-03-01'),
    touches AS (SELECT number, campaign, ts, row_number() OVER (PARTITION BY number ORDER BY ts) AS nth, count(*) OVER (PARTITION BY number) AS n,
            power(2, - extract(epoch FROM c_ts - ts) / 86400 / 3) AS weight
        FROM (SELECT c.number, k.campaign, k.ts, c.ts AS c_ts FROM conversions c LEFT JOIN known k ON k.customer_id = c.customer_id AND k.campaign IS NOT NULL
            AND k.ts <= c.ts AND k.ts >= c.ts - interval '10 days') x)
SELECT model, campaign, sum(credit) AS credit FROM (
    SELECT 'first' AS model, campaign, (nth = 1)::int::float8 AS credit FROM touches
    UNION ALL SELECT 'last', campaign, (nth = n)::int FROM touches
    UNION ALL SELECT 'linear', campaign, 1.0 / n FROM touches
    UNION ALL SELECT 'position', campaign, CASE WHEN n = 1 THEN 1 WHEN n = 2 THEN 0.5 WHEN nth IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END FROM touches
    UNION ALL SELECT 'time_decay', campaign, coalesce(weight / sum(weight) OVER (PARTITION BY number), 1) FROM touches) x GROUP BY 1, 2;
ANALYZE credits;
SELECT t, m, count(*) AS campaigns, count(*) FILTER (WHERE abs(o.credit - e.credit) < 1e-9) AS equal, round(sum(o.credit)::numeric, 6) AS conversions, round(sum(o.share)::numeric, 6) AS share
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, unnest('{last,first,linear,position,time_decay}'::text[]) m,
    LATERAL footfall.campaign_attribution(t, m, look_back => '10 days', half_life => '3 days', since => '2026-02-01', until => '2026-03-01') o
    FULL JOIN LATERAL (SELECT * FROM credits WHERE model = m) e ON coalesce(e.campaign, 'none') = coalesce(o.campaign, 'none') GROUP BY 1, 2 ORDER BY 2, 1;
SELECT count(*) FROM known WHERE event = 'purchase' AND ts >= '2026-02-01' AND ts < '2026-03-01';
-- Journeys: each touch belongs to the next conversion
CREATE TABLE journeys AS SELECT customer_id, next_at, next_at IS NOT NULL AND next_at - ts <= interval '10 days' AS converted, ts, campaign FROM (
    SELECT k.*, (SELECT min(ts) FROM known c WHERE c.customer_id = k.customer_id AND c.event = 'purchase' AND c.ts >= k.ts) AS next_at FROM known k WHERE campaign IS NOT NULL) x;
SELECT t, count(*) AS campaigns, count(*) FILTER (WHERE abs(o.credit - e.credit) < 1e-9) AS equal, round(sum(o.credit)::numeric, 6) AS conversions
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, LATERAL footfall.campaign_attribution(t, 'shapley', look_back => '10 days') o LEFT JOIN (
    SELECT campaign, sum(1.0 / n) AS credit FROM (SELECT DISTINCT j.customer_id, j.next_at, j.campaign, n FROM journeys j JOIN (
        SELECT customer_id, next_at, count(DISTINCT campaign) AS n FROM journeys WHERE converted GROUP BY 1, 2) s USING (customer_id, next_at) WHERE converted) x GROUP BY 1) e USING (campaign)
WHERE campaign IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT t, campaign, round(credit::numeric, 6) AS credit, round(share::numeric, 6) AS share FROM unnest('{plain,sealed}'::text[]) t, LATERAL footfall.campaign_attribution(t, 'markov', look_back => '10 days') ORDER BY 1, 3 DESC;
-- By hand. Journeys: search > purchase (twice), search > ads > purchase, ads > nothing, purchase. 3/4 of the journeys with a touch convert;
-- without search 1/8, without ads 1/2. The losses, 5/6 and 1/3 of them, share 3 conversions; the fourth goes to nobody.
CREATE TABLE touched (ts timestamptz, customer_id int, event text, campaign text) USING footfall;
INSERT INTO touched VALUES ('2026-01-01', 1, 'visit', 'search'), ('2026-01-02', 1, 'purchase', NULL), ('2026-01-01', 2, 'visit', 'search'), ('2026-01-02', 2, 'purchase', NULL),
    ('2026-01-01', 3, 'visit', 'search'), ('2026-01-02', 3, 'visit', 'ads'), ('2026-01-03', 3, 'purchase', NULL), ('2026-01-01', 4, 'visit', 'ads'), ('2026-01-09', 5, 'purchase', NULL);
SELECT m AS model, campaign, round(credit::numeric, 6) AS credit, round(share::numeric, 6) AS share
FROM unnest('{last,first,linear,position,time_decay,markov,shapley}'::text[]) WITH ORDINALITY m(m, n), footfall.campaign_attribution('touched', m) ORDER BY n, campaign;
SELECT m AS model, a.* FROM unnest('{last,markov,shapley}'::text[]) m, footfall.campaign_attribution('touched', m, since => '2026-01-03') a ORDER BY 1, 2;
SELECT m AS model, a.* FROM unnest('{last,markov,shapley}'::text[]) m, footfall.campaign_attribution('touched', m, look_back => '1 day', until => '2026-01-03 00:00:01') a ORDER BY 1, 2;
SELECT * FROM footfall.campaign_attribution('touched', conversion => $$event = 'visit' AND campaign = 'ads'$$, campaign => 'upper(campaign)');
-- A touch at the very time of the conversion counts, also when it is the same row.
SELECT m AS model, a.* FROM unnest('{last,markov,shapley}'::text[]) m, footfall.campaign_attribution($$SELECT '2026-01-01'::timestamptz AS ts, 1 AS customer_id, 'purchase' AS event, 'mail' AS campaign$$, m) a;

-- basket_rules: pairs by a self-join
CREATE TABLE baskets AS SELECT DISTINCT order_id, product_id FROM plain WHERE event = 'purchase' AND isfinite(ts) AND order_id IS NOT NULL AND product_id IS NOT NULL;
ANALYZE baskets;
CREATE TABLE rules AS SELECT a.product_id AS antecedent, b.product_id AS consequent, count(*) AS baskets, (SELECT count(DISTINCT order_id) FROM baskets) AS n,
    (SELECT count(*) FROM baskets x WHERE x.product_id = a.product_id) AS a, (SELECT count(*) FROM baskets x WHERE x.product_id = b.product_id) AS b
    FROM baskets a JOIN baskets b ON a.order_id = b.order_id AND a.product_id <> b.product_id GROUP BY 1, 2;
SELECT t, s, count(*) AS rules, count(*) FILTER (WHERE o.baskets = e.baskets AND abs(o.support - e.baskets::float8 / n) < 1e-12 AND abs(o.confidence - e.baskets::float8 / a) < 1e-12
    AND abs(o.lift - e.baskets::float8 * n / a / b) < 1e-12) AS equal
FROM unnest('{plain,hot,sealed,mixed}'::text[]) t, unnest('{0,0.01,0.02}'::float8[]) s, LATERAL footfall.basket_rules(t, s) o
    FULL JOIN LATERAL (SELECT * FROM rules WHERE rules.baskets >= s * n) e ON e.antecedent = o.antecedent AND e.consequent = o.consequent GROUP BY 1, 2 ORDER BY 2, 1;
SELECT count(*) = (SELECT count(*) FROM rules WHERE rules.baskets >= 0.2 * a AND rules.baskets >= 0.01 * n) AS equal, count(*) FROM footfall.basket_rules('sealed', min_confidence => 0.2);
-- By hand: 20 orders; milk in all, bread in those of even number, tea in every third
CREATE TABLE market (ts timestamptz, customer_id int, event text, order_id int, product_id text) USING footfall;
INSERT INTO market SELECT '2026-01-01', g % 10, 'purchase', g, p FROM generate_series(1, 20) g, unnest('{milk,bread,tea}'::text[]) p WHERE p = 'milk' OR (p = 'bread' AND g % 2 = 0) OR (p = 'tea' AND g % 3 = 0);
INSERT INTO market SELECT ts, customer_id, event, order_id, product_id FROM market WHERE product_id = 'tea';
SELECT antecedent, consequent, baskets, support, round(confidence::numeric, 6) AS confidence, round(lift::numeric, 6) AS lift FROM footfall.basket_rules('market', max_items => 3) ORDER BY 1, 2;
SELECT antecedent, consequent, baskets FROM footfall.basket_rules('market', basket => 'customer_id', item => $$left(product_id, 1)$$, filter => 'order_id < 10') ORDER BY 1, 2;
SELECT * FROM footfall.basket_rules('market', 1);

-- customer_lifetime_value: what goes in by SQL; that what comes out is right is for the engine's tests and tests/customers.
-- Customers buy at rates of their own, and leave after a purchase with a chance of their own.
CREATE TABLE visits AS SELECT c, d, d > 0 AND pick(c * 1000 + d, 'leave', 100) < (ARRAY[1, 10, 70])[1 + pick(c, 'chance', 3)] AS last FROM generate_series(1, 300) c, generate_series(0, 300) d
    WHERE d = 0 OR pick(c * 1000 + d, 'buy', 1000) < pick(c, 'rate', 9) * pick(c, 'eager', 9);
CREATE TABLE shop AS SELECT c AS customer_id, '2025-01-01'::timestamptz + make_interval(days => pick(c, 'first', 60) + d, hours => pick(d, 'hour', 24)) AS ts, 5 + pick(c, 'spend', 40) + pick(c * d, 'amount', 10) AS amount
    FROM visits v WHERE NOT EXISTS (SELECT FROM visits l WHERE l.c = v.c AND l.d < v.d AND l.last);
INSERT INTO shop SELECT customer_id, ts + interval '1 minute', 1 FROM shop WHERE customer_id % 7 = 0;
CREATE TABLE shop_sealed (LIKE shop) USING footfall;
INSERT INTO shop_sealed TABLE shop;
CALL footfall.seal('shop_sealed');
CREATE TABLE histories AS SELECT customer_id, count(*) - 1 AS x, max(day) - min(day) AS recency, '2025-12-31'::date - min(day) AS age, avg(spent) FILTER (WHERE day > first) AS mean FROM (
    SELECT *, min(day) OVER (PARTITION BY customer_id) AS first FROM (SELECT customer_id, (ts AT TIME ZONE 'America/New_York')::date AS day, sum(amount) AS spent FROM shop GROUP BY 1, 2) d) x GROUP BY 1;
CREATE TABLE valued AS SELECT * FROM footfall.customer_lifetime_value('shop_sealed', 6, until => '2026-01-01 00:00 America/New_York', time_zone => 'America/New_York');
SELECT count(*), count(*) FILTER (WHERE (repeated_purchases, recency_days, age_days) = (x, recency, age) AND mean_amount IS NOT DISTINCT FROM mean) AS equal,
    count(*) FILTER (WHERE probability_alive = 1) = count(*) FILTER (WHERE x = 0) AS alive_without_repeats, bool_and(probability_alive BETWEEN 0 AND 1 AND expected_purchases > 0 AND lifetime_value > 0) AS sane,
    bool_and(lifetime_value < expected_purchases * expected_amount AND lifetime_value > expected_purchases * expected_amount / 1.01 ^ 6) AS discounted
FROM valued o FULL JOIN histories h ON h.customer_id::text = o.customer_id;
SELECT count(*), count(*) FILTER (WHERE abs(v.lifetime_value / o.lifetime_value - 1) < 1e-6) AS equal FROM valued v JOIN footfall.customer_lifetime_value('shop', 6, until => '2026-01-01 00:00 America/New_York', time_zone => 'America/New_York') o USING (customer_id);
SELECT parameter, round(value::numeric, 3) AS value FROM footfall.customer_lifetime_parameters('shop', until => '2026-01-01');
-- Without discount a month is worth what is bought in it; without amounts there is no value.
SELECT count(*) FILTER (WHERE abs(lifetime_value / (expected_purchases * expected_amount) - 1) < 1e-9) AS equal, count(*) FROM footfall.customer_lifetime_value('shop', 3, 0);
SELECT count(*), count(mean_amount), count(expected_amount), count(lifetime_value), count(expected_purchases) FROM footfall.customer_lifetime_value('SELECT ts, customer_id FROM shop');
SELECT parameter FROM footfall.customer_lifetime_parameters('SELECT ts, customer_id FROM shop');
-- Who paid nothing for later purchases is expected to pay less than who is not known.
SELECT customer_id, repeated_purchases, mean_amount, expected_amount > 0 AND expected_amount < max(expected_amount) FILTER (WHERE repeated_purchases = 0) OVER () AS less
FROM footfall.customer_lifetime_value('SELECT customer_id, ts, amount FROM shop UNION ALL SELECT 1000 + r, ''2025-03-01''::timestamptz + make_interval(days => d), -7 * r FROM generate_series(0, 1) r, generate_series(0, 5) d') ORDER BY length(customer_id) DESC, 1 LIMIT 2;

-- Nothing there
CREATE TABLE nothing (LIKE plain) USING footfall;
SELECT * FROM footfall.rfm('nothing');
SELECT * FROM footfall.experiment('nothing', 'variant', 'control', 'purchase');
SELECT m, a.* FROM unnest('{last,markov,shapley}'::text[]) m, footfall.campaign_attribution('nothing', m) a;
SELECT * FROM footfall.basket_rules('nothing');
SELECT * FROM footfall.customer_lifetime_value('nothing');
SELECT * FROM footfall.customer_lifetime_parameters('nothing');

-- Mistakes
\set VERBOSITY default
\set SHOW_CONTEXT errors
SELECT * FROM footfall.experiment('sealed', 'variant', 'nobody', 'purchase');
SELECT * FROM footfall.experiment('sealed', 'customer_id', 'nobody', 'purchase');
SELECT * FROM footfall.experiment('sealed', 'variant', 'control');
SELECT * FROM footfall.experiment('sealed', 'variant', 'control', 'purchase', 'true');
SELECT * FROM footfall.experiment('sealed', 'varaint', 'control', 'purchase');
SELECT * FROM footfall.experiment('sealed', NULL, 'control', 'purchase');
SELECT * FROM footfall.experiment('sealed', 'variant', 'control', 'purchase', switchers => 'last');
SELECT * FROM footfall.experiment('sealed', 'variant', 'control', 'purchase', confidence => 95);
SELECT * FROM footfall.experiment('sealed', 'variant', 'control', 'purchase', within => '1 month');
SELECT * FROM footfall.campaign_attribution('sealed', 'lasr');
SELECT * FROM footfall.campaign_attribution('shop');
SELECT * FROM footfall.campaign_attribution('sealed', look_back => '-1 day');
SELECT * FROM footfall.campaign_attribution('sealed', 'time_decay', half_life => '0');
SELECT * FROM footfall.basket_rules('sealed', -0.1);
SELECT * FROM footfall.basket_rules('sealed', max_items => 1);
SELECT * FROM footfall.basket_rules('shop');
SELECT * FROM footfall.customer_lifetime_value('few');
SELECT * FROM footfall.customer_lifetime_value('SELECT DISTINCT ON (customer_id) * FROM shop');
SELECT * FROM footfall.customer_lifetime_value('SELECT ts, 1 AS customer_id, amount FROM shop');
SELECT * FROM footfall.customer_lifetime_value('shop', 0);
SELECT * FROM footfall.customer_lifetime_value('shop', discount_rate => 'NaN');
SELECT * FROM footfall.customer_lifetime_value('shop', penalizer => -1);

-- Names of the caller's cannot get between: the same answers with operators and functions in front of PostgreSQL's own.
CREATE SCHEMA reports_customers_trap;
CREATE FUNCTION reports_customers_trap.wrong_int(bigint, int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT -1::bigint';
CREATE OPERATOR reports_customers_trap.- (LEFTARG = bigint, RIGHTARG = int, FUNCTION = reports_customers_trap.wrong_int);
CREATE OPERATOR reports_customers_trap.* (LEFTARG = bigint, RIGHTARG = int, FUNCTION = reports_customers_trap.wrong_int);
CREATE FUNCTION reports_customers_trap.wrong_date(date, date) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -1';
CREATE OPERATOR reports_customers_trap.- (LEFTARG = date, RIGHTARG = date, FUNCTION = reports_customers_trap.wrong_date);
CREATE FUNCTION reports_customers_trap.wrong(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR reports_customers_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = reports_customers_trap.wrong);
CREATE FUNCTION reports_customers_trap.wrong_time(timestamptz, timestamptz) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR reports_customers_trap.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = reports_customers_trap.wrong_time);
CREATE FUNCTION reports_customers_trap.rank() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE AS 'window_row_number';
CREATE TABLE answers AS SELECT 'rfm' AS report, r::text AS answer FROM footfall.rfm('customers.sealed') r
    UNION ALL SELECT 'experiment', e::text FROM footfall.experiment('customers.sealed', 'variant', 'control', 'purchase', within => '5 days') e
    UNION ALL SELECT m, a::text FROM unnest('{linear,markov,shapley}'::text[]) m, footfall.campaign_attribution('customers.sealed', m) a
    UNION ALL SELECT 'rules', b::text FROM footfall.basket_rules('customers.sealed') b
    UNION ALL SELECT 'value', v::text FROM footfall.customer_lifetime_value('customers.shop', until => '2026-01-01') v;
SET search_path = reports_customers_trap, pg_catalog;
CREATE TABLE customers.trapped AS SELECT 'rfm' AS report, r::text AS answer FROM footfall.rfm('customers.sealed') r
    UNION ALL SELECT 'experiment', e::text FROM footfall.experiment('customers.sealed', 'variant', 'control', 'purchase', within => '5 days') e
    UNION ALL SELECT m, a::text FROM unnest('{linear,markov,shapley}'::text[]) m, footfall.campaign_attribution('customers.sealed', m) a
    UNION ALL SELECT 'rules', b::text FROM footfall.basket_rules('customers.sealed') b
    UNION ALL SELECT 'value', v::text FROM footfall.customer_lifetime_value('customers.shop', until => '2026-01-01') v;
SET search_path = customers, public;
SELECT report, count(*) AS rows, count(t.answer) AS equal FROM answers a LEFT JOIN (SELECT DISTINCT * FROM trapped) t USING (report, answer) GROUP BY 1 ORDER BY 1;
DROP SCHEMA reports_customers_trap CASCADE;

-- As the caller: privileges and row security
CREATE ROLE footfall_marketer;
GRANT USAGE ON SCHEMA customers TO footfall_marketer;
ALTER TABLE sealed ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON sealed USING (customer_id < 100);
GRANT SELECT ON sealed TO footfall_marketer;
SET ROLE footfall_marketer;
\set VERBOSITY sqlstate
SELECT * FROM footfall.rfm('hot');
SELECT * FROM footfall.experiment('hot', 'variant', 'control', 'purchase');
SELECT * FROM footfall.campaign_attribution('hot');
SELECT * FROM footfall.campaign_attribution('hot', 'markov');
SELECT * FROM footfall.basket_rules('hot');
SELECT * FROM footfall.customer_lifetime_value('shop');
SELECT * FROM footfall.customer_lifetime_parameters('shop');
SELECT * FROM footfall.rfm('sealed', filter => 'EXISTS (SELECT FROM customers.hot)');
SELECT * FROM footfall.campaign_attribution('sealed', campaign => '(SELECT max(campaign) FROM customers.hot)');
SELECT * FROM footfall.basket_rules('sealed', item => '(SELECT max(campaign) FROM customers.hot)');
\set VERBOSITY default
CREATE TEMPORARY TABLE seen AS SELECT 'rfm' AS report, count(*), bool_and(customer_id::int < 100) AS theirs FROM footfall.rfm('sealed')
    UNION ALL SELECT 'attribution', round(sum(credit)), NULL FROM footfall.campaign_attribution('sealed')
    UNION ALL SELECT 'markov', round(sum(credit)), NULL FROM footfall.campaign_attribution('sealed', 'markov')
    UNION ALL SELECT 'experiment', sum(customers), NULL FROM footfall.experiment('sealed', 'variant', 'control', 'purchase', switchers => 'first')
    UNION ALL SELECT 'rules', sum(baskets), NULL FROM footfall.basket_rules('sealed', 0);
RESET ROLE;
SELECT s.report, s.count, s.theirs, s.count = e.count AS equal FROM seen s JOIN (SELECT 'rfm' AS report, count(*) FROM footfall.rfm('plain', filter => 'customer_id < 100')
    UNION ALL SELECT 'attribution', count(*) FROM known WHERE event = 'purchase' AND customer_id < 100
    UNION ALL SELECT 'markov', count(*) FROM known WHERE event = 'purchase' AND customer_id < 100
    UNION ALL SELECT 'experiment', count(DISTINCT customer_id) FROM known WHERE variant IS NOT NULL AND customer_id < 100
    UNION ALL SELECT 'rules', sum(baskets) FROM footfall.basket_rules('plain', 0, filter => 'customer_id < 100')) e USING (report) ORDER BY 1;
DROP TABLE seen;
ALTER TABLE sealed DISABLE ROW LEVEL SECURITY;
DROP OWNED BY footfall_marketer;
DROP ROLE footfall_marketer;

-- Results and intermediate rows may be larger than work_mem.
SET work_mem = '64kB';
SELECT count(*), sum(orders) = (SELECT sum(orders) FROM scored) AS equal FROM footfall.rfm('sealed');
SELECT count(*) FROM footfall.basket_rules('SELECT ts, customer_id, event, order_id, product_id || order_id % 5 AS product_id FROM sealed', 0, max_items => 4);
SELECT round(sum(credit)) FROM footfall.campaign_attribution('sealed', 'markov');
SELECT count(*), sum(baskets) FROM footfall.basket_rules($$SELECT '2026-01-01'::timestamptz AS ts, b AS order_id, repeat(i || ' ', 20) AS product_id FROM generate_series(1, 5000) b, generate_series(b % 9, b % 9 + 3) i$$, 0);
SELECT count(*), count(DISTINCT customer_id), count(DISTINCT lifetime_value) > 100 AS different FROM footfall.customer_lifetime_value($$SELECT ts, customer_id || repeat('-', 10) || g AS customer_id, amount FROM customers.shop, generate_series(1, 20) g$$);
SELECT customers, conversions FROM footfall.experiment($$SELECT ts, event, customer_id, repeat('variant ', 20) || customer_id AS variant FROM (VALUES ('2026-01-01'::timestamptz, 'buy')) e(ts, event), generate_series(1, 3000) customer_id$$,
    'variant', repeat('variant ', 20) || 7, 'buy') LIMIT 1;
RESET work_mem;
