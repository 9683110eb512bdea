-- What all reports have in common, shown with kpis and live_activity: where events come from, columns' roles,
-- conditions, privileges, time zones, empty input.
CREATE SCHEMA reports;
SET search_path = reports, public;
SET timezone = 'UTC';

-- The same log in a heap table, hot, sealed, and half and half in partitions.
CREATE TABLE plain (ts timestamptz, customer_id int, event text, order_id int, amount numeric(10,2), device text);
INSERT INTO plain SELECT '2026-03-20'::timestamptz + make_interval(mins => (i * 7919) % 20000), (i * 31) % 200,
    (ARRAY['view', 'view', 'cart', 'view', 'purchase'])[1 + (i * 7 + i / 50) % 5], i / 3,
    CASE WHEN i % 11 > 0 THEN (i % 97) + 0.5 END, (ARRAY['phone', 'desktop', NULL])[1 + i % 3]
FROM generate_series(1, 6000) i;
INSERT INTO plain VALUES (NULL, 1, 'purchase', -1, 1, 'phone'), ('infinity', 1, 'purchase', -2, 1, 'phone'),
    ('-infinity', 1, 'purchase', -3, 1, 'phone'), ('2026-03-28 12:00', NULL, 'purchase', -4, 100, 'phone'),
    ('2026-03-28 13:00', 7, NULL, -5, 100, 'phone');
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
CREATE TABLE mixed (LIKE plain) PARTITION BY RANGE (ts);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (MINVALUE) TO ('2026-03-25') USING footfall;
CREATE TABLE mixed_2 PARTITION OF mixed FOR VALUES FROM ('2026-03-25') TO (MAXVALUE) USING footfall;
CREATE TABLE mixed_0 PARTITION OF mixed DEFAULT USING footfall;
INSERT INTO hot SELECT * FROM plain;
INSERT INTO sealed SELECT * FROM plain;
INSERT INTO mixed SELECT * FROM plain WHERE ts < '2026-03-24' OR ts IS NULL;
CALL footfall.seal('sealed');
CALL footfall.seal('mixed');
INSERT INTO mixed SELECT * FROM plain WHERE ts >= '2026-03-24';
SELECT "check".stores('hot') AS hot, "check".stores('sealed') AS sealed, "check".stores('mixed') AS mixed;
SELECT footfall.configure(t::regclass, time_column => 'ts', customer_column => 'customer_id', event_column => 'event',
    order_column => 'order_id', amount => 'amount') FROM unnest('{hot,sealed,mixed}'::text[]) t;

-- kpis, worked out another way
CREATE VIEW expected AS
    SELECT d AT TIME ZONE 'UTC' AS bucket, count(DISTINCT order_id) AS orders, coalesce(sum(amount), 0) AS revenue,
        round(sum(amount) / count(DISTINCT order_id), 2) AS average_order_value, count(DISTINCT customer_id) AS customers,
        d < '2026-04-02' AS complete
    FROM generate_series('2026-03-20'::timestamp, '2026-04-02', '1 day') d
    LEFT JOIN plain p ON p.event = 'purchase' AND isfinite(p.ts) AND (p.ts AT TIME ZONE 'UTC')::date = d::date
    GROUP BY d;
SELECT t AS source, (SELECT count(*) FROM (SELECT bucket, orders, revenue, average_order_value, customers, complete
    FROM footfall.kpis(t) EXCEPT ALL SELECT * FROM expected) x) AS only_report,
    (SELECT count(*) FROM (SELECT * FROM expected EXCEPT ALL SELECT bucket, orders, revenue, average_order_value, customers, complete
    FROM footfall.kpis(t)) x) AS only_expected
FROM unnest(ARRAY['plain', 'hot', 'sealed', 'mixed', 'reports.sealed', '"reports"."mixed"', 'SELECT * FROM sealed',
    'TABLE mixed', '(SELECT * FROM hot)', 'WITH x AS (SELECT * FROM sealed) SELECT * FROM x;  -- a comment']) t;
SELECT * FROM footfall.kpis('sealed', '1 week');
-- Buckets without orders, of every breakdown value; since and until bound the rows, and make the first and last incomplete.
SELECT * FROM footfall.kpis('mixed', '6 hours', since => '2026-03-27 20:00', until => '2026-03-28 15:00', breakdown => 'device',
    filter => 'amount > 90');
SELECT breakdown, sum(orders) AS orders, sum(revenue) AS revenue FROM footfall.kpis('sealed', '1 month', breakdown => 'device IS NULL') GROUP BY 1 ORDER BY 1;
SELECT breakdown, count(DISTINCT order_id), sum(amount) FROM (SELECT *, device IS NULL AS breakdown FROM plain) x
WHERE event = 'purchase' AND isfinite(ts) GROUP BY 1 ORDER BY 1;
-- until in the past says that all before it is there
SELECT bucket, complete FROM footfall.kpis('sealed', '1 week', until => '2026-04-06') ORDER BY 1 DESC LIMIT 2;
SELECT sum(orders) AS orders FROM footfall.kpis('sealed', purchase => $$event IN ('purchase', 'cart') AND device = 'phone'$$);
SELECT count(DISTINCT order_id) FROM plain WHERE event IN ('purchase', 'cart') AND device = 'phone' AND isfinite(ts);

-- Calendar units in a time zone: a day of 23 hours, one of 25, and midnights that do not exist.
CREATE TABLE hours AS SELECT h AS ts, 1 AS customer_id, 1 AS amount
    FROM generate_series('2025-10-24'::timestamptz, '2026-04-02'::timestamptz, '1 hour') h;
SELECT bucket AT TIME ZONE 'Europe/Berlin' AS berlin, orders, complete FROM footfall.kpis('hours', '1 day', time_zone => 'Europe/Berlin')
    WHERE orders <> 24 ORDER BY bucket;
SELECT bucket AT TIME ZONE 'Europe/Berlin' AS berlin, orders FROM footfall.kpis('hours', '1 month', time_zone => 'Europe/Berlin');
SELECT bucket AT TIME ZONE 'Europe/Berlin' AS berlin, orders FROM footfall.kpis('hours', '2 months', time_zone => 'Europe/Berlin');
SELECT bucket AT TIME ZONE 'Europe/Berlin' AS berlin, orders FROM footfall.kpis('hours', '10 days', time_zone => 'Europe/Berlin',
    since => '2026-03-20') ORDER BY 1;
SELECT bucket AT TIME ZONE 'Europe/Berlin' AS berlin, orders FROM footfall.kpis('hours', '1 hour', time_zone => 'Europe/Berlin',
    since => '2026-03-28 23:00', until => '2026-03-29 04:00');
CREATE TABLE brazil AS SELECT h AS ts, 1 AS customer_id, 1 AS amount
    FROM generate_series('2018-11-02'::timestamptz, '2018-11-07'::timestamptz, '1 hour') h;
SELECT bucket AT TIME ZONE 'America/Sao_Paulo' AS brazil, orders FROM footfall.kpis('brazil', time_zone => 'America/Sao_Paulo');
-- Times without a zone are times in time_zone.
SELECT bucket, orders FROM footfall.kpis('SELECT ts AT TIME ZONE ''Asia/Kolkata'' AS ts, customer_id, amount FROM brazil',
    time_zone => 'Asia/Kolkata', since => '2018-11-03 00:00 Asia/Kolkata', until => '2018-11-05 00:00 Asia/Kolkata');
SELECT bucket, orders FROM footfall.kpis('SELECT ts::date AS ts, customer_id, amount FROM brazil', until => '2018-11-05');

-- Roles: by configure, also inside views and queries, else by usual names
CREATE TABLE renamed ("when" timestamptz, who text, "What Happened" text, sum numeric, ts text) USING footfall;
INSERT INTO renamed SELECT ts, customer_id, event, amount, 'no time' FROM plain;
\set VERBOSITY default
\set SHOW_CONTEXT errors
SELECT * FROM footfall.kpis('renamed');
SELECT footfall.configure('renamed', time_column => 'when', customer_column => 'who', event_column => 'What Happened', amount => 'sum');
CREATE VIEW view_of_renamed AS SELECT who, "when", sum * 2 AS sum, "What Happened" FROM renamed;
SELECT sum(orders) AS orders, sum(revenue) AS revenue FROM footfall.kpis('renamed');
SELECT sum(orders) AS orders, sum(revenue) AS revenue FROM footfall.kpis('view_of_renamed');
SELECT sum(orders) AS orders, sum(revenue) AS revenue FROM footfall.kpis('SELECT * FROM view_of_renamed WHERE sum > 100');
SELECT * FROM footfall.kpis('SELECT r.who, r."when", h.ts, h.customer_id, event FROM renamed r, hot h');
SELECT footfall.configure('renamed', customer_column => 'What Happened');
SELECT * FROM footfall.kpis('SELECT r.who, r."What Happened" FROM renamed r');
SELECT sum(orders) AS orders, sum(revenue) AS revenue FROM footfall.kpis('SELECT now() AS ts, 1 AS customer_id');

-- Nothing there
CREATE TABLE nothing (LIKE plain) USING footfall;
SELECT * FROM footfall.kpis('nothing');
SELECT * FROM footfall.kpis('nothing', since => '2026-01-01', until => '2026-01-03');
SELECT * FROM footfall.kpis('nothing', since => '2026-01-01', until => '2026-01-03', breakdown => 'device');
SELECT * FROM footfall.kpis('sealed', since => '2027-01-01');
SELECT * FROM footfall.live_activity('nothing', '1 day');

-- live_activity: the end is included, the beginning is not
SELECT * FROM footfall.live_activity('sealed', '1 day', until => '2026-03-28 13:00');
SELECT event, count(*), count(DISTINCT customer_id) FROM plain WHERE ts > '2026-03-27 13:00' AND ts <= '2026-03-28 13:00' GROUP BY 1 ORDER BY 2 DESC;
SELECT * FROM footfall.live_activity('sealed', '1 minute', until => '2026-03-28 13:00', filter => 'order_id = -5');
SELECT * FROM footfall.live_activity('sealed', '1 hour');

-- Mistakes say where they are
SELECT * FROM footfall.kpis(NULL);
SELECT * FROM footfall.kpis('nowhere');
SELECT * FROM footfall.kpis('SELECT * FROM nowhere');
SELECT * FROM footfall.kpis('SELECT * FORM sealed');
SELECT * FROM footfall.kpis('plain', filter => 'amuont > 3');
SELECT * FROM footfall.kpis('plain', filter => 'amount >');
SELECT * FROM footfall.kpis('plain', filter => 'amount');
SELECT * FROM footfall.kpis('plain', filter => 'sum(amount) > 3');
SELECT * FROM footfall.kpis('plain', breakdown => 'rank() OVER ()');
SELECT * FROM footfall.kpis('plain', breakdown => 'generate_series(1, 3)');
SELECT * FROM footfall.kpis('plain', '1 day 2 hours');
SELECT * FROM footfall.kpis('plain', '-1 day');
SELECT * FROM footfall.kpis('plain', '0');
SELECT * FROM footfall.kpis('plain', time_zone => 'Europe/Atlantis');
SELECT * FROM footfall.live_activity('plain', '1 month');
SELECT * FROM footfall.live_activity('SELECT now() AS ts, 1 AS customer_id');
SELECT * FROM footfall.kpis('SELECT 1 AS ts, 1 AS customer_id');

-- Nobody breaks out of an argument
\set VERBOSITY terse
SELECT * FROM footfall.kpis('plain', filter => '1 / (order_id - order_id) = 1');
CREATE TABLE target (a int);
SELECT * FROM footfall.kpis('plain; DROP TABLE target');
SELECT * FROM footfall.kpis('SELECT * FROM plain; DROP TABLE target');
SELECT * FROM footfall.kpis('SELECT * FROM plain) AS e; DROP TABLE target; SELECT 1 FROM (SELECT 1');
SELECT * FROM footfall.kpis('SELECT * INTO target_2 FROM plain');
SELECT * FROM footfall.kpis('WITH d AS (DELETE FROM target RETURNING a) SELECT * FROM plain');
SELECT * FROM footfall.kpis('DELETE FROM target');
SELECT * FROM footfall.kpis('SELECT * FROM plain WHERE order_id = $1');
SELECT * FROM footfall.kpis('plain', filter => 'true) OR (true');
SELECT * FROM footfall.kpis('plain', filter => 'true; DROP TABLE target');
SELECT * FROM footfall.kpis('plain', filter => 'true FROM target');
SELECT * FROM footfall.kpis('plain', filter => 'true, true');
SELECT * FROM footfall.kpis('plain', filter => 'true AS x');
SELECT * FROM footfall.kpis('plain', filter => '*');
SELECT * FROM footfall.kpis('plain', filter => '');
SELECT * FROM footfall.kpis('plain', filter => 'true UNION SELECT 1');
SELECT * FROM footfall.kpis('plain', filter => 'true /* open');
SELECT * FROM footfall.kpis('plain', breakdown => '1 INTO target_2');
SELECT sum(orders) FROM footfall.kpis('plain', filter => 'device = ''phone'' -- a comment');
SELECT sum(orders) FROM footfall.kpis('plain', time_zone => 'UTC''; DROP TABLE target; --');
SELECT count(*) AS still_there FROM target;
\set VERBOSITY default

-- Names of the caller's cannot get between: operators and functions in front of PostgreSQL's own.
CREATE SCHEMA reports_trap;
CREATE FUNCTION reports_trap.wrong(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR reports_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = reports_trap.wrong);
CREATE FUNCTION reports_trap.date_trunc(text, timestamptz, text) RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
CREATE FUNCTION reports_trap.round(numeric, int) RETURNS numeric LANGUAGE sql AS 'SELECT 0.0';
CREATE FUNCTION reports_trap.wrong(numeric, int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT -1.0';
CREATE OPERATOR reports_trap.* (LEFTARG = numeric, RIGHTARG = int, FUNCTION = reports_trap.wrong);
CREATE FUNCTION reports_trap.abs(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT -1.0';
CREATE TABLE priced (ts timestamptz, customer_id int, price numeric, "count of" int) USING footfall;
INSERT INTO priced VALUES ('2026-01-01', 1, 2.5, 3), ('2026-01-01', 1, -4, 1);
SELECT footfall.configure('priced', time_column => 'ts', customer_column => 'customer_id',
    amount => 'abs(- price) * "count of" + CASE WHEN price = ANY (ARRAY[2.5, 7]) AND extract(year FROM ''2026-01-01''::date) > 2000 THEN 1 ELSE 0 END');
SET search_path = reports_trap, reports, public;
SELECT revenue FROM footfall.kpis('priced');
SET search_path = reports_trap, pg_catalog, reports;
SELECT revenue FROM footfall.kpis('priced');
SELECT count(*) FROM (SELECT bucket, orders, revenue, average_order_value, customers, complete
    FROM footfall.kpis('reports.sealed') EXCEPT SELECT * FROM reports.expected) x;
SET search_path = reports, public;
DROP SCHEMA reports_trap CASCADE;

-- As the caller: privileges on the table and its columns, row security
CREATE ROLE footfall_analyst;
GRANT USAGE ON SCHEMA reports TO footfall_analyst;
CREATE VIEW window_on_sealed AS SELECT * FROM sealed WHERE device = 'phone';
GRANT SELECT ON window_on_sealed TO footfall_analyst;
GRANT SELECT (ts, customer_id, event, order_id, amount) ON mixed TO footfall_analyst;
ALTER TABLE hot ENABLE ROW LEVEL SECURITY;
CREATE POLICY phones ON hot USING (device = 'phone');
GRANT SELECT ON hot TO footfall_analyst;
SET ROLE footfall_analyst;
\set VERBOSITY sqlstate
SELECT * FROM footfall.kpis('sealed');
SELECT * FROM footfall.kpis('SELECT * FROM sealed');
SELECT * FROM footfall.kpis('hot', filter => 'EXISTS (SELECT FROM reports.sealed)');
SELECT * FROM footfall.kpis('mixed', breakdown => 'device');
SELECT * FROM footfall.live_activity('sealed');
SELECT * FROM footfall.funnel('sealed', '{view}');
SELECT * FROM footfall.funnel_customers('sealed', '{view}');
SELECT * FROM footfall.funnel('hot', conditions => '{EXISTS (SELECT FROM reports.sealed)}');
SELECT * FROM footfall.cohort_retention('sealed');
SELECT * FROM footfall.lifecycle('sealed');
SELECT * FROM footfall.stickiness('sealed');
SELECT * FROM footfall.user_flows('sealed');
SELECT * FROM footfall.sessions('sealed');
SELECT * FROM footfall.sessions('SELECT * FROM sealed');
\set VERBOSITY default
SELECT sum(customers) FROM footfall.funnel('hot', '{view,cart}', '100 days', breakdown => 'device') GROUP BY breakdown;
SELECT sum(orders) FROM footfall.kpis('mixed');
SELECT sum(orders) AS phones FROM footfall.kpis('hot');
SELECT sum(orders) AS phones FROM footfall.kpis('window_on_sealed');
RESET ROLE;
SELECT sum(orders) AS phones FROM footfall.kpis('plain', filter => 'device = ''phone''');
ALTER TABLE hot DISABLE ROW LEVEL SECURITY;

-- The report sees what its statement sees, and the result may be larger than work_mem.
BEGIN;
INSERT INTO hot VALUES ('2026-04-02 23:00', 1, 'purchase', 999999, 5, 'phone');
SELECT sum(orders) - (SELECT sum(orders) FROM footfall.kpis('sealed')) AS one_more FROM footfall.kpis('hot');
ROLLBACK;
SET work_mem = '64kB';
SELECT count(*) FROM footfall.kpis('sealed', '1 minute');
RESET work_mem;
SELECT p.proname, p.provolatile, p.proparallel, p.prosecdef FROM pg_proc p
WHERE p.pronamespace = 'footfall'::regnamespace AND p.proretset AND 'events' = ANY (p.proargnames) AND (p.prosecdef OR p.provolatile <> 's' OR p.proparallel <> 'u')
    AND p.proname <> 'train_churn';  -- which stores a model
REVOKE ALL ON hot, mixed, window_on_sealed FROM footfall_analyst;
REVOKE ALL ON SCHEMA reports FROM footfall_analyst;
DROP OWNED BY footfall_analyst;
DROP ROLE footfall_analyst;
