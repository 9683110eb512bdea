-- Where archives are: servers of the foreign data wrapper footfall_archive.

CREATE FUNCTION footfall.archive_validator(options pg_catalog.text[], catalog pg_catalog.oid) RETURNS pg_catalog.void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'footfall_archive_validator';
COMMENT ON FUNCTION footfall.archive_validator(pg_catalog.text[], pg_catalog.oid) IS
    'Validator of the foreign data wrapper footfall_archive: options of CREATE SERVER and CREATE USER MAPPING.';

CREATE FOREIGN DATA WRAPPER footfall_archive NO HANDLER VALIDATOR footfall.archive_validator;
COMMENT ON FOREIGN DATA WRAPPER footfall_archive IS
    'Places of archives. Example: CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location ''s3://bucket/prefix'', region ''eu-central-1'')';
