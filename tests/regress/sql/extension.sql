-- What CREATE EXTENSION brings: the schema, the access method, and nothing outside of them.
SELECT extname, nspname, extrelocatable
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE extname = 'footfall';
SELECT amname, amtype FROM pg_catalog.pg_am WHERE amname = 'footfall';
