-- FootfallAggregate streamed by customer: groups range by range, behavioural aggregates, and
-- aggregates over the groups. "check".streamed(query) asks a query of the executor, then of the
-- streamed plan, serially, in parallel and with little memory, and says whether all agree.
CREATE SCHEMA streamed;
SET search_path = streamed, public;
CREATE FUNCTION "check".answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT count(*) || '' rows, '' || coalesce(md5(string_agg(x::text, '','' ORDER BY x::text)), '''') FROM (%s OFFSET 0) x', query)
    INTO answer;
    RETURN answer;
EXCEPTION WHEN data_exception THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE FUNCTION "check".streamed(query text) RETURNS text LANGUAGE plpgsql
SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0 AS $$
DECLARE expected text; found text; parallel text; line text;
BEGIN
    SET LOCAL footfall.require_vectorized = off;
    SET LOCAL footfall.enable_vectorized = off;
    SET LOCAL max_parallel_workers_per_gather = 0;
    expected := "check".answer(query);
    SET LOCAL footfall.enable_vectorized = on;
    SET LOCAL footfall.require_vectorized = on;
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        parallel := coalesce(parallel, '') || line;
    END LOOP;
    IF parallel NOT LIKE '%Streamed by%' THEN
        RETURN 'not streamed: ' || parallel;
    END IF;
    found := "check".answer(query);
    IF found <> expected THEN
        RETURN format('serial: %s instead of %s', found, expected);
    END IF;
    SET LOCAL work_mem = '64kB';
    found := "check".answer(query);
    IF found <> expected THEN
        RETURN format('with little memory: %s instead of %s', found, expected);
    END IF;
    RESET work_mem;
    SET LOCAL max_parallel_workers_per_gather = 2;
    parallel := '';
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        parallel := parallel || line;
    END LOOP;
    IF parallel NOT LIKE '%Gather%Streamed by%' THEN
        RETURN 'not parallel: ' || parallel;
    END IF;
    FOREACH line IN ARRAY '{on,off}'::text[] LOOP
        PERFORM set_config('parallel_leader_participation', line, true);
        found := "check".answer(query);
        IF found <> expected THEN
            RETURN format('parallel, leader %s: %s instead of %s', line, found, expected);
        END IF;
    END LOOP;
    RETURN split_part(expected, ',', 1);
END
$$;

CREATE TABLE ev (customer_id int, ts timestamptz, event text, device text, n int) PARTITION BY RANGE (ts);
CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-01-08 00:00+00') USING footfall;
CREATE TABLE ev2 PARTITION OF ev FOR VALUES FROM ('2026-01-08 00:00+00') TO ('2026-01-15 00:00+00') USING footfall;
SELECT footfall.configure('ev', order_by => ARRAY['customer_id', 'ts']);
SET TimeZone = 'UTC';
CREATE VIEW rows AS SELECT
    CASE WHEN i % 499 = 0 THEN NULL WHEN i % 503 = 0 THEN -i WHEN i % 3001 = 0 THEN 2147483647 ELSE (i * 7919::bigint % 2500)::int END AS customer_id,
    timestamptz '2026-01-01 00:00+00' + ((hashint4(i + 7)::bigint & 1073741823) % 604800) * interval '2 seconds' AS ts,
    CASE WHEN i % 101 = 0 THEN NULL ELSE (ARRAY['view', 'add_to_cart', 'checkout', 'purchase'])[1 + (hashint4(i) & 3)] END AS event,
    (ARRAY['app', 'web'])[1 + ((hashint4(i + 9) >> 3) & 1)] AS device, i % 13 AS n, i
FROM generate_series(1, 40000) i;
CREATE TABLE queries (id int, query text);
INSERT INTO queries VALUES
(1, 'SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''add_to_cart'', event = ''checkout'') FROM ev GROUP BY 1'),
(2, 'SELECT customer_id, footfall.window_funnel(''2 days'', ''{strict_order}'', ts, event = ''view'', event = ''add_to_cart''), footfall.window_funnel(''2 days'', ''{strict_deduplication,strict_increase}'', ts, event = ''view'', event = ''add_to_cart'', event = ''view''), footfall.window_funnel_times(''2 days'', ''{strict_once}'', ts, event = ''view'', event = ''add_to_cart'') FROM ev WHERE ts > ''2026-01-03'' GROUP BY 1'),
(3, 'SELECT customer_id, footfall.window_funnel(''5 days'', ''{exclude}'', ts, event = ''view'', event = ''purchase'', event = ''checkout''), footfall.window_funnel(''5 days'', ''{exclude_customer}'', ts, event = ''view'', event = ''purchase'', device = ''app''), footfall.window_funnel_times(''3 hours'', ts, n > 3, n < 8) FROM ev GROUP BY 1'),
(4, 'SELECT customer_id, footfall.retention(ts < ''2026-01-05'', event = ''purchase''), footfall.sequence_count(''(?1).*(?2)'', ts, event = ''view'', event = ''purchase''), footfall.sequence_match(''(?1)(?t<=86400)(?2)'', ts, event = ''view'', event = ''purchase''), footfall.sequence_next(''(?1)'', ts, event, event = ''checkout'') FROM ev GROUP BY 1'),
(5, 'SELECT customer_id, device, footfall.session_agg(ts, ''1 hour''), footfall.path_agg(ts, event, 4), count(*), min(ts), max(event), count(DISTINCT event), sum(n) FROM ev GROUP BY 1, 2'),
-- groups without a row, or without one that counts
(6, 'SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'') FILTER (WHERE n > 100), footfall.window_funnel_times(''1 day'', ts, event = ''view'') FILTER (WHERE n = 5), footfall.retention(event = ''view'') FILTER (WHERE n = 5), footfall.sequence_match(''(?1)'', ts, event = ''view'') FILTER (WHERE n = 5), footfall.sequence_count(''(?1)'', ts, event = ''view'') FILTER (WHERE n = 5), footfall.sequence_next(''(?1)'', ts, event, event = ''view'') FILTER (WHERE n = 5), footfall.session_agg(ts, ''1 hour'') FILTER (WHERE n = 5), footfall.path_agg(ts, event, 3) FILTER (WHERE n = 5) FROM ev GROUP BY 1'),
(7, 'SELECT customer_id, footfall.window_funnel(''1 day'', nullif(ts, ts), event = ''view''), footfall.window_funnel_times(''1 day'', nullif(ts, ts), n >= 0), footfall.retention(NULL, n > 3), footfall.session_agg(nullif(ts, ts), ''1 hour''), footfall.path_agg(nullif(ts, ts), event, 3), footfall.sequence_next(''(?1)'', nullif(ts, ts), event, n >= 0), footfall.path_agg(ts, nullif(event, event), 3) FROM ev GROUP BY 1'),
(8, 'SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase'') + 1 AS l, count(*) FROM ev WHERE device = ''app'' GROUP BY 1 HAVING count(*) > 6 AND footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase'') > 0'),
(9, 'SELECT customer_id, date_trunc(''day'', ts) AS day, footfall.window_funnel(''2 hours'', ts, event = ''view'', event = ''purchase'') FROM ev WHERE customer_id IN (5, 17, 2147483647) OR customer_id IS NULL GROUP BY 1, 2'),
-- over the groups
(10, 'SELECT l, count(*), sum(n), min(customer_id), max(customer_id) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''add_to_cart'', event = ''purchase'') AS l, count(*) AS n FROM ev GROUP BY 1) s GROUP BY l'),
(11, 'SELECT l, count(*), sum(n) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''add_to_cart'') AS l, count(*) AS n FROM ev WHERE device = ''app'' GROUP BY 1 HAVING count(*) > 3) s WHERE l >= 1 AND n < 12 GROUP BY l HAVING count(*) > 1'),
(12, 'SELECT device, sum((s).sessions), sum(footfall.session_count(s)), max(p::text), sum(f) FROM (SELECT customer_id, device, footfall.session_agg(ts, ''3 hours'') AS s, footfall.path_agg(ts, event, 2) AS p, sum(n / 2.0::float8) AS f FROM ev GROUP BY 1, 2) x GROUP BY 1'),
(13, 'SELECT r[2], count(*), count(customer_id) FROM (SELECT customer_id, footfall.retention(ts < ''2026-01-05'', event = ''purchase'') AS r FROM ev GROUP BY 1) x GROUP BY 1'),
(14, 'SELECT count(*), sum(l), count(DISTINCT c), min(first), max(word) FROM (SELECT customer_id % 100 AS c, footfall.sequence_count(''(?1)(?2)'', ts, event = ''view'', event = ''purchase'') AS l, min(ts) AS first, footfall.sequence_next(''(?1)'', ts, event, event = ''checkout'') AS word FROM ev GROUP BY customer_id) s'),
(15, 'WITH per AS (SELECT customer_id, count(*) AS n, footfall.window_funnel(''1 day'', ts, event = ''view'') AS l FROM ev GROUP BY customer_id) SELECT n, l, count(*) FROM per GROUP BY 1, 2'),
(16, 'SELECT l % 2, max(customer_id) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase'') AS l FROM ev WHERE ts >= ''2026-01-05'' GROUP BY 1) s GROUP BY 1'),
-- nothing there, and what does not work
(17, 'SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'') FROM ev WHERE n = -1 GROUP BY 1'),
(18, 'SELECT count(*), max(l) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'') AS l FROM ev WHERE n = -1 GROUP BY 1) s'),
(19, 'SELECT customer_id, footfall.sequence_match(''(?9)'', ts, n >= 0) FROM ev GROUP BY 1'),
(20, 'SELECT customer_id, footfall.path_agg(ts, event, 0) FROM ev GROUP BY 1'),
(21, 'SELECT customer_id, footfall.window_funnel(''1 month'', ts, event = ''view'') FROM ev GROUP BY 1'),
(22, 'SELECT l, count(*) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, 1 / n > 0) AS l FROM ev GROUP BY 1) s GROUP BY 1'),
(23, 'SELECT sum(1 / l) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''purchase'', event = ''view'') AS l FROM ev GROUP BY 1) s');

-- cohorts by week, and with a first event and a return event of their own
INSERT INTO queries VALUES
(30, 'SELECT customer_id, footfall.active_periods(n), footfall.active_periods(n * 7) FILTER (WHERE event = ''view''), footfall.active_periods(nullif(n, n)), footfall.active_periods(n % 9) FILTER (WHERE n = 5) FROM ev GROUP BY 1'),
(31, 'SELECT p, count(*) FROM (SELECT customer_id, footfall.active_periods(((extract(epoch FROM date_trunc(''day'', ts)) - 1767225600) / 86400)::int) AS p FROM ev GROUP BY 1) s GROUP BY 1'),
(32, 'SELECT f, r, count(*), max(length(r)) FROM (SELECT customer_id, footfall.active_periods(ts::date - ''2026-01-01'') FILTER (WHERE event = ''view'') AS f, footfall.active_periods(ts::date - ''2026-01-01'') FILTER (WHERE event = ''purchase'') AS r FROM ev GROUP BY 1) s GROUP BY 1, 2'),
(33, 'SELECT customer_id, footfall.active_periods(n - 1) FROM ev GROUP BY 1'),
(34, 'SELECT customer_id, footfall.active_periods(CASE WHEN n = 12 THEN 100001 ELSE n END) FROM ev GROUP BY 1');
SELECT footfall.active_periods(x) FROM (VALUES (0), (9), (NULL), (3), (9)) v (x);
SELECT footfall.active_periods(x) FROM (VALUES (NULL::int), (NULL)) v (x);
SELECT footfall.active_periods(x) FROM (VALUES (1)) v (x) WHERE x > 1;
SELECT length(footfall.active_periods(x)) FROM (VALUES (100000)) v (x);
SELECT footfall.active_periods(x) FROM (VALUES (100001)) v (x);
SELECT footfall.active_periods(x) FROM (VALUES (-1)) v (x);
SELECT x, footfall.active_periods(x) OVER (ORDER BY x) FROM (VALUES (0), (2), (3), (17)) v (x);

INSERT INTO ev SELECT customer_id, ts, event, device, n FROM rows;
ANALYZE ev;
SELECT id, "check".streamed(query) AS hot FROM queries ORDER BY id;
TRUNCATE ev;
-- segments in the order of customers that overlap, rows deleted among them, and hot ones
INSERT INTO ev SELECT customer_id, ts, event, device, n FROM rows WHERE i % 4 = 0;
CALL footfall.seal('ev1');
CALL footfall.seal('ev2');
INSERT INTO ev SELECT customer_id, ts, event, device, n FROM rows WHERE i % 4 = 1;
CALL footfall.seal('ev1');
CALL footfall.seal('ev2');
INSERT INTO ev SELECT customer_id, ts, event, device, n FROM rows WHERE i % 4 >= 2;
DELETE FROM ev WHERE customer_id % 17 = 3 OR (customer_id IS NULL AND n = 5);
UPDATE ev SET event = 'purchase' WHERE n = 7;
SELECT "check".stores('ev1'), "check".stores('ev2');
SELECT id, "check".streamed(query) AS mixed FROM queries ORDER BY id;
CALL footfall.seal('ev1');
CALL footfall.seal('ev2');
CALL footfall.compact('ev1');
SELECT "check".stores('ev1'), "check".stores('ev2');
SELECT id, "check".streamed(query) AS compacted FROM queries ORDER BY id;
-- a column that segments do not have; segments in another order than the table's now
ALTER TABLE ev ADD COLUMN extra int DEFAULT 7;
SELECT footfall.configure('ev', order_by => ARRAY['device', 'ts']);
TRUNCATE ev2;
INSERT INTO ev2 (customer_id, ts, event, device, n) SELECT customer_id, ts, event, device, n FROM rows WHERE ts >= '2026-01-08';
CALL footfall.seal('ev2');
SELECT footfall.configure('ev', order_by => ARRAY['customer_id', 'ts']);
INSERT INTO queries VALUES (24, 'SELECT customer_id, sum(extra), footfall.retention(extra = 7, n = 3) FROM ev GROUP BY 1');
SELECT id, "check".streamed(query) AS reordered FROM queries ORDER BY id;

-- what leaves the stream early or starts it again
SET footfall.require_vectorized = on;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') AS l FROM ev GROUP BY 1 LIMIT 3) x;
CREATE TEMP TABLE expected AS SELECT customer_id, l FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view', event = 'purchase') AS l FROM ev GROUP BY 1) x;
CREATE FUNCTION again(workers int, OUT wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, true);
    SELECT count(*) INTO wrong FROM generate_series(0, 9) g
    WHERE (SELECT sum(l) FROM expected WHERE customer_id % 10 = g) IS DISTINCT FROM
          (SELECT sum(l) FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view', event = 'purchase') AS l FROM ev WHERE customer_id % 10 = g GROUP BY 1) x);
END
$$;
SELECT again(0), again(2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT again(0), again(2);
SET max_parallel_workers_per_gather = 2;
SELECT v.x, count(s.l) FROM (VALUES (1), (2), (3)) v (x) LEFT JOIN (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') AS l FROM ev GROUP BY 1 LIMIT 10) s ON true GROUP BY 1 ORDER BY 1;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT l, count(*) = (SELECT count(*) FROM expected e WHERE e.l = x.l) AS same
    FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view', event = 'purchase') AS l FROM ev GROUP BY 1) x GROUP BY l ORDER BY l;
FETCH 2 FROM c;
MOVE BACKWARD ALL FROM c;
FETCH ALL FROM c;
DECLARE d NO SCROLL CURSOR FOR SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') FROM ev GROUP BY 1;
MOVE 5 FROM d;
DELETE FROM ev WHERE customer_id = 12;
MOVE ALL FROM d;
CLOSE d;
ROLLBACK;
SET plan_cache_mode = force_generic_plan;
PREPARE levels (interval, text) AS SELECT l, count(*) = (SELECT count(*) FROM expected e WHERE e.l = x.l) AS same
    FROM (SELECT customer_id, footfall.window_funnel($1, ts, event = 'view', event = $2) AS l FROM ev GROUP BY 1) x GROUP BY l ORDER BY l;
EXECUTE levels ('1 day', 'purchase');
EXECUTE levels (NULL, 'purchase');
EXECUTE levels ('1 month', 'purchase');
RESET plan_cache_mode;

-- an error in a worker
SET parallel_leader_participation = off;
SELECT l, count(*) FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view', 1 / (n - 20) + 1 / (customer_id - 12) > 0) AS l FROM ev GROUP BY 1) x GROUP BY 1;
RESET parallel_leader_participation;

-- plans
EXPLAIN (COSTS off) SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') FROM ev GROUP BY 1;
EXPLAIN (COSTS off) SELECT l, count(*) FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') AS l FROM ev GROUP BY 1 HAVING count(*) > 2) x WHERE l > 0 GROUP BY 1;
-- what the engine cannot do is the executor's: an output that changes by itself, a sub-query in it
EXPLAIN (COSTS off) SELECT r, count(*) FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') + (random() * 0)::int AS r FROM ev GROUP BY 1) x GROUP BY 1;
SELECT r, count(*) > 0 FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') * 0 + (random() * 0)::int AS r FROM ev GROUP BY 1) x GROUP BY 1;
SELECT footfall.window_funnel('1 day', ts, event = 'view') FROM ev;
SELECT device, footfall.window_funnel('1 day', ts, event = 'view') FROM ev GROUP BY 1 ORDER BY 1;
SELECT customer_id, footfall.window_funnel('1 day', ts, VARIADIC ARRAY[event = 'view']) FROM ev WHERE customer_id = 1 GROUP BY 1;
SELECT customer_id, footfall.window_funnel(n * interval '1 day', ts, event = 'view') FROM ev WHERE customer_id = 1 GROUP BY 1;

-- customers that lie far apart: ranges by zone maps are of no use, pieces keep memory small
RESET footfall.require_vectorized;
SET max_parallel_workers_per_gather = 2;
CREATE TABLE far (customer_id bigint, ts timestamptz, event text) USING footfall;
SELECT footfall.configure('far', order_by => ARRAY['customer_id', 'ts']);
INSERT INTO far SELECT CASE WHEN i % 60000 = 0 THEN 9223372036854775807 - i WHEN i % 60001 = 0 THEN -9223372036854775808 + i ELSE i / 3 % 70000 END,
    timestamptz '2026-01-01 00:00+00' + i * interval '11 seconds', CASE WHEN i % 3 = 0 THEN 'view' ELSE 'purchase' END FROM generate_series(1, 400000) i;
CALL footfall.seal('far');
SELECT "check".streamed('SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase''), count(*) FROM streamed.far GROUP BY 1');
SELECT "check".streamed('SELECT l, count(*) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase'') AS l FROM streamed.far GROUP BY 1) x GROUP BY 1');
INSERT INTO far SELECT CASE WHEN i % 60000 = 0 THEN 9223372036854775807 - i ELSE i / 3 % 90000 END, timestamptz '2026-03-01 00:00+00' + i * interval '11 seconds', 'view' FROM generate_series(1, 300000) i;
SELECT "check".streamed('SELECT l, count(*) FROM (SELECT customer_id, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase'') AS l FROM streamed.far GROUP BY 1) x GROUP BY 1');
-- DISTINCT of many groups without hot rows: of whole rows, inside of aggregates, and below another aggregate
CREATE TABLE many USING footfall AS SELECT i % 50000 AS customer, timestamptz '2026-01-01 00:00+00' + i % 7 * interval '9 hours' AS ts,
    CASE WHEN i % 3 = 0 THEN 'view' ELSE 'purchase' END AS event FROM generate_series(1, 300000) i;
SET client_min_messages = warning;
SELECT footfall.configure('many', order_by => ARRAY['customer', 'ts']);
RESET client_min_messages;
CALL footfall.compact('many');
ANALYZE many;
SELECT "check".streamed('SELECT DISTINCT customer FROM many');
SELECT "check".streamed('SELECT DISTINCT customer, event, ts::date AS day FROM many');
SELECT "check".streamed('SELECT customer, count(DISTINCT ts::date), count(DISTINCT event) FILTER (WHERE ts >= ''2026-01-02'') FROM many GROUP BY 1');
SELECT "check".streamed('SELECT days, count(*), sum(customer) FROM (SELECT customer, count(DISTINCT ts::date) AS days FROM many GROUP BY 1) x GROUP BY 1');
SELECT "check".streamed('SELECT event, count(*), min(day) FROM (SELECT DISTINCT customer, event, ts::date AS day FROM many) x GROUP BY 1');
-- other types of customers
CREATE TABLE uuids (customer uuid, ts timestamptz, event text) USING footfall;
SELECT footfall.configure('uuids', order_by => ARRAY['customer', 'ts']);
INSERT INTO uuids SELECT md5((i % 3000)::text)::uuid, timestamptz '2026-01-01 00:00+00' + i * interval '11 seconds', CASE WHEN i % 3 = 0 THEN 'view' ELSE 'purchase' END FROM generate_series(1, 30000) i;
CALL footfall.seal('uuids');
INSERT INTO uuids SELECT CASE WHEN i % 50 > 0 THEN md5((i % 3000)::text)::uuid END, timestamptz '2026-03-01 00:00+00' + i * interval '11 seconds', 'view' FROM generate_series(1, 5000) i;
SELECT "check".streamed('SELECT customer, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase''), count(*) FROM uuids GROUP BY 1');
SELECT "check".streamed('SELECT l, count(customer), min(customer::text) FROM (SELECT customer, footfall.window_funnel(''1 day'', ts, event = ''view'', event = ''purchase'') AS l FROM uuids GROUP BY 1) x GROUP BY 1');
-- a cursor, whose plan is shut down after each FETCH
CREATE FUNCTION fetched(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE c refcursor; r record; n bigint := 0;
BEGIN
    OPEN c FOR EXECUTE query;
    LOOP
        FETCH c INTO r;
        EXIT WHEN NOT FOUND;
        n := n + 1;
    END LOOP;
    RETURN n;
END
$$;
SELECT fetched('SELECT customer_id, footfall.retention(event = ''view'') FROM far GROUP BY 1') - count(DISTINCT customer_id) AS lost FROM far;
-- groups of those without a customer that memory may not hold are hashed, and spill
CREATE TABLE strangers USING footfall AS SELECT CASE WHEN i % 5 = 0 THEN i END AS customer,
    timestamptz '2026-01-01 00:00+00' + i * interval '1 second' AS ts, i AS id FROM generate_series(1, 150000) i;
SET client_min_messages = warning;
SELECT footfall.configure('strangers', order_by => ARRAY['customer', 'ts']);
RESET client_min_messages;
CALL footfall.compact('strangers');
ANALYZE strangers;
CREATE FUNCTION strategy(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        IF line LIKE '%Strategy: %' THEN
            RETURN trim(line);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
SET max_parallel_workers_per_gather = 0;
SELECT strategy('SELECT customer, id, count(*) FROM strangers GROUP BY 1, 2'), strategy('SELECT customer, count(*) FROM strangers GROUP BY 1');
SET work_mem = '1MB';
SELECT strategy('SELECT customer, id, count(*) FROM strangers GROUP BY 1, 2'), strategy('SELECT customer, count(*) FROM strangers GROUP BY 1');
RESET work_mem;
RESET max_parallel_workers_per_gather;
-- who may not call an aggregate
CREATE ROLE streamed_guest;
GRANT USAGE ON SCHEMA streamed TO streamed_guest;
GRANT SELECT ON ev TO streamed_guest;
REVOKE EXECUTE ON FUNCTION footfall.window_funnel(interval, timestamptz, VARIADIC boolean[]) FROM PUBLIC;
SET ROLE streamed_guest;
SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') AS l FROM ev GROUP BY 1;
SELECT l, count(*) FROM (SELECT customer_id, footfall.window_funnel('1 day', ts, event = 'view') AS l FROM ev GROUP BY 1) x GROUP BY 1;
RESET ROLE;
GRANT EXECUTE ON FUNCTION footfall.window_funnel(interval, timestamptz, VARIADIC boolean[]) TO PUBLIC;
DROP OWNED BY streamed_guest;
DROP ROLE streamed_guest;
DROP FUNCTION "check".streamed, "check".answer;
DROP SCHEMA streamed CASCADE;
