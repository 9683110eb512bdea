"""The same rows through footfall, scikit-learn and XGBoost; see README.md. Prints 'N passed, N failed' last."""

import io
import json
import os
import sys

import data
import numpy as np
import pandas as pd
import xgboost
from data import psql
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

SPLITS = int(os.environ.get("MODELS_SPLITS", "10"))
MAX_GAP = 0.005
MAX_CALIBRATION_ERROR = 0.03
# Three digits: half a unit of the third; of a coefficient that is nothing next to the others, so much of 0.001.
DIGITS, LEAST = 5e-4, 1e-3
TREE = {"max_depth": 6, "min_samples_leaf": 20}
FOREST = {"n_estimators": 100, "max_depth": 12, "min_samples_leaf": 5}
BOOSTING = {"n_estimators": 100, "max_depth": 4, "learning_rate": 0.1}


def expand(rows, table, train):
    """The inputs that footfall makes: numbers, an input a category, one for NULL; nothing of a constant column."""
    columns = {}
    for name in table.features:
        known = rows.loc[train, name]
        if known.nunique(dropna=False) < 2:
            continue
        if name in table.numbers:
            columns[name, "value"] = rows[name].astype(np.float32)
        else:
            for text in sorted(known.dropna().unique()):
                columns[name, text] = (rows[name] == text).astype(np.float32)
        if known.isna().any():
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
            scale = np.sqrt(((values.fillna(mean) - mean) ** 2).mean()) or 1.0
            scales[name] = (mean, scale)
            result[name] = ((result[name] - mean) / scale).fillna(0)
    return result, scales


class Footfall:
    """A model trained and applied through SQL on the rows that table `held` names."""

    def __init__(self, table, algorithm, options):
        self.table = table
        options = {"id": [table.id, *table.others], "split": "held", "calibration": "none", "seed": 1} | options
        if "time" in options:
            options["id"] = [name for name in options["id"] if name != options["time"]] + ["held"]
            del options["split"]
        query = f"SELECT c.*, h.held FROM {table.name} c JOIN held h USING ({table.id}) ORDER BY {table.id}"
        self.version, self.calibration_error = psql(
            f"SELECT version, calibration_error FROM footfall.train('{table.name}', '{algorithm}', '{query}', "
            f"'{table.label}', '{json.dumps(options)}')").strip().split("|")

    def held(self, what):
        return psql(f"SELECT c.{self.table.id}, {what} WHERE held ORDER BY 1")

    def scores(self):
        found = self.held(f"footfall.score('{self.table.name}', c, {self.version}) FROM {self.table.name} c "
                          f"JOIN held h USING ({self.table.id})")
        return pd.read_csv(io.StringIO(found), sep="|", header=None, names=["id", "score"])["score"].to_numpy()

    def coefficients(self):
        found = psql(f"SELECT item, value FROM footfall.model_metrics WHERE model = '{self.table.name}' "
                     f"AND version = {self.version} AND metric = 'coefficient'")
        return {item: float(value) for item, value in (line.split("|") for line in found.splitlines())}

    def contributions(self):
        found = self.held(f"e.feature, e.contribution FROM {self.table.name} c JOIN held h USING ({self.table.id}), "
                          f"footfall.explain('{self.table.name}', c, {self.version}) e")
        rows = pd.read_csv(io.StringIO(found), sep="|", header=None, names=["id", "feature", "value"])
        return rows.pivot(index="id", columns="feature", values="value").sort_index()


def described(name):
    column, what = name
    return {"value": column, "null": f"{column} is null"}.get(what, f"{column} = {what}")


def coefficient_gap(found, linear, columns, scales):
    """The largest difference relative to the coefficient, in the units of the data, the intercept included."""
    wanted = {described(name): weight / scales.get(name, (0, 1))[1] for name, weight in zip(columns, linear.coef_[0])}
    wanted["(intercept)"] = linear.intercept_[0] - sum(
        weight * scales[name][0] / scales[name][1] for name, weight in zip(columns, linear.coef_[0]) if name in scales)
    floor = {described(name): LEAST / scales.get(name, (0, 1))[1] for name in columns} | {"(intercept)": LEAST}
    assert wanted.keys() == found.keys()
    return max(abs(found[name] - weight) / max(abs(weight), floor[name]) for name, weight in wanted.items())


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, value, most, text):
        good = bool(value <= most)
        print(f"{'ok' if good else 'FAILED':6} {text:64} {value:10.2g}   asked at most {most:g}", flush=True)
        self.passed += good
        self.failed += not good


def compare(table, results):
    rows = table.rows
    gaps, calibration = {}, {"gradient_boosting": [], "logistic_regression": []}
    coefficients = contributions = 0.0
    for seed in range(SPLITS):
        used, held = table.split(seed)
        psql("TRUNCATE held")
        psql("COPY held FROM STDIN (FORMAT csv)", pd.DataFrame(
            {"id": rows.loc[used, table.id], "held": held[used]}).to_csv(index=False, header=False))
        train, test = used & ~held, used & held
        label = rows[table.label].to_numpy()
        inputs = expand(rows, table, train)
        scaled, scales = standardised(inputs, train)

        def against(algorithm, options, theirs):
            ours = Footfall(table, algorithm, options)
            gaps.setdefault(algorithm, []).append(
                (roc_auc_score(label[test], ours.scores()), roc_auc_score(label[test], theirs)))
            return ours

        linear = LogisticRegression(solver="liblinear", C=1, tol=1e-9, max_iter=1000)
        linear.fit(scaled[train].to_numpy(), label[train])
        ours = against("logistic_regression", {"C": 1, "tol": 1e-9}, linear.decision_function(scaled[test].to_numpy()))
        coefficients = max(coefficients, coefficient_gap(ours.coefficients(), linear, scaled.columns, scales))

        svc = LinearSVC(C=1, dual=False, tol=1e-6, max_iter=10000).fit(scaled[train].to_numpy(), label[train])
        # It needs a calibration, for which it sets a few rows aside.
        against("linear_svc", {"C": 1, "tol": 1e-6, "calibration": "platt", "calibration_fraction": 0.01},
                svc.decision_function(scaled[test].to_numpy()))
        for algorithm, kind, options in (("decision_tree", DecisionTreeClassifier, TREE),
                                         ("random_forest", RandomForestClassifier, FOREST)):
            theirs = kind(random_state=seed, **options).fit(inputs[train].to_numpy(), label[train])
            against(algorithm, options, theirs.predict_proba(inputs[test].to_numpy())[:, 1])
        # XGBoost sends unknown values where they belong.
        boosted = inputs[[name for name in inputs.columns if name[1] != "null" or name[0] not in table.numbers]]
        booster = xgboost.train(
            {"objective": "binary:logistic", "tree_method": "hist", "eta": BOOSTING["learning_rate"],
             "max_depth": BOOSTING["max_depth"], "base_score": 0.5},
            xgboost.DMatrix(boosted[train].to_numpy(), label=label[train]), BOOSTING["n_estimators"])
        matrix = xgboost.DMatrix(boosted[test].to_numpy())
        ours = against("gradient_boosting", BOOSTING, booster.predict(matrix))
        if seed == 0:
            theirs = booster.predict(matrix, pred_contribs=True)
            mine = ours.contributions()
            for feature in mine.columns:
                which = [i for i, name in enumerate(boosted.columns) if name[0] == feature]
                wanted = theirs[:, -1] if feature == "(bias)" else theirs[:, which].sum(axis=1)
                contributions = max(contributions, np.abs(mine[feature].to_numpy() - wanted).max())
        if table.time:
            for algorithm, errors in calibration.items():
                errors.append(float(Footfall(table, algorithm, {
                    "time": table.time, "embargo": table.embargo, "calibration": "platt"}).calibration_error))

    for algorithm, pairs in gaps.items():
        ours, theirs = np.array(pairs).T
        results.check(abs((theirs - ours).mean()), MAX_GAP, f"{table.name}, {algorithm}: mean gap in ROC AUC "
                                                            f"({ours.mean():.4f}, theirs {theirs.mean():.4f})")
    results.check(coefficients, DIGITS, f"{table.name}: coefficients, largest relative difference")
    results.check(contributions, 1e-4, f"{table.name}: contributions, largest difference")
    if table.time:
        for algorithm, errors in calibration.items():
            results.check(np.mean(errors), MAX_CALIBRATION_ERROR, f"{table.name}, {algorithm}: calibration error, later period")


def main():
    psql("CREATE EXTENSION footfall")
    results = Results()
    for title, make in data.TABLES.items():
        table = make()
        if table is None:
            print(f"# {title} is not here and is left out")
            continue
        psql(f"DROP TABLE IF EXISTS held; CREATE TABLE held ({table.id} text PRIMARY KEY, held bool)")
        print(f"# {title}: {len(table.rows)} rows, {table.rows[table.label].mean():.1%} of them true, {SPLITS} splits")
        compare(table, results)
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed or not results.passed else 0


if __name__ == "__main__":
    sys.exit(main())
