"""The column types the oracle runs over, with values chosen to hurt.

Each type has edge-case literals (empty, longest, infinite, BC, NaN, toasted), an expression that makes
a value of a running number, and flags that keep generated queries deterministic: `ordered` says that
the type has btree operators, `ambiguous` that values can be equal and still print differently (numeric
scales, intervals), so that min, max and DISTINCT may choose either.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnType:
    name: str
    ddl: str
    literals: tuple
    series: str  # an SQL expression of {i}, an int8
    change: str = "{c}"  # an SQL expression of the column {c} that gives another value of the type
    ordered: bool = True
    ambiguous: bool = False
    retypes: tuple = ()  # (new type, USING expression of {c})
    needs: str = ""  # an SQL expression that fails where the server was built without the type
    bad: str = ""  # text the type's input function refuses


def _quote(values, ddl):
    return tuple("'%s'::%s" % (value, ddl) for value in values)


_LONG = "repeat('footfall ', 700)"  # compresses: stays inline or goes to TOAST compressed
_WILD = "(SELECT string_agg(md5((n)::text), '') FROM generate_series(1, 300) n)"  # external TOAST

_NUMBERS = [
    ColumnType("bool", "bool", ("true", "false"), "({i} % 3 = 0)", "NOT {c}",
               retypes=(("text", "{c}::text"), ("int4", "{c}::int4")), bad="maybe"),
    ColumnType("int2", "int2", _quote(("0", "-32768", "32767", "7"), "int2"),
               "({i} % 200 - 100)::int2", "({c} / 2)::int2",
               retypes=(("int4", "{c}"), ("text", "{c}::text")), bad="70000"),
    ColumnType("int4", "int4", _quote(("0", "-2147483648", "2147483647", "42", "-1"), "int4"),
               "({i} * 7919 % 5000)::int4", "({c} / 3 + 1)::int4",
               retypes=(("int8", "{c}::int8"), ("numeric", "{c}")), bad="4.5"),
    ColumnType("int8", "int8", _quote(("0", "-9223372036854775808", "9223372036854775807", "99"), "int8"),
               "({i} * 1000003)", "({c} / 5 - 1)", retypes=(("text", "{c}::text"),), bad="x"),
    ColumnType("float4", "float4", _quote(("0", "-0", "NaN", "Infinity", "-Infinity", "1.5e-38", "3.25"), "float4"),
               "({i} / 8.0)::float4", "({c} * 0.5)::float4", ambiguous=True,
               retypes=(("float8", "{c}"),), bad="one"),
    ColumnType("float8", "float8",
               _quote(("0", "-0", "NaN", "Infinity", "-Infinity", "4.9e-324", "0.1", "19.99"), "float8"),
               "({i} / 100.0)::float8", "({c} * 0.25)", ambiguous=True,
               retypes=(("text", "{c}::text"),), bad="one"),
    ColumnType("numeric", "numeric",
               _quote(("0", "0.00", "NaN", "Infinity", "-Infinity", "1.10", "1.1", "-0.000000000000000001",
                       "123456789012345678901234567890.123456789", "1e300"), "numeric"),
               "({i} / 100.0)::numeric", "({c} * 2)", ambiguous=True,
               retypes=(("text", "{c}::text"),), bad="1,5"),
    ColumnType("numeric_10_2", "numeric(10,2)", _quote(("0", "19.99", "-99999999.99", "0.01"), "numeric(10,2)"),
               "({i} % 1000 / 100.0)::numeric(10,2)", "({c} / 2)::numeric(10,2)",
               retypes=(("numeric(14,4)", "{c}"),), bad="123456789012"),
    ColumnType("money", "money", _quote(("0", "-5.25", "92233720368547758.07"), "money"),
               "({i} % 1000)::int4::money", "({c} / 2)", bad="dear"),
    ColumnType("oid", "oid", _quote(("0", "4294967295", "16384"), "oid"), "({i} % 100000)::oid", "0::oid",
               bad="-x"),
]

_TEXTS = [
    ColumnType("text", "text", _quote(("", "a", "A", "view", "cart", "purchase", "\u00e4\u4e2d\U0001f600"), "text"),
               "('event ' || {i} % 17)", "left({c}, 20) || '~'", retypes=(("varchar(40)", "left({c}, 40)"),)),
    ColumnType("long_text", "text", ("''::text", _LONG, "md5('x')", _WILD, "'short'::text"),
               "repeat(md5({i}::text), (1 + {i} % 40)::int4)", "left({c}, 100)", retypes=(("bytea", "convert_to({c}, 'UTF8')"),)),
    ColumnType("varchar", "varchar(12)", _quote(("", "abc", "twelve chars", "  pad "), "varchar(12)"),
               "('v' || {i} % 1000)::varchar(12)", "left({c}, 5)::varchar(12)",
               retypes=(("text", "{c}"),), bad="longer than twelve characters"),
    ColumnType("char_n", "char(6)", _quote(("", "a", "sixsix", " x"), "char(6)"),
               "('c' || {i} % 100)::char(6)", "left({c}, 2)::char(6)", retypes=(("text", "{c}::text"),), bad="sevenchars"),
    ColumnType("bytea", "bytea", (r"'\x'::bytea", r"'\x00'::bytea", r"'\x00ff7f80'::bytea",
                                  "decode(repeat('ab', 4000), 'hex')"),
               "int8send({i})", "substr({c}, 1, 3)", retypes=(("text", "encode({c}, 'hex')"),), bad=r"\xz"),
    ColumnType("name", "name", _quote(("", "pg_catalog", "x"), "name"), "('n' || {i})::name", "'other'::name"),
    ColumnType("internal_char", '"char"', _quote(("", "a", "Z"), '"char"'), "(({i} % 26 + 65)::int4::\"char\")",
               "'q'::\"char\""),
    ColumnType("xml", "xml", ("xmlparse(content '')", "xmlparse(content '<e a=\"1\">v</e>')"),
               "xmlparse(content '<i>' || {i} || '</i>')", "xmlparse(content '<z/>')", ordered=False,
               needs="xmlparse(content '<a/>')::text", bad="<a"),
]

_TIMES = [
    ColumnType("date", "date", _quote(("epoch", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "2024-02-29"), "date"),
               "('2019-10-01'::date + ({i} % 90)::int4)", "'2000-01-01'::date",
               retypes=(("timestamp", "{c}::timestamp"), ("text", "{c}::text")), bad="2023-02-30"),
    ColumnType("timestamp", "timestamp",
               _quote(("epoch", "infinity", "-infinity", "4713-01-01 00:00:00 BC", "2024-02-29 23:59:59.999999"), "timestamp"),
               "('2019-10-01'::timestamp + {i} * interval '13 seconds')", "'1999-12-31 23:59'::timestamp",
               retypes=(("text", "{c}::text"),), bad="soon"),
    ColumnType("timestamptz", "timestamptz",
               _quote(("epoch", "infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "2024-03-31 02:30:00+02"), "timestamptz"),
               "('2019-10-01 00:00+00'::timestamptz + {i} * interval '1 minute')", "'2001-01-01 00:00+00'::timestamptz",
               retypes=(("timestamp", "{c} AT TIME ZONE 'UTC'"),), bad="soon"),
    ColumnType("interval", "interval",
               _quote(("0", "1 day", "24:00:00", "1 mon -1 day", "-178000000 years", "00:00:00.000001"), "interval"),
               "({i} % 100 * interval '90 minutes')", "interval '2 days'", ambiguous=True,
               retypes=(("text", "{c}::text"),), bad="long"),
    ColumnType("time", "time", _quote(("00:00", "24:00:00", "12:34:56.789012"), "time"),
               "('00:00'::time + {i} * interval '17 seconds')", "'01:02:03'::time", retypes=(("interval", "{c}::interval"),), bad="25:00"),
    ColumnType("timetz", "timetz", _quote(("00:00+00", "23:59:59.999999-12", "12:00+05:30"), "timetz"),
               "(('00:00'::time + {i} * interval '17 seconds')::text || '+02')::timetz", "'06:00+01'::timetz", bad="noon?"),
]

_STRUCTURES = [
    ColumnType("uuid", "uuid", _quote(("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"), "uuid"),
               "md5({i}::text)::uuid", "md5({c}::text)::uuid", retypes=(("text", "{c}::text"),), bad="123"),
    ColumnType("json", "json", _quote(('null', '{"b": 1,  "a": [1, 2, {}]}', '""', "[]"), "json"),
               "('{\"n\": ' || {i} || ', \"k\": \"v' || {i} % 5 || '\"}')::json", "'{\"changed\": true}'::json",
               ordered=False, retypes=(("jsonb", "{c}::jsonb"),), bad="{"),
    ColumnType("jsonb", "jsonb",
               _quote(('null', '{}', '{"b": 1, "a": [1, 2.50, {"x": null}]}', '""', "[]", "-1.50"), "jsonb")
               + ("jsonb_build_object('long', repeat('xyz', 2000))",),
               "jsonb_build_object('n', {i}, 'k', 'v' || {i} % 5)", "jsonb_build_array({c})", ambiguous=True,
               retypes=(("text", "{c}::text"),), bad="{"),
    ColumnType("inet", "inet", _quote(("0.0.0.0", "192.168.1.7/24", "::1", "2001:db8::ff/64"), "inet"),
               "('10.0.0.0'::inet + {i})", "'127.0.0.1'::inet", retypes=(("text", "{c}::text"),), bad="300.1.1.1"),
    ColumnType("cidr", "cidr", _quote(("0.0.0.0/0", "192.168.1.0/24", "2001:db8::/32"), "cidr"),
               "('10.' || {i} % 256 || '.0.0/16')::cidr", "'10.0.0.0/8'::cidr", bad="10.1.1.1/8"),
    ColumnType("macaddr", "macaddr", _quote(("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"), "macaddr"),
               "('08:00:2b:00:00:' || lpad(to_hex({i} % 256), 2, '0'))::macaddr", "'01:02:03:04:05:06'::macaddr", bad="zz"),
    ColumnType("macaddr8", "macaddr8", _quote(("00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff"), "macaddr8"),
               "('08:00:2b:00:00:00:00:' || lpad(to_hex({i} % 256), 2, '0'))::macaddr8", "'01:02:03:04:05:06:07:08'::macaddr8", bad="zz"),
]

_ARRAYS = [
    ColumnType("int4_array", "int4[]", _quote(("{}", "{1}", "{NULL,2,3}", "{{1,2},{3,4}}", "[2:3]={7,8}"), "int4[]"),
               "ARRAY[{i} % 10, {i} % 3]::int4[]", "{c} || 9", retypes=(("int8[]", "{c}::int8[]"),), bad="{1"),
    ColumnType("text_array", "text[]", _quote(("{}", '{""}', '{a,NULL,"b,c"}', '{"NULL"}'), "text[]"),
               "ARRAY['p' || {i} % 7, NULL, md5({i}::text)]", "{c}[1:1]", retypes=(("text", "{c}::text"),), bad="{a"),
    ColumnType("numeric_array", "numeric[]", _quote(("{}", "{NaN,Infinity,1.0}", "{0.00}"), "numeric[]"),
               "ARRAY[{i} / 100.0, {i}]::numeric[]", "'{5}'::numeric[]", ambiguous=True, bad="{1"),
    ColumnType("timestamptz_array", "timestamptz[]", _quote(("{}", "{infinity,NULL}", '{"2024-01-01 00:00+00"}'), "timestamptz[]"),
               "ARRAY['2019-10-01 00:00+00'::timestamptz + {i} * interval '1 hour']", "'{epoch}'::timestamptz[]", bad="{1"),
    ColumnType("uuid_array", "uuid[]", _quote(("{}", "{00000000-0000-0000-0000-000000000000}"), "uuid[]"),
               "ARRAY[md5({i}::text)::uuid]", "{c} || {c}", bad="{1"),
    ColumnType("jsonb_array", "jsonb[]", _quote(("{}", '{"{}",NULL}'), "jsonb[]"),
               "ARRAY[to_jsonb({i}), to_jsonb('a'::text)]", "{c} || 'null'::jsonb", ambiguous=True, bad="{1"),
]

_RANGES = [
    ColumnType("int4range", "int4range", _quote(("empty", "[1,5)", "(,)", "[7,7]"), "int4range"),
               "int4range(({i} % 50)::int4, ({i} % 50 + 5)::int4)", "'[2,4)'::int4range", bad="[5,1]"),
    ColumnType("numrange", "numrange", _quote(("empty", "[1.0,2.50)", "(,0]"), "numrange"),
               "numrange({i} / 10.0, {i} / 10.0 + 1)", "'[0,1]'::numrange", ambiguous=True, bad="["),
    ColumnType("tstzrange", "tstzrange", _quote(("empty", "[2024-01-01 00:00+00,infinity)", "(,)"), "tstzrange"),
               "tstzrange('2019-10-01 00:00+00'::timestamptz, '2019-10-01 00:00+00'::timestamptz + {i} * interval '1 hour')",
               "'empty'::tstzrange", bad="["),
    ColumnType("daterange", "daterange", _quote(("empty", "[2024-01-01,2024-02-01)", "(,2000-01-01]"), "daterange"),
               "daterange('2019-10-01'::date, '2019-10-01'::date + ({i} % 40)::int4)", "'(,)'::daterange", bad="["),
    ColumnType("int4multirange", "int4multirange", _quote(("{}", "{[1,3),[5,9)}", "{(,)}"), "int4multirange"),
               "int4multirange(int4range(({i} % 9)::int4, ({i} % 9 + 2)::int4))", "'{[0,1)}'::int4multirange", bad="{"),
]

_OWN = [
    ColumnType("enum", "event_kind", _quote(("view", "cart", "purchase", "refund"), "event_kind"),
               "((ARRAY['view','cart','purchase','refund'])[{i} % 4 + 1])::event_kind", "'cart'::event_kind",
               retypes=(("text", "{c}::text"),), bad="lookup"),
    ColumnType("domain", "positive", _quote(("1", "2147483647", "12"), "positive"), "({i} % 100 + 1)::positive",
               "({c} / 2 + 1)::positive", retypes=(("int4", "{c}::int4"),), bad="-1"),
    ColumnType("domain_text", "short_text", _quote(("", "ok", "ten chars!"), "short_text"), "('d' || {i} % 100)::short_text",
               "left({c}, 3)::short_text", bad="more than ten characters"),
    ColumnType("composite", "item", ("ROW(1, 'one', 1.50)::item", "ROW(NULL, NULL, NULL)::item", "ROW(2, '', NULL)::item"),
               "ROW(({i} % 100)::int4, 'i' || {i}, {i} / 10.0)::item", "ROW(7, 'seven', 7)::item", ambiguous=True, bad="(1"),
    ColumnType("enum_array", "event_kind[]", _quote(("{}", "{view,NULL,cart}"), "event_kind[]"),
               "ARRAY[((ARRAY['view','cart'])[{i} % 2 + 1])::event_kind]", "{c} || 'refund'::event_kind", bad="{lookup}"),
    ColumnType("composite_array", "item[]", ("'{}'::item[]", "ARRAY[ROW(1, 'a', 2), NULL]::item[]"),
               "ARRAY[ROW(({i} % 10)::int4, 'x', 1)::item]", "{c} || ROW(3, 'c', 0.1)::item", ambiguous=True, bad="{1}"),
]

_OTHERS = [
    ColumnType("point", "point", _quote(("(0,0)", "(-1.5,2e10)", "(Infinity,NaN)"), "point"),
               "point({i}, {i} / 2.0)", "'(1,1)'::point", ordered=False, bad="(1"),
    ColumnType("box", "box", _quote(("(1,1),(0,0)", "(5,7),(-2,3)"), "box"),
               "box(point({i}, {i}), point(0, 1))", "'(2,2),(1,1)'::box", ordered=False, bad="(1"),
    ColumnType("path", "path", _quote(("((0,0),(1,1),(2,0))", "[(0,0),(3,3)]"), "path"),
               "('[(0,0),(' || {i} || ',1)]')::path", "'[(1,1)]'::path", ordered=False, bad="(1"),
    ColumnType("bit", "bit(5)", ("B'00000'", "B'10101'", "B'11111'"), "({i} % 32)::int4::bit(5)", "~{c}", bad="101"),
    ColumnType("varbit", "varbit(20)", ("B''::varbit(20)", "B'1'::varbit(20)", "B'10101010101010101010'::varbit(20)"),
               "({i} % 32)::int4::bit(9)::varbit(20)", "~{c}", bad="12"),
    ColumnType("tsvector", "tsvector", _quote(("", "a fat cat", "rat:3A cat:5B"), "tsvector"),
               "to_tsvector('simple', 'product ' || {i} % 30)", "'z'::tsvector", bad="a:x"),
    ColumnType("tsquery", "tsquery", _quote(("a & b", "!x | y"), "tsquery"), "('p' || {i})::tsquery", "'q'::tsquery", bad="&"),
    ColumnType("pg_lsn", "pg_lsn", _quote(("0/0", "FFFFFFFF/FFFFFFFF"), "pg_lsn"), "('0/' || upper(to_hex({i})))::pg_lsn",
               "'1/1'::pg_lsn", bad="x"),
]

GROUPS = [_NUMBERS, _TEXTS, _TIMES, _STRUCTURES, _ARRAYS, _RANGES, _OWN, _OTHERS]

# Types of our own, made in the schema of every unit.
TYPE_SETUP = [
    "CREATE TYPE event_kind AS ENUM ('view', 'cart', 'purchase', 'refund')",
    "CREATE DOMAIN positive AS int4 CHECK (VALUE > 0)",
    "CREATE DOMAIN short_text AS text CHECK (length(VALUE) <= 10)",
    "CREATE TYPE item AS (number int4, label text, price numeric)",
]
