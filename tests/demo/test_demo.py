"""Runs the demo against the server that PGHOST names and reads what it prints."""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.environ["DEMO_ROOT"]
SHARED = os.path.join(ROOT, os.environ.get("FOOTFALL_SHARED") or "../shared")
STORE = os.path.join(SHARED, "data", "rees46_2019-10-01_head.csv")


def simulator():
    return next(iter(sorted(glob.glob(os.path.join(ROOT, "build/*/bench/shop_simulator")),
                            key=os.path.getmtime, reverse=True)), None)


def numbers(line):
    return [float(n.replace(",", "")) for n in re.findall(r"(?<![\w.])[\d,]+(?:\.\d+)?", line)]


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)

    def demo(self, expect=0, **settings):
        environment = {**os.environ, "DEMO_WORK": self.work.name, "DATA": "", "MAP": "",
                       "WINDOW": "", **settings}
        result = subprocess.run([sys.executable, os.path.join(ROOT, "scripts/demo/demo.py")],
                                env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        return result.stdout if expect == 0 else result.stderr

    def file(self, content, name="events.csv"):
        path = os.path.join(self.work.name, "input-" + name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content)
        return path

    def line(self, output, start):
        found = [line for line in output.splitlines() if line.strip().startswith(start)]
        self.assertTrue(found, f"no line starts with {start!r} in:\n{output}")
        return found[0]

    def sql(self, query):
        return subprocess.run(["psql", "-XAtc", query, "shop"], capture_output=True, text=True,
                              check=True).stdout.strip()

    @unittest.skipUnless(os.path.exists(STORE), f"{STORE} is not there")
    def test_a_real_store(self):
        output = self.demo(DATA=STORE)
        self.assertEqual(numbers(self.line(output, "events "))[0], 17434)
        funnel = output[output.index("Funnel"):output.index("Retention")]
        reached = [int(numbers(self.line(funnel, step))[0]) for step in
                   ("view", "cart", "purchase")]
        self.assertEqual(reached, [4393 + 49 + 62, 49 + 62, 62])
        self.assertIn("By hour", output)
        self.assertEqual(self.sql("SELECT count(*) FROM events"), "17434")
        self.assertEqual(self.sql("SELECT a.amname FROM pg_class AS c JOIN pg_am AS a "
                                  "ON a.oid = c.relam WHERE c.relname = 'events'"), "footfall")
        self.assertEqual(self.sql("SELECT count(*) FROM footfall.verify('events')"), "0")
        self.assertIn("Left out: the data covers", output[output.index("Churn"):])
        self.assertEqual(self.sql("SELECT count(*) FROM footfall.models"), "0")

    @unittest.skipUnless(simulator(), "the shop simulator is not built")
    def test_the_simulated_shop(self):
        output = self.demo(DEMO_SIMULATOR=simulator(), DEMO_EVENTS="60000")
        self.assertIn("figures above, each equal to the same SQL on the heap copy", output)
        summary = subprocess.run([simulator(), "--events", "60000", "--output", os.devnull],
                                 capture_output=True, text=True, check=True).stderr
        orders, revenue = re.search(r"(\d+) orders worth ([\d.]+)", summary).groups()
        self.assertEqual(numbers(self.line(output, "orders "))[0], int(orders))
        self.assertEqual(numbers(self.line(output, "revenue "))[0], float(revenue))
        self.assertIn("By week", output)
        churn = output[output.index("Churn"):output.index("Go on")]
        said = {metric: float(value) for metric, value in (pair.split("|") for pair in self.sql(
            "SELECT metric, value FROM footfall.model_metrics WHERE model = 'churn' AND item IS NULL").splitlines())}
        for line, metric in (("ROC AUC", "roc_auc"), ("PR AUC", "pr_auc"), ("log loss", "log_loss"),
                             ("Brier", "brier"), ("calibration error", "calibration_error")):
            self.assertAlmostEqual(numbers(self.line(churn, line))[0], said[metric], delta=0.00051)
        self.assertGreater(said["roc_auc"], 0.7)
        self.assertLess(said["calibration_error"], 0.1)
        ten = re.findall(r"^  (\d+) +([\d.]+)%  (.+)$", churn[churn.index("because"):], re.MULTILINE)
        self.assertEqual(len(ten), 10)
        label, features = map(int, self.sql(
            "SELECT substring(dataset FROM $$label_window => '(\\d+) days$$), substring(dataset FROM "
            "$$feature_window => '(\\d+) days$$) FROM footfall.models").split("|"))
        self.assertIn(f"did not come back within {label} days", churn)
        expected = self.sql(
            "SELECT customer_id, round((100 * probability)::numeric, 1) FROM footfall.churn_scores('churn', 'events', "
            "(SELECT date_trunc('minute', max(ts)) + interval '1 minute' FROM events), "
            f"'{features} days') ORDER BY probability DESC, customer_id LIMIT 10").splitlines()
        self.assertEqual([f"{customer}|{percent}" for customer, percent, _ in ten], expected)
        for _, _, reasons in ten:
            self.assertNotRegex(reasons, "=|_", "reasons are words")

    def test_purchases_only(self):
        rows = "".join(f"{1 + n % 7} 2025{1 + n % 12:02d}15 1 {n}.50\n" for n in range(200))
        output = self.demo(DATA=self.file("customer date quantity total\n" + rows, "shop.txt"))
        self.assertEqual(numbers(self.line(output, "revenue "))[0], sum(n + .5 for n in range(200)))
        self.assertIn("By month", output)
        self.assertIn("Left out: the data has no event type", output)
        self.assertIn("who left and as many who stayed", output[output.index("Churn"):])

    def test_no_carts_and_one_period(self):
        rows = "".join(f"2026-01-01T10:00:0{n % 10},u{n % 5},{'buy' if n % 4 == 0 else 'seen'}\n"
                       for n in range(40))
        output = self.demo(DATA=self.file("when,who,what\n" + rows),
                           MAP="ts=when customer_id=who event_type=what view=seen")
        self.assertIn("no cart events", output)
        self.assertIn("covers less than two minutes", output)
        self.assertIn("no amount and no price", output)

    def test_a_mistake_leaves_nothing_half_loaded(self):
        self.demo(DATA=self.file("ts,user\n2026-01-01,1\n2026-01-02,2\n"))
        rows = "".join(f"2026-01-01,{n}\n" for n in range(12_000))
        said = self.demo(1, DATA=self.file("ts,user\n" + rows + "2026-02-30,7\n"))
        self.assertIn("line 12002, column ts", said)
        self.assertEqual(self.sql("SELECT count(*) FROM events"), "2", "the former data is there")

    def test_what_only_the_server_refuses_leaves_nothing(self):
        # So many digits are a number to the check, and too much for numeric.
        digits = "9" * 200_000
        self.demo(1, DATA=self.file(f"ts,user,price\n2026-01-01,1,{digits}\n"))
        self.assertEqual(
            subprocess.run(["psql", "-XAtc", "SELECT count(*) FROM pg_database WHERE datname = "
                            "'shop'", "postgres"], capture_output=True, text=True,
                           check=True).stdout.strip(), "0")


if __name__ == "__main__":
    unittest.main()
