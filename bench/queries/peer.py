"""DuckDB or ClickHouse (chDB) in a process of its own: peer.py duckdb|clickhouse DIRECTORY, started by engines.py.

One request a line on stdin, JSON {"sql": …, "fetch": bool}; one answer a line on stdout, JSON {"ms": …,
"rows": …} or {"error": …}. Timed is the query with its result in memory.
"""
import datetime
import decimal
import json
import os
import sys
import time

THREADS = 2


class DuckDB:
    def __init__(self, directory):
        import duckdb
        self.connection = duckdb.connect(os.path.join(directory, "bench.duckdb"), config={"threads": THREADS})
        self.connection.execute("SET TimeZone = 'UTC'")

    def run(self, sql):
        started = time.perf_counter()
        cursor = self.connection.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
        return (time.perf_counter() - started) * 1000, rows


class ClickHouse:
    def __init__(self, directory):
        from chdb import session
        self.session = session.Session(os.path.join(directory, "bench.chdb"))
        self.session.query("CREATE DATABASE IF NOT EXISTS bench")
        self.session.query("USE bench")
        self.session.query("SET max_threads = %d" % THREADS)
        self.session.query("SET session_timezone = 'UTC'")

    def run(self, sql):
        started = time.perf_counter()
        answer = self.session.query(sql, "JSONCompactEachRow").bytes()
        elapsed = (time.perf_counter() - started) * 1000
        return elapsed, [json.loads(line) for line in answer.splitlines()]


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return value


def main():
    engine = {"duckdb": DuckDB, "clickhouse": ClickHouse}[sys.argv[1]](sys.argv[2])
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            elapsed, rows = engine.run(request["sql"])
            answer = {"ms": elapsed, "rows": [[plain(v) for v in row] for row in rows] if request.get("fetch") else len(rows)}
        except Exception as error:  # whatever the engine says is the answer
            answer = {"error": str(error)[:2000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
