-- The answer of a behavioural aggregate or sketch never depends on the plan: shuffled, hot, sealed, compacted, partitioned,
-- with 0 to 8 workers, natively and plainly; what workers add up went through a serialised state.
CREATE SCHEMA behavior_plans;
SET search_path = behavior_plans, public;
SET timezone = 'UTC';
CREATE TABLE plain (customer_id int, ts timestamptz, event text, channel text, amount float8);
-- Many moments have several rows.
INSERT INTO plain SELECT ('x' || left(md5('c' || i), 6))::bit(24)::int % 300, '2026-01-01'::timestamptz + ('x' || left(md5('t' || i), 6))::bit(24)::int % 20000 * interval '1 min',
    (ARRAY['view', 'cart', 'purchase', 'other'])[1 + ('x' || left(md5('e' || i), 6))::bit(24)::int % 4], (ARRAY['mail', 'ads', NULL])[1 + ('x' || left(md5('h' || i), 6))::bit(24)::int % 3],
    ('x' || left(md5('a' || i), 6))::bit(24)::int % 1000 FROM generate_series(1, 8000) i;
UPDATE plain SET ts = NULL WHERE amount = 7;
CREATE TABLE shuffled AS SELECT * FROM plain ORDER BY md5(plain::text);
CREATE TABLE hot (LIKE plain) USING footfall;
CREATE TABLE sealed (LIKE plain) USING footfall;
CREATE TABLE compacted (LIKE plain) USING footfall;
CREATE TABLE parted (LIKE plain) PARTITION BY RANGE (ts);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-01-06') USING footfall;
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2026-01-06') TO ('2026-01-12') USING footfall;
CREATE TABLE parted_3 PARTITION OF parted DEFAULT;
SELECT footfall.configure(t::regclass, order_by => ARRAY['customer_id', 'ts']) FROM unnest('{sealed,compacted}'::text[]) t;
INSERT INTO hot TABLE shuffled;
INSERT INTO sealed SELECT * FROM shuffled LIMIT 5000;
CALL footfall.seal('sealed');
INSERT INTO sealed SELECT * FROM shuffled OFFSET 5000;
INSERT INTO compacted SELECT * FROM shuffled LIMIT 5000;
CALL footfall.seal('compacted');
INSERT INTO compacted SELECT * FROM shuffled OFFSET 5000;
CALL footfall.seal('compacted');
CALL footfall.compact('compacted');
INSERT INTO parted TABLE shuffled;
CALL footfall.seal('parted_1');
ANALYZE;
CREATE TABLE aggregates (a text);
INSERT INTO aggregates SELECT format('footfall.%s(''2 days'', ''{%s}'', ts, event = ''view'', event = ''cart'', event = ''purchase'')', f, m)
    FROM unnest('{window_funnel,window_funnel_times}'::text[]) f, unnest(ARRAY['', 'strict_order', 'strict_once', 'strict_deduplication', 'strict_increase', 'exclude', 'exclude_customer', 'strict_order,strict_once']) m;
INSERT INTO aggregates VALUES ('footfall.window_funnel(''2 days'', ts, event = ''view'', event = ''cart'')'), ('footfall.window_funnel_times(''2 days'', ts, event = ''view'', event = ''cart'')'),
    ('footfall.retention(event = ''view'', ts < ''2026-01-05'', event = ''purchase'')'), ('footfall.active_periods(ts::date - ''2025-12-31'')'),
    ('footfall.sequence_match(''(?1)(?t<=86400)(?2)'', ts, event = ''view'', event = ''cart'')'), ('footfall.sequence_count(''(?1).*(?2)'', ts, event = ''view'', event = ''cart'')'),
    ('footfall.sequence_next(''(?1)(?2)'', ts, event, event = ''view'', event = ''cart'')'), ('footfall.session_agg(ts, ''6 hours'')'), ('footfall.path_agg(ts, event, 5)'),
    ('footfall.hyperloglog(event)'), ('footfall.approx_count_distinct(amount)'), ('footfall.uddsketch(amount)'), ('footfall.top_n(event, 3)'), ('footfall.top_n(ts::date, 2)');
INSERT INTO aggregates SELECT format('footfall.attribution(ts, channel, event = ''purchase'', %L)', m) FROM unnest('{first,last,linear,position,time_decay}'::text[]) m;
CREATE FUNCTION answers(t text, workers int, native text, a text, grouped bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, true), set_config('footfall.enable_vectorized', native, true), set_config('parallel_setup_cost', '0', true),
        set_config('parallel_tuple_cost', '0', true), set_config('min_parallel_table_scan_size', '0', true), set_config('parallel_leader_participation', 'off', true);
    IF grouped THEN
        EXECUTE format('SELECT md5(string_agg(customer_id || '':'' || coalesce(r::text, ''-''), '','' ORDER BY customer_id)) FROM (SELECT customer_id, %s AS r FROM %s GROUP BY 1 OFFSET 0) x', a, t) INTO answer;
    ELSE
        EXECUTE format('SELECT md5(%s::text) FROM %s', a, t) INTO answer;
    END IF;
    RETURN coalesce(answer, 'NULL');
END $$;
SELECT grouped, count(DISTINCT a) AS aggregates, count(*) AS plans, count(*) FILTER (WHERE found <> expected) AS different, string_agg(DISTINCT a, ' | ') FILTER (WHERE found <> expected) AS which
FROM unnest('{true,false}'::bool[]) grouped, aggregates, LATERAL (SELECT answers('plain', 0, 'off', a, grouped) AS expected) e,
    unnest('{shuffled,hot,sealed,compacted,parted}'::text[]) t, unnest('{0,1,8}'::int[]) workers, unnest('{off,on}'::text[]) native, LATERAL (SELECT answers(t, workers, native, a, grouped) AS found) f
GROUP BY 1 ORDER BY 1 DESC;
-- Workers there are.
CREATE FUNCTION launched(t text, native text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE line text; launched bool := false;
BEGIN
    PERFORM set_config('footfall.enable_vectorized', native, true);
    FOR line IN EXECUTE format('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT customer_id, footfall.session_agg(ts, ''1 hour'') FROM %s GROUP BY 1', t) LOOP
        launched := launched OR line ~ 'Workers Launched: [1-9]';
    END LOOP;
    RETURN launched;
END $$;
SET max_parallel_workers_per_gather = 8;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT t, native, launched(t, native) FROM unnest('{shuffled,hot,sealed,compacted,parted}'::text[]) t, unnest('{off,on}'::text[]) native ORDER BY 1, 2;
SET client_min_messages = warning;
DROP SCHEMA behavior_plans CASCADE;
