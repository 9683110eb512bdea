"""A statement in a session of its own, its time, and the memory of the processes that worked on it."""
import os
import re
import subprocess
import threading
import time

STATUS = re.compile(r"^(VmHWM|RssAnon|RssFile|RssShmem):\s+(\d+) kB", re.MULTILINE)
CODE = re.compile(r"ERROR:\s+(\w{5})")


def psql(sql):
    return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", sql],
                          check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Server:
    def __init__(self, data_directory):
        with open(os.path.join(data_directory, "postmaster.pid"), encoding="ascii") as pid:
            self.postmaster = int(pid.readline())

    def run(self, statement, workers):
        """(finished or the SQLSTATE, seconds, the largest peak of a process in MB). The rows are not shown; the
        session ends only after its peak was read."""
        known = set(self._children())
        peaks = {}
        stopping = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(known, peaks, stopping))
        session = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", "postgres", "-v", "VERBOSITY=sqlstate"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watcher.start()
        started = time.monotonic()
        session.stdin.write(f"SET max_parallel_workers_per_gather = {workers};\n"
                            f"SELECT count(answer) FROM ({statement}) AS answer;\n\\echo done\n")
        session.stdin.flush()
        while session.stdout.readline() not in ("done\n", ""):
            pass
        seconds = time.monotonic() - started
        self._look(known, peaks)
        stopping.set()
        watcher.join()
        complaints = session.communicate()[1]
        failed = CODE.search(complaints)
        result = failed.group(1) if failed else complaints.strip() or "finished"
        return result, seconds, max(peaks.values()) // 1024

    def _watch(self, known, peaks, stopping):
        while not stopping.wait(0.02):
            self._look(known, peaks)

    def _look(self, known, peaks):
        for pid in set(self._children()) - known:
            try:
                with open(f"/proc/{pid}/status", encoding="ascii") as status:
                    kilobytes = {name: int(value) for name, value in STATUS.findall(status.read())}
            except OSError:
                continue
            if "VmHWM" in kilobytes:
                private = kilobytes["VmHWM"] - kilobytes["RssFile"] - kilobytes["RssShmem"]
                # Pages that are mapped after the peak would hide some of it.
                peaks[pid] = max(peaks.get(pid, 0), private, kilobytes["RssAnon"])

    def _children(self):
        try:
            with open(f"/proc/{self.postmaster}/task/{self.postmaster}/children", encoding="ascii") as children:
                return children.read().split()
        except OSError:
            return []
