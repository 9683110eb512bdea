"""The tables that are asked: one heap table a data set, and footfall tables with the same rows in every store.

`ev` is a shop's event log with partitions by week; `ty` is one table of every type the engine knows and
several that it does not, with the values that hurt. The rows are a function of their number, so every run has
the same ones; what differs between runs is what is asked of them. A store is how a table got its rows:

    hot         never sealed; dead versions of rows among them
    sealed      segments with tombstones, each written by a seal of its own
    mixed       the first half sealed, with tombstones, the second half hot
    compacted   sorted by the order key, without tombstones
    cold        the first two thirds of the first half archived to files, deleted and changed since, the rest sealed and hot
    tree        (ev) a partition of each kind, and an empty one
    flat        (ev) not partitioned: many blocks a segment, the tail hot
    moving      other sessions rewrite, seal and compact rows while it is asked
"""

from dataclasses import dataclass

HALF = 2  # rows come in two halves, so that the first can be sealed, changed and altered before the second


@dataclass(frozen=True)
class Column:
    name: str
    kind: str  # what the expression generator may do with it
    ddl: str
    value: str  # SQL of the row number i, an int8
    literals: tuple = ()
    wild: bool = False  # arithmetic on it is likely to fail


def h(salt, modulus):
    """A pseudo-random number below `modulus` that belongs to row i."""
    return "((hashint8extended(i, %d) & 1152921504606846975) %% %d)" % (salt, modulus)


def pick(salt, *values):
    return "(ARRAY[%s])[%s::int4 + 1]" % (", ".join("'%s'" % v for v in values), h(salt, len(values)))


def some_null(salt, percent, value):
    return "CASE WHEN %s < %d THEN NULL ELSE %s END" % (h(salt, 100), percent, value)


EVENTS = ("view", "view", "view", "view", "search", "add_to_cart", "checkout", "purchase")
COUNTRIES = ("US", "US", "US", "GB", "DE", "DE", "FR", "BR", "IN", "JP", "ES", "NL")
PRODUCT = "(1 + %s * %s / 400)" % (h(5, 400), h(6, 400))

EV = (
    Column("id", "int", "int8 NOT NULL", "i", ("17", "4000", "8999")),
    # A month with both changes of the clock, in America and in Europe.
    Column("ts", "time", "timestamptz NOT NULL",
           "timestamptz '2026-03-01 00:00+00' + i * interval '345 seconds' + %s * interval '1 microsecond'" % h(1, 10**9),
           ("timestamptz '2026-03-08 09:30+00'", "timestamptz '2026-03-29 00:59:59.999999+00'", "timestamptz '2026-03-15 00:00+00'",
            "timestamptz '2026-04-02 12:00+02'")),
    Column("customer_id", "int", "int8 NOT NULL", "1 + %s * %s / 300" % (h(2, 300), h(3, 300)), ("7", "42", "100", "299")),
    Column("session_id", "int", "int8", some_null(4, 3, "i / 7"), ("100", "900")),
    Column("event_type", "text", "text NOT NULL", pick(7, *EVENTS), ("'view'", "'purchase'", "'add_to_cart'", "'refund'")),
    Column("product_id", "int", "int4", some_null(8, 12, PRODUCT + "::int4"), ("1", "12", "57", "399")),
    Column("category", "text", "text", some_null(8, 12, "'category ' || %s %% 9" % PRODUCT), ("'category 3'", "'category 8'", "''")),
    Column("brand", "text", "text", some_null(8, 12, "'brand_' || %s %% 61" % PRODUCT), ("'brand_7'", "'brand_60'", "'brand%'")),
    Column("price", "float", "float8", some_null(9, 6, "round((exp(%s / 200.0) * 7)::numeric, 2)::float8" % h(10, 1000)),
           ("19.99", "100", "0.5", "7.25")),
    Column("quantity", "int", "int2", "(1 + %s * %s / 9)::int2" % (h(11, 3), h(12, 6)), ("1", "2", "3")),
    Column("country", "text", "text", pick(13, *COUNTRIES), ("'DE'", "'US'", "'JP'", "'XX'")),
    Column("device", "text", "text", some_null(14, 2, pick(15, "mobile", "desktop", "tablet", "app")), ("'mobile'", "'app'")),
    Column("campaign", "text", "text", some_null(16, 30, pick(17, "", "", "spring_sale", "newsletter", "brand")),
           ("''", "'spring_sale'", "'news%'")),
    Column("url", "text", "text", "'/p/' || %s || '?s=' || %s" % (PRODUCT, h(18, 2**31)), ("'/p/7%'", "'/p/12?s=1'")),
    Column("paid", "bool", "bool", some_null(19, 10, "%s < 40" % h(20, 100))),
    Column("amount", "numeric", "numeric(12,2)", some_null(21, 6, "(%s / 100.0)::numeric(12,2)" % h(22, 100000)),
           ("12.50", "999.99")),
    Column("day", "day", "date", "date '2026-03-01' + (i / 250)::int4", ("date '2026-03-08'", "date '2026-03-29'")),
    Column("local_ts", "local", "timestamp", some_null(23, 5, "timestamp '2026-03-01' + i * interval '5 minutes'"),
           ("timestamp '2026-03-20 17:00'", "timestamp '2026-03-01 00:00'")),
    Column("ratio", "float4", "float4", some_null(24, 5, "(%s / 512.0)::float4" % h(25, 4096)), ("0.5", "3.25")),
    Column("label", "icu", "text {icu}", pick(26, "a", "A", "b", "B", "\u00e4", "z", "Z", ""), ("'a'", "'Z'")),
)

TY = (
    Column("id", "int", "int8 NOT NULL", "i", ("1", "900", "2500")),
    Column("k", "int", "int4", some_null(31, 4, "%s::int4" % h(32, 12)), ("3", "11", "0")),
    Column("i2", "int", "int2", some_null(33, 20, "CASE WHEN i % 97 = 0 THEN 32767 WHEN i % 89 = 0 THEN -32768 ELSE {0} - 50 END::int2"
           .replace("{0}", h(34, 100))), ("7", "-3", "32767::int2"), wild=True),
    Column("i4", "int", "int4", some_null(35, 10, "CASE WHEN i % 401 = 0 THEN 2147483647 WHEN i % 397 = 0 THEN -2147483648 ELSE {0} - 2500 END::int4"
           .replace("{0}", h(36, 5000))), ("42", "-1", "2147483647"), wild=True),
    Column("i8", "int", "int8", some_null(37, 10, "CASE WHEN i % 803 = 0 THEN 9223372036854775807 WHEN i % 797 = 0 THEN -9223372036854775808 "
           "ELSE {0} - 500000000000 END".replace("{0}", h(38, 10**12))), ("99", "0", "9223372036854775807"), wild=True),
    Column("f4", "float4", "float4", some_null(39, 10, "CASE i % 61 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN '1.5e-38' "
           "ELSE ({0} / 64.0)::text END::float4".replace("{0}", h(40, 4096))), ("0", "3.25", "'NaN'::float4")),
    Column("f8", "float", "float8", some_null(41, 10, "CASE i % 67 WHEN 1 THEN '-0' WHEN 2 THEN '4.9e-324' WHEN 3 THEN '0' WHEN 4 THEN '1e15' "
           "WHEN 5 THEN '-1e15' ELSE ({0} / 100.0 - 500)::text END::float8".replace("{0}", h(42, 100000))), ("0", "0.1", "19.99", "'-0'::float8")),
    Column("fx", "float", "float8", "CASE i % 331 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE (i % 50)::text END::float8",
           ("'NaN'::float8", "'Infinity'::float8", "'-Infinity'::float8", "5")),
    Column("fbig", "hugefloat", "float8", "1e306 * (1 + i % 90)", ("1e307",), wild=True),
    Column("num", "numeric", "numeric", some_null(43, 8, "CASE WHEN i % 211 = 0 THEN 'NaN' ELSE ({0} / 1000.0)::text END::numeric(20,3)"
           .replace("{0}", h(44, 10**7))), ("0", "1.100", "12.5")),
    Column("b", "bool", "bool", some_null(45, 30, "%s < 2" % h(46, 4))),
    Column("txt", "text", "text", some_null(47, 8, "(ARRAY['', 'a', 'A', 'ab', 'a%b', 'a_b', 'back\\slash', 'view', 'viewer', 'review', "
           "'\u00e4\u4e2d\U0001f600', 'caf\u00e9', ' pad ', 'x' || {0}, repeat('long ', 1 + {0}::int4 %% 60)])[{1}::int4 + 1]".replace("%%", "%")
           .replace("{0}", h(48, 500)).replace("{1}", h(49, 15))),
           ("''", "'a'", "'view'", "'%view%'", "'a\\%b'", "'_'", "'%\u00e9'", "'a_b'", "'x1%'", "'%'", "'caf_'")),
    Column("vc", "text", "varchar(12)", some_null(50, 10, "('v' || {0})::varchar(12)".replace("{0}", h(51, 40))), ("'v7'", "'v1%'")),
    Column("ch", "padded", "char(6)", some_null(52, 10, "('c' || {0})::char(6)".replace("{0}", h(53, 30))), ("'c7'", "'c1   '")),
    Column("d", "day", "date", some_null(54, 6, "CASE i % 301 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' WHEN 2 THEN '4713-01-01 BC' "
           "ELSE (date '2024-01-01' + {0}::int4)::text END::date".replace("{0}", h(55, 400))),
           ("date '2024-02-29'", "'infinity'::date"), wild=True),
    Column("tz", "time", "timestamptz", some_null(56, 6, "CASE i % 307 WHEN 0 THEN 'infinity'::timestamptz WHEN 1 THEN '-infinity' "
           "WHEN 2 THEN '0044-03-15 12:00:00+00 BC' WHEN 3 THEN '1900-01-01 00:00+00' WHEN 4 THEN '294276-12-31 23:59+00' "
           "ELSE timestamptz '2023-10-20 00:00+00' + {0} * interval '17 minutes' END".replace("{0}", h(57, 20000))),
           ("timestamptz '2024-03-31 01:30+00'", "'infinity'::timestamptz"), wild=True),
    Column("lt", "local", "timestamp", some_null(58, 6, "timestamp '1999-12-20' + {0} * interval '7 seconds'".replace("{0}", h(59, 200000))),
           ("timestamp '2000-01-01'", "'-infinity'::timestamp")),
    Column("iv", "other", "interval", some_null(60, 6, "{0} * interval '90 minutes'".replace("{0}", h(61, 50)))),
    Column("tm", "other", "time", "time '00:00' + %s * interval '19 seconds'" % h(62, 4000)),
    Column("u", "other", "uuid", "md5(%s::text)::uuid" % h(63, 40)),
    Column("en", "other", "mood", "(ARRAY['sad','ok','happy'])[%s::int4 + 1]::mood" % h(64, 3)),
    Column("by", "other", "bytea", "decode(substr(md5(%s::text), 1, 8), 'hex')" % h(65, 30)),
    Column("js", "json", "jsonb", some_null(66, 5, "jsonb_build_object('n', {0}, 'k', 'v' || {0} % 5)".replace("{0}", h(67, 20)))),
    Column("arr", "other", "int4[]", "ARRAY[%s, %s]::int4[]" % (h(68, 3), h(69, 3))),
    Column("dom", "int", "small_number", "(%s)::int4::small_number" % h(70, 20), ("5", "11")),
    Column("empty", "int", "int4", "NULL::int4", ("1",)),
    Column("same", "int", "int4", "5", ("5", "6")),
    Column("rising", "int", "int8", "i * 1000", ("500000", "2999000")),
)

# A column that the first half of the rows never had; those show the default.
ADDED = {"ev": Column("added", "int", "int4", "%s::int4" % h(71, 5), ("3", "9")),
         "ty": Column("added", "text", "text", "'late ' || %s" % h(72, 4), ("'late 1'", "'early'"))}
DEFAULTS = {"ev": "9", "ty": "'early'"}
ROWS = {"ev": 9000, "ty": 3000}
COLUMNS = {"ev": EV, "ty": TY}
STORES = {"ev": ("hot", "sealed", "mixed", "compacted", "cold", "tree", "flat", "moving"),
          "ty": ("hot", "sealed", "mixed", "compacted", "cold", "moving")}
WEEKS = ("2026-02-27", "2026-03-06", "2026-03-13", "2026-03-20", "2026-03-27", "2026-04-03", "2026-04-10", "2026-04-17")
# How the partitions of `tree` hold their rows; the last has none.
TREE = ("hot", "sealed", "mixed", "compacted", "cold", "sealed", "hot")

DIMENSIONS = (
    "CREATE TABLE product AS SELECT i::int4 AS product_id, 'category ' || i % 9 AS category, i % 3 = 0 AS seasonal, "
    "(i % 70 + 0.5)::float8 AS list_price FROM generate_series(1, 380) i",
    "ALTER TABLE product ADD PRIMARY KEY (product_id)",
    "CREATE TABLE customer AS SELECT i::int8 AS customer_id, (ARRAY['new','loyal','lost'])[i % 3 + 1] AS segment, "
    "date '2025-01-01' + i AS since FROM generate_series(1, 280) i",
    "ALTER TABLE customer ADD PRIMARY KEY (customer_id)",
    "CREATE TABLE calendar AS SELECT date '2026-03-01' + i AS day, i % 7 > 4 AS weekend FROM generate_series(0, 30) i",
    "ALTER TABLE calendar ADD PRIMARY KEY (day)",
    "CREATE TABLE nation AS SELECT * FROM (VALUES ('US', 'America'), ('BR', 'America'), ('GB', 'Europe'), ('DE', 'Europe'), "
    "('FR', 'Europe'), ('ES', 'Europe'), ('IN', 'Asia'), ('JP', 'Asia')) v (code, continent)",
    # Where a key is unique the fast path may look rows up; continents are not.
    "ALTER TABLE nation ADD PRIMARY KEY (code)",
    "CREATE TABLE region AS SELECT continent, code FROM nation",
)


def columns(data_set):
    return COLUMNS[data_set] + (ADDED[data_set],)


class Tables:
    """Makes the tables through one session and says whether each holds the heap table's rows."""

    def __init__(self, connection, access_method):
        self.connection = connection
        self.am = access_method
        # Not every build of PostgreSQL has ICU.
        self.icu = ('COLLATE "und-x-icu"' if connection.run("SELECT 'a' < 'B' COLLATE \"und-x-icu\"").ok else 'COLLATE "C"')

    def sql(self, text):
        return self.connection.must(text)

    def make(self):
        self.sql("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")
        self.sql("CREATE DOMAIN small_number AS int4 CHECK (VALUE < 1000)")
        for statement in DIMENSIONS:
            self.sql(statement)
        for data_set in COLUMNS:
            self.make_set(data_set)
        # Who is not the owner sees less, through a function that is not leakproof.
        self.sql("CREATE ROLE visitor")
        for data_set, policy in (("ev", "upper(country) <> 'DE'"), ("ty", "lower(txt) <> 'view'")):
            for table in self.tables(data_set):
                self.sql("ALTER TABLE %s ENABLE ROW LEVEL SECURITY" % table)
                self.sql("CREATE POLICY some_rows ON %s FOR SELECT TO visitor USING (%s)" % (table, policy))
                self.sql("GRANT SELECT ON %s TO visitor" % table)
        self.sql("GRANT SELECT ON product, customer, calendar, nation, region TO visitor")
        self.sql("ANALYZE")

    @staticmethod
    def tables(data_set):
        return ["%s_heap" % data_set] + ["%s_%s" % (data_set, store) for store in STORES[data_set]]

    def make_set(self, data_set):
        values = ", ".join("%s AS %s" % (c.value, c.name) for c in columns(data_set))
        self.sql("CREATE TEMP TABLE %s_rows AS SELECT %s FROM generate_series(1::int8, %d) i" % (data_set, values, ROWS[data_set]))
        heap = "%s_heap" % data_set
        self.create(heap, "heap", data_set, False)
        for half in range(HALF):
            self.insert(heap, data_set, half)
            self.change(heap, data_set, half)
        for store in STORES[data_set]:
            table = "%s_%s" % (data_set, store)
            self.fill(table, data_set, store)
            self.compare(table, heap)

    def create(self, table, method, data_set, partitioned):
        body = ", ".join("%s %s" % (c.name, c.ddl.replace("{icu}", self.icu)) for c in COLUMNS[data_set])
        body = body.replace(", ", ", gone text DEFAULT 'gone', ", 1)
        if not partitioned:
            self.sql("CREATE TABLE %s (%s) USING %s" % (table, body, method))
        else:
            self.sql("CREATE TABLE %s (%s) PARTITION BY RANGE (ts)" % (table, body))
            for number, (start, end) in enumerate(zip(WEEKS, WEEKS[1:])):
                self.sql("CREATE TABLE %s_%d PARTITION OF %s FOR VALUES FROM ('%s') TO ('%s') USING %s"
                         % (table, number, table, start, end, method))

    def insert(self, table, data_set, half, condition="true"):
        names = ", ".join(c.name for c in (COLUMNS[data_set] if half == 0 else columns(data_set)))
        # Arrival: in order of time, now and then a late row.
        self.sql("INSERT INTO %s (%s) SELECT %s FROM %s_rows WHERE id * 2 / %d = %d AND %s ORDER BY id + id %% 5 * 31"
                 % (table, names, names, data_set, ROWS[data_set] + 1, half, condition))

    def change(self, table, data_set, half):
        if half == 0:
            self.sql("DELETE FROM %s WHERE id %% 17 = 3" % table)
            self.sql("UPDATE %s SET %s WHERE id %% 23 = 5" % (
                table, "quantity = 4, campaign = 'changed'" if data_set == "ev" else "txt = 'changed', k = 3"))
            self.sql("ALTER TABLE %s DROP COLUMN gone" % table)
            self.sql("ALTER TABLE %s ADD COLUMN %s %s DEFAULT %s" % (
                table, ADDED[data_set].name, ADDED[data_set].ddl, DEFAULTS[data_set]))
        else:
            self.sql("DELETE FROM %s WHERE id %% 19 = 4 AND id > %d" % (table, ROWS[data_set] * 3 // 4))

    def call(self, procedure, table):
        if self.am != "heap":
            arguments = "'%s', 'lake'" % table if procedure == "archive" else "'%s'" % table
            self.sql("CALL footfall.%s(%s)" % (procedure, arguments))

    def fill(self, table, data_set, store):
        partitioned = data_set == "ev" and store != "flat"
        self.create(table, self.am, data_set, partitioned)
        if self.am != "heap" and store != "sealed":
            order = "'customer_id', 'ts'" if data_set == "ev" else "'k', 'id'"
            self.sql("SELECT footfall.configure('%s', order_by => ARRAY[%s])" % (table, order))
        parts = ([("%s_%d" % (table, n), TREE[n] if store == "tree" else store) for n in range(len(WEEKS) - 1)]
                 if partitioned else [(table, store)])
        # Three segments or so a table: each third of the first half is sealed by itself.
        for third in range(3):
            self.insert(table, data_set, 0, "(id - 1) / %d = %d" % (ROWS[data_set] // 6, third))
            for part, kind in parts:
                if kind != "hot":
                    self.call("seal", part)
            for part, kind in parts:
                if kind == "cold" and third == 1:
                    self.call("compact", part)
                    self.call("archive", part)
        self.change(table, data_set, 0)
        self.insert(table, data_set, 1)
        for part, kind in parts:
            if kind in ("sealed", "compacted"):
                self.call("seal", part)
        self.change(table, data_set, 1)
        for part, kind in parts:
            if kind == "compacted":
                self.call("seal", part)
                self.call("compact", part)

    def compare(self, table, heap):
        """The store must hold what heap holds, else nothing that is asked later means anything."""
        sums = "SELECT count(*), sum(id), sum(hashtext(x::text)::int8) FROM %s x"
        first, second = self.sql(sums % table).rows, self.sql(sums % heap).rows
        if first != second:
            raise RuntimeError("%s and %s do not hold the same rows: %r, %r" % (table, heap, first, second))
        if self.am == "heap":
            return
        hot, sealed = map(int, self.sql("SELECT coalesce(sum(hot_rows), 0), coalesce(sum(sealed_rows + cold_rows), 0) "
                                        "FROM footfall.storage('%s')" % table).rows[0])
        store = table.split("_")[1]
        if store == "cold":
            cold = self.sql("SELECT count(*) FROM footfall.segment s JOIN pg_class c ON s.storage = c.reltoastrelid "
                            "WHERE s.archive_object IS NOT NULL AND c.relname LIKE '%s%%'" % table)
            if int(cold.rows[0][0]) == 0:
                raise RuntimeError("%s has no cold rows" % table)
        wanted = {"hot": hot and not sealed, "sealed": sealed, "compacted": sealed and not hot}.get(store, hot and sealed)
        if not wanted:
            raise RuntimeError("%s has %d hot and %d sealed rows" % (table, hot, sealed))
