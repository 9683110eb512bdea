"""The reports beside those of expected.py, every column of every row."""

import datetime
import decimal

import expected

# Kinds of columns: t time, s text, i integer, n numeric, f float, b boolean.
UTC = datetime.timezone.utc
SEGMENT = "frequent"


def text(value, kind):
    """One form for both sides; None is NULL."""
    if value is None or value == "":
        return ""
    if kind == "t" and isinstance(value, int):
        return datetime.datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S+00")
    if kind == "n":
        return str(decimal.Decimal(value).normalize() + 0)
    if kind == "f":
        return "%.9g" % float(value)
    if kind == "b" and isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def compare(log, title, statement, kinds, rows):
    ours = [tuple(text(value, kind) for value, kind in zip(row, kinds)) for row in log.footfall(statement)]
    theirs = [tuple(text(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in rows]
    log.compare("%s, by definition" % title, ours, theirs)


def activity(log, bucket, seconds):
    """kpis in two ways, live_activity."""
    name = log.events[2]
    compare(
        log,
        "kpis",
        "SELECT * FROM footfall.kpis('LOG', '%d seconds', purchase => $$event = '%s'$$)" % (bucket, name),
        "tsinnib",
        expected.kpis(log, bucket, lambda e: e.event == name),
    )
    compare(
        log,
        "kpis of orders by kind",
        "SELECT * FROM footfall.kpis('SELECT customer_id, ts, session_id AS order_id, "
        "kind, amount FROM LOG', '%s', breakdown => 'kind', purchase => 'amount > 20')"
        % ("1 day" if bucket < expected.DAY else "1 month"),
        "tsinnib",
        expected.kpis(
            log,
            "day" if bucket < expected.DAY else "month",
            lambda e: e.cents > 2000,
            lambda e: e.kind,
            counts_orders=True,
        ),
    )
    until = log.last - 2 * seconds // 3
    compare(
        log,
        "live_activity",
        "SELECT * FROM footfall.live_activity('LOG', '%d seconds', until => to_timestamp(%d))" % (seconds, until),
        "siin",
        expected.live_activity(log, seconds, until),
    )


def funnels(log, windows):
    """Every figure of the funnel, who stopped where, window_funnel_times, exclusions."""
    steps = "{%s}" % ",".join(log.events)
    for window in windows:
        found = expected.best_chains(log, log.events, window)
        compare(
            log,
            "funnel %d s" % window,
            "SELECT * FROM footfall.funnel('LOG', '%s', '%d s')" % (steps, window),
            "sisiinnf",
            expected.funnel(log.events, found),
        )
        compare(
            log,
            "funnel_durations %d s" % window,
            "SELECT * FROM footfall.funnel_durations('LOG', '%s', '%d s', '{0,0.1,0.5,0.95}')" % (steps, window),
            "sisiff",
            expected.funnel_durations(log.events, found, (0, 0.1, 0.5, 0.95)),
        )
        for reached in (None, 1, 2, 3):
            compare(
                log,
                "funnel_customers %d s, %s" % (window, reached or "all"),
                "SELECT * FROM "
                "footfall.funnel_customers('LOG', '%s', '%d s'%s)"
                % (steps, window, ", reached => %d" % reached if reached else ""),
                "sitt",
                expected.funnel_customers(found, reached),
            )
        compare(
            log,
            "window_funnel_times %d s" % window,
            "SELECT customer_id, array_to_string(array(SELECT extract(epoch "
            "FROM t)::bigint FROM unnest(times) AS t), ' ') FROM (SELECT customer_id, footfall.window_funnel_times("
            "'%d s', ts, %s) AS times FROM LOG GROUP BY 1) AS f WHERE cardinality(times) > 0"
            % (window, ", ".join("event = '%s'" % event for event in log.events)),
            "ss",
            [(customer, " ".join(map(str, chain))) for customer, chain in found.items()],
        )
        first, excluded, last = log.events
        for exclusion, removes in (("drop_off", False), ("remove_customer", True)):
            found = expected.best_chains(log, [first, last], window, excluded, removes)
            compare(
                log,
                "funnel %d s, exclusion %s" % (window, exclusion),
                "SELECT * FROM footfall.funnel('LOG', "
                "'{%s,%s}', '%d s', exclude => '{%s}', exclusion => '%s')" % (first, last, window, excluded, exclusion),
                "sisiinnf",
                expected.funnel([first, last], found),
            )


def compare_retention(log, period, mode, first, back, cohorts):
    compare(
        log,
        "cohort_retention by %s, %s, %s to %s" % (period, mode, first, back),
        "SELECT * FROM footfall.cohort_retention('LOG', '%s', '%s'%s%s)"
        % (
            period,
            mode,
            ", first_event => '%s'" % first if first else "",
            ", return_event => '%s'" % back if back else "",
        ),
        "titiinb",
        cohorts,
    )


def periods(log, unit, seconds=None):
    """unit: a word, or with seconds a duration."""
    period, unit = ("%d seconds" % seconds, seconds) if seconds else ("1 %s" % unit, unit)
    for mode in ("on", "on_or_after"):
        for first, back in (
            (None, None),
            (log.events[0], log.events[2]),
            (log.events[1], log.events[1]),
            (None, log.events[1]),
            (log.events[2], None),
        ):
            cohorts = expected.cohort_retention(log, unit, mode == "on_or_after", first, back)
            compare_retention(log, period, mode, first, back, cohorts)
    lengths = {"week": 7 * expected.DAY, "day": expected.DAY}
    length = seconds or lengths.get(unit)  # months differ in theirs
    for mode in ("rolling", "rolling_or_after") if length else ():
        for first, back in ((None, None), (log.events[0], log.events[2])):
            cohorts = expected.rolling_retention(log, length, unit, mode == "rolling_or_after", first, back)
            compare_retention(log, period, mode, first, back, cohorts)
    compare(
        log,
        "lifecycle by %s" % period,
        "SELECT * FROM footfall.lifecycle('LOG', '%s')" % period,
        "tsib",
        expected.lifecycle(log, unit),
    )
    days = unit if seconds is None else "day"
    compare(
        log,
        "stickiness by %s" % days,
        "SELECT * FROM footfall.stickiness('LOG', '1 %s')" % days,
        "tiinb",
        expected.stickiness(log, days),
    )


def segments(log, window):
    """A segment itself, as a filter and as a breakdown."""
    lately = sorted(events[-1].ts for events in log.customers.values())[len(log.customers) // 4]
    members = expected.segment(
        log,
        [
            lambda events: sum(event.cents for event in events if event.event != log.events[1]) > 3000,
            lambda events: any(event.event == log.events[1] and event.cents > 500 for event in events),
            lambda events: events[-1].ts > lately,
        ],
    )
    log.footfall("DROP VIEW IF EXISTS %s" % SEGMENT)
    log.footfall(
        "SELECT footfall.create_segment('%s', 'LOG', ARRAY[$$sum(amount) FILTER (WHERE event <> '%s') > 30$$, "
        "$$event = '%s' AND amount > 5$$, $$max(ts) > to_timestamp(%d)$$])"
        % (SEGMENT, log.events[1], log.events[1], lately)
    )
    compare(log, "create_segment", "SELECT customer_id FROM %s" % SEGMENT, "s", [(member,) for member in members])
    inside = "customer_id IN (SELECT customer_id FROM %s)" % SEGMENT
    compare(
        log,
        "a segment as a filter",
        "SELECT event, events, customers FROM footfall.live_activity('LOG', '%d seconds', "
        "until => to_timestamp(%d), filter => '%s')" % (3600 * 24 * 800, log.last, inside),
        "sii",
        [row[:3] for row in expected.live_activity(OnlyMembers(log, members), 3600 * 24 * 800, log.last)],
    )
    found = expected.best_chains(log, log.events, window)
    compare(
        log,
        "a segment as a breakdown",
        "SELECT * FROM footfall.funnel('LOG', '{%s}', '%d s', breakdown => '%s')"
        % (",".join(log.events), window, inside),
        "sisiinnf",
        expected.funnel(log.events, found, lambda customer: "true" if customer in members else "false"),
    )


class OnlyMembers:
    """A log of some customers."""

    def __init__(self, log, members):
        self.customers = {customer: events for customer, events in log.customers.items() if customer in members}
        self.last = log.last
