"""A shop's event log in two schemas, hot and sealed (compacted), and what is asked of it.

The columns are those of the benchmark, whose queries and random variants are asked here, too.
"""

import os

import engines
from workload import Variants, read, shared

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASE = "robustness"
STORES = ("hot", "sealed")


def h(k, below):
    """A number from 0 to below - 1 that depends on row i alone."""
    return "((hashint8extended(i, %d) & 1073741823) %% %d)" % (k, below)


def pick(k, *values):
    return "(ARRAY[%s])[1 + %s]" % (", ".join("'%s'" % v for v in values), h(k, len(values)))


def events(rows, customers):
    # Few customers have many of the events, as in a shop.
    customer = "(1 + (power({0} / 1048576.0, 3) * {1})::int8)".format(h(1, 1048576), customers)
    return (
        "SELECT timestamptz '2026-01-01 00:00+00' + i * interval '30 days' / {rows} AS ts, {customer} AS customer_id, "
        "{customer} * 1000 + i * 720 / {rows} AS session_id, {event} AS event_type, {product}::int4 AS product_id, "
        "{category} AS category, 'brand_' || {product} % 400 AS brand, round(exp({price} / 200.0)::numeric, 2)::float8 AS price, "
        "(1 + {quantity})::int2 AS quantity, {country} AS country, {device} AS device, {campaign} AS campaign, "
        "'/p/' || {product} || '?s=' || {token} AS url FROM generate_series(1::int8, {rows}) i").format(
            rows=rows, customer=customer, product=h(2, 20000), price=h(3, 1000), quantity=h(4, 3), token=h(5, 1 << 30),
            event=pick(6, "view", "view", "view", "view", "search", "add_to_cart", "checkout", "purchase"),
            category=pick(7, "electronics", "fashion", "home", "beauty", "sports", "toys", "grocery", "books"),
            country=pick(8, "US", "GB", "DE", "FR", "BR", "IN", "JP", "CA", "AU", "ES", "IT", "NL"),
            device=pick(9, "mobile", "mobile", "desktop", "tablet", "app"), campaign=pick(10, "", "", "spring_sale", "newsletter"))


# Behavioural aggregates as an analyst writes them, beside the benchmark's queries.
BEHAVIOUR = (
    "select level, count(*) from (select customer_id, footfall.window_funnel('1 hour', ts, event_type = 'view', "
    "event_type = 'add_to_cart', event_type = 'purchase') as level from ev group by customer_id) s group by level order by level",
    "select count(*), sum(n) from (select customer_id, footfall.sequence_count('(?1).*(?2)', ts, event_type = 'view', "
    "event_type = 'purchase') as n from ev group by customer_id) s",
    "select approx, n from (select footfall.distinct_count(footfall.hyperloglog(customer_id)) as approx, count(*) as n from ev) s",
    "select device, percentile_cont(0.5) within group (order by price), stddev(price) from ev group by device order by device",
    "select country, string_agg(distinct category, ',' order by category) from ev group by country order by country",
    "select customer_id, ts, event_type, row_number() over (partition by customer_id order by ts) from ev "
    "where event_type <> 'search' order by customer_id, ts limit 1000",
    "select * from ev order by url limit 10",
    "select a.customer_id, count(*) from ev a join ev b using (session_id, product_id) group by 1 order by 2 desc, 1 limit 10",
)
REPORTS = (
    "select * from footfall.kpis('ev', '1 day')",
    "select * from footfall.funnel('ev', ARRAY['view', 'add_to_cart', 'purchase'])",
    "select * from footfall.cohort_retention('ev', '1 week')",
    "select * from footfall.lifecycle('ev', '1 week')",
    "select * from footfall.stickiness('ev')",
    "select * from footfall.user_flows('ev') limit 20",
    "select count(*) from footfall.sessions('ev')",
    "select count(*) from footfall.rfm('ev')",
)


class Shop:
    """Tables, made once for a check, and sessions on them."""

    def __init__(self, server, rng):
        self.server, self.rng = server, rng
        self.rows = self.customers = 0

    def make(self, rows):
        self.rows, self.customers = rows, max(100, rows // 20)
        admin = self.server.connect()
        admin.must("CREATE DATABASE %s" % DATABASE)
        admin.close()
        admin = self.server.connect(DATABASE)
        admin.must("CREATE EXTENSION footfall")
        admin.must("CREATE UNLOGGED TABLE log AS " + events(rows, self.customers))
        for store in STORES:
            admin.must("CREATE SCHEMA %s" % store)
            engines.create_table(admin, store, "ev", "footfall")
            admin.must("SELECT footfall.configure('%s.ev', event_column => 'event_type', amount => 'price')" % store)
            # In order of time, as they arrive; hot rows too.
            admin.must("INSERT INTO %s.ev SELECT * FROM log" % store)
        engines.to_rest(admin, "sealed.ev")
        for name, (columns, statement) in engines.DIMENSIONS.items():
            admin.must("CREATE TABLE %s (%s)" % (name, columns))
            admin.must("INSERT INTO %s %s" % (name, statement.format(customers=self.customers)))
            admin.must("ALTER TABLE %s ADD PRIMARY KEY (%s)" % (name, columns.split()[0]))
        admin.must("ANALYZE")
        for store in STORES:
            hot, sealed = map(int, admin.must("SELECT sum(hot_rows), sum(sealed_rows) FROM footfall.storage('%s.ev')" % store).rows[0])
            if (sealed, hot)[store == "sealed"] != 0:
                raise RuntimeError("%s.ev has %d hot and %d sealed rows" % (store, hot, sealed))
        admin.close()

    def session(self, store, settings=()):
        connection = self.server.connect(DATABASE)
        connection.must("SET search_path = %s, public" % store)
        for setting in settings:
            connection.must("SET " + setting)
        return connection

    def queries(self):
        """The benchmark's eleven where they are at hand, its star schema's, and what is above."""
        eleven = read(os.path.join(shared(), "bench", "queries"))
        star = read(os.path.join(os.path.dirname(os.path.dirname(HERE)), "bench", "queries", "star"))
        return [*eleven.values(), *star.values(), *BEHAVIOUR, *REPORTS]

    def variants(self):
        """An endless supply of random ones."""
        maker = Variants(self.rng, self.customers, 20000)
        kinds = sorted(name for name in dir(maker) if name.startswith("_") and not name.startswith("__") and name not in ("_condition", "_day"))
        while True:
            yield getattr(maker, self.rng.choice(kinds))()

    def drop(self):
        admin = self.server.connect()
        admin.must("DROP DATABASE %s" % DATABASE)
        admin.close()
