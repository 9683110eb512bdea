"""Thousands of statements in one backend: its memory must not grow.

Looked at are the private memory of the process and all its memory contexts, TopMemoryContext by itself. The
first fifth fills caches; what grows after it is a leak.
"""

import os

from shop import STORES

# Allowed growth after the first fifth, in bytes: of contexts a cache entry or two, of the process what malloc
# keeps in pieces.
CONTEXTS, PROCESS = 512 * 1024, 6 * 1024 * 1024

CHANGES = (
    "INSERT INTO ev_1 SELECT * FROM ev_1 WHERE customer_id < 20",
    "UPDATE ev SET campaign = 'changed' WHERE customer_id = 7",
    "DELETE FROM ev WHERE customer_id BETWEEN 30 AND 33",
    "CALL footfall.seal('ev')",
    "CALL footfall.compact('ev')",
    "SELECT count(*) FROM footfall.verify('ev')",
    "COPY (SELECT * FROM ev) TO '/dev/null'",
    "ANALYZE ev",
    "SELECT * FROM footfall.storage('ev')",
    "SELECT * FROM ev WHERE customer_id = 5 FOR UPDATE",
    "SAVEPOINT s; INSERT INTO ev_1 SELECT * FROM ev_1 LIMIT 5; ROLLBACK TO s",
    "DECLARE c CURSOR FOR SELECT * FROM ev; FETCH 10 FROM c; CLOSE c",
)
# What ends in an error must give back its memory as well.
ERRORS = (
    "SELECT sum(1 / (quantity - 1)) FROM ev",
    "SELECT customer_id, footfall.window_funnel('-1 hour', ts, event_type = 'view') FROM ev GROUP BY 1",
    "SELECT sum(url::int) FROM ev WHERE customer_id < 100",
    "SELECT sum(price::int2 * 30000::int2) FROM ev GROUP BY customer_id",
)
MODES = (("max_parallel_workers_per_gather = 0",),
         ("max_parallel_workers_per_gather = 2", "parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0"),
         ("work_mem = '64kB'",), ("work_mem = '64MB'",))


class Backend:
    def __init__(self, shop, store):
        self.rng, self.session = shop.rng, shop.session(store)
        self.queries, self.variants = shop.queries(), shop.variants()

    def step(self):
        kind = self.rng.random()
        if kind < 0.01:
            for setting in self.rng.choice(MODES):
                self.session.must("SET " + setting)
        elif kind < 0.10:
            sql = self.rng.choice(CHANGES)
            self.session.must("BEGIN")
            self.session.must(sql)
            self.session.must("ROLLBACK")
        elif kind < 0.15:
            sql = self.rng.choice(ERRORS)
            if self.session.run(sql).ok:
                raise RuntimeError("no error: " + sql)
        elif kind < 0.20:
            self.session.must("PREPARE p (int8) AS SELECT event_type, count(*), sum(price) FROM ev WHERE customer_id < $1 GROUP BY 1")
            for _ in range(7):
                self.session.must("EXECUTE p (%d)" % self.rng.randrange(100))
            self.session.must("DEALLOCATE p")
        elif kind < 0.60:
            self.session.must(self.rng.choice(self.queries))
        else:
            self.session.must(next(self.variants))

    def memory(self):
        """Bytes: TopMemoryContext's, all contexts', and the process's own."""
        top, total = self.session.must("SELECT sum(total_bytes) FILTER (WHERE name = 'TopMemoryContext'), sum(total_bytes) "
                                       "FROM pg_backend_memory_contexts").rows[0]
        with open("/proc/%d/status" % self.session.pid, encoding="ascii") as status:
            private = next(line for line in status if line.startswith("RssAnon")).split()[1]
        return int(top), int(total), int(private) * 1024


def check(shop):
    count = int(os.environ.get("LEAK") or 600)
    shop.make(int(os.environ.get("LEAK_ROWS") or 3000))
    for store in STORES:
        backend = Backend(shop, store)
        points = []
        for number in range(count // 2):
            backend.step()
            if number % max(count // 40, 1) == 0:
                points.append(backend.memory())
        points.append(backend.memory())
        backend.session.close()
        settled = points[max(len(points) // 5, 1):]
        print("%s: %d statements; KiB of TopMemoryContext, of all contexts, of the process" % (store, count // 2))
        for point in settled[::max(len(settled) // 6, 1)] + settled[-1:]:
            print("  " + ", ".join("%d" % (value // 1024) for value in point))
        # The most of the first half beside the least of the second: a statement may leave a cache behind.
        half = len(settled) // 2
        for position, (name, allowed) in enumerate((
                ("TopMemoryContext", CONTEXTS), ("the sum of memory contexts", CONTEXTS), ("the process", PROCESS))):
            before = max(point[position] for point in settled[:half])
            after = min(point[position] for point in settled[half:])
            grown = after - before
            yield "%s: %s does not grow" % (store, name), "by %d KiB" % (grown // 1024) if grown > allowed else ""
