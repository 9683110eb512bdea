"""What is asked: the eleven queries of the benchmark, the star schema's, and random variants of the eleven."""
import glob
import os

from event_log import shared

HERE = os.path.dirname(os.path.abspath(__file__))
# How many times as fast as the heap table: the best peer's figure.
ASKED = {"01_kpi": 17, "02_hourly": 24, "03_top_products": 18, "04_count_filter": 25, "05_point": 94, "06_range_hour": 10,
         "08_retention": 1.4, "09_sessions": 2.5, "10_features": 18, "11_daily_uniques": 41}
# Questions of the eleven by footfall's functions: how many times as fast as the heap's plain SQL.
# {text} is the query of that name; the report tells nothing of those who took no step at all.
# 09 takes each device of a customer by itself, as session_agg GROUP BY customer_id, device does.
BEHAVIOR = {
    "07_funnel": (60, "SELECT * FROM ({text}) q WHERE lvl > 0", """
        SELECT step AS lvl, customers - coalesce(lead(customers) OVER (ORDER BY step), 0) AS count
        FROM footfall.funnel('ev', '{view,add_to_cart,checkout,purchase}', '1 hour', median => false) ORDER BY step"""),
    "08_retention": (54, "{text}", """
        SELECT cohort_start AS c, period_number AS k, retained AS count
        FROM footfall.cohort_retention('ev', '1 week') WHERE retained > 0 ORDER BY 1, 2"""),
    "09_sessions": (28, """
        WITH x AS (SELECT customer_id, device, ts, CASE WHEN ts - lag(ts) OVER (PARTITION BY customer_id, device ORDER BY ts)
            <= interval '30 minutes' THEN 0 ELSE 1 END st FROM ev)
        SELECT device, sum(st) sessions, count(*)::float8 / sum(st) events_per_session FROM x GROUP BY 1 ORDER BY 1""", """
        SELECT device, sum(footfall.session_count(s)) AS sessions, sum(n)::float8 / sum(footfall.session_count(s))::float8 AS events_per_session
        FROM (SELECT customer_id, device, count(*) AS n, footfall.session_agg(ts, '30 minutes') AS s FROM ev GROUP BY 1, 2) x
        GROUP BY 1 ORDER BY 1"""),
}
EVENTS = ("view", "search", "add_to_cart", "checkout", "purchase")
COUNTRIES = ("US", "GB", "DE", "FR", "BR", "IN", "JP", "CA", "AU", "ES", "IT", "NL")
DEVICES = ("mobile", "desktop", "tablet", "app")
CATEGORIES = ("electronics", "fashion", "home", "beauty", "sports", "toys", "grocery", "books", "garden", "auto", "pets", "music")
NARROW = {"event_type": EVENTS, "country": COUNTRIES, "device": DEVICES, "category": CATEGORIES}
MONEY = ("price*quantity", "price", "price*quantity*0.9", "quantity", "price + 1")
WHO = ("customer_id", "session_id", "product_id")


def read(directory, suffix=".sql"):
    texts = {}
    for path in sorted(glob.glob(os.path.join(directory, "*" + suffix))):
        with open(path, encoding="utf-8") as source:
            texts[os.path.basename(path)[:-len(suffix)]] = source.read().strip().rstrip(";")
    return texts


class Workload:
    def __init__(self):
        self.eleven = read(os.path.join(shared(), "bench", "queries"))
        if len(self.eleven) != 11:
            raise SystemExit(f"{shared()}/bench/queries holds {len(self.eleven)} queries: set FOOTFALL_SHARED.")
        self.star = read(os.path.join(HERE, "star"))
        self.clickhouse = read(os.path.join(HERE, "clickhouse"))

    def queries(self):
        return {**self.eleven, **self.star}

    def text(self, name, side):
        """ClickHouse has its own text for most; everybody else takes PostgreSQL's."""
        if side == "clickhouse" and name in self.clickhouse:
            return self.clickhouse[name]
        return self.queries()[name]


class Variants:
    """A query of the same kind as one of the eleven, with other literals and columns. Only of what the
    question is about: columns that a look-up would have an index on stay."""

    def __init__(self, rng, customers, products):
        self.rng, self.customers, self.products = rng, customers, products

    def make(self, name):
        return getattr(self, "_" + name.split("_", 1)[1])()

    def _condition(self):
        """A filter such as an analyst types: on a narrow column, a number, a text, several values."""
        rng = self.rng
        column = rng.choice(list(NARROW))
        values = rng.sample(NARROW[column], k=2)
        return rng.choice((
            f"{column}='{values[0]}'", f"{column}='{values[0]}'", f"{column} in ('{values[0]}','{values[1]}')",
            f"{column} <> '{values[0]}'", f"{column} like '{values[0][:3]}%'", f"price > {rng.randrange(5, 80)}",
            f"price between {rng.randrange(5, 20)} and {rng.randrange(20, 90)}", f"quantity >= {rng.randrange(2, 4)}",
            f"product_id < {rng.randrange(10, self.products)}", f"brand = 'brand_{rng.randrange(400)}'"))

    def _day(self, first=1, last=28):
        return f"2026-01-{self.rng.randrange(first, last):02}"

    def _kpi(self):
        rng = self.rng
        money = rng.choice(MONEY)
        return f"select count(*), sum({money}), avg({money}), count(distinct {rng.choice(WHO)}) from ev where {self._condition()}"

    def _hourly(self):
        rng = self.rng
        unit = rng.choice(("date_trunc('hour', ts)", "date_trunc('day', ts)", "date_trunc('week', ts)", "extract(hour from ts)",
                           f"date_bin('{rng.choice((15, 30, 120))} minutes', ts, timestamptz '2026-01-01 00:00+00')"))
        return f"select {unit} h, {rng.choice(list(NARROW))} k, count(*) n, sum({rng.choice(MONEY)}) r from ev group by 1,2 order by 1,2"

    def _top_products(self):
        rng = self.rng
        return (f"select {rng.choice(('product_id', 'product_id', 'brand', 'category', 'session_id % 1000'))} k, sum({rng.choice(MONEY)}) r "
                f"from ev where {self._condition()} and ts >= '{self._day()} 00:00+00' group by 1 order by 2 desc, 1 limit {rng.choice((5, 10, 50))}")

    def _count_filter(self):
        return f"select count(*), {self.rng.choice(('sum', 'avg', 'max'))}(price) from ev where {self._condition()} and {self._condition()}"

    def _point(self):
        return f"select ts, event_type, product_id, price from ev where customer_id={self.rng.randrange(1, self.customers)} order by ts"

    def _range_hour(self):
        rng = self.rng
        hours = rng.choice((1, 1, 1, 2, 6))
        start = rng.randrange(24 - hours)
        day = self._day()
        return (f"select {rng.choice(list(NARROW))} k, count(*), sum({rng.choice(MONEY)}) from ev where ts >= '{day} {start:02}:00+00' "
                f"and ts < '{day} {start + hours:02}:00+00' group by 1 order by 1")

    def _retention(self):
        unit = self.rng.choice(("week", "day", "week"))
        seconds = {"week": 604800, "day": 86400}[unit]
        return (f"with f as (select customer_id, min(date_trunc('{unit}', ts)) c from ev where {self._condition()} group by 1), "
                f"a as (select distinct customer_id, date_trunc('{unit}', ts) w from ev) "
                f"select c, (extract(epoch from w-c)/{seconds})::int k, count(*) from f join a using (customer_id) group by 1,2 order by 1,2")

    def _sessions(self):
        rng = self.rng
        key = rng.choice(list(NARROW))
        return (f"with x as (select customer_id, {key} k, ts, case when ts - lag(ts) over (partition by customer_id order by ts) <= "
                f"interval '{rng.choice((10, 20, 30, 45))} minutes' then 0 else 1 end st from ev) "
                "select k, sum(st) sessions, count(*)::float8/sum(st) events_per_session from x group by 1 order by 1")

    def _features(self):
        rng = self.rng
        money, event = rng.choice(MONEY), rng.choice(EVENTS)
        unit = rng.choice(("day", "hour", "week"))
        return ("select sum(a), sum(b), count(*), sum(n), sum(p), sum(m) from (select customer_id, count(*) n, "
                f"count(*) filter (where event_type='{event}') p, coalesce(sum({money}) filter (where {self._condition()}),0) m, "
                f"count(distinct {rng.choice(('product_id', 'category', 'session_id'))}) a, count(distinct date_trunc('{unit}',ts)) b "
                "from ev group by 1) f")

    def _daily_uniques(self):
        rng = self.rng
        unit = rng.choice(("day", "hour", "week", "day"))
        where = f" where {self._condition()}" if rng.random() < 0.5 else ""
        return f"select date_trunc('{unit}', ts) d, count(distinct {rng.choice(WHO)}) from ev{where} group by 1 order by 1"
