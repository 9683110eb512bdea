"""Inserts at a pace, and how long each of them took.

An insert's time is from the moment when it was due, not when it was sent: whoever waits behind a
slow one has waited as well.
"""
import threading
import time


def percentile(samples, share):
    """The smallest sample that so many percent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


class Paced:
    """Inserts of so many rows each, through a connection of their own."""

    def __init__(self, connection, values, rate, rows):
        self.connection, self.values, self.period, self.rows = connection, values, 1.0 / rate, rows
        self.written, self.failure = 0, None
        self.archiving = None  # what is going on; None: nothing that counts
        self.samples = {False: [], True: []}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.raise_failure()

    def raise_failure(self):
        if self.failure:
            raise self.failure

    def _statement(self):
        lines = [f"({n}, '2030-01-01'::timestamptz + {n} * interval '1 millisecond', {self.values[n % len(self.values)]})"
                 for n in range(self.written, self.written + self.rows)]
        return "INSERT INTO shop.events VALUES " + ", ".join(lines)

    def _run(self):
        due = time.monotonic() + self.period
        try:
            while not self.stopping.is_set():
                statement = self._statement()
                time.sleep(max(0.0, due - time.monotonic()))
                archiving = self.archiving
                self.connection.must(statement)
                took = time.monotonic() - due
                self.written += self.rows
                # It is of the slice in which it was sent, however long it took.
                if archiving is not None:
                    self.samples[archiving].append(took)
                due += self.period
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure


def run_slice(writers, archiving, work):
    """Counts what is due while `work` runs; returns its seconds."""
    began = time.monotonic()
    for writer in writers:
        writer.archiving = archiving
    try:
        work()
    finally:
        for writer in writers:
            writer.archiving = None
    for writer in writers:
        writer.raise_failure()
    return time.monotonic() - began
