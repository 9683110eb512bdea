"""A psql that stays: one connection for many statements."""
import subprocess

END = "-- end of the answer --"


class Session:
    def __init__(self, database):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def write(self, text):
        self.psql.stdin.write(text)
        self.psql.stdin.flush()

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
