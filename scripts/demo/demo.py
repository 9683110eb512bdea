"""The demo after the server runs: load, compare with a heap copy, answer, show the way on.

Environment: PGHOST, PGPORT, PGUSER of the server; DATA and MAP as the user gave them;
DEMO_SIMULATOR (the program, for the default input), DEMO_WORK (a directory for staged files),
DEMO_PSQL (the command a user types to go on), DEMO_EVENTS, DEMO_SEED, WINDOW of the funnel;
DEMO_ACCESS_METHOD for trying the demo itself on another access method.
"""
import os
import shutil
import subprocess
import sys

import columns
import terminal as t
from churn import Churn
from database import Database
from problem import Problem
from questions import Questions
from report import Report
from source import Source
from staging import Staged, stage

DATABASE = "shop"
TABLE, COPY = "events", "events_heap"
CONFIGURED = {"ts": "time_column", "customer_id": "customer_column", "event_type": "event_column",
              "session_id": "session_column", "product_id": "product_column",
              "order_id": "order_column", "campaign": "campaign_column"}


def setting(name, default=""):
    return os.environ.get(name) or default


def simulate(work):
    """The default input: (staged file, SQL that makes its table)."""
    simulator = setting("DEMO_SIMULATOR")
    events = setting("DEMO_EVENTS", "1000000")
    target = os.path.join(work, "events.csv")
    t.title("Input", f"the shop simulator, {t.number(int(events))} events")
    progress = t.Progress("simulate")
    result = subprocess.run(
        [simulator, "--events", events, "--seed", setting("DEMO_SEED", "7"), "--output", target,
         "--no-header"], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Problem(f"The simulator failed: {result.stderr.strip()}")
    progress.finish(int(events))
    method = setting("DEMO_ACCESS_METHOD", "footfall")
    schema = subprocess.run([simulator, "--schema", method, "--table", TABLE], check=True,
                            capture_output=True, text=True).stdout
    names = "ts customer_id session_id event_type product_id category brand price quantity " \
        "order_id amount rating country device campaign url detail".split()
    values = {"view", "add_to_cart", "purchase"}
    roles = [name for name in names if name in columns.ROLES]
    return Staged(target, names, None, roles, int(events), values, None, "CSV", {}), schema


def read_file(path, role_map, work):
    """The user's file, checked and staged: (staged file, SQL that makes its table)."""
    source = Source(path)
    t.title("Input", f"{path}, {t.bytes_text(source.size)}")
    # The checked copy, and two tables of it with their WAL.
    needed = 6 * source.size + 200 * 2**20
    free = shutil.disk_usage(work).free
    if free < needed:
        raise Problem(f"{t.bytes_text(free)} are free below build/, and this file needs about "
                      f"{t.bytes_text(needed)}.", "Make room, or give a part of the file.")
    progress = t.Progress("read and check")
    staged = stage(source, role_map, os.path.join(work, "events.csv"), progress.show)
    progress.finish(staged.rows)
    t.wrapped(f"{staged.kind}; " + (f"{staged.time_form}, in UTC unless they say otherwise"
                                    if staged.time_form else ""))
    renamed = [f"{role} = {staged.sources[role]}" for role in staged.roles]
    t.wrapped("columns: " + ", ".join(renamed))
    others = staged.names[len(staged.roles):]
    if others:
        t.wrapped("also loaded: " + ", ".join(others))
    return staged, table_sql(staged)


def table_sql(staged):
    method = setting("DEMO_ACCESS_METHOD", "footfall")
    lines = []
    for name, kind in zip(staged.names, staged.types):
        needed = " NOT NULL" if name in ("ts", "customer_id") else ""
        lines.append(f'    "{name}" {kind}{needed}')
    sql = f"CREATE TABLE {TABLE} (\n" + ",\n".join(lines) + f"\n) USING {method};\n"
    if method == "footfall":
        arguments = [f"{CONFIGURED[role]} => '{role}'" for role in staged.roles
                     if role in CONFIGURED]
        for amount, needed in (("amount", {"amount"}), ("price * quantity", {"price", "quantity"}),
                               ("price", {"price"})):
            if needed <= set(staged.roles):
                arguments.append(f"amount => '{amount}'")
                break
        sql += (f"SELECT footfall.configure('{TABLE}', {', '.join(arguments)}, "
                "order_by => ARRAY['customer_id', 'ts']);\n")
    return sql


def load(database, staged, schema):
    """Loads both tables from the same file and says what it took."""
    method = setting("DEMO_ACCESS_METHOD", "footfall")
    t.title("Load", "the same file into a footfall table and into a heap table")
    database.execute("CREATE EXTENSION footfall")
    database.execute(schema)
    database.execute(f"CREATE TABLE {COPY} (LIKE {TABLE})")
    seconds = {}
    for table, label in ((COPY, "COPY into heap"), (TABLE, f"COPY into {method}")):
        database.execute("CHECKPOINT")
        progress = t.Progress(label)
        seconds[table] = database.copy(table, staged.names, staged.path, staged.rows, progress)
        note = "" if table == COPY else \
            f"{seconds[COPY] / seconds[table]:.2f} of the heap's rate"
        progress.finish(staged.rows, note)
    if method == "footfall":
        progress = t.Progress("seal and compact")
        database.execute(f"CALL footfall.seal('{TABLE}')")
        database.execute(f"CALL footfall.compact('{TABLE}')")
        database.execute(f"VACUUM {TABLE}")
        progress.finish(staged.rows)
    database.execute(f"ANALYZE {TABLE}; ANALYZE {COPY}")
    sizes(database, method)


def sizes(database, method):
    heap = int(database.value(f"SELECT pg_total_relation_size('{COPY}')"))
    own = int(database.value(f"SELECT pg_total_relation_size('{TABLE}')"))
    if method == "footfall":
        # What footfall notes down about its tables is part of the price.
        own += int(database.value(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c "
            "WHERE c.relnamespace = 'footfall'::regnamespace AND c.relkind = 'r'"))
    t.title("Size", "indexes, TOAST and footfall's own catalogs counted")
    t.table([("heap", t.bytes_text(heap), t.bar(1, 40)),
             (method, t.bytes_text(own), t.bar(own / heap, 40))], align="<><")
    t.say(f"  {t.bold(f'{heap / own:.1f} times smaller')}" if own < 0.9 * heap else
          "  A table this small is mostly overhead; compression shows from some 10,000 events on.")


def way_on():
    t.title("Go on")
    t.say(f"  {t.bold(setting('DEMO_PSQL', 'psql ' + DATABASE))}")
    for line in ("SELECT * FROM footfall.storage('events');",
                 "SELECT * FROM footfall.kpis('events', '1 day');",
                 "SELECT event_type, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC;",
                 "SELECT * FROM events WHERE customer_id = (SELECT min(customer_id) FROM events) "
                 "ORDER BY ts;"):
        t.say(t.dim("    " + line))
    t.say("  make demo-stop  " + t.dim("stops the server"))
    t.say()


def run():
    data, work = setting("DATA"), setting("DEMO_WORK", ".")
    role_map, event_map = columns.parse_map(setting("MAP"))
    staged, schema = read_file(data, role_map, work) if data else simulate(work)
    steps = columns.event_steps(staged.event_values, event_map) \
        if "event_type" in staged.roles else {}
    database = Database(DATABASE)
    database.recreate()
    try:
        load(database, staged, schema)
    except BaseException:
        database.drop()
        raise
    finally:
        os.unlink(staged.path)
    report = Report(database, Questions(staged.roles, steps, setting("WINDOW", "1 hour")), TABLE, COPY)
    figures = report.print()
    t.say()
    t.say("  " + t.green("✓") + f" {t.number(figures)} figures above, each equal to the same SQL "
          "on the heap copy")
    Churn(report).print()
    way_on()


def main():
    try:
        run()
    except Problem as problem:
        sys.stdout.flush()
        print(f"\ndemo: {problem.what}", file=sys.stderr)
        if problem.mend:
            print(f"      {problem.mend}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads has seen enough (make demo | head).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("\ndemo: stopped; nothing is left half-loaded", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
