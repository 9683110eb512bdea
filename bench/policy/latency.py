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
        self.slices = []  # (begin, end, archiving)
        self.taken = []  # (due, how long it took)
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

    @property
    def samples(self):
        """An insert is of the slice in which it was due: those that wait for one that archiving holds up
        would be the next slice's by when they were sent."""
        found = {False: [], True: []}
        for due, took in self.taken:
            for begin, end, archiving in self.slices:
                if begin <= due < end:
                    found[archiving].append(took)
        return found

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
                self.connection.must(statement)
                self.taken.append((due, time.monotonic() - due))
                self.written += self.rows
                due += self.period
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure


def run_slice(writers, archiving, work):
    """Counts what is due while `work` runs; returns its seconds."""
    began = time.monotonic()
    work()
    ended = time.monotonic()
    for writer in writers:
        writer.slices.append((began, ended, archiving))
        writer.raise_failure()
    return ended - began
