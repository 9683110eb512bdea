"""Who is about to leave: a model learnt from the log alone, how good it is, and the ten customers most at risk.

Lengths follow the log's: what a customer did in the weeks before a date, and whether they came in the
weeks after it. The latest date judges the model; what it is asked is not known to the training.
"""
import re
from dataclasses import dataclass

import terminal as t
from questions import literal

DAY = 86400
MODEL = "churn"
MOST_LABEL_DAYS = 30
LEAST_LABEL_DAYS = 2
LEAST_OF_EACH = 40     # customers who left, and who stayed, at each date
# How many label windows of history a date looks back on, and how many dates there are at most.
FEATURE_WINDOWS = 2
DATES, LEAST_DATES = 6, 3

# A reason in words. {} is the value; of two the first is for values up to the number between them.
WORDS = {
    "recency_days": "last seen {} days ago",
    "tenure_days": "first seen {} days ago",
    "purchase_recency_days": "last bought {} days ago",
    "purchase_gap_days": "{} days between purchases",
    "purchase_gap_deviation": "purchases {} days more or less apart",
    "frequency": "{} orders",
    "monetary": "spent {}",
    "average_basket": "{} an order",
    "active_days": "here on {} days",
    "last_session_events": "{} clicks in the last visit",
    "events_per_session": "{} clicks a visit",
    "sessions": "{} visits",
    "sessions_7_days": "{} visits in the last week",
    "sessions_14_days": "{} visits in the last two weeks",
    "sessions_30_days": "{} visits in the last month",
    "session_gap_days": "{} days between visits",
    "session_overdue": "away {} times as long as usual",
    "campaign_share": "campaigns' share of events {}",
    "device": "uses {}",
    "country": "lives in {}",
    "cart_removals": "{} carts emptied",
}
UNKNOWN = {
    "last_session_events": "no visit",
    "events_per_session": "no visit",
    "purchase_recency_days": "bought nothing",
    "purchase_gap_days": "no second purchase",
    "purchase_gap_deviation": "no third purchase",
    "average_basket": "no order",
    "session_gap_days": "one visit only",
    "session_overdue": "one visit only",
}


@dataclass
class Plan:
    """Lengths in days; dates as SQL reads them."""
    label: int
    features: int
    dates: list


def plan(span_days, last_midnight_days):
    """label and features in days and how many dates, for a log that goes on for so long; None when too short.

    last_midnight_days: from the first event to the last midnight of the log.
    """
    label = min(MOST_LABEL_DAYS, int((span_days - 1) // (FEATURE_WINDOWS + LEAST_DATES + 1)))
    if label < LEAST_LABEL_DAYS:
        return None
    features = FEATURE_WINDOWS * label
    dates = min(DATES, int((last_midnight_days - features) // label))
    return (label, features, dates) if dates >= LEAST_DATES else None


def in_words(reason):
    """"recency_days = 24.3" as a person says it."""
    name, _, value = reason.partition(" = ")
    if value == "unknown":
        return UNKNOWN.get(name, name.replace("_", " ") + " unknown")
    if name == "trend":
        number = float(value)
        return "comes less than before" if number < 0 else \
            "comes more than before" if number > 0 else "comes as often as before"
    said = WORDS.get(name, "{} " + name.replace("_", " ")).format(value)
    return re.sub(r"^((?:[a-z ]* )?1 [a-z]+)s\b", r"\1", said)


def reasons_of(text):
    """The parts of top_reasons: a comma may stand in a value, but no name follows it then."""
    return re.split(r", (?=[a-z_]+ = )", text) if text else []


class Churn:
    def __init__(self, report):
        self.report, self.database, self.questions = report, report.database, report.questions

    def print(self):
        span, dates = self._dates()
        t.title("Churn: who is about to leave",
                f"lost: did not come back within {dates.label} days" if dates else "")
        if dates is None:
            t.wrapped(f"Left out: the data covers {t.duration(span)}. A model looks back from some dates and "
                      "learns what followed; that takes two weeks at least.")
            return
        for date in dates.dates:
            customers, lost = map(int, self.report.ask(self._labels(dates, date))[0])
            if min(lost, customers - lost) < LEAST_OF_EACH:
                t.wrapped(f"Left out: of {t.number(customers)} customers on {date[:10]}, {t.number(lost)} did not "
                          f"come back within {dates.label} days. A model needs at least {LEAST_OF_EACH} who "
                          "left and as many who stayed.")
                return
        self._train(dates)
        self._most_at_risk(dates)

    def _dates(self):
        """The log's length in seconds, and the plan, if there is one."""
        span, to_midnight = map(float, self.database.rows(
            "SELECT extract(epoch FROM max(ts) - min(ts)), extract(epoch FROM "
            f"date_trunc('day', max(ts), 'UTC') - min(ts)) FROM {self.report.table}")[0])
        lengths = plan(span / DAY, to_midnight / DAY)
        if lengths is None:
            return span, None
        label, features, count = lengths
        dates = self.database.rows(
            f"SELECT date_trunc('day', max(ts), 'UTC') - {label} * n * interval '24 hours' "
            f"FROM {self.report.table}, generate_series({count}, 1, -1) AS n GROUP BY n ORDER BY n DESC")
        return span, Plan(label, features, [date for date, in dates])

    def _activity(self):
        """Deliveries and the like do not show that a customer came."""
        activity = self.questions.activity()
        return "" if activity == "true" else f", activity => {literal(activity)}"

    def _labels(self, dates, date):
        return ("SELECT count(*), count(*) FILTER (WHERE churned) FROM footfall.churn_labels('{table}', "
                f"{literal(date)}, label_window => '{dates.label} days', feature_window => "
                f"'{dates.features} days'{self._activity()})")

    def _train(self, dates):
        cutoffs = literal("{" + ",".join(f'"{date}"' for date in dates.dates) + "}")
        progress = t.Progress("train")
        version, learnt, judged, roc_auc, pr_auc, log_loss, brier, calibration = self.database.rows(
            "SELECT version, training_rows, test_rows, roc_auc, pr_auc, log_loss, brier, calibration_error "
            f"FROM footfall.train_churn({literal(MODEL)}, '{self.report.table}', {cutoffs}, "
            f"feature_window => '{dates.features} days', label_window => '{dates.label} days'"
            f"{self._activity()})")[0]
        self.database.execute(f"SELECT footfall.deploy({literal(MODEL)}, {version})")
        progress.finish(int(learnt))
        lift, lost = map(float, self.database.rows(
            "SELECT max(value) FILTER (WHERE metric = 'lift' AND item = '1'), max(value) FILTER (WHERE metric = "
            "'positives') / max(value) FILTER (WHERE metric = 'rows') FROM footfall.model_metrics "
            f"WHERE model = {literal(MODEL)} AND version = {version}")[0])
        t.say(f"  judged by {t.number(int(judged))} customers on {dates.dates[-1][:10]}, whose next {dates.label} days "
              "it had not seen:")
        t.table([(name, t.bold(f"{float(value):8.3f}"), note) for name, value, note in (
            ("ROC AUC", roc_auc, "0.5 is chance, 1 is perfect"),
            ("PR AUC", pr_auc, f"chance is {lost:.3f}"),
            ("log loss", log_loss, ""), ("Brier score", brier, ""),
            ("calibration error", calibration, "how far probabilities are from what happened"),
            ("lift of the first tenth", lift, f"{lift * lost:.1%} of them left, {lost:.1%} of all"))], align="<<<")

    def _most_at_risk(self, dates):
        as_of = self.database.value(
            f"SELECT date_trunc('minute', max(ts)) + interval '1 minute' FROM {self.report.table}")
        t.say()
        t.say(f"  The ten customers most at risk on {as_of[:16]}, and why:")
        rows = self.database.rows(
            "SELECT customer_id, probability, top_reasons FROM footfall.churn_scores("
            f"{literal(MODEL)}, '{self.report.table}', {literal(as_of)}, '{dates.features} days') "
            "ORDER BY probability DESC, customer_id LIMIT 10")
        t.table([(customer, f"{float(probability):.1%}", "; ".join(map(in_words, reasons_of(reasons))))
                 for customer, probability, reasons in rows],
                header=("customer", "leaves", "because"), align="<><")
