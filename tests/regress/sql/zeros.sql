-- -0 and 0 are one group to GROUP BY and DISTINCT. A group shows a row that it has met: one of -0 alone shows -0.
CREATE SCHEMA zeros;
SET search_path = zeros, public;
SET footfall.require_vectorized = on;
CREATE TABLE z (k int, g float8, r real) USING footfall;
-- k 0: only -0, 1: only 0, 2: other values, 3: both, shown as either
CREATE VIEW inputs AS SELECT i % 4 AS k, v::float8 AS g, v::real AS r FROM (SELECT i, CASE i % 4 WHEN 0 THEN '-0' WHEN 1 THEN '0'
    WHEN 2 THEN nullif(i % 3, 0)::text WHEN 3 THEN (ARRAY['0', '-0'])[1 + i / 4 % 2] END AS v FROM generate_series(0, 5999) i) q;
INSERT INTO z SELECT * FROM inputs;

CREATE FUNCTION shown() RETURNS TABLE (query text, answer text) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH query IN ARRAY ARRAY[
        'SELECT g, r, count(*) AS n FROM z WHERE k = 0 GROUP BY 1, 2',
        'SELECT g, r, count(*) AS n FROM z WHERE k = 1 GROUP BY 1, 2',
        'SELECT abs(g) AS g, count(*) AS n FROM z WHERE k IN (0, 1, 3) GROUP BY 1',
        'SELECT k, r, g, count(*) AS n FROM z WHERE k < 3 GROUP BY 1, 2, 3',
        'SELECT k, - g AS g, count(*) AS n FROM z WHERE k < 2 GROUP BY 1, 2',
        'SELECT k, g + k AS g, count(*) AS n FROM z WHERE k <> 3 GROUP BY 1, 2',
        'SELECT DISTINCT r FROM z WHERE k IN (0, 2)',
        'SELECT DISTINCT g, k % 4 AS k FROM z WHERE k < 2',
        'SELECT abs(g) AS g, n FROM (SELECT g, count(*) AS n FROM z WHERE k = 3 GROUP BY 1) q',
        'SELECT k, g::text AS g, n FROM (SELECT k, g, count(DISTINCT r) AS n FROM z WHERE k < 2 GROUP BY 1, 2) q WHERE g = 0'
    ] LOOP
        EXECUTE format('SELECT string_agg(q::text, '' '' ORDER BY q::text COLLATE "C") FROM (%s) q', query) INTO answer;
        RETURN NEXT;
    END LOOP;
END
$$;
CREATE TABLE hot AS SELECT * FROM shown();
SELECT * FROM shown();
CALL footfall.seal('z');
SELECT query, answer FROM shown() EXCEPT SELECT query, answer FROM hot;
-- groups' states travel from workers
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT query, answer FROM shown() EXCEPT SELECT query, answer FROM hot;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- and to disk
INSERT INTO z SELECT 10 + i, '-0', '-0' FROM generate_series(1, 30000) i;
CALL footfall.seal('z');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT min(n), max(n), count(*) FROM (SELECT k, g, r, count(*) AS n FROM z WHERE k > 9 GROUP BY 1, 2, 3 OFFSET 0) q WHERE g::text = '-0' AND r::text = '-0';
\set VERBOSITY terse
DROP SCHEMA zeros CASCADE;
