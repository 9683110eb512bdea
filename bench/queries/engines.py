"""The four sides: a heap table and a footfall table in one PostgreSQL server, DuckDB, ClickHouse (chDB).

In PostgreSQL each table is called ev in a schema of its own, so that a query is the same text on both.
"""
import glob
import json
import os
import select
import subprocess
import sys
import time

import event_log

sys.path.append(os.path.join(event_log.ROOT, "tests", "oracle"))
from libpq import Connection, _consume, _is_busy, _socket  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASE = "queries_bench"
COLUMNS = """ts timestamptz NOT NULL, customer_id bigint NOT NULL, session_id bigint, event_type text NOT NULL, product_id int,
    category text, brand text, price float8, quantity smallint, country text, device text, campaign text, url text"""
WEEKS = ["2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-09"]
SCHEMAS = {"heap": "on_heap", "footfall": "on_footfall"}
DIMENSIONS = {
    "product": ("product_id int, supplier text, margin text, list_price float8",
                "SELECT i, 'supplier ' || (i * 7919 % 150), CASE i % 5 WHEN 0 THEN 'high' WHEN 1 THEN 'low' ELSE 'usual' END, "
                "(i % 900) / 10.0 FROM generate_series(1, 20000) i"),
    "customer": ("customer_id bigint, segment text, region text, signup date",
                 "SELECT i, CASE WHEN i % 50 = 0 THEN 'vip' WHEN i % 7 = 0 THEN 'lapsed' ELSE 'regular' END, "
                 "'region ' || (i * 31 % 40), date '2023-01-01' + (i * 13 % 1090)::int FROM generate_series(1, {customers}) i"),
    "calendar": ("day date, week int, weekend boolean",
                 "SELECT d::date, extract(week FROM d)::int, extract(isodow FROM d) > 5 "
                 "FROM generate_series(timestamp '2025-12-28', '2027-02-10', '1 day') d"),
}


class Failed(Exception):
    pass


class Postgres:
    """One of the two tables of the PostgreSQL server."""

    def __init__(self, name, settings=()):
        self.name, self.settings, self.connection = name, settings, None

    def connect(self):
        connection = Connection("dbname=" + DATABASE)
        connection.must(f"SET search_path = {SCHEMAS[self.name]}, public")
        for setting in self.settings:
            connection.must("SET " + setting)
        return connection

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def run(self, sql, fetch=False):
        """Milliseconds, and the rows (or how many)."""
        if not self.connection:
            self.connection = self.connect()
        elapsed, result = timed(self.connection, sql)
        if not result.ok:
            raise Failed(f"{self.name}: {result!r}\nin: {sql}")
        return elapsed, result.rows if fetch else len(result.rows)


def timed(connection, sql):
    """Until the whole answer is in the client's memory, its decoding left out."""
    started = time.perf_counter()
    connection.send(sql)
    while True:
        _consume(connection._conn)
        if not _is_busy(connection._conn):
            break
        select.select([_socket(connection._conn)], [], [], 1)
    elapsed = (time.perf_counter() - started) * 1000
    return elapsed, connection.receive()


class Peer:
    """DuckDB or ClickHouse, each in its own process."""

    def __init__(self, name, python, directory):
        self.name, self.python, self.directory, self.process = name, python, directory, None

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None

    def run(self, sql, fetch=False):
        if not self.process:
            self.process = subprocess.Popen([self.python, os.path.join(HERE, "peer.py"), self.name, self.directory],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps({"sql": sql, "fetch": fetch}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.name} ended at: {sql}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self.name}: {answer['error']}\nin: {sql}")
        return answer["ms"], answer["rows"]


# ---- loading


def create_table(connection, schema, name, method, bounds=None):
    connection.must(f"CREATE TABLE {schema}.{name} ({COLUMNS}) PARTITION BY RANGE (ts)")
    bounds = bounds or WEEKS
    for number, (start, end) in enumerate(zip(bounds, bounds[1:])):
        connection.must(f"CREATE TABLE {schema}.{name}_{number} PARTITION OF {schema}.{name} "
                        f"FOR VALUES FROM ('{start}') TO ('{end}') USING {method}")
    if method == "footfall":
        connection.must(f"SELECT footfall.configure('{schema}.{name}', time_column => 'ts', customer_column => 'customer_id', "
                        "order_by => ARRAY['customer_id', 'ts'])")


def to_rest(connection, table):
    """Seals and compacts every partition of a footfall table; VACUUM gives the space back."""
    for (partition,) in connection.must(f"SELECT relid::regclass FROM pg_partition_tree('{table}') WHERE isleaf").rows:
        connection.must(f"CALL footfall.seal('{partition}')")
        connection.must(f"CALL footfall.compact('{partition}')")
    connection.must(f"VACUUM (ANALYZE) {table}")


def load_postgres(log, customers):
    """Both tables and the dimensions; returns seconds of COPY for each, and of what footfall does after it."""
    admin = Connection("dbname=postgres")
    admin.must(f"DROP DATABASE IF EXISTS {DATABASE}")
    admin.must(f"CREATE DATABASE {DATABASE}")
    admin.close()
    connection = Connection("dbname=" + DATABASE)
    connection.must("CREATE EXTENSION footfall")
    seconds = {}
    for method, schema in SCHEMAS.items():
        connection.must(f"CREATE SCHEMA {schema}")
        create_table(connection, schema, "ev", method)
        started = time.monotonic()
        with open(log, "rb") as source:
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-c",
                            f"COPY {schema}.ev FROM STDIN (FORMAT csv)"], stdin=source, check=True)
        seconds[method] = time.monotonic() - started
    started = time.monotonic()
    to_rest(connection, "on_footfall.ev")
    seconds["seal and compact"] = time.monotonic() - started
    connection.must("VACUUM (ANALYZE) on_heap.ev")
    for name, (columns, rows) in DIMENSIONS.items():
        connection.must(f"CREATE TABLE {name} ({columns})")
        connection.must(f"INSERT INTO {name} " + rows.format(customers=customers))
        connection.must(f"ALTER TABLE {name} ADD PRIMARY KEY ({columns.split()[0]})")
        connection.must(f"VACUUM (ANALYZE) {name}")
    counts = [connection.must(f"SELECT count(*) FROM {schema}.ev").rows[0][0] for schema in SCHEMAS.values()]
    if len(set(counts)) != 1:
        raise Failed(f"the tables hold {counts} rows")
    connection.must("CHECKPOINT")
    connection.close()
    return seconds, int(counts[0])


def dimension_files(directory):
    """The dimensions as CSV, for the peers."""
    files = {}
    connection = Connection("dbname=" + DATABASE)
    for name in DIMENSIONS:
        files[name] = os.path.join(directory, name + ".csv")
        with open(files[name], "wb") as out:
            for row in connection.must(f"COPY (SELECT * FROM {name} ORDER BY 1) TO STDOUT (FORMAT csv)").rows:
                out.write(row[0])
    connection.close()
    return files


def load_duckdb(peer, log, files):
    types = ", ".join(f"'{words[0]}': '{words[1].upper()}'" for words in (c.split() for c in COLUMNS.split(",")))
    started = time.monotonic()
    peer.run(f"CREATE TABLE ev AS SELECT * FROM read_csv('{log}', header = false, columns = {{{types}}})")
    elapsed = time.monotonic() - started
    for name, (columns, _) in DIMENSIONS.items():
        peer.run(f"CREATE TABLE {name} ({columns})")
        peer.run(f"COPY {name} FROM '{files[name]}' (HEADER false)")
    peer.run("CHECKPOINT")
    return elapsed


def load_clickhouse(peer, log, files):
    low = "LowCardinality(String)"
    peer.run("CREATE TABLE ev (ts DateTime64(6, 'UTC'), customer_id Int64, session_id Int64, "
             f"event_type {low}, product_id Int32, category {low}, brand {low}, price Float64, quantity Int16, country {low}, "
             f"device {low}, campaign {low}, url String) ENGINE = MergeTree ORDER BY (customer_id, ts)")
    started = time.monotonic()
    peer.run(f"INSERT INTO ev SELECT * FROM file('{log}', 'CSV')")
    elapsed = time.monotonic() - started
    started = time.monotonic()
    peer.run("OPTIMIZE TABLE ev FINAL")
    optimize = time.monotonic() - started
    names = {"int": "Int32", "bigint": "Int64", "text": "String", "float8": "Float64", "date": "Date", "boolean": "Bool"}
    for name, (columns, _) in DIMENSIONS.items():
        words = [c.split() for c in columns.split(",")]
        peer.run(f"CREATE TABLE {name} ({', '.join(f'{w[0]} {names[w[1]]}' for w in words)}) ENGINE = MergeTree ORDER BY {words[0][0]}")
        peer.run(f"INSERT INTO {name} SELECT * FROM file('{files[name]}', 'CSV')")
    return elapsed, optimize


# ---- caches


def evict(directory):
    """Asks the kernel to forget the files of a directory; they must be written back for that."""
    os.sync()
    for path in glob.glob(os.path.join(directory, "**"), recursive=True):
        if os.path.isfile(path):
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except OSError:
                continue
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
