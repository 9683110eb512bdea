"""Kills the server again and again and compares what is left with the clients' ledger."""

import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))

from libpq import ConnectionLost  # noqa: E402
from server import REPOSITORY, Server, children_of  # noqa: E402

import clients  # noqa: E402
from ledger import OWNER_BITS, Ledger, owner_of  # noqa: E402

SETTINGS = [
    # kill -9 leaves what was written in the kernel's cache, so fsync would only slow this down.
    "fsync = off", "shared_buffers = 64MB", "max_connections = 50", "max_prepared_transactions = 20",
    "checkpoint_timeout = 30s", "max_wal_size = 128MB", "autovacuum_naptime = 1s", "deadlock_timeout = 200ms",
    "log_min_messages = warning", "log_min_error_statement = panic", "restart_after_crash = on",
]


class Crash:
    def __init__(self):
        environment = os.environ
        arguments = sys.argv[1:]
        self.bin = (arguments[0] if arguments else environment.get("PGBIN")) or subprocess.run(
            ["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
        self.am = environment.get("CRASH_ACCESS_METHOD", "footfall")
        self.seed = environment.get("CRASH_SEED") or str(random.SystemRandom().randrange(10**9))
        self.rounds = int(environment.get("CRASH_ROUNDS", "6"))
        self.failpoints = environment.get("CRASH_FAILPOINTS", "1") not in ("", "0")
        self.rng = random.Random(self.seed)
        settings = list(SETTINGS)
        self.self_test = environment.get("CRASH_SELFTEST", "") not in ("", "0")
        if self.self_test:
            # Acknowledged before it is written: kill -9 of everything has to lose rows now.
            settings += ["synchronous_commit = off", "wal_writer_delay = 10s", "wal_buffers = 64MB"]
            self.failpoints = False
        if environment.get("CRASH_WAL_CHECK", "") not in ("", "0"):
            settings.append("wal_consistency_checking = 'all'")
        self.server = Server(self.bin, "crash-%d" % os.getpid(), settings)
        self.tables = ("events", "parted")
        self.ledgers = {table: Ledger() for table in self.tables}
        self.next_row = 1
        self.found = {table: {} for table in self.tables}
        self.passed = 0
        self.failures = []

    # ---- set-up

    def sql(self, *statements):
        connection = self.server.connect_patiently()
        try:
            return [connection.must(statement) for statement in statements][-1]
        finally:
            connection.close()

    def create(self):
        if self.am != "heap":
            self.sql("CREATE EXTENSION %s" % self.am)
        body = "(id int8 NOT NULL, client int4, v int8, payload text)"
        self.sql(
            "CREATE TABLE events %s USING %s" % (body, self.am),
            "SET default_table_access_method = %s" % self.am,
            "CREATE TABLE parted %s PARTITION BY LIST (client)" % body,
            "CREATE TABLE parted_odd PARTITION OF parted FOR VALUES IN (1, 3, 5)",
            "CREATE TABLE parted_rest PARTITION OF parted DEFAULT",
        )
        if self.am != "heap":
            self.sql("SELECT footfall.configure('events', order_by => ARRAY['client', 'id'])")

    def session_settings(self):
        if self.am == "heap":
            return []
        # Loads of this size shall write segments directly now and then.
        return ["SET footfall.min_segment_rows = %d" % self.rng.choice([200, 1000, 8192])]

    # ---- one round

    def start_load(self, stop):
        rng = self.rng
        load = []
        for number in range(1, 5):
            table = self.tables[number % 2]
            load.append(clients.Writer(number, self.server, self.session_settings(), stop, self.ledgers[table],
                                       random.Random(rng.random()), table, self.next_row))
        moves = ["VACUUM {0}", "VACUUM (FREEZE) {0}", "ANALYZE {0}", "CHECKPOINT"]
        if self.am != "heap":
            moves += ["CALL footfall.seal('{0}')", "CALL footfall.compact('{0}')"] * 4
        if rng.random() < 0.4:
            moves.append("VACUUM FULL {0}")
        for table in self.tables:
            statements = [move.format(table) for move in moves]
            load.append(clients.Mover(self.server, [], stop, random.Random(rng.random()), statements, 0.15))
        load.append(clients.Reader(self.server, [], stop, self.tables[rng.randrange(2)]))
        for client in load:
            client.start()
        return load

    def round(self, number):
        stop = threading.Event()
        way = self.rng.choice(["postmaster", "postmaster", "everything", "backend"])
        if self.self_test:
            way = "everything"
        seconds = 0.3 + self.rng.random() * 3.5
        load = self.start_load(stop)
        time.sleep(seconds)
        self.kill(way, load)
        stop.set()
        for client in load:
            client.join(60)
        hanging = [type(client).__name__ for client in load if client.is_alive()]
        self.next_row = max([client.next_row for client in load if isinstance(client, clients.Writer)])
        if way != "backend":
            self.server.start()
        problems = [client.problem for client in load if client.problem]
        if hanging:
            problems.append("clients that never came back: %s" % hanging)
        problems += self.settle()
        self.report("round %d: kill -9 of %s after %.1f s under load (%d statements, %d and %d rows)" % (
            number, way, seconds, sum(client.statements for client in load),
            self.ledgers["events"].size(), self.ledgers["parted"].size()), problems)

    def kill(self, way, load):
        if way == "postmaster":
            self.server.kill()
        elif way == "everything":
            pid = self.server.postmaster_pid()
            victims = children_of(pid)
            # The postmaster first, or it would start anew.
            os.kill(pid, signal.SIGKILL)
            for victim in victims:
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.server.wait_gone([pid, *victims])
        else:
            busy = [client.connection.pid for client in load if client.connection]
            try:
                os.kill(self.rng.choice(busy), signal.SIGKILL)
            except ProcessLookupError:
                pass
            time.sleep(0.2)

    def settle(self):
        """After a restart: finish what was prepared, then every row must be as the ledger says."""
        problems = []
        connection = self.connect_after_crash()
        try:
            for (gid,) in connection.must("SELECT gid FROM pg_prepared_xacts").rows:
                connection.must("COMMIT PREPARED '%s'" % gid)
            for table in self.tables:
                rows = connection.must("COPY (SELECT id, v, payload, client FROM %s) TO STDOUT" % table).rows
                found = self.found[table] = {}
                for (line,) in rows:
                    row, version, text, client = line.decode().rstrip("\n").split("\t")
                    row, version = int(row), int(version)
                    if row in found:
                        problems.append("%s: id %d is there twice" % (table, row))
                    if text != clients.payload(row, version) or int(client) != owner_of(row):
                        problems.append("%s: id %d has the contents of another row" % (table, row))
                    found[row] = version
                problems += ["%s: %s" % (table, text) for text in self.ledgers[table].settle(found)]
                if self.am != "heap":
                    verified = connection.run("SELECT footfall.verify('%s')" % table)
                    if not verified.ok:
                        problems.append("footfall.verify('%s'): %r" % (table, verified))
        finally:
            connection.close()
        return problems[:10]

    def connect_after_crash(self):
        """The postmaster may not have noticed yet that a backend was killed, and end this session too."""
        end = time.monotonic() + 60
        while True:
            try:
                connection = self.server.connect_patiently()
                time.sleep(0.2)
                connection.must("SELECT 1")
                return connection
            except ConnectionLost:
                if time.monotonic() > end:
                    raise

    def report(self, title, problems):
        if problems:
            self.failures.append(title)
            print("FAILED: %s\n  %s" % (title, "\n  ".join(problems)), flush=True)
            # What is wrong now is known; the next round starts from what is there.
            for table in self.tables:
                self.ledgers[table].adopt(self.found[table])
        else:
            self.passed += 1
            print("ok: " + title, flush=True)

    # ---- named failpoints

    def failpoint_rounds(self):
        names = failpoint_names()
        if not names:
            print("FAILED: no failpoint is named in the extension's source")
            self.failures.append("failpoints")
        for name in names:
            for action in ("error", "crash", "postmaster"):
                self.failpoint_round(name, action)

    def failpoint_round(self, name, action):
        """Runs one statement of each sort until the failpoint is met, then compares with the ledger."""
        met = ""
        problems = []
        for sort in ("copy", "insert", "seal", "delete", "update", "compact", "vacuum", "vacuum_full", "analyze",
                     "rewrite", "compact_large"):
            try:
                met = self.meet(name, action, sort)
            except RuntimeError as error:
                problems.append(str(error))
            if met or problems:
                break
        if not met and not problems:
            problems = ["no statement met this failpoint"]
        problems += self.settle()
        if met == "compact_large":
            problems += self.delete_again()
        self.report("failpoint %s, %s%s" % (name, action, " in " + met if met else ""), problems)

    def delete_again(self):
        """The many rows go again, by one DELETE of sealed rows."""
        ledger = self.ledgers["events"]
        mine = ledger.sample(self.rng, 9, 10**9)
        result = self.sql("DELETE FROM events WHERE client = 9")
        ledger.acknowledge({row: None for row in mine})
        wrong = int(result.tag.split()[1]) != len(mine)
        return ["%s instead of %d" % (result.tag, len(mine))] if wrong else []

    def meet(self, name, action, sort):
        """The sort of statement, when it met the failpoint."""
        table = "events"
        ledger = self.ledgers[table]
        changes = {}
        connection = self.connect_after_crash()
        try:
            connection.must("SET footfall.min_segment_rows = 200")
            # Something in both stores, and something deleted, for each sort to work on.
            if ledger.size() < 2000 or sort in ("seal", "compact"):
                self.load(connection, ledger, table, 600)
                connection.must("CALL footfall.seal('%s')" % table)
                self.load(connection, ledger, table, 50)
            if sort == "compact_large":  # more rows than one segment holds
                self.load_generated(connection, ledger, table, 140000)
                connection.must("CALL footfall.seal('%s')" % table)
            sql, copy, changes = self.prepare(sort, ledger, table)
            connection.must("SET footfall.failpoint = '%s:%s'" % (name, "sleep" if action == "postmaster" else action))
            if action == "postmaster" and copy is not None:
                # Its data has to be sent while the clock runs; what ends before the kill did not sleep.
                clock = threading.Timer(0.6, self.server.kill)
                clock.start()
                try:
                    result = connection.run(sql, copy)
                except ConnectionLost:
                    clock.join()
                    ledger.doubt(changes)
                    self.server.start()
                    return sort
                clock.cancel()
                clock.join()
                if self.server.process.poll() is not None:
                    self.server.start()
                ledger.acknowledge(changes)
                return ""
            connection.send(sql, copy)
            if action == "postmaster" and not connection.wait(0.35):
                # Still not done after what it takes at most: it sleeps at the failpoint.
                self.server.kill()
                try:
                    connection.receive()
                except ConnectionLost:
                    pass
                ledger.doubt(changes)
                self.server.start()
                return sort
            result = connection.receive()
            if result.ok:
                ledger.acknowledge(changes)
                connection.must("RESET footfall.failpoint")
                return ""
            if action == "error" and "failpoint" in result.message:
                return sort
            if result.sqlstate in ("57P02", "08006"):
                raise ConnectionLost(result.message)
            raise RuntimeError("%s\n%r" % (sql[:300], result))
        except ConnectionLost:
            # The statement was not acknowledged; autocommit, so it is gone whole, or there whole.
            ledger.doubt(changes)
            return sort
        finally:
            connection.close()

    def load(self, connection, ledger, table, count):
        first = (9 << OWNER_BITS) | self.next_row
        self.next_row += count
        rows = range(first, first + count)
        data = "".join("%d\t9\t1\t%s\n" % (row, clients.payload(row, 1)) for row in rows).encode()
        connection.must("COPY %s FROM STDIN" % table, data)
        ledger.acknowledge({row: 1 for row in rows})

    def load_generated(self, connection, ledger, table, count):
        first = (9 << OWNER_BITS) | self.next_row
        self.next_row += count
        connection.must(generated_insert(table, first, count))
        ledger.acknowledge({row: 1 for row in range(first, first + count)})

    def prepare(self, sort, ledger, table):
        """One statement of the sort: SQL, COPY data, and what it changes."""
        first = (9 << OWNER_BITS) | self.next_row
        if sort in ("copy", "insert"):
            self.next_row += 700
            rows = range(first, first + 700)
            changes = {row: 1 for row in rows}
            if sort == "copy":
                data = "".join("%d\t9\t1\t%s\n" % (row, clients.payload(row, 1)) for row in rows).encode()
                return "COPY %s FROM STDIN" % table, data, changes
            return generated_insert(table, first, 700), None, changes
        mine = ledger.sample(self.rng, 9, 400)
        if sort == "delete":
            return ("DELETE FROM %s WHERE id IN (%s)" % (table, ", ".join(map(str, mine))), None,
                    {row: None for row in mine})
        if sort == "update":
            sql = ("UPDATE {0} SET v = v + 1, payload = id || ':' || v + 1 || ':' || repeat('footfall', (id % 7)::int4) "
                   "WHERE id IN ({1})".format(table, ", ".join(map(str, mine))))
            return sql, None, {row: version + 1 for row, version in mine.items()}
        return {
            "seal": "CALL footfall.seal('%s')" % table,
            "compact_large": "CALL footfall.compact('%s')" % table,
            "compact": "CALL footfall.compact('%s')" % table,
            "vacuum": "VACUUM %s" % table,
            "vacuum_full": "VACUUM FULL %s" % table,
            "analyze": "ANALYZE %s" % table,
            "rewrite": "ALTER TABLE %s ALTER COLUMN payload TYPE varchar, ALTER COLUMN v TYPE int8 USING v + 0" % table,
        }[sort], None, {}

    # ---- all of it

    def main(self):
        self.server.start()
        self.create()
        print("crash: access method %s, seed %s, %d rounds" % (self.am, self.seed, self.rounds))
        for number in range(1, self.rounds + 1):
            self.round(number)
        if self.failpoints and self.am != "heap":
            self.failpoint_rounds()
        if self.self_test:
            seen = len(self.failures)
            print("with synchronous_commit = off the ledger finds lost rows in %d of %d rounds" % (seen, self.rounds))
            print("%d passed, %d failed" % (int(seen > 0), int(seen == 0)))
            self.failures = []
            return 0 if seen else 1
        acknowledged = sum(ledger.acknowledged for ledger in self.ledgers.values())
        print("%d transactions were acknowledged" % acknowledged)
        if acknowledged < 10 * self.rounds:
            print("FAILED: too few to prove anything")
            self.failures.append("load")
        if self.failures:
            print("run again with CRASH_SEED=%s" % self.seed)
        print("%d passed, %d failed" % (self.passed, len(self.failures)))
        return 1 if self.failures else 0


def generated_insert(table, first, count):
    return ("INSERT INTO {0} SELECT i, 9, 1, i || ':1:' || repeat('footfall', (i % 7)::int4) "
            "FROM generate_series({1}::int8, {2}) i".format(table, first, first + count - 1))


def failpoint_names():
    """Those of statements on the ledger's tables. Jobs are crashed at theirs by tests/tap/020 and 021, the archive by
    tests/tap/030, which has to name each that it leaves out of here."""
    found = set()
    archive = (REPOSITORY / "tests/tap/030_archive.pl").read_text(encoding="utf-8")
    for path in (REPOSITORY / "extension").rglob("*.cpp"):
        if path.parent.name == "worker":
            continue
        names = re.findall(r'\bfailpoint\("([a-z_0-9]+)"\)', path.read_text(encoding="utf-8"))
        found.update(name for name in names if not (is_archive(name) and re.search(r"\b%s\b" % name, archive)))
    return sorted(found)


def is_archive(name):
    return name.startswith(("archive_", "unarchive_"))


if __name__ == "__main__":
    test = Crash()
    try:
        sys.exit(test.main())
    finally:
        test.server.close(keep=bool(test.failures))
