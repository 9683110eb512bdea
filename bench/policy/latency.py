"""Inserts at a pace, and how long each of them took.

An insert's time is from the moment when it was due, not when it was sent: whoever waits behind a
slow one has waited as well.
"""
import time

from session import Companion


def percentile(samples, share):
    """The smallest sample that so many percent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


class Paced(Companion):
    """Inserts of so many rows each."""

    def __init__(self, connection, values, rate, rows):
        super().__init__(connection)
        self.values, self.period, self.rows = values, 1.0 / rate, rows
        self.written = 0
        self.slices = []  # (begin, end, archiving)
        self.taken = []  # (due, how long it took)

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

    def run(self):
        due = time.monotonic() + self.period
        while not self.stopping.is_set():
            statement = self._statement()
            time.sleep(max(0.0, due - time.monotonic()))
            self.session.must(statement)
            self.taken.append((due, time.monotonic() - due))
            self.written += self.rows
            due += self.period


def run_slice(writers, archiving, work):
    """Counts what is due while `work` runs; returns its seconds."""
    began = time.monotonic()
    work()
    ended = time.monotonic()
    for writer in writers:
        writer.slices.append((began, ended, archiving))
        writer.raise_failure()
    return ended - began
