"""Random rows through footfall and chDB; see README.md. Prints 'N passed, N failed' last."""

import os
import pathlib
import random
import subprocess
import tempfile

import chdb

CUSTOMERS = int(os.environ.get("CLICKHOUSE_CUSTOMERS", "20000"))
SEED = int(os.environ.get("CLICKHOUSE_SEED", "1"))
STEPS = 4
SHOWN = 5

FUNNEL_MODES = [[], ["strict_order"], ["strict_deduplication"], ["strict_once"],
                ["strict_order", "strict_deduplication"], ["strict_once", "strict_order"]]
WINDOWS = [0, 3, 10]
# None ends in .*: ClickHouse then reads past its list of actions, and sometimes misses a match.
PATTERNS = ["(?1)(?2)", "(?1).*(?2)", "(?1).(?2)", "(?1)(?t<=3)(?2)", "(?1)(?t<3)(?2)(?t<4)(?3)",
            "(?1)(?t>2)(?2)", "(?1)(?t>=2)(?2).*(?3)", "(?1)(?t==3)(?2)", "(?1)(?2).*(?3)(?4)",
            "(?1).*(?1)", ".*(?2)(?t<=5)(?2)(?t>1)(?3)"]


def psql(statement, **arguments):
    """The result's lines; fields are separated by |."""
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
                          check=True, capture_output=True, text=True, **arguments)
    return done.stdout.splitlines()


def make_rows(rng, tied):
    """(customer, second, conditions as bits): short intervals, so that windows matter."""
    rows = []
    for customer in range(CUSTOMERS):
        seconds = range(1, 25)
        count = rng.randrange(1, 12)
        times = [rng.choice(seconds) for _ in range(count)] if tied else rng.sample(seconds, count)
        for time in times:
            met = 1 << rng.randrange(STEPS) if rng.random() < 0.7 else rng.randrange(1 << STEPS)
            rows.append((customer, time, met))
    rng.shuffle(rows)
    return rows


class Comparison:
    """One table of rows in both systems."""

    def __init__(self, name, rows, folder):
        self.name = name
        self.rows = rows
        self.file = pathlib.Path(folder) / (name + ".csv")
        self.file.write_text("".join("%d,%d,%d\n" % row for row in rows))
        psql("CREATE TABLE %s (customer int, second int, met int)" % name)
        with self.file.open() as source:
            psql("COPY %s FROM STDIN (FORMAT csv)" % name, stdin=source)
        psql("ANALYZE %s" % name)

    def footfall(self, aggregate):
        """Answers by customer; %(t)s is the time, %(c)s the conditions."""
        conditions = ", ".join("met & %d <> 0" % (1 << i) for i in range(STEPS))
        statement = "SELECT customer, %s FROM %s GROUP BY customer" % (
            aggregate % {"t": "to_timestamp(second)", "c": conditions}, self.name)
        return dict(line.split("|") for line in psql(statement))

    def clickhouse(self, aggregate):
        conditions = ", ".join("bitAnd(met, %d) <> 0" % (1 << i) for i in range(STEPS))
        statement = ("SELECT customer, %s FROM file('%s', CSV, 'customer UInt32, second UInt32, met UInt32') "
                     "GROUP BY customer") % (aggregate % {"t": "toDateTime(second)", "c": conditions}, self.file)
        return dict(line.split("\t") for line in str(chdb.query(statement, "TSV")).splitlines())

    def of(self, customer):
        return sorted((time, met) for owner, time, met in self.rows if owner == int(customer))


def strict_increase(rows, window):
    """The most steps in any chain of strictly rising times."""
    best = 0

    def extend(step, start, last):
        nonlocal best
        best = max(best, step)
        if step == STEPS:
            return
        for time, met in rows:
            if met >> step & 1 and (step == 0 or last < time <= start + window):
                extend(step + 1, time if step == 0 else start, time)

    extend(0, 0, 0)
    return best


def report(title, differences, comparison):
    print("%s %s" % ("ok" if not differences else "FAILED", title))
    for customer, ours, theirs in differences[:SHOWN]:
        print("    footfall %s, expected %s: %s" % (ours, theirs, comparison.of(customer)))
    return not differences


def differing(ours, theirs):
    assert len(ours) == len(theirs) == CUSTOMERS or ours.keys() == theirs.keys()
    return [(customer, ours[customer], theirs[customer]) for customer in ours if ours[customer] != theirs[customer]]


def main():
    rng = random.Random(SEED)
    psql("DROP EXTENSION IF EXISTS footfall CASCADE")
    psql("CREATE EXTENSION footfall")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        psql("DROP TABLE IF EXISTS tied, untied")
        tied = Comparison("tied", make_rows(rng, True), folder)
        untied = Comparison("untied", make_rows(rng, False), folder)

        for modes in FUNNEL_MODES:
            for window in WINDOWS:
                ours = tied.footfall("footfall.window_funnel('%d s', '{%s}', %%(t)s, %%(c)s)"
                                     % (window, ",".join(modes)))
                theirs = tied.clickhouse("windowFunnel(%s)(%%(t)s, %%(c)s)" % ", ".join(
                    [str(window)] + ["'%s'" % mode for mode in modes]))
                results.append(report("window_funnel %d s %s" % (window, modes), differing(ours, theirs), tied))

        for window in WINDOWS:
            ours = tied.footfall("footfall.window_funnel('%d s', '{strict_increase}', %%(t)s, %%(c)s)" % window)
            theirs = tied.clickhouse("windowFunnel(%d, 'strict_increase')(%%(t)s, %%(c)s)" % window)
            different = differing(ours, theirs)
            wrong = [(customer, level, expected) for customer, level, _ in different
                     for expected in [str(strict_increase(tied.of(customer), window))] if level != expected]
            results.append(report("window_funnel %d s strict_increase, %d unlike ClickHouse's" % (
                window, len(different)), wrong, tied))

        ours = tied.footfall("translate(footfall.retention(%(c)s)::text, 'tf{}', '10[]')")
        results.append(report("retention", differing(ours, tied.clickhouse("retention(%(c)s)")), tied))

        for pattern in PATTERNS:
            ours = untied.footfall("footfall.sequence_match('%s', %%(t)s, %%(c)s)::int" % pattern)
            theirs = untied.clickhouse("sequenceMatch('%s')(%%(t)s, %%(c)s)" % pattern)
            results.append(report("sequence_match " + pattern, differing(ours, theirs), untied))
            ours = untied.footfall("footfall.sequence_count('%s', %%(t)s, %%(c)s)" % pattern)
            theirs = untied.clickhouse("sequenceCount('%s')(%%(t)s, %%(c)s)" % pattern)
            results.append(report("sequence_count " + pattern, differing(ours, theirs), untied))

    print("%d passed, %d failed" % (results.count(True), results.count(False)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
