"""Interleaved sessions: a reader that must not notice writers and moves, and two writers at once.

Two writers run a random interleaving of their transactions, first on one side, then on the other. A
statement that blocks is left waiting while the other session goes on, as in PostgreSQL's isolation
tester. Every outcome has to be the heap's, with two exceptions: SKIP LOCKED may skip more, and the
subject may answer 40001, 40P01 or 55P03 (and 0A000 under SERIALIZABLE) where heap succeeds. Then heap's side is run again with that transaction
broken off at the same statement, and the tables must be equal after that.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from libpq import ConnectionLost, Result
from twin import Mismatch, Refused, Step, describe

READER, WRITER_A, WRITER_B, THIRD = 1, 2, 3, 4
CHECKSUM = "SELECT count(*), sum(id), sum(k), sum(hashtext(t::text)::int8) FROM t"


# ---- a reader beside writers and moves


def reader(b):
    level = "SERIALIZABLE" if b.isolation == "serializable" else "REPEATABLE READ"
    column = b.rng.choice(b.columns)
    b.do("BEGIN ISOLATION LEVEL %s" % level, session=READER)
    before = b.do(CHECKSUM, session=READER)
    rows = b.do("SELECT id, %s FROM t" % column.name, session=READER)
    b.do("DECLARE c CURSOR FOR SELECT * FROM t", session=READER)
    b.do("FETCH 0 FROM c", session=READER)
    exported = b.chance(0.3)
    if exported:
        b.do("SELECT pg_export_snapshot()", session=READER, compare=False)

    def same(session):
        after = b.do(CHECKSUM, session=session)
        if after.rows != before.rows:
            raise Mismatch("heap itself changed under a snapshot: the oracle is wrong")
        again = b.do("SELECT id, %s FROM t" % column.name, session=session)
        if Counter(again.rows) != Counter(rows.rows):
            raise Mismatch("heap itself changed under a snapshot: the oracle is wrong")

    for _ in range(3):
        try:
            choice = b.rng.randrange(4)
            if choice == 0:
                b.do("DELETE FROM t WHERE %s" % b.narrow(), write=True)
            elif choice == 1:
                b.do("UPDATE t SET %s WHERE %s" % (b.assignments(), b.narrow()), write=True)
            elif choice == 2:
                b.do("INSERT INTO t (%s) VALUES %s" % (", ".join(b.column_names()), b.row_values()))
            else:
                b.do("COPY t (%s) FROM STDIN" % ", ".join(b.column_names()), copy=b.copy_lines(30))
        except Refused:
            pass
        b.maybe_move(0.8)
        same(READER)
    if exported:
        b.do("BEGIN ISOLATION LEVEL REPEATABLE READ", session=THIRD)
        b.do("SET TRANSACTION SNAPSHOT '{snapshot}'", session=THIRD)
        same(THIRD)
        b.do("COMMIT", session=THIRD)
    b.do("FETCH ALL FROM c", session=READER)
    b.do("COMMIT", session=READER)
    b.twin.moved_beside = False
    b.do(CHECKSUM, session=READER)


# ---- two writers


@dataclass
class Interleaving(Step):
    setup: list = field(default_factory=list)  # SQL; "@subject " marks what only the subject runs
    schedule: list = field(default_factory=list)  # (session, SQL)
    table: str = ""

    def script(self):
        lines = list(self.setup)
        lines += ["/* session %d */ %s" % (session, sql) for session, sql in self.schedule]
        return ";\n".join(lines)


def writers(b):
    table = b.name("w")
    plain = ", ".join(b.column_names())
    setup = [
        "CREATE TABLE %s (LIKE t INCLUDING ALL)" % table,
        "INSERT INTO {0} ({1}) SELECT {1} FROM t ORDER BY id LIMIT 30".format(table, plain),
    ]
    if b.store != "hot":
        setup.append("@subject CALL footfall.seal('%s')" % table)
    if b.store in ("compacted", "cold"):
        setup.append("@subject CALL footfall.compact('%s')" % table)
    if b.store == "cold":
        setup.append("@subject CALL footfall.archive('%s', 'lake')" % table)
    setup.append("INSERT INTO {0} ({1}) SELECT {1} FROM t ORDER BY id OFFSET 30 LIMIT 10".format(table, plain))
    if b.store in ("sealed", "compacted", "cold"):
        setup.append("@subject CALL footfall.seal('%s')" % table)
    ids = [row[0] for row in b.twin.pair(0)[1].must("SELECT id FROM t ORDER BY id LIMIT 40").rows]
    for _ in range(2):
        hot = [b.rng.choice(ids), b.rng.choice(ids)]  # both writers want the same two rows, or the same one
        if b.chance(0.5):
            hot[1] = hot[0]
        lanes = [(WRITER_A, lane(b, table, hot)), (WRITER_B, lane(b, table, hot))]
        if b.store != "hot" and b.chance(0.5):
            moves = ["seal('%s')", "compact('%s')"]
            if b.store == "cold":
                moves += ["archive('%s', 'lake')", "unarchive('%s')"]
            lanes.append((THIRD, ["@subject CALL footfall." + b.rng.choice(moves) % table]))
        schedule = shuffle(b.rng, lanes)
        step = Interleaving("interleaved sessions on " + table, write=True, setup=setup, schedule=schedule, table=table)
        b.twin.steps.append(step)
        outcomes = run(b.twin, step)
        for (_session, sql), result in zip(schedule, outcomes):
            if sql.startswith("@"):
                continue
            if not result.ok and result.sqlstate == "0A000":
                b.coverage.refused(b.group, b.state, b.isolation, b.kind)
            b.coverage.done(b.group, b.state, b.isolation, b.kind, result.ok)


def lane(b, table, hot):
    rng = b.rng
    column = rng.choice(b.columns)
    new_id = b.fresh_ids(1)

    def operation():
        row = rng.choice(hot)
        return rng.choice([
            "UPDATE %s SET k = coalesce(k, 0) + 1 WHERE id = %s RETURNING id, k" % (table, row),
            "UPDATE %s SET k = 20 WHERE id = %s AND coalesce(k, 0) < 15 RETURNING k" % (table, row),
            "UPDATE %s SET %s = %s WHERE id IN (%s) RETURNING id" % (table, column.name, b.value(column), ", ".join(sorted(set(hot)))),
            "DELETE FROM %s WHERE id = %s RETURNING *" % (table, row),
            "SELECT id, k FROM %s WHERE id = %s FOR UPDATE" % (table, row),
            "SELECT id, k FROM %s WHERE id = %s FOR SHARE" % (table, row),
            "SELECT id FROM %s WHERE id = %s FOR UPDATE NOWAIT" % (table, row),
            # Of a segment with one locked sealed row all are skipped: the same as heap's only for one row.
            "SELECT id FROM %s WHERE id = %s FOR NO KEY UPDATE%s" % (table, row, " SKIP LOCKED" if hot[0] == hot[1] else ""),
            "MERGE INTO %s w USING (VALUES (%s::int8)) s(i) ON w.id = s.i WHEN MATCHED AND w.k > 8 THEN DELETE "
            "WHEN MATCHED THEN UPDATE SET k = coalesce(w.k, 0) + 2 WHEN NOT MATCHED THEN INSERT (id, k) VALUES (s.i, 1)"
            % (table, row),
            "INSERT INTO %s (id, k) VALUES (%d, 2)" % (table, new_id),
            "SELECT count(*), sum(k), sum(id) FROM %s" % table,
        ])

    body = [operation() for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.2:
        return body[:1]
    if rng.random() < 0.5:
        body.insert(0, "SELECT count(*), sum(k) FROM %s" % table)
    return ["BEGIN", *body, "COMMIT" if rng.random() < 0.75 else "ROLLBACK"]


def shuffle(rng, lanes):
    """A random merge of the lanes that keeps each lane's order."""
    order = [session for session, statements in lanes for _ in statements]
    rng.shuffle(order)
    queues = {session: list(statements) for session, statements in lanes}
    return [(session, queues[session].pop(0)) for session in order]


def run(twin, step):
    """Both sides, compared. Returns the subject's outcomes, in the schedule's order."""
    prepare(twin, step, 0)
    subject, finished, waited = play(twin, step.schedule, 0, {})
    for (_session, sql), result in zip(step.schedule, subject):
        if sql.startswith("@") and not result.ok and result.sqlstate not in ("55P03", "40P01"):
            raise Mismatch("%s\n  %r\n%s" % (sql, result, step.script()))
    natural = list(range(len(step.schedule)))
    prepare(twin, step, 1)
    model, _, model_waited = play(twin, step.schedule, 1, {})
    broken = {}
    # With one transaction broken off, another that failed on both sides may succeed on heap's.
    while given_up_alone(twin, step, subject, model, broken):
        model = replay(twin, step, natural, broken)
    if broken:
        twin.lost_races += 1
    text = compare(twin, step, subject, model, broken)
    if text and waited != model_waited:
        # A sealed row is locked through its segment, so the subject's sessions waited for each other where
        # heap's did not. Heap is asked again in the order in which the subject's statements came to an end;
        # what then differs may be that a statement began before it waited, and is counted as not judged.
        if compare(twin, step, subject, replay(twin, step, finished, broken), broken):
            twin.unjudged += 1
        text = ""
    if text:
        raise Mismatch("%s%s\n%s" % (text, "\n(after some were broken off)" if broken else "",
                                     narrate(step, subject, model)))
    twin.ordinary += len(step.schedule)
    for index, (session, _sql) in enumerate(step.schedule):
        if subject[index].ok or session in broken and index >= broken[session]:
            twin.succeeded += 1
        else:
            twin.failed_equally[subject[index].sqlstate] += 1
    for connection in twin.pair(0):
        connection.must("DROP TABLE %s" % step.table)
    return subject


def given_up_alone(twin, step, subject, model, broken):
    """Adds to `broken` where the subject gave up and heap did not; True when there was such a statement."""
    before = len(broken)
    for index, (session, sql) in enumerate(step.schedule):
        if sql.startswith("@") or session in broken:
            continue  # what follows a transaction's end by force is not compared
        if given_up(twin, subject[index]) and model[index].sqlstate != subject[index].sqlstate:
            broken[session] = index
    return len(broken) > before


def replay(twin, step, order, broken):
    """Heap's outcomes in another order of statements, in the schedule's own."""
    prepare(twin, step, 1)
    place = {index: position for position, index in enumerate(order)}
    outcomes, _, _ = play(twin, [step.schedule[index] for index in order], 1,
                          {session: place[index] for session, index in broken.items()})
    return [outcomes[place[index]] for index in range(len(order))]


def compare(twin, step, subject, model, broken):
    for index, (session, sql) in enumerate(step.schedule):
        if sql.startswith("@") or (session in broken and index >= broken[session]):
            continue
        if skips_more(sql, subject[index], model[index]):
            continue
        text = describe(Step(sql), subject[index], model[index])
        if text:
            return "interleaved sessions differ at statement %d, of session %d\n%s" % (index + 1, session, text)
    final = "SELECT * FROM %s" % step.table
    text = describe(Step(final), twin.pair(0)[0].run(final), twin.pair(0)[1].run(final))
    return "tables differ after interleaved sessions\n" + text if text else ""


def skips_more(sql, first, second):
    """SKIP LOCKED meets the lock of a whole segment, and a waiter for it: it may skip what heap returns."""
    if "SKIP LOCKED" not in sql or not first.ok or not second.ok:
        return False
    return not Counter(first.rows) - Counter(second.rows)


def narrate(step, subject, model):
    lines = ["  set-up: " + "; ".join(step.setup)]
    for (session, sql), first, second in zip(step.schedule, subject, model):
        lines.append("  session %d: %s\n      subject: %r %s\n      heap:    %r %s" % (
            session, sql, first, list(first.rows)[:4], second, list(second.rows)[:4]))
    return "\n".join(lines)


def given_up(twin, result):
    if result.ok:
        return False
    # A sealed row is locked through its segment, so NOWAIT may meet another row's lock: 55P03.
    if result.sqlstate in ("40001", "40P01", "55P03"):
        return True
    return result.sqlstate == "0A000" and twin.isolation == "serializable"


def prepare(twin, step, side):
    connection = twin.pair(0)[side]
    connection.must("DROP TABLE IF EXISTS %s" % step.table)
    for sql in step.setup:
        if sql.startswith("@subject "):
            if side == 0 and twin.am != "heap":
                connection.must(sql[len("@subject "):])
        else:
            connection.must(sql)


def play(twin, schedule, side, broken):
    """Runs the schedule on one side. In `broken`, a session's transaction fails at the given statement.

    Returns the outcomes, the order in which statements came to an end, and which of them had to wait.
    """
    finished = []
    waited = set()
    outcomes = [None] * len(schedule)
    waiting = {}  # session: index of its unfinished statement
    deferred = []
    monitor = twin.pair(9)[side]

    def collect():
        for session, index in list(waiting.items()):
            connection = twin.pair(session)[side]
            if settled(connection, monitor):
                outcomes[index] = connection.receive()
                finished.append(index)
                del waiting[session]
            else:
                waited.add(index)

    def start(index):
        session, sql = schedule[index]
        connection = twin.pair(session)[side]
        if sql.startswith("@subject "):
            if side == 1 or twin.am == "heap":
                outcomes[index] = Result(True)
                finished.append(index)
                return
            sql = sql[len("@subject "):]
            connection.must("SET lock_timeout = '100ms'")
        if session in broken and index >= broken[session]:
            sql = "SELECT 1 / 0" if index == broken[session] else sql
            if index > broken[session] and sql != "COMMIT":
                sql = "ROLLBACK" if sql == "ROLLBACK" else "SELECT 1"
        connection.send(sql)
        waiting[session] = index
        collect()

    def resume():
        """Starts what was put off, each session's statements in their order."""
        progress = True
        while progress:
            progress = False
            for index in sorted(deferred):
                session = schedule[index][0]
                first = min(other for other in deferred if schedule[other][0] == session)
                if session not in waiting and index == first:
                    deferred.remove(index)
                    start(index)
                    progress = True
                    break

    try:
        for index, (session, _sql) in enumerate(schedule):
            if session in waiting or any(schedule[other][0] == session for other in deferred):
                deferred.append(index)
                continue
            start(index)
            resume()
        end = time.monotonic() + 20
        while deferred or waiting:
            collect()
            resume()
            if time.monotonic() > end:
                states = ", ".join("session %d at: %s" % (s, schedule[i][1]) for s, i in waiting.items())
                twin.disconnect()
                raise Mismatch("sessions wait for each other without end on side %d: %s" % (side, states))
    except ConnectionLost as lost:
        twin.disconnect()
        raise Mismatch("the server died in interleaved sessions: %s\n%s" % (lost, schedule)) from None
    for session in {session for session, _sql in schedule}:
        connection = twin.pair(session)[side]
        if connection.transaction_status() != 0:
            connection.run("ROLLBACK")
        if session == THIRD:
            connection.must("RESET lock_timeout")
    return outcomes, finished, waited


def settled(connection, monitor):
    """True when the statement has its result; False when it waits for a lock."""
    for attempt in range(2000):
        if not connection.busy():
            return True
        if connection.wait(0.004 if attempt < 5 else 0.02):
            return True
        blocked = monitor.must("SELECT cardinality(pg_blocking_pids(%d)) > 0" % connection.pid).rows[0][0]
        if blocked == "t":
            return not connection.busy()
    return False


KINDS = {"reader": reader, "writers": writers}
