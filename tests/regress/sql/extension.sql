-- What CREATE EXTENSION brings: the schema, the access method, and nothing outside of them.
SELECT extname, nspname, extrelocatable
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE extname = 'footfall';
SELECT amname, amtype FROM pg_catalog.pg_am WHERE amname = 'footfall';
SELECT p.oid::pg_catalog.regprocedure
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
WHERE e.extname = 'footfall' AND d.deptype = 'e' AND p.pronamespace <> 'footfall'::pg_catalog.regnamespace;
SELECT c.oid::pg_catalog.regclass
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
JOIN pg_catalog.pg_class c ON c.oid = d.objid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
WHERE e.extname = 'footfall' AND d.deptype = 'e' AND c.relnamespace <> 'footfall'::pg_catalog.regnamespace;
