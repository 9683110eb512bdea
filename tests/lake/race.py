"""Rows change while they are archived and brought back, and processes are killed: the ledger has them all.

The writers, the reader and the ledger are those of tests/crash: each transaction is there whole or not at
all, and what was acknowledged is there for certain.
"""

import os
import random
import signal
import sys
import threading
import time

from lake import HERE

sys.path.insert(0, str(HERE.parent / "crash"))

import clients  # noqa: E402
from ledger import Ledger, owner_of  # noqa: E402
from libpq import ConnectionLost  # noqa: E402

ROUNDS = int(os.environ.get("LAKE_ROUNDS", "6"))
SECONDS = float(os.environ.get("LAKE_SECONDS", "6"))
TABLES = ("plain", "parted")
# The store is away, or a row's object is being looked for while somebody brings it back.
STORE_IS_AWAY = {"58030"}


class DatabaseOf:
    """The server as the clients of tests/crash want it, in the lake's database."""

    def __init__(self, lake):
        self.lake = lake

    def connect(self):
        return self.lake.server.connect(self.lake.database)


class Archivist(clients.Mover):
    """Archives and brings back; while the store is away that fails, and nothing else does."""

    away = None

    def run_sql(self, sql, copy=None):
        result = self.connection.run(sql, copy)
        self.statements += 1
        if not result.ok and result.sqlstate not in clients.HARMLESS and not (
                self.away is not None and self.away.is_set() and result.sqlstate in STORE_IS_AWAY):
            raise RuntimeError(f"{sql}\n{result!r}")
        self.moved = getattr(self, "moved", 0) + result.ok
        return result


def create(lake):
    body = "(id int8 NOT NULL, client int4, v int8, payload text)"
    lake.sql(f"CREATE TABLE plain {body} USING footfall")
    lake.sql(f"CREATE TABLE parted {body} PARTITION BY LIST (client)")
    lake.sql("CREATE TABLE parted_odd PARTITION OF parted FOR VALUES IN (1, 3, 5) USING footfall")
    lake.sql("CREATE TABLE parted_rest PARTITION OF parted DEFAULT USING footfall")
    lake.sql("CREATE TABLE events (x int) USING footfall")


def settle(lake, ledgers, title):
    for gid, in lake.sql("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
        lake.sql(f"COMMIT PREPARED '{gid}'")
    for table, ledger in ledgers.items():
        found, problems = {}, []
        for row, version, payload, client in lake.sql(f"SELECT id, v, payload, client FROM {table}"):
            row, version = int(row), int(version)
            if row in found:
                problems.append(f"id {row} is there twice")
            if payload != clients.payload(row, version) or int(client) != owner_of(row):
                problems.append(f"id {row} has the contents of another row")
            found[row] = version
        problems += ledger.settle(found)
        lake.check(not problems, f"{lake.name}: {title}: {table} is as its ledger", *problems[:10])
        if problems:
            ledger.adopt(found)


def race(lake, seed):
    rng = random.Random(seed)
    print(f"    {lake.name}: race with seed {seed}", flush=True)
    create(lake)
    ledgers = {table: Ledger() for table in TABLES}
    next_row = 1
    for number in range(ROUNDS):
        way = ("nothing", "backend", "store", "server")[number % 4]
        stop, away = threading.Event(), threading.Event()
        load = []
        for writer in range(1, 5):
            table = TABLES[writer % 2]
            load.append(clients.Writer(writer, DatabaseOf(lake), ["SET footfall.min_segment_rows = 200"], stop, ledgers[table],
                                       random.Random(rng.random()), table, next_row))
        for table in TABLES:
            moves = [f"CALL footfall.archive('{table}', 'lake')"] * 5 + [f"CALL footfall.unarchive('{table}')"] * 2 + [
                f"CALL footfall.compact('{table}')", f"VACUUM {table}", "CALL footfall.archive_vacuum('lake')"]
            load.append(Archivist(DatabaseOf(lake), ["SET footfall.min_segment_rows = 200"], stop, random.Random(rng.random()), moves, 0.3))
            load[-1].away = away
        if way != "store":
            load.append(clients.Reader(DatabaseOf(lake), [], stop, TABLES[number % 2]))
        else:
            for client in load:
                # Every statement may meet a store that is away, those of writers as well.
                client.__class__ = {clients.Writer: PatientWriter}.get(client.__class__, client.__class__)
                client.away = away
        for client in load:
            client.start()
        time.sleep(SECONDS * (0.5 + rng.random() / 2))
        if way == "backend":
            victims = [client.connection.pid for client in load if isinstance(client, Archivist) and client.connection]
            try:
                os.kill(rng.choice(victims), signal.SIGKILL)
            except (ProcessLookupError, IndexError):
                pass
            time.sleep(1)
        elif way == "store":
            away.set()
            lake.store.kill()
            time.sleep(SECONDS / 2)
            lake.store.start()
            time.sleep(1)
        elif way == "server":
            lake.server.kill()
        stop.set()
        for client in load:
            client.join(120)
        if way == "server":
            lake.server.start()
        lake.close()
        recovered(lake)
        problems = [f"{type(client).__name__}: {client.problem}" for client in load if client.problem]
        problems += [f"{type(client).__name__} never came back" for client in load if client.is_alive()]
        lake.check(not problems, f"{lake.name}: race, kill -9 of {way}: clients", *problems)
        settle(lake, ledgers, f"race, kill -9 of {way}")
        moved = sum(getattr(client, "moved", 0) for client in load)
        print(f"    {lake.name}: kill -9 of {way}: {sum(client.statements for client in load)} statements, {moved} moves, "
              f"{', '.join(str(ledger.size()) for ledger in ledgers.values())} rows", flush=True)
        next_row = max(client.next_row for client in load if isinstance(client, clients.Writer))
        for table in TABLES:
            lake.sql(f"CALL footfall.archive('{table}', 'lake')")
        settle(lake, ledgers, f"archived after kill -9 of {way}")
        for table in TABLES:
            lake.agree(f"race, kill -9 of {way}", f"public.{table}", table)
    lake.shows_no_secret("after races")


class PatientWriter(clients.Writer):
    away = None

    def run_sql(self, sql, copy=None):
        try:
            return super().run_sql(sql, copy)
        except RuntimeError as error:
            if self.away.is_set() and any(state in str(error) for state in STORE_IS_AWAY):
                # Whatever was open is over; nothing of it was acknowledged.
                self.connection.run("ROLLBACK")
                raise ConnectionLost(str(error)) from None
            raise


def recovered(lake):
    end = time.monotonic() + 60
    while True:
        try:
            lake.sql("SELECT 1")
            return
        except ConnectionLost:
            lake.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
