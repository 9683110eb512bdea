"""Every fault at every request of archiving, reading, bringing back, erasing and cleaning up.

Afterwards each row is in exactly one place and readable, the statement completes when it is run again,
and the store then has what the Delta log names and nothing else. Each round has a table of its own,
so that its log, and with it the number of requests, stays as short as it is for the first.
"""

import os

from fault_proxy import FaultProxy

# What passes when it is tried again, met once; the statement completes as if nothing had been.
PASSING = (("503", False), ("lost", False), ("cut", False), ("reset", False))
# What stays as it is until somebody mends it.
LASTING = (("403", True), ("500", True), ("lost", True), ("reset", True), ("altered", True), ("hang", True), ("kill", True))
# What ends the statement and leaves the store to be tidied up.
REFUSED_ONCE = (("403", False),)
# How a statement may end then: the store's fault, damaged bytes, statement_timeout, the disk.
ENDINGS = {"58030", "XX001", "57014", "53100"}
STEP = int(os.environ.get("LAKE_STEP", "1"))
MOST_REQUESTS = 400


class Faults:
    def __init__(self, lake, proxy):
        self.lake, self.proxy = lake, proxy
        self.rounds = 0
        self.folder = ""
        self.table = ""

    def sql(self, statement):
        return self.lake.sql(statement.format(self.table))

    # The statements, and the state that each starts from.

    def prepare(self, operation):
        self.rounds += 1
        self.table = f"f{self.rounds}"
        self.folder = f"public.{self.table}"
        # Two objects, the second of a late row, make the steps of the one meet those of the other.
        self.sql("CREATE TABLE {0} (id int, customer int, note text) USING footfall")
        self.sql("SELECT footfall.configure('{0}', customer_column => 'customer')")
        if operation == "archive_large":  # two parts and a bit
            self.sql("INSERT INTO {0} SELECT i, i % 10, string_agg(md5(i::text || j), '') FROM generate_series(1, 70000) i, "
                     "generate_series(1, 16) j GROUP BY i")
        else:
            self.sql("INSERT INTO {0} SELECT i, i % 10, 'note ' || i FROM generate_series(1, 2000) i")
        self.sql("CREATE TABLE {0}_twin AS TABLE {0}")
        if operation not in ("archive", "archive_large"):
            self.sql("CALL footfall.archive('{0}', 'lake')")
        if operation in ("archive", "archive_more"):
            for table in (self.table, self.table + "_twin"):
                self.lake.sql(f"INSERT INTO {table} VALUES (-1, 3, 'late')")
                self.lake.sql(f"DELETE FROM {table} WHERE id = 5")
        if operation == "vacuum":
            self.sql("CALL footfall.unarchive('{0}')")

    def statement(self, operation):
        return {
            "archive": "CALL footfall.archive('{0}', 'lake')",
            "archive_large": "CALL footfall.archive('{0}', 'lake')",
            "archive_more": "CALL footfall.archive('{0}', 'lake')",
            "query": "SELECT count(*), sum(customer), max(note) FROM {0}",
            "unarchive": "CALL footfall.unarchive('{0}')",
            "erase": "CALL footfall.erase('{0}', '7')",
            "vacuum": "CALL footfall.archive_vacuum('lake', '0')",
        }[operation].format(self.table)

    def expected_now(self, operation, done):
        """Erasing deletes the rows first, so that they may be gone after a failure too."""
        if operation != "erase":
            return
        left = self.lake.text(f"SELECT count(*) FROM {self.table} WHERE customer = 7")
        self.lake.check(left == "0" or (left == "200" and not done), f"{self.lake.name}: erased whole or not at all", left)
        if left == "0":
            self.sql("DELETE FROM {0}_twin WHERE customer = 7")

    def round(self, operation, kind, lasting, at):
        """Whether the fault was met."""
        lake = self.lake
        self.prepare(operation)
        if kind == "hang":
            lake.sql("SET statement_timeout = '2s'")
        self.proxy.arm(kind, at, lasting)
        result = lake.run(self.statement(operation))
        met = self.proxy.disarm()
        lines = self.proxy.lines
        lake.sql("RESET statement_timeout")
        title = f"{operation}, {kind}{' from' if lasting else ' at'} request {at}"
        if kind == "kill" and met:
            lake.store.start()
        self.judge(title, result, kind, lasting, met, lines)
        if operation == "archive_large" and not lasting:
            uploads = [key for key in lake.store.keys(self.folder + "/") if key.startswith("upload ")]
            # The answer that named the upload may be what was lost.
            lake.check(not uploads or kind in ("lost", "cut"), f"{lake.name}: {title}: no upload in parts is left", uploads)
        self.expected_now(operation, result.ok)
        lake.same(f"after {title}", self.table, self.table + "_twin")
        again = lake.run(self.statement(operation))
        lake.check(again.ok, f"{lake.name}: {title}: it completes when it is run again", again)
        self.expected_now(operation, True)
        lake.same(f"{title}, run again", self.table, self.table + "_twin")
        lake.agree(title, self.folder, self.table)
        self.sql("DROP TABLE {0}, {0}_twin")
        lake.sql("CALL footfall.archive_vacuum('lake', '0')")
        return met

    def judge(self, title, result, kind, lasting, met, lines):
        request = lines[-1] if lines else ""
        # A busy machine may need longer than a hanging request is waited for.
        good = result.ok or ((met or kind == "hang") and result.sqlstate in ENDINGS)
        if (kind, lasting) in PASSING:
            good = result.ok
        elif kind in ("403", "500", "reset", "hang", "kill") and met and not result.ok:
            good = result.sqlstate == ("57014" if kind == "hang" else "58030")
        self.lake.check(good, f"{self.lake.name}: {title} ends as it should", result, request)

    def all(self, operations, kinds, step):
        for operation in operations:
            for kind, lasting in kinds:
                at = 1
                while at < MOST_REQUESTS and self.round(operation, kind, lasting, at):
                    at += step
                self.lake.check(at > 1, f"{self.lake.name}: {operation} asks the store", operation)
                print(f"    {self.lake.name}: {operation}, {kind}{' lasting' if lasting else ''}: {at} requests", flush=True)


def http_faults(lake):
    proxy = FaultProxy(lake.store)
    try:
        lake.create(proxy.ports)
        lake.sql("CREATE TABLE events (x int) USING footfall")
        faults = Faults(lake, proxy)
        usual = "archive,archive_more,query,unarchive,erase,vacuum" + (",archive_large" if lake.name == "s3" else "")
        operations = os.environ.get("LAKE_OPERATIONS", usual).split(",")
        wanted = os.environ.get("LAKE_KINDS", "").split(",")
        chosen = [kind for kind in PASSING + REFUSED_ONCE + LASTING if wanted == [""] or kind[0] in wanted]
        slow = 4 if lake.name == "hdfs" else 2
        for kind in chosen:
            # Restarts and exhausted patience take seconds each.
            costly = {"kill": 2 * slow, "500": slow, "reset": slow if kind[1] else 1, "hang": slow, "lost": slow if kind[1] else 1}
            faults.all(operations, [kind], STEP * costly.get(kind[0], 1))
        lake.shows_no_secret("after faults")
    finally:
        proxy.close()
