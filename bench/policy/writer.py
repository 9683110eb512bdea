"""Writes events at a rate, and keeps the ledger of what was written.

Ten COPYs a second, each a transaction of its own, through one connection. The rows are the log's,
over and over, with the present time and a number of their own.
"""
import csv
import itertools
import time

from session import Companion, Session

COLUMNS = """id bigint NOT NULL, ts timestamptz NOT NULL, customer_id bigint NOT NULL, session_id bigint,
    event_type text NOT NULL, product_id int, category text, brand text, price float8,
    quantity smallint, country text, device text, campaign text, url text"""
BATCHES = 10  # a second


def log_rows(path, most=200_000):
    """The log's columns after the time, as COPY's text format has them."""
    with open(path, newline="", encoding="utf-8") as source:
        return ["\t".join("\\N" if value == "" else value for value in row[1:])
                for row in itertools.islice(csv.reader(source), most)]


class Writer(Companion):
    """The ledger is whole once it is stopped."""

    def __init__(self, database, table, rows, rate):
        super().__init__(Session(database))
        self.table, self.rows, self.rate = table, rows, rate
        self.written, self.worst_lag = 0, 0.0

    def ledger(self):
        """Number of rows and the sum of their ids, which count from 0."""
        return self.written, self.written * (self.written - 1) // 2

    def run(self):
        started = time.monotonic()
        for batch in itertools.count(1):
            self._copy(self.rate // BATCHES)
            lag = time.monotonic() - started - batch / BATCHES
            self.worst_lag = max(self.worst_lag, lag)
            if self.stopping.wait(max(0.0, -lag)):
                return

    def _copy(self, count):
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        first = self.written
        lines = [f"{n}\t{now}+00\t{self.rows[n % len(self.rows)]}" for n in range(first, first + count)]
        self.session.write(f"COPY {self.table} FROM STDIN;\n" + "\n".join(lines) + "\n\\.\n")
        self.session.ask("SELECT 1")
        self.written += count
