-- min and max of whole tables, and what is made of date_trunc's answer: work that FootfallAggregate leaves out.
-- min and max of whole tables leave out blocks that change neither: the same as the heap's, with rows deleted, hot, filtered.
CREATE SCHEMA bounds_test;
SET search_path = bounds_test, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TABLE bounds_heap (k int, at timestamptz, day date, small smallint, note text) PARTITION BY RANGE (at);
CREATE TABLE bounds_heap_1 PARTITION OF bounds_heap FOR VALUES FROM ('2026-01-01') TO ('2026-01-15');
CREATE TABLE bounds_heap_2 PARTITION OF bounds_heap FOR VALUES FROM ('2026-01-15') TO ('infinity');
CREATE TABLE bounds (LIKE bounds_heap) PARTITION BY RANGE (at);
CREATE TABLE bounds_1 PARTITION OF bounds FOR VALUES FROM ('2026-01-01') TO ('2026-01-15') USING footfall;
CREATE TABLE bounds_2 PARTITION OF bounds FOR VALUES FROM ('2026-01-15') TO ('infinity') USING footfall;
INSERT INTO bounds_heap SELECT CASE WHEN i % 50 = 0 THEN NULL ELSE (i * 7919) % 30011 - 15000 END, '2026-01-01'::timestamptz + (i * 104729::bigint % 2400000) * interval '1 s',
    date '2026-01-01' + i % 40, i % 200, 'n' || i FROM generate_series(1, 30000) i;
INSERT INTO bounds TABLE bounds_heap ORDER BY k;
CALL footfall.seal('bounds_1');
CALL footfall.seal('bounds_2');
INSERT INTO bounds SELECT 40000, '2026-01-28 20:00', NULL, 5, 'hot';
INSERT INTO bounds_heap SELECT 40000, '2026-01-28 20:00', NULL, 5, 'hot';
DELETE FROM bounds WHERE k > 14900 OR day = '2026-01-01';
DELETE FROM bounds_heap WHERE k > 14900 OR day = '2026-01-01';
ALTER TABLE bounds ADD later int;
ALTER TABLE bounds_heap ADD later int;
INSERT INTO bounds VALUES (7, '2026-01-02', '2026-01-02', 7, 'new', -3);
INSERT INTO bounds_heap VALUES (7, '2026-01-02', '2026-01-02', 7, 'new', -3);
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT string_agg(x::text, '','') FROM (%s) x', query) INTO answer;
    RETURN answer;
END $$;
SELECT bounds_heap IS NOT DISTINCT FROM bounds AS equal, q FROM unnest(ARRAY['min(at), max(at)', 'max(k)', 'min(k), max(k), min(day), max(day), min(small), max(small)', 'min(later), max(later), max(at)',
    'max(at), count(*)', 'max(at) FILTER (WHERE k = 3), min(k)', 'max(k), max(k + small)', 'max(note COLLATE "C"), max(k)']) agg,
    unnest(ARRAY['', 'WHERE k < 100', 'WHERE at >= ''2026-01-14 12:00'' AND at < ''2026-01-16''', 'WHERE small = 7', 'WHERE day IS NULL', 'WHERE k > 99999', 'WHERE mod(abs(k), 7) = 3']) filter,
    LATERAL (SELECT format('SELECT %s FROM %%s %s', agg, filter) AS q) s,
    LATERAL (SELECT answer(format(q, 'bounds_heap')) AS bounds_heap) h, LATERAL (SELECT answer(format(q, 'bounds')) AS bounds) b
WHERE bounds_heap IS DISTINCT FROM bounds OR q = 'SELECT max(k) FROM %s ';
-- A filter that may fail sees every row.
SELECT max(at) FROM bounds WHERE 1 / (small - 199) < 1;
SELECT max(at) FROM bounds_heap WHERE 1 / (small - 199) < 1;
CREATE FUNCTION counters(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF line ~ '(Segments|Blocks|Rows)' THEN RETURN NEXT line; END IF;
    END LOOP;
END $$;
SELECT counters('SELECT max(k) FROM bounds');
-- A segment of which nothing is deleted is answered by its zone maps; a column without any value, and hot rows, by rows.
CREATE TABLE whole (LIKE bounds_heap) USING footfall;
INSERT INTO whole SELECT * FROM bounds_heap ORDER BY k;
CALL footfall.seal('whole');
SELECT counters('SELECT max(k), min(small), max(at), min(day) FROM whole');
SELECT min(k), max(k), min(small), max(small), min(day), max(day), min(at), max(at), max(later) FROM whole
EXCEPT SELECT min(k), max(k), min(small), max(small), min(day), max(day), min(at), max(at), max(later) FROM bounds_heap;
INSERT INTO whole SELECT -k, at, day, small + 1000 FROM bounds_heap WHERE k > 14000;
SELECT min(k), max(k), max(small), min(day), max(at) FROM whole EXCEPT
SELECT min(k), max(k), max(small), min(day), max(at) FROM (SELECT k, at, day, small FROM bounds_heap UNION ALL
    SELECT -k, at, day, small + 1000 FROM bounds_heap WHERE k > 14000) h;
BEGIN;
DELETE FROM whole WHERE at = (SELECT max(at) FROM whole) OR k = (SELECT max(k) FROM whole);
SELECT max(at) < (SELECT max(at) FROM bounds_heap), max(k) < (SELECT max(k) FROM bounds_heap) FROM whole;
ROLLBACK;
SELECT max(at) = (SELECT max(at) FROM bounds_heap) FROM whole;

-- What is made of a step function's answer alone is asked with it.
CREATE FUNCTION of_week(zone text) RETURNS TABLE (t text, days text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$SELECT t, string_agg(d, ' ' ORDER BY d) FROM (
        SELECT 'heap' AS t, ((timezone(%1$L, date_trunc('week', at, %1$L))::date - date '2025-12-01') / 7) || ':' || count(*) || ':' || max(timezone(%1$L, date_trunc('day', at, %1$L))::date - date '2030-01-01') AS d
            FROM bounds_heap GROUP BY (timezone(%1$L, date_trunc('week', at, %1$L))::date - date '2025-12-01') / 7 UNION ALL
        SELECT 'footfall', ((timezone(%1$L, date_trunc('week', at, %1$L))::date - date '2025-12-01') / 7) || ':' || count(*) || ':' || max(timezone(%1$L, date_trunc('day', at, %1$L))::date - date '2030-01-01')
            FROM bounds GROUP BY (timezone(%1$L, date_trunc('week', at, %1$L))::date - date '2025-12-01') / 7) x GROUP BY 1$q$, zone);
END $$;
SELECT zone, count(DISTINCT days) AS answers FROM unnest('{UTC,America/St_Johns,Asia/Kathmandu,Australia/Lord_Howe}'::text[]) zone, of_week(zone) GROUP BY 1 ORDER BY 1;
SELECT (date_trunc('day', at)::date - date '2026-01-10') / 0 FROM bounds GROUP BY 1;
SELECT date_trunc('day', at)::date - date 'infinity' FROM bounds GROUP BY 1;
-- Quarters of an hour are kept for thirty years: the one before the first of them is asked row by row.
SET TIME ZONE 'UTC';
CREATE TABLE long_ago (ts timestamptz NOT NULL) USING footfall;
INSERT INTO long_ago VALUES ('1990-01-01 00:15+00'), (timestamptz '1990-01-01 00:15+00' + 1048575 * interval '15 min');
CALL footfall.seal('long_ago');
INSERT INTO long_ago SELECT timestamptz '1990-01-01 00:00+00' + i * interval '1 s' FROM generate_series(0, 800) i;
CALL footfall.seal('long_ago');
SET footfall.require_vectorized = on;
SELECT date_trunc('day', ts), count(*) FROM long_ago GROUP BY 1 ORDER BY 1;
RESET footfall.require_vectorized;
RESET TIME ZONE;
SET client_min_messages = warning;
DROP SCHEMA bounds_test CASCADE;
