-- Expressions of 1,500 terms: the heap's answers, in memory that grows with the terms and not with their square.
CREATE SCHEMA long_expressions;
SET search_path = long_expressions, public;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE h AS SELECT i AS a, i % 50 AS c, (i % 7)::text AS t, i * 1.5::float8 AS f FROM generate_series(1, 1100) i;
CREATE TABLE v (LIKE h) USING footfall;
INSERT INTO v SELECT * FROM h;
CALL footfall.seal('v');
SET footfall.require_vectorized = on;

-- The most memory this process had, in megabytes.
CREATE FUNCTION most() RETURNS int LANGUAGE sql VOLATILE AS $$
    SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+) kB')::int / 1024
$$;
CREATE FUNCTION compared(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text[];
    answer text;
    before int := most();
BEGIN
    FOREACH answer IN ARRAY ARRAY['v', 'h'] LOOP
        EXECUTE format('SELECT %s FROM %s', expression, answer) INTO answer;
        answers := answers || answer;
    END LOOP;
    RETURN concat_ws(', ', CASE WHEN answers[1] IS NOT DISTINCT FROM answers[2] THEN 'same' ELSE 'different' END,
        CASE WHEN most() - before > 150 THEN (most() - before) || ' MB' END);
END
$$;
SELECT name, compared(expression) FROM (VALUES
    ('sum', 'sum(a' || repeat(' + a', 1499) || ')'),
    ('sum of floats', 'sum(f' || repeat(' + f', 1499) || ')'),
    ('sum of numbers', 'sum(a' || repeat(' + a::numeric', 1499) || ')'),
    ('text', 'max(t' || repeat(' || t', 1499) || ')'),
    ('texts', 'max(t' || repeat(' || t || c::text', 750) || ')'),
    ('text in a filter', 'count(*) FILTER (WHERE t' || repeat(' || c::text || t', 750) || ' > ''3'')'),
    ('or', 'count(*) FILTER (WHERE a = c' || repeat(' OR a = c + 50', 1499) || ')'),
    ('case', 'sum(CASE a + c' || repeat(' WHEN 7 THEN a WHEN 60 THEN c', 750) || ' ELSE 1 END)')
) e(name, expression);
\set VERBOSITY terse
DROP SCHEMA long_expressions CASCADE;
