"""Random cancels: how long it takes from pg_cancel_backend until the client has the error.

Each statement is let run once, which gives its length; cancels then come at random moments of it. What changes
something runs in a transaction that is rolled back.
"""

import os
import time

from shop import STORES

P99, MOST = 100, 500  # ms
PARALLEL = ("max_parallel_workers_per_gather = 2", "parallel_setup_cost = 10", "parallel_tuple_cost = 0.001",
            "min_parallel_table_scan_size = 0")
SERIAL = ("max_parallel_workers_per_gather = 0",)


def changes(file):
    return [
        "COPY (SELECT * FROM ev) TO '/dev/null'",
        "CREATE TABLE copied USING footfall AS SELECT * FROM ev",
        "CREATE TABLE loaded (LIKE ev) USING footfall; COPY loaded FROM '%s'" % file,
        "INSERT INTO ev_1 SELECT * FROM ev_1",
        "UPDATE ev SET campaign = 'changed' WHERE customer_id % 3 = 0",
        "DELETE FROM ev WHERE customer_id % 3 = 0",
        "CALL footfall.seal('ev')",
        "CALL footfall.compact('ev')",
        "SELECT count(*) FROM footfall.verify('ev')",
        "ANALYZE ev",
        "ALTER TABLE ev_1 SET ACCESS METHOD heap",
    ]


class Canceller:
    def __init__(self, shop, store, mode):
        self.rng = shop.rng
        self.session = shop.session(store, PARALLEL if mode == "parallel" else SERIAL)
        self.admin = shop.session("public")
        # A statement's length depends on store and mode; what does not run at all is found at once.
        self.statements = [(sql, False) for sql in shop.queries()]
        file = shop.server.data / "events.copy"
        self.session.must("COPY (SELECT * FROM ev) TO '%s'" % file)
        self.statements += [(sql, True) for sql in changes(file)]
        self.lengths = {}

    def run_whole(self, sql, change):
        if change:
            self.session.must("BEGIN")
        started = time.perf_counter()
        self.session.must(sql)
        elapsed = time.perf_counter() - started
        if change:
            self.session.must("ROLLBACK")
        return elapsed

    def cancel(self):
        """Milliseconds and the statement; None when it was through before."""
        sql, change = self.rng.choice(self.statements)
        if sql not in self.lengths:
            self.lengths[sql] = self.run_whole(sql, change)
        if change:
            self.session.must("BEGIN")
        self.session.send(sql)
        time.sleep(self.rng.random() * self.lengths[sql])
        asked = time.perf_counter()
        self.admin.send("SELECT pg_cancel_backend(%d)" % self.session.pid)
        result = self.session.receive()
        elapsed = (time.perf_counter() - asked) * 1000
        self.admin.receive()
        if result.ok:
            # One that comes late ends this statement.
            self.session.run("SELECT pg_sleep(0.01)")
        if change:
            self.session.run("ROLLBACK")
        if result.ok:
            return None
        if result.sqlstate != "57014":
            raise RuntimeError("a cancelled statement ends with %r: %s" % (result, sql))
        return elapsed, sql

    def still_right(self):
        """After all cancels the tables hold what they held."""
        counts = self.session.must("SELECT (SELECT count(*) FROM ev), (SELECT count(*) FROM log), (SELECT sum(hashint8(customer_id)::int8) FROM ev), "
                                   "(SELECT sum(hashint8(customer_id)::int8) FROM log)").rows[0]
        findings = self.session.must("SELECT * FROM footfall.verify('ev')").rows
        if counts[0] != counts[1] or counts[2] != counts[3]:
            return "the table holds %s rows, not %s" % counts[:2]
        return "verify: %r" % (findings[0],) if findings else ""

    def close(self):
        self.session.close()
        self.admin.close()


def check(shop):
    count = int(os.environ.get("CANCELS") or 80)
    shop.make(int(os.environ.get("ROWS") or 20000))
    # On a machine that does other things as well, the limits themselves say nothing.
    slack = float(os.environ.get("CANCEL_SLACK") or 5)
    taken = []
    for store in STORES:
        for mode in ("serial", "parallel"):
            canceller = Canceller(shop, store, mode)
            found, tries = [], 0
            while len(found) < count // 4 and tries < count * 5:
                tries += 1
                one = canceller.cancel()
                if one:
                    found.append((*one, store, mode))
            yield "%s, %s: %d cancels of %d statements" % (store, mode, len(found), len(canceller.lengths)), (
                "only %d in %d tries" % (len(found), tries) if len(found) < count // 4 else "")
            yield "%s, %s: rows as before" % (store, mode), canceller.still_right()
            canceller.close()
            taken += found
    taken.sort(reverse=True)
    p99, most = taken[len(taken) // 100][0], taken[0][0]
    print("%d cancels: median %.1f ms, p99 %.1f ms, most %.1f ms" % (len(taken), taken[len(taken) // 2][0], p99, most))
    for elapsed, sql, store, mode in taken[:5]:
        print("  %.1f ms, %s, %s: %s" % (elapsed, store, mode, " ".join(sql.split())[:150]))
    yield "p99 of cancels under %g ms" % (P99 * slack), "" if p99 < P99 * slack else "%.1f ms" % p99
    yield "no cancel over %g ms" % (MOST * slack), "" if most <= MOST * slack else "%.1f ms" % most
