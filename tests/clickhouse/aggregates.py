"""Every customer's funnel in each mode, retention and sequences, beside ClickHouse's aggregates; where those lose an
answer (strict_increase) or leave it open (sequences of equal times), beside chains.py."""

import chains

# (pattern, the same for chains.pattern_ends)
PATTERNS = (
    ("(?1).*(?3)", ((0, None), (2, "any"))),
    ("(?1)(?2)", ((0, None), (1, None))),
    ("(?1)(?t<=600)(?2)", ((0, None), (1, lambda seconds: seconds <= 600))),
    ("(?1)(?t>60)(?1)", ((0, None), (0, lambda seconds: seconds > 60))),
    ("(?2)(?1).*(?1)", ((1, None), (0, None), (0, "any"))),
)
# Of the customers of whom both systems say the same, this many are looked at as well.
ALSO = 200


def compare_aggregates(log, windows):
    met = ", ".join("event = '%s'" % event for event in log.events)
    for mode in ([], ["strict_order"], ["strict_deduplication"], ["strict_once"]):
        for window in windows:
            log.same("window_funnel %d s %s" % (window, mode), *funnel(window, mode, met))
    for window in windows:
        compare_strict_increase(log, window, met)
    log.same(
        "retention",
        "SELECT customer_id, translate(footfall.retention(%s)::text, 'tf{}', '10[]') FROM LOG " "GROUP BY 1" % met,
        "SELECT customer, retention(%s)::String FROM LOG GROUP BY customer" % met,
    )
    for pattern, items in PATTERNS:
        compare_sequences(log, pattern, items, met)


def funnel(window, mode, met):
    """The question in both systems."""
    return (
        "SELECT customer_id, footfall.window_funnel('%d s', '{%s}', ts, %s) FROM LOG GROUP BY 1"
        % (window, ",".join(mode), met),
        "SELECT customer, windowFunnel(%s)(ts, %s) FROM LOG GROUP BY customer"
        % (", ".join([str(window)] + ["'%s'" % word for word in mode]), met),
    )


def compare_strict_increase(log, window, met):
    """ClickHouse lets a later first step hide an earlier one; where the answers differ, every start is tried."""
    ours, theirs = ask(log, *funnel(window, ["strict_increase"], met))

    def level(customer):
        times = [[event.ts for event in log.customers[customer] if event.event == step] for step in log.events]
        return str(len(chains.best_chain(times, window, strictly=True)))

    compare_differing(log, "window_funnel %d s strict_increase" % window, ours, theirs, level)


def compare_sequences(log, pattern, items, met):
    """Customers without equal times equal ClickHouse's; of the others, whose order it leaves open, those that differ
    equal the definition, by which equal times are in the order of the conditions."""
    single = "HAVING count(DISTINCT ts) = count(*)"
    questions = {}
    for name, theirs in (("match", "sequenceMatch"), ("count", "sequenceCount")):
        questions[name] = (
            "SELECT customer_id, footfall.sequence_%s('%s', ts, %s)::int FROM LOG GROUP BY 1" % (name, pattern, met),
            "SELECT customer, %s('%s')(ts, %s) FROM LOG GROUP BY customer" % (theirs, pattern, met),
        )
        log.same("sequence_%s %s" % (name, pattern), *("%s %s" % (text, single) for text in questions[name]))

    def matches(customer):
        rows = sorted(
            (event.ts, log.events.index(event.event)) for event in log.customers[customer] if event.event in log.events
        )
        return len(chains.pattern_ends(rows, items))

    for name, answer in (("match", lambda c: str(int(matches(c) > 0))), ("count", lambda c: str(matches(c)))):
        compare_differing(log, "sequence_%s %s, equal times" % (name, pattern), *ask(log, *questions[name]), answer)


def ask(log, ours, theirs):
    return dict(log.footfall(ours)), dict(log.clickhouse(theirs))


def compare_differing(log, title, ours, theirs, expected):
    """Who differs has the expected answer, and so have some who do not."""
    differing = [customer for customer in ours if ours[customer] != theirs.get(customer)]
    same = sorted(ours.keys() - set(differing))[:ALSO]
    looked_at = differing + same
    log.compare(
        "%s, %d unlike ClickHouse's" % (title, len(differing)),
        [(customer, ours[customer]) for customer in looked_at],
        [(customer, expected(customer)) for customer in looked_at],
    )
    log.compare(
        "%s, the same customers" % title, [(customer,) for customer in ours], [(customer,) for customer in theirs]
    )
