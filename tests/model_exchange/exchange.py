"""Models in other tools' formats, scored by those tools; see README.md. Prints 'N passed, N failed' last."""

import importlib
import io
import json
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import xgboost

# XGBoost 1.7 asks NumPy for a name that it no longer has.
np.NaN = np.nan
TOLERANCE = 1e-6
NUMBERS = ["tenure", "monthlycharges", "totalcharges"]
BOOSTING = {"n_estimators": 60, "max_depth": 4}
ALGORITHMS = {"logistic_regression": {}, "linear_svc": {}, "decision_tree": {}, "random_forest": {"n_estimators": 30},
              "gradient_boosting": BOOSTING}


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        print("ok" if good else "FAILED", text, flush=True)
        self.passed += bool(good)
        self.failed += not good


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


def optional(name):
    """A tool that need not be there; what it would check is left out, aloud."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"left out: {name} is not installed")
        return None


def export(model, version, file_format="xgboost_json"):
    return bytes.fromhex(psql(f"SELECT encode(footfall.export_model('{model}', '{file_format}', {version}), 'hex')"))


def scores(model, version):
    found = psql(f"SELECT footfall.score('{model}', c, {version}) FROM customers c ORDER BY customerid")
    return np.array(found.split(), dtype=float)


def train(model, algorithm, options):
    options = {"id": "customerid", "seed": 3} | options
    return int(psql(f"SELECT version FROM footfall.train('{model}', '{algorithm}', "
                    f"'SELECT * FROM customers ORDER BY customerid', 'churn', '{json.dumps(options)}')"))


def store(model, content, options="{}"):
    psql("CREATE TABLE IF NOT EXISTS incoming (content text); TRUNCATE incoming")
    psql("COPY incoming FROM STDIN (FORMAT csv)", pd.DataFrame([content.decode()]).to_csv(index=False, header=False))
    return int(psql(f"SELECT footfall.import_model('{model}', 'xgboost_json', convert_to(content, 'UTF8'), "
                    f"'{options}') FROM incoming"))


def compare(results, title, found, wanted, tolerance=TOLERANCE):
    gap = np.abs(np.asarray(found, dtype=float) - wanted).max()
    results.check(gap <= tolerance, f"{title}: largest difference {gap:.2g}")


def inputs_of(rows, names):
    """The columns that an exported model names: a number, 'x is null', 'x = category'."""
    columns = {}
    for name in names:
        if name.endswith(" is null"):
            columns[name] = rows[name[:-len(" is null")]].isna().astype(np.float32)
        elif " = " in name:
            column, category = name.split(" = ", 1)
            columns[name] = (rows[column] == category).astype(np.float32)
        else:
            columns[name] = rows[name].astype(np.float32)
    return pd.DataFrame(columns)


def xgboost_reads_ours(rows, results):
    for calibration in ("none", "platt"):
        version = train("ours", "gradient_boosting", BOOSTING | {"calibration": calibration})
        content = export("ours", version)
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(content)
            file.flush()
            booster = xgboost.Booster(model_file=file.name)
        data = xgboost.DMatrix(inputs_of(rows, booster.feature_names))
        compare(results, f"XGBoost {xgboost.__version__} predicts our export ({calibration})",
                booster.predict(data), scores("ours", version))
        # Saved by XGBoost, it comes back; its digits are those of single precision then.
        again = store("again", bytes(booster.save_raw("json")))
        compare(results, f"saved again by XGBoost ({calibration})", scores("again", again), scores("ours", version))
        back = store("back", content)
        results.check((scores("back", back) == scores("ours", version)).all(),
                      f"our export comes back bit for bit ({calibration})")


def we_read_xgboosts(rows, results):
    label = rows["churn"].to_numpy()
    plain = rows[NUMBERS + ["seniorcitizen"]].astype(np.float32)
    texts = [name for name in rows.columns if name not in NUMBERS + ["seniorcitizen", "customerid", "churn"]]
    typed = pd.concat([plain, rows[texts].astype("category")], axis=1)
    categories = {name: list(typed[name].cat.categories) for name in texts}
    parameters = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 5, "eta": 0.2}
    for title, frame, more in (("numbers", plain, {}), ("sets of categories", typed, {"max_cat_to_onehot": 1}),
                               ("single categories", typed, {"max_cat_to_onehot": 64}),
                               ("base score", plain, {"base_score": 0.2}), ("reg:logistic", plain, {"objective": "reg:logistic"})):
        data = xgboost.DMatrix(frame, label=label, enable_categorical=True)
        booster = xgboost.train(parameters | more, data, 30)
        # Before 3.1 XGBoost does not save the texts.
        options = {"categories": categories} if frame is typed and int(xgboost.__version__.split(".")[0]) < 3 else {}
        version = store("theirs", bytes(booster.save_raw("json")), json.dumps(options))
        compare(results, f"a model of XGBoost {xgboost.__version__} ({title}, {booster.num_boosted_rounds()} trees)",
                scores("theirs", version), booster.predict(data))
        if title == "sets of categories":
            found = psql(f"SELECT c.customerid, e.feature, e.contribution FROM customers c, "
                         f"footfall.explain('theirs', c, {version}) e WHERE customerid < '2'")
            mine = pd.read_csv(io.StringIO(found), sep="|", header=None, names=["id", "feature", "value"]).pivot(
                index="id", columns="feature", values="value").sort_index()
            theirs = pd.DataFrame(booster.predict(data, pred_contribs=True), columns=list(frame.columns) + ["(bias)"])
            theirs = theirs[(rows["customerid"] < "2").to_numpy()]
            compare(results, "its contributions", mine[theirs.columns].to_numpy(), theirs.to_numpy(), 1e-4)


def onnx_scores_ours(rows, results):
    onnx, onnxruntime = optional("onnx"), optional("onnxruntime")
    if onnx is None or onnxruntime is None:
        return
    for algorithm, options in ALGORITHMS.items():
        for calibration in ("none", "platt", "isotonic"):
            if algorithm == "linear_svc" and calibration == "none":
                continue
            version = train("onnx", algorithm, options | {"calibration": calibration})
            wanted = scores("onnx", version)
            model = onnx.load_from_string(export("onnx", version, "onnx"))
            onnx.checker.check_model(model, full_check=True)
            null_text = {entry.key: entry.value for entry in model.metadata_props}["null_text"]
            session = onnxruntime.InferenceSession(model.SerializeToString())
            feed = {}
            for put in session.get_inputs():
                column = rows[put.name]
                is_text = put.type == "tensor(string)"
                feed[put.name] = (column.fillna(null_text).to_numpy(dtype=object) if is_text
                                  else column.to_numpy(dtype=np.float32)).reshape(-1, 1)
            compare(results, f"onnxruntime {onnxruntime.__version__}, {algorithm}, {calibration}",
                    session.run(["probability"], feed)[0].ravel(), wanted)


def pmml_scores_ours(rows, results):
    jpmml, pypmml = optional("jpmml_evaluator"), optional("pypmml")
    # Fields are of single precision, which pypmml does not see to.
    frame = rows.drop(columns=["customerid", "churn"]).astype({name: np.float32 for name in NUMBERS})
    frame = frame.astype({name: float for name in NUMBERS}).astype(object).where(frame.notna(), None)
    for algorithm, options in ALGORITHMS.items():
        for calibration in ("none", "platt", "isotonic"):
            if algorithm == "linear_svc" and calibration == "none":
                continue
            version = train("pmml", algorithm, options | {"calibration": calibration})
            wanted = scores("pmml", version)
            with tempfile.NamedTemporaryFile(suffix=".pmml") as file:
                file.write(export("pmml", version, "pmml"))
                file.flush()
                if jpmml is not None:
                    found = jpmml.make_evaluator(file.name).verify().evaluateAll(frame)["probability"]
                    compare(results, f"jpmml-evaluator, {algorithm}, {calibration}", found, wanted)
                if pypmml is not None:
                    model = pypmml.Model.load(file.name)
                    some = frame.iloc[:500]
                    found = [model.predict(row)["probability"] for row in some.to_dict("records")]
                    compare(results, f"pypmml, {algorithm}, {calibration}", found, wanted[:len(some)])


def main():
    rows = read(sys.argv[1]).sort_values("customerid").reset_index(drop=True)
    # NULLs in texts and numbers.
    rows.loc[rows.index % 11 == 0, "contract"] = None
    rows.loc[rows.index % 13 == 0, "monthlycharges"] = np.nan
    load(rows)
    results = Results()
    xgboost_reads_ours(rows, results)
    we_read_xgboosts(rows, results)
    onnx_scores_ours(rows, results)
    pmml_scores_ours(rows, results)
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
