"""Generated statements: aggregates, filters, joins and what analysts nest them in.

A statement names the table under test {t}. Each output column says how it is compared; for a floating sum
heap is asked for the summands too, so that the exact sum is known. `must` says that the fast path has to take
the statement: on the footfall side it then runs with footfall.require_vectorized.
"""

from dataclasses import dataclass, replace

from expressions import Expressions

EXACT = "exact"
NEAR = "near"


@dataclass(frozen=True)
class Item:
    sql: str
    how: str = EXACT  # or NEAR, or for those with summands: sum, avg, var, stddev, var_pop, stddev_pop
    summands: str = ""  # what heap is asked for beside it
    native: bool = True  # whether the fast path has to know it


@dataclass(frozen=True)
class Statement:
    shape: str
    items: tuple  # the first `keys` of them are what is grouped by
    source: str = "{t}"
    keys: int = 0
    where: tuple = ()
    having: str = ""
    group: str = ""  # instead of the keys' numbers
    distinct: bool = False
    order: str = ""
    limit: str = ""
    before: str = ""  # WITH
    must: bool = False
    hazards: int = 0  # expressions that may fail
    where_hazards: int = 0
    parameters: tuple = ()

    @property
    def required(self):
        """Whether the fast path has to take it."""
        return self.must and all(item.native for item in self.items)

    @property
    def ordered(self):
        return bool(self.order)

    def text(self, summands=False):
        columns = [item.sql for item in self.items]
        if summands:
            columns += [item.summands for item in self.items if item.summands]
        parts = [self.before, "SELECT", "DISTINCT" if self.distinct else "", ", ".join(columns), "FROM", self.source]
        if self.where:
            parts += ["WHERE", " AND ".join("(%s)" % w for w in self.where)]
        if self.group or self.keys:
            parts += ["GROUP BY", self.group or ", ".join(str(n + 1) for n in range(self.keys))]
        if self.having:
            parts += ["HAVING", self.having]
        if self.order:
            parts += ["ORDER BY", self.order]
        parts.append(self.limit)
        return " ".join(part for part in parts if part)

    def smaller(self):
        """Statements with one thing less, for shrinking a failure."""
        if self.limit:
            yield replace(self, limit="")
        if self.having:
            yield replace(self, having="")
        for n in range(len(self.where)):
            yield replace(self, where=self.where[:n] + self.where[n + 1:])
        if self.group:
            return
        if self.order and not self.limit:
            yield replace(self, order="")
        for n in range(len(self.items) - 1, -1, -1):
            if len(self.items) > 1 and (n >= self.keys or not self.order):
                yield replace(self, items=self.items[:n] + self.items[n + 1:], keys=self.keys - (n < self.keys))


class Generator:
    """Statements over one data set."""

    def __init__(self, rng, data_set, columns, prepared=False, behavioural=False):
        self.rng = rng
        self.behavioural = behavioural  # footfall's own aggregates are there
        self.data_set = data_set
        self.columns = columns
        self.prepared = prepared

    def chance(self, probability):
        return self.rng.random() < probability

    def expressions(self, alias="", calm=None):
        return Expressions(self.rng, self.columns, alias, self.prepared, self.chance(0.6) if calm is None else calm)

    def make(self):
        shapes = [(self.grouped, 9), (self.grand, 3), (self.scan, 4), (self.distinct, 2), (self.loose, 2), (self.sets, 2), (self.nested, 3), (self.windows, 5)]
        if self.data_set == "ev":
            shapes.append((self.join, 4))
        if self.behavioural:
            shapes += [(self.customers, 3), (self.levels, 3)]
        return self.rng.choices([s for s, _ in shapes], [w for _, w in shapes])[0]()

    def finish(self, e, statement):
        return replace(statement, hazards=e.hazards, parameters=tuple(e.parameters))

    # ---- pieces

    def conditions(self, e, most=3):
        """Conjuncts, and how many of their expressions may fail."""
        before = e.hazards
        where = tuple(e.truth(self.rng.choice((0, 0, 1, 2))) for _ in range(self.rng.choice([0, 1, 1, 2, most])))
        return where, e.hazards - before

    def key(self, e):
        """What the fast path can group by."""
        kind = self.rng.choice(("int", "int", "text", "text", "text", "time", "time", "day", "local", "bool", "float"))
        if self.chance(0.45):
            narrow = [c for c in self.columns if c.kind == kind and c.name not in ("id", "url", "ts", "rising")]
            if narrow:
                return e.dot + self.rng.choice(narrow).name
        return e.value(kind, 2)

    def aggregate(self, e):
        """An aggregate that the fast path has to know."""
        rng = self.rng
        condition = " FILTER (WHERE %s)" % e.truth(1) if self.chance(0.25) else ""
        choice = rng.choices(("count", "counted", "uniques", "int", "float", "extreme", "bools", "spread", "pair", "huge"),
                             (4, 4, 3, 6, 6, 5, 2, 2, 1.5, 0.1))[0]
        if choice == "count":
            return Item("count(*)" + condition)
        if choice == "counted":
            return Item("count(%s)%s" % (e.value(rng.choice(("int", "text", "float", "time", "day", "bool")), 1), condition))
        if choice == "uniques":
            name = rng.choice(("count", "count", "count", "sum", "avg"))
            kind = "int" if name != "count" else rng.choice(("int", "int", "text", "time", "day", "float"))
            return Item("%s(DISTINCT %s)%s" % (name, e.value(kind, 1), condition))
        if choice == "int":
            return Item("%s(%s)%s" % (rng.choice(("sum", "avg")), e.value("int", 2), condition))
        if choice == "float":
            name, argument = rng.choice(("sum", "avg")), e.value("float", 2)
            e.hazards += 1
            return Item("%s(%s)%s" % (name, argument, condition), name, "array_agg((%s)::float8)%s" % (argument, condition))
        if choice == "extreme":
            kind = rng.choice(("int", "float", "float4", "time", "day", "local", "text"))
            return Item("%s(%s)%s" % (rng.choice(("min", "max")), e.value(kind, 1) if kind != "float4" else e.name(kind), condition))
        if choice == "bools":
            return Item("%s(%s)%s" % (rng.choice(("bool_and", "bool_or", "every")), e.truth(1), condition))
        if choice == "spread":
            name = rng.choice(("stddev", "variance", "stddev_pop", "stddev_samp", "var_pop", "var_samp"))
            if self.chance(0.5):
                return Item("%s(%s)%s" % (name, e.value("int", 1), condition), native=False)
            how = ("stddev" if name.startswith("stddev") else "var") + ("_pop" if name.endswith("_pop") else "")
            argument = e.name("float")
            e.hazards += 1
            return Item("%s(%s)%s" % (name, argument, condition), how, "array_agg(%s)%s" % (argument, condition))
        if choice == "pair":
            # Of whole numbers, so that what has no spread has exactly none on both sides.
            name = rng.choice(("corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_avgx", "regr_avgy",
                               "regr_sxx", "regr_sxy", "regr_syy", "regr_count"))
            small = [c.name for c in self.columns if c.kind == "int" and not c.wild]
            return Item("%s(%s%s::float8, %s%s::float8)%s" % (name, e.dot, rng.choice(small), e.dot, rng.choice(small), condition),
                        EXACT if name == "regr_count" else NEAR)
        name = e.name("hugefloat")
        if not name:
            return Item("count(*)")
        e.hazards += 1
        function = rng.choice(("sum", "max"))
        return Item("%s(%s)%s" % (function, name, condition), "sum" if function == "sum" else EXACT,
                    "array_agg(%s)%s" % (name, condition) if function == "sum" else "")

    def having(self, e):
        """Over whole numbers only: a floating sum next to a limit may fall on either side of it."""
        return self.rng.choice((
            lambda: "count(*) > %d" % self.rng.choice((0, 1, 5, 50)),
            lambda: "count(%s) %% 2 = 0" % e.name("int"),
            lambda: "max(%s) >= %d AND count(*) < 1000" % (e.name("int"), self.rng.randrange(50)),
            lambda: "bool_or(%s)" % e.truth(0),
            lambda: "count(DISTINCT %s) > 1" % e.name("int"),
            lambda: "sum(%s) > 100 OR min(%s) IS NULL" % (e.name("int"), e.name("text"))))()

    # ---- shapes

    def grouped(self):
        e = self.expressions()
        keys = [Item(self.key(e)) for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3)))]
        aggregates = [self.aggregate(e) for _ in range(self.rng.choice((0, 1, 1, 2, 3, 5)))]
        if self.chance(0.1):
            aggregates.append(Item("count(*) * 2 + coalesce(sum(%s), 0)" % e.name("int")))
        where, where_hazards = self.conditions(e)
        order = limit = ""
        if self.chance(0.35):
            order = ", ".join(str(n + 1) for n in range(len(keys)))
            if self.chance(0.3):
                order = "count(*) DESC, " + order
            limit = "LIMIT %d" % self.rng.randrange(0, 20) if self.chance(0.5) else ""
            if limit and self.chance(0.3):
                limit += " OFFSET 2"
        return self.finish(e, Statement("grouped", tuple(keys + aggregates), keys=len(keys), where=where, order=order, limit=limit,
                                        having=self.having(e) if self.chance(0.15) else "", must=True, where_hazards=where_hazards))

    def grand(self):
        e = self.expressions()
        items = tuple(self.aggregate(e) for _ in range(self.rng.choice((1, 1, 2, 4, 8))))
        where, where_hazards = self.conditions(e)
        return self.finish(e, Statement("grand", items, where=where, having=self.having(e) if self.chance(0.08) else "",
                                        must=True, where_hazards=where_hazards))

    def scan(self):
        e = self.expressions(calm=self.chance(0.7))
        names = [c.name for c in self.columns]
        items = [Item("id")] + [Item(n) for n in self.rng.sample(names, k=self.rng.randrange(0, 4))]
        if self.chance(0.3):
            items.append(Item("%s AS computed" % e.value(self.rng.choice(("int", "text", "time")), 1)))
        where, where_hazards = self.conditions(e, 4)
        order = limit = ""
        if self.chance(0.3):
            order = self.rng.choice(("id", "id DESC", "%s, id" % self.rng.choice([c.name for c in self.columns if c.kind in ("int", "text", "time")])))
            limit = "LIMIT %d" % self.rng.choice((1, 10, 100)) if e.hazards == 0 and self.chance(0.7) else ""
        if not order and len(where) < 2:
            items = items[:2]  # many rows: not many columns
        return self.finish(e, Statement("scan", tuple(items), where=where, order=order, limit=limit, must=True, where_hazards=where_hazards))

    def distinct(self):
        e = self.expressions()
        items = tuple(Item(self.key(e)) for _ in range(self.rng.choice((1, 1, 2))))
        where, where_hazards = self.conditions(e)
        order = ", ".join(str(n + 1) for n in range(len(items))) if self.chance(0.3) else ""
        return self.finish(e, Statement("distinct", items, where=where, distinct=True, order=order, where_hazards=where_hazards))

    def loose(self):
        """Aggregates and keys that may be left to the executor."""
        e = self.expressions()
        rng = self.rng
        keys = [Item(rng.choice((self.key(e), e.name("other") or e.name("int"), e.name("icu", "padded"), e.value("numeric", 0))))
                for _ in range(rng.choice((0, 1, 1, 2)))]
        makers = (
            lambda: Item("sum(%s)" % e.value("numeric", 1)), lambda: Item("avg(%s)" % e.name("numeric")),
            lambda: Item("max(%s)" % e.name("numeric")), lambda: Item("count(DISTINCT %s)" % e.name("numeric")),
            lambda: Item("string_agg(%s, ',' ORDER BY id)" % e.value("text", 0)),
            lambda: Item("array_agg(%s ORDER BY id DESC)" % e.name("int")),
            lambda: Item("percentile_disc(0.5) WITHIN GROUP (ORDER BY %s)" % e.name("int")),
            lambda: Item("percentile_cont(0.25) WITHIN GROUP (ORDER BY id::float8)"),
            lambda: Item("bit_or(%s)" % e.name("int")),
            lambda: Item("jsonb_agg(%s ORDER BY id)" % e.name("text")),
            lambda: Item("count(DISTINCT (%s, %s))" % (e.name("int"), e.name("text"))),
            lambda: Item("max(%s)" % (e.name("icu", "padded"))),
            lambda: Item("min(ts::time)" if self.data_set == "ev" else "sum(iv)"),
            lambda: Item("sum(DISTINCT %s)" % (name := e.name("float")), "sum", "array_agg(DISTINCT %s)" % name),
            lambda: self.aggregate(e), lambda: self.aggregate(e),
        )
        items = keys + [rng.choice(makers)() for _ in range(rng.choice((1, 2, 3)))]
        where, where_hazards = self.conditions(e)
        return self.finish(e, Statement("loose", tuple(items), keys=len(keys), where=where, where_hazards=where_hazards))

    def behaviour(self, e, scalar=False):
        """A behavioural aggregate; `scalar`: one whose result can be grouped by."""
        rng = self.rng
        ts = rng.choice(("ts", "ts", "ts", e.value("time", 1)) if self.data_set == "ev" else ("tz", "tz", e.value("time", 1)))
        within = rng.choice(("0", "90 minutes", "2 days", "20 days", "4000 days"))
        conditions = ", ".join(e.truth(rng.choice((0, 0, 1))) for _ in range(rng.choice((1, 2, 2, 3, 5))))
        two = "%s, %s" % (e.truth(0), e.truth(0))
        modes = rng.choice(("strict_order", "strict_deduplication", "strict_increase", "strict_once", "exclude", "exclude_customer",
                            "strict_order,strict_increase", "strict_once,exclude", "strict_deduplication,exclude_customer"))
        pattern = rng.choice(("(?1)(?2)", "(?1).*(?2)", "(?2)(?t<=86400)(?1)", "(?1)(?t>3600)(?2).*(?1)", "(?1)"))
        text = e.value("text", 1)
        aggregates = ["window_funnel('%s', %s, %s)" % (within, ts, conditions),
                      "window_funnel('%s', '{%s}', %s, %s, %s)" % (within, modes, ts, two, conditions),
                      "sequence_match('%s', %s, %s)" % (pattern, ts, two), "sequence_count('%s', %s, %s)" % (pattern, ts, two),
                      "sequence_next('%s', %s, %s, %s)" % (pattern, ts, text, two), "active_periods(extract(day FROM %s)::int)" % ts]
        if not scalar:
            aggregates += ["window_funnel_times('%s', %s, %s)" % (within, ts, conditions), "retention(%s)" % conditions,
                           "window_funnel_times('%s', '{%s}', %s, %s, %s)" % (within, modes, ts, two, conditions),
                           "session_agg(%s, '%s')" % (ts, within), "path_agg(%s, %s, %d)" % (ts, text, rng.choice((1, 3, 50)))]
        return "footfall.%s%s" % (rng.choice(aggregates), " FILTER (WHERE %s)" % e.truth(1) if self.chance(0.2) else "")

    def customers(self):
        """What each customer did, which is streamed in the order of customers."""
        e = self.expressions(calm=self.chance(0.9))
        customer = "customer_id" if self.data_set == "ev" else "k"
        keys = [Item(customer)] + [Item(self.key(e)) for _ in range(self.rng.choice((0, 0, 1)))]
        items = [Item(self.behaviour(e)) for _ in range(self.rng.choice((1, 1, 2, 3)))]
        items += [self.aggregate(e) for _ in range(self.rng.choice((0, 0, 1, 2)))]
        where, where_hazards = self.conditions(e)
        return self.finish(e, Statement("customers", tuple(keys + items), keys=len(keys), where=where, must=True,
                                        having=self.having(e) if self.chance(0.2) else "", where_hazards=where_hazards))

    def levels(self):
        """How many customers did so."""
        e = self.expressions(calm=self.chance(0.9))
        rng = self.rng
        customer = "customer_id" if self.data_set == "ev" else "k"
        where, where_hazards = self.conditions(e, 2)
        other = ", %s AS other" % self.key(e)
        source = "(SELECT %s AS customer%s, %s AS l, %s AS m, count(*) AS n, max(%s) AS t FROM {t}%s GROUP BY 1, 2%s) s" % (
            customer, other, self.behaviour(e, True), self.behaviour(e, True), e.value("int", 1),
            " WHERE " + " AND ".join("(%s)" % w for w in where) if where else "",
            " HAVING " + self.having(e) if self.chance(0.3) else "")
        keys = [Item(key) for key in rng.sample(("l", "other", "m IS NULL", "n % 3", "l::text || 'x'"), k=rng.choice((0, 1, 1, 2)))]
        items = keys + [Item(sql) for sql in rng.sample(("count(*)", "sum(n)", "count(DISTINCT customer)", "max(t)", "count(l)", "min(customer)",
                                                         "count(*) FILTER (WHERE n > 4)", "count(m)"), k=rng.choice((1, 2, 4)))]
        outer = rng.choice(((), (), ("n > 2",), ("l IS NOT NULL", "n % 2 = 0"), ("t > 5 OR t IS NULL",)))
        return self.finish(e, Statement("levels", tuple(items), source, keys=len(keys), where=outer, must=True,
                                        where_hazards=where_hazards + e.hazards))

    def windows(self):
        """Window functions and sorting, mostly along the order key; `id` leaves no two rows equal."""
        e = self.expressions(calm=self.chance(0.9))
        rng = self.rng
        customer, time = ("customer_id", "ts") if self.data_set == "ev" else ("k", "tz")
        order = rng.choice(("%s, id" % time, "%s, id" % time, "id", "%s, %s, id" % (time, e.name("int")), "id DESC"))
        where, where_hazards = self.conditions(e, 2)
        if self.chance(0.35):
            items = [Item("id"), Item(customer)] + [Item("%s AS computed%d" % (e.value(rng.choice(("int", "text", "time")), 1), n))
                                                     for n in range(rng.choice((0, 1, 2)))]
            limit = "LIMIT %d" % rng.choice((1, 10, 100, 3000)) if e.hazards == 0 and self.chance(0.7) else ""
            return self.finish(e, Statement("sorted", tuple(items), where=where, order="%s, %s" % (customer, order), limit=limit,
                                            where_hazards=where_hazards))
        partition = rng.choice((customer, customer, customer, "%s, %s" % (customer, e.name("text")), e.name("int")))
        over = "OVER (PARTITION BY %s ORDER BY %s)" % (partition, order)
        functions = ("lag(%s)" % e.value("int", 1), "lead(%s)" % e.value("text", 0), "row_number()", "rank()", "sum(%s)" % e.name("int"),
                     "count(*)", "first_value(%s)" % e.name("text"), "max(%s)" % e.value("time", 0), "ntile(3)",
                     "count(*) FILTER (WHERE %s)" % e.truth(1))
        one, other = rng.sample(functions, k=2)
        source = "(SELECT id, %s AS c, %s AS own, %s %s AS w, %s %s AS v FROM {t}%s) s" % (
            customer, e.value("text", 0), one, over, other, over, " WHERE " + " AND ".join("(%s)" % w for w in where) if where else "")
        if self.chance(0.5):
            items = [Item(sql) for sql in ("id", "w", "v", "own")]
            return self.finish(e, Statement("windows", tuple(items), source, where=rng.choice(((), ("w IS NOT NULL",), ("c > 3",))),
                                            where_hazards=where_hazards + e.hazards))
        items = [Item("own"), Item("count(*)"), Item("count(w)"), Item("count(DISTINCT v)"), Item("max(c)")]
        return self.finish(e, Statement("windows", tuple(items), source, keys=1, where_hazards=where_hazards + e.hazards))

    def sets(self):
        """Grouping sets; every key is an output column and grouping() tells the rows apart."""
        e = self.expressions(calm=True)
        names = self.rng.sample([c.name for c in self.columns if c.kind in ("text", "int", "bool", "day") and c.name not in ("id", "url")], k=2)
        a, b = names
        group = self.rng.choice(("ROLLUP (%s, %s)", "CUBE (%s, %s)", "GROUPING SETS ((%s), (%s), ())")) % (a, b)
        items = (Item(a), Item(b), Item("grouping(%s, %s)" % (a, b)), Item("count(*)"), self.aggregate(e))
        where, where_hazards = self.conditions(e)
        return self.finish(e, Statement("sets", items, keys=2, where=where, group=group, where_hazards=where_hazards))

    def join(self):
        """The star: dimension tables on one, two or three sides."""
        e = self.expressions("e", calm=self.chance(0.85))
        rng = self.rng
        source, extra = "{t} e", []
        for table, column, more in rng.sample((("product p", "p.product_id = e.product_id", ("p.category", "p.seasonal", "p.list_price::int")),
                                               ("customer c", "c.customer_id = e.customer_id", ("c.segment", "date_trunc('month', c.since)")),
                                               ("calendar d", "d.day = e.ts::date", ("d.weekend", "extract(isodow FROM d.day)")),
                                               ("region r", "r.code = e.country", ("r.continent",)),
                                               ("nation n", "n.code = e.country", ("n.continent", "n.code"))), k=rng.choice((1, 1, 2, 3))):
            source += " %s JOIN %s ON %s" % (rng.choice(("", "", "LEFT")), table, column)
            extra += more
        where, where_hazards = self.conditions(e, 2)
        filters = ("p.seasonal", "p.category = 'category 4'", "p.list_price > 30", "c.segment <> 'lost'", "c.since < date '2025-06-01'",
                   "d.weekend", "n.continent = 'Europe'", "n.code IN ('DE', 'FR')")
        there = [f for f in filters if " %s JOIN" % f[0] in source or ("JOIN" in source and any(f.startswith(x.split(".")[0] + ".") for x in extra))]
        where += tuple(rng.sample(there, k=min(len(there), rng.choice((0, 1, 1, 2)))))
        semi = rng.random()
        if semi < 0.1:
            where += ("e.customer_id IN (SELECT customer_id FROM customer WHERE segment = 'loyal')",)
        elif semi < 0.15:
            where += ("e.country IN (SELECT code FROM region WHERE continent <> 'Asia')",)
        elif semi < 0.25:
            where += ("NOT EXISTS (SELECT 1 FROM product x WHERE x.product_id = e.product_id AND x.seasonal)",)
        keys = [Item(rng.choice(extra)) for _ in range(rng.choice((0, 1, 1, 2)))]
        if self.chance(0.3):
            keys.append(Item(self.key(e)))
        items = keys + [self.aggregate(e) for _ in range(rng.choice((1, 2, 3)))]
        return self.finish(e, Statement("join", tuple(items), source, keys=len(keys), where=where, where_hazards=where_hazards + e.hazards))

    def nested(self):
        """Subqueries, CTEs, windows, set operations, laterals over what the fast path gives."""
        e = self.expressions(calm=True)
        rng = self.rng
        cond = e.truth(1)
        key = self.key(e)
        text, number = e.name("text"), e.name("int")
        whole = rng.choice(("customer_id", "quantity", "id") if self.data_set == "ev" else ("k", "id", "same"))
        shapes = [
            # A group of -0 and 0 shows either, one of -0 alone -0.
            ("(SELECT %s AS a, count(*) AS n, sum(%s) AS s, count(DISTINCT (%s)::text) > 1 AS mixed FROM {t} WHERE %s GROUP BY 1) q"
             % (key, number, key, cond),
             ("count(*)", "sum(n)", "sum(s)", "max(CASE WHEN mixed THEN regexp_replace(a::text, '^-0$', '0') ELSE a::text END)",
              "count(*) FILTER (WHERE a::text = '-0' AND NOT mixed)")),
            ("(SELECT %s AS a, count(*) AS n FROM {t} GROUP BY 1) q JOIN (SELECT %s AS a, max(%s) AS m FROM {t} WHERE %s GROUP BY 1) r "
             "ON q.a IS NOT DISTINCT FROM r.a" % (key, key, number, cond), ("count(*)", "sum(n)", "sum(m)")),
            ("(SELECT %s AS a, count(*) AS n, rank() OVER (ORDER BY count(*), %s) AS r FROM {t} WHERE %s GROUP BY %s) q"
             % (text, text, cond, text), ("a", "n", "r")),
            ("(SELECT %s::text AS a, count(*) AS n FROM {t} WHERE %s GROUP BY 1 UNION ALL SELECT %s, count(DISTINCT %s) FROM {t} GROUP BY 1) q"
             % (number, cond, text, number), ("a", "n")),
            ("generate_series(1, 6) g, LATERAL (SELECT count(*) AS n, min(%s) AS m FROM {t} WHERE %s %% 7 = g) q" % (text, whole),
             ("g", "n", "m")),
            ("generate_series(1, 8) g", ("g", "(SELECT count(*) FROM {t} WHERE %s = g * 5)" % whole,
                                         "(SELECT sum(%s) FROM {t} WHERE %s = g AND %s)" % (number, whole, cond))),
            ("(SELECT %s AS a FROM {t} WHERE %s ORDER BY id LIMIT 40) q" % (number, cond), ("count(*)", "sum(a)")),
            ("{t} x", ("count(*)",), "x.%s = (SELECT max(%s) FROM {t} WHERE %s)" % (whole, whole, cond)),
            ("{t} x", ("count(*)", "sum(id)"), "EXISTS (SELECT 1 FROM {t} y WHERE y.id = x.id + 1 AND y.%s = x.%s)" % (whole, whole)),
            ("(SELECT DISTINCT %s AS a, %s AS b FROM {t}) q" % (text, key), ("a", "count(b)"), "", 1),
            ("a CROSS JOIN a AS b", ("count(*)", "sum(a.n * b.n)"), "", 0,
             "WITH a AS MATERIALIZED (SELECT %s AS k, count(*) AS n FROM {t} WHERE %s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20)" % (text, cond)),
        ]
        source, columns, *more = rng.choice(shapes)
        where, keys, before = (more + ["", 0, ""][len(more):])
        return self.finish(e, Statement("nested", tuple(Item(c) for c in columns), source, keys=keys, where=(where,) if where else (),
                                        before=before, where_hazards=1 if e.hazards else 0))
