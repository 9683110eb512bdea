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

CREATE PROCEDURE footfall.archive_vacuum(server pg_catalog.name, grace pg_catalog.interval DEFAULT '7 days')
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_archive_vacuum';
COMMENT ON PROCEDURE footfall.archive_vacuum(pg_catalog.name, pg_catalog.interval) IS
    'Removes from an archive the objects that no table reads any more and that left it longer than the grace ago. For the owner of the server. Example: CALL footfall.archive_vacuum(''lake'')';

CREATE VIEW footfall.archive_objects WITH (security_barrier) AS
SELECT o.relation AS relation,
    o.server AS server,
    o.folder OPERATOR(pg_catalog.||) o.object_key AS object,
    o.state AS state,
    pg_catalog.cardinality(o.segments) AS segments,
    o.rows AS rows,
    o.bytes AS bytes,
    o.sha256 AS sha256,
    o.verified_at AS verified_at,
    o.changed_at AS changed_at,
    o.attempt AS attempt
FROM footfall.archive_object o
LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) o.relation
WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
    OR (SELECT pg_catalog.pg_has_role(s.srvowner, 'USAGE') FROM pg_catalog.pg_foreign_server s
        WHERE s.srvname OPERATOR(pg_catalog.=) o.server::pg_catalog.name);
COMMENT ON VIEW footfall.archive_objects IS
    'What is in archives of your tables and on your servers: each object with its state (planned, uploaded, committed, switched, leaving; returning: an erase is at it), rows, bytes, SHA-256, and when it was last read back and compared. Example: SELECT relation, sum(rows), sum(bytes) FROM footfall.archive_objects WHERE state = ''switched'' GROUP BY 1';
GRANT SELECT ON footfall.archive_objects TO PUBLIC;

CREATE PROCEDURE footfall.erase(relation pg_catalog.regclass, customer pg_catalog.text)
    LANGUAGE c AS 'MODULE_PATHNAME', 'footfall_erase';
COMMENT ON PROCEDURE footfall.erase(pg_catalog.regclass, pg_catalog.text) IS
    'Deletes a customer''s rows and removes every copy of deleted rows from the segments and archived objects of a table: the right to be forgotten. Example: CALL footfall.erase(''events'', ''4711'')';
