"""The other reports by pandas, SciPy and lifetimes."""

import warnings

import numpy
import pandas
import scipy.optimize
import scipy.sparse
import scipy.stats
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import summary_data_from_transaction_data

SEGMENTS = {
    5: ["new", "potential loyalist", "potential loyalist", "champion", "champion"],
    4: ["promising", "potential loyalist", "potential loyalist", "loyal", "loyal"],
    3: ["about to sleep", "about to sleep", "needs attention", "loyal", "loyal"],
    2: ["hibernating", "hibernating", "at risk", "at risk", "cannot lose"],
    1: ["hibernating", "hibernating", "at risk", "at risk", "cannot lose"],
}


def rfm(events):
    purchases = events[events.event == "purchase"]
    orders = purchases.order_id if purchases.order_id.notna().any() else pandas.Series(purchases.index, purchases.index)
    groups = purchases.assign(
        order=orders, day=purchases.ts.dt.normalize(), cents=(purchases.amount * 100).round().astype("int64")
    ).groupby("customer_id")
    result = pandas.DataFrame(
        {
            "days": (events.ts.max().normalize() - groups.day.max()).dt.days,
            "orders": groups.order.nunique(),
            "cents": groups.cents.sum(),
        }
    )

    def fifth(values):
        return 1 + (values.rank(method="min") - 1).astype("int64") * 5 // len(values)

    result["recency"], result["frequency"], result["monetary"] = (
        fifth(-result.days),
        fifth(result.orders),
        fifth(result.cents),
    )
    result["segment"] = [SEGMENTS[r][f - 1] for r, f in zip(result.recency, result.frequency)]
    return result


def participants(events, goal, within, first):
    """By variant: (customers, conversions); goal is a column of booleans."""
    exposed = events[events.variant.notna()].sort_values(["ts", "variant"], kind="stable")
    entered = exposed.groupby("customer_id").agg(
        entered_at=("ts", "min"), variant=("variant", "first"), variants=("variant", "nunique")
    )
    entered = entered if first else entered[entered.variants == 1]
    goals = events[goal].merge(entered, left_on="customer_id", right_index=True)
    late = goals.ts - goals.entered_at
    reached = goals[
        (late >= pandas.Timedelta(0)) & (late <= (pandas.Timedelta(within) if within else pandas.Timedelta.max))
    ].customer_id.unique()
    entered["converted"] = entered.index.isin(reached)
    return entered.groupby("variant").converted.agg(["size", "sum"])


def equal_rates(a, b):
    """Two-sided z-test of (conversions, customers) with the pooled rate."""
    pooled = (a[0] + b[0]) / (a[1] + b[1])
    return 2 * scipy.stats.norm.sf(
        abs(a[0] / a[1] - b[0] / b[1]) / (pooled * (1 - pooled) * (1 / a[1] + 1 / b[1])) ** 0.5
    )


def lift_interval(a, b, confidence):
    """The lifts that the score test does not reject; the rates under a ratio are where the likelihood is flat."""
    quantile = scipy.stats.norm.isf((1 - confidence) / 2)

    def score(ratio):
        def slope(rate):
            return (a[0] + b[0]) / rate - (a[1] - a[0]) * ratio / (1 - ratio * rate) - (b[1] - b[0]) / (1 - rate)

        rate = scipy.optimize.brentq(slope, 1e-12, min(1, 1 / ratio) - 1e-12, xtol=1e-15)
        variance = ratio * rate * (1 - ratio * rate) / a[1] + ratio**2 * rate * (1 - rate) / b[1]
        return (a[0] / a[1] - ratio * b[0] / b[1]) / variance**0.5

    ratio = a[0] / a[1] / (b[0] / b[1])
    if ratio == 0:
        return -1, scipy.optimize.brentq(lambda r: score(r) + quantile, 1e-9, 1e9, xtol=1e-10) - 1
    return (
        scipy.optimize.brentq(lambda r: score(r) - quantile, ratio / 1000, ratio, xtol=1e-13) - 1,
        scipy.optimize.brentq(lambda r: score(r) + quantile, ratio, ratio * 1000, xtol=1e-10) - 1,
    )


def rules(baskets, items, min_support, max_items):
    """{(antecedent, consequent): (baskets, support, confidence, lift)} by products of the matrix baskets x items."""
    pairs = pandas.DataFrame({"basket": baskets, "item": items}).dropna().drop_duplicates()
    basket, _ = pandas.factorize(pairs.basket)
    item, names = pandas.factorize(pairs.item)
    matrix = scipy.sparse.csc_matrix((numpy.ones(len(pairs), dtype="int64"), (basket, item)))
    count = matrix.shape[0]
    least = max(1, min_support * count)
    single = numpy.asarray(matrix.sum(axis=0)).ravel()
    found = {}

    def add(antecedent, before, target, together):
        key = (" + ".join(sorted((names[i] for i in antecedent), key=str.encode)), names[target])
        found[key] = (together, together / count, together / before, together * count / before / single[target])

    together = (matrix.T @ matrix).tocoo()
    for i, j, n in zip(together.row, together.col, together.data):
        if i != j and n >= least:
            add([i], single[i], j, n)
            if max_items == 3 and i < j:
                both = matrix[:, [i]].multiply(matrix[:, [j]])
                for k, m in enumerate((both.T @ matrix).toarray().ravel()):
                    if k not in (i, j) and m >= least:
                        add([i, j], n, k, m)
    return found


def lifetime_values(events, until):
    """(parameters, by customer what lifetimes says), the fits in weeks as the literature has them."""
    warnings.simplefilter("ignore")
    purchases = events[events.event == "purchase"]
    last = pandas.Timestamp(until) - pandas.Timedelta(days=1) if until else events.ts.max().normalize()
    summary = summary_data_from_transaction_data(
        purchases[purchases.ts < last + pandas.Timedelta(days=1)],
        "customer_id",
        "ts",
        "amount",
        observation_period_end=last,
        freq="D",
    )
    weekly = BetaGeoFitter().fit(summary.frequency, summary.recency / 7, summary["T"] / 7, tol=1e-7)
    spent = summary[(summary.frequency > 0) & (summary.monetary_value > 0)]
    spending = GammaGammaFitter().fit(spent.frequency, spent.monetary_value, tol=1e-7)
    daily = BetaGeoFitter()
    # The same model in days: alpha is the only parameter with a unit.
    daily.params_ = weekly.params_.copy()
    daily.params_["alpha"] *= 7
    daily.predict = daily.conditional_expected_number_of_purchases_up_to_time
    histories = summary.frequency, summary.recency, summary["T"]
    summary["alive"] = daily.conditional_probability_alive(*histories)
    summary["expected"] = daily.predict(360, *histories)
    summary["amount"] = spending.conditional_expected_average_profit(summary.frequency, summary.monetary_value)
    summary["value"] = spending.customer_lifetime_value(
        daily, *histories, summary.monetary_value, time=12, discount_rate=0.01, freq="D"
    )
    return {**weekly.params_.to_dict(), **spending.params_.to_dict()}, summary
