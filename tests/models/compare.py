"""The same rows through footfall, scikit-learn and XGBoost; see README.md. Prints 'N passed, N failed' last."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

SPLITS = int(os.environ.get("MODELS_SPLITS", "10"))
MAX_GAP = 0.005
NUMBERS = ["tenure", "monthlycharges", "totalcharges"]
TREE = {"max_depth": 6, "min_samples_leaf": 20}
FOREST = {"n_estimators": 100, "max_depth": 12, "min_samples_leaf": 5}
BOOSTING = {"n_estimators": 100, "max_depth": 4, "learning_rate": 0.1}


def psql(statement, data=None):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
                          input=data, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"psql: {done.stderr}")
    return done.stdout


def read(path):
    rows = pd.read_csv(path)
    rows.columns = [name.lower() for name in rows.columns]
    rows["totalcharges"] = pd.to_numeric(rows["totalcharges"], errors="coerce")
    rows["churn"] = rows["churn"] == "Yes"
    return rows


def load(rows):
    types = {name: "float8" if name in NUMBERS else "text" for name in rows.columns}
    types.update(seniorcitizen="int", churn="bool")
    psql("CREATE EXTENSION footfall; CREATE TABLE customers (" +
         ", ".join(f"{name} {kind}" for name, kind in types.items()) + ")")
    psql("COPY customers FROM STDIN (FORMAT csv)", rows.to_csv(index=False, header=False))
    psql("CREATE TABLE held (customerid text, held bool)")


def expand(rows, train):
    """The inputs that footfall makes: numbers, an input a category, one for NULL; all in the order of columns."""
    columns = {}
    for name in rows.columns.drop(["customerid", "churn"]):
        if name in NUMBERS + ["seniorcitizen"]:
            columns[name, "value"] = rows[name].astype(np.float32)
        else:
            for text in sorted(rows.loc[train, name].unique()):
                columns[name, text] = (rows[name] == text).astype(np.float32)
        if rows.loc[train, name].isna().any():
            columns[name, "null"] = rows[name].isna().astype(np.float32)
    return pd.DataFrame(columns)


def standardised(inputs, train):
    """Numbers with mean 0 and deviation 1, unknown ones at the mean; the rest as it is."""
    result = inputs.astype(float)
    scales = {}
    for name in inputs.columns:
        if name[1] == "value":
            values = result.loc[train, name]
            mean = values.mean()
            scale = np.sqrt(((values.fillna(mean) - mean) ** 2).mean())
            scales[name] = (mean, scale)
            result[name] = ((result[name] - mean) / scale).fillna(0)
    return result, scales


class Footfall:
    """A model trained and applied through SQL."""

    def __init__(self, name, algorithm, options):
        self.name = name
        options = {"id": ["customerid"], "split": "held", "calibration": "none", "seed": 1} | options
        query = "SELECT c.*, h.held FROM customers c JOIN held h USING (customerid) ORDER BY customerid"
        self.version = int(psql("SELECT version FROM footfall.train('{}', '{}', '{}', 'churn', '{}')".format(
            name, algorithm, query, json.dumps(options))))

    def scores(self):
        found = psql(f"SELECT c.customerid, footfall.score('{self.name}', c, {self.version}) "
                     "FROM customers c JOIN held h USING (customerid) WHERE held ORDER BY customerid")
        return pd.read_csv(io.StringIO(found), sep="|", header=None, names=["id", "score"])["score"].to_numpy()

    def coefficients(self):
        found = psql(f"SELECT item, value FROM footfall.model_metrics WHERE model = '{self.name}' "
                     f"AND version = {self.version} AND metric = 'coefficient'")
        return {item: float(value) for item, value in (line.split("|") for line in found.splitlines())}

    def contributions(self):
        found = psql(f"SELECT c.customerid, e.feature, e.contribution FROM customers c JOIN held h USING (customerid), "
                     f"footfall.explain('{self.name}', c, {self.version}) e WHERE held")
        rows = pd.read_csv(io.StringIO(found), sep="|", header=None, names=["id", "feature", "value"])
        return rows.pivot(index="id", columns="feature", values="value").sort_index()


def described(name):
    column, what = name
    return {"value": column, "null": f"{column} is null"}.get(what, f"{column} = {what}")


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        print("ok" if good else "FAILED", text)
        self.passed += good
        self.failed += not good


def main():
    rows = read(sys.argv[1]).sort_values("customerid").reset_index(drop=True)
    load(rows)
    label = rows["churn"].to_numpy()
    gaps = {}
    coefficient_gap = contribution_gap = 0.0
    for split in range(SPLITS):
        held = np.random.default_rng(split).random(len(rows)) < 0.25
        psql("TRUNCATE held")
        psql("COPY held FROM STDIN (FORMAT csv)",
             pd.DataFrame({"id": rows["customerid"], "held": held}).to_csv(index=False, header=False))
        inputs = expand(rows, ~held)
        scaled, scales = standardised(inputs, ~held)

        def compare(algorithm, options, theirs):
            ours = Footfall("telco", algorithm, options)
            gaps.setdefault(algorithm, []).append(
                (roc_auc_score(label[held], ours.scores()), roc_auc_score(label[held], theirs)))
            return ours

        linear = LogisticRegression(solver="liblinear", C=1, tol=1e-6, max_iter=1000)
        linear.fit(scaled[~held].to_numpy(), label[~held])
        ours = compare("logistic_regression", {"C": 1, "tol": 1e-6},
                       linear.decision_function(scaled[held].to_numpy()))
        found = ours.coefficients()
        for name, weight in zip(scaled.columns, linear.coef_[0]):
            scale = scales[name][1] if name in scales else 1
            coefficient_gap = max(coefficient_gap, abs(found[described(name)] * scale - weight) / max(abs(weight), 0.1))

        svc = LinearSVC(C=1, dual=False, tol=1e-6, max_iter=10000).fit(scaled[~held].to_numpy(), label[~held])
        # It needs a calibration, for which it sets a few rows aside.
        compare("linear_svc", {"C": 1, "tol": 1e-6, "calibration": "platt", "calibration_fraction": 0.01},
                svc.decision_function(scaled[held].to_numpy()))
        for algorithm, kind, options in (("decision_tree", DecisionTreeClassifier, TREE),
                                         ("random_forest", RandomForestClassifier, FOREST)):
            theirs = kind(random_state=split, **options).fit(inputs[~held].to_numpy(), label[~held])
            compare(algorithm, options, theirs.predict_proba(inputs[held].to_numpy())[:, 1])
        booster = xgboost.train(
            {"objective": "binary:logistic", "tree_method": "hist", "eta": BOOSTING["learning_rate"],
             "max_depth": BOOSTING["max_depth"], "base_score": 0.5},
            xgboost.DMatrix(inputs[~held].to_numpy(), label=label[~held]), BOOSTING["n_estimators"])
        test = xgboost.DMatrix(inputs[held].to_numpy())
        ours = compare("gradient_boosting", BOOSTING, booster.predict(test))
        if split == 0:
            theirs = booster.predict(test, pred_contribs=True)
            mine = ours.contributions()
            for feature in mine.columns:
                which = [i for i, name in enumerate(inputs.columns) if name[0] == feature]
                wanted = theirs[:, -1] if feature == "(bias)" else theirs[:, which].sum(axis=1)
                contribution_gap = max(contribution_gap, np.abs(mine[feature].to_numpy() - wanted).max())

    results = Results()
    for algorithm, pairs in gaps.items():
        ours, theirs = np.array(pairs).T
        gap = abs((theirs - ours).mean())
        results.check(gap <= MAX_GAP, f"{algorithm}: ROC AUC {ours.mean():.4f}, theirs {theirs.mean():.4f}, "
                                      f"mean gap {gap:.4f} over {len(pairs)} splits")
    results.check(coefficient_gap < 1e-3, f"coefficients: largest difference, relative to at least 0.1, {coefficient_gap:.2g}")
    results.check(contribution_gap < 1e-4, f"contributions: largest difference {contribution_gap:.2g}")
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
