"""The table under test: its random shape, its rows, the store its rows are in, and its checks.

A `Bench` is one unit of work: a fresh schema with table `t` of one group of column types, kept in one
store under one isolation level, with some statement kinds run on it one after another. `id` is unique by
construction, which keeps generated statements deterministic; every other column is free.
"""

import random
from dataclasses import dataclass

from column_types import TYPE_SETUP
from twin import Mismatch, Refused

STORES = ("hot", "sealed", "mixed", "compacted", "cold")
ISOLATIONS = ("read committed", "repeatable read", "serializable")
NULLS = {
    "none": None,
    "some": "{i} % 5 = 0",
    "most": "{i} % 7 <> 0",
    "all": "true",
    "runs": "{i} / 30 % 2 = 0",
}
MOVER = 8  # the session that seals, compacts and archives while others are in a transaction
HELPER = 9


@dataclass
class Column:
    name: str
    type: object
    nulls: str

    def series(self, i):
        """The column's value for row number {i}: NULL by pattern, else an edge case or a computed value."""
        body = self.type.series.replace("{i}", i)
        arms = []
        condition = NULLS[self.nulls]
        if condition:
            arms.append("WHEN %s THEN NULL" % condition.replace("{i}", i))
        for number, literal in enumerate(self.type.literals):
            arms.append("WHEN %s %% 23 = %d THEN %s" % (i, number * 2, literal))
        return "CASE %s ELSE %s END" % (" ".join(arms), body)


class Bench:
    def __init__(self, twin, group, store, isolation, seed, coverage, version):
        self.twin = twin
        self.rng = random.Random(seed)
        self.group = group
        self.store = store
        self.isolation = isolation
        self.coverage = coverage
        self.version = version
        self.next_id = 1
        self.counter = 0
        self.kind = "setup"
        self.state = "hot"
        self.compacted = False
        self.partitioned = False
        self.columns = []

    # ---- statements

    def do(self, sql, **options):
        """One statement on both sides; its outcome counts for the cell of the current kind."""
        try:
            result = self.twin.do(sql, **options)
        except Refused:
            self.coverage.refused(self.group, self.state, self.isolation, self.kind)
            raise
        self.coverage.done(self.group, self.state, self.isolation, self.kind, result.ok)
        return result

    def fresh_ids(self, count):
        first = self.next_id
        self.next_id += count
        return first

    def name(self, prefix):
        self.counter += 1
        return "%s%d" % (prefix, self.counter)

    def chance(self, probability):
        return self.rng.random() < probability

    # ---- set-up

    def build(self):
        rng = self.rng
        for statement in TYPE_SETUP:
            self.do(statement, must=True)
        self.do("CREATE TABLE p (id int4 PRIMARY KEY, v text) USING heap", must=True)
        self.do("INSERT INTO p SELECT n, 'parent ' || n FROM generate_series(0, 11) n", must=True)
        self.columns = [
            Column("c%d" % number, kind, rng.choice(list(NULLS))) for number, kind in enumerate(self.group.types)
        ]
        parts = ["id int8 NOT NULL", "k int4", "ref int4"]
        middle = [("%s %s" % (c.name, c.type.ddl)) for c in self.columns]
        middle.append("gone text DEFAULT 'gone'")
        rng.shuffle(middle)
        parts += middle
        parts.append("d text DEFAULT 'by default'")
        if self.chance(0.6):
            parts.append("g int8 GENERATED ALWAYS AS (id * 2 + coalesce(k, 0)) STORED")
        if self.chance(0.3):
            parts.append("CONSTRAINT k_small CHECK (k < 100000)")
        if self.chance(0.4):
            parts.append("CONSTRAINT ref_p FOREIGN KEY (ref) REFERENCES p %s"
                         % rng.choice(["", "ON DELETE CASCADE", "ON DELETE SET NULL", "DEFERRABLE INITIALLY DEFERRED"]))
        self.partitioned = self.chance(0.2)
        body = ", ".join(parts)
        if self.partitioned:
            self.do("CREATE TABLE t (%s) PARTITION BY RANGE (k)" % body, must=True)
            self.do("CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (MINVALUE) TO (5)", must=True)
            self.do("CREATE TABLE t_high PARTITION OF t FOR VALUES FROM (5) TO (1000)", must=True)
            self.do("CREATE TABLE t_rest PARTITION OF t DEFAULT", must=True)
        else:
            temp = "" if self.store != "hot" or not self.chance(0.1) else "UNLOGGED "
            self.do("CREATE %sTABLE t (%s)" % (temp, body), must=True)
        early_drop = self.chance(0.5)
        if early_drop:
            self.do("ALTER TABLE t DROP COLUMN gone", must=True)
        if self.chance(0.4) and self.store != "hot":
            self.twin.subject("SELECT footfall.configure('t', customer_column => 'k', order_by => ARRAY['k', 'id'])")
        self.load(rng.choice([40, 70, 130, 300, 300, 600]))
        self.move_once()
        if not early_drop:
            self.do("ALTER TABLE t DROP COLUMN gone", must=True)
        if self.chance(0.5):
            self.do("ALTER TABLE t ADD COLUMN fast text DEFAULT 'fast default'", must=True)
            if self.chance(0.5):
                self.do("ALTER TABLE t ADD COLUMN fast2 numeric NOT NULL DEFAULT 1.50", must=True)
            self.load(10)

    def column_names(self):
        return ["id", "k", "ref"] + [c.name for c in self.columns]

    def binary_agrees(self):
        """Arrays of our own types carry their element type's OID, which the two databases do not share."""
        return not any(c.type.name in ("enum_array", "composite_array") for c in self.columns)

    def row_query(self, first, count, i="i"):
        values = [i, "nullif(%s %% 11, 10)::int4" % i, "nullif(%s %% 12, 3)::int4" % i]
        values += [c.series(i) for c in self.columns]
        return "SELECT %s FROM generate_series(%d::int8, %d) %s" % (", ".join(values), first, first + count - 1, i)

    def copy_lines(self, count, options="", first=None):
        """COPY input for `count` new rows, as heap's side writes it."""
        if first is None:
            first = self.fresh_ids(count)
        model = self.twin.pair(HELPER)[1]
        result = model.must("COPY (%s) TO STDOUT %s" % (self.row_query(first, count), options))
        return b"".join(row[0] for row in result.rows)

    def load(self, count, table="t", must=True, plain=False):
        """New rows, by INSERT or, unless they have to stay hot, by COPY."""
        target = "%s (%s)" % (table, ", ".join(self.column_names()))
        if self.chance(0.5) and not plain:
            self.do("COPY %s FROM STDIN" % target, copy=self.copy_lines(count), must=must)
        else:
            self.do("INSERT INTO %s %s" % (target, self.row_query(self.fresh_ids(count), count)), must=must)

    def value(self, column):
        """A random value for a column, as SQL."""
        if column.nulls == "all" or (column.nulls != "none" and self.chance(0.25)):
            return "NULL"
        if self.chance(0.5):
            return self.rng.choice(column.type.literals)
        return column.type.series.replace("{i}", str(self.rng.randrange(1, 2000)) + "::int8")

    def row_values(self):
        """One VALUES row for id, k, ref and the typed columns."""
        values = [str(self.fresh_ids(1)), str(self.rng.randrange(0, 12)), str(self.rng.randrange(0, 12))]
        for column in self.columns:
            value = self.value(column)
            values.append("NULL::%s" % column.type.ddl if value == "NULL" else value)
        return "(%s)" % ", ".join(values)

    # ---- stores

    def call(self, procedure, session=0, must=True, table="t"):
        arguments = "'%s', 'lake'" % table if procedure == "archive" else "'%s'" % table
        return self.twin.subject("CALL footfall.%s(%s)" % (procedure, arguments), session=session, must=must)

    def move_once(self):
        """Brings freshly loaded rows into the unit's store."""
        if self.store == "hot":
            return
        self.call("seal")
        if self.store in ("compacted", "cold"):
            self.load(15)
            self.call("seal")
            self.call("compact")
            self.compacted = True
        if self.store == "cold":
            self.call("archive")

    def prepare(self, kind):
        """Before each kind: enough rows, in the store the unit is about."""
        self.kind = "setup"
        self.twin.roll_back()
        count = self.twin.pair(0)[1].must("SELECT count(*) FROM t").rows[0][0]
        if int(count) < 30:
            self.load(60)
        elif int(count) > 3000:
            try:
                self.do("DELETE FROM t WHERE id % 4 <> 0", write=True)
            except Refused:
                self.do("TRUNCATE t", must=True)
                self.load(60)
        if self.store != "hot":
            self.call("seal")
        if self.store == "mixed":
            if self.isolation != "serializable":
                self.do("DELETE FROM t WHERE id % 13 = 5", write=True)
            self.load(self.rng.choice([5, 12, 40]), plain=True)
        elif self.store in ("compacted", "cold"):
            if self.isolation != "serializable" and self.chance(0.5):
                self.do("DELETE FROM t WHERE id % 17 = 3", write=True)
            self.call("compact")
            self.compacted = True
            if self.store == "cold":
                self.call("archive")
        self.state = self.observed_state()
        self.kind = kind

    def observed_state(self):
        if self.twin.am == "heap":
            return self.store
        row = self.twin.pair(HELPER)[0].must(
            "SELECT coalesce(sum(hot_rows), 0), coalesce(sum(sealed_rows + cold_rows), 0) FROM footfall.storage('t')").rows[0]
        hot, sealed = int(row[0]), int(row[1])
        if sealed == 0:
            return "hot"
        if hot == 0:
            if self.store == "cold":
                local = self.twin.pair(HELPER)[0].must(
                    "SELECT count(*) FROM footfall.segment s JOIN pg_class c ON s.storage = c.reltoastrelid WHERE s.archive_object "
                    "IS NULL AND (c.oid = 't'::regclass OR c.oid IN (SELECT relid FROM pg_partition_tree('t')))").rows[0][0]
                return "cold" if int(local) == 0 else "compacted"
            return "compacted" if self.store == "compacted" else "sealed"
        return "mixed"

    def maybe_move(self, probability=0.15):
        """At a random moment another session moves rows between stores, whatever this one has open."""
        if self.store == "hot" or self.twin.am == "heap" or not self.chance(probability):
            return
        procedures = ["seal", "seal", "compact"] + (["archive", "unarchive"] if self.store == "cold" else [])
        procedure = self.rng.choice(procedures)
        self.twin.subject("SET lock_timeout = '100ms'", session=MOVER)
        if self.isolation == "serializable":
            # It deletes and inserts what it moves, so a serializable seal conflicts with readers, as DDL would.
            self.twin.subject("SET default_transaction_isolation = 'read committed'", session=MOVER)
        result = self.call(procedure, session=MOVER, must=False)
        if not result.ok and result.sqlstate != "55P03":
            raise Mismatch("CALL footfall.%s('t') beside an open transaction\n  %r" % (procedure, result))
        self.twin.moved_beside = True

    # ---- random pieces of SQL

    def literal_of(self, column):
        return self.rng.choice(column.type.literals)

    def predicate(self, alias="", depth=0):
        rng = self.rng
        dot = alias + "." if alias else ""
        column = rng.choice(self.columns)
        top = max(self.next_id, 2)
        choices = [
            lambda: "%sid = %d" % (dot, rng.randrange(1, top)),
            lambda: "%sid BETWEEN %d AND %d" % (dot, (a := rng.randrange(1, top)), a + rng.randrange(0, 60)),
            lambda: "%sid %% %d = %d" % (dot, (m := rng.randrange(2, 9)), rng.randrange(0, m)),
            lambda: "%sk = %d" % (dot, rng.randrange(0, 11)),
            lambda: "%sk IS NULL" % dot,
            lambda: "%s%s IS %sNULL" % (dot, column.name, rng.choice(["", "NOT "])),
            lambda: "%sid IN (%s)" % (dot, ", ".join(str(rng.randrange(1, top)) for _ in range(5))),
            lambda: "%s%s::text > 'b'" % (dot, column.name),
            lambda: "length(%s%s::text) %% 2 = 0" % (dot, column.name),
        ]
        if column.type.ordered:
            choices += [
                lambda: "%s%s %s %s" % (dot, column.name, rng.choice(["=", "<", ">=", "<>"]), self.literal_of(column)),
                lambda: "%s%s IS NOT DISTINCT FROM %s" % (dot, column.name, self.literal_of(column)),
                lambda: "%s%s IN (%s, %s)" % (dot, column.name, self.literal_of(column), self.literal_of(column)),
            ]
        if depth < 2:
            choices += [
                lambda: "(%s AND %s)" % (self.predicate(alias, depth + 1), self.predicate(alias, depth + 1)),
                lambda: "(%s OR %s)" % (self.predicate(alias, depth + 1), self.predicate(alias, depth + 1)),
                lambda: "NOT coalesce(%s, false)" % self.predicate(alias, depth + 1),
            ]
        if rng.random() < 0.05:
            return rng.choice(["true", "false"])
        return rng.choice(choices)()

    def narrow(self, alias=""):
        """A predicate that leaves most rows alone, so that a table survives many statements."""
        dot = alias + "." if alias else ""
        return "%sid %% %d = %d AND (%s)" % (dot, (m := self.rng.randrange(3, 12)), self.rng.randrange(0, m),
                                             self.predicate(alias, 1))

    def change(self, column, alias=""):
        """An expression giving a column another value of its type."""
        if self.chance(0.5):
            return self.value(column)
        name = "%s.%s" % (alias, column.name) if alias else column.name
        if column.type.name in ("int2", "int4", "int8", "domain") or not self.chance(0.3):
            return column.type.change.replace("{c}", name)
        return name

    def assignments(self, alias=""):
        chosen = self.rng.sample(self.columns, k=min(len(self.columns), self.rng.randrange(1, 4)))
        parts = ["%s = %s" % (column.name, self.change(column, alias)) for column in chosen]
        if self.chance(0.2):
            parts.append("d = DEFAULT")
        if self.chance(0.3):
            parts.append("k = %d" % self.rng.randrange(0, 12))
        return ", ".join(parts)

    def returning(self, alias=""):
        dot = alias + "." if alias else ""
        return self.rng.choice(["", " RETURNING %sid" % dot, " RETURNING %s*" % dot,
                                " RETURNING %sid, %s%s::text, %sk" % (dot, dot, self.rng.choice(self.columns).name, dot)])

    # ---- transactions

    def transaction(self, *bodies, commit=None):
        """Runs the bodies in one transaction (or each by itself), sometimes rolled back."""
        explicit = self.chance(0.6) or commit is not None
        if explicit:
            self.do("BEGIN")
        for body in bodies:
            self.maybe_move(0.1)
            body()
            if self.twin.failed():
                break
        if explicit:
            end = commit if commit is not None else self.chance(0.8)
            self.do("COMMIT" if end else "ROLLBACK")
        self.twin.moved_beside = False

    # ---- checks

    def check(self, table="t", way=None):
        """Whole tables must be equal, seen in several ways."""
        kind, self.kind = self.kind, "check"
        self.twin.roll_back()
        self.do("COPY %s TO STDOUT" % table if not (table == "t" and self.partitioned)
                else "COPY (SELECT * FROM t) TO STDOUT", must=True)
        names = ", ".join("%s::text" % c.name for c in self.columns)
        ways = {
            "ordered": lambda: self.do("SELECT * FROM %s ORDER BY id" % table, ordered=True, must=True),
            "counts": lambda: self.do(
                "SELECT count(*), sum(id), count(k), sum(hashtext(x::text)::int8) FROM %s x" % table, must=True),
            "tids": lambda: self.do(
                "SELECT count(*), count(DISTINCT (tableoid, ctid)), (SELECT count(*) FROM {0} a JOIN {0} b "
                "ON a.tableoid = b.tableoid AND a.ctid = b.ctid AND a.id = b.id) FROM {0}".format(table), must=True),
            "parallel": lambda: self.parallel_check(table),
            "cursor": lambda: self.cursor_check(table),
            "system": lambda: self.do(
                "SELECT id, xmin IS NOT NULL, cmin IS NOT NULL, tableoid::regclass::text, ctid IS NOT NULL, %s FROM %s"
                % (names, table), must=True),
        }
        ways[way or self.rng.choice(list(ways))]()
        self.kind = kind

    def parallel_check(self, table):
        force = "debug_parallel_query" if self.version >= 160000 else "force_parallel_mode"
        self.do("BEGIN")
        for setting in ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0",
                        "max_parallel_workers_per_gather = 2", force + " = on"):
            self.do("SET LOCAL " + setting)
        self.do("SELECT count(*), sum(id), sum(hashtext(x::text)::int8) FROM %s x" % table, must=True)
        self.do("SELECT id, k, %s FROM %s" % (self.columns[0].name, table), must=True)
        self.do("COMMIT")

    def cursor_check(self, table):
        self.do("BEGIN")
        self.do("DECLARE whole CURSOR FOR SELECT * FROM %s ORDER BY id" % table)
        for _ in range(2):
            self.do("FETCH 17 FROM whole", ordered=True, must=True)
        self.do("FETCH ALL FROM whole", ordered=True, must=True)
        self.do("COMMIT")

    def verify(self):
        """footfall.verify finds nothing wrong in what was written."""
        if self.twin.am == "heap":
            return
        self.twin.roll_back()
        self.twin.subject("SELECT footfall.verify('t')")
