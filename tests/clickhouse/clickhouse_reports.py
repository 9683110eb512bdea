"""The reports asked again in ClickHouse's SQL, by its own means (windowFunnel, arrays, joins)."""


def funnels(log, windows):
    steps = "{%s}" % ",".join(log.events)
    met = ", ".join("event = '%s'" % event for event in log.events)
    numbers = "numbers(1, %d)" % len(log.events)
    for window in windows:
        for counting, keys in (("customers", "customer"), ("sessions", "customer, session")):
            only = "WHERE session <> ''" if counting == "sessions" else ""
            log.same(
                "funnel %d s of %s" % (window, counting),
                "SELECT step, customers, dropped FROM footfall.funnel('LOG', '%s', '%d s', counting => '%s')"
                % (steps, window, counting),
                "SELECT number, reached, number = 1 ? 0 : before - reached FROM (SELECT number, "
                "countIf(level >= number) AS reached, countIf(level >= number - 1) AS before FROM (SELECT "
                "windowFunnel(%d)(ts, %s) AS level FROM LOG %s GROUP BY %s) CROSS JOIN %s GROUP BY number)"
                % (window, met, only, keys, numbers),
                len(log.events),
            )
        log.same(
            "funnel %d s in exact order" % window,
            "SELECT step, customers FROM footfall.funnel('LOG', '%s', '%d s', step_order => 'exact')" % (steps, window),
            "SELECT number, countIf(level >= number) FROM (SELECT windowFunnel(%d, 'strict_order')(ts, %s) AS level FROM "
            "LOG GROUP BY customer) CROSS JOIN %s GROUP BY number" % (window, met, numbers),
            len(log.events),
        )
        # By what the first step was, the first time that it is known.
        log.same(
            "funnel %d s by kind" % window,
            "SELECT breakdown, step, customers FROM footfall.funnel('LOG', '%s', '%d s', breakdown => 'kind', "
            "median => false)" % (steps, window),
            "SELECT touched, number, countIf(level >= number) FROM (SELECT windowFunnel(%d)(ts, %s) AS level, "
            "argMinIf(kind, (ts, kind), event = '%s' AND kind <> '') AS touched FROM LOG GROUP BY customer "
            "HAVING level > 0) CROSS JOIN %s GROUP BY touched, number" % (window, met, log.events[0], numbers),
            len(log.events),
        )
        # Within dates: entries of the middle third of the log.
        since, until = log.clickhouse(
            "SELECT min(ts) + (max(ts) - min(ts)) / 3, min(ts) + 2 * (max(ts) - min(ts)) / 3 " "FROM LOG"
        )[0]
        log.same(
            "funnel %d s within dates" % window,
            "SELECT step, customers FROM footfall.funnel('LOG', '%s', '%d s', since => '%s', until => '%s')"
            % (steps, window, since, until),
            "SELECT number, countIf(level >= number) FROM (SELECT windowFunnel(%d)(ts, event = '%s' AND ts < "
            "'%s', %s) AS level FROM LOG WHERE ts >= '%s' GROUP BY customer) CROSS JOIN %s GROUP BY number"
            % (window, log.events[0], until, met.split(", ", 1)[1], since, numbers),
            len(log.events),
        )
    # In any order: some moment from which so many different steps lie within the window.
    window = windows[0]
    log.same(
        "funnel %d s in any order" % window,
        "SELECT step, customers FROM footfall.funnel('LOG', '%s', '%d s', step_order => 'any')" % (steps, window),
        "SELECT number, countIf(level >= number) FROM (SELECT customer, max(steps) AS level FROM (SELECT customer, "
        "uniqExact(event) OVER (PARTITION BY customer ORDER BY toUnixTimestamp(ts) RANGE BETWEEN CURRENT ROW AND %d "
        "FOLLOWING) AS steps FROM LOG WHERE event IN (%s)) GROUP BY customer) CROSS JOIN %s GROUP BY number"
        % (window, ", ".join("'%s'" % event for event in log.events), numbers),
        len(log.events),
    )


def periods(log, unit, start, step):
    """Reports by calendar unit; start and step are ClickHouse's functions for it."""
    period = "'1 %s'" % unit
    stamp = "formatDateTime(%s, '%%Y-%%m-%%d %%H:%%i:%%S+00', 'UTC')"
    begins = "toDateTime(%s(ts), 'UTC')" % start
    active = "SELECT DISTINCT customer, %s AS p FROM LOG" % begins
    entered = "SELECT customer, min(p) AS cohort, max(p) AS last FROM (%s) GROUP BY customer" % active
    log.same(
        "kpis by %s" % unit,
        "SELECT bucket, orders, (revenue * 100)::bigint, customers FROM footfall.kpis('LOG', %s, purchase => 'amount > 1') "
        "WHERE orders > 0" % period,
        "SELECT %s, count(), (sum(amount) * 100)::Int64, uniqExact(customer) FROM LOG WHERE amount > 1 GROUP BY %s"
        % (stamp % begins, begins),
    )
    log.same(
        "cohort_retention by %s" % unit,
        "SELECT cohort_start, period_number, customers, retained FROM footfall.cohort_retention('LOG', %s) "
        "WHERE retained > 0" % period,
        "SELECT %s, dateDiff('%s', cohort, p), any(size), count() FROM (%s) AS a JOIN (SELECT customer, cohort, "
        "count() OVER (PARTITION BY cohort) AS size FROM (%s)) AS e USING customer GROUP BY cohort, p"
        % (stamp % "cohort", unit, active, entered),
    )
    log.same(
        "cohort_retention on or after, by %s" % unit,
        "SELECT cohort_start, period_number, retained FROM footfall.cohort_retention('LOG', %s, 'on_or_after') "
        "WHERE retained > 0" % period,
        "SELECT %s, number, countIf(last >= %s(cohort, number)) AS retained FROM (%s) CROSS JOIN numbers(200) "
        "GROUP BY cohort, number HAVING retained > 0" % (stamp % "cohort", step, entered),
    )
    before, after = "%s(p, -1)" % step, "%s(p, 1)" % step
    last = log.clickhouse("SELECT max(%s) FROM LOG" % begins)[0][0]
    log.same(
        "lifecycle by %s" % unit,
        "SELECT period_start, state, customers FROM footfall.lifecycle('LOG', %s) WHERE customers <> 0" % period,
        "WITH a AS (%s), e AS (%s), there AS (SELECT customer, p, cohort, (customer, %s) IN (SELECT customer, p "
        "FROM a) AS stayed, (customer, %s) IN (SELECT customer, p FROM a) AS stays FROM a JOIN e USING customer) "
        "SELECT %s, multiIf(p = cohort, 'new', stayed, 'returning', 'resurrecting') AS state, count()::Int64 FROM there "
        "GROUP BY p, state UNION ALL SELECT %s, 'dormant', -count()::Int64 FROM there WHERE NOT stays AND p < '%s' "
        "GROUP BY p" % (active, entered, before, after, stamp % "p", stamp % after, last),
    )
    log.same(
        "stickiness by %s" % unit,
        "SELECT period_start, active_days, customers FROM footfall.stickiness('LOG', %s) WHERE customers > 0"
        % ("'1 day'" if unit == "hour" else period),
        "SELECT %s, days, count() FROM (SELECT %s AS p, customer, uniqExact(toDate(ts)) AS days FROM LOG "
        "GROUP BY p, customer) GROUP BY p, days" % (stamp % "p", begins if unit != "hour" else "toStartOfDay(ts)"),
    )


def paths(log, gap):
    path = "arrayMap(e -> e.2, arraySort(groupArray((ts, event))))"
    step = (
        "SELECT s, path[s], path[s + 1], count() FROM (%s) ARRAY JOIN range(1, least(4, length(path)) + 1) AS s "
        "GROUP BY ALL"
    )
    log.same(
        "user_flows",
        "SELECT * FROM footfall.user_flows('LOG', 4)",
        step % ("SELECT %s AS path FROM LOG GROUP BY customer" % path),
    )
    start = log.events[1]
    log.same(
        "user_flows from %s on" % start,
        "SELECT * FROM footfall.user_flows('LOG', 4, '%s')" % start,
        step
        % (
            "SELECT arrayMap(e -> e.3, arraySort(groupArrayIf((ts, event <> '%s', event), ts >= since))) AS path "
            "FROM LOG JOIN (SELECT customer, min(ts) AS since FROM LOG WHERE event = '%s' GROUP BY customer) AS f "
            "USING customer GROUP BY customer" % (start, start)
        ),
    )
    log.same(
        "sessions cut at %d s" % gap,
        "SELECT customer_id, session_number, extract(epoch FROM started_at)::bigint, "
        "extract(epoch FROM ended_at)::bigint, events, entry, exit, converted::int "
        "FROM footfall.sessions('LOG', '%d s', purchase => $$event = '%s'$$)" % (gap, log.events[2]),
        "SELECT customer, n, toUnixTimestamp(cut[1].1), toUnixTimestamp(cut[-1].1), length(cut), cut[1].2, "
        "cut[-1].2, arrayExists(e -> e.2 = '%s', cut) FROM (SELECT customer, arraySplit((e, d) -> d > %d, all, "
        "arrayDifference(arrayMap(e -> toUnixTimestamp(e.1), all))) AS cuts FROM (SELECT customer, "
        "arraySort(groupArray((ts, event))) AS all FROM LOG GROUP BY customer)) ARRAY JOIN cuts AS cut, "
        "arrayEnumerate(cuts) AS n" % (log.events[2], gap),
    )
    log.same(
        "live_activity",
        "SELECT event, events, customers FROM footfall.live_activity('LOG', '1 hour', until => "
        "(SELECT max(ts) FROM LOG))",
        "SELECT event, count(), uniqExact(customer) FROM LOG WHERE ts > (SELECT "
        "max(ts) - 3600 FROM LOG) GROUP BY event",
    )
