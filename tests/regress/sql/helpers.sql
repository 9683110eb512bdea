-- What the other tests use: check.stores(table) says where rows are, check.differences(a, b) counts
-- the rows that are in one of two tables and not in the other, duplicates included.
CREATE SCHEMA "check";
GRANT USAGE ON SCHEMA "check" TO PUBLIC;
CREATE FUNCTION "check".stores(t regclass) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN sum(hot_rows) > 0 AND sum(sealed_rows) > 0 THEN 'hot and sealed'
                WHEN sum(sealed_rows) > 0 THEN 'sealed'
                WHEN sum(hot_rows) > 0 THEN 'hot'
                ELSE 'empty' END
    FROM footfall.storage(t)
$$;
CREATE FUNCTION "check".differences(a regclass, b regclass, OUT only_a bigint, OUT only_b bigint)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT t::text FROM %s t EXCEPT ALL SELECT t::text FROM %s t) x', a, b) INTO only_a;
    EXECUTE format('SELECT count(*) FROM (SELECT t::text FROM %s t EXCEPT ALL SELECT t::text FROM %s t) x', b, a) INTO only_b;
END
$$;
CREATE FUNCTION "check".verified(t regclass) RETURNS boolean LANGUAGE sql SET client_min_messages = warning AS $$
    SELECT count(*) = 0 FROM footfall.verify(t)
$$;
