"""See README.md. Prints 'N passed, N failed' last."""

import os
import subprocess
import sys

EVENTS, CUSTOMERS, DAYS = 600_000, 2_000, 210
LEAST_SHARE = 0.9
TRAINING_DATES = 4
VISITS = "session_id IS NOT NULL"


def psql(database, *statements):
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database]
    for statement in statements:
        command += ["-c", statement]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def make_shop(seed):
    psql("postgres", "DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop")
    psql("shop", "CREATE EXTENSION footfall")
    subprocess.run([os.environ["TRUTH_SIMULATOR"], "--quiet", "--events", str(EVENTS), "--customers", str(CUSTOMERS),
                    "--days", str(DAYS), "--seed", str(seed), "--format", "copy", "--connect", "dbname=shop",
                    "--create", "footfall", "--star", "public"], check=True)
    psql("shop", "SELECT footfall.configure('events', time_column => 'ts')", "CALL footfall.seal('events')")


def area_under_curve(scores, labels):
    """Pairs of a lost and a kept customer in the right order; equal scores count half."""
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    ranks = 0.0
    i = 0
    while i < len(order):
        j = i
        while j < len(order) and scores[order[j]] == scores[order[i]]:
            j += 1
        ranks += sum(labels[order[k]] for k in range(i, j)) * (i + j + 1) / 2
        i = j
    lost = sum(labels)
    return (ranks - lost * (lost + 1) / 2) / (lost * (len(labels) - lost))


def calibration_error(scores, labels):
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    n = len(order)
    error = 0.0
    for group in range(10):
        rows = order[group * n // 10:(group + 1) * n // 10]
        error += abs(sum(scores[row] - labels[row] for row in rows)) / n
    return error


def judge(seed):
    """The model's share of what the truth gains over chance, and its calibration error; None for a shop that is of no use."""
    make_shop(seed)
    if psql("shop", "SELECT bool_and(churned IS NOT NULL) FROM churn_truth") != "t":
        # A log is so many events long, and may end a few days early.
        print(f"# seed {seed}: the log ends before it is known who left; left out")
        return None
    cutoffs = psql("shop", "SELECT array_agg(t.cutoff - n * interval '30 days' ORDER BY n DESC) "
                   f"FROM (SELECT max(cutoff) AS cutoff FROM churn_truth) t, generate_series(1, {TRAINING_DATES}) n")
    trained = psql("shop", "SELECT training_rows, test_rows, round(roc_auc::numeric, 3) FROM footfall.train_churn('churn', "
                   f"'events', '{cutoffs}', activity => '{VISITS}')")
    psql("shop", "SELECT footfall.deploy('churn', 1)")
    rows = psql("shop", "SELECT s.probability, t.churn_probability, t.churned::int "
                "FROM footfall.churn_scores('churn', 'events', (SELECT max(cutoff) FROM churn_truth)) s "
                "JOIN churn_truth t ON t.customer_id::text = s.customer_id").splitlines()
    scores, truth, labels = zip(*((float(s), float(t), int(label)) for s, t, label in (row.split("|") for row in rows)))
    model, best = area_under_curve(scores, labels), area_under_curve(truth, labels)
    share = (model - 0.5) / (best - 0.5)
    error = calibration_error(scores, labels)
    print(f"# seed {seed}: trained on {trained.split('|')[0]} customers, asked about {len(labels)}, of whom {sum(labels)} left: "
          f"ROC AUC {model:.4f}, of the true probabilities {best:.4f}; share {share:.3f}, calibration error {error:.4f}")
    return share, error


def main():
    seeds = os.environ.get("TRUTH_SEEDS", "3").split()
    judged = [pair for pair in (judge(int(seed)) for seed in seeds) if pair is not None]
    if not judged:
        print("0 passed, 1 failed")
        return 1
    share, error = (sum(pair[i] for pair in judged) / len(judged) for i in (0, 1))
    most = 0.03 if len(judged) > 2 else 0.05
    passed = 0
    for good, text in ((share >= LEAST_SHARE, f"share of the truth's (ROC AUC - 0.5): {share:.3f}, asked {LEAST_SHARE}"),
                       (error < most, f"calibration error on a later day: {error:.4f}, asked {most}")):
        print("ok" if good else "FAILED", text)
        passed += good
    print(f"{passed} passed, {2 - passed} failed")
    return 0 if passed == 2 else 1


if __name__ == "__main__":
    sys.exit(main())
