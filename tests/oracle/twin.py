"""Runs each statement on the twin pair and compares what comes back.

Two databases of one server hold the same schema: in `subject` the default table access method is the
one under test, in `model` it is heap. A statement's text is the same on both, so table names, types and
even error texts agree; only `{am}` is replaced, by the name of each
side's access method, and `{side}`, by its database. What must be
equal: the rows (as a multiset unless the statement orders them), the command tag with its row count,
and the SQLSTATE. Everything done is kept as a list of steps, so that a difference can be replayed and
shrunk to a short script.

Allowed differences, each counted:
  * SERIALIZABLE: a write to a table with sealed rows may be refused with 0A000;
  * a writer whose snapshot is older than a seal that ran beside it may get 40001;
  * in interleaved sessions the subject may answer 40001 or 40P01 where heap waits and goes on (see
    sessions.py).
"""

from collections import Counter
from dataclasses import dataclass

from libpq import IDLE, IN_ERROR, ConnectionLost, Result

# Where a statement may move rows between stores, nothing else may change.
TIMEOUT = "SET statement_timeout = '60s'"


class Mismatch(Exception):
    """The two sides differ; the text says how."""


class Refused(Exception):
    """The subject refused by design; the transaction was rolled back on both sides."""


@dataclass
class Step:
    sql: str
    session: int = 0
    ordered: bool = False
    subject_only: bool = False
    copy: bytes = None
    write: bool = False
    must: bool = False  # a set-up statement: it has to succeed
    compare: bool = True


class Twin:
    def __init__(self, server, subject_am, databases, session_settings=()):
        self.server = server
        self.am = subject_am
        self.databases = databases  # (subject, model)
        self.settings = [TIMEOUT, *session_settings]
        self.subject_settings = []
        self.isolation = "read committed"
        self.pairs = {}
        self.steps = []
        self.ordinary = 0  # generated statements, run on both sides
        self.succeeded = 0
        self.failed_equally = Counter()
        self.refused = 0
        self.lost_races = 0
        self.unjudged = 0
        self.snapshots = ["", ""]  # what pg_export_snapshot() gave each side
        self.moved_beside = False  # rows were sealed while a transaction was open

    # ---- sessions

    def pair(self, session):
        if session not in self.pairs:
            pair = []
            for side, database in enumerate(self.databases):
                connection = self.server.connect_patiently(database)
                pair.append(connection)
                connection.must("SET search_path = work, public")
                connection.must("SET default_table_access_method = %s" % (self.am if side == 0 else "heap"))
                for setting in self.settings + (self.subject_settings if side == 0 else []):
                    connection.must(setting)
                connection.must("SET default_transaction_isolation = '%s'" % self.isolation)
            self.pairs[session] = pair
        return self.pairs[session]

    def disconnect(self):
        for pair in self.pairs.values():
            for connection in pair:
                connection.close()
        self.pairs = {}

    def reset(self, isolation):
        """An empty schema on both sides, fresh sessions, an empty record."""
        self.disconnect()
        self.isolation = isolation
        self.steps = []
        for database in self.databases:
            connection = self.server.connect_patiently(database)
            try:
                for gid in [row[0] for row in connection.must(
                    "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()").rows]:
                    connection.must("ROLLBACK PREPARED '%s'" % gid)
                connection.must("SET client_min_messages = error")
                connection.must("SET statement_timeout = '60s'")
                connection.must("DROP SCHEMA IF EXISTS work CASCADE")
                connection.must("CREATE SCHEMA work")
            finally:
                connection.close()

    # ---- statements

    def do(self, sql, session=0, ordered=False, copy=None, write=False, must=False, compare=True,
           subject_only=False):
        """One statement on both sides. Returns the model's result, or the subject's own."""
        step = Step(sql, session, ordered, subject_only, copy, write, must, compare)
        self.steps.append(step)
        return self.run(step)

    def subject(self, sql, session=0, must=True):
        """A statement for the subject alone: seal, compact, configure."""
        if self.am == "heap":
            return Result(True)
        return self.do(sql, session, subject_only=True, must=must)

    def run(self, step):
        subject, model = self.pair(step.session)
        text = self.text(step, 0)
        try:
            first = subject.run(text, step.copy)
        except ConnectionLost as lost:
            self.disconnect()
            raise Mismatch("the server process under test died: %s\n  %s" % (lost, text)) from None
        if step.subject_only:
            if step.must and not first.ok:
                raise Mismatch("%s\n  %r" % (text, first))
            return first
        self.ordinary += 1
        if self.is_refusal(first, step):
            self.refused += 1
            self.roll_back(step.session)
            raise Refused()
        if self.is_lost_race(first, step):
            self.lost_races += 1
            self.roll_back(step.session)
            raise Refused()
        second = model.run(self.text(step, 1), step.copy)
        if "pg_export_snapshot" in step.sql and first.ok and second.ok:
            self.snapshots = [first.rows[0][0], second.rows[0][0]]
        self.judge(step, first, second)
        if step.must and not second.ok:
            raise RuntimeError("a set-up statement fails on heap as well: %s\n%r" % (step.sql, second))
        return second

    def judge(self, step, first, second):
        difference = describe(step, first, second)
        if difference:
            raise Mismatch(difference)
        if second.ok:
            self.succeeded += 1
        else:
            self.failed_equally[second.sqlstate] += 1

    def text(self, step, side):
        text = step.sql.replace("{am}", self.am if side == 0 else "heap")
        return text.replace("{side}", self.databases[side]).replace("{snapshot}", self.snapshots[side])

    def is_refusal(self, result, step):
        return (
            not result.ok
            and result.sqlstate == "0A000"
            and (step.write or step.sql == "COMMIT")  # deferred triggers write at the end
            and self.isolation == "serializable"
            and self.am != "heap"
        )

    def is_lost_race(self, result, step):
        """A writer with an older snapshot met a row that was sealed meanwhile: 40001, by design. Nobody else may:
        the session that seals is not serializable, so it stands between no others."""
        return (
            not result.ok
            and result.sqlstate == "40001"
            and self.moved_beside
            and step.write
            and self.isolation != "read committed"
        )

    def failed(self, session=0):
        """True when the session's transaction is aborted (on both sides, or it were a mismatch)."""
        return self.pair(session)[0].transaction_status() == IN_ERROR

    def roll_back(self, session=0):
        """Ends the session's transaction on both sides, if there is one."""
        for connection in self.pair(session):
            if connection.transaction_status() != IDLE:
                connection.run("ROLLBACK")


def canonical(result, ordered):
    """Rows for comparison; a binary COPY's header is not a row's."""
    rows = list(result.rows)
    if rows and isinstance(rows[0][0], bytes) and rows[0][0].startswith(b"PGCOPY\n\xff\r\n\0"):
        rows[0] = (rows[0][0][19:],)
        if not rows[0][0]:
            rows.pop(0)
    return rows if ordered else Counter(rows)


def describe(step, first, second):
    """What differs between the subject's and the model's result, or nothing."""
    if first.ok != second.ok or first.sqlstate != second.sqlstate:
        return "%s\n  subject: %r\n  heap:    %r" % (step.sql, first, second)
    if not first.ok or not step.compare:
        return ""
    if first.tag != second.tag:
        return "%s\n  subject's tag: %s\n  heap's tag:    %s" % (step.sql, first.tag, second.tag)
    a, b = canonical(first, step.ordered), canonical(second, step.ordered)
    if a == b:
        return ""
    if step.ordered:
        for index in range(max(len(a), len(b))):
            x = a[index] if index < len(a) else None
            y = b[index] if index < len(b) else None
            if x != y:
                return "%s\n  row %d differs\n  subject: %s\n  heap:    %s" % (step.sql, index, cut(x), cut(y))
    only_first, only_second = a - b, b - a
    lines = ["%s\n  rows differ: %d only in the subject, %d only in heap" % (
        step.sql, sum(only_first.values()), sum(only_second.values()))]
    lines += pairs(only_first, only_second)
    return "\n".join(lines)


def pairs(only_first, only_second):
    """Rows that one side alone has; where a row of the same id is on the other side, only what differs."""
    def fields(row):
        return row[0].split(b"\t") if row and isinstance(row[0], bytes) else list(row)

    first = {(fields(row) or [None])[0]: fields(row) for row in only_first}
    second = {(fields(row) or [None])[0]: fields(row) for row in only_second}
    lines = []
    for key in list(first)[:3]:
        if key in second:
            for column, (a, b) in enumerate(zip(first[key], second[key])):
                if a != b:
                    lines.append("  row %s, column %d: subject %s, heap %s" % (key, column + 1, cut(a, 90), cut(b, 90)))
        else:
            lines.append("  only in the subject: %s" % cut(first[key]))
    for key in [key for key in second if key not in first][:3]:
        lines.append("  only in heap: %s" % cut(second[key]))
    return lines


def cut(row, most=300):
    text = repr(row)
    return text if len(text) <= most else "%s... (%d characters)" % (text[:most], len(text))
