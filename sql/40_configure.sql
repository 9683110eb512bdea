-- footfall.configure and footfall.reset: which column plays which part, and the order rows are kept in.

-- The rows of footfall.setting are dumped, save those of relations that a dump does not hold: temporary ones, and what
-- a session left that ended while its temporary tables existed.
SELECT pg_catalog.pg_extension_config_dump('footfall.setting',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) relation
        AND c.relpersistence OPERATOR(pg_catalog.<>) ''t'')');
ALTER TABLE footfall.setting REPLICA IDENTITY NOTHING;

CREATE FUNCTION footfall.configure(
    relation pg_catalog.regclass,
    time_column pg_catalog.name DEFAULT NULL,
    customer_column pg_catalog.name DEFAULT NULL,
    event_column pg_catalog.name DEFAULT NULL,
    session_column pg_catalog.name DEFAULT NULL,
    product_column pg_catalog.name DEFAULT NULL,
    order_column pg_catalog.name DEFAULT NULL,
    campaign_column pg_catalog.name DEFAULT NULL,
    amount pg_catalog.text DEFAULT NULL,
    order_by pg_catalog.text[] DEFAULT NULL,
    partition_interval pg_catalog.interval DEFAULT NULL,
    premake pg_catalog.int4 DEFAULT NULL,
    seal_after pg_catalog.interval DEFAULT NULL,
    compact_after pg_catalog.interval DEFAULT NULL,
    archive_to pg_catalog.text DEFAULT NULL,
    archive_after pg_catalog.interval DEFAULT NULL,
    archive_above pg_catalog.text DEFAULT NULL,
    retain pg_catalog.interval DEFAULT NULL,
    time_zone pg_catalog.text DEFAULT NULL,
    maintenance_window pg_catalog.text DEFAULT NULL)
    RETURNS pg_catalog.void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_configure';
COMMENT ON FUNCTION footfall.configure(pg_catalog.regclass, pg_catalog.name, pg_catalog.name, pg_catalog.name,
    pg_catalog.name, pg_catalog.name, pg_catalog.name, pg_catalog.name, pg_catalog.text, pg_catalog.text[],
    pg_catalog.interval, pg_catalog.int4, pg_catalog.interval, pg_catalog.interval, pg_catalog.text,
    pg_catalog.interval, pg_catalog.text, pg_catalog.interval, pg_catalog.text, pg_catalog.text) IS
    'Says which column of an event table plays which part, the order in which segments keep rows, and how its partitions are made, sealed, compacted and dropped; what is left out stays as it is, partitions inherit columns and order. For the owner. Example: SELECT footfall.configure(''events'', time_column => ''ts'', customer_column => ''customer_id'', amount => ''price * quantity'', order_by => ''{customer_id,ts}'')';

CREATE FUNCTION footfall.reset(relation pg_catalog.regclass, setting pg_catalog.text)
    RETURNS pg_catalog.void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_reset';
COMMENT ON FUNCTION footfall.reset(pg_catalog.regclass, pg_catalog.text) IS
    'Takes back one setting of footfall.configure; a partition has its parent''s again. For the owner. Example: SELECT footfall.reset(''events'', ''order_by'')';

CREATE FUNCTION footfall.order_key(relation pg_catalog.regclass) RETURNS pg_catalog.text[]
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'footfall_order_key';
COMMENT ON FUNCTION footfall.order_key(pg_catalog.regclass) IS
    'The columns by which new segments of a table are sorted: order_by, or else the customer and the time column. For those who may read the table. Example: SELECT footfall.order_key(''events'')';

-- Settings follow the renaming and dropping of columns by a hook of the library, which this loads in time.
CREATE FUNCTION footfall.load() RETURNS pg_catalog.event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_load';
COMMENT ON FUNCTION footfall.load() IS
    'Event trigger function: loads footfall''s library before a table or server is altered, so that settings follow renamed and dropped columns, and servers of archives keep their names.';
REVOKE ALL ON FUNCTION footfall.load() FROM PUBLIC;

CREATE EVENT TRIGGER footfall_load ON ddl_command_start WHEN TAG IN ('ALTER TABLE', 'ALTER TYPE', 'ALTER SERVER')
    EXECUTE FUNCTION footfall.load();
COMMENT ON EVENT TRIGGER footfall_load IS
    'Loads footfall''s library before a table is altered, so that settings follow renamed and dropped columns.';
