-- Partitions that parameters and functions such as now() rule out are left out when a plan starts.
CREATE SCHEMA partition_start;
SET search_path = partition_start, public;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
CREATE TABLE h (customer_id bigint NOT NULL, ts timestamptz, amount int);
CREATE TABLE p (LIKE h) PARTITION BY RANGE (ts);
SELECT format('CREATE TABLE p%s PARTITION OF p FOR VALUES FROM (%L) TO (%L) USING footfall', d, timestamptz '2026-01-01' + d * interval '1 day',
    timestamptz '2026-01-02' + d * interval '1 day') FROM generate_series(0, 9) d \gexec
CREATE TABLE early PARTITION OF p FOR VALUES FROM (MINVALUE) TO ('2026-01-01') USING footfall;
CREATE TABLE late (gone int, amount int, ts timestamptz, customer_id bigint NOT NULL) USING footfall;
ALTER TABLE late DROP COLUMN gone;
ALTER TABLE p ATTACH PARTITION late FOR VALUES FROM ('2026-01-20') TO (MAXVALUE);
CREATE TABLE rest PARTITION OF p DEFAULT USING footfall;
SELECT footfall.configure(oid, order_by => ARRAY['customer_id', 'ts']) FROM pg_class WHERE relnamespace = 'partition_start'::regnamespace AND relkind = 'r' AND relname <> 'h';
INSERT INTO h SELECT i % 50, timestamptz '2025-12-31' + i * interval '10 minutes', i FROM generate_series(0, 4000) i;
INSERT INTO h VALUES (7, NULL, 1), (8, 'infinity', 2), (9, '-infinity', 3), (10, '2026-01-03', 4);
INSERT INTO p SELECT * FROM h;
CALL footfall.seal('p1');
CALL footfall.seal('p3');
CALL footfall.seal('rest');
ANALYZE;
SET footfall.require_vectorized = on;
SET plan_cache_mode = force_generic_plan;

-- What EXPLAIN says of the partitions, and whether the rows are those of the heap; the parameters' types and values are given.
CREATE FUNCTION removed(query text, types text, parameters text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE
    answers text[];
    answer text;
    "table" text;
BEGIN
    FOREACH "table" IN ARRAY ARRAY['p', 'h'] LOOP
        EXECUTE format('PREPARE asked (%s) AS SELECT string_agg(q::text, '' '' ORDER BY q::text COLLATE "C") FROM (%s) q', types, replace(query, '%t', "table"));
        EXECUTE format('EXECUTE asked (%s)', parameters) INTO answer;
        answers := answers || answer;
        IF "table" = 'p' THEN
            FOR line IN EXECUTE format('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE asked (%s)', parameters) LOOP
                IF line ~ 'Partitions' THEN line := btrim(line); RETURN NEXT; END IF;
            END LOOP;
        END IF;
        DEALLOCATE asked;
    END LOOP;
    line := answers[1] IS NOT DISTINCT FROM answers[2];
    RETURN NEXT;
END
$$;
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', '''2026-01-09''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts > $1', 'timestamptz', '''2026-01-08 23:59:59.999999''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts < $1', 'timestamptz', '''2026-01-03''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts <= $1', 'timestamptz', '''2026-01-03''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts = $1', 'timestamptz', '''2026-01-03''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts = ANY ($1)', 'timestamptz[]', '''{2026-01-03,2026-01-05 00:10,NULL}''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1 AND ts < $2 AND amount > $3', 'timestamptz, timestamptz, int', '''2026-01-03'', ''2026-01-05'', 3');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1 OR amount < $2', 'timestamptz, int', '''2026-01-03'', 3');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', 'NULL');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', '''infinity''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts <= $1', 'timestamptz', '''-infinity''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= now() - now() + timestamptz ''2026-01-09''', 'int', '0');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts IS NULL AND amount <> $1', 'int', '0');
-- streamed, in order, and joined
SELECT removed('SELECT customer_id, footfall.window_funnel(interval ''1 day'', ts, amount % 2 = 0, amount % 3 = 0) AS level FROM %t WHERE ts >= $1 GROUP BY 1', 'timestamptz', '''2026-01-09''');
PREPARE asked (timestamptz) AS SELECT sum(level), count(*) FROM (SELECT customer_id, footfall.window_funnel(interval '1 day', ts, amount % 2 = 0, amount % 3 = 0) AS level FROM p WHERE ts >= $1 GROUP BY 1) q;
EXECUTE asked ('2026-01-09');
SELECT sum(level), count(*) FROM (SELECT customer_id, footfall.window_funnel(interval '1 day', ts, amount % 2 = 0, amount % 3 = 0) AS level FROM p WHERE ts >= '2026-01-09' GROUP BY 1) q;
DEALLOCATE asked;
SELECT removed('SELECT customer_id, ts, row_number() OVER (PARTITION BY customer_id ORDER BY ts, amount) FROM %t WHERE ts >= $1', 'timestamptz', '''2026-01-09''');
SELECT removed('SELECT q.g, count(*) FROM %t JOIN (SELECT DISTINCT g FROM generate_series(1, 9) g) q ON customer_id = q.g WHERE ts < $1 GROUP BY 1', 'timestamptz', '''2026-01-02''');
-- for each outer row anew, and where a sub-query gives the value
SELECT removed('SELECT d, (SELECT count(*) FROM %t WHERE ts < d) AS n FROM generate_series($1, timestamptz ''2026-01-07'', interval ''1 day'') d', 'timestamptz', '''2026-01-03''');
SELECT removed('SELECT count(*) FROM %t WHERE ts >= (SELECT $1 + interval ''1 day'')', 'timestamptz', '''2026-01-03''');
-- in parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', '''2026-01-09''');
SELECT removed('SELECT customer_id, count(*) AS n FROM %t WHERE ts >= $1 GROUP BY 1', 'timestamptz', '''2026-01-09''');
-- over the levels of a tree: ranges, hashes, lists, ranges below these, with columns in another order
CREATE TABLE g (customer_id bigint NOT NULL, ts timestamptz NOT NULL, amount int NOT NULL);
CREATE TABLE t (LIKE g) PARTITION BY RANGE (ts);
CREATE TABLE t_old PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2026-01-01') USING footfall;
CREATE TABLE t_new (amount int NOT NULL, gone int, ts timestamptz NOT NULL, customer_id bigint NOT NULL) PARTITION BY HASH (customer_id);
ALTER TABLE t_new DROP COLUMN gone;
ALTER TABLE t ATTACH PARTITION t_new FOR VALUES FROM ('2026-01-01') TO ('2026-01-10');
SELECT format('CREATE TABLE t_new%s PARTITION OF t_new FOR VALUES WITH (MODULUS 4, REMAINDER %s) USING footfall', r, r) FROM generate_series(0, 2) r \gexec
CREATE TABLE t_new3 (customer_id bigint NOT NULL, amount int NOT NULL, ts timestamptz NOT NULL) PARTITION BY RANGE (amount);
ALTER TABLE t_new ATTACH PARTITION t_new3 FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE TABLE t_new3_small PARTITION OF t_new3 FOR VALUES FROM (0) TO (500) USING footfall;
CREATE TABLE t_new3_rest PARTITION OF t_new3 DEFAULT USING footfall;
CREATE TABLE t_list PARTITION OF t FOR VALUES FROM ('2026-01-10') TO ('2026-01-20') PARTITION BY LIST (customer_id);
CREATE TABLE t_list7 PARTITION OF t_list FOR VALUES IN (7) USING footfall;
CREATE TABLE t_list_rest PARTITION OF t_list DEFAULT USING footfall;
CREATE TABLE t_rest PARTITION OF t DEFAULT PARTITION BY RANGE (ts);
CREATE TABLE t_rest_far PARTITION OF t_rest FOR VALUES FROM ('2026-01-25') TO (MAXVALUE) USING footfall;
CREATE TABLE t_rest_rest PARTITION OF t_rest DEFAULT USING footfall;
SELECT footfall.configure(oid, order_by => ARRAY['customer_id', 'ts']) FROM pg_class WHERE relname LIKE 't\_%' AND relnamespace = 'partition_start'::regnamespace AND relkind = 'r';
INSERT INTO g SELECT i % 50, timestamptz '2025-12-31' + i * interval '10 minutes', i FROM generate_series(0, 4000) i;
INSERT INTO t SELECT * FROM g;
CALL footfall.seal('t_new1');
ANALYZE t, g;
SET max_parallel_workers_per_gather = 0;
ALTER FUNCTION removed RENAME TO removed_of_p;
SELECT replace(pg_get_functiondef('removed_of_p'::regproc), '''p''', '''t''') AS definition \gset
SELECT replace(replace(:'definition', 'removed_of_p', 'removed'), '''h''', '''g''') AS definition \gset
:definition;
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', '''2026-01-05''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts < $1', 'timestamptz', '''2026-01-05''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', '''2026-01-26''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id = $1', 'bigint', '7');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id = $1', 'int', '8');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id = ANY ($1)', 'bigint[]', '''{7,8,NULL}''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id >= $1', 'bigint', '7');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE amount >= $1', 'int', '500');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE amount < $1', 'int', '500');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id = $1 AND ts >= $2 AND ts < $3', 'bigint, timestamptz, timestamptz', '9, ''2026-01-03'', ''2026-01-05''');
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id = $1', 'bigint', 'NULL');
SELECT removed('SELECT g, (SELECT count(*) FROM %t WHERE customer_id = g) AS n FROM generate_series($1, 12) g', 'int', '9');
-- every value's rows are found, whatever the type that is hashed
SET max_parallel_workers_per_gather = 0;
CREATE TABLE d (day date, small smallint, middle int, moment timestamp) PARTITION BY HASH (day);
SELECT format('CREATE TABLE d%s PARTITION OF d FOR VALUES WITH (MODULUS 3, REMAINDER %s) PARTITION BY HASH (%s)', r, r, (ARRAY['small', 'middle', 'moment'])[r + 1]) FROM generate_series(0, 2) r \gexec
SELECT format('CREATE TABLE d%s_%s PARTITION OF d%s FOR VALUES WITH (MODULUS 2, REMAINDER %s) USING footfall', a, b, a, b) FROM generate_series(0, 2) a, generate_series(0, 1) b \gexec
INSERT INTO d SELECT date '2026-01-01' + i, i - 30, i - 30, timestamp '2026-01-01' + i * interval '1 hour' FROM generate_series(0, 60) i;
CREATE FUNCTION missing() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c bigint;
    of_day date;
    of_small smallint;
    of_moment timestamp;
    n int[];
BEGIN
    FOR c IN 0..51 LOOP
        SELECT array_agg(q.count) INTO n FROM (SELECT count(*) FROM t WHERE customer_id = c UNION ALL SELECT count(*) FROM g WHERE customer_id = c) q;
        IF n[1] <> n[2] THEN RETURN NEXT c; END IF;
    END LOOP;
    FOR c IN 0..60 LOOP
        of_day := date '2026-01-01' + c::int;
        of_small := c - 30;
        of_moment := timestamp '2026-01-01' + c * interval '1 hour';
        n := NULL;
        SELECT n || count(*)::int INTO n FROM d WHERE day = of_day;
        SELECT n || count(*)::int INTO n FROM d WHERE small = of_small;
        SELECT n || count(*)::int INTO n FROM d WHERE small = c - 30;
        SELECT n || count(*)::int INTO n FROM d WHERE middle = of_small;
        SELECT n || count(*)::int INTO n FROM d WHERE moment = of_moment;
        IF n <> '{1,1,1,1,1}' THEN RETURN NEXT c || ': ' || n::text; END IF;
    END LOOP;
END
$$;
SELECT * FROM missing();
SELECT count(*) FROM d WHERE small = 1000000;
SELECT removed('SELECT customer_id, ts, row_number() OVER (PARTITION BY customer_id ORDER BY ts, amount) FROM %t WHERE customer_id = $1', 'bigint', '9');
SELECT removed('SELECT customer_id, footfall.window_funnel(interval ''1 day'', ts, amount % 2 = 0, amount % 3 = 0) AS level FROM %t WHERE customer_id = $1 GROUP BY 1', 'bigint', '9');
-- inside a sub-query of a larger query, and in workers
SELECT removed('SELECT q.n, d FROM (SELECT count(*) AS n FROM %t WHERE customer_id = $1 AND ts >= $2) q, generate_series(1, 2) d', 'bigint, timestamptz', '9, ''2026-01-03''');
SET max_parallel_workers_per_gather = 2;
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE customer_id = $1 AND ts >= $2', 'bigint, timestamptz', '9, ''2026-01-03''');
DROP FUNCTION removed;
ALTER FUNCTION removed_of_p RENAME TO removed;
-- not where PostgreSQL is told not to
SET max_parallel_workers_per_gather = 0;
SET enable_partition_pruning = off;
SELECT removed('SELECT count(*), sum(amount) FROM %t WHERE ts >= $1', 'timestamptz', '''2026-01-09''');
RESET enable_partition_pruning;
-- Another class of operators has another order: of such keys nothing is known.
CREATE FUNCTION descending(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT btint4cmp($2, $1)';
CREATE OPERATOR CLASS int4_descending FOR TYPE int USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 descending(int, int);
CREATE TABLE listed (k int) PARTITION BY LIST (k int4_descending);
CREATE TABLE listed_1 PARTITION OF listed FOR VALUES IN (1, 5) USING footfall;
CREATE TABLE listed_2 PARTITION OF listed FOR VALUES IN (2, 3) USING footfall;
INSERT INTO listed VALUES (1), (5), (5), (2), (3);
CREATE TABLE ranged (k int) PARTITION BY RANGE (k int4_descending);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (10) TO (5) USING footfall;
CREATE TABLE ranged_2 PARTITION OF ranged FOR VALUES FROM (5) TO (0) USING footfall;
INSERT INTO ranged SELECT generate_series(1, 10);
SELECT (SELECT count(*) FROM listed WHERE k = 5), (SELECT count(*) FROM listed WHERE k >= 3),
       (SELECT count(*) FROM ranged WHERE k = 8), (SELECT count(*) FROM ranged WHERE k <= 6);
-- What cannot tell partitions apart is not computed where there is no row.
CREATE TABLE none (k int) PARTITION BY HASH (k);
CREATE TABLE none_0 PARTITION OF none FOR VALUES WITH (MODULUS 2, REMAINDER 0) USING footfall;
CREATE TABLE none_1 PARTITION OF none FOR VALUES WITH (MODULUS 2, REMAINDER 1) USING footfall;
SET plan_cache_mode = force_generic_plan;
PREPARE divided (int) AS SELECT count(*) FROM none WHERE k < 1 / $1;
EXECUTE divided (0);
\set VERBOSITY terse
DROP SCHEMA partition_start CASCADE;
