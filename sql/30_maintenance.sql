-- Moving rows between the stores, by hand or from a scheduler.

CREATE PROCEDURE footfall.seal(relation pg_catalog.regclass)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_seal';
COMMENT ON PROCEDURE footfall.seal(pg_catalog.regclass) IS
    'Moves the hot rows of a footfall table (and of its partitions) into compressed segments. Never waits for writers: rows that are locked or being changed stay hot. Example: CALL footfall.seal(''events'')';

CREATE PROCEDURE footfall.compact(relation pg_catalog.regclass)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_compact';
COMMENT ON PROCEDURE footfall.compact(pg_catalog.regclass) IS
    'Merges the segments of a footfall table (and of its partitions) into runs sorted by the order key, drops deleted rows and compresses harder. Example: CALL footfall.compact(''events'')';
