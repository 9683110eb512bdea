-- All reports where it gets rough: bounds that bound nothing, time that jumps, event types that know no purchase, a hostile
-- search_path, row security, much too small periods.
CREATE SCHEMA edges;
SET search_path = edges, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE log (customer_id text, ts timestamptz, event text, device text, amount numeric);
INSERT INTO log VALUES ('a', '2026-01-01 10:00', 'view', 'x', NULL), ('b', '2026-01-01 10:00', 'view', NULL, NULL), ('b', '2026-01-01 10:05', 'view', 'y', NULL),
    ('b', '2026-01-01 10:06', 'cart', 'y', NULL), ('b', '2026-01-03 10:06', 'purchase', 'y', 3.5), ('a', '2026-01-04', 'view', 'x', NULL);

-- An infinity on the wrong side is a mistake, one on the right side bounds nothing.
\set VERBOSITY default
SELECT step, customers FROM footfall.funnel('log', '{view,cart}', since => '-infinity', until => 'infinity');
SELECT step, customers FROM footfall.funnel('log', '{view,cart}', until => '-infinity');
SELECT * FROM footfall.funnel_customers('log', '{view,cart}', since => 'infinity');
SELECT * FROM footfall.lifecycle('log', '1 day', since => 'infinity');
SELECT * FROM footfall.user_flows('log', 2, until => '-infinity');
SELECT * FROM footfall.live_activity('log', until => 'infinity');
SELECT * FROM footfall.live_activity('log', until => '-infinity');
-- since after until leaves nothing
SELECT step, customers FROM footfall.funnel('log', '{view,cart}', since => '2026-02-01', until => '2026-01-01');
SELECT (SELECT count(*) FROM footfall.kpis('log', since => d.s, until => d.u)) AS kpis, (SELECT count(*) FROM footfall.cohort_retention('log', '1 day', since => d.s, until => d.u)) AS cohorts,
    (SELECT count(*) FROM footfall.lifecycle('log', '1 day', since => d.s, until => d.u)) AS lifecycle, (SELECT count(*) FROM footfall.stickiness('log', since => d.s, until => d.u)) AS stickiness,
    (SELECT count(*) FROM footfall.user_flows('log', since => d.s, until => d.u)) AS flows, (SELECT count(*) FROM footfall.sessions('log', since => d.s, until => d.u)) AS sessions
FROM (VALUES ('2026-02-01'::timestamptz, '2026-01-01'::timestamptz)) d(s, u);

-- A clock that was ahead does not make today complete, nor the days to come.
CREATE TABLE ahead AS SELECT 1 AS customer_id, now() + i * interval '1 day' AS ts FROM unnest('{-3,-2,-1,0,3}'::int[]) i;
SELECT 'kpis' AS report, count(*) FILTER (WHERE complete) AS complete, count(*) FILTER (WHERE complete AND bucket + interval '1 day' > now()) AS too_early FROM footfall.kpis('ahead')
UNION ALL SELECT 'kpis until', count(*) FILTER (WHERE complete), count(*) FILTER (WHERE complete AND bucket + interval '1 day' > now()) FROM footfall.kpis('ahead', until => now() + interval '2 days')
UNION ALL SELECT 'cohorts', count(*) FILTER (WHERE complete), count(*) FILTER (WHERE complete AND period_start + interval '1 day' > now()) FROM footfall.cohort_retention('ahead', '1 day')
UNION ALL SELECT 'lifecycle', count(*) FILTER (WHERE complete), count(*) FILTER (WHERE complete AND period_start + interval '1 day' > now()) FROM footfall.lifecycle('ahead', '1 day')
UNION ALL SELECT 'stickiness', count(*) FILTER (WHERE complete), count(*) FILTER (WHERE complete AND period_start + interval '1 day' > now()) FROM footfall.stickiness('ahead', '1 day');

-- A funnel in any order cannot tell one event from the same one again.
SELECT * FROM footfall.funnel('log', '{view,view}', step_order => 'any');
SELECT * FROM footfall.funnel('log', '{view,seen}', conditions => ARRAY[$$event = 'view'$$, $$event = 'view'$$], step_order => 'any');

-- Events of a type that knows no purchase have none; one that does is found.
CREATE TYPE shopping AS ENUM ('view', 'cart');
CREATE TYPE buying AS ENUM ('view', 'cart', 'purchase');
SELECT customer_id, entry, exit, converted FROM footfall.sessions('SELECT customer_id, ts, length(event) AS event FROM log', '30 days');
SELECT customer_id, entry, exit, converted FROM footfall.sessions('SELECT customer_id, ts, event::shopping FROM log WHERE event <> ''purchase''');
SELECT sum(orders) FROM footfall.kpis('SELECT customer_id, ts, event::shopping FROM log WHERE event <> ''purchase''');
SELECT sum(orders) FROM footfall.kpis('SELECT customer_id, ts, event::buying FROM log');
SELECT sum(orders) FROM footfall.kpis('SELECT customer_id, ts, event::varchar(10) FROM log');
SELECT sum(orders) FROM footfall.kpis('SELECT customer_id, ts, length(event) AS event FROM log', purchase => 'event = 8');
-- Events of one moment are in the order of their names, those without one come last.
SELECT customer_id, events, entry, exit FROM footfall.sessions($$SELECT * FROM (VALUES (1, '2026-01-01'::timestamptz, 'b'), (1, '2026-01-01', 'a'), (1, '2026-01-01', 'c'), (2, '2026-01-01', NULL), (2, '2026-01-01', 'a'), (3, '2026-01-01', NULL)) AS v(customer_id, ts, event)$$);

-- Samoa left out the 30th of December 2011: it is no day. In Havana midnight comes twice.
SELECT period_start, state, customers FROM footfall.lifecycle($$SELECT 1 AS customer_id, h AS ts FROM generate_series('2011-12-28'::timestamptz, '2012-01-01', '1 hour') h$$, '1 day',
    time_zone => 'Pacific/Apia') WHERE customers <> 0;
SELECT period_number, period_start, customers, retained FROM footfall.cohort_retention($$SELECT 1 AS customer_id, h AS ts FROM generate_series('2011-12-28'::timestamptz, '2012-01-01', '1 hour') h$$, '1 day',
    time_zone => 'Pacific/Apia');
SELECT bucket AT TIME ZONE 'America/Havana' AS havana, orders, complete FROM footfall.kpis($$SELECT 1 AS customer_id, h AS ts FROM generate_series('2025-11-01 04:00'::timestamptz, '2025-11-03 06:00', '1 hour') h$$,
    time_zone => 'America/Havana');
SELECT period_start AT TIME ZONE 'America/Havana' AS havana, state, customers FROM footfall.lifecycle($$SELECT 1 AS customer_id, h AS ts FROM generate_series('2025-11-01 04:00'::timestamptz, '2025-11-03 06:00', '1 hour') h$$,
    '1 day', time_zone => 'America/Havana') WHERE customers <> 0;
-- Before our era there was no year 0.
SELECT bucket, orders FROM footfall.kpis($$SELECT 1 AS customer_id, t AS ts FROM unnest('{0002-11-15 BC,0001-01-15 BC,0001-12-31 BC,0001-01-01}'::timestamptz[]) t$$, '2 months') WHERE orders > 0;
SELECT bucket, orders FROM footfall.kpis($$SELECT 1 AS customer_id, t AS ts FROM unnest('{0003-11-15 BC,0001-12-31 BC,0001-01-01}'::timestamptz[]) t$$, '2 years') WHERE orders > 0;

-- Periods by the billion can be cancelled.
SET statement_timeout = '300ms';
\set VERBOSITY sqlstate
SELECT count(*) FROM footfall.kpis('log', '100 microseconds');
SELECT count(*) FROM footfall.lifecycle('log', '100 microseconds');
SELECT count(*) FROM footfall.cohort_retention('log', '100 microseconds');
SELECT count(*) FROM footfall.stickiness('log', '1 day', since => '4000-01-01 BC');
\set VERBOSITY default
RESET statement_timeout;

-- Whatever the caller's search_path holds: every operator and function of PostgreSQL's that a report could meet has a
-- namesake in front of it that fails.
CREATE SCHEMA reports_edges_trap;
DO $$
DECLARE
    o record;
BEGIN
    FOR o IN SELECT row_number() OVER (ORDER BY oid) AS n, oprname, oprleft::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result FROM pg_operator
        WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '||', '~', '@>') AND oprkind = 'b'
            AND oprleft IN (SELECT oid FROM pg_type WHERE typname IN ('bool', 'int2', 'int4', 'int8', 'float8', 'numeric', 'text', 'name', 'date', 'timestamp', 'timestamptz', 'interval', 'anyarray', 'anyelement', '_text'))
    LOOP
        EXECUTE format('CREATE FUNCTION reports_edges_trap.operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', o.n, o.l, o.r, o.result, 'BEGIN RAISE EXCEPTION ''trapped''; END');
        EXECUTE format('CREATE OPERATOR reports_edges_trap.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = reports_edges_trap.operator_%s)', o.oprname, o.l, o.r, o.n);
    END LOOP;
    FOR o IN SELECT p.proname, string_agg(format_type(t, NULL), ', ' ORDER BY i) AS arguments, p.prorettype::regtype AS result FROM pg_proc p, unnest(p.proargtypes) WITH ORDINALITY a(t, i)
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.proname IN ('date_trunc', 'date_bin', 'date_part', 'timezone', 'round', 'floor', 'scale',
            'make_interval', 'cardinality', 'date', 'text', 'interval', 'timestamptz', 'int8', 'int4', 'numeric', 'float8') AND p.provariadic = 0 GROUP BY p.oid, p.proname, p.prorettype
    LOOP
        EXECUTE format('CREATE FUNCTION reports_edges_trap.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', o.proname, o.arguments, o.result, 'BEGIN RAISE EXCEPTION ''trapped''; END');
    END LOOP;
END $$;
SELECT count(*) > 100 AS operators FROM pg_operator WHERE oprnamespace = 'reports_edges_trap'::regnamespace;
CREATE TABLE reports_edges_trap.pg_class AS SELECT 1 AS a;
CREATE TABLE reported (report text, line text);
CREATE FUNCTION ask(text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format('SELECT r::pg_catalog.text FROM footfall.%s AS r', $1);
END $$;
CREATE TABLE questions (question text);
INSERT INTO questions VALUES ('kpis(''edges.log'', ''12 hours'', breakdown => ''device'')'), ('kpis(''edges.log'', ''2 months'', since => ''2025-11-01'', time_zone => ''Europe/Berlin'')'),
    ('live_activity(''edges.log'', ''100 days'', until => ''2026-01-10'')'), ('funnel(''edges.log'', ''{view,cart,purchase}'', ''5 days'', breakdown => ''device'', until => ''2026-01-09'')'),
    ('funnel(''edges.log'', ''{view,cart,purchase}'', ''5 days'', step_order => ''any'', breakdown => ''device'')'), ('funnel(''edges.log'', ''{view,cart}'', ''5 days'', step_order => ''exact'', until => ''2026-01-09'')'),
    ('funnel(''edges.log'', ''{view,view}'', ''5 days'', exclude => ''{cart}'', median => false)'), ('funnel_customers(''edges.log'', ''{view,cart}'', reached => 2)'),
    ('cohort_retention(''edges.log'', ''1 day'')'), ('cohort_retention(''edges.log'', ''10 days'', ''on_or_after'', ''view'', ''purchase'', ''2025-01-01'', ''2026-02-01'')'),
    ('lifecycle(''edges.log'', ''1 day'', since => ''2026-01-02'', until => ''2026-01-05'')'), ('stickiness(''edges.log'', ''1 week'', since => ''2025-12-01'')'),
    ('user_flows(''edges.log'')'), ('user_flows(''edges.log'', 2, ''view'', until => ''2026-01-03'')'), ('sessions(''edges.log'', ''1 hour'', since => ''2026-01-01'', until => ''2026-01-04'')'),
    ('sessions(''SELECT customer_id, ts::date, event::edges.buying FROM edges.log'')'),
    ('rfm(''edges.log'')'), ('experiment(''edges.log'', ''device'', ''x'', goal => ''purchase'')'), ('experiment(''edges.log'', ''device'', ''x'', goal => ''cart'', within => ''1 day'', switchers => ''first'')'),
    ('campaign_attribution(''edges.log'', campaign => ''device'')'), ('campaign_attribution(''edges.log'', ''time_decay'', campaign => ''device'')'), ('campaign_attribution(''edges.log'', ''markov'', campaign => ''device'')'),
    ('basket_rules(''edges.log'', basket => ''customer_id'', item => ''event'', purchase => ''true'')');
INSERT INTO reported SELECT question, ask(question) FROM questions;
SELECT count(DISTINCT report) AS reports, count(*) > 80 AS enough FROM reported;
SET search_path = reports_edges_trap, pg_catalog;
CREATE TABLE edges.trapped AS SELECT question AS report, edges.ask(question) AS line FROM edges.questions;
SET search_path = edges, public;
SELECT count(*) AS differences FROM ((TABLE reported EXCEPT ALL TABLE trapped) UNION ALL (TABLE trapped EXCEPT ALL TABLE reported)) x;
SET search_path = reports_edges_trap, pg_catalog;
\set VERBOSITY sqlstate
SELECT 1 + 1;
\set VERBOSITY default
SET search_path = edges, public;
SET client_min_messages = warning;
DROP SCHEMA reports_edges_trap CASCADE;
RESET client_min_messages;

-- Row security: each report says of the rows that one may see what it says of a copy of them.
CREATE ROLE footfall_reader;
CREATE TABLE guarded (LIKE log) USING footfall;
INSERT INTO guarded TABLE log;
INSERT INTO guarded SELECT customer_id || '!', ts + interval '1 hour', event, device, amount FROM log;
CALL footfall.seal('guarded');
INSERT INTO guarded SELECT customer_id || '?', ts - interval '1 day', event, device, amount FROM log;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (customer_id !~ '[!?]');
GRANT USAGE ON SCHEMA edges TO footfall_reader;
GRANT SELECT ON guarded, questions TO footfall_reader;
CREATE TABLE seen (report text, line text);
GRANT INSERT ON seen TO footfall_reader;
SET ROLE footfall_reader;
INSERT INTO seen SELECT question, ask(replace(question, 'edges.log', 'edges.guarded')) FROM questions;
RESET ROLE;
SELECT count(*) AS differences FROM ((TABLE reported EXCEPT ALL TABLE seen) UNION ALL (TABLE seen EXCEPT ALL TABLE reported)) x;
DROP OWNED BY footfall_reader;
DROP ROLE footfall_reader;

-- Every function says what it is for.
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'footfall'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
