"""PostgreSQL's own regression suite with footfall as the default table access method.

Three looks at it:
  as it is   the suite's files as they are; the output must be heap's on the same server. Files that want
             an index on a footfall table cannot pass; their differences are classified.
  twin       the same files without indexes, on heap and on footfall: the outputs must be equal up to
             plans and the order of rows that nothing orders.
  sealed     as twin, but on footfall the table a statement wrote is sealed after it.

The lists beside this file say what passes; a file that stops passing fails the run.
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))

from server import Server, area, server_user  # noqa: E402

import sql_file  # noqa: E402

SETTINGS = [
    "fsync = off", "synchronous_commit = on", "max_prepared_transactions = 4", "wal_level = replica",
    "max_wal_senders = 2", "log_autovacuum_min_duration = -1", "log_min_messages = warning",
    "log_min_error_statement = panic", "max_connections = 40", "shared_buffers = 128MB",
    "autovacuum = off",  # statistics that change on their own change plans
]
# About indexes alone: without them they only take long.
INDEXES_ALONE = set("brin brin_bloom brin_multi gin gist spgist btree_index hash_index create_index_spgist "
                    "index_including index_including_gist".split())
REFUSAL = re.compile(
    r"ERROR:  .*(index|unique|primary key|exclusion constraint|CLUSTER|cluster).*footfall|"
    r"ERROR:  .*footfall.*(index|unique|primary key|exclusion|CLUSTER|cluster)", re.IGNORECASE)


def schedule(source):
    names = []
    for line in (source / "parallel_schedule").read_text().splitlines():
        if line.startswith("test:"):
            names += line[len("test:"):].split()
    return names


class Leg:
    """One pass over the suite on a server of its own."""

    def __init__(self, title, bin_dir, source, names, am, rewrite, version, work, extension):
        self.title = title
        self.bin = pathlib.Path(bin_dir)
        self.source = source
        self.names = names
        self.am = am
        self.rewrite = rewrite
        self.version = version
        self.work = work / title
        self.extension = extension  # on heap's side too, for the catalogs to agree
        self.outputs = {}
        self.times = {}
        self.error = ""
        self.seconds = 0.0

    def run(self):
        started = time.monotonic()
        try:
            self.go()
        except Exception as error:  # carried to the main thread and reported there
            self.error = "%s: %r" % (self.title, error)
        self.seconds = time.monotonic() - started

    def go(self):
        shutil.rmtree(self.work, ignore_errors=True)
        results = self.work / "results"
        results.mkdir(parents=True)
        if os.geteuid() == 0:
            for path in (self.work, results):
                shutil.chown(path, user="postgres")
        server = Server(self.bin, "%s-server" % self.work.relative_to(area()), SETTINGS)
        try:
            server.start()
            self.create_database(server)
            environment = self.environment(server)
            for name in self.names:
                before = time.monotonic()
                self.outputs[name] = sql_file.without_oids(self.run_file(server, environment, name)).replace(
                    str(self.work), "<work>")
                self.times[name] = time.monotonic() - before
        finally:
            server.close()

    def create_database(self, server):
        admin = server.connect()
        admin.must("CREATE DATABASE regression TEMPLATE template0 ENCODING 'UTF8'")
        for setting in ("lc_messages TO 'C'", "lc_monetary TO 'C'", "lc_numeric TO 'C'", "lc_time TO 'C'",
                        "bytea_output TO 'hex'", "timezone_abbreviations TO 'Default'"):
            admin.must("ALTER DATABASE regression SET " + setting)
        admin.close()
        database = server.connect("regression")
        if self.extension:
            database.must("CREATE EXTENSION %s" % self.extension)
        if self.am != "heap":
            database.must("ALTER DATABASE regression SET default_table_access_method = '%s'" % self.am)
        database.close()

    def environment(self, server):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        library = self.library()
        environment.update(
            PGHOST=str(server.sockets), PGPORT=str(server.port), PGUSER="postgres", PGTZ="America/Los_Angeles",
            PGDATESTYLE="Postgres, MDY", PGOPTIONS="-c intervalstyle=postgres_verbose", LC_MESSAGES="C", LANG="C",
            PG_ABS_SRCDIR=str(self.source), PG_ABS_BUILDDIR=str(self.work), PG_LIBDIR=str(library), PG_DLSUFFIX=".so")
        return environment

    def library(self):
        """A directory with the suite's C functions, compiled for this server, and two of contrib."""
        library = self.work / "lib"
        library.mkdir(exist_ok=True)
        config = lambda option: subprocess.run(
            [str(self.bin / "pg_config"), option], check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run(
            ["cc", "-O1", "-fPIC", "-shared", "-w", "-I", config("--includedir-server"), "-I", config("--includedir"),
             str(self.source / "regress.c"), "-o", str(library / "regress.so")],
            check=self.version < 160000, stderr=subprocess.DEVNULL)
        for name in ("autoinc", "refint"):
            present = pathlib.Path(config("--pkglibdir")) / (name + ".so")
            if present.exists():
                shutil.copy(present, library / present.name)
        for path in [library, *library.iterdir()]:
            path.chmod(0o755)
        return library

    def run_file(self, server, environment, name):
        text = (self.source / "sql" / (name + ".sql")).read_bytes().decode("utf-8", "surrogateescape")
        if self.rewrite:
            text = self.rewrite(text)
        command = [str(self.bin / "psql"), "-X", "-a", "-q", "-d", "regression", "-v", "HIDE_TABLEAM=on",
                   "-v", "HIDE_TOAST_COMPRESSION=on"]
        try:
            done = subprocess.run(
                command, input=text.encode("utf-8", "surrogateescape"), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=180, check=False, cwd=str(self.work),
                env={**environment, "PGAPPNAME": "pg_regress/" + name}, **server_user())
            output = done.stdout
        except subprocess.TimeoutExpired as late:
            output = (late.stdout or b"") + b"\nTIMEOUT\n"
        output = output.decode("utf-8", "surrogateescape")
        (self.work / "results" / (name + ".out")).write_bytes(output.encode("utf-8", "surrogateescape"))
        # A crash shows in this file alone; the next one finds a server again.
        connection = server.connect_patiently("regression")
        if name == "publication":  # where it fails half-way it leaves a publication of all tables behind
            for (publication,) in connection.must("SELECT quote_ident(pubname) FROM pg_publication").rows:
                connection.must("DROP PUBLICATION " + publication)
        connection.close()
        return output


def difference(wanted, got):
    return list(difflib.unified_diff(wanted.split("\n"), got.split("\n"), "wanted", "got", n=1, lineterm=""))


def classify(diff):
    """The reason why a file's output differs from heap's."""
    added = [line[1:] for line in diff if line.startswith("+") and not line.startswith("+++")]
    text = "\n".join(added)
    if re.search(r"server closed the connection|terminating connection|TIMEOUT", text):
        return "CRASH or timeout"
    refusals = sum(1 for line in added if REFUSAL.search(line))
    changed = sum(1 for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---"))
    if re.search(r"does not have a replica identity and publishes", text):
        return "the publication of all tables that publication.sql leaves behind wants a key"
    if refusals:
        return "indexes or CLUSTER are refused (%d times, %d lines follow from it)" % (refusals, changed)
    return "other (%d lines)" % changed


def read_list(name):
    path = HERE / name
    entries = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                file, _, reason = line.partition(":")
                entries[file.strip()] = reason.strip()
    return entries


def write_lists(prefix, passing, reasons, order):
    """A reason that a person wrote is kept; what is new gets the classifier's."""
    kept = {**read_list(re.sub(r"^\d+_", "", prefix) + "not_passing.txt"), **read_list(prefix + "not_passing.txt")}
    (HERE / (prefix + "passing.txt")).write_text("".join(name + "\n" for name in order if name in passing))
    (HERE / (prefix + "not_passing.txt")).write_text("".join(
        "%s: %s\n" % (name, kept.get(name) or reasons[name]) for name in order if name in reasons))


class Verdict:
    def __init__(self, version, update):
        self.version = version
        self.update = update
        self.passed = 0
        self.failed = 0

    def judge(self, title, prefix, order, diffs, plans, work):
        """Every file of the passing list has to be among those without a difference."""
        passing = {name for name in order if not diffs[name]}
        reasons = {name: "only plans differ" if name in plans else classify(diffs[name]) for name in order if diffs[name]}
        for name in reasons:
            (work / ("%s%s.diff" % (prefix, name))).write_bytes(
                "\n".join(diffs[name]).encode("utf-8", "surrogateescape"))
        if self.update:
            write_lists(prefix, passing, reasons, order)
        must = read_list(prefix + "passing.txt")
        known = read_list(prefix + "not_passing.txt")
        broken = [name for name in order if name in must and name in reasons]
        unlisted = [name for name in order if name not in must and name not in known]
        better = [name for name in order if name in known and name in passing]
        crashed = [name for name in reasons if reasons[name].startswith("CRASH")]
        print("%s: %d of %d files equal; not equal: %d, of which %d only through refused indexes" % (
            title, len(passing), len(order), len(reasons),
            sum(1 for reason in reasons.values() if reason.startswith("indexes"))))
        for name in broken + [name for name in crashed if name not in broken]:
            print("FAILED: %s, %s: %s\n%s" % (title, name, reasons[name], "\n".join(diffs[name][:40])))
        for name in unlisted:
            print("FAILED: %s, %s is in no list" % (title, name))
        if better:
            print("  equal now, though listed as not: " + " ".join(better))
        self.failed += len(set(broken) | set(crashed) | set(unlisted))
        self.passed += len(passing & set(must))


def main():
    arguments = sys.argv[1:]
    update = os.environ.get("SUITE_UPDATE", "") not in ("", "0")
    bin_dir = (arguments[0] if arguments else os.environ.get("PGBIN")) or subprocess.run(
        ["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    text = subprocess.run([bin_dir + "/postgres", "--version"], check=True, capture_output=True, text=True).stdout
    version = int(re.search(r"(\d+)\.", text).group(1)) * 10000
    tree = subprocess.run([str(HERE / "fetch_source.sh")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    source = pathlib.Path(tree) / "src" / "test" / "regress"
    only = os.environ.get("SUITE_FILES", "").split()
    names = [name for name in schedule(source) if not only or name in only or name == "test_setup"]
    work = area() / ("postgres_suite-%d" % (version // 10000))
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    am = os.environ.get("SUITE_ACCESS_METHOD", "footfall")

    def leg(title, access_method, rewrite):
        chosen = [name for name in names if not rewrite or name not in INDEXES_ALONE]
        return Leg(title, bin_dir, source, chosen, access_method, rewrite, version, work,
                   am if am != "heap" else "")

    heap = leg("heap", "heap", None)
    subject = leg("as_it_is", am, None)
    heap_twin = leg("heap_twin", "heap", sql_file.without_indexes)
    twin = leg("twin", am, sql_file.without_indexes)
    sealed = leg("sealed", am, lambda script: sql_file.sealing(sql_file.without_indexes(script)))
    lanes = [[heap_twin, heap], [sealed, subject]]
    if os.environ.get("SUITE_PLAIN_TWIN", "") not in ("", "0"):
        lanes[1].append(twin)
    threads = [threading.Thread(target=lambda lane=lane: [one.run() for one in lane]) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = Verdict(version, update)
    for one in sum(lanes, []):
        slow = sorted(one.times.items(), key=lambda pair: -pair[1])[:6]
        print("%s: %d files in %.0f s; longest %s" % (
            one.title, len(one.outputs), one.seconds, ", ".join("%s %.1f s" % pair for pair in slow)))
        if one.error:
            print("FAILED: " + one.error)
            verdict.failed += 1
    if not verdict.failed:
        suffix = "%d_" % (version // 10000)
        # The scripts are version 15's; what they do on a later version has lists of its own.
        major = "" if version < 160000 else "%d_" % (version // 10000)
        for title, prefix, wanted, got in (
                ("as it is", "", heap, subject),
                ("without indexes", "twin_", heap_twin, twin),
                ("without indexes, sealed", "sealed_", heap_twin, sealed)):
            diffs = {}
            plans = set()
            if not got.outputs:
                continue
            for name in got.names:
                a, b = wanted.outputs[name], got.outputs[name]
                if got is not subject:
                    a, b = (sql_file.sorted_rows(sql_file.without_plans(sql_file.without_marks(text)))
                            for text in (a, b))
                diffs[name] = difference(a, b)
                if sql_file.without_plans(a) == sql_file.without_plans(b):
                    plans.add(name)
            verdict.judge(title, major + prefix, got.names, diffs, plans, work)
    print("%d passed, %d failed" % (verdict.passed, verdict.failed))
    return 1 if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
