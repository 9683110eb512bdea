-- The table access method, and the event trigger that purges what dropped tables leave in footfall's catalogs.

CREATE FUNCTION footfall.table_handler(pg_catalog.internal) RETURNS pg_catalog.table_am_handler
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_table_handler';
COMMENT ON FUNCTION footfall.table_handler(pg_catalog.internal) IS
    'Handler of the table access method footfall: CREATE TABLE ... USING footfall.';

CREATE ACCESS METHOD footfall TYPE TABLE HANDLER footfall.table_handler;
COMMENT ON ACCESS METHOD footfall IS
    'Event store: recent rows in a heap, history in compressed, sorted column segments, one snapshot over both.';

CREATE FUNCTION footfall.purge_dropped() RETURNS pg_catalog.event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_purge_dropped';
COMMENT ON FUNCTION footfall.purge_dropped() IS
    'Event trigger function: removes the catalog rows of dropped footfall tables.';
REVOKE ALL ON FUNCTION footfall.purge_dropped() FROM PUBLIC;

CREATE EVENT TRIGGER footfall_purge_dropped ON sql_drop EXECUTE FUNCTION footfall.purge_dropped();
COMMENT ON EVENT TRIGGER footfall_purge_dropped IS 'Removes the catalog rows of dropped footfall tables.';
