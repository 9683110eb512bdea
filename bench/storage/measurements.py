"""What is measured, one method each. Every figure is taken on a heap table and a footfall table with
the same columns, partitions and rows, in the same run."""
import postgres as pg

DATABASE = "storage_bench"
CLIENTS = 8
COLUMNS = """ts timestamptz NOT NULL, customer_id bigint NOT NULL, session_id bigint,
    event_type text NOT NULL, product_id int, category text, brand text, price float8,
    quantity smallint, country text, device text, campaign text, url text"""
WEEKS = ["2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02",
         "2026-02-09"]
INSERT = """\\set customer random(1, 500000)
\\set product random(1, 20000)
INSERT INTO {table} VALUES (now(), :customer, :customer * 7, 'view', :product, 'home', 'brand_17',
    19.99, 1, 'DE', 'mobile', '', '/p/' || :product || '?s=' || (:customer * 4099));
"""
LOOKUP = """\\set customer random(1, :customers)
SELECT * FROM {table} WHERE customer_id = :customer;
"""
MEGABYTE = 1e6


class Measurements:
    def __init__(self, log, data_directory, results, seconds, repeat):
        self.log, self.results = log, results
        self.seconds, self.repeat = seconds, repeat
        self.memory = pg.PeakMemory(data_directory)

    def sql(self, sql):
        return pg.psql(sql, DATABASE)

    def time(self, sql):
        return pg.timed(sql, DATABASE)

    def run(self):
        pg.psql(f"DROP DATABASE IF EXISTS {DATABASE};\nCREATE DATABASE {DATABASE};")
        self.sql("CREATE EXTENSION footfall")
        with self.memory:
            for name, measure in (("load", self.load), ("size", self.size),
                                  ("look-up", self.look_up), ("update", self.update),
                                  ("insert", self.insert)):
                self.memory.phase = name
                print(f"measuring: {name}", flush=True)
                measure()
        self.peak_memory()

    def create(self, table, method, partitioned=True):
        if not partitioned:
            self.sql(f"CREATE TABLE {table} ({COLUMNS}) USING {method}")
        else:
            statements = [f"CREATE TABLE {table} ({COLUMNS}) PARTITION BY RANGE (ts)"]
            for number, (start, end) in enumerate(zip(WEEKS, WEEKS[1:])):
                statements.append(
                    f"CREATE TABLE {table}_{number} PARTITION OF {table} "
                    f"FOR VALUES FROM ('{start}') TO ('{end}') USING {method}")
            self.sql(";\n".join(statements))
        if method == "footfall":
            self.sql(f"SELECT footfall.configure('{table}', time_column => 'ts', "
                     "customer_column => 'customer_id', "
                     "order_by => ARRAY['customer_id', 'ts'])")

    def leaves(self, procedure, table):
        """CALL procedure for each partition; returns seconds."""
        calls = "; ".join(f"CALL footfall.{procedure}('{table}_{number}')"
                          for number in range(len(WEEKS) - 1))
        return self.time(calls)

    def total_size(self, table, catalogs=False):
        own = (f"(SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('{table}'))")
        noted = ("(SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                 "WHERE relnamespace = 'footfall'::regnamespace AND relkind = 'r')")
        return int(self.sql(f"SELECT {own} + {noted if catalogs else 0}"))

    def load(self):
        """COPY, best of several, alternating; then what footfall does until the rows are at rest."""
        best = {}
        whole = None
        for _ in range(self.repeat):
            for table, method in (("ev_heap", "heap"), ("ev", "footfall")):
                self.sql(f"DROP TABLE IF EXISTS {table}")
                self.create(table, method)
                self.sql("CHECKPOINT")
                seconds = pg.copy_file(table, self.log, DATABASE)
                best[method] = min(seconds, best.get(method, seconds))
                if method == "footfall":
                    rest = [self.leaves("seal", table), self.leaves("compact", table)]
                    if whole is None or seconds + sum(rest) < sum(whole):
                        whole = [seconds] + rest
        self.rows = int(self.sql("SELECT count(*) FROM ev"))
        if self.rows != int(self.sql("SELECT count(*) FROM ev_heap")):
            raise RuntimeError("the two tables do not hold the same number of rows")
        heap, footfall = best["heap"], best["footfall"]
        self.results.add("COPY", f"{self.rows / footfall:,.0f} rows/s",
                         f"{self.rows / heap:,.0f} rows/s", heap / footfall,
                         "of the heap's rate", at_least=1.0)
        self.results.add("COPY, seal and compact", " + ".join(f"{s:.1f}" for s in whole) + " s",
                         f"{heap:.1f} s", sum(whole) / heap, "of the heap's COPY", at_most=1.6)

    def size(self):
        self.sql("VACUUM ev")
        self.sql("ANALYZE ev; ANALYZE ev_heap")
        heap, own = self.total_size("ev_heap"), self.total_size("ev", catalogs=True)
        self.size_at_rest = own
        self.results.add("size", f"{own / MEGABYTE:,.0f} MB", f"{heap / MEGABYTE:,.0f} MB",
                         heap / own, "times smaller", at_least=7.0)

    def look_up(self):
        customers = self.sql("SELECT max(customer_id) FROM ev_heap")
        measured = {}
        for table in ("ev_heap", "ev"):
            measured[table] = pg.pgbench(LOOKUP.format(table=table), self.seconds, CLIENTS,
                                         DATABASE, [("customers", customers)])
        own, heap = measured["ev"], measured["ev_heap"]
        self.results.add(f"look-up of a customer, p99, {CLIENTS} clients", f"{own['p99']:.2f} ms",
                         f"{heap['p99']:.0f} ms", own["p99"], "ms", at_most=5.0)

    def update(self):
        """1 % of the rows, by customer; then 20 such rounds, compact, and the size again."""
        def statement(table, part):
            return (f"UPDATE {table} SET campaign = 'checked' "
                    f"WHERE customer_id % 100 = {part}")

        seconds = {table: min(self.time(statement(table, part)) for part in (1, 2))
                   for table in ("ev_heap", "ev")}
        self.results.add("update of 1 % of the rows", f"{seconds['ev']:.2f} s",
                         f"{seconds['ev_heap']:.2f} s", seconds["ev_heap"] / seconds["ev"],
                         "of the heap's rate", at_least=0.5)
        for part in range(3, 21):
            self.sql(statement("ev", part))
            self.sql(statement("ev_heap", part))
        self.leaves("seal", "ev")
        self.leaves("compact", "ev")
        self.sql("VACUUM ev")
        own = self.total_size("ev", catalogs=True)
        self.results.add("size after 20 such rounds and compact", f"{own / MEGABYTE:,.0f} MB",
                         f"{self.size_at_rest / MEGABYTE:,.0f} MB before",
                         own / self.size_at_rest, "of the size before", at_most=1.1)
        differing = self.sql(
            "SELECT count(*) FROM (SELECT campaign, count(*) AS n, sum(customer_id) AS c FROM ev "
            "GROUP BY 1 EXCEPT SELECT campaign, count(*), sum(customer_id) FROM ev_heap "
            "GROUP BY 1) AS odd")
        if differing != "0":
            raise RuntimeError("after the updates the two tables differ")

    def insert(self):
        """Single rows from many clients, while footfall seals all the time; runs alternate."""
        rates, latencies, rounds = {}, {}, 0
        self.create("ins_heap", "heap", partitioned=False)
        self.create("ins", "footfall", partitioned=False)
        for _ in range(2):
            for table in ("ins_heap", "ins"):
                self.sql("CHECKPOINT")
                script = INSERT.format(table=table)
                if table == "ins":
                    with pg.Loop("CALL footfall.seal('ins')", 1.0, DATABASE) as loop:
                        figures = pg.pgbench(script, self.seconds, CLIENTS, DATABASE)
                    rounds += loop.rounds
                else:
                    figures = pg.pgbench(script, self.seconds, CLIENTS, DATABASE)
                rates[table] = max(figures["tps"], rates.get(table, 0))
                latencies[table] = min(figures["p99"], latencies.get(table, figures["p99"]))
        self.results.add(f"INSERT of single rows, {CLIENTS} clients, while seal runs",
                         f"{rates['ins']:,.0f} /s", f"{rates['ins_heap']:,.0f} /s",
                         rates["ins"] / rates["ins_heap"], "of the heap's rate", at_least=0.95)
        self.results.add("its p99", f"{latencies['ins']:.2f} ms", f"{latencies['ins_heap']:.2f} ms",
                         latencies["ins"] / latencies["ins_heap"], "of the heap's", at_most=1.2)
        smallest = self.sql("SELECT coalesce(min(rows), 0) FROM footfall.segments "
                            "WHERE relation = 'ins'::regclass")
        segments = self.sql("SELECT count(*) FROM footfall.segments "
                            "WHERE relation = 'ins'::regclass")
        self.results.note(f"Seal ran {rounds} times during the inserts and left {segments} "
                          f"segments; the smallest has {int(smallest):,} rows.")

    def peak_memory(self):
        for phase, peak in self.memory.peaks.items():
            if phase != "start":
                self.results.add(f"peak private memory of a backend, {phase}",
                                 f"{peak / 2**20:,.0f} MiB", "", peak / 2**20, "MiB",
                                 at_most=512)
