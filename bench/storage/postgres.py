"""psql, pgbench and the memory of backends, for the measurements."""
import glob
import os
import subprocess
import tempfile
import threading
import time


def psql(sql, database="postgres"):
    """Runs SQL, statement by statement; returns its output, unaligned. Raises on any error."""
    result = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"],
        input=sql, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{result.stderr.strip()}\nin: {sql.strip()[:500]}")
    return result.stdout.strip()


def timed(sql, database):
    started = time.monotonic()
    psql(sql, database)
    return time.monotonic() - started


def copy_file(table, path, database):
    """COPY of a CSV file through the client; returns seconds."""
    started = time.monotonic()
    with open(path, "rb") as source:
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c",
                        f"COPY {table} FROM STDIN (FORMAT csv)"], stdin=source, check=True)
    return time.monotonic() - started


class Loop:
    """Repeats a statement from another session until it is stopped."""

    def __init__(self, sql, pause, database):
        self.sql, self.pause, self.database = sql, pause, database
        self.rounds, self.failure = 0, None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        if self.failure:
            raise self.failure

    def _run(self):
        try:
            while not self.stopping.wait(self.pause):
                psql(self.sql, self.database)
                self.rounds += 1
        except RuntimeError as failure:
            self.failure = failure


def pgbench(script, seconds, clients, database, variables=()):
    """Transactions a second and latency percentiles in ms: {tps, p50, p99}."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "script.sql")
        with open(path, "w", encoding="ascii") as out:
            out.write(script)
        command = ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T",
                   str(seconds), "-f", path, "-l", "--log-prefix", os.path.join(directory, "log")]
        for name, value in variables:
            command += ["-D", f"{name}={value}"]
        subprocess.run(command + [database], check=True, capture_output=True, text=True)
        latencies = []
        for log in glob.glob(os.path.join(directory, "log*")):
            with open(log, encoding="ascii") as lines:
                latencies += [int(line.split()[2]) for line in lines]
    latencies.sort()
    return {"tps": len(latencies) / seconds, "p50": latencies[len(latencies) // 2] / 1000,
            "p99": latencies[len(latencies) * 99 // 100] / 1000}


class PeakMemory:
    """The largest private memory (RssAnon) of any backend of the server, sampled 20 times a second.
    Shared buffers are not counted: they are the server's, whatever a query does."""

    def __init__(self, data_directory):
        with open(os.path.join(data_directory, "postmaster.pid"), encoding="ascii") as pid:
            self.postmaster = int(pid.readline())
        self.peaks, self.phase = {}, "start"
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def _run(self):
        while not self.stopping.wait(0.05):
            for pid in self._children():
                self.peaks[self.phase] = max(self.peaks.get(self.phase, 0), self._private(pid))

    def _children(self):
        try:
            with open(f"/proc/{self.postmaster}/task/{self.postmaster}/children",
                      encoding="ascii") as children:
                return children.read().split()
        except OSError:
            return []

    @staticmethod
    def _private(pid):
        try:
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                for line in status:
                    if line.startswith("RssAnon:"):
                        return int(line.split()[1]) * 1024
        except OSError:
            pass
        return 0
