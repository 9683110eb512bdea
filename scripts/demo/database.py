"""The demo's database, through psql: the environment (PGHOST, PGPORT, PGUSER) says where."""
import contextlib
import csv
import io
import os
import subprocess
import time

from problem import Problem

CHUNK = 1 << 18


class Database:
    def __init__(self, name):
        self.name = name

    def _command(self, database=None):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse",
                "-d", database or self.name]

    def recreate(self):
        """An empty database; what an earlier run left is dropped."""
        self.drop()
        self._run(f'CREATE DATABASE "{self.name}"', "postgres")

    def drop(self):
        self._run(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)', "postgres")

    def execute(self, sql):
        """Runs statements; returns how long they took, in seconds."""
        started = time.monotonic()
        self._run(sql)
        return time.monotonic() - started

    def rows(self, sql):
        """The result as lists of texts, "" for NULL."""
        output = self._run(f"COPY ({sql}) TO STDOUT (FORMAT csv)")
        return list(csv.reader(io.StringIO(output)))

    def value(self, sql):
        return self.rows(sql)[0][0]

    def _run(self, sql, database=None):
        result = subprocess.run(self._command(database) + ["-f", "-"], input=sql, text=True,
                                capture_output=True, check=False)
        if result.returncode != 0:
            raise Problem(f"PostgreSQL says: {result.stderr.strip()}",
                          f"The statement was: {' '.join(sql.split())[:300]}")
        return result.stdout

    def copy(self, table, names, path, total_rows, progress):
        """COPY a staged file into a table, all or nothing; returns the seconds it took."""
        size = os.path.getsize(path)
        quoted = ", ".join(f'"{name}"' for name in names)
        command = self._command() + ["-c", f'COPY {table} ({quoted}) FROM STDIN (FORMAT csv)']
        started = time.monotonic()
        with open(path, "rb") as source, subprocess.Popen(
                command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as psql:
            sent = 0
            try:
                while chunk := source.read(CHUNK):
                    psql.stdin.write(chunk)
                    sent += len(chunk)
                    progress.show(sent, size, total_rows * sent // size)
            except BrokenPipeError:
                pass  # psql has given up; its complaint follows
            with contextlib.suppress(BrokenPipeError):
                psql.stdin.close()
            complaint = psql.stderr.read().decode().strip()
            if psql.wait() != 0:
                raise Problem(f"COPY failed, nothing was loaded. PostgreSQL says: {complaint}")
        return time.monotonic() - started
