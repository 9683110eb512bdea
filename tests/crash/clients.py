"""The mixed load: writers that keep the ledger, and clients that move rows between the stores."""

import threading
import time

from ledger import OWNER_BITS
from libpq import ConnectionLost

# What a statement may answer under this load without being wrong.
HARMLESS = {
    "40001",  # lost a race with a seal or another writer
    "40P01",  # deadlock
    "55P03",  # a lock was not to be had at once
    "57014",  # cancelled
    "57P01", "57P02", "57P03",  # the server goes down, crashed, starts up
    "08006",
}


def payload(row, version):
    return "%d:%d:" % (row, version) + "footfall" * (row % 7)


class Client(threading.Thread):
    """Runs `work` again and again until it is told to stop or the server goes away."""

    def __init__(self, server, settings, stop):
        super().__init__(daemon=True)
        self.server = server
        self.settings = settings
        self.stop = stop
        self.problem = ""
        self.statements = 0
        self.connection = None

    def run(self):
        while not self.stop.is_set():
            try:
                self.connection = self.server.connect()
                for setting in self.settings:
                    self.connection.must(setting)
                while not self.stop.is_set():
                    self.work()
            except ConnectionLost:
                time.sleep(0.05)
            except RuntimeError as error:
                # A statement that must succeed failed: only a crash of the server excuses that.
                if not any(state in str(error) for state in ("57P0", "08006")):
                    self.problem = self.problem or str(error)
                    return
                time.sleep(0.05)
            finally:
                if self.connection:
                    self.connection.close()

    def run_sql(self, sql, copy=None):
        result = self.connection.run(sql, copy)
        self.statements += 1
        if not result.ok and result.sqlstate not in HARMLESS:
            raise RuntimeError("%s\n%r" % (sql[:500], result))
        return result

    def work(self):
        raise NotImplementedError


class Writer(Client):
    """Inserts, copies, updates and deletes rows of its own, in transactions of its own size."""

    def __init__(self, number, server, settings, stop, ledger, rng, table, next_row):
        super().__init__(server, settings, stop)
        self.number = number
        self.ledger = ledger
        self.rng = rng
        self.table = table
        self.next_row = next_row
        self.prepared = 0

    def fresh(self, count):
        first = (self.number << OWNER_BITS) | self.next_row
        self.next_row += count
        return range(first, first + count)

    def work(self):
        """One transaction; the ledger learns of it when its end is acknowledged."""
        rng = self.rng
        changes = {}
        if not self.run_sql("BEGIN").ok:
            return
        for _ in range(rng.randrange(1, 4)):
            inner = {}
            nested = rng.random() < 0.25
            if nested and not self.run_sql("SAVEPOINT s").ok:
                break
            if not self.statement(inner, changes):
                self.run_sql("ROLLBACK")
                return
            if nested and rng.random() < 0.5:
                self.run_sql("ROLLBACK TO s")
                continue
            changes.update(inner)
        ending = rng.random()
        if ending < 0.1:
            self.run_sql("ROLLBACK")
            return
        if ending < 0.2:
            self.two_phases(changes)
            return
        self.finish("COMMIT", changes)

    def finish(self, sql, changes):
        try:
            result = self.run_sql(sql)
        except (ConnectionLost, RuntimeError):
            self.ledger.doubt(changes)
            raise
        if result.ok and result.tag != "ROLLBACK":
            self.ledger.acknowledge(changes)
        elif not result.ok and result.sqlstate in ("08006", "57P01", "57P02"):
            self.ledger.doubt(changes)

    def two_phases(self, changes):
        self.prepared += 1
        gid = "%s_%d_%d_%d" % (self.table, self.number, self.next_row, self.prepared)
        # After a crash every transaction found prepared is committed, so it is in doubt from here on.
        self.finish_prepared("PREPARE TRANSACTION '%s'" % gid, "COMMIT PREPARED '%s'" % gid, changes)

    def finish_prepared(self, prepare, commit, changes):
        try:
            result = self.run_sql(prepare)
            if not result.ok:
                if result.sqlstate in ("08006", "57P01", "57P02"):
                    self.ledger.doubt(changes)
                return
            if result.tag == "ROLLBACK":
                return
            self.run_sql(commit)
        except (ConnectionLost, RuntimeError):
            self.ledger.doubt(changes)
            raise
        self.ledger.acknowledge(changes)

    def statement(self, inner, before):
        rng = self.rng
        choice = rng.random()
        if choice < 0.3:
            rows = self.fresh(rng.choice([1, 1, 3, 20]))
            values = ", ".join("(%d, %d, 1, '%s')" % (row, self.number, payload(row, 1)) for row in rows)
            ok = self.run_sql("INSERT INTO %s VALUES %s" % (self.table, values)).ok
            inner.update((row, 1) for row in rows)
            return ok
        if choice < 0.5:
            rows = self.fresh(rng.choice([10, 10, 300, 300, 1500, 5000]))
            data = "".join("%d\t%d\t1\t%s\n" % (row, self.number, payload(row, 1)) for row in rows).encode()
            ok = self.run_sql("COPY %s FROM STDIN" % self.table, data).ok
            inner.update((row, 1) for row in rows)
            return ok
        # Rows this transaction has changed already are left alone: the ledger does not know them yet.
        mine = self.ledger.sample(rng, self.number, rng.choice([1, 5, 60, 1000] if choice < 0.75 else [1, 20, 4000]))
        mine = {row: version for row, version in mine.items() if row not in before}
        if not mine:
            return True
        if choice < 0.75:
            rows = ", ".join("(%d, '%s')" % (row, payload(row, version + 1)) for row, version in mine.items())
            result = self.run_sql(
                "UPDATE {0} SET v = v + 1, payload = n.text FROM (VALUES {1}) n(row, text) WHERE id = n.row::int8".format(
                    self.table, rows))
            inner.update((row, version + 1) for row, version in mine.items())
        else:
            result = self.run_sql("DELETE FROM %s WHERE id IN (%s)" % (self.table, ", ".join(map(str, mine))))
            inner.update((row, None) for row in mine)
        if result.ok and int(result.tag.split()[1]) != len(mine):
            self.problem = "%s changed other rows than the %d it names, first %d" % (
                result.tag, len(mine), next(iter(mine)))
            self.stop.set()
        return result.ok


class Mover(Client):
    """Seal, compact, vacuum and checkpoint, whatever the writers do."""

    def __init__(self, server, settings, stop, rng, statements, pause):
        super().__init__(server, settings, stop)
        self.rng = rng
        self.choices = statements
        self.pause = pause

    def work(self):
        self.run_sql(self.rng.choice(self.choices))
        self.stop.wait(self.rng.random() * self.pause)


class Reader(Client):
    """Counts in one snapshot, again and again: the count must not change while rows move."""

    def __init__(self, server, settings, stop, table):
        super().__init__(server, settings, stop)
        self.table = table

    def work(self):
        query = "SELECT count(*), sum(v), sum(id), count(DISTINCT id) FROM %s" % self.table
        self.run_sql("BEGIN ISOLATION LEVEL REPEATABLE READ")
        first = self.run_sql(query)
        self.stop.wait(0.2)
        second = self.run_sql(query)
        self.run_sql("COMMIT")
        if first.ok and second.ok:
            if first.rows != second.rows:
                self.problem = "one snapshot, two answers: %s, then %s" % (first.rows, second.rows)
            elif first.rows[0][0] != first.rows[0][3]:
                self.problem = "a row is there twice: count %s, distinct %s" % (first.rows[0][0], first.rows[0][3])
            if self.problem:
                self.stop.set()
