"""What the clients know: for every row the state it must have after a crash.

A row is known by its id; its state is its version, or None when it must not exist. Every transaction
changes only ids of the client that runs it. While a COMMIT is on its way its transaction is in doubt:
after a crash either all of its changes are there or none. Everything acknowledged is certain.
"""

import itertools
import threading

OWNER_BITS = 32  # id = owner << 32 | running number


def owner_of(row):
    return row >> OWNER_BITS


class Ledger:
    def __init__(self):
        self._lock = threading.Lock()
        self._owners = {}  # owner: {id: version}
        self._doubts = []
        self.acknowledged = 0

    def acknowledge(self, changes):
        with self._lock:
            self._apply(changes)
            self.acknowledged += 1

    def doubt(self, changes):
        with self._lock:
            self._doubts.append(dict(changes))

    def _apply(self, changes):
        for row, state in changes.items():
            rows = self._owners.setdefault(owner_of(row), {})
            if state is None:
                rows.pop(row, None)
            else:
                rows[row] = state

    def sample(self, rng, owner, count):
        """Up to `count` neighbouring rows of one owner, with their versions."""
        with self._lock:
            rows = self._owners.get(owner, {})
            start = rng.randrange(max(len(rows) - count, 1))
            return dict(itertools.islice(rows.items(), start, start + count))

    def size(self):
        with self._lock:
            return sum(map(len, self._owners.values()))

    def settle(self, found):
        """Compares with the rows found after a restart ({id: version}); returns what is wrong.

        A transaction in doubt is decided by what is found, and must be there whole or not at all.
        """
        problems = []

        def known(row):
            return self._owners.get(owner_of(row), {}).get(row)

        for changes in self._doubts:
            was_there = [row for row, state in changes.items() if found.get(row) == state]
            was_not = [row for row in changes if found.get(row) == known(row)]
            if len(was_there) == len(changes):
                self._apply(changes)
            elif len(was_not) != len(changes):
                problems.append("a transaction is there in part: %d of its %d rows are as it left them, e.g. id %s" % (
                    len(was_there), len(changes), next(row for row in changes if row not in was_there)))
        self._doubts = []
        certain = {row: state for rows in self._owners.values() for row, state in rows.items()}
        lost = [row for row in certain if row not in found]
        extra = [row for row in found if row not in certain]
        other = [row for row, state in certain.items() if row in found and found[row] != state]
        if lost:
            problems.append("%d acknowledged rows are lost, e.g. ids %s" % (len(lost), sorted(lost)[:5]))
        if extra:
            problems.append("%d rows are there that were never acknowledged or are deleted, e.g. ids %s" % (
                len(extra), sorted(extra)[:5]))
        if other:
            problems.append("%d rows have another version than acknowledged, e.g. %s" % (
                len(other), [(row, certain[row], found[row]) for row in sorted(other)[:5]]))
        return problems

    def adopt(self, found):
        """Takes what is there for certain from now on."""
        self._owners = {}
        self._doubts = []
        self._apply(found)
