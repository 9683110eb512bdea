-- Clocks that change within a quarter of an hour of UTC: dates, hours and days are the heap's.
CREATE SCHEMA zone_changes;
SET search_path = zone_changes, public;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE changes (zone text, at timestamptz);
INSERT INTO changes VALUES
    ('Africa/Sao_Tome', '1883-12-31 23:33:04+00'),  -- back by more than an hour, from midnight to the same hour's end
    ('America/Anchorage', '1867-10-19 14:31:37+00'),
    ('Asia/Manila', '1844-12-31 16:04:00+00'),
    ('Europe/Amsterdam', '1937-06-30 22:40:28+00'),
    ('Europe/Berlin', '1893-03-31 23:06:32+00'),
    ('Africa/Monrovia', '1972-01-07 00:44:30+00'),
    -- every year, and with a name that is an abbreviation, too
    ('AAA0BBB,M3.2.0/02:07:30,M11.1.0/02:03:20', '2026-03-08 02:07:30+00'),
    ('AAA0BBB,M3.2.0/02:07:30,M11.1.0/02:03:20', '2026-11-01 01:03:20+00'),
    ('AAA0BBB-0:10,M3.2.0/23:55:30,M11.1.0/00:05:20', '2026-11-01 00:00:00+00'),
    ('EST', '1883-11-18 17:00:00+00');
CREATE TABLE h AS SELECT DISTINCT c.at + i * interval '7.3 seconds' AS ts FROM changes c, generate_series(-400, 400) i;
CREATE TABLE f (LIKE h) USING footfall;
INSERT INTO f SELECT * FROM h;
SET footfall.require_vectorized = on;

-- Expressions of which the heap's groups are others.
CREATE FUNCTION different() RETURNS TABLE (zone text, expression text) LANGUAGE plpgsql AS $$
DECLARE
    same bool;
BEGIN
    FOR zone IN SELECT DISTINCT c.zone FROM changes c ORDER BY 1 LOOP
        PERFORM set_config('timezone', zone, true);
        FOREACH expression IN ARRAY ARRAY['extract(hour FROM ts)', 'extract(day FROM ts)', 'date_part(''dow'', ts)', 'ts::date',
                'date_trunc(''hour'', ts)', 'date_trunc(''day'', ts)', 'date_trunc(''year'', ts)', format('date_trunc(''hour'', ts, %L)', zone),
                format('date_trunc(''day'', ts, %L)', zone), format('(ts AT TIME ZONE %L)::date', zone),
                format('extract(hour FROM ts AT TIME ZONE %L)', zone)] LOOP
            EXECUTE format('SELECT (SELECT array_agg(q ORDER BY q) FROM (SELECT %1$s AS k, count(*), min(ts), max(ts) FROM f GROUP BY 1) q)
                = (SELECT array_agg(q ORDER BY q) FROM (SELECT %1$s AS k, count(*), min(ts), max(ts) FROM h GROUP BY 1) q)', expression) INTO same;
            IF same IS NOT TRUE THEN
                RETURN NEXT;
            END IF;
        END LOOP;
    END LOOP;
END
$$;
SELECT * FROM different();
CALL footfall.seal('f');
SELECT * FROM different();
-- abbreviations, and what is none
SET timezone = 'UTC';
INSERT INTO f SELECT timestamptz '1919-06-30 18:00+00' + i * interval '7.3 seconds' FROM generate_series(1, 7000) i;
INSERT INTO h SELECT * FROM f EXCEPT ALL SELECT * FROM h;
SELECT z, (SELECT array_agg(q ORDER BY q) FROM (SELECT date_trunc('hour', ts, 'MSK'), count(*) FROM f GROUP BY 1) q)
    = (SELECT array_agg(q ORDER BY q) FROM (SELECT date_trunc('hour', ts, 'MSK'), count(*) FROM h GROUP BY 1) q) AS same FROM (VALUES ('MSK')) v(z);
SELECT date_trunc('hour', ts, 'nowhere') FROM f WHERE ts IS NULL GROUP BY 1;
SELECT date_trunc('hour', ts, 'nowhere') FROM f GROUP BY 1;
-- one quarter alone, of which zone maps tell
SET timezone = 'Africa/Sao_Tome';
TRUNCATE f;
INSERT INTO f SELECT * FROM h WHERE ts >= '1883-12-31 23:30+00' AND ts < '1883-12-31 23:45+00';
CALL footfall.seal('f');
SELECT extract(hour FROM ts), count(*) FROM f GROUP BY 1 ORDER BY 1;
SELECT extract(hour FROM ts), count(*) FROM h WHERE ts >= '1883-12-31 23:30+00' AND ts < '1883-12-31 23:45+00' GROUP BY 1 ORDER BY 1;
\set VERBOSITY terse
DROP SCHEMA zone_changes CASCADE;
