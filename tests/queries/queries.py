"""Generated queries on a heap table and on footfall tables with the same rows: plans, runs, reports.

A unit is a few dozen statements over one data set in one session mode (time zone, parallel workers, work_mem,
role, prepared or not). Each statement runs once on the heap table and on a few of its footfall twins. What the
fast path has to take runs with footfall.require_vectorized there, so that leaving it is an error.
"""

import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))

import compare  # noqa: E402
import data  # noqa: E402
from expressions import ZONES  # noqa: E402
from libpq import ConnectionLost  # noqa: E402
from server import Server  # noqa: E402
from statements import Generator  # noqa: E402

STATEMENTS_A_UNIT = 40
DATABASE = "queries"
SERVER = [
    "fsync = off", "synchronous_commit = off", "full_page_writes = off", "shared_buffers = 128MB", "max_connections = 60",
    "max_worker_processes = 16", "max_parallel_workers = 8", "jit = off", "autovacuum_naptime = 10s", "lc_messages = 'C'",
    "log_min_messages = warning", "log_min_error_statement = panic",
]
PARALLEL = ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0",
            "min_parallel_index_scan_size = 0", "max_parallel_workers_per_gather = 2")
# What a session that moves rows beside others may be told.
LOST_RACES = ("40001", "40P01", "55P03")


@dataclass(frozen=True)
class Mode:
    """How the sessions of a unit are set; `both` on either side, `own` on the footfall side."""
    both: tuple
    own: tuple
    parallel: bool
    prepared: bool
    visitor: bool
    fast: bool  # the fast path is not switched off


@dataclass
class Failure:
    unit: str
    store: str
    mode: Mode
    sql: str
    text: str
    small: str = ""


@dataclass
class Report:
    cells: Counter = field(default_factory=Counter)
    totals: Counter = field(default_factory=Counter)
    shapes: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)


class Settings:
    def __init__(self):
        environment, arguments = os.environ, sys.argv[1:]
        self.bin = (arguments[0] if arguments else environment.get("PGBIN")) or subprocess.run(
            ["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
        self.am = environment.get("QUERIES_ACCESS_METHOD", "footfall")
        self.seed = environment.get("QUERIES_SEED") or environment.get("ORACLE_SEED") or str(random.SystemRandom().randrange(10**9))
        self.count = int(environment.get("QUERIES_COUNT", "5200"))
        self.stores = int(environment.get("QUERIES_STORES", "1"))
        self.jobs = int(environment.get("QUERIES_JOBS", "2"))
        self.unit = environment.get("QUERIES_UNIT", "")
        self.max_failures = int(environment.get("QUERIES_MAX_FAILURES", "12"))
        self.keep = environment.get("QUERIES_KEEP", "") not in ("", "0")


def make_mode(rng, features):
    zone = rng.choice(ZONES)
    visitor = rng.random() < 0.06
    parallel = rng.random() < 0.4
    prepared = rng.random() < 0.25
    both = ["timezone = '%s'" % zone]
    if prepared:
        both.append("plan_cache_mode = %s" % rng.choice(("force_generic_plan", "force_generic_plan", "force_custom_plan")))
    own = []
    if parallel:
        own += PARALLEL + ("parallel_leader_participation = %s" % rng.choice(("on", "off")),)
    else:
        own.append("max_parallel_workers_per_gather = 0")
    work_mem = rng.choice(("64kB", "256kB", "4MB", "4MB", "64MB"))
    own.append("work_mem = '%s'" % work_mem)
    for setting in ("enable_hashagg", "enable_sort", "enable_hashjoin", "enable_partitionwise_aggregate"):
        if rng.random() < 0.06:
            own.append("%s = %s" % (setting, "on" if "partitionwise" in setting else "off"))
    fast = True
    for setting in ("footfall.enable_scan", "footfall.enable_vectorized"):
        if setting in features and rng.random() < 0.04:
            own.append("%s = off" % setting)
            fast = False
    return Mode(tuple(both), tuple(own), parallel, prepared, visitor, fast)


# ---- a worker process

_worker = {}


def start_worker(server, settings, features):
    _worker.update(server=server, settings=settings, features=features, sessions={})


class Session:
    """The two sessions of a unit and one that moves rows."""

    def __init__(self, server, mode):
        self.server, self.mode = server, mode
        self.subject = self.heap = self.mover = None
        self.connect()

    def connect(self):
        self.close()
        self.subject, self.heap, self.mover = (self.server.connect_patiently(DATABASE) for _ in range(3))
        for connection in (self.subject, self.heap):
            connection.must("SET statement_timeout = '60s'")
            for setting in self.mode.both:
                connection.must("SET " + setting)
            if self.mode.visitor:
                connection.must("SET ROLE visitor")
        self.heap.must("SET max_parallel_workers_per_gather = 0")
        for setting in self.mode.own:
            self.subject.must("SET " + setting)
        self.mover.must("SET lock_timeout = '100ms'")
        self.mover.must("SET statement_timeout = '60s'")

    def close(self):
        for connection in (self.subject, self.heap, self.mover):
            if connection:
                connection.close()


def text_of(statement, table, prepared, summands=False):
    sql = statement.text(summands).replace("{t}", table)
    if not (prepared and statement.parameters):
        return sql
    return "DEALLOCATE ALL; PREPARE asked (%s) AS %s; EXECUTE asked (%s)" % (
        ", ".join(t for t, _ in statement.parameters), sql, ", ".join(v for _, v in statement.parameters))


class Unit:
    def __init__(self, name, blind=False):
        self.name = name
        self.settings, self.features = _worker["settings"], _worker["features"]
        self.rng = random.Random(name)
        self.data_set = self.rng.choices(("ev", "ty"), (3, 2))[0]
        self.mode = make_mode(self.rng, self.features)
        self.blind = blind  # for the oracle's own test: footfall shows deleted rows
        self.report = Report()
        self.session = None
        self.required = None

    def run(self):
        self.session = Session(_worker["server"], self.mode)
        if self.blind:
            self.session.mover.must("RESET ALL")
            self.session.subject.must("RESET ROLE")
            self.session.heap.must("RESET ROLE")
            self.session.subject.must("SET footfall.debug_ignore_tombstones = on")
        try:
            generator = Generator(self.rng, self.data_set, data.columns(self.data_set), self.mode.prepared,
                                  "footfall.require_vectorized" in self.features)
            for _ in range(STATEMENTS_A_UNIT):
                self.one(generator.make())
                if len(self.report.failures) >= 3:
                    break
        finally:
            self.session.close()
        return self.report

    def one(self, statement):
        heap = self.session.heap.run(text_of(statement, self.data_set + "_heap", self.mode.prepared, True))
        self.report.totals["queries"] += 1
        self.report.errors[heap.sqlstate] += 0 if heap.ok else 1
        if heap.sqlstate[:2] in ("42", "XX", "57"):
            raise RuntimeError("the generator made what heap refuses: %s\n%r" % (statement.text(True), heap))
        stores = data.STORES[self.data_set]
        for store in self.rng.sample(stores, k=min(self.settings.stores, len(stores))) if not self.blind else ("sealed",):
            if store == "moving":
                self.move()
            difference = self.ask(statement, store, heap, True)
            self.report.totals["runs"] += 1
            if difference is compare.UNJUDGED:
                self.report.totals["unjudged"] += 1
            elif difference:
                self.fail(statement, store, difference)
            elif heap.ok and (wrong := self.around(statement, store)):
                self.fail(statement, store, wrong)
            else:
                self.report.cells[(statement.shape, store, self.mode.parallel)] += heap.ok

    def ask(self, statement, store, heap, count=False):
        """One statement on the footfall side, compared."""
        table = "%s_%s" % (self.data_set, store)
        sql = text_of(statement, table, self.mode.prepared)
        subject = self.session.subject
        try:
            if "footfall.require_vectorized" not in self.features or not self.mode.fast:
                result = subject.run(sql)
            else:
                self.require(True)
                result = subject.run(sql)
                taken = result.sqlstate != "0A000" or heap.sqlstate == "0A000"
                if count:
                    self.report.shapes[(statement.shape, taken)] += 1
                # A key that the planner found to be a constant is the executor's, and so are behavioural
                # aggregates of tables in no order of customers.
                forgiven = self.mode.visitor or "without columns" in result.message or (
                    store == "sealed" and "order key" in result.message)
                if not taken and not (statement.required and not forgiven):
                    self.require(False)
                    result = subject.run(sql)
            return compare.describe(statement, result, heap)
        except ConnectionLost as lost:
            self.session.connect()
            self.required = None
            return "the server process died: %s" % lost

    def around(self, statement, store):
        """Now and then the statement is explained too, or read through a cursor that is left early."""
        sql = text_of(statement, "%s_%s" % (self.data_set, store), False)
        if self.rng.random() > 0.08 or statement.parameters:
            return ""
        before, text = self.rng.choice((
            (None, "EXPLAIN (VERBOSE) " + sql),
            (None, "EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT JSON) " + sql),
            (None, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql),
            ("BEGIN; DECLARE reader NO SCROLL CURSOR FOR " + sql, "FETCH 3 FROM reader"),
            ("BEGIN; DECLARE reader SCROLL CURSOR FOR " + sql, "FETCH 7 FROM reader; FETCH BACKWARD 2 FROM reader; FETCH ALL FROM reader"),
            ("BEGIN; DECLARE reader CURSOR WITH HOLD FOR " + sql + "; COMMIT; BEGIN", "FETCH 5 FROM reader; CLOSE reader"),
        ))
        subject = self.session.subject
        try:
            result = subject.run(before) if before else None
            if not before or result.ok:
                result = subject.run(text)
            if before:
                subject.run("ROLLBACK")
        except ConnectionLost as lost:
            self.session.connect()
            self.required = None
            return "the server process died: %s\n  at %s" % (lost, text)
        # A cursor plans for its first rows, so it may take another path than what must be taken.
        if not result.ok and result.sqlstate == "0A000" and before:
            return ""
        return "" if result.ok else "%r\n  at %s" % (result, text)

    def require(self, on):
        if self.required != on:
            self.session.subject.must("SET footfall.require_vectorized = %s" % ("on" if on else "off"))
            self.required = on

    def move(self):
        """Something happens to the rows of `moving` that leaves them what they are."""
        if self.settings.am == "heap" or self.rng.random() < 0.7:
            return
        table = "%s_moving" % self.data_set
        same = "quantity = quantity" if self.data_set == "ev" else "txt = txt"
        sql = self.rng.choice((
            "UPDATE %s SET %s WHERE id %% 37 = %d" % (table, same, self.rng.randrange(37)),
            "UPDATE %s SET %s WHERE id BETWEEN %d AND %d" % (table, same, (a := self.rng.randrange(8000)), a + 400),
            "CALL footfall.seal('%s')" % table, "CALL footfall.compact('%s')" % table, "VACUUM %s" % table))
        result = self.session.mover.run(sql)
        if not result.ok and result.sqlstate not in LOST_RACES:
            raise RuntimeError("%s\n%r" % (sql, result))

    def fail(self, statement, store, difference):
        failure = Failure(self.name, store, self.mode, text_of(statement, self.data_set + "_" + store, self.mode.prepared), difference)
        self.report.failures.append(failure)
        if self.blind:
            return
        end = time.monotonic() + 15
        best, found = statement, True
        while found and time.monotonic() < end:
            found = False
            for smaller in best.smaller():
                heap = self.session.heap.run(text_of(smaller, self.data_set + "_heap", self.mode.prepared, True))
                if heap.sqlstate[:2] == "42":
                    continue
                again = self.ask(smaller, store, heap)
                if again and again is not compare.UNJUDGED:
                    best, found = smaller, True
                    failure.small = "%s\n  %s" % (text_of(best, self.data_set + "_" + store, self.mode.prepared), again)
                    break


def run_unit(name, blind=False):
    unit = None
    try:
        unit = Unit(name, blind)
        return unit.run()
    except Exception:  # the oracle's own fault: reported as a failure, never hidden
        report = unit.report if unit else Report()
        report.failures.append(Failure(name, "", unit.mode if unit else None, "", "the oracle itself failed\n" + traceback.format_exc()))
        return report


def run_blind(name):
    return run_unit(name, True)


# ---- the run


class Run:
    def __init__(self, settings):
        self.settings = settings
        self.server = Server(settings.bin, "queries-%d" % os.getpid(), SERVER)
        self.total = Report()
        self.started = time.monotonic()
        self.features = ()
        self.seen_blind = None

    def main(self):
        settings = self.settings
        self.server.start()
        admin = self.server.connect()
        version = admin.must("SHOW server_version").rows[0][0]
        print("queries: PostgreSQL %s, access method %s, seed %s, %d queries, %d workers" % (
            version, settings.am, settings.seed, settings.count, settings.jobs))
        admin.must("CREATE DATABASE " + DATABASE)
        admin.close()
        connection = self.server.connect(DATABASE)
        if settings.am != "heap":
            connection.must("CREATE EXTENSION %s" % settings.am)
            connection.must("SET footfall.min_segment_rows = 100")
            connection.must("CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://%s')" %
                            self.server.lake("queries"))
            self.features = tuple(row[0] for row in connection.must("SELECT name FROM pg_settings WHERE name LIKE 'footfall.%'").rows)
        data.Tables(connection, settings.am).make()
        # A session of a database with our settings: the library must be loaded before it is set.
        if settings.am != "heap":
            connection.must("ALTER DATABASE %s SET session_preload_libraries = 'footfall'" % DATABASE)
        connection.close()
        print("tables made in %.0f s" % (time.monotonic() - self.started))
        self.ask()
        return self.verdict()

    def ask(self):
        settings = self.settings
        names = ["%s/%d" % (settings.seed, n) for n in range(-(-settings.count // STATEMENTS_A_UNIT))]
        if settings.unit:
            names = [settings.unit]
        pool = multiprocessing.get_context("fork").Pool(settings.jobs, start_worker, (self.server, settings, self.features))
        try:
            for report in pool.imap_unordered(run_unit, names):
                self.add(report)
                if len(self.total.failures) >= settings.max_failures:
                    print("stopping after %d failures" % len(self.total.failures))
                    return
            if settings.am != "heap" and not settings.unit:
                self.seen_blind = sum(len(r.failures) for r in pool.map(run_blind, ["blind/%d" % n for n in range(settings.jobs)]))
        finally:
            pool.terminate()
            pool.join()

    def add(self, report):
        for name in ("cells", "totals", "shapes", "errors"):
            getattr(self.total, name).update(getattr(report, name))
        for failure in report.failures:
            self.total.failures.append(failure)
            print("\n---- FAILED: unit %s, store %s\n-- %s\n%s;\n  %s" % (
                failure.unit, failure.store, "; ".join(failure.mode.both + failure.mode.own + (
                    "SET ROLE visitor",) * failure.mode.visitor) if failure.mode else "", failure.sql[:3000], failure.text[:2000]))
            if failure.small:
                print("-- smaller:\n%s" % failure.small[:3000], flush=True)

    def verdict(self):
        settings, total = self.settings, self.total
        seconds = time.monotonic() - self.started
        failed_too = sum(total.errors.values())
        shapes = sorted({shape for shape, _, _ in total.cells})
        stores = sorted({store for kinds in data.STORES.values() for store in kinds})
        print("\n%-10s" % "" + "".join("%12s" % store for store in stores) + "   (runs: serial + parallel)")
        for shape in shapes:
            print("%-10s" % shape + "".join("%12s" % ("%d + %d" % (total.cells[(shape, store, False)], total.cells[(shape, store, True)]))
                                            for store in stores))
        if total.shapes:
            print("taken by the fast path: " + ", ".join("%s %d of %d" % (
                shape, total.shapes[(shape, True)], total.shapes[(shape, True)] + total.shapes[(shape, False)]) for shape in shapes))
        print("%d queries, %d runs on footfall tables in %.0f s; %d queries fail on heap too (%s); %d runs where one side met "
              "an error and the other need not" % (
                  total.totals["queries"], total.totals["runs"], seconds, failed_too,
                  ", ".join("%s: %d" % (k, n) for k, n in total.errors.most_common() if n), total.totals["unjudged"]))
        empty = [(shape, store, parallel) for shape in shapes for store in stores for parallel in (False, True)
                 if not total.cells[(shape, store, parallel)] and (shape != "join" or store in data.STORES["ev"])]
        demands = [(total.totals["queries"] >= settings.count, "at least %d queries" % settings.count),
                   (not empty, "every shape succeeds in every store, serial and parallel: not %r" % empty[:5]),
                   (failed_too <= 0.15 * total.totals["queries"], "at most 15 % of the queries fail on heap"),
                   (total.totals["unjudged"] <= 0.02 * total.totals["runs"], "at most 2 % of the runs are not judged")]
        if self.seen_blind is not None:
            demands.append((self.seen_blind > 0, "with deleted rows shown, differences are seen"))
        failed, passed = len(total.failures), total.totals["runs"] - len(total.failures)
        for good, text in demands if not settings.unit else ():
            passed += good
            failed += not good
            if not good:
                print("FAILED: " + text)
        if failed:
            print("run again with QUERIES_SEED=%s, one unit with QUERIES_UNIT=" % settings.seed)
        print("%d passed, %d failed" % (passed, failed))
        return 1 if failed else 0


def main():
    run = Run(Settings())
    keep = run.settings.keep
    try:
        return run.main()
    finally:
        if keep:
            print("the server stays: %s" % run.server.conninfo(DATABASE))
        else:
            run.server.close()


if __name__ == "__main__":
    sys.exit(main())
