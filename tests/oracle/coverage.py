"""Counts what was exercised: type x store x isolation x statement kind. An empty cell is a failure."""

from collections import Counter

from table import ISOLATIONS, STORES


class Coverage:
    def __init__(self):
        self.cells = Counter()
        self.refusals = Counter()

    def done(self, group, state, isolation, kind, ok):
        """A statement of the kind ran on a table with the group's types. An error that heap gives as well
        is a result too, but a cell wants at least one success."""
        if ok:
            for column_type in group.types:
                self.cells[(column_type.name, state, isolation, kind)] += 1

    def refused(self, group, state, isolation, kind):
        """SERIALIZABLE refuses the kind on sealed rows: the cell's answer is the refusal."""
        for column_type in group.types:
            self.cells[(column_type.name, state, isolation, kind)] += 1
            self.refusals[(state, isolation, kind)] += 1

    def merge(self, other):
        self.cells.update(other.cells)
        self.refusals.update(other.refusals)

    def empty(self, types, kinds):
        return [
            (name, store, isolation, kind)
            for name in types for store in STORES for isolation in ISOLATIONS for kind in kinds
            if not self.cells[(name, store, isolation, kind)]
        ]

    def print_tables(self, types, kinds, out=print):
        """Two projections of the cells; each number is the smallest cell it stands for, so that a 0 shows
        that at least one cell behind it is empty."""
        short = {"read committed": "RC", "repeatable read": "RR", "serializable": "SER"}
        cell = self.cells
        out("\nstatements a cell, fewest over all types (rows: kind; columns: store and isolation)")
        out("%-22s" % "kind" + "".join("%7s" % (s[:3] + short[i].rjust(4)) for s in STORES for i in ISOLATIONS))
        for kind in kinds:
            out("%-22s" % kind + "".join(
                "%7d" % min(cell[(name, s, i, kind)] for name in types) for s in STORES for i in ISOLATIONS))
        out("\nstatements a cell, fewest over all kinds (rows: type; columns: store and isolation)")
        out("%-22s" % "type" + "".join("%7s" % (s[:3] + short[i].rjust(4)) for s in STORES for i in ISOLATIONS))
        for name in types:
            out("%-22s" % name + "".join(
                "%7d" % min(cell[(name, s, i, kind)] for kind in kinds) for s in STORES for i in ISOLATIONS))

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("type\tstore\tisolation\tkind\tstatements\n")
            for key in sorted(self.cells):
                file.write("\t".join(key) + "\t%d\n" % self.cells[key])
