-- Where archives are: servers of the foreign data wrapper footfall_archive.

CREATE FUNCTION footfall.archive_validator(options pg_catalog.text[], catalog pg_catalog.oid) RETURNS pg_catalog.void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_archive_validator';
COMMENT ON FUNCTION footfall.archive_validator(pg_catalog.text[], pg_catalog.oid) IS
    'Validator of the foreign data wrapper footfall_archive: options of CREATE SERVER and CREATE USER MAPPING.';

CREATE FOREIGN DATA WRAPPER footfall_archive NO HANDLER VALIDATOR footfall.archive_validator;
COMMENT ON FOREIGN DATA WRAPPER footfall_archive IS
    'Places of archives. Example: CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location ''s3://bucket/prefix'', region ''eu-central-1'')';

CREATE PROCEDURE footfall.archive(relation pg_catalog.regclass, server pg_catalog.name)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_archive';
COMMENT ON PROCEDURE footfall.archive(pg_catalog.regclass, pg_catalog.name) IS
    'Moves the rows of a footfall table (and of its partitions) to an archive: seals and compacts them, writes them as Parquet under a Delta Lake log, reads that back, and gives up the local copy. Queries go on finding them. Example: CALL footfall.archive(''events_p2026_01'', ''lake'')';

CREATE PROCEDURE footfall.unarchive(relation pg_catalog.regclass)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_unarchive';
COMMENT ON PROCEDURE footfall.unarchive(pg_catalog.regclass) IS
    'Brings the archived rows of a footfall table (and of its partitions) back into the database. Example: CALL footfall.unarchive(''events_p2026_01'')';
