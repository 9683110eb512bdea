"""A psql that stays: one connection for many statements."""
import subprocess
import threading

END = "-- end of the answer --"


class Session:
    def __init__(self, database):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def write(self, text):
        try:
            self.psql.stdin.write(text)
            self.psql.stdin.flush()
        except BrokenPipeError as broken:
            raise RuntimeError(self.psql.stderr.read().strip() or "psql has ended") from broken

    def ask(self, statement):
        """The answer's rows, as lists of text. Raises when the statement, or one before, failed."""
        self.write(f"{statement};\n\\echo {END}\n")
        rows = []
        for line in self.psql.stdout:
            if line.rstrip("\n") == END:
                return rows
            rows.append(line.rstrip("\n").split("|"))
        raise RuntimeError(self.psql.stderr.read().strip() or "psql has ended")

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()
        if self.psql.returncode != 0:
            raise RuntimeError(self.psql.stderr.read().strip())


class Companion:
    """What goes on beside the run in a thread of its own, through a session of its own (Session, or what closes as
    one), until it is stopped."""

    def __init__(self, session):
        self.session = session
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._guarded, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        """Raises what it ended in."""
        self.stopping.set()
        self.thread.join()
        self.raise_failure()
        self.session.close()

    def raise_failure(self):
        if self.failure:
            raise self.failure

    def run(self):
        """Returns once `stopping` is set."""
        raise NotImplementedError

    def _guarded(self):
        try:
            self.run()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure
