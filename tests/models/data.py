"""The rows that models are compared on, as a table of the database and as a data frame."""

import io
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "churn"))
import logs  # noqa: E402

TEST_SHARE = 0.25
os.environ["PGTZ"] = "UTC"


def psql(statement, data=None):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
                          input=data, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"psql: {done.stderr}")
    return done.stdout


class Table:
    """`rows` has the columns of the table `name`: `id`, `label`, `others` that are no features, and features."""

    time = embargo = None

    def __init__(self, name, rows, id, label, others, numbers):
        self.name, self.rows, self.id, self.label, self.others = name, rows, id, label, others
        self.features = [column for column in rows.columns if column not in (id, label, *others)]
        self.numbers = numbers

    def split(self, seed):
        """Which rows are used, and which of all are held for testing."""
        return np.ones(len(self.rows), bool), np.random.default_rng(seed).random(len(self.rows)) < TEST_SHARE


def telco():
    path = os.environ.get("MODELS_DATA", "")
    if not os.path.exists(path):
        return None
    rows = pd.read_csv(path)
    rows.columns = [name.lower() for name in rows.columns]
    rows["totalcharges"] = pd.to_numeric(rows["totalcharges"], errors="coerce")
    rows["churn"] = rows["churn"] == "Yes"
    rows = rows.sort_values("customerid").reset_index(drop=True)
    numbers = ["tenure", "monthlycharges", "totalcharges"]
    types = {name: "float8" if name in numbers else "text" for name in rows.columns}
    types.update(seniorcitizen="int", churn="bool")
    psql("CREATE TABLE telco (" + ", ".join(f"{name} {kind}" for name, kind in types.items()) + ")")
    psql("COPY telco FROM STDIN (FORMAT csv)", rows.to_csv(index=False, header=False))
    return Table("telco", rows, "customerid", "churn", [], [*numbers, "seniorcitizen"])


class Journey(Table):
    """Later dates are asked about; each split learns from, and asks about, a share of the customers."""

    time, embargo = "cutoff", "14 days"
    FIRST, DATES, ASKED = "2017-05-01", 14, 4

    def split(self, seed):
        customers = self.rows["customer_id"].unique()
        random = np.random.default_rng(seed)
        chosen = self.rows["customer_id"].isin(random.permutation(customers)[:int(0.8 * len(customers))]).to_numpy()
        return chosen, (self.rows["date"] >= self.DATES - self.ASKED).to_numpy()


def complete_journey():
    log = logs.complete_journey()
    if log is None:
        return None
    psql("CREATE TABLE purchases (customer_id text, ts timestamptz, order_id text, product_id text, category text, "
         "amount numeric) USING footfall")
    frame = pd.DataFrame(log.events)
    frame["time"] = pd.to_datetime(frame["time"], unit="us", utc=True)
    frame["amount"] = frame["amount"] / 100
    psql("COPY purchases FROM STDIN (FORMAT csv)",
         frame[["customer", "time", "order", "product", "category", "amount"]].to_csv(index=False, header=False))
    psql("SELECT footfall.configure('purchases', time_column => 'ts', customer_column => 'customer_id', "
         "order_column => 'order_id', amount => 'amount')")
    psql(f"""CREATE TABLE journey AS
        SELECT customer_id || ' ' || dense_rank() OVER (ORDER BY cutoff) - 1 AS id,
            dense_rank() OVER (ORDER BY cutoff) - 1 AS date, d.*
        FROM footfall.churn_dataset('purchases', (SELECT array_agg(timestamptz '{Journey.FIRST}' + n * interval '14 days')
            FROM generate_series(0, {Journey.DATES - 1}) n), label_window => '14 days') d""")
    kinds = [line.split("|") for line in psql(
        "SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'journey'::regclass AND attnum > 0").splitlines()]
    rows = pd.read_csv(io.StringIO(psql("COPY journey TO STDOUT (FORMAT csv, HEADER)")), dtype={
        "customer_id": str, "id": str, "device": object, "country": object, "churned": str})
    rows["churned"] = rows["churned"] == "t"
    rows = rows.sort_values("id").reset_index(drop=True)
    numbers = [name for name, kind in kinds if kind in ("bigint", "double precision")]
    return Journey("journey", rows, "id", "churned", ["customer_id", "cutoff", "date"], numbers)


TABLES = {"Telco": telco, "Complete Journey": complete_journey}
