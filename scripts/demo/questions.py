"""What an analyst wants to see first, over whatever columns there are.

Each question is a query with {table} in it, so that the same one runs on the footfall table and on
its heap copy. Funnel and retention are one call each; next to them stands the same question in plain
SQL, which their answers are compared with.
"""


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def one_of(values):
    return "event_type IN (" + ", ".join(map(literal, values)) + ")"


def text_array(texts):
    return "ARRAY[" + ", ".join(map(literal, texts)) + "]"


class Questions:
    """roles: the columns there are; steps: {step: event types}, empty without an event_type."""

    def __init__(self, roles, steps, window):
        self.roles, self.steps, self.window = set(roles), steps, window
        self.purchases_only = "event_type" not in self.roles
        if self.purchases_only:
            self.purchase = "true"
        else:
            self.purchase = one_of(steps["purchase"]) if steps["purchase"] else None
        if "amount" in self.roles:
            self.money = "amount"
        elif "price" in self.roles:
            self.money = "price * coalesce(quantity, 1)" if "quantity" in self.roles else "price"
        else:
            self.money = None
        self.order = "DISTINCT order_id" if "order_id" in self.roles else "*"

    def overview(self):
        sessions = "count(DISTINCT session_id)" if "session_id" in self.roles else "NULL"
        return (f"SELECT count(*), count(DISTINCT customer_id), {sessions}, min(ts), max(ts), "
                "extract(epoch from max(ts) - min(ts)) FROM {table}")

    def event_types(self):
        return ("SELECT event_type, count(*), count(DISTINCT customer_id) FROM {table} "
                "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 12")

    def kpis(self):
        revenue = f"sum({self.money})" if self.money else "NULL"
        average = f"round(sum({self.money})::numeric / nullif(count({self.order}), 0), 2)" \
            if self.money else "NULL"
        return (f"SELECT {revenue}, count({self.order}), {average}, count(DISTINCT customer_id) "
                f"FROM {{table}} WHERE {self.purchase}")

    def kpis_by_period(self, period):
        purchase = self.purchase or "false"
        revenue = f"coalesce(sum({self.money}) FILTER (WHERE {purchase}), 0)" \
            if self.money else "NULL"
        return (f"SELECT to_char(p, {literal(period.label)}), events, customers, orders, revenue "
                f"FROM (SELECT {period.start('ts')} AT TIME ZONE 'UTC' AS p, count(*) AS events, "
                f"count(DISTINCT customer_id) AS customers, "
                f"count({self.order}) FILTER (WHERE {purchase}) AS orders, {revenue} AS revenue "
                "FROM {table} GROUP BY 1) AS periods ORDER BY p")

    def funnel_steps(self):
        """The steps that the data has events of."""
        return [step for step, values in self.steps.items() if values]

    def funnel(self):
        """Step, customers, lost since the step before, median seconds since then."""
        steps = self.funnel_steps()
        if all(len(self.steps[step]) == 1 for step in steps):
            what = "steps => " + text_array(self.steps[step][0] for step in steps)
        else:
            what = (f"steps => {text_array(steps)}, conditions => "
                    + text_array(one_of(self.steps[step]) for step in steps))
        return (f"SELECT step, customers, dropped, median_seconds FROM footfall.funnel('{{table}}', "
                f"{what}, within => {literal(self.window)}) ORDER BY step")

    def funnel_in_plain_sql(self):
        """Step, customers and lost, by another way."""
        levels = self.levels()
        return (f"SELECT step, reached, coalesce(lag(reached) OVER (ORDER BY step) - reached, 0) "
                f"FROM (SELECT step, coalesce(sum(count) FILTER (WHERE level >= step), 0)::bigint "
                f"AS reached FROM generate_series(1, {len(self.funnel_steps())}) AS step "
                f"LEFT JOIN ({levels}) AS levels ON true GROUP BY step) AS steps ORDER BY step")

    def levels(self):
        """Customers by the furthest step they reached, in order, within the window.

        The level is the longest prefix of steps reached with each step's time at most the window
        after the first step's; a later first step restarts the chain; equal times count in step
        order. Each row keeps the latest chain's start that still admits the next step.
        """
        steps = self.funnel_steps()
        case = " ".join(f"WHEN {one_of(self.steps[step])} THEN {i}"
                        for i, step in enumerate(steps, 1))
        frame = "(PARTITION BY customer_id ORDER BY ts, step ROWS UNBOUNDED PRECEDING)"
        window = f"interval {literal(self.window)}"
        query = (f"SELECT customer_id, ts, step, max(CASE WHEN step = 1 THEN ts END) OVER {frame} "
                 f"AS start1 FROM (SELECT customer_id, ts, CASE {case} END AS step FROM {{table}}) "
                 "AS events WHERE step IS NOT NULL")
        for level in range(2, len(steps) + 1):
            query = (f"SELECT *, max(CASE WHEN step = {level} AND ts - start{level - 1} <= {window} "
                     f"THEN start{level - 1} END) OVER {frame} AS start{level} "
                     f"FROM ({query}) AS s{level}")
        level = " ".join(f"WHEN start{i} IS NOT NULL THEN {i}" for i in range(len(steps), 0, -1))
        return ("SELECT level, count(*) AS count FROM (SELECT customer_id, "
                f"max(CASE {level} ELSE 0 END) AS level FROM ({query}) AS chains GROUP BY 1) "
                "AS customers GROUP BY 1")

    def activity(self):
        """Which rows show that a customer was there: those of a visit, where visits are known."""
        return "session_id IS NOT NULL" if "session_id" in self.roles else "true"

    def retention(self, period, until):
        """Cohort, its number, how many periods later, customers active then, whether it is over.

        A cohort is the period of a customer's first activity; numbers count periods from the first
        cohort on, with those in which nobody came first. `until`: up to when the log is whole, or "".
        """
        number = period.distance("cohort_start", "min(cohort_start) OVER ()")
        arguments = f", filter => {literal(self.activity())}" if self.activity() != "true" else ""
        arguments += f", until => {literal(until)}" if until else ""
        return (
            f"SELECT to_char(cohort_start AT TIME ZONE 'UTC', {literal(period.label)}), {number}, "
            "period_number, retained, complete FROM footfall.cohort_retention('{table}', "
            f"{literal(period.length())}, time_zone => 'UTC'{arguments}) "
            "ORDER BY cohort_start, period_number")

    def retention_in_plain_sql(self, period):
        """Cohort, its number, how many periods later, customers active then (where there are any),
        by another way."""
        number = period.distance("cohort", "min(cohort) OVER ()")
        distance = period.distance("p", "cohort")
        return (
            f"SELECT to_char(cohort AT TIME ZONE 'UTC', {literal(period.label)}), {number}, "
            f"{distance}, count(*) FROM (SELECT customer_id, p, min(p) OVER "
            f"(PARTITION BY customer_id) AS cohort FROM (SELECT DISTINCT customer_id, "
            f"{period.start('ts')} AS p FROM {{table}} WHERE {self.activity()}) AS active) "
            "AS cohorts GROUP BY cohort, 3 ORDER BY cohort, 3")

    def end_of_last_period(self, period):
        """When the last period ends, if the log goes on to its end, give or take a tenth of it."""
        start = period.start("max(ts)")
        return (f"SELECT CASE WHEN max(ts) >= {start} + 0.9 * {period.step()} "
                f"THEN ({start} + {period.step()})::text ELSE '' END FROM {{table}}")

    def periods(self, period):
        return f"SELECT count(DISTINCT {period.start('ts')}) FROM {{table}}"

    def top_products(self):
        return (f"SELECT product_id, count(*), sum({self.money}) FROM {{table}} "
                f"WHERE {self.purchase} AND product_id IS NOT NULL GROUP BY 1 "
                "ORDER BY 3 DESC NULLS LAST, 1 LIMIT 5")
