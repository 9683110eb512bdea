-- footfall's own tables. They are written and read by the access method alone; people read them through views.
--
-- Rows are keyed by the OID of a table's TOAST relation ("storage"): it survives VACUUM FULL, SET TABLESPACE and
-- pg_upgrade, and changes exactly when ALTER TABLE rewrites a table. Replica identity NOTHING and undecoded inserts keep
-- the rows out of every publication. The unlogged twins hold the rows of temporary and unlogged tables, so that crash
-- recovery empties them together with the tables they describe.

-- A schema that was there before could belong to somebody who may then change what the access method trusts.
DO $$
BEGIN
    IF (SELECT n.nspowner OPERATOR(pg_catalog.<>) r.oid
        FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r
        WHERE n.nspname OPERATOR(pg_catalog.=) 'footfall' AND r.rolname OPERATOR(pg_catalog.=) CURRENT_USER) THEN
        RAISE EXCEPTION 'schema "footfall" exists and belongs to another role'
            USING ERRCODE = 'duplicate_schema', HINT = 'Drop or rename it, then run CREATE EXTENSION footfall again.';
    END IF;
END
$$;

GRANT USAGE ON SCHEMA footfall TO PUBLIC;

CREATE TABLE footfall.segment (
    storage pg_catalog.oid NOT NULL,
    number pg_catalog.int4 NOT NULL,
    rows pg_catalog.int4 NOT NULL,
    level pg_catalog.int2 NOT NULL,
    raw_bytes pg_catalog.int8 NOT NULL,
    stored_bytes pg_catalog.int8 NOT NULL,
    index_value pg_catalog.oid NOT NULL,
    index_bytes pg_catalog.int4 NOT NULL,
    attributes pg_catalog.int2[] NOT NULL,
    value_ids pg_catalog.oid[] NOT NULL,
    meta pg_catalog.bytea NOT NULL,
    archive_object pg_catalog.int8,
    row_group pg_catalog.int4,
    CONSTRAINT segment_pkey PRIMARY KEY (storage, number)
);

CREATE TABLE footfall.tombstone (
    storage pg_catalog.oid NOT NULL,
    segment pg_catalog.int4 NOT NULL,
    row_number pg_catalog.int4 NOT NULL,
    successor pg_catalog.tid,
    CONSTRAINT tombstone_pkey PRIMARY KEY (storage, segment, row_number)
);

-- A row per truncated storage: a snapshot older than it must see the table empty, as a heap is.
CREATE TABLE footfall.truncation (
    storage pg_catalog.oid NOT NULL,
    CONSTRAINT truncation_pkey PRIMARY KEY (storage)
);

-- Fast defaults (ALTER TABLE ADD COLUMN ... DEFAULT) that VACUUM FULL took from the table's own catalog entry while
-- segments without the column remain.
CREATE TABLE footfall.fast_default (
    storage pg_catalog.oid NOT NULL,
    attribute pg_catalog.int2 NOT NULL,
    value pg_catalog.bytea NOT NULL,
    CONSTRAINT fast_default_pkey PRIMARY KEY (storage, attribute)
);

CREATE UNLOGGED TABLE footfall.unlogged_segment (LIKE footfall.segment INCLUDING ALL);
CREATE UNLOGGED TABLE footfall.unlogged_tombstone (LIKE footfall.tombstone INCLUDING ALL);

-- Objects in archives: what is planned, what was uploaded, which of them hold segments' rows, and which are to leave.
-- storage 0: of a table that is gone.
CREATE TABLE footfall.archive_object (
    storage pg_catalog.oid NOT NULL,
    id pg_catalog.int8 NOT NULL,
    relation pg_catalog.regclass NOT NULL,
    root pg_catalog.regclass NOT NULL,
    server pg_catalog.text NOT NULL,
    folder pg_catalog.text NOT NULL,
    log pg_catalog.text NOT NULL,
    object_key pg_catalog.text NOT NULL,
    state pg_catalog.text NOT NULL,
    segments pg_catalog.int4[] NOT NULL,
    deleted pg_catalog.int4[] NOT NULL,
    fingerprints pg_catalog.int8[] NOT NULL,
    attributes pg_catalog.int2[] NOT NULL,
    rows pg_catalog.int8 NOT NULL,
    bytes pg_catalog.int8 NOT NULL,
    sha256 pg_catalog.text,
    checksums pg_catalog.int8,
    verified_at pg_catalog.timestamptz,
    changed_at pg_catalog.timestamptz NOT NULL,
    attempt pg_catalog.int4 NOT NULL,
    CONSTRAINT archive_object_pkey PRIMARY KEY (storage, id)
);
CREATE SEQUENCE footfall.archive_object_number;

ALTER TABLE footfall.segment REPLICA IDENTITY NOTHING;
ALTER TABLE footfall.archive_object REPLICA IDENTITY NOTHING;
ALTER TABLE footfall.tombstone REPLICA IDENTITY NOTHING;
ALTER TABLE footfall.truncation REPLICA IDENTITY NOTHING;
ALTER TABLE footfall.fast_default REPLICA IDENTITY NOTHING;

-- Settings of footfall.configure: one row per table and setting, dumped with the
-- database (40_configure.sql says which rows).
CREATE TABLE footfall.setting (
    relation pg_catalog.regclass NOT NULL,
    name pg_catalog.text NOT NULL,
    value pg_catalog.text NOT NULL,
    CONSTRAINT setting_pkey PRIMARY KEY (relation, name)
);

REVOKE ALL ON SEQUENCE footfall.archive_object_number FROM PUBLIC;
REVOKE ALL ON footfall.segment, footfall.tombstone, footfall.truncation, footfall.fast_default, footfall.archive_object,
    footfall.unlogged_segment, footfall.unlogged_tombstone, footfall.setting FROM PUBLIC;
