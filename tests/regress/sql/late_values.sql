-- What a condition compares with is computed when there is a row to ask for it: where there is none, an error in it is
-- not met, as in PostgreSQL's own plans.
CREATE SCHEMA late_values;
SET search_path = late_values, public;
SET footfall.require_vectorized = on;
CREATE TABLE hot (customer_id bigint NOT NULL, ts timestamptz NOT NULL, page text, amount int) USING footfall;
CREATE TABLE empty (LIKE hot) USING footfall;
CREATE TABLE heap (LIKE hot) USING heap;
CREATE TABLE sealed (LIKE hot) USING footfall;
CREATE TABLE gone (LIKE hot) USING footfall;
SELECT footfall.configure(t, order_by => ARRAY['customer_id', 'ts']) FROM unnest(ARRAY['hot', 'empty', 'sealed', 'gone']::regclass[]) t;
INSERT INTO hot SELECT i % 50, timestamptz '2026-01-01 00:00+00' + i * interval '1 minute', 'p' || i % 3, i FROM generate_series(1, 5000) i;
INSERT INTO sealed SELECT * FROM hot;
INSERT INTO gone SELECT * FROM hot;
CALL footfall.seal('sealed');
CALL footfall.seal('gone');
DELETE FROM gone;
CREATE TABLE item (id int PRIMARY KEY, kind text);
INSERT INTO item SELECT i, 'k' || i % 2 FROM generate_series(1, 5000) i;
CREATE VIEW pair AS SELECT i FROM generate_series(1, 2) i;
ANALYZE;

CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT coalesce(string_agg(q::text, '' ''), ''no row'') FROM (%s) q', query) INTO answer;
    RETURN left(answer, 40);
EXCEPTION WHEN others THEN
    RETURN SQLSTATE;
END
$$;
CREATE TABLE queries (n int GENERATED ALWAYS AS IDENTITY, query text, condition text);
INSERT INTO queries (query, condition) VALUES
('SELECT count(*) FROM %t WHERE %w', 'amount = (SELECT i FROM pair)'),
('SELECT count(*), sum(amount) FROM %t WHERE %w', 'amount % 7 = (SELECT i FROM pair)'),
('SELECT page, count(*) FROM %t WHERE %w GROUP BY 1', 'page = (SELECT i::text FROM pair)'),
('SELECT page, sum(amount + (SELECT i FROM pair)) FROM %t WHERE %w GROUP BY 1', 'true'),
('SELECT count(*) FROM %t WHERE %w', 'page LIKE (SELECT ''p'' || i FROM pair)'),
('SELECT count(*) FROM %t WHERE %w', 'amount = ANY ((SELECT ARRAY[i] FROM pair)::int[])'),
('SELECT amount, page FROM %t WHERE %w', 'amount = (SELECT i FROM pair)'),
('SELECT amount, page FROM %t WHERE %w', 'amount % 7 > (SELECT i FROM pair)'),
('SELECT amount, page FROM %t WHERE %w ORDER BY customer_id, ts LIMIT 3', 'amount % 7 > (SELECT i FROM pair)'),
('SELECT customer_id, footfall.window_funnel(interval ''1 hour'', ts, page = ''p0'', page = ''p1'') FROM %t WHERE %w GROUP BY 1', 'amount % 7 > (SELECT i FROM pair)'),
('SELECT kind, count(*) FROM %t JOIN item ON id = amount WHERE %w GROUP BY 1', 'amount % 7 > (SELECT i FROM pair)');

-- Tables without rows, and conditions that rule all rows out beforehand: nothing is met.
SELECT n, query, condition, name, outcome(replace(replace(query, '%t', name), '%w', condition))
  FROM queries, unnest(ARRAY['heap', 'empty', 'gone']) name WHERE outcome(replace(replace(query, '%t', name), '%w', condition)) ~ '^[0-9A-Z]{5}$' ORDER BY 1, 4;
SELECT n, query, condition, outcome(replace(replace(query, '%t', 'sealed'), '%w', 'ts > ''2027-01-01'' AND ' || condition))
  FROM queries WHERE outcome(replace(replace(query, '%t', 'sealed'), '%w', 'ts > ''2027-01-01'' AND ' || condition)) ~ '^[0-9A-Z]{5}$' ORDER BY 1;
-- Nor where no row comes to the part of an expression that asks.
CREATE TABLE guarded (n int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO guarded (query) VALUES
('SELECT sum(CASE WHEN amount < %d THEN (SELECT i FROM pair) ELSE amount END) FROM %t'),
('SELECT sum(CASE WHEN amount < %d THEN amount + (SELECT i FROM pair) ELSE amount END) FROM %t'),
('SELECT CASE WHEN amount < %d THEN (SELECT i::text FROM pair) ELSE page END AS k, count(*) FROM %t GROUP BY 1 ORDER BY 1'),
('SELECT sum(coalesce(nullif(amount, %d - 1), (SELECT i FROM pair))) FROM %t'),
('SELECT count(*) FILTER (WHERE amount < %d AND amount = (SELECT i FROM pair)) FROM %t'),
('SELECT count(*) FILTER (WHERE amount < %d AND page LIKE (SELECT ''p'' || i FROM pair)) FROM %t'),
('SELECT count(*) FILTER (WHERE amount < %d AND amount = ANY ((SELECT ARRAY[i] FROM pair)::int[])) FROM %t'),
('SELECT bool_or(amount < %d AND amount = (SELECT i FROM pair)) FROM %t'),
('SELECT count(*) FROM %t WHERE amount >= %d OR amount = (SELECT i FROM pair)'),
('SELECT count(*) FROM %t WHERE NOT (amount < %d AND amount = (SELECT i FROM pair))'),
('SELECT count(*) FROM %t WHERE amount >= %d OR page LIKE (SELECT ''p'' || i FROM pair)'),
('SELECT sum(amount * (SELECT i FROM pair)) FROM %t WHERE amount < %d'),
('SELECT amount % (SELECT i FROM pair) AS k, count(*) FROM %t WHERE amount < %d GROUP BY 1'),
('SELECT count(*) FROM (SELECT amount FROM %t WHERE amount >= %d OR amount = (SELECT i FROM pair) OFFSET 0) q'),
('SELECT customer_id, footfall.window_funnel(interval ''1 hour'', ts, amount < %d AND amount = (SELECT i FROM pair), page = ''p1'') AS n FROM %t WHERE customer_id < 3 GROUP BY 1 ORDER BY 1'),
('SELECT kind, count(*), sum(CASE WHEN amount < %d THEN (SELECT i FROM pair) END) FROM %t JOIN item ON id = amount GROUP BY 1 ORDER BY 1'),
('SELECT n, count(*) FROM (SELECT customer_id, count(*) AS n FROM %t GROUP BY 1 HAVING count(*) >= %d OR (SELECT i FROM pair) > 0) q GROUP BY 1');
INSERT INTO heap SELECT * FROM sealed;
-- With 1 no row is met, with 100 some are.
SELECT n, d, name, outcome(replace(replace(query, '%t', name), '%d', d)) FROM guarded, unnest(ARRAY['1', '100']) d, unnest(ARRAY['hot', 'sealed']) name
  WHERE query !~ 'window_funnel' AND outcome(replace(replace(query, '%t', name), '%d', d)) <> outcome(replace(replace(query, '%t', 'heap'), '%d', d)) ORDER BY 1, 2, 3;
SELECT n, string_agg(outcome(replace(replace(query, '%t', 'sealed'), '%d', d)), ', ' ORDER BY d) FROM guarded, unnest(ARRAY['1', '100']) d GROUP BY 1 ORDER BY 1;
TRUNCATE heap;
-- The right to execute a function is asked for all the same.
CREATE ROLE footfall_late;
GRANT USAGE ON SCHEMA late_values TO footfall_late;
GRANT SELECT ON ALL TABLES IN SCHEMA late_values TO footfall_late;
CREATE FUNCTION secret(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
REVOKE EXECUTE ON FUNCTION secret FROM public;
SET ROLE footfall_late;
SELECT query, name, outcome(format(query, name))
  FROM unnest(ARRAY['SELECT count(*) FROM %s WHERE secret(amount) = (SELECT i FROM pair)',
    'SELECT amount FROM %s WHERE secret(amount) > (SELECT i FROM pair) ORDER BY customer_id, ts LIMIT 3',
    'SELECT customer_id, footfall.window_funnel(interval ''1 hour'', ts, secret(amount) > (SELECT i FROM pair), page = ''p1'') FROM %s GROUP BY 1']) query,
    unnest(ARRAY['empty', 'gone']) name ORDER BY 1, 2;
RESET ROLE;
-- With rows all of them fail.
SELECT n, name, outcome(replace(replace(query, '%t', name), '%w', condition))
  FROM queries, unnest(ARRAY['hot', 'sealed']) name ORDER BY 1, 2;
-- Values computed late prune as those known before do.
SELECT count(*), sum(amount) FROM sealed WHERE amount = (SELECT max(id) + 1 FROM item);
SELECT count(*), sum(amount) FROM sealed WHERE amount = (SELECT max(id) - 10 FROM item);
CREATE FUNCTION told(query text, pattern text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF line ~ pattern THEN RETURN NEXT regexp_replace(line, ' \(actual.*', ''); END IF;
    END LOOP;
END
$$;
SELECT told('SELECT count(*), sum(amount) FROM sealed WHERE amount = (SELECT max(id) + 1 FROM item)', 'Segments');
SELECT told('SELECT amount, page FROM sealed WHERE amount = (SELECT max(id) + 1 FROM item)', 'Segments');
-- All executions were among them.
SELECT told('SELECT amount, page FROM gone WHERE amount % 7 > (SELECT i FROM pair) ORDER BY customer_id, ts LIMIT 3', 'Custom Scan');
SELECT told('SELECT customer_id, footfall.window_funnel(interval ''1 hour'', ts, page = ''p0'') FROM gone WHERE amount % 7 > (SELECT i FROM pair) GROUP BY 1', 'Custom Scan|Strategy');
SELECT told('SELECT kind, count(*) FROM gone JOIN item ON id = amount WHERE amount % 7 > (SELECT i FROM pair) GROUP BY 1', 'Custom Scan|Lookup:');
-- Anew for each outer row.
SELECT g, (SELECT count(*) FROM sealed WHERE amount % 10 = (SELECT g + max(0))) FROM generate_series(1, 3) g;
SELECT g, (SELECT sum(amount) FROM (SELECT amount FROM sealed WHERE amount = g * (SELECT max(id) / 1000 FROM item) OFFSET 0) q) FROM generate_series(1, 3) g;
\set VERBOSITY terse
DROP SCHEMA late_values CASCADE;
DROP ROLE footfall_late;
