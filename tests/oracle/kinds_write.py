"""Statement kinds that write: INSERT, COPY, UPDATE, DELETE, MERGE, locks, triggers, transactions.

Each kind is a function of the bench. It runs a handful of random statements of its sort on table `t`.
A statement that may meet sealed rows says write=True, which allows the refusal under SERIALIZABLE.
"""

from twin import Refused


def insert(b):
    names = ", ".join(b.column_names())

    def values():
        rows = ", ".join(b.row_values() for _ in range(b.rng.randrange(1, 6)))
        overriding = " OVERRIDING SYSTEM VALUE" if b.chance(0.1) else ""
        conflict = " ON CONFLICT DO NOTHING" if b.chance(0.2) else ""
        b.do("INSERT INTO t (%s)%s VALUES %s%s%s" % (names, overriding, rows, conflict, b.returning()))

    def wrong():
        column = b.rng.choice(b.columns)
        bad = column.type.bad or "x"
        row = b.rng.choice([
            "INSERT INTO t (id, %s) VALUES (%d, '%s')" % (column.name, b.fresh_ids(1), bad),
            "INSERT INTO t (id) VALUES (NULL)",
            "INSERT INTO t (id, k) VALUES (%d, 100001), (%d, 1)" % (b.fresh_ids(1), b.fresh_ids(1)),
            "INSERT INTO t (id, ref) VALUES (%d, 77)" % b.fresh_ids(1),
            "INSERT INTO t (id, g) VALUES (%d, 1)" % b.fresh_ids(1),
        ])
        b.do(row)

    b.transaction(values, values)
    b.transaction(values)
    if b.chance(0.4):
        b.transaction(values, wrong)
    b.do("INSERT INTO t (id, k) SELECT %d + n, n FROM generate_series(1, 5) n%s" % (b.fresh_ids(7), b.returning()))


def insert_select_self(b):
    names = b.column_names()

    def once():
        rest = ", ".join(names[1:])
        result = b.do("INSERT INTO t (%s) SELECT %d + row_number() OVER (ORDER BY id), %s FROM t WHERE %s%s"
                      % (", ".join(names), b.next_id, rest, b.narrow(), b.returning()))
        if result.ok:
            b.fresh_ids(int(result.tag.split()[2]) + 1)

    b.transaction(once, once)
    b.transaction(once)


def copy_from(b):
    target = "t (%s)" % ", ".join(b.column_names())

    def good():
        options = b.rng.choice(["", "(FORMAT csv)", "(FORMAT csv, HEADER, NULL '\\N')", "(DELIMITER '|', NULL '~')",
                                "(FORMAT binary)" if b.binary_agrees() else ""])
        count = b.rng.choice([1, 5, 30, 300])
        data = b.copy_lines(count, options)
        where = " WHERE id % 3 <> 0" if b.chance(0.2) else ""
        b.do("COPY %s FROM STDIN %s%s" % (target, options, where), copy=data)

    def broken():
        b.do("COPY %s FROM STDIN" % target, copy=b.copy_lines(20) + b"not a number\n")

    b.transaction(good, good)
    b.transaction(good)
    if b.chance(0.5):
        b.transaction(broken)
    if b.chance(0.3) and not b.partitioned:
        b.do("BEGIN")
        b.do("TRUNCATE t")
        b.do("COPY %s FROM STDIN (FREEZE)" % target, copy=b.copy_lines(40))
        b.do("COMMIT" if b.chance(0.5) else "ROLLBACK")


def update(b):
    def once():
        b.do("UPDATE t SET %s WHERE %s%s" % (b.assignments(), b.narrow(), b.returning()), write=True)

    def subquery():
        column = b.rng.choice(b.columns)
        b.do("UPDATE t SET (k, %s) = (SELECT x.k + 1, x.%s FROM t x WHERE x.id = t.id) WHERE %s"
             % (column.name, column.name, b.narrow()), write=True)

    def wrong():
        b.do(b.rng.choice([
            "UPDATE t SET id = NULL WHERE id % 5 = 0",
            "UPDATE t SET k = 1 / (k - k) WHERE k = 3",
            "UPDATE t SET ref = 99 WHERE id % 7 = 0",
            "UPDATE t SET g = 5 WHERE id = 1",
        ]), write=True)

    b.transaction(once, once, subquery)
    b.transaction(once)
    b.transaction(subquery, once, commit=False)
    if b.chance(0.3):
        b.transaction(once, wrong)


def update_from(b):
    def parent():
        b.do("UPDATE t SET d = p.v, %s FROM p WHERE p.id = t.ref AND %s%s"
             % (b.assignments("t").replace("d = DEFAULT, ", "").replace(", d = DEFAULT", ""), b.narrow("t"), b.returning("t")), write=True)

    def itself():
        column = b.rng.choice(b.columns)
        b.do("UPDATE t SET %s = o.%s, k = o.k FROM t o WHERE o.id = t.id + %d AND %s"
             % (column.name, column.name, b.rng.randrange(0, 3), b.narrow("t")), write=True)

    b.transaction(parent, itself)
    b.transaction(itself)


def delete(b):
    def once():
        b.do("DELETE FROM t WHERE %s%s" % (b.narrow(), b.returning()), write=True)

    def everything():
        b.do("DELETE FROM t" + b.returning(), write=True)

    b.transaction(once, once)
    b.transaction(once)
    b.transaction(everything, commit=b.chance(0.15))


def delete_using(b):
    def parent():
        b.do("DELETE FROM t USING p WHERE p.id = t.ref AND p.id % 4 = {0} AND {1}{2}".format(
            b.rng.randrange(0, 4), b.narrow("t"), b.returning("t")), write=True)

    def itself():
        b.do("DELETE FROM t USING t o WHERE o.id = t.id AND o.k = %d AND %s" % (b.rng.randrange(0, 10), b.narrow("o")),
             write=True)

    b.transaction(parent, itself)
    b.transaction(itself)


def merge(b):
    def once():
        first = b.fresh_ids(3)
        low = b.rng.randrange(1, max(first, 2))
        source = ("(SELECT n, (n %% 10)::int4 AS k FROM generate_series(%d::int8, %d) n UNION ALL "
                  "SELECT n, 1 FROM generate_series(%d::int8, %d) n WHERE n NOT IN (SELECT id FROM t))"
                  % (low, low + 9, first, first + 2))
        if low + 9 >= first:
            source = "(SELECT n, (n %% 10)::int4 AS k FROM generate_series(%d::int8, %d) n)" % (low, low + 9)
            b.next_id = max(b.next_id, low + 10)
        arms = []
        if b.chance(0.6):
            arms.append("WHEN MATCHED AND t.id % 3 = 0 THEN DELETE")
        if b.chance(0.3):
            arms.append("WHEN MATCHED AND t.id % 3 = 1 THEN DO NOTHING")
        arms.append("WHEN MATCHED THEN UPDATE SET %s" % b.assignments("t"))
        arms.append("WHEN NOT MATCHED THEN INSERT (id, k) VALUES (s.n, s.k)" if b.chance(0.8)
                    else "WHEN NOT MATCHED THEN DO NOTHING")
        if b.version >= 170000 and b.chance(0.5):
            arms.append("WHEN NOT MATCHED BY SOURCE AND t.id % 29 = 1 THEN DELETE")
        returning = " RETURNING merge_action(), t.id" if b.version >= 170000 and b.chance(0.5) else ""
        b.do("MERGE INTO t USING %s s ON t.id = s.n %s%s" % (source, " ".join(arms), returning), write=True)

    def delete_all_of():
        b.do("MERGE INTO t USING p ON t.ref = p.id AND t.id % 9 = {0} WHEN MATCHED AND p.id = {1} THEN DELETE "
             "WHEN MATCHED THEN UPDATE SET d = p.v".format(b.rng.randrange(0, 9), b.rng.randrange(0, 10)), write=True)

    b.transaction(once, delete_all_of)
    b.transaction(once)


def lock(b):
    strength = lambda: b.rng.choice(["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"])

    def select_for():
        wait = b.rng.choice(["", " NOWAIT", " SKIP LOCKED"])
        b.do("SELECT id, k, %s FROM t WHERE %s FOR %s%s"
             % (b.rng.choice(b.columns).name, b.narrow(), strength(), wait), write=True)

    def joined():
        b.do("SELECT t.id, p.v FROM t JOIN p ON p.id = t.ref WHERE %s FOR %s OF t" % (b.narrow("t"), strength()), write=True)

    def then_update():
        b.do("UPDATE t SET k = k + 1 WHERE id IN (SELECT id FROM t WHERE %s FOR UPDATE)" % b.narrow(), write=True)

    b.transaction(select_for, joined, then_update)
    b.transaction(select_for)
    b.transaction(then_update)


def modifying_cte(b):
    def move():
        rest = ", ".join(b.column_names()[1:])
        result = b.do("WITH gone AS (DELETE FROM t WHERE %s RETURNING *) INSERT INTO t (id, %s) "
                      "SELECT %d + row_number() OVER (ORDER BY id), %s FROM gone%s"
                      % (b.narrow(), rest, b.next_id, rest, b.returning()), write=True)
        if result.ok:
            b.fresh_ids(int(result.tag.split()[2]) + 1)

    def both():
        b.do("WITH up AS (UPDATE t SET k = 3 WHERE id %% 5 = 1 RETURNING id), de AS (DELETE FROM t WHERE id %% 5 = 2 "
             "AND %s RETURNING id), ins AS (INSERT INTO t (id, k) VALUES (%d, 1) RETURNING id) "
             "SELECT (SELECT count(*) FROM up), (SELECT count(*) FROM de), (SELECT count(*) FROM ins), count(*) FROM t"
             % (b.predicate(), b.fresh_ids(1)), write=True)

    b.transaction(move)
    b.transaction(both)


def truncate(b):
    b.do("BEGIN")
    b.do("TRUNCATE t" + b.rng.choice(["", " RESTART IDENTITY", " CASCADE"]))
    b.do("SELECT count(*) FROM t")
    b.load(20, must=False)
    b.do("SELECT count(*), sum(id) FROM t")
    b.do("ROLLBACK")
    b.check()
    b.do("BEGIN")
    b.load(10, must=False)
    b.do("TRUNCATE t")
    b.load(30, must=False)
    b.do("COMMIT")
    if b.chance(0.3):  # a table made and truncated in one transaction keeps its file
        b.do("BEGIN")
        name = b.name("made")
        b.do("CREATE TABLE %s USING {am} AS SELECT * FROM t" % name)
        b.do("TRUNCATE %s" % name)
        b.do("INSERT INTO %s SELECT * FROM t WHERE id %% 2 = 0" % name)
        b.do("SELECT count(*) FROM %s" % name)
        b.do("COMMIT")
        b.do("DROP TABLE %s" % name)
    b.load(40)


def savepoint(b):
    def some():
        choice = b.rng.randrange(4)
        if choice == 0:
            b.do("DELETE FROM t WHERE %s" % b.narrow(), write=True)
        elif choice == 1:
            b.do("UPDATE t SET %s WHERE %s" % (b.assignments(), b.narrow()), write=True)
        elif choice == 2:
            b.do("COPY t (%s) FROM STDIN" % ", ".join(b.column_names()), copy=b.copy_lines(12))
        else:
            b.do("INSERT INTO t (%s) VALUES %s" % (", ".join(b.column_names()), b.row_values()))

    b.do("BEGIN")
    some()
    b.do("SAVEPOINT a")
    some()
    b.do("SELECT count(*), sum(id) FROM t")
    b.do("SAVEPOINT b")
    some()
    if b.chance(0.4):
        b.do("SELECT 1 / 0")
    b.do("ROLLBACK TO b")
    b.do("SELECT count(*), sum(id), count(k) FROM t")
    b.maybe_move(0.3)
    some()
    b.do("RELEASE b")
    if b.chance(0.5):
        b.do("ROLLBACK TO a")
        some()
    b.do("SELECT count(*), sum(id) FROM t")
    b.do("COMMIT" if b.chance(0.8) else "ROLLBACK")


def prepared_transaction(b):
    gid = b.name("gid")
    b.do("BEGIN")
    b.do("INSERT INTO t (%s) VALUES %s" % (", ".join(b.column_names()), b.row_values()))
    b.do("DELETE FROM t WHERE %s" % b.narrow(), write=True)
    b.do("UPDATE t SET k = 4 WHERE %s" % b.narrow(), write=True)
    b.do("PREPARE TRANSACTION '{side}_%s'" % gid)
    b.do("SELECT count(*), sum(id), count(k) FROM t")
    b.maybe_move(0.3)
    b.do("SELECT count(*), sum(id), count(k) FROM t")
    b.do("%s PREPARED '{side}_%s'" % (b.rng.choice(["COMMIT", "COMMIT", "ROLLBACK"]), gid))
    b.twin.moved_beside = False


def trigger(b):
    """Row and statement triggers, with transition tables; they write what they saw into an audit table."""
    b.do("CREATE TABLE audit (what text, id int8, was text, now text) USING heap")
    b.do("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
         "INSERT INTO audit VALUES (TG_WHEN || TG_OP, coalesce(NEW.id, OLD.id), OLD::text, NEW::text); "
         "RETURN coalesce(NEW, OLD); END $$")
    b.do("CREATE FUNCTION double_k() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
         "IF NEW.id % 5 = 0 THEN RETURN NULL; END IF; NEW.k := NEW.k + 1; RETURN NEW; END $$")
    b.do("CREATE FUNCTION note_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
         "IF TG_OP <> 'INSERT' THEN INSERT INTO audit SELECT 'old ' || TG_OP, id, o::text, NULL FROM olds o; END IF; "
         "IF TG_OP <> 'DELETE' THEN INSERT INTO audit SELECT 'new ' || TG_OP, id, NULL, n::text FROM news n; END IF; "
         "RETURN NULL; END $$")
    if b.chance(0.6):
        b.do("CREATE TRIGGER a1 AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()")
    if b.chance(0.5):
        b.do("CREATE TRIGGER b1 BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()")
    if b.chance(0.4):
        b.do("CREATE TRIGGER b2 BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION double_k()")
    if b.chance(0.3):
        b.do("CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE OR DELETE ON t DEFERRABLE INITIALLY DEFERRED "
             "FOR EACH ROW EXECUTE FUNCTION note()")
    b.do("CREATE TRIGGER s1 AFTER INSERT ON t REFERENCING NEW TABLE AS news FOR EACH STATEMENT EXECUTE FUNCTION note_all()")
    b.do("CREATE TRIGGER s2 AFTER UPDATE ON t REFERENCING OLD TABLE AS olds NEW TABLE AS news "
         "FOR EACH STATEMENT EXECUTE FUNCTION note_all()")
    b.do("CREATE TRIGGER s3 AFTER DELETE ON t REFERENCING OLD TABLE AS olds FOR EACH STATEMENT EXECUTE FUNCTION note_all()")
    try:
        b.transaction(
            lambda: b.do("INSERT INTO t (%s) VALUES %s, %s" % (", ".join(b.column_names()), b.row_values(), b.row_values())),
            lambda: b.do("UPDATE t SET %s WHERE %s%s" % (b.assignments(), b.narrow(), b.returning()), write=True),
            lambda: b.do("DELETE FROM t WHERE %s%s" % (b.narrow(), b.returning()), write=True))
        b.do("COPY t (%s) FROM STDIN" % ", ".join(b.column_names()), copy=b.copy_lines(9))
        b.do("SELECT * FROM audit")
        b.do("UPDATE t SET k = 2 WHERE %s" % b.narrow(), write=True)
    except Refused:
        pass
    b.twin.roll_back()
    b.do("SELECT * FROM audit")
    b.do("DROP TABLE audit")
    b.do("DROP FUNCTION note() CASCADE")
    b.do("DROP FUNCTION double_k() CASCADE")
    b.do("DROP FUNCTION note_all() CASCADE")


def foreign_key(b):
    """Children in t, parents in a heap table; afterwards the parents are as before and the key is gone."""
    try:
        family(b)
    except Refused:
        pass
    b.twin.roll_back()
    b.do("ALTER TABLE t DROP CONSTRAINT IF EXISTS ref_p")
    b.do("INSERT INTO p SELECT n, 'parent ' || n FROM generate_series(0, 11) n ON CONFLICT DO NOTHING")


def family(b):
    b.do("ALTER TABLE t DROP CONSTRAINT IF EXISTS ref_p")
    action = b.rng.choice(["CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION", "RESTRICT"])
    b.do("UPDATE t SET ref = NULL WHERE ref NOT IN (SELECT id FROM p)", write=True)
    b.do("ALTER TABLE t ADD CONSTRAINT ref_p FOREIGN KEY (ref) REFERENCES p ON DELETE %s ON UPDATE %s%s"
         % (action, b.rng.choice(["CASCADE", "NO ACTION"]), b.rng.choice(["", " DEFERRABLE INITIALLY DEFERRED"])))
    victim = b.rng.randrange(0, 12)

    def children():
        b.do("INSERT INTO t (id, ref) VALUES (%d, %d)" % (b.fresh_ids(1), b.rng.randrange(0, 12)))
        b.do("INSERT INTO t (id, ref) SELECT %d + n, 500 FROM generate_series(1, 2) n" % b.fresh_ids(4))

    def parents():
        b.do("DELETE FROM p WHERE id = %d" % victim, write=True)

    def keys():
        b.do("UPDATE p SET id = id + 1000 WHERE id = %d" % b.rng.randrange(0, 12), write=True)

    b.transaction(children)
    b.transaction(parents, commit=True)
    b.transaction(keys)
    b.do("UPDATE t SET ref = 5 WHERE %s" % b.narrow(), write=True)
    b.do("SELECT t.id, t.ref, p.v FROM t LEFT JOIN p ON p.id = t.ref")
    b.do("SELECT * FROM p")


KINDS = {
    "insert": insert,
    "insert_select_self": insert_select_self,
    "copy_from": copy_from,
    "update": update,
    "update_from": update_from,
    "delete": delete,
    "delete_using": delete_using,
    "merge": merge,
    "lock": lock,
    "modifying_cte": modifying_cte,
    "truncate": truncate,
    "savepoint": savepoint,
    "prepared_transaction": prepared_transaction,
    "trigger": trigger,
    "foreign_key": foreign_key,
}
