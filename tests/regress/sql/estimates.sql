-- What the planner expects of footfall tables, and what it chooses.
CREATE SCHEMA estimates;
SET search_path = estimates, public;
-- the node that reads or aggregates, whether workers do, and whether the rows expected are within a
-- factor of 3 of the rows that come
CREATE FUNCTION planned(query text, OUT node text, OUT workers boolean, OUT rows_known boolean) LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    found bigint;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    EXECUTE 'SELECT count(*) FROM (' || query || ') q' INTO found;
    node := coalesce(plan->0->'Plan'->>'Custom Plan Provider', plan->0->'Plan'->>'Node Type');
    workers := plan::text LIKE '%Workers Planned%';
    rows_known := (plan->0->'Plan'->>'Plan Rows')::numeric BETWEEN found / 3.0 AND found * 3.0;
END
$$;
CREATE TABLE ev (customer bigint, ts timestamptz, kind text, price float8, note text) PARTITION BY RANGE (ts);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-01-08 00:00+00') USING footfall;
CREATE TABLE ev_2 PARTITION OF ev FOR VALUES FROM ('2026-01-08 00:00+00') TO ('2026-01-15 00:00+00') USING footfall;
SELECT footfall.configure('ev', order_by => '{customer,ts}');
INSERT INTO ev
SELECT i::bigint * 7919 % 40000, timestamptz '2026-01-01 00:00+00' + i * interval '3 seconds', 'kind ' || i % 7, i % 1000,
       md5(i::text)
FROM generate_series(1, 400000) i;
CALL footfall.seal('ev_1');
CALL footfall.seal('ev_2');
CALL footfall.compact('ev_1');
CALL footfall.compact('ev_2');
-- autovacuum analyzes the partitions, nothing the tree
ANALYZE ev_1;
ANALYZE ev_2;
SELECT * FROM planned('SELECT customer, count(*) FROM ev GROUP BY customer');
SELECT * FROM planned('SELECT kind, count(*) FROM ev GROUP BY kind');
SELECT * FROM planned('SELECT customer FROM ev WHERE customer = 17');
-- workers for what takes long enough only
SET min_parallel_table_scan_size = '1MB';
SELECT * FROM planned('SELECT kind, sum(length(note) * price), sum(length(note || kind)), avg(price), max(note COLLATE "C"), stddev(price * 2 + 1), corr(price * 3, customer), sum((price + 1) * (price + 2)), sum((price + 3) * (price + 4)), sum((customer + 1) * 2) FROM ev GROUP BY kind');
SELECT * FROM planned('SELECT count(*), sum(price) FROM ev WHERE customer = 17');
SELECT * FROM planned('SELECT count(*), sum(price) FROM ev WHERE kind = ''kind 1''');
-- what PostgreSQL itself must compute is fast when FootfallScan reads the rows
SET footfall.require_vectorized = on;
SELECT kind, array_agg(DISTINCT customer % 2 ORDER BY customer % 2), percentile_disc(0.5) WITHIN GROUP (ORDER BY price) FROM ev WHERE customer < 4 GROUP BY kind ORDER BY kind;
EXPLAIN (COSTS off) SELECT array_agg(customer) FROM ev WHERE customer < 4;
SET footfall.enable_scan = off;
SELECT array_agg(customer) FROM ev WHERE customer < 4;
DROP SCHEMA estimates CASCADE;
