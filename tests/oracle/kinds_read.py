"""Statement kinds that read: queries, joins, windows, cursors, samples, ctid, COPY TO; and a few of
them that write through what they read (WHERE CURRENT OF, DELETE by ctid)."""


def query(b):
    for _ in range(3):
        column = b.rng.choice(b.columns)
        order = b.chance(0.4)
        tail = " ORDER BY %s, id" % column.name if order and column.type.ordered else " ORDER BY id" if order else ""
        if tail and b.chance(0.4):
            tail += " LIMIT %d OFFSET %d" % (b.rng.randrange(0, 30), b.rng.randrange(0, 10))
        what = b.rng.choice(["*", "id, k", "id, %s" % column.name, "t::text, id", "row_to_json(t)::text, id"])
        b.do("SELECT %s FROM t WHERE %s%s" % (what, b.predicate(), tail), ordered=bool(tail))
    b.do("SELECT id FROM t WHERE k = (SELECT min(k) FROM t) AND EXISTS (SELECT 1 FROM t x WHERE x.id = t.id + 1 AND %s)"
         % b.predicate("x"))
    b.do("SELECT id, (SELECT count(*) FROM t x WHERE x.k = t.k AND x.id < t.id) FROM t WHERE %s" % b.narrow())
    column = b.rng.choice(b.columns)
    b.do("SELECT DISTINCT %s::text FROM t" % column.name)
    b.do("SELECT id FROM t WHERE %s UNION ALL SELECT -id FROM t WHERE %s" % (b.predicate(), b.predicate()))
    b.do("SELECT id, %s FROM t WHERE id IN (SELECT id FROM t EXCEPT SELECT id FROM t WHERE %s)"
         % (column.name, b.predicate()))


def aggregate(b):
    for _ in range(2):
        column = b.rng.choice(b.columns)
        extra = ""
        if column.type.ordered and not column.type.ambiguous and column.type.name not in (
                "bool", "uuid", "bytea", "xml", "bit", "varbit", "tsvector", "tsquery", "name", "internal_char",
                "macaddr", "macaddr8", "jsonb", "composite", "composite_array") and not column.type.name.endswith("range"):
            extra = ", min(%s), max(%s)" % (column.name, column.name)
        b.do("SELECT k, count(*), count(%s), sum(id), string_agg(%s::text, ',' ORDER BY id)%s FROM t WHERE %s GROUP BY k"
             % (column.name, column.name, extra, b.predicate()))
        b.do("SELECT %s::text, count(*), bool_and(k > 2), array_agg(id ORDER BY id) FROM t GROUP BY 1 HAVING count(*) > %d"
             % (column.name, b.rng.randrange(0, 3)))
    b.do("SELECT count(*), count(DISTINCT k), min(id), max(id), avg(k), sum(k) FILTER (WHERE %s) FROM t" % b.predicate())
    b.do("SELECT k, ref, count(*), sum(id) FROM t GROUP BY GROUPING SETS ((k), (ref), ())")
    b.do("SELECT count(*) FROM t WHERE %s" % b.predicate())


def join(b):
    column = b.rng.choice(b.columns)
    setting = b.rng.choice(["enable_hashjoin", "enable_mergejoin", "enable_nestloop", "enable_material"])
    b.do("SET %s = off" % setting)
    b.do("SELECT a.id, x.id, a.%s FROM t a %s JOIN t x ON a.id = x.id + %d AND %s"
         % (column.name, b.rng.choice(["", "LEFT", "RIGHT", "FULL"] if setting == "" else ["", "LEFT", "RIGHT"]),
            b.rng.randrange(0, 4), b.predicate("x")))
    b.do("SELECT p.id, count(t.id), sum(t.k) FROM p LEFT JOIN t ON t.ref = p.id GROUP BY p.id ORDER BY p.id", ordered=True)
    b.do("SELECT t.id, l.c FROM t, LATERAL (SELECT count(*) AS c FROM t y WHERE y.k = t.k AND y.id <= t.id) l WHERE %s"
         % b.narrow("t"))
    b.do("SELECT count(*) FROM t a JOIN t x USING (id) WHERE a.%s::text IS NOT DISTINCT FROM x.%s::text"
         % (column.name, column.name))
    b.do("SELECT id FROM t WHERE ref NOT IN (SELECT id FROM p WHERE id %% 3 = 0) AND %s" % b.predicate())
    b.do("RESET %s" % setting)


def window(b):
    column = b.rng.choice(b.columns)
    b.do("SELECT id, row_number() OVER w, lag(%s) OVER w, count(*) OVER (PARTITION BY k) FROM t WHERE %s "
         "WINDOW w AS (PARTITION BY k ORDER BY id)" % (column.name, b.predicate()))
    b.do("SELECT id, sum(k) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW), first_value(%s) OVER (ORDER BY id) "
         "FROM t ORDER BY id" % column.name, ordered=True)
    b.do("SELECT DISTINCT ON (k) k, id, %s FROM t ORDER BY k, id DESC" % column.name, ordered=True)
    b.do("SELECT id, ntile(4) OVER (ORDER BY id), rank() OVER (ORDER BY k, id) FROM t WHERE %s" % b.predicate())


def cursor(b):
    """A cursor's answer is fixed when it is opened, whatever its own or another session does next."""
    hold = b.chance(0.3)
    scroll = b.rng.choice(["SCROLL ", "NO SCROLL ", ""])
    b.do("BEGIN")
    b.do("DECLARE c %sCURSOR %sFOR SELECT * FROM t ORDER BY id" % (scroll, "WITH HOLD " if hold else ""))
    b.do("DECLARE plain SCROLL CURSOR FOR SELECT id, %s FROM t" % b.rng.choice(b.columns).name)
    b.do("FETCH 5 FROM c", ordered=True)
    b.do("INSERT INTO t (%s) VALUES %s" % (", ".join(b.column_names()), b.row_values()))
    if b.chance(0.7):
        b.do("DELETE FROM t WHERE %s" % b.narrow(), write=True)
        b.do("UPDATE t SET k = 7 WHERE %s" % b.narrow(), write=True)
    b.maybe_move(0.6)
    b.do("FETCH 20 FROM c", ordered=True)
    if scroll == "SCROLL ":
        b.do("FETCH BACKWARD 7 FROM c", ordered=True)
        b.do("FETCH ABSOLUTE 3 FROM c", ordered=True)
        b.do("FETCH RELATIVE 2 FROM c", ordered=True)
    b.do("FETCH ALL FROM plain")
    b.do("MOVE BACKWARD ALL IN plain")
    b.do("FETCH ALL FROM plain")
    b.do("FETCH BACKWARD ALL FROM plain")
    b.do("FETCH ALL FROM c", ordered=True)
    b.do("COMMIT")
    if hold:
        b.do("FETCH FORWARD ALL FROM c", ordered=True)
        b.do("CLOSE c")
    b.twin.moved_beside = False
    b.do("BEGIN")
    one = b.twin.pair(0)[1].must("SELECT coalesce(max(id), 0) FROM t WHERE id % 3 = 0").rows[0][0]
    b.do("DECLARE here CURSOR FOR SELECT id, k FROM t WHERE id = %s FOR UPDATE" % one, write=True)
    b.do("FETCH here", write=True)
    b.do("UPDATE t SET k = 8 WHERE CURRENT OF here", write=True)
    b.do("DELETE FROM t WHERE CURRENT OF here" if b.chance(0.4) else "SELECT id, k FROM t WHERE id = %s" % one, write=True)
    b.do("COMMIT")


def sample(b):
    b.do("SELECT count(*), sum(id) FROM t TABLESAMPLE SYSTEM (100)")
    b.do("SELECT id, %s FROM t TABLESAMPLE BERNOULLI (100) REPEATABLE (3) WHERE %s"
         % (b.rng.choice(b.columns).name, b.predicate()))
    b.do("SELECT count(*) FROM t TABLESAMPLE %s (0)" % b.rng.choice(["SYSTEM", "BERNOULLI"]))
    b.do("SELECT count(*) FROM t TABLESAMPLE SYSTEM (-1)")


def ctid(b):
    """A row's address as read leads to the row, also for a write."""
    where = b.narrow()
    b.do("SELECT id, %s FROM t WHERE (tableoid, ctid) = (SELECT tableoid, ctid FROM t ORDER BY id LIMIT 1)"
         % b.rng.choice(b.columns).name)
    b.do("SELECT a.id, x.id FROM t a JOIN t x ON a.ctid = x.ctid AND a.tableoid = x.tableoid")
    b.do("SELECT count(*) FROM t WHERE ctid >= '(0,0)' AND ctid <= '(4294967294,65535)'")
    if b.partitioned:
        b.do("DELETE FROM t USING t x WHERE x.tableoid = t.tableoid AND x.ctid = t.ctid AND x.id %% 9 = %d%s"
             % (b.rng.randrange(0, 9), b.returning("t")), write=True)
        return
    b.do("SELECT id FROM t WHERE ctid = ANY (ARRAY(SELECT ctid FROM t WHERE %s))" % where)
    b.do("SELECT id FROM t WHERE ctid > '(4000000000,1)'")
    b.transaction(
        lambda: b.do("UPDATE t SET %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM t WHERE %s))%s"
                     % (b.assignments(), b.narrow(), b.returning()), write=True),
        lambda: b.do("SELECT id FROM t WHERE ctid = (SELECT ctid FROM t WHERE id % 4 = 0 ORDER BY id LIMIT 1) FOR UPDATE",
                     write=True),
        lambda: b.do("DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE %s)%s" % (b.narrow(), b.returning()),
                     write=True))
    b.do("SELECT count(*) FROM t a JOIN t x ON a.ctid = x.ctid WHERE a.id <> x.id")


def copy_to(b):
    column = b.rng.choice(b.columns)
    b.do("COPY (SELECT * FROM t WHERE %s) TO STDOUT (FORMAT csv)" % b.predicate())
    source = "(SELECT * FROM t)" if b.partitioned else "t"
    if b.binary_agrees():
        b.do("COPY %s TO STDOUT (FORMAT binary)" % source)
    b.do("COPY (SELECT id, %s FROM t ORDER BY id) TO STDOUT" % column.name, ordered=True)
    if not b.partitioned:
        b.do("COPY t (%s, id) TO STDOUT (FORMAT csv, FORCE_QUOTE *)" % column.name)


def parallel(b):
    force = "debug_parallel_query" if b.version >= 160000 else "force_parallel_mode"
    settings = ["parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0",
                "max_parallel_workers_per_gather = 2", "enable_parallel_append = on"]
    for setting in settings:
        b.do("SET " + setting)
    column = b.rng.choice(b.columns)
    b.do("SELECT count(*), sum(id), sum(hashtext(t::text)::int8) FROM t")
    b.do("SELECT k, count(*), count(%s) FROM t WHERE %s GROUP BY k" % (column.name, b.predicate()))
    b.do("SELECT a.id, x.k FROM t a JOIN t x ON a.id = x.id WHERE %s" % b.predicate("a"))
    name = b.name("par")
    b.do("CREATE TABLE %s USING {am} AS SELECT * FROM t WHERE %s" % (name, b.predicate()))
    b.do("SELECT * FROM %s" % name)
    b.do("DROP TABLE %s" % name)
    b.do("SET %s = on" % force)
    b.do("SELECT id, %s FROM t WHERE %s" % (column.name, b.predicate()))
    b.do("RESET %s" % force)
    for setting in settings:
        b.do("RESET " + setting.split(" ")[0])


KINDS = {
    "query": query,
    "aggregate": aggregate,
    "join": join,
    "window": window,
    "cursor": cursor,
    "sample": sample,
    "ctid": ctid,
    "copy_to": copy_to,
    "parallel": parallel,
}
