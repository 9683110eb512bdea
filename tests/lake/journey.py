"""A shop's log and a table of every type go to a store, are queried, changed, erased and brought back; others read along."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

from lake import HERE
from stores import INSTALLED

EVENTS = int(os.environ.get("LAKE_EVENTS", "300000"))
MONTHS = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-07-01")
PARTITIONS = [f"events_{number}" for number in range(1, len(MONTHS))]
QUERIES = (
    "SELECT event_type, count(*), sum(amount), min(ts), max(ts), count(DISTINCT customer_id) FROM {} GROUP BY 1 ORDER BY 1",
    "SELECT category, brand, avg(price), sum(quantity), count(rating) FROM {} GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST",
    "SELECT * FROM {} WHERE customer_id = 17 ORDER BY ts, event_type, product_id, url, x::text",
    "SELECT count(*) FROM {} WHERE url LIKE '%product%' AND device = 'mobile' AND campaign IS NOT NULL",
    "SELECT date_trunc('day', ts) d, count(*) FILTER (WHERE event_type = 'purchase'), sum(amount) FROM {} GROUP BY 1 ORDER BY 1",
    "SELECT customer_id, sum(amount) FROM {} WHERE ts >= '2026-01-20' AND ts < '2026-02-10' GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1 LIMIT 50",
    "SELECT customer_id, ts, lag(ts) OVER (PARTITION BY customer_id ORDER BY ts, x::text) FROM {} WHERE customer_id < 40 ORDER BY 1, 2, 3",
    "SELECT a.country, count(*) FROM {} a JOIN (SELECT customer_id, min(ts) t FROM {} GROUP BY 1) b ON a.customer_id = b.customer_id "
    "AND a.ts < b.t + interval '1 hour' GROUP BY 1 ORDER BY 1",
    "SELECT detail, count(*) FROM {} WHERE detail IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
)
KINDS = """
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE kinds_twin (id bigint, customer int, kind text, amount numeric(10, 2), n numeric, at timestamptz, noon timestamp, day date,
    f float8, f4 float4, u uuid, extra jsonb, j json, m mood, r tstzrange, a text[], bytes bytea, flag boolean, small int2, c char(5),
    t time, tz timetz, i interval, p point, ip inet, bits bit(3), nothing int, wide numeric(38, 10));
INSERT INTO kinds_twin SELECT i, i % 300, (ARRAY['view', 'cart', 'purchase', NULL])[1 + i % 4], i / 100.0, i * 1.10,
    '2026-01-01 00:00+00'::timestamptz + i * interval '1 minute', '2026-01-01 00:00'::timestamp + i * interval '1 minute',
    date '2026-01-01' + i % 30, i / 7.0, i / 3.0, md5(i::text)::uuid, jsonb_build_object('n', i % 7), json_build_object('n', i % 5),
    CASE WHEN i % 2 = 0 THEN 'low' ELSE 'high' END::mood, tstzrange('2026-01-01', '2026-01-01'::timestamptz + i * interval '1 day'),
    ARRAY['x', NULL, i::text], decode(md5(i::text), 'hex'), i % 3 = 0, i % 100, 'c' || i % 9, time '00:00' + i * interval '1 second',
    '12:00+02', i * interval '1 hour', point(i, 2 * i), ('10.0.0.' || i % 250)::inet, (i % 8)::bit(3), NULL, i * 12345678.90123
    FROM generate_series(1, 30000) i;
INSERT INTO kinds_twin (id, f, f4, n, amount, at, noon, day, kind) VALUES
    (-1, 'NaN', 'NaN', 'NaN', 'NaN', 'infinity', '-infinity', '-infinity', ''), (-2, '-Infinity', 'Infinity', 'Infinity', 1,
    '-infinity', 'infinity', 'infinity', 'NULL'), (-3, NULL, NULL, NULL, NULL, '294276-01-01', '4713-01-01 BC', '4713-01-01 BC', E'\\t\\n''"');
INSERT INTO kinds_twin (id) SELECT -i FROM generate_series(4, 100) i;
CREATE TABLE kinds (LIKE kinds_twin) USING footfall;
INSERT INTO kinds SELECT * FROM kinds_twin"""


def load(lake, simulator):
    lake.sql("SET synchronous_commit = off")
    subprocess.run([simulator, "--quiet", "--events", str(EVENTS), "--customers", "4000", "--days", "115", "--seed", "11", "--format",
                    "copy", "--connect", lake.server.conninfo(lake.database), "--table", "twin", "--create", "heap"], check=True)
    lake.sql("CREATE TABLE events (LIKE twin) PARTITION BY RANGE (ts)")
    for name, start, end in zip(PARTITIONS, MONTHS, MONTHS[1:]):
        lake.sql(f"CREATE TABLE {name} PARTITION OF events FOR VALUES FROM ('{start}') TO ('{end}') USING footfall")
    lake.sql("SELECT footfall.configure('events', time_column => 'ts', customer_column => 'customer_id', order_by => ARRAY['customer_id', 'ts'])")
    lake.sql("INSERT INTO events SELECT * FROM twin")
    for statement in KINDS.split(";\n"):
        lake.sql(statement)


def answers(lake, title):
    lake.same(title)
    for query in QUERIES:
        ours, theirs = (lake.text(query.format(*[f"{table} x" if "x::text" in query else table] * 2)) for table in ("events", "twin"))
        lake.check(ours == theirs and ours, f"{lake.name}: {title}: {query}", ours[:500], theirs[:500])


def cold(lake, table):
    return lake.text("SELECT count(*) FILTER (WHERE archive_object IS NOT NULL) > 0, count(*) FILTER (WHERE archive_object IS NULL) "
                     f"FROM footfall.segment WHERE storage = (SELECT reltoastrelid FROM pg_class WHERE relname = '{table}')")


def both(lake, statement):
    for table in ("events", "twin"):
        lake.sql(statement.format(table))


def journey(lake, simulator, readers):
    load(lake, simulator)
    for partition in PARTITIONS[:3]:
        lake.sql(f"CALL footfall.archive('{partition}', 'lake')")
        lake.check(cold(lake, partition) == "t|0", f"{lake.name}: {partition} is cold", cold(lake, partition))
        lake.same(f"{partition} archived")
    answers(lake, "three partitions archived")
    lake.agree("three partitions archived")
    lake.sql("SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0")
    answers(lake, "in parallel")
    lake.sql("RESET ALL")
    lake.sql("CALL footfall.archive('kinds', 'lake')")
    lake.same("every type", "kinds", "kinds_twin")
    lake.check(lake.text("SELECT count(*) FROM footfall.verify('kinds')") == "0", f"{lake.name}: every type verified")

    both(lake, "INSERT INTO {0} SELECT '2026-01-05 10:00'::timestamptz + customer_id * interval '1 minute', customer_id, session_id, 'view', product_id "
               "FROM (SELECT DISTINCT ON (customer_id) * FROM twin ORDER BY customer_id, ts, twin::text) x")
    lake.same("late rows")
    both(lake, "UPDATE {0} SET amount = amount + 1, country = NULL WHERE customer_id % 50 = 3")
    lake.same("updated")
    both(lake, "UPDATE {0} SET ts = ts + interval '31 days' WHERE customer_id % 100 = 5 AND ts < '2026-02-01'")
    lake.same("moved to another partition")
    both(lake, "DELETE FROM {0} WHERE customer_id % 20 = 7 AND event_type = 'view'")
    answers(lake, "deleted")
    for partition in PARTITIONS[:3]:
        lake.sql(f"CALL footfall.archive('{partition}', 'lake')")
    answers(lake, "archived again")
    lake.agree("archived again")

    lake.sql("CALL footfall.erase('events', '21')")
    lake.sql("DELETE FROM twin WHERE customer_id = 21")
    lake.same("erased")
    for partition in PARTITIONS[:3]:
        lake.sql(f"CALL footfall.archive('{partition}', 'lake')")
    lake.same("erased and archived")
    lake.agree("erased and archived")
    if readers:
        read_along(lake)
    else:
        lake.sql(f"CALL footfall.archive('{PARTITIONS[3]}', 'lake')")
    answers(lake, "all archived")
    lake.shows_no_secret("after the journey")
    lake.sql("CALL footfall.unarchive('events')")
    lake.sql("CALL footfall.unarchive('kinds')")
    answers(lake, "brought back")
    lake.same("every type brought back", "kinds", "kinds_twin")
    lake.check(cold(lake, PARTITIONS[0]).startswith("f|"), f"{lake.name}: all is local")
    lake.agree("brought back")
    lake.check(lake.objects("public.events") == set(), f"{lake.name}: the store is empty", lake.objects("public.events"))
    large_object(lake)


def read_along(lake):
    """Other engines read three partitions while the fourth goes to and fro."""
    expected = {}
    for partition in PARTITIONS[:3]:
        expected[partition] = lake.text(
            "SELECT count(*), sum(customer_id), sum(amount), count(amount), count(DISTINCT event_type), sum(product_id), "
            f"count(*) FILTER (WHERE customer_id = 21) FROM {partition}")
    stop = threading.Event()
    turns = []

    def archive():
        connection = lake.connect()
        try:
            while not stop.is_set():
                turns.append(connection.run(f"CALL footfall.archive('{PARTITIONS[3]}', 'lake')"))
                turns.append(connection.run(f"CALL footfall.unarchive('{PARTITIONS[3]}')"))
                stop.wait(2)  # or a slow reader would meet a log of hundreds of commits
            turns.append(connection.run(f"CALL footfall.archive('{PARTITIONS[3]}', 'lake')"))
        finally:
            connection.close()

    other = threading.Thread(target=archive)
    other.start()
    try:
        job = {"store": lake.name, "prefix": lake.store.prefix, "table": "public.events", "partitions": PARTITIONS[:3],
               "spark": str(INSTALLED / "spark" / "libs")}
        if lake.name == "file":
            job["local"] = str(lake.store.directory)
        elif lake.name == "s3":
            job.update(local=str(lake.store.directory), bucket="footfall", port=lake.store.port, access=lake.store.access_key,
                       secret=lake.store.secret_key)
        else:
            job.update(rpc=lake.store.rpc, local=copy_of(lake, PARTITIONS[:3]))
        for reader in ("delta-rs", "DuckDB", "Spark"):
            done = subprocess.run([INSTALLED / "venv" / "bin" / "python", HERE / "readers.py", reader, json.dumps(job)],
                                  capture_output=True, text=True, check=False, timeout=900)
            found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
            for partition in PARTITIONS[:3]:
                lake.check(found.get(partition) == expected[partition], f"{lake.name}: {reader} reads {partition}",
                           found.get(partition), expected[partition], done.stderr[-1500:] if not found else "")
    finally:
        stop.set()
        other.join()
        if lake.name == "hdfs":
            shutil.rmtree(job["local"], ignore_errors=True)
    lake.check(len(turns) > 2 and all(turn.ok for turn in turns), f"{lake.name}: archived meanwhile", turns[:5])
    lake.agree("after other engines have read")


def copy_of(lake, partitions):
    """A local copy of the log and then of the partitions' objects."""
    target = pathlib.Path(tempfile.mkdtemp(prefix="footfall-copy-"))
    for part in ("_delta_log/0", *(f"footfall_partition={partition}/" for partition in partitions)):
        for key in sorted(lake.store.keys("public.events/")):
            if key.startswith(f"public.events/{part}"):
                (target / key).parent.mkdir(parents=True, exist_ok=True)
                (target / key).write_bytes(lake.store.read(key))
    return str(target)


def large_object(lake):
    """One that takes several parts (of 16 MiB), and a log of more commits than a listing shows at once."""
    lake.sql("CREATE TABLE large_twin (id int, v bytea)")
    lake.sql("INSERT INTO large_twin SELECT i, sha512(i::text::bytea) || sha512((-i)::text::bytea) || sha512((i + 0.5)::text::bytea) "
             "FROM generate_series(1, 200000) i")
    lake.sql("CREATE TABLE large (LIKE large_twin) USING footfall")
    lake.sql("INSERT INTO large SELECT * FROM large_twin")
    lake.sql("CALL footfall.archive('large', 'lake')")
    lake.same("a large object", "large", "large_twin")
    size = int(lake.text("SELECT max(bytes) FROM footfall.archive_objects WHERE relation = 'large'::regclass"))
    lake.check(size > 2 * 16 * 2**20, f"{lake.name}: it takes three parts", size)
    lake.agree("a large object", "public.large", "large")
    if lake.name != "hdfs":
        # By hand: each as another engine's commit that changes nothing.
        for version in range(len(lake.store.keys("public.large/_delta_log/")), 1105):
            lake.store.write(f"public.large/_delta_log/{version:020d}.json",
                             b'{"commitInfo":{"timestamp":1,"operation":"OPTIMIZE"}}\n')
        lake.sql("CALL footfall.unarchive('large')")
        lake.agree("a long log", "public.large", "large")
        last = max(lake.store.keys("public.large/_delta_log/"))
        lake.check(last >= f"public.large/_delta_log/{1105:020d}.json", f"{lake.name}: the log went on at its end", last)
        lake.same("a long log", "large", "large_twin")
    lake.sql("DROP TABLE large, large_twin")
    lake.sql("CALL footfall.archive_vacuum('lake', '0')")
