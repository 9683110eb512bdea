"""A database with an archive in one store, and what every test here asks of the two."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))

from server import Server  # noqa: E402
from stores import ACCESS_KEY, HDFS_USER, SECRET_KEY, FileStore, HdfsStore, S3Store  # noqa: E402

SETTINGS = [
    # kill -9 leaves what was written in the kernel's cache, so fsync would only slow this down.
    "fsync = off", "autovacuum = off", "jit = off", "shared_buffers = 128MB", "log_min_messages = debug1",
    "log_min_error_statement = error", "footfall.archive_cache_size = 0", "shared_preload_libraries = 'footfall'",
    "footfall.max_workers = 0", "max_prepared_transactions = 20", "restart_after_crash = on",
]
DIGEST = "SELECT count(*), sum(hashtextextended(x::text, 1)) FROM {} x"


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def __call__(self, good, title, *shown):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {title}" + "".join(f"\n    {one}" for one in shown), flush=True)
        return good


def make_store(name, server):
    return {"file": lambda: FileStore(server.lake("lake")), "s3": S3Store, "hdfs": HdfsStore}[name]()


class Lake:
    def __init__(self, server, store, checks, name):
        self.server, self.store, self.check, self.name = server, store, checks, name
        self.database = f"lake_{name}"
        self.connection = None
        self.messages = []  # of every statement that failed

    def connect(self):
        return self.server.connect_patiently(self.database)

    def run(self, sql):
        """On one session that is there again after a crash."""
        if self.connection is None:
            self.connection = self.connect()
        result = self.connection.run(sql)
        if not result.ok:
            self.messages.append(f"{result.sqlstate} {result.message}")
        return result

    def sql(self, sql):
        result = self.run(sql)
        if not result.ok:
            raise RuntimeError(f"{self.name}: {sql}\n{result!r}")
        return result.rows

    def text(self, sql):
        return "\n".join("|".join("NULL" if value is None else value for value in row) for row in self.sql(sql))

    def create(self, ports=None):
        """The database, the server and the user's mapping; requests go to `ports`, or to the store's own."""
        ports = ports or self.store.ports()
        first = self.server.connect_patiently()
        first.must(f"DROP DATABASE IF EXISTS {self.database}")
        first.must(f"CREATE DATABASE {self.database}")
        first.must("ALTER DATABASE %s SET footfall.allowed_endpoints = '%s'" % (
            self.database, ", ".join(f"127.0.0.1:{port}" for port in ports)))
        first.close()
        server, mapping = self.store.options(ports[0] if ports else 0)
        self.sql("CREATE EXTENSION footfall")
        self.sql(f"CREATE SERVER lake FOREIGN DATA WRAPPER footfall_archive OPTIONS ({options(server)})")
        if mapping:
            self.sql(f"CREATE USER MAPPING FOR PUBLIC SERVER lake OPTIONS ({options(mapping)})")

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def same(self, title, table="events", twin="twin"):
        ours, theirs = self.text(DIGEST.format(table)), self.text(DIGEST.format(twin))
        return self.check(ours == theirs, f"{self.name}: {title}: {table} is {twin}", ours, theirs)

    def log(self, folder):
        """The objects that the Delta log of a folder names, with their rows."""
        named = {}
        commits = sorted(key for key in self.store.keys(f"{folder}/_delta_log/") if key.startswith(f"{folder}/_delta_log/0"))
        for commit in commits:
            for line in self.store.read(commit).decode().splitlines():
                action = json.loads(line)
                if "remove" in action:
                    named.pop(f"{folder}/{action['remove']['path'].replace('%3D', '=')}", None)
                if "add" in action:
                    add = action["add"]
                    named[f"{folder}/{add['path'].replace('%3D', '=')}"] = json.loads(add["stats"])["numRecords"]
        return named

    def objects(self, folder):
        return {key for key in self.store.keys(f"{folder}/") if not key.startswith(f"{folder}/_delta_log/0")}

    def agree(self, title, folder="public.events", table="events"):
        """After archive_vacuum the store has what the log names, which is what the manifest names, and nothing else."""
        self.sql("CALL footfall.archive_vacuum('lake', '0')")
        title = f"{self.name}: {title}"
        named = self.log(folder)
        objects = self.objects(folder)
        states = self.text("SELECT state, count(*) FROM footfall.archive_objects WHERE state <> 'switched' GROUP BY 1")
        rows = self.text("SELECT coalesce(sum(rows), 0) FROM footfall.archive_objects WHERE state = 'switched' "
                         f"AND object LIKE '{folder}/%'")
        problems = self.text(f"SELECT * FROM footfall.verify('{table}')")
        return all([
            self.check(objects == set(named), f"{title}: objects are the log's", f"only in the store: {objects - set(named)}",
                       f"only in the log: {set(named) - objects}"),
            self.check(states == "", f"{title}: nothing is unfinished", states),
            self.check(str(sum(named.values())) == rows, f"{title}: the log has the manifest's rows", sum(named.values()), rows),
            self.check(problems == "", f"{title}: verified", problems)])

    def shows_no_secret(self, title):
        """Neither the server's log, nor an error so far, a plan or a view."""
        shown = "\n".join(self.messages)
        for view in ("archive_objects", "jobs", "job_history", "tables", "segments", "settings"):
            shown += self.text(f"SELECT to_jsonb(x) FROM footfall.{view} x")
        shown += self.text("SELECT to_jsonb(x) FROM pg_settings x") + self.text("SELECT to_jsonb(x) FROM pg_stat_activity x")
        shown += self.text("EXPLAIN (ANALYZE, VERBOSE, SETTINGS) SELECT count(*), max(x::text) FROM events x")
        log = self.server.log.read_text(errors="replace")
        for secret in (ACCESS_KEY, SECRET_KEY, HDFS_USER):
            self.check(secret not in shown, f"{self.name}: {title}: no error, plan or view shows a secret")
            # The statement that makes the mapping is not logged here, and nothing else may show it.
            self.check(secret not in log, f"{self.name}: {title}: the log shows no secret")


def options(values):
    return ", ".join(f"{name} '{value}'" for name, value in values.items())


def start_server(bin_dir, name):
    server = Server(bin_dir, name, SETTINGS)
    server.start()
    return server
