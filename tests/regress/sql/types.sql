-- Every kind of type, NULLs and the odd values included, comes back as it went in: hot, sealed, compacted, with its
-- column dropped or added.
CREATE SCHEMA types;
SET search_path = types, public;
SET client_min_messages = warning;
SET extra_float_digits = 1;
SET timezone = 'UTC';

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);

CREATE TABLE original (
    id int, c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8, c_float4 float4, c_float8 float8,
    c_numeric numeric, c_money numeric(12, 2), c_text text, c_varchar varchar(20), c_char char(8), c_name name,
    c_qchar "char", c_bytea bytea, c_date date, c_time time, c_timetz timetz, c_timestamp timestamp,
    c_timestamptz timestamptz, c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb, c_inet inet, c_cidr cidr,
    c_macaddr macaddr, c_bit bit(5), c_varbit varbit, c_oid oid, c_mood mood, c_pair pair, c_positive positive,
    c_ints int[], c_texts text[], c_matrix int[], c_range int4range, c_tsrange tstzrange, c_multi int4multirange,
    c_point point, c_box box, c_tsvector tsvector, c_xid xid, c_lsn pg_lsn, c_tid tid, c_regclass regclass,
    c_generated int GENERATED ALWAYS AS (id * 2) STORED);

INSERT INTO original (id) VALUES (0);
INSERT INTO original VALUES
    (1, true, -32768, -2147483648, -9223372036854775808, '-Infinity', '-Infinity', 'NaN', -9999999999.99, '', '', '', '',
     '', '', '-infinity', '00:00', '00:00+15:59', '-infinity', '-infinity', '-178000000 years', '00000000-0000-0000-0000-000000000000',
     'null', 'null', '0.0.0.0/0', '0.0.0.0/0', '00:00:00:00:00:00', '00000', '', 0, 'sad', '(,)', 1, '{}', '{}', '{}', 'empty',
     'empty', '{}', '(0,0)', '(0,0),(0,0)', '', '0', '0/0', '(0,0)', 0),
    (2, false, 32767, 2147483647, 9223372036854775807, 'Infinity', 'Infinity', 'Infinity', 9999999999.99, 'é日本🛒', 'tab	x',
     'pad', 'a name', 'z', '\x00ff00', 'infinity', '24:00', '24:00-15:59', 'infinity', 'infinity', '178000000 years',
     'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"a": [1, 2, {"b": null}]}', '{"a": [1, 2, {"b": null}], "x": 1.50}',
     'ffff::1/64', 'fe80::/10', 'ff:ff:ff:ff:ff:ff', '11111', '1010101010101', 4294967295, 'happy', '(7,"a ""quoted"" text")', 2147483647,
     '{1,NULL,3}', '{"", NULL, "NULL", "a,b"}', '[2:3][-1:0]={{1,2},{3,NULL}}', '(,5)', '[2026-01-01,)', '{[1,3),[7,9)}',
     '(1.5,-2.5)', '(3,4),(1,2)', 'a:1 fat:2,4A', '4294967295', 'FFFFFFFF/FFFFFFFF', '(4294967295,65535)', 'pg_class'::regclass),
    (3, NULL, 0, 0, 0, 'NaN', 'NaN', '-Infinity', 0, repeat('long text ', 3000), 'x', 'x', 'x', 'x', decode(repeat('ab', 20000), 'hex'),
     '4713-01-01 BC', '12:34:56.789012', '12:34:56.789012+02', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '1 month -1 day 00:00:01',
     '12345678-1234-5678-1234-567812345678', '[]', to_jsonb(repeat('j', 5000)), '10.1.2.3', '10.1.0.0/16', '01:02:03:04:05:06', '10101', '1', 1, 'ok',
     NULL, NULL, '{1,2,3}', '{a}', '{{1}}', '[1,10)', NULL, '{(,)}', '(NaN,Infinity)', '(1,1),(0,0)', 'x', '1', '1/1', '(1,1)', NULL),
    (4, true, 0, 0, 0, '-0', '-0', '-0.000', -0.01, ' ', ' ', ' ', ' ', ' ', '\x00', '5874897-12-31', '23:59:59.999999', '00:00:00.000001-03:30',
     '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '-1 microsecond', NULL, '{ "spaces"  :  "kept" }', '[]', '::', '::/0', NULL,
     NULL, NULL, NULL, NULL, '(1,x)', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO original (id, c_numeric, c_float8, c_text)
VALUES (5, 1e-16383, 1e-323, E'\u0001\b\f\n\r\t\\'), (6, 1e131071, 1.7976931348623157e308, 'x'), (7, 1.10, 0.1, NULL), (8, 1.1000, 0.30000000000000004, 'y'),
    (9, 123456789012345678901234567890.123456789, 1e22, 'z');
-- and many ordinary ones
INSERT INTO original (id, c_bool, c_int2, c_int4, c_int8, c_float4, c_float8, c_numeric, c_money, c_text, c_varchar, c_char,
    c_date, c_timestamp, c_timestamptz, c_uuid, c_jsonb, c_inet, c_mood, c_ints, c_interval)
SELECT i, i % 2 = 0, i % 1000, i * 7, i::int8 * 1000000007, i * 0.25, i / 3.0, i * 1.01, i % 97 + 0.99,
    CASE WHEN i % 10 = 0 THEN NULL ELSE 'product ' || i % 30 END, 'v' || i % 5, 'c' || i % 3,
    date '2026-01-01' + i % 365, timestamp '2026-01-01' + i * interval '1 second', timestamptz '2026-01-01 00:00+00' + i * interval '1 ms',
    md5(i::text)::uuid, jsonb_build_object('n', i, 'tags', jsonb_build_array('a', i % 7)), ('10.0.' || i % 256 || '.' || i % 250)::inet,
    (ARRAY['sad', 'ok', 'happy', NULL])[1 + i % 4]::mood, ARRAY[i, NULL, i % 3], i * interval '1 hour'
FROM generate_series(100, 2600) i;

CREATE TABLE stored (LIKE original INCLUDING GENERATED) USING footfall;
CREATE FUNCTION reload() RETURNS void LANGUAGE plpgsql AS $$
DECLARE columns text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
    WHERE attrelid = 'types.original'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO types.stored (%1$s) SELECT %1$s FROM types.original', columns);
END
$$;
SELECT reload();
SELECT * FROM "check".differences('original', 'stored');
CALL footfall.seal('stored');
SELECT "check".stores('stored'), d.* FROM "check".differences('original', 'stored') d;
CALL footfall.compact('stored');
SELECT "check".stores('stored'), d.* FROM "check".differences('original', 'stored') d;
SELECT id, c_float4, c_float8, left(c_numeric::text, 50) AS c_numeric, scale(c_numeric), c_timestamp, c_interval, c_generated FROM stored WHERE id < 10 ORDER BY id;
SELECT id, length(c_text), md5(c_text), length(c_bytea), length(c_jsonb::text) FROM stored WHERE id < 10 ORDER BY id;
SELECT id, c_qchar, c_bit, c_mood, c_pair, (c_pair).y, c_ints, c_matrix, c_matrix[2][-1], c_multi FROM stored WHERE id < 5 ORDER BY id;

-- sealed rows take part in comparisons, sorting, grouping and joins like any
SELECT count(*) FROM stored s JOIN original o ON o.c_uuid = s.c_uuid AND o.c_timestamptz = s.c_timestamptz;
SELECT c_mood, count(*), sum(c_money), avg(c_int8), min(c_text), max(c_varchar) FROM stored GROUP BY c_mood ORDER BY c_mood;
SELECT count(*) FROM stored WHERE c_jsonb @> '{"tags": [3]}';
SELECT count(*) FROM stored WHERE c_text IS NULL;
SELECT id FROM stored ORDER BY c_float8 DESC NULLS LAST, id LIMIT 4;

-- changed values, too
UPDATE stored SET c_text = repeat('changed', 2000), c_numeric = 1.500, c_ints = '{9}' WHERE id % 100 = 1;
UPDATE original SET c_text = repeat('changed', 2000), c_numeric = 1.500, c_ints = '{9}' WHERE id % 100 = 1;
SELECT * FROM "check".differences('original', 'stored');
CALL footfall.seal('stored');
CALL footfall.compact('stored');
SELECT * FROM "check".differences('original', 'stored');

-- without columns, with one, with very many
CREATE TABLE nothing () USING footfall;
INSERT INTO nothing DEFAULT VALUES;
INSERT INTO nothing DEFAULT VALUES;
CALL footfall.seal('nothing');
INSERT INTO nothing DEFAULT VALUES;
SELECT count(*) FROM nothing;
DO $$
BEGIN
    EXECUTE (SELECT 'CREATE TABLE wide (' || string_agg(format('c%s int', i), ', ') || ') USING footfall' FROM generate_series(1, 1500) i);
END
$$;
INSERT INTO wide (c1, c750, c1500) SELECT i, i * 2, i * 3 FROM generate_series(1, 20) i;
CALL footfall.seal('wide');
SELECT sum(c1), sum(c750), sum(c1500), count(c2) FROM wide;
-- only NULLs, only one value
CREATE TABLE constant (a int, b text, c numeric) USING footfall;
INSERT INTO constant SELECT NULL, 'same', 1.5 FROM generate_series(1, 5000);
CALL footfall.seal('constant');
SELECT count(*), count(a), min(b), max(b), sum(c) FROM constant;

SELECT "check".verified('stored');
DROP SCHEMA types CASCADE;
