"""The heap-twin oracle: plans the units, runs them on worker processes, reports.

A unit is one group of column types in one store under one isolation level, with a few statement kinds
run on one table. Each combination of group, store, isolation level and kind is run at least once a run;
after that further rounds with other random choices follow until ORACLE_STATEMENTS are done.
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
from dataclasses import dataclass, replace

import column_types
import kinds_read
import kinds_schema
import kinds_write
import sessions
import shrink
from coverage import Coverage
from server import REPOSITORY, Server
from table import ISOLATIONS, STORES, Bench
from twin import Mismatch, Refused, Twin

KINDS = {**kinds_write.KINDS, **kinds_read.KINDS, **kinds_schema.KINDS, **sessions.KINDS}
KINDS_A_UNIT = 5

SETTINGS = [
    "fsync = off", "synchronous_commit = off", "full_page_writes = off", "shared_buffers = 128MB",
    "max_connections = 80", "max_prepared_transactions = 40", "max_worker_processes = 16", "jit = off",
    "deadlock_timeout = 100ms", "autovacuum_naptime = 5s", "lc_messages = 'C'", "log_min_messages = warning",
    "log_min_error_statement = panic", "max_locks_per_transaction = 128", "wal_level = logical" if
    os.environ.get("ORACLE_WAL_LEVEL") == "logical" else "wal_level = replica",
]


@dataclass(frozen=True)
class Group:
    types: tuple


@dataclass(frozen=True)
class Unit:
    group: int
    store: str
    isolation: str
    kinds: tuple
    seed: str


@dataclass
class Report:
    unit: Unit
    statements: int = 0
    succeeded: int = 0
    refused: int = 0
    lost_races: int = 0
    unjudged: int = 0
    errors: Counter = None
    coverage: Coverage = None
    failure: str = ""
    script: str = ""
    left: tuple = ()


class Settings:
    def __init__(self):
        environment = os.environ
        arguments = sys.argv[1:]
        self.bin = (arguments[0] if arguments else environment.get("PGBIN")) or subprocess.run(
            ["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
        self.am = environment.get("ORACLE_ACCESS_METHOD", "footfall")
        self.seed = environment.get("ORACLE_SEED") or str(random.SystemRandom().randrange(10**9))
        self.statements = int(environment.get("ORACLE_STATEMENTS", "10000"))
        self.jobs = int(environment.get("ORACLE_JOBS", "2"))
        self.seconds = float(environment.get("ORACLE_SECONDS", "330"))
        self.self_test = environment.get("ORACLE_SELFTEST", "") not in ("", "0")
        self.max_failures = int(environment.get("ORACLE_MAX_FAILURES", "12"))
        self.shrink_seconds = float(environment.get("ORACLE_SHRINK_SECONDS", "40"))
        # To come back to one corner: comma-separated lists.
        self.only_kinds = [k for k in environment.get("ORACLE_KINDS", "").split(",") if k]
        self.only_groups = [int(g) for g in environment.get("ORACLE_GROUPS", "").split(",") if g]
        self.only_stores = [s for s in environment.get("ORACLE_STORES", "").split(",") if s]


# ---- a worker process

_worker = {}


def start_worker(server, settings, groups, version):
    number = multiprocessing.current_process()._identity[0]
    databases = ("subject_%d" % number, "model_%d" % number)
    admin = server.connect()
    for database in databases:
        admin.must("DROP DATABASE IF EXISTS %s" % database)
        admin.must("CREATE DATABASE %s" % database)
    admin.close()
    if settings.am != "heap":
        subject = server.connect(databases[0])
        subject.must("CREATE EXTENSION %s" % settings.am)
        subject.must("CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS (location 'file://%s')" %
                     server.lake(databases[0]))
        subject.close()
        if settings.self_test:
            admin = server.connect()
            admin.must("ALTER DATABASE %s SET footfall.debug_ignore_tombstones = on" % databases[0])
            admin.close()
    _worker.update(twin=Twin(server, settings.am, databases), settings=settings, groups=groups, version=version)


def run_unit(unit):
    twin, settings = _worker["twin"], _worker["settings"]
    group = _worker["groups"][unit.group]
    report = Report(unit, coverage=Coverage())
    twin.ordinary = twin.succeeded = twin.refused = twin.lost_races = twin.unjudged = 0
    twin.failed_equally = Counter()
    twin.moved_beside = False
    twin.subject_settings = []
    if settings.am != "heap" and unit.store != "hot":
        # Loads of a few rows write segments directly in some units, in others they stay hot.
        rows = random.Random(unit.seed).choice([1, 30, 200, 8192])
        twin.subject_settings.append("SET footfall.min_segment_rows = %d" % rows)
    twin.reset(unit.isolation)
    bench = Bench(twin, group, unit.store, unit.isolation, unit.seed, report.coverage, _worker["version"])
    done = 0
    try:
        bench.build()
        for name in unit.kinds:
            bench.prepare(name)
            done += 1
            try:
                KINDS[name](bench)
            except Refused:
                pass
            twin.moved_beside = False
            bench.check()
            bench.verify()
    except Mismatch as mismatch:
        report.failure = str(mismatch)
        report.left = unit.kinds[done:] if done else ()
    except Exception:  # the oracle's own fault: reported as a failure, never hidden
        report.failure = "the oracle itself failed\n" + traceback.format_exc()
        report.left = unit.kinds[done:] if done else ()
    report.statements, report.succeeded = twin.ordinary, twin.succeeded
    report.refused, report.lost_races, report.unjudged = twin.refused, twin.lost_races, twin.unjudged
    report.errors = twin.failed_equally
    if report.failure and not settings.self_test:
        steps = twin.steps
        text = ""
        if settings.shrink_seconds:
            try:
                steps, text = shrink.shrink(twin, list(twin.steps), unit.isolation, settings.shrink_seconds)
            except Exception:
                text = "(shrinking failed)\n" + traceback.format_exc()
        report.script = "%s\n-- after shrinking: %s" % (
            shrink.script(twin, steps, unit.isolation), text.replace("\n", "\n-- "))
        twin.disconnect()
    return report


# ---- the plan


def plan(round_number, settings, groups):
    rng = random.Random("%s/%d" % (settings.seed, round_number))
    kinds = [k for k in KINDS if not settings.only_kinds or k in settings.only_kinds]
    units = []
    for group in settings.only_groups or range(len(groups)):
        for store in STORES:
            if settings.only_stores and store not in settings.only_stores:
                continue
            for isolation in ISOLATIONS:
                shuffled = rng.sample(kinds, k=len(kinds))
                for start in range(0, len(shuffled), KINDS_A_UNIT):
                    chosen = tuple(shuffled[start:start + KINDS_A_UNIT])
                    seed = "%s/%d/%d" % (settings.seed, round_number, len(units))
                    units.append(Unit(group, store, isolation, chosen, seed))
    rng.shuffle(units)
    return units


class Run:
    def __init__(self, settings):
        self.settings = settings
        self.server = Server(settings.bin, "oracle-%d" % os.getpid(), SETTINGS)
        self.coverage = Coverage()
        self.totals = Counter()
        self.errors = Counter()
        self.failures = []
        self.passed = 0
        self.version = 0
        self.started = time.monotonic()

    def main(self):
        settings = self.settings
        self.server.start()
        admin = self.server.connect()
        version = self.version = int(admin.must("SHOW server_version_num").rows[0][0])
        print("oracle: PostgreSQL %s, access method %s, seed %s, at least %d statements, %d workers" % (
            admin.must("SHOW server_version").rows[0][0], settings.am, settings.seed, settings.statements, settings.jobs))
        admin.must("CREATE ROLE visitor")
        groups, missing = [], []
        for types in column_types.GROUPS:
            usable = []
            for column_type in types:
                if column_type.needs and not admin.run("SELECT " + column_type.needs).ok:
                    missing.append(column_type.name)
                else:
                    usable.append(column_type)
            groups.append(Group(tuple(usable)))
        admin.close()
        if missing:
            print("this server was built without: " + ", ".join(missing))
        pool = multiprocessing.get_context("fork").Pool(
            settings.jobs, start_worker, (self.server, settings, groups, version))
        try:
            self.rounds(pool, groups)
        finally:
            pool.terminate()
            pool.join()
        return self.verdict(groups)

    def rounds(self, pool, groups):
        round_number = 0
        retries = 0
        units = plan(0, self.settings, groups)
        while units:
            again = []
            for report in pool.imap_unordered(run_unit, units):
                self.add(report)
                if report.left and retries < 3:
                    again.append(replace(report.unit, kinds=report.left, seed=report.unit.seed + "+"))
                if len(self.failures) >= self.settings.max_failures:
                    print("stopping after %d failures" % len(self.failures))
                    return
                if round_number and self.late():
                    return
            retries += 1
            if again:
                units = again
                continue
            if self.settings.self_test or self.totals["statements"] >= self.settings.statements or self.late():
                return
            round_number += 1
            retries = 0
            units = plan(round_number, self.settings, groups)

    def late(self):
        return time.monotonic() - self.started > self.settings.seconds

    def add(self, report):
        self.coverage.merge(report.coverage)
        self.errors.update(report.errors)
        for name in ("statements", "succeeded", "refused", "lost_races", "unjudged"):
            self.totals[name] += getattr(report, name)
        if not report.failure:
            self.passed += 1
            return
        self.failures.append(report)
        if not self.settings.self_test:
            unit = report.unit
            print("\n---- FAILED: types %d, %s, %s, kinds %s, unit seed %s" % (
                unit.group, unit.store, unit.isolation, ",".join(unit.kinds), unit.seed))
            print(report.failure[:6000])
            print("-- reproduction --\n%s\n-- end of reproduction --" % report.script[:20000], flush=True)

    def verdict(self, groups):
        settings = self.settings
        if settings.self_test:
            return self.self_test_verdict()
        failed = len(self.failures)
        types = [column_type.name for group in groups for column_type in group.types]
        kinds = [k for k in KINDS if not settings.only_kinds or k in settings.only_kinds]
        self.coverage.print_tables(types, kinds)
        self.coverage.write(REPOSITORY / "build" / ("oracle_coverage_%d.tsv" % (self.version // 10000)))
        empty = self.coverage.empty(types, kinds)
        if settings.only_stores or settings.only_kinds or settings.only_groups:
            empty = []
        totals = self.totals
        # Refusals by design stand apart: heap never ran those statements.
        compared = totals["statements"] - totals["refused"]
        share = totals["succeeded"] / max(compared, 1)
        print("\n%d statements in %.0f s: %.1f %% succeeded, %d failed with heap's SQLSTATE (%s)" % (
            totals["statements"], time.monotonic() - self.started, 100 * share, sum(self.errors.values()),
            ", ".join("%s: %d" % pair for pair in self.errors.most_common(12))))
        print("%d writes to sealed rows refused under SERIALIZABLE, %d writers lost a race and gave up with 40001, "
              "%d interleavings not judged: sessions waited in another order than heap's" % (
                  totals["refused"], totals["lost_races"], totals["unjudged"]))
        print("%d cells of %d are empty%s" % (
            len(empty), len(types) * len(STORES) * len(ISOLATIONS) * len(kinds), "".join(
                "\n  empty: %s, %s, %s, %s" % cell for cell in empty[:20])))
        demands = [
            (not empty, "every cell has a statement"),
            (totals["statements"] >= settings.statements, "at least %d statements" % settings.statements),
            (share >= 0.9, "at least 90 % of the statements succeed"),
        ]
        for good, text in demands:
            if good:
                self.passed += 1
            else:
                failed += 1
                print("FAILED: " + text)
        if failed:
            print("run again with ORACLE_SEED=%s" % settings.seed)
        print("%d passed, %d failed" % (self.passed, failed))
        return 1 if failed else 0

    def self_test_verdict(self):
        own_fault = [r for r in self.failures if r.failure.startswith("the oracle itself failed")]
        seen = len(self.failures) - len(own_fault)
        for report in own_fault[:2]:
            print(report.failure)
        for report in self.failures[:2]:
            print("seen: " + report.failure[:500])
        print("with tombstones switched off the oracle fails in %d of %d units" % (seen, seen + self.passed))
        good = seen > 0 and not own_fault
        print("%d passed, %d failed" % (int(good), int(not good)))
        return 0 if good else 1


def main():
    settings = Settings()
    pathlib.Path(REPOSITORY / "build").mkdir(exist_ok=True)
    run = Run(settings)
    try:
        return run.main()
    finally:
        run.server.close(keep=False)


if __name__ == "__main__":
    sys.exit(main())
