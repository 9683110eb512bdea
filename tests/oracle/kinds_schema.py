"""Statement kinds that change the table itself: ALTER TABLE of many sorts, access method round trips,
VACUUM, ANALYZE, tables made from the table. Most of them work on a copy, `u`, that they may ruin."""


def clone(b, name):
    """A copy of t in the unit's store, half of it written before the move and half after."""
    b.do("CREATE TABLE %s (LIKE t INCLUDING ALL)" % name)
    plain = ", ".join(b.column_names())
    b.do("INSERT INTO {0} ({1}) SELECT {1} FROM t WHERE id % 2 = 0".format(name, plain))
    if b.store != "hot":
        b.twin.subject("CALL footfall.seal('%s')" % name)
    b.do("INSERT INTO {0} ({1}) SELECT {1} FROM t WHERE id % 2 <> 0".format(name, plain))
    if b.store in ("sealed", "compacted", "cold"):
        b.twin.subject("CALL footfall.seal('%s')" % name)
    if b.store in ("compacted", "cold"):
        b.twin.subject("CALL footfall.compact('%s')" % name)
    if b.store == "cold":
        b.call("archive", table=name, must=False)


def alter(b):
    name = b.name("u")
    clone(b, name)
    column = b.rng.choice(b.columns)
    b.do("CREATE SCHEMA IF NOT EXISTS elsewhere")

    def one():
        choices = [
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s int4 DEFAULT 7" % (name, b.name("n"))),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s text NOT NULL DEFAULT 'x' || 'y'" % (name, b.name("n"))),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s %s" % (name, b.name("n"), column.type.ddl)),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s %s DEFAULT %s"
                         % (name, b.name("n"), column.type.ddl, column.type.literals[0])),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s text GENERATED ALWAYS AS (d || '!') STORED" % (name, b.name("n"))),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s int8 NOT NULL" % (name, b.name("n"))),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN d SET DEFAULT 'other'" % name),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN k SET NOT NULL" % name),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN d DROP DEFAULT" % name),
            lambda: b.do("ALTER TABLE %s ADD CONSTRAINT %s CHECK (id > 0)" % (name, b.name("chk"))),
            lambda: b.do("ALTER TABLE %s ADD CONSTRAINT %s CHECK (id %% 7 <> 3)" % (name, b.name("chk"))),
            lambda: b.do("ALTER TABLE %s ADD CONSTRAINT %s CHECK (k >= 0) NOT VALID" % (name, b.name("chk"))),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN k TYPE int8" % name),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN ref TYPE text USING 'r' || ref" % name),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN d SET STORAGE EXTERNAL" % name),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN d SET COMPRESSION pglz" % name),
            lambda: b.do("ALTER TABLE %s ALTER COLUMN k SET STATISTICS 10" % name),
            lambda: b.do("ALTER TABLE %s SET UNLOGGED" % name),
            lambda: b.do("ALTER TABLE %s SET LOGGED" % name),
            lambda: b.do("ALTER TABLE %s SET (autovacuum_enabled = off)" % name),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s int4, DROP COLUMN d" % (name, b.name("n"))),
            lambda: b.do("ALTER TABLE %s RENAME COLUMN %s TO renamed" % (name, column.name)),
            lambda: b.do("ALTER TABLE %s DROP COLUMN %s" % (name, column.name)),
            lambda: b.do("ALTER TABLE %s ADD COLUMN %s event_kind DEFAULT 'cart'" % (name, b.name("n"))),
            lambda: b.do("ALTER TABLE %s SET TABLESPACE pg_default" % name),
        ]
        for new_type, using in column.type.retypes:
            text = "ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s" % (
                name, column.name, new_type, using.replace("{c}", column.name))
            choices += [lambda text=text: b.do(text)] * 3
        b.rng.choice(choices)()

    for _ in range(3):
        rolled_back = b.chance(0.25)
        explicit = rolled_back or b.chance(0.3)
        if explicit:
            b.do("BEGIN")
        one()
        if b.chance(0.4):
            one()
        if not b.twin.failed():
            b.do("INSERT INTO %s (id) VALUES (%d)" % (name, b.fresh_ids(1)))
        b.do("SELECT * FROM %s" % name)
        if explicit:
            b.do("ROLLBACK" if rolled_back else "COMMIT")
        b.do("SELECT * FROM %s WHERE id %% 3 = 0" % name)
    b.do("UPDATE %s SET id = id WHERE id %% 5 = 0 RETURNING *" % name, write=True)
    if b.store != "hot":
        b.twin.subject("CALL footfall.seal('%s')" % name)
    b.do("SELECT * FROM %s" % name)
    b.do("ALTER TABLE %s RENAME TO %s_x" % (name, name))
    b.do("ALTER TABLE %s_x SET SCHEMA elsewhere" % name)
    b.do("SELECT * FROM elsewhere.%s_x" % name)
    b.do("DROP TABLE elsewhere.%s_x" % name)
    b.do("DROP SCHEMA elsewhere CASCADE")


def access_method(b):
    """The way out to heap and the way in again, with everything in it."""
    name = b.name("u")
    clone(b, name)
    explicit = b.chance(0.4)
    if explicit:
        b.do("BEGIN")
    b.do("ALTER TABLE %s SET ACCESS METHOD heap" % name)
    b.do("SELECT * FROM %s" % name)
    b.do("INSERT INTO %s (id, k) VALUES (%d, 3)" % (name, b.fresh_ids(1)))
    if explicit and b.chance(0.4):
        b.do("ROLLBACK")
        explicit = False
    b.do("ALTER TABLE %s SET ACCESS METHOD {am}" % name)
    b.do("SELECT * FROM %s" % name)
    if explicit:
        b.do("COMMIT")
    b.do("DELETE FROM %s WHERE id %% 4 = 1 RETURNING id" % name, write=True)
    if b.store != "hot":
        b.twin.subject("CALL footfall.seal('%s')" % name)
    b.do("SELECT * FROM %s" % name)
    b.do("DROP TABLE %s" % name)


def vacuum(b):
    for _ in range(3):
        b.do(b.rng.choice(["VACUUM t", "VACUUM FULL t", "ANALYZE t", "VACUUM (ANALYZE) t", "VACUUM (FREEZE) t",
                           "VACUUM FULL t", "VACUUM (DISABLE_PAGE_SKIPPING, TRUNCATE) t"]))
        b.do("SELECT count(*), sum(id), count(k) FROM t")
        b.maybe_move(0.4)
    b.do("DELETE FROM t WHERE %s" % b.narrow(), write=True)
    b.do("VACUUM t")
    b.do("SELECT id, %s FROM t" % b.rng.choice(b.columns).name)
    b.do("VACUUM FULL t")
    b.do("CLUSTER t")
    b.do("SELECT count(*), sum(id) FROM t WHERE %s" % b.predicate())


def table_from(b):
    """CREATE TABLE AS, SELECT INTO, materialized views, temporary tables, partitions that come and go."""
    name = b.name("v")
    b.do("CREATE TABLE %s USING {am} AS SELECT * FROM t WHERE %s" % (name, b.predicate()))
    b.do("SELECT * FROM %s" % name)
    if b.store != "hot":
        b.twin.subject("CALL footfall.seal('%s')" % name)
    b.do("INSERT INTO %s SELECT * FROM t WHERE %s" % (name, b.narrow()))
    b.do("SELECT * FROM %s" % name)
    b.do("DROP TABLE %s" % name)
    b.do("SELECT * INTO %s FROM t WHERE %s" % (name, b.predicate()))
    b.do("SELECT count(*), sum(id) FROM %s" % name)
    b.do("DROP TABLE %s" % name)
    b.do("CREATE MATERIALIZED VIEW %s USING {am} AS SELECT * FROM t" % name)
    b.do("SELECT * FROM %s" % name)
    b.do("INSERT INTO t (id) VALUES (%d)" % b.fresh_ids(1))
    b.do("REFRESH MATERIALIZED VIEW %s" % name)
    b.do("SELECT count(*), sum(id) FROM %s" % name)
    b.do("DROP MATERIALIZED VIEW %s" % name)
    b.do("BEGIN")
    b.do("CREATE TEMP TABLE %s ON COMMIT %s AS SELECT * FROM t"
         % (name, b.rng.choice(["DROP", "DELETE ROWS", "PRESERVE ROWS"])))
    b.do("INSERT INTO %s SELECT * FROM t WHERE %s" % (name, b.narrow()))
    b.do("SELECT * FROM %s" % name)
    b.do("COMMIT")
    b.do("SELECT count(*) FROM %s" % name)
    b.do("DROP TABLE IF EXISTS %s" % name)


def partition(b):
    """The table as a partition of a parent made around it; rows move between partitions."""
    part, parent, other = b.name("part"), b.name("parent"), b.name("other")
    clone(b, part)
    b.do("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS) PARTITION BY RANGE (id)"
         % (parent, part))
    b.do("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (1000000000)" % (parent, part))
    b.do("CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (1000000000) TO (MAXVALUE)%s"
         % (other, parent, b.rng.choice(["", " USING heap"])))
    b.do("SELECT *, tableoid::regclass::text FROM %s" % parent)
    b.do("UPDATE %s SET id = id + 1000000000 WHERE id %% 6 = 0 RETURNING id, tableoid::regclass::text" % parent, write=True)
    b.do("SELECT count(*), sum(id) FROM %s GROUP BY tableoid" % parent)
    b.do("DELETE FROM %s WHERE k = 2 RETURNING *" % parent, write=True)
    if b.store != "hot":
        b.twin.subject("CALL footfall.seal('%s')" % part)
    b.do("SELECT * FROM %s ORDER BY id" % parent, ordered=True)
    b.do("SELECT id FROM %s WHERE id > 1000000000" % parent)
    b.do("ALTER TABLE %s DETACH PARTITION %s" % (parent, part))
    b.do("SELECT * FROM %s" % part)
    b.do("DROP TABLE %s" % parent)
    b.do("DROP TABLE %s" % part)


def row_security(b):
    """Policies hide rows from a role that is not the owner, in every store."""
    b.do("GRANT USAGE ON SCHEMA work TO visitor")
    b.do("GRANT SELECT, DELETE, UPDATE ON t TO visitor")
    b.do("ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    b.do("CREATE POLICY few ON t USING (k < 5)")
    b.do("BEGIN")
    b.do("SET LOCAL ROLE visitor")
    b.do("SELECT * FROM t")
    b.do("SELECT count(*) FROM t WHERE %s" % b.predicate())
    b.do("DELETE FROM t WHERE %s RETURNING id" % b.narrow(), write=True)
    b.do("UPDATE t SET k = 9 WHERE id % 2 = 0", write=True)
    b.do("ROLLBACK")
    b.do("DROP POLICY few ON t")
    b.do("ALTER TABLE t DISABLE ROW LEVEL SECURITY")


KINDS = {
    "alter": alter,
    "access_method": access_method,
    "vacuum": vacuum,
    "table_from": table_from,
    "partition": partition,
    "row_security": row_security,
}
