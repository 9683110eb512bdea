"""A private PostgreSQL server for one test run: unix socket only, under build/, gone afterwards.

PostgreSQL refuses to run as root, so root starts it as the system user `postgres`.
"""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from libpq import Connection, ConnectionLost

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def area():
    """The directory for servers and results: build/, or where the server's user can reach it."""
    done = subprocess.run(
        ["bash", "-c", '. "$0/scripts/environment.sh" && area', str(REPOSITORY)],
        check=True, capture_output=True, text=True)
    return pathlib.Path(done.stdout.strip())


def server_user():
    """Keyword arguments for subprocess that make a child run as the server's user."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Server:
    """initdb, start, stop, kill and restart. `settings` are lines of postgresql.conf."""

    def __init__(self, bin_dir, name, settings=(), port=5432):
        self.bin = pathlib.Path(bin_dir)
        self.port = port
        base = area() / name
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        # A socket's path has at most 107 bytes, less than a deep build directory may take.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="footfall-"))
        self.base = base
        self.data = base / "data"
        self.log = base / "server.log"
        self.process = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(base, entry.pw_uid, entry.pw_gid)
            os.chown(self.sockets, entry.pw_uid, entry.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        lines = [
            "listen_addresses = ''",
            "unix_socket_directories = '%s'" % self.sockets,
            "port = %d" % port,
            "timezone = 'UTC'",
            "log_line_prefix = '%m [%p] %d '",
            *settings,
        ]
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write("\n".join(lines) + "\n")

    def _run(self, program, *arguments):
        command = [str(self.bin / program), *map(str, arguments)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", check=False, **server_user()
        )
        if done.returncode != 0:
            tail = self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
            raise RuntimeError("%s failed:\n%s\n%s" % (" ".join(command), done.stdout.decode(errors="replace"), tail))

    def start(self, timeout=120):
        """Starts the postmaster as a child of ours, so that a killed one is reaped, and waits for it."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.data)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True, **server_user())
        end = time.monotonic() + timeout
        while True:
            try:
                self.connect().close()
                return
            except ConnectionLost as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    tail = self.log.read_text(errors="replace")[-4000:]
                    raise RuntimeError("the server did not start: %s\n%s" % (error, tail)) from None
                time.sleep(0.05)

    def lake(self, name):
        """A directory for archives that the server may write to."""
        directory = self.base / "lakes" / name
        directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(directory, entry.pw_uid, entry.pw_gid)
        return directory

    def postmaster_pid(self):
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def kill(self):
        """kill -9 of the postmaster; its children notice and end. Returns when all are gone."""
        pid = self.postmaster_pid()
        if pid is None:
            return
        children = children_of(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.wait_gone([pid, *children])

    def wait_gone(self, pids, timeout=30):
        """Waits until none of the processes is left; the postmaster is reaped."""
        if self.process is not None:
            self.process.wait(timeout)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if not any(_alive(pid) for pid in pids):
                return
            time.sleep(0.02)
        for pid in pids:  # a child that does not notice would keep shared memory: end it as well
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.5)

    def stop(self, mode="fast"):
        if self.process is not None and self.process.poll() is None:
            subprocess.run(
                [str(self.bin / "pg_ctl"), "-D", str(self.data), "-m", mode, "-w", "stop"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=False, **server_user(),
            )
            self.process.wait(60)

    def close(self, keep=False):
        self.stop("immediate")
        shutil.rmtree(self.sockets, ignore_errors=True)
        if not keep:
            shutil.rmtree(self.base, ignore_errors=True)

    def conninfo(self, database="postgres"):
        return "host=%s port=%d user=postgres dbname=%s connect_timeout=30" % (self.sockets, self.port, database)

    def connect(self, database="postgres"):
        return Connection(self.conninfo(database))

    def connect_patiently(self, database="postgres", timeout=60):
        """Connects to a server that may be recovering from a crash of one of its backends."""
        end = time.monotonic() + timeout
        while True:
            try:
                return self.connect(database)
            except ConnectionLost:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid):
    try:
        return [int(word) for word in pathlib.Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]
    except OSError:
        return []
