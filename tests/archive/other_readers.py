"""Other engines read what ArchivedTable wrote: delta-rs, DuckDB, Arrow. By hand:

    pip install deltalake==1.6.6 duckdb==1.5.5 duckdb-extension-delta==1.5.5 pyarrow==26.0.1
    mkdir lake && FOOTFALL_TEST_LAKE=$PWD/lake build/pg15/archive_tests --gtest_filter='*ArchivedTable*local'
    python3 tests/archive/other_readers.py lake
"""

import datetime
import decimal
import pathlib
import sys

import duckdb
import duckdb_extension_delta
import pyarrow.compute
from deltalake import DeltaTable

DAYS, ROWS = 2, 15000
AMOUNTS = [row * 7 - 1000 for row in range(0, ROWS, 3)]
EXPECTED = {
    "rows": DAYS * ROWS,
    "customers": DAYS * sum(row // 10 for row in range(ROWS)),
    "amount": decimal.Decimal(DAYS * sum(AMOUNTS)) / 100,
    "no_amount": DAYS * (ROWS - len(AMOUNTS)),
    "ratio": DAYS * sum(range(ROWS)) / 4,
    "purchases": DAYS * len(AMOUNTS),
    "active": DAYS * ROWS // 2,
    "sessions": 256,
    "born": (datetime.date(2000, 1, 1) - datetime.timedelta(days=10000),
             datetime.date(2000, 1, 1) + datetime.timedelta(days=9999 - max(0, 20000 - ROWS))),
    "first": datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc),
    "days": 2,
}


def with_delta_rs(lake):
    table = DeltaTable(lake).to_pyarrow_table()
    compute = pyarrow.compute
    born = compute.min_max(table["born"]).as_py()
    return {
        "rows": table.num_rows,
        "customers": compute.sum(table["customer_id"]).as_py(),
        "amount": compute.sum(table["amount"]).as_py(),
        "no_amount": table["amount"].null_count,
        "ratio": compute.sum(table["ratio"]).as_py(),
        "purchases": compute.sum(compute.equal(table["event"], "purchase")).as_py(),
        "active": compute.sum(table["active"]).as_py(),
        "sessions": compute.count_distinct(table["session"]).as_py(),
        "born": (born["min"], born["max"]),
        "first": compute.min(table["ts"]).as_py(),
        "days": compute.count_distinct(table["day"]).as_py(),
    }


def with_duckdb(lake):
    package = pathlib.Path(duckdb_extension_delta.__file__).parent
    extension, = package.glob("extensions/*/delta.duckdb_extension")
    connection = duckdb.connect()
    connection.execute(f"LOAD '{extension}'")
    row = connection.execute(
        "SELECT count(*), sum(customer_id), sum(amount), count(*) - count(amount), sum(ratio), "
        "count(*) FILTER (event = 'purchase'), count(*) FILTER (active), count(DISTINCT session), "
        "min(born), max(born), epoch_us(min(ts)), count(DISTINCT day) FROM delta_scan(?)",
        [lake]).fetchone()
    values = list(row)
    born = (values.pop(8), values.pop(8))
    first = datetime.datetime.fromtimestamp(values.pop(8) / 1e6, datetime.timezone.utc)
    names = ["rows", "customers", "amount", "no_amount", "ratio", "purchases", "active", "sessions"]
    return dict(zip(names, values)) | {"born": born, "first": first, "days": values[8]}


def main():
    failed = 0
    for name, reader in ("delta-rs", with_delta_rs), ("DuckDB", with_duckdb):
        for key, value in reader(sys.argv[1]).items():
            if value != EXPECTED[key]:
                failed += 1
                print(f"{name}: {key} is {value}, expected {EXPECTED[key]}")
        print(f"{name}: read")
    print(f"{2 * len(EXPECTED) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
