-- Looking at footfall tables: what is stored where, whether it is intact, what is set.

CREATE FUNCTION footfall.storage(
    relation pg_catalog.regclass,
    OUT relation pg_catalog.regclass,
    OUT hot_rows pg_catalog.int8,
    OUT sealed_rows pg_catalog.int8,
    OUT cold_rows pg_catalog.int8,
    OUT deleted_rows pg_catalog.int8,
    OUT segments pg_catalog.int8,
    OUT hot_bytes pg_catalog.int8,
    OUT sealed_bytes pg_catalog.int8,
    OUT cold_bytes pg_catalog.int8,
    OUT raw_bytes pg_catalog.int8,
    OUT ratio pg_catalog.numeric)
    RETURNS SETOF pg_catalog.record
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100 AS 'MODULE_PATHNAME', 'footfall_storage';
COMMENT ON FUNCTION footfall.storage(pg_catalog.regclass) IS
    'A row per leaf partition: live rows in the hot store, in segments and in archives, deleted rows still stored, bytes of the three stores, bytes of the values in segments and how many times smaller they are stored. For those who may read the table. Example: SELECT * FROM footfall.storage(''events'')';

CREATE FUNCTION footfall.verify(
    relation pg_catalog.regclass,
    OUT relation pg_catalog.regclass,
    OUT segment pg_catalog.int4,
    OUT attribute pg_catalog.name,
    OUT problem pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10 AS 'MODULE_PATHNAME', 'footfall_verify';
COMMENT ON FUNCTION footfall.verify(pg_catalog.regclass) IS
    'Reads a table and its partitions whole and returns a row per problem: damaged chunks, wrong counts, bounds or order, tombstones of rows that do not exist, unreadable hot rows. No row means that all is well. For the owner and pg_read_all_data. Example: SELECT * FROM footfall.verify(''events'')';

-- What the views below show of one table. Only the owner is told.
CREATE FUNCTION footfall.segment_list(
    relation pg_catalog.regclass,
    OUT segment pg_catalog.int4,
    OUT rows pg_catalog.int8,
    OUT deleted_rows pg_catalog.int8,
    OUT level pg_catalog.text,
    OUT raw_bytes pg_catalog.int8,
    OUT stored_bytes pg_catalog.int8,
    OUT key_from pg_catalog.text,
    OUT key_to pg_catalog.text,
    OUT time_from pg_catalog.text,
    OUT time_to pg_catalog.text)
    RETURNS SETOF pg_catalog.record
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 100 AS 'MODULE_PATHNAME', 'footfall_segment_list';
COMMENT ON FUNCTION footfall.segment_list(pg_catalog.regclass) IS
    'The segments of one table, as footfall.segments shows them. For the owner. Example: SELECT * FROM footfall.segment_list(''events_2026_01'')';

CREATE FUNCTION footfall.segment_totals(
    relation pg_catalog.regclass,
    OUT segments pg_catalog.int8,
    OUT raw_bytes pg_catalog.int8,
    OUT cold_segments pg_catalog.int8,
    OUT cold_rows pg_catalog.int8,
    OUT cold_bytes pg_catalog.int8)
    RETURNS SETOF pg_catalog.record
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED ROWS 1 AS 'MODULE_PATHNAME', 'footfall_segment_totals';
COMMENT ON FUNCTION footfall.segment_totals(pg_catalog.regclass) IS
    'Number of segments of one table and bytes of the values in them, and what of them is in archives, as footfall.tables shows them. For the owner. Example: SELECT * FROM footfall.segment_totals(''events_2026_01'')';

-- Views over footfall's own tables, which PUBLIC cannot read. Each shows what belongs to the current user, to roles the
-- user is a member of, and everything to superusers.

CREATE VIEW footfall.settings WITH (security_barrier) AS
SELECT s.relation AS relation, s.name AS setting, s.value AS value
FROM footfall.setting s
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) s.relation
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW footfall.settings IS
    'What footfall.configure has set for your tables; partitions inherit. Example: SELECT * FROM footfall.settings WHERE relation = ''events''::regclass';

CREATE VIEW footfall.tables WITH (security_barrier) AS
SELECT c.oid::pg_catalog.regclass AS relation,
    pg_catalog.pg_partition_root(c.oid) AS partition_of,
    pg_catalog.pg_get_userbyid(c.relowner) AS owner,
    s.segments AS segments,
    pg_catalog.pg_total_relation_size(c.oid) OPERATOR(pg_catalog.-)
        COALESCE(pg_catalog.pg_total_relation_size(c.reltoastrelid), 0) AS hot_bytes,
    COALESCE(pg_catalog.pg_total_relation_size(c.reltoastrelid), 0) AS sealed_bytes,
    s.raw_bytes AS raw_bytes,
    s.cold_segments AS cold_segments,
    s.cold_rows AS cold_rows,
    s.cold_bytes AS cold_bytes,
    footfall.order_key(c.oid::pg_catalog.regclass) AS order_key
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam
CROSS JOIN LATERAL footfall.segment_totals(c.oid::pg_catalog.regclass) s
WHERE a.amname OPERATOR(pg_catalog.=) 'footfall'
    AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog."char"[])
    AND pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW footfall.tables IS
    'Your footfall tables and partitions: owner, segments, bytes of hot rows and of segments, what is in archives, the order key in force. Counts no hot rows; footfall.storage does. Example: SELECT * FROM footfall.tables ORDER BY sealed_bytes DESC';

CREATE VIEW footfall.segments WITH (security_barrier) AS
SELECT c.oid::pg_catalog.regclass AS relation,
    g.segment AS segment,
    g.rows AS rows,
    g.deleted_rows AS deleted_rows,
    g.level AS level,
    g.raw_bytes AS raw_bytes,
    g.stored_bytes AS stored_bytes,
    CASE WHEN g.stored_bytes OPERATOR(pg_catalog.>) 0 THEN
        pg_catalog.round(g.raw_bytes::pg_catalog.numeric OPERATOR(pg_catalog./)
            g.stored_bytes::pg_catalog.numeric, 2) END AS ratio,
    g.key_from AS key_from,
    g.key_to AS key_to,
    g.time_from AS time_from,
    g.time_to AS time_to
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam
CROSS JOIN LATERAL footfall.segment_list(c.oid::pg_catalog.regclass) g
WHERE a.amname OPERATOR(pg_catalog.=) 'footfall'
    AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'm']::pg_catalog."char"[])
    AND pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW footfall.segments IS
    'The segments of your footfall tables: live and deleted rows, how they came to be (loaded, sealed, compacted), bytes of the values and bytes stored, the range of the first column of the order key and of the time column. Example: SELECT level, count(*), sum(rows) FROM footfall.segments WHERE relation = ''events''::regclass GROUP BY level';

GRANT SELECT ON footfall.settings, footfall.tables, footfall.segments TO PUBLIC;
