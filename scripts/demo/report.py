"""Asks the questions, checks each answer against the heap copy, and prints what came out."""
from dataclasses import dataclass

import terminal as t
from periods import fitting
from problem import Problem

MOST_COHORTS = 14
MOST_PERIODS = 16
STEP_WORDS = {"view": "view", "cart": "cart", "purchase": "purchase"}


@dataclass
class Cohort:
    name: str
    place: int    # of its period, from 0
    active: dict  # customers by how many periods later; [0] is the cohort's size


class Report:
    def __init__(self, database, questions, table, copy):
        self.database, self.questions = database, questions
        self.table, self.copy = table, copy
        self.figures = 0

    def ask(self, query):
        """The answer from the footfall table, after checking that the heap copy says the same."""
        answer = self.database.rows(query.format(table=self.table))
        expected = self.database.rows(query.format(table=self.copy))
        if answer != expected:
            odd = next((pair for pair in zip(answer, expected) if pair[0] != pair[1]),
                       (f"{len(answer)} rows", f"{len(expected)} rows"))
            raise Problem(
                f"The footfall table and its heap copy disagree: {odd[0]} against {odd[1]}.",
                "This is a bug in footfall: please report it with this query: " +
                query.format(table=self.table))
        self.figures += sum(len(row) for row in answer)
        return answer

    def ask_twice(self, query, plain, columns, keep=lambda row: True):
        """The answer of a report, when its first columns are also what plain SQL says of the copy."""
        answer = self.ask(query)
        expected = self.database.rows(plain.format(table=self.copy))
        if [row[:columns] for row in answer if keep(row)] != [row[:columns] for row in expected]:
            raise Problem("A report and the same question in plain SQL disagree.",
                          "This is a bug in footfall: please report it with these queries: " +
                          query.format(table=self.table) + "; " + plain.format(table=self.copy))
        return answer

    def print(self):
        overview = self.ask(self.questions.overview())[0]
        self.period = fitting(float(overview[5]))
        self._overview(overview)
        self._kpis()
        self._by_period()
        self._funnel()
        self._retention()
        return self.figures

    def _overview(self, overview):
        events, customers, sessions, first, last, _ = overview
        t.title("What is in it")
        rows = [("events", t.number(int(events))), ("customers", t.number(int(customers)))]
        if sessions:
            rows.append(("sessions", t.number(int(sessions))))
        t.table(rows, align="<>")
        t.say(f"  from {first[:16]} to {last[:16]} UTC")
        if "event_type" in self.questions.roles:
            t.say()
            types = self.ask(self.questions.event_types())
            most = int(types[0][1])
            t.table([(name or "(none)", t.number(int(count)), t.number(int(who)),
                      t.bar(int(count) / most, 24)) for name, count, who in types],
                    header=("event", "rows", "customers", ""), align="<>><")

    def _kpis(self):
        t.title("KPIs")
        questions = self.questions
        if questions.purchase is None:
            t.wrapped("No event is a purchase, so there are no orders to count. "
                      'If they have another name: MAP="purchase=…".')
            return
        revenue, orders, average, customers = self.ask(questions.kpis())[0]
        rows = []
        if questions.money:
            rows.append(("revenue", t.money(float(revenue or 0))))
        rows.append(("orders", t.number(int(orders))))
        if questions.money:
            rows.append(("average order value", t.money(float(average or 0))))
        rows.append(("unique customers who bought", t.number(int(customers))))
        t.table([(name, t.bold(value.rjust(16))) for name, value in rows], align="<<")
        if questions.money is None:
            t.wrapped("The data has no amount and no price, so revenue and order value are left "
                      'out (MAP="amount=…").')
        elif "amount" not in questions.roles:
            t.wrapped(f"Revenue is {questions.money.replace('coalesce(quantity, 1)', 'quantity')} "
                      "of the purchases.")
        if questions.purchases_only:
            t.wrapped("The data has no event type: every row counts as a purchase.")
        if "order_id" not in questions.roles:
            t.wrapped("It has no order number: every purchase counts as an order.")

    def _by_period(self):
        rows = self.ask(self.questions.kpis_by_period(self.period))
        if len(rows) < 2:
            return
        t.title(f"By {self.period.word}")
        shown, left = rows[:MOST_PERIODS], len(rows) - MOST_PERIODS
        with_orders = self.questions.purchase is not None
        with_money = with_orders and self.questions.money is not None
        column = 4 if with_money else 1
        most = max((float(row[column]) for row in rows), default=0) or 1
        table, header = [], [self.period.word, "events", "customers"]
        header += ["orders"] * with_orders + ["revenue"] * with_money + [""]
        for label, events, customers, orders, revenue in shown:
            cells = [label, t.number(int(events)), t.number(int(customers))]
            cells += [t.number(int(orders))] * with_orders
            cells += [t.money(float(revenue))] * with_money if with_money else []
            table.append(cells + [t.bar(float(revenue if with_money else events) / most, 24)])
        t.table(table, header=header, align="<" + ">" * (len(header) - 2) + "<")
        if left > 0:
            t.say(t.dim(f"  … and {left} more"))

    def _funnel(self):
        questions = self.questions
        steps = questions.funnel_steps() if not questions.purchases_only else []
        t.title("Funnel: view → cart → purchase",
                f"customers, in this order, within {questions.window}; later: the median"
                if len(steps) > 1 else "")
        missing = [step for step in STEP_WORDS if step not in steps]
        if questions.purchases_only:
            t.wrapped("Left out: the data has no event type, so there are no steps to compare.")
            return
        if len(steps) < 2:
            t.wrapped(f"Left out: the data has no {' and no '.join(missing)} events. If they have "
                      f'another name: MAP="{missing[0]}=…".')
            return
        if missing:
            t.wrapped(f"The data has no {missing[0]} events; that step is left out.")
        funnel = self.ask_twice(questions.funnel(), questions.funnel_in_plain_sql(), 3)
        reached = [int(row[1]) for row in funnel]
        rows = []
        for i, step in enumerate(steps):
            share = reached[i] / reached[0] if reached[0] else 0
            lost = "" if i == 0 else f"−{t.number(int(funnel[i][2]))}"
            drop = "" if i == 0 or not reached[i - 1] else \
                f"{1 - reached[i] / reached[i - 1]:.1%} drop off"
            pause = f"{t.duration(float(funnel[i][3]))} later" if funnel[i][3] else ""
            rows.append((STEP_WORDS[step], t.number(reached[i]), f"{share:.1%}",
                         t.bar(share, 30).ljust(30), lost, drop, pause))
        t.table(rows, align="<>><>>>")

    def _retention(self):
        period, questions = self.period, self.questions
        word = period.word
        t.title("Retention", f"customers by the {word} they first came, active each {word} after")
        until = self.ask(questions.end_of_last_period(period))[0][0]
        cohorts, unfinished = {}, set()
        for name, place, distance, count, complete in self.ask_twice(
                questions.retention(period, until), questions.retention_in_plain_sql(period), 4,
                lambda row: row[3] != "0"):
            cohort = cohorts.setdefault(name, Cohort(name, int(place), {}))
            cohort.active[int(distance)] = int(count)
            if complete == "f":
                unfinished.add(cohort.place + int(distance))
        cohorts = list(cohorts.values())
        last = max((cohort.place + max(cohort.active) for cohort in cohorts), default=0)
        if last < 1:
            t.wrapped(f"Left out: the data covers less than two {word}s.")
            return
        self._cohorts(cohorts, last, unfinished)

    def _cohorts(self, cohorts, last, unfinished):
        """One line a cohort. The periods with the numbers in `unfinished` are marked."""
        word = self.period.word
        label = max(len(name) for name in [cohort.name for cohort in cohorts] + [word])
        size = max([len(t.number(cohort.active[0])) for cohort in cohorts] + [len("customers")])
        shown = min(last, (t.WIDTH - label - size - 6) // 8)
        t.say(t.dim("  " + word.ljust(label) + "  " + "customers".rjust(size) +
                    "".join(f"+{n}".rjust(8) for n in range(1, shown + 1))))
        marked = False
        for cohort in cohorts[:MOST_COHORTS]:
            line = f"  {cohort.name.ljust(label)}  {t.number(cohort.active[0]).rjust(size)}"
            for distance in range(1, min(shown, last - cohort.place) + 1):
                share = cohort.active.get(distance, 0) / cohort.active[0]
                star = cohort.place + distance in unfinished
                marked = marked or star
                line += shaded(f"{share:.1%}{'*' if star else ' '}".rjust(8), share)
            t.say(line)
        notes = []
        if len(cohorts) > MOST_COHORTS:
            notes.append(f"{len(cohorts) - MOST_COHORTS} later cohorts are not shown")
        if shown < last:
            notes.append(f"{word}s after +{shown} are not shown")
        if marked:
            notes.append(f"* the log ends within this {word}")
        if notes:
            t.say(t.dim("  " + "; ".join(notes)))


def shaded(cell, share):
    """The more customers stay, the stronger the colour."""
    for least, colour in ((0.5, "38;5;46"), (0.25, "38;5;40"), (0.1, "38;5;34"), (0.0, "38;5;28")):
        if share >= least and share > 0:
            return t.style(cell, *colour.split(";"))
    return t.dim(cell)
