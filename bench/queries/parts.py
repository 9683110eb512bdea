"""The parts of the benchmark, one function each; all take a Bench and put tables into its report."""
import datetime
import os
import random
import statistics
import threading
import time

import engines
from engines import DATABASE, Failed, Peer, Postgres, evict
from libpq import Connection
from workload import ASKED, BEHAVIOR, Variants

CLIENTS = 8
# What noise may add to a time that is judged.
NOISE = 1.05
# A row of the largest table beside one of the smallest; a day of a year beside the day alone.
LINEAR, DAY = 1.15, 1.15
# Beside work_mem, in MiB, for a process of the server.
BESIDE_WORK_MEM = 256


def median_of(engine, sql, times):
    """After one run that fills the caches."""
    engine.run(sql)
    return statistics.median(engine.run(sql)[0] for _ in range(times))


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def same(first, second):
    """Equal rows, floating values within 1e-9 of each other."""
    if len(first) != len(second):
        return False
    for a, b in zip(first, second):
        for x, y in zip(a, b):
            if x == y:
                continue
            p, q = number(x), number(y)
            if p is None or q is None or abs(p - q) > 1e-9 * max(abs(p), abs(q)):
                return False
    return True


def totals(rows):
    """The sum of a result's numbers: what answers of different engines can be compared by."""
    return len(rows), sum(v for row in rows for v in (number(x) for x in row if not isinstance(x, bool)) if v is not None)


def check(bench):
    """Before anything is timed: the same answers everywhere."""
    for name in bench.workload.queries():
        rows = {}
        for engine in bench.engines.values():
            rows[engine.name] = engine.run(bench.workload.text(name, engine.name), True)[1]
        if not same(rows["heap"], rows["footfall"]):
            raise Failed(f"{name}: footfall's answer is not heap's")
        count, total = totals(rows["heap"])
        for peer in ("duckdb", "clickhouse"):
            if peer in rows:
                other = totals(rows[peer])
                # Sums of text, times and booleans print in their own ways: only numbers are looked at.
                if other[0] != count or (name[0].isdigit() and abs(other[1] - total) > 1e-6 * abs(total)):
                    bench.report.note(f"{name}: {peer} answers {other[0]} rows with the sum {other[1]:.6g}, heap {count} with {total:.6g}.")


def side_by_side(bench):
    """Every query on every engine, median of REPEAT; beside the ratios what is asked."""
    table = bench.report.table("Side by side", "medians in ms; ratio: times as fast as heap",
                               ("query", *bench.engines, "footfall ÷ heap", *(p for p in bench.engines if p not in ("heap", "footfall")), "asked"))
    for name in bench.workload.queries():
        times = {e.name: median_of(e, bench.workload.text(name, e.name), bench.repeat) for e in bench.engines.values()}
        ratios = {n: times["heap"] / t for n, t in times.items()}
        bench.ratios[name] = ratios
        asked = ASKED.get(name)
        table.add(name, *(f"{times[n]:.4g}" for n in bench.engines), f"**{ratios['footfall']:.1f}×**",
                  *(f"{ratios[n]:.1f}×" for n in bench.engines if n not in ("heap", "footfall")),
                  "" if asked is None else f"{asked:g}× {'met' if ratios['footfall'] >= asked else 'not met'}")
    bench.report.bars("queries.svg", "times as fast as a heap table", bench.ratios, ASKED)
    # A look-up also beside what a heap table would have for it.
    admin = Connection("dbname=" + DATABASE)
    admin.must("CREATE INDEX ev_lookup ON on_heap.ev (customer_id, ts)")
    admin.must("ANALYZE on_heap.ev")
    name = "05_point"
    heap, own = (median_of(bench.engines[e], bench.workload.text(name, e), bench.repeat) for e in ("heap", "footfall"))
    table.add(name + " (heap with a btree)", f"{heap:.4g}", f"{own:.4g}", *[""] * (len(bench.engines) - 2), f"**{heap / own:.2f}×**",
              *[""] * (len(bench.engines) - 2), "")
    admin.must("DROP INDEX on_heap.ev_lookup")
    admin.close()


def behavior(bench):
    """The question by footfall's function beside the heap table's plain SQL; answers are compared first."""
    table = bench.report.table("Behaviour", "the question by footfall's function beside the heap's plain SQL, medians in ms",
                               ("question", "heap, plain SQL", "footfall, its function", "footfall ÷ heap", "asked"))
    for name, (asked, plain, function) in BEHAVIOR.items():
        plain = plain.format(text=bench.workload.text(name, "heap"))
        heap, own = bench.engines["heap"], bench.engines["footfall"]
        if not same(heap.run(plain, True)[1], own.run(function, True)[1]):
            raise Failed(f"{name}: the function's answer is not plain SQL's")
        times = median_of(heap, plain, bench.repeat), median_of(own, function, bench.repeat)
        ratio = times[0] / times[1]
        table.add(name, f"{times[0]:.4g}", f"{times[1]:.4g}", f"**{ratio:.1f}×**", f"{asked}× {'met' if ratio >= asked else 'not met'}")


def variants(bench):
    """Random variants of each of the eleven: no query is special."""
    table = bench.report.table("Variants", f"{bench.variants} random variants a query, times as fast as heap",
                               ("query", "least", "median", "most", "the least one", "asked"))
    maker = Variants(random.Random(bench.seed), bench.customers, 20000)
    for name in bench.workload.eleven:
        if name == "07_funnel":
            continue
        found = []
        for _ in range(bench.variants):
            sql = maker.make(name)
            rows = [bench.engines[e].run(sql, True)[1] for e in ("heap", "footfall")]
            if not same(*rows):
                raise Failed(f"footfall's answer is not heap's: {sql}")
            heap, own = (min(bench.engines[e].run(sql)[0] for _ in range(2)) for e in ("heap", "footfall"))
            found.append((heap / own, sql))
        found.sort()
        table.add(name, f"{found[0][0]:.1f}×", f"**{statistics.median(f[0] for f in found):.1f}×**", f"{found[-1][0]:.1f}×",
                  "`" + found[0][1].replace("|", "\\|") + "`", f"{ASKED.get(name, ''):}")


def clients(bench):
    """Eight clients at once, each asking the same query again and again."""
    table = bench.report.table("Clients", f"{CLIENTS} clients at once, answers a second",
                               ("query", "heap", "footfall", "footfall ÷ heap", "alone"))
    for name in bench.workload.queries():
        rates = {}
        for side in ("heap", "footfall"):
            rates[side] = answers_a_second(bench, side, bench.workload.text(name, side))
        alone = bench.ratios.get(name, {}).get("footfall")
        table.add(name, f"{rates['heap']:.3g}", f"{rates['footfall']:.3g}", f"**{rates['footfall'] / rates['heap']:.1f}×**",
                  f"{alone:.1f}×" if alone else "")


def answers_a_second(bench, side, sql):
    """Each client finishes what it began; the time is the last one's."""
    sessions = [Postgres(side, bench.engines[side].settings) for _ in range(CLIENTS)]
    for session in sessions:
        session.run("SELECT 1")
    counts, failures = [0] * CLIENTS, []
    started = time.monotonic()

    def work(position):
        try:
            while time.monotonic() - started < bench.seconds:
                sessions[position].run(sql)
                counts[position] += 1
        except Exception as failure:  # told to the caller
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - started
    for session in sessions:
        session.close()
    if failures:
        raise failures[0]
    return sum(counts) / elapsed


def cold(bench):
    """From a cold cache: the server started anew, its files forgotten by the kernel; DuckDB likewise."""
    sides = [n for n in ("heap", "footfall", "duckdb") if n in bench.engines]
    table = bench.report.table("Cold cache", "ms, one run after a restart with nothing in memory, best of two",
                               ("query", *sides, "footfall ÷ heap", "footfall ÷ duckdb"))
    for name in bench.workload.queries():
        times = {}
        for side in sides:
            engine = bench.engines[side]
            text = bench.workload.text(name, side)
            for _ in range(2):
                if isinstance(engine, Peer):
                    engine.close()
                    evict(engine.directory)
                    engine.run("SELECT 1")
                else:
                    bench.restart()
                    engine.run("SELECT count(*) FROM pg_class")  # the session's own catalogs
                times[side] = min(engine.run(text)[0], times.get(side, 1e12))
        table.add(name, *(f"{times[s]:.4g}" for s in sides), f"**{times['heap'] / times['footfall']:.1f}×**",
                  f"{times['duckdb'] / times['footfall']:.2f}×" if "duckdb" in times else "")


def hot(bench):
    """The newest partitions hot, the others compacted: share by share, beside sealed + 0.6 · share · heap."""
    names = [n for n in ("01_kpi", "02_hourly", "04_count_filter", "10_features", "11_daily_uniques")]
    table = bench.report.table("Hot rows", "ms; allowed: sealed + 0.6 · share · heap", ("share hot", *(f"{n}: ms (allowed)" for n in names)))
    admin = Connection("dbname=" + DATABASE)
    admin.must("DROP SCHEMA IF EXISTS on_share CASCADE")
    admin.must("CREATE SCHEMA on_share")
    engines.create_table(admin, "on_share", "ev", "footfall")
    admin.must("INSERT INTO on_share.ev SELECT * FROM on_heap.ev")
    admin.must("VACUUM (ANALYZE) on_share.ev")
    engine = Postgres("footfall", ("search_path = on_share, public",) + tuple(bench.engines["footfall"].settings))
    heap = {n: median_of(bench.engines["heap"], bench.workload.text(n, "heap"), bench.repeat) for n in names}
    measured = []
    parts = [row[0] for row in admin.must("SELECT relid::regclass FROM pg_partition_tree('on_share.ev') WHERE isleaf ORDER BY 1").rows]
    for sealed in range(len(parts) + 1):
        if sealed:
            before = admin.must(f"SELECT count(*) FROM {parts[sealed - 1]}").rows[0][0]
            admin.must(f"CALL footfall.seal('{parts[sealed - 1]}')")
            admin.must(f"CALL footfall.compact('{parts[sealed - 1]}')")
            admin.must(f"VACUUM (ANALYZE) {parts[sealed - 1]}")
            if before == "0":
                continue
        hot_rows, cold_rows = map(int, admin.must("SELECT coalesce(sum(hot_rows), 0), coalesce(sum(sealed_rows), 0) "
                                                  "FROM footfall.storage('on_share.ev')").rows[0])
        measured.append((hot_rows / (hot_rows + cold_rows),
                         {n: median_of(engine, bench.workload.text(n, "footfall"), bench.repeat) for n in names}))
    engine.close()
    at_rest = measured[-1][1]
    lines = {n: [] for n in names}
    worst = {n: 0.0 for n in names}
    for share, times in reversed(measured):
        allowed = {n: at_rest[n] + 0.6 * share * heap[n] for n in names}
        table.add(f"{share:.0%}", *(f"{times[n]:.4g} ({allowed[n]:.4g}{'' if times[n] <= allowed[n] * NOISE else ', more'})" for n in names))
        for n in names:
            lines[n].append((share, times[n] / heap[n]))
            worst[n] = max(worst[n], times[n] / allowed[n])
    for n in names:
        bench.report.verdict(worst[n] <= NOISE, f"{n} with hot rows takes at most sealed + 0.6 · share · heap: {worst[n]:.2f} of it")
    bench.report.lines("hot.svg", "share of rows hot", "time ÷ heap's time", lines)
    admin.must("DROP SCHEMA on_share CASCADE")
    admin.close()


def fill_year(admin, schema, bounds):
    """A year of rows: the log of a month twelve times, of a twelfth of the customers each."""
    admin.must(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    engines.create_table(admin, schema, "ev", "footfall", bounds)
    columns = "customer_id, session_id, event_type, product_id, category, brand, price, quantity, country, device, campaign, url"
    for step in range(12):
        admin.must(f"INSERT INTO {schema}.ev SELECT ts + interval '{step * 30} days', {columns} FROM on_heap.ev WHERE customer_id % 12 = {step}")
    engines.to_rest(admin, f"{schema}.ev")


def year(bench):
    """One day of a year of rows, beside the same day alone in a table. Partitions are days; by month, where a day is spread over
    segments that are in the order of customers, is told beside them."""
    admin = Connection("dbname=" + DATABASE)
    first = datetime.date(2026, 1, 1)
    fill_year(admin, "on_year", [str(first + datetime.timedelta(days=n)) for n in range(366)])
    fill_year(admin, "on_months", [f"2026-{m:02}-01" for m in range(1, 13)] + ["2027-01-01"])
    admin.must("DROP SCHEMA IF EXISTS on_day CASCADE; CREATE SCHEMA on_day")
    engines.create_table(admin, "on_day", "ev", "footfall", ["2026-07-15", "2026-07-16"])
    day = "ts >= '2026-07-15 00:00+00' and ts < '2026-07-16 00:00+00'"
    admin.must(f"INSERT INTO on_day.ev SELECT * FROM on_year.ev WHERE {day}")
    engines.to_rest(admin, "on_day.ev")
    table = bench.report.table("One day of a year", "ms", ("query", "the day alone", "of 365 days' partitions", "ratio", "of 12 months' partitions"))
    for name, sql in (("kpi", f"select count(*), sum(price*quantity), count(distinct customer_id) from ev where event_type='purchase' and {day}"),
                      ("hourly", f"select date_trunc('hour', ts) h, event_type, count(*) n, sum(price) from ev where {day} group by 1,2 order by 1,2"),
                      ("rows", f"select customer_id, ts, price from ev where {day} and country='JP' and device='tablet'")):
        times = {}
        for schema in ("on_day", "on_year", "on_months"):
            engine = Postgres("footfall", (f"search_path = {schema}, public",) + tuple(bench.engines["footfall"].settings))
            times[schema] = median_of(engine, sql, bench.repeat)
            engine.close()
        ratio = times["on_year"] / times["on_day"]
        table.add(name, f"{times['on_day']:.4g}", f"{times['on_year']:.4g}", f"{ratio:.2f}", f"{times['on_months']:.4g}")
        bench.report.verdict(ratio <= DAY, f"{name} over one day of a year costs what the day costs: {ratio:.2f} of it")
    admin.must("DROP SCHEMA on_year CASCADE")
    admin.must("DROP SCHEMA on_months CASCADE; DROP SCHEMA on_day CASCADE")
    admin.close()


def growth(bench):
    """Time and private memory by number of rows: the log again and again, half a year later each time."""
    from postgres import PeakMemory
    names = ("01_kpi", "02_hourly", "04_count_filter", "10_features", "11_daily_uniques")
    sizes = bench.growth_sizes()
    table = bench.report.table("Growth", "ms, and the largest private memory of a process of the server, MiB",
                               ("rows", *names, "peak MiB"))
    lines = {n: [] for n in names}
    memory_line, a_row = [], {n: [] for n in names}
    admin = Connection("dbname=" + DATABASE)
    for size in sizes:
        admin.must("DROP SCHEMA IF EXISTS on_growth CASCADE; CREATE SCHEMA on_growth")
        bounds = [f"{2026 + m // 12}-{m % 12 + 1:02}-01" for m in range(-1, 2 * (size // bench.rows + 2))]
        bounds[0] = "2025-12-01"
        engines.create_table(admin, "on_growth", "ev", "footfall", bounds)
        columns = "customer_id, session_id, event_type, product_id, category, brand, price, quantity, country, device, campaign, url"
        left, copy = size, 0
        while left > 0:
            take = min(left, bench.rows)
            # A part of the log is a part of its customers, so that it has the whole's shape.
            part = "" if take == bench.rows else f" WHERE hashint8(customer_id) % 10000 + 10000 < {round(20000 * take / bench.rows)}"
            admin.must(f"INSERT INTO on_growth.ev SELECT ts + interval '{copy} months', {columns} FROM on_heap.ev{part}")
            left, copy = left - take, copy + 1
            engines.to_rest(admin, "on_growth.ev")
        rows = int(admin.must("SELECT count(*) FROM on_growth.ev").rows[0][0])
        engine = Postgres("footfall", ("search_path = on_growth, public",) + tuple(bench.engines["footfall"].settings))
        with PeakMemory(bench.data) as memory:
            times = {n: median_of(engine, bench.workload.text(n, "footfall"), bench.repeat) for n in names}
        engine.close()
        peak = max(memory.peaks.values()) / 2**20
        table.add(f"{rows:,}", *(f"{times[n]:.4g}" for n in names), f"{peak:.0f}")
        for n in names:
            lines[n].append((rows / 1e6, times[n] / 1000))
            a_row[n].append(times[n] / rows)
        memory_line.append((rows / 1e6, peak))
    admin.must("DROP SCHEMA on_growth CASCADE")
    admin.close()
    for n in names:
        # A table of few rows is not worth workers, so a row of it costs more: the second size is where it begins.
        ratio = a_row[n][-1] / a_row[n][min(1, len(sizes) - 1)]
        bench.report.verdict(ratio <= LINEAR, f"{n} grows linearly: a row of the largest table costs {ratio:.2f} of one of the second size")
    allowed = 256 + BESIDE_WORK_MEM
    most = max(peak for _, peak in memory_line)
    bench.report.verdict(most <= allowed, f"memory stays within work_mem + {BESIDE_WORK_MEM} MiB ({allowed}): {most:.0f} MiB")
    bench.report.lines("growth.svg", "million rows", "seconds", lines)
    bench.report.lines("memory.svg", "million rows", "MiB of the largest process", {"peak": memory_line, "work_mem": [
        (memory_line[0][0], 256), (memory_line[-1][0], 256)]})


def cancels(bench):
    """Random cancels over all queries: how long after the request does the statement end."""
    rng = random.Random(bench.seed)
    texts = list(bench.workload.queries().values())
    engine = bench.engines["footfall"]
    session, admin = engine.connect(), Connection("dbname=" + DATABASE)
    took, finished = [], 0
    while len(took) < bench.cancels and finished < 20 * bench.cancels:
        sql = rng.choice(texts)
        full = bench.lengths.setdefault(sql, engine.run(sql)[0] / 1000)
        session.send(sql)
        time.sleep(rng.random() * full)
        admin.send(f"SELECT pg_cancel_backend({session.pid})")
        asked = time.perf_counter()
        result = session.receive()
        elapsed = (time.perf_counter() - asked) * 1000
        admin.receive()
        if result.ok:
            finished += 1
            session.run("SELECT 1")  # a late cancel hits this one
        elif result.sqlstate == "57014":
            took.append(elapsed)
        else:
            raise Failed(f"a cancelled query ends with {result!r}")
    session.close()
    admin.close()
    took.sort()
    table = bench.report.table("Cancels", f"ms from the request to the end, {len(took)} cancels", ("median", "p99", "most", "asked"))
    table.add(f"{took[len(took) // 2]:.1f}", f"{took[len(took) * 99 // 100]:.1f}", f"{took[-1]:.1f}", "p99 under 100, none over 500")


def leak(bench):
    """Ten thousand queries in one backend: its private memory must not grow."""
    admin = Connection("dbname=" + DATABASE)
    admin.must("DROP SCHEMA IF EXISTS on_few CASCADE; CREATE SCHEMA on_few")
    engines.create_table(admin, "on_few", "ev", "footfall")
    admin.must("INSERT INTO on_few.ev SELECT * FROM on_heap.ev WHERE customer_id % 500 = 1")
    engines.to_rest(admin, "on_few.ev")
    engine = Postgres("footfall", ("search_path = on_few, public",) + tuple(bench.engines["footfall"].settings))
    texts = list(bench.workload.queries().values())
    maker = Variants(random.Random(bench.seed), bench.customers, 20000)
    names = [n for n in bench.workload.eleven if n != "07_funnel"]
    engine.run("SELECT 1")
    points = []
    for count in range(bench.leak_queries + 1):
        engine.run(texts[count % len(texts)] if count % 2 else maker.make(names[count % len(names)]))
        if count % max(bench.leak_queries // 20, 1) == 0:
            with open(f"/proc/{engine.connection.pid}/status", encoding="ascii") as status:
                points.append((count, int(next(line for line in status if line.startswith("RssAnon")).split()[1]) / 1024))
    engine.close()
    table = bench.report.table("One backend", "MiB of private memory after so many queries", [f"{n}" for n, _ in points[1::4]])
    table.add(*(f"{m:.1f}" for _, m in points[1::4]))
    admin.must("DROP SCHEMA on_few CASCADE")
    admin.close()


PARTS = {"side": side_by_side, "behavior": behavior, "variants": variants, "clients": clients, "cold": cold, "hot": hot, "year": year,
         "growth": growth, "cancels": cancels, "leak": leak}
