"""A log in footfall and in ClickHouse, and what is compared; see README.md."""

import collections
import csv
import datetime
import decimal
import importlib.util
import pathlib
import subprocess

SHOWN = 5
COLUMNS = "customer String, ts DateTime('UTC'), event String, session String, kind String, amount Decimal(12, 2)"

# A row as Python has it: ts in seconds since 1970, amount in cents, session and kind None when they are empty.
Event = collections.namedtuple("Event", "ts event session kind cents")


def psql(*statements, stdin=None):
    """Rows of the last statement, lists of text; NULL is empty, as in ClickHouse's answers below."""
    command = ["psql", "-X", "-q", "-t", "--csv", "-v", "ON_ERROR_STOP=1"]
    for statement in statements:
        command += ["-c", statement]
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=stdin)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return list(csv.reader(done.stdout.splitlines()))


def read_events(file):
    """By customer: their events in order of time, those of a moment by name."""
    customers = collections.defaultdict(list)
    seconds = {}
    with file.open(encoding="utf-8") as rows:
        for customer, ts, event, session, kind, amount in csv.reader(rows):
            if ts not in seconds:
                seconds[ts] = int(datetime.datetime.fromisoformat(ts + "+00:00").timestamp())
            customers[customer].append(
                Event(seconds[ts], event, session or None, kind or None, int(decimal.Decimal(amount).scaleb(2)))
            )
    for events in customers.values():
        events.sort(key=lambda e: (e.ts, e.event.encode()))
    return dict(customers)


class Log:
    """One log in both systems, as the table of its name."""

    def __init__(self, name, clickhouse, events, source, folder):
        self.name = name
        self.clickhouse_session = clickhouse
        self.events = events
        self.results = []
        file = pathlib.Path(folder) / (name + ".csv")
        clickhouse.query("CREATE TABLE %s (%s) ENGINE = MergeTree ORDER BY (customer, ts)" % (name, COLUMNS))
        clickhouse.query("INSERT INTO %s SELECT %s" % (name, source))
        clickhouse.query("SELECT * FROM %s INTO OUTFILE '%s' FORMAT CSV" % (name, file))
        psql(
            "DROP TABLE IF EXISTS %s" % name,
            "CREATE TABLE %s (customer_id text, ts timestamptz, event text, session_id text, kind text, amount numeric) "
            "USING footfall" % name,
        )
        with file.open(encoding="utf-8") as rows:
            psql(
                "COPY %s FROM STDIN (FORMAT csv, FORCE_NOT_NULL (customer_id, event), FORCE_NULL (session_id, kind))"
                % name,
                stdin=rows,
            )
        psql(
            "SELECT footfall.configure('%s', time_column => 'ts', customer_column => 'customer_id', event_column => "
            "'event', session_column => 'session_id', amount => 'amount', order_by => '{customer_id,ts}')" % name,
            "CALL footfall.seal('%s')" % name,
            "CALL footfall.compact('%s')" % name,
            "ANALYZE %s" % name,
        )
        self.customers = read_events(file)
        self.last = max(rows[-1].ts for rows in self.customers.values())
        file.unlink()

    def clickhouse(self, statement):
        answer = self.clickhouse_session.query(statement.replace("LOG", self.name), "CSV")
        return list(csv.reader(str(answer).splitlines()))

    def footfall(self, statement):
        return psql("SET timezone = 'UTC'", statement.replace("LOG", self.name))

    def same(self, title, footfall, clickhouse, at_least=1):
        """Whether both answers have the same rows, and at least so many."""
        ours, theirs = self.footfall(footfall), self.clickhouse(clickhouse)
        self.compare(title, ours, theirs, at_least)

    def compare(self, title, ours, theirs, at_least=1):
        ours, theirs = sorted(map(tuple, ours)), sorted(map(tuple, theirs))
        right = ours == theirs and len(ours) >= at_least
        self.results.append(right)
        print("%s %s: %s, %d rows" % ("ok" if right else "FAILED", self.name, title, len(ours)), flush=True)
        if not right:
            for who, rows, others in (("footfall", ours, theirs), ("clickhouse", theirs, ours)):
                missing = set(others)
                for row in [row for row in rows if row not in missing][:SHOWN]:
                    print("    only %s: %s" % (who, row))

    def known(self, title, statement, answer):
        """What other systems were seen to answer."""
        self.compare(title, self.footfall(statement), answer, len(answer))

    def within(self, title, error, allowed):
        right = error <= allowed
        self.results.append(right)
        print(
            "%s %s: %s, relative error %.5f, allowed %.5f"
            % ("ok" if right else "FAILED", self.name, title, error, allowed)
        )


def package_file(package, *parts):
    """A data file of an installed package, without importing it."""
    found = importlib.util.find_spec(package)
    return None if found is None else pathlib.Path(found.origin).parent.joinpath(*parts)
