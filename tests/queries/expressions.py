"""Random typed SQL expressions over a table's columns.

Every expression means the same on both sides by construction: no volatile function, no order of rows, no
text of a value that may print in two ways. What may raise an error is noted in `hazards`, for the rules about
errors in compare.py. A literal may become a parameter of a prepared statement.
"""

UNITS = ("hour", "day", "week", "month", "quarter", "year", "minute")
FIELDS = ("hour", "dow", "isodow", "day", "month", "week", "doy", "quarter", "year")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
# The type that a parameter of each kind is declared with.
TYPES = {"int": "int8", "float": "float8", "float4": "float4", "text": "text", "icu": "text", "time": "timestamptz",
         "local": "timestamp", "day": "date", "numeric": "numeric", "padded": "bpchar"}


class Expressions:
    def __init__(self, rng, columns, alias="", prepared=False, calm=False):
        self.rng = rng
        self.columns = columns
        self.dot = alias + "." if alias else ""
        self.prepared = prepared
        self.calm = calm  # nothing that may fail
        self.parameters = []  # (type, SQL)
        self.hazards = 0

    def chance(self, probability):
        return self.rng.random() < probability

    def one_of(self, *makers):
        return self.rng.choice(makers)()

    # ---- leaves

    def column(self, *kinds):
        found = [c for c in self.columns if c.kind in kinds]
        return self.rng.choice(found) if found else None

    def name(self, *kinds):
        column = self.column(*kinds)
        return self.dot + column.name if column else None

    def constant(self, kind, sql):
        """A literal, or a parameter or a sub-query that has its value."""
        if kind in TYPES and self.chance(0.03):
            return "(SELECT %s::%s)" % (sql, TYPES[kind])
        if self.prepared and kind in TYPES and self.chance(0.5):
            self.parameters.append((TYPES[kind], sql))
            return "$%d" % len(self.parameters)
        return sql

    def literal(self, column):
        if self.chance(0.03):
            return "NULL"
        literals = [l for l in column.literals if "%" not in l] or list(column.literals)
        return self.constant(column.kind, self.rng.choice(literals))

    # ---- values

    def value(self, kind, depth=2):
        maker = getattr(self, "make_" + kind)
        if depth <= 0 or self.chance(0.35):
            name = self.name(kind) if kind != "float" else self.name("float", "float4")
            if name:
                return name
            depth = max(depth, 1)
        return maker(depth - 1)

    def choice_of(self, kind, depth):
        """CASE and its relatives, of any kind."""
        return self.one_of(
            lambda: "CASE WHEN %s THEN %s ELSE %s END" % (self.truth(1), self.value(kind, depth), self.value(kind, depth)),
            lambda: "CASE WHEN %s THEN %s WHEN %s THEN %s END" % (
                self.truth(1), self.value(kind, depth), self.truth(1), self.value(kind, depth)),
            lambda: "coalesce(%s, %s)" % (self.value(kind, depth), self.value(kind, depth)),
            lambda: "nullif(%s, %s)" % (self.value(kind, depth), self.value(kind, depth)),
            lambda: "%s(%s, %s)" % (self.rng.choice(("greatest", "least")), self.value(kind, depth), self.value(kind, depth)),
        )

    def make_int(self, depth):
        rng = self.rng
        makers = [
            lambda: self.choice_of("int", depth),
            lambda: "length(%s)" % self.value("text", depth),
            lambda: "(%s)::int" % self.truth(depth),
            lambda: "(%s %% %d)" % (self.value("int", depth), rng.choice((2, 3, 7, 10, 100))),
            lambda: "(%s / %d)" % (self.value("int", depth), rng.choice((2, 3, 10, 1000))),
            lambda: "extract(%s FROM %s)::int" % (rng.choice(FIELDS), self.tame("time", "local", "day")),
            lambda: "date_part('%s', %s)::int" % (rng.choice(FIELDS), self.tame("time", "local", "day")),
            lambda: "CASE %s WHEN %s THEN %d WHEN %s THEN %d ELSE %d END" % (
                (c := self.column("text")) and self.dot + c.name, self.literal(c), rng.randrange(9), self.literal(c), rng.randrange(9),
                rng.randrange(9)),
            lambda: "strpos(%s, 'a')" % self.value("text", depth),
            lambda: "sign(%s)::int" % self.value("int", depth),
            lambda: "(%s & %d)" % (self.value("int", depth), rng.choice((1, 7, 255))),
            lambda: "width_bucket(%s, 0, 100, 5)" % self.finite("float"),
        ]
        if not self.calm:
            makers += [self.risky_int] * 4
        return rng.choice(makers)()

    def tame(self, *kinds):
        """A column whose values all are ordinary; or one of the wild ones, as a risk."""
        found = [c for c in self.columns if c.kind in kinds]
        column = self.rng.choice([c for c in found if not (c.wild and self.calm)] or found)
        self.hazards += column.wild
        return self.dot + column.name

    def finite(self, kind):
        found = [c for c in self.columns if c.kind == kind and c.name not in ("fx", "f8")]
        return self.dot + self.rng.choice(found).name if found else "(%s % 97)::float8".replace("%s", self.dot + "id")

    def risky_int(self):
        self.hazards += 1
        return self.one_of(
            lambda: "(%s + %s)" % (self.value("int", 1), self.value("int", 1)),
            lambda: "(%s - %s)" % (self.value("int", 1), self.value("int", 1)),
            lambda: "(%s * %s)" % (self.value("int", 1), self.value("int", 0)),
            lambda: "(%s + %d)" % (self.value("int", 1), self.rng.randrange(100)),
            lambda: "(%s * %d)" % (self.value("int", 1), self.rng.choice((2, 3, -1))),
            lambda: "(%s / nullif(%s, 0))" % (self.value("int", 1), self.value("int", 0)),
            lambda: "(- %s)" % self.value("int", 1),
            lambda: "abs(%s)" % self.value("int", 1),
            lambda: "(%s)::%s" % (self.value("float", 1), self.rng.choice(("int2", "int4", "int8"))),
            lambda: "(%s)::%s" % (self.value("int", 1), self.rng.choice(("int2", "int4", "int8"))),
            lambda: "(%s %s %s)" % (self.value("int", 0), self.rng.choice("/%"), self.value("int", 0)),
        )

    def make_float(self, depth):
        makers = [
            lambda: self.choice_of("float", depth),
            lambda: "(%s)::float8" % self.value("int", depth),
            lambda: "abs(%s)" % self.value("float", depth),
            lambda: "floor(%s)" % self.value("float", depth),
            lambda: "round(%s)" % self.value("float", depth),
            lambda: "(- %s)" % self.value("float", depth),
        ]
        if not self.calm:
            makers += [self.risky_float] * 5
        return self.rng.choice(makers)()

    def risky_float(self):
        self.hazards += 1
        return self.one_of(
            lambda: "(%s * %s)" % (self.value("float", 0), self.name("int")),
            lambda: "(%s * %s)" % (self.value("float", 1), self.value("float", 0)),
            lambda: "(%s + %s)" % (self.value("float", 1), self.value("float", 1)),
            lambda: "(%s - %s)" % (self.value("float", 1), self.rng.choice(("0.5", "100", "1e3"))),
            lambda: "(%s / %s)" % (self.value("float", 1), self.rng.choice(("2", "3.0", "nullif(%s, 0)" % self.value("int", 0)))),
            lambda: "(%s / %s)" % (self.value("float", 0), self.value("float", 0)),
            lambda: "(%s)::float4::float8" % self.value("float", 1),
            lambda: "sqrt(%s)" % self.value("float", 0),
            lambda: "extract(epoch FROM %s)::float8" % self.tame("time", "local"),
        )

    def make_text(self, depth):
        rng = self.rng
        return self.one_of(
            lambda: self.choice_of("text", depth),
            lambda: "%s(%s)" % (rng.choice(("upper", "lower", "initcap", "trim", "reverse")), self.value("text", depth)),
            lambda: "left(%s, %d)" % (self.value("text", depth), rng.randrange(0, 5)),
            lambda: "right(%s, %d)" % (self.value("text", depth), rng.randrange(0, 4)),
            lambda: "substr(%s, %d, %d)" % (self.value("text", depth), rng.randrange(1, 4), rng.randrange(0, 6)),
            lambda: "split_part(%s, '_', %d)" % (self.value("text", depth), rng.randrange(1, 3)),
            lambda: "(%s || %s)" % (self.value("text", depth), self.value("text", 0)),
            lambda: "(%s || '/' || %s)" % (self.value("text", 0), self.value("int", 0)),
            lambda: "concat(%s, '-', %s)" % (self.value("text", 0), self.value("int", 0)),
            lambda: "replace(%s, 'a', 'bb')" % self.value("text", depth),
            lambda: "regexp_replace(%s, '[0-9]+', '#')" % self.value("text", depth),
            lambda: "(%s)::text" % self.value("int", depth),
            lambda: "to_char(%s, 'YYYY-MM-DD')" % self.tame("time", "local", "day"),
            lambda: "(%s)::text" % self.value("day", 0),
            lambda: "md5(%s)" % self.value("text", 0),
        )

    def make_time(self, depth):
        rng = self.rng
        makers = [
            lambda: "date_trunc('%s', %s)" % (rng.choice(UNITS), self.name("time")),
            lambda: "date_trunc('%s', %s)" % (rng.choice(UNITS), self.name("time")),
            lambda: "date_trunc('%s', %s, '%s')" % (rng.choice(UNITS), self.name("time"), rng.choice(ZONES)),
            lambda: "(%s %s interval '%s')" % (self.tame("time"), rng.choice("+-"), rng.choice(("90 minutes", "1 day", "1 month"))),
            lambda: self.choice_of("time", depth),
        ]
        if not self.calm or not any(c.wild and c.kind == "time" for c in self.columns):
            makers.append(lambda: "date_bin('%s', %s, timestamptz '2026-01-01 00:00+00')" % (
                rng.choice(("15 minutes", "7 days", "100 seconds", "1 hour 30 minutes")), self.tame("time")))
        return rng.choice(makers)()

    def make_local(self, depth):
        rng = self.rng
        return self.one_of(
            lambda: "date_trunc('%s', %s)" % (rng.choice(UNITS), self.name("local")),
            lambda: "(%s AT TIME ZONE '%s')" % (self.tame("time"), rng.choice(ZONES)),
            lambda: "date_trunc('%s', %s AT TIME ZONE '%s')" % (rng.choice(UNITS), self.tame("time"), rng.choice(ZONES)),
            lambda: "(%s + interval '45 minutes')" % self.tame("local"),
            lambda: self.choice_of("local", depth),
        )

    def make_day(self, depth):
        return self.one_of(
            lambda: "(%s)::date" % self.tame("time", "local"),
            lambda: "(%s + %d)" % (self.tame("day"), self.rng.randrange(9)),
            lambda: self.choice_of("day", depth),
        )

    def make_numeric(self, depth):
        return self.one_of(
            lambda: "(%s * 2)" % self.value("numeric", depth),
            lambda: "round(%s, 1)" % self.value("numeric", depth),
            lambda: "(%s + %s)" % (self.value("numeric", depth), self.value("numeric", 0)),
            lambda: "(%s)::numeric" % self.value("int", 0),
        )

    def make_bool(self, depth):
        return "(%s)" % self.truth(depth)

    # ---- conditions

    def truth(self, depth=2):
        rng = self.rng
        makers = [self.comparison] * 6 + [
            lambda: self.between(),
            lambda: self.membership(),
            lambda: self.membership(),
            lambda: "%s IS %sNULL" % (self.dot + rng.choice(self.columns).name, rng.choice(("", "NOT "))),
            lambda: self.pattern(),
            lambda: self.pattern(),
            lambda: self.name("bool") or self.comparison(),
            lambda: self.distinct_from(),
            lambda: "%s %s %s" % (self.name(k := rng.choice(("int", "text", "float", "time"))), rng.choice(COMPARISONS), self.value(k, 0)),
        ]
        if depth > 0:
            makers += [
                lambda: "(%s AND %s)" % (self.truth(depth - 1), self.truth(depth - 1)),
                lambda: "(%s OR %s)" % (self.truth(depth - 1), self.truth(depth - 1)),
                lambda: "(%s OR %s OR %s)" % (self.truth(depth - 1), self.truth(0), self.truth(0)),
                lambda: "NOT (%s)" % self.truth(depth - 1),
                lambda: "(%s) IS %s%s" % (self.truth(depth - 1), rng.choice(("", "NOT ")), rng.choice(("TRUE", "FALSE", "UNKNOWN"))),
                lambda: "%s %s %s" % (self.value(k := rng.choice(("int", "text", "float", "time", "local", "day")), depth),
                                      rng.choice(COMPARISONS), self.value(k, 0)),
                lambda: "CASE WHEN %s THEN %s ELSE %s END" % (self.truth(0), self.truth(0), self.truth(0)),
                lambda: "coalesce(%s, %s)" % (self.truth(0), rng.choice(("true", "false"))),
            ]
        return rng.choice(makers)()

    def comparable(self):
        return self.rng.choice([c for c in self.columns if c.literals])

    def comparison(self):
        column = self.comparable()
        sides = [self.dot + column.name, self.literal(column)]
        if self.chance(0.1):
            sides.reverse()
        return "%s %s %s" % (sides[0], self.rng.choice(COMPARISONS), sides[1])

    def between(self):
        column = self.comparable()
        return "%s %sBETWEEN %s%s AND %s" % (self.dot + column.name, self.rng.choice(("", "", "NOT ")), self.rng.choice(
            ("", "", "SYMMETRIC ")), self.literal(column), self.literal(column))

    def membership(self):
        column = self.comparable()
        values = ", ".join(self.literal(column) for _ in range(self.rng.choice((1, 2, 3, 12))))
        kind = TYPES.get(column.kind)
        form = self.rng.choice(("IN", "IN", "NOT IN", "= ANY", "<> ALL", "> ANY", "<= ALL"))
        if "IN" in form or not kind:
            return "%s %s (%s)" % (self.dot + column.name, form if "IN" in form else "IN", values)
        return "%s %s (ARRAY[%s]::%s[])" % (self.dot + column.name, form, values, kind)

    def distinct_from(self):
        column = self.comparable()
        return "%s IS %sDISTINCT FROM %s" % (self.dot + column.name, self.rng.choice(("", "NOT ")), self.literal(column))

    def pattern(self):
        column = self.column("text")
        raw = self.rng.choice(column.literals)[1:-1]
        shaped = self.rng.choice((raw, raw + "%", "%" + raw, "%" + raw + "%", raw[:1] + "%" + raw[-1:], "_" + raw[1:], "%", "%e%a%"))
        form = self.rng.choice(("LIKE", "LIKE", "LIKE", "NOT LIKE", "ILIKE", "^@", "~", "!~*"))
        if form in ("~", "!~*"):
            shaped = self.rng.choice(("^[a-c]", "e.*w$", "[0-9]", "^$", "a|b"))
        elif shaped.endswith("\\"):
            shaped = "%"  # a pattern must not end with an escape
        return "%s %s %s" % (self.dot + column.name, form, self.constant("text", "'%s'" % shaped))
