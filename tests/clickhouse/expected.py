"""The reports by definition, in Python, from a log's events in memory. All in UTC; times are in seconds since 1970.

Each function gives the rows of the report of its name, all columns, in any order.
"""

import collections
import datetime
import decimal

import chains

UTC = datetime.timezone.utc
DAY = 86400


def start(unit, ts):
    """When the period of a time begins."""
    if isinstance(unit, int):
        return ts - ts % unit
    moment = datetime.datetime.fromtimestamp(ts, UTC).replace(hour=0, minute=0, second=0)
    if unit == "week":
        moment -= datetime.timedelta(days=moment.weekday())
    if unit == "month":
        moment = moment.replace(day=1)
    return int(moment.timestamp())


def after(unit, begins):
    """When the next period begins."""
    if isinstance(unit, int):
        return begins + unit
    return start(unit, begins + {"day": 1, "week": 7, "month": 31}[unit] * DAY)


def periods(unit, first, last):
    """The starts of all periods from that of one time to that of another."""
    result = [start(unit, first)]
    while after(unit, result[-1]) <= last:
        result.append(after(unit, result[-1]))
    return result


def ratio(part, whole, digits=6):
    """As numeric has it; None when there is nothing to divide by."""
    if not whole:
        return None
    exact = decimal.Decimal(part) / decimal.Decimal(whole)
    return exact.quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP)


def kpis(log, unit, bought, breakdown=lambda e: None, counts_orders=False):
    """bought, breakdown: of an event. Orders are sessions, or with counts_orders False events."""
    cells = collections.defaultdict(lambda: ([], 0, set()))
    for customer, events in log.customers.items():
        for event in events:
            if bought(event):
                key = (start(unit, event.ts), breakdown(event))
                orders, cents, customers = cells[key]
                orders.append(event.session if counts_orders else len(orders))
                customers.add(customer)
                cells[key] = (orders, cents + event.cents, customers)
    rows = []
    for begins in periods(unit, min(key[0] for key in cells), log.last):
        for value in {key[1] for key in cells}:
            orders, cents, customers = cells.get((begins, value), ([], 0, set()))
            count = len(set(orders) - {None})
            rows.append(
                (
                    begins,
                    value,
                    count,
                    ratio(cents, 100, 2),
                    ratio(cents, 100 * count, 2),
                    len(customers),
                    after(unit, begins) <= log.last,
                )
            )
    return rows


def live_activity(log, seconds, until):
    counts = collections.defaultdict(lambda: [0, set()])
    for customer, events in log.customers.items():
        for event in events:
            if until - seconds < event.ts <= until:
                counts[event.event][0] += 1
                counts[event.event][1].add(customer)
    return [(name, count, len(customers), ratio(count * 60, seconds, 2)) for name, (count, customers) in counts.items()]


def step_times(events, steps):
    return [[event.ts for event in events if event.event == step] for step in steps]


def best_chains(log, steps, window, excluded=None, removes=False):
    """By customer, the chain that counts; customers without the first step are not there."""
    result = {}
    for customer, events in log.customers.items():
        times = step_times(events, steps)
        stops = [event.ts for event in events if event.event == excluded]
        if removes and chains.meets_excluded(times, window, stops):
            continue
        chain = chains.best_chain(times, window, excluded=() if removes else stops)
        if chain:
            result[customer] = chain
    return result


def funnel(steps, found, breakdown=None):
    """found: as best_chains gives them; breakdown: of a customer."""
    groups = collections.defaultdict(list)
    for customer, chain in found.items():
        groups[breakdown(customer) if breakdown else None].append(chain)
    rows = []
    for value, members in groups.items():
        reached = [sum(len(chain) > number for chain in members) for number in range(len(steps))]
        for number, name in enumerate(steps):
            before = reached[max(number - 1, 0)]
            taken = [chain[number] - chain[number - 1] for chain in members if len(chain) > number > 0]
            rows.append(
                (
                    value,
                    number + 1,
                    name,
                    reached[number],
                    before - reached[number],
                    ratio(reached[number], before),
                    ratio(reached[number], reached[0]),
                    percentile(taken, 0.5),
                )
            )
    return rows


def percentile(values, fraction):
    """Interpolated between the two that it lies between; None of none."""
    values = sorted(values)
    if not values:
        return None
    place = fraction * (len(values) - 1)
    below, above = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
    return below + (above - below) * (place - int(place))


def funnel_durations(steps, found, percentiles):
    rows = []
    for number in range(1, len(steps)):
        taken = [chain[number] - chain[number - 1] for chain in found.values() if len(chain) > number]
        rows += [(None, number + 1, steps[number], len(taken), p, percentile(taken, p)) for p in percentiles]
    return rows


def funnel_customers(found, reached=None):
    return [
        (customer, len(chain), chain[0], chain[-1])
        for customer, chain in found.items()
        if reached in (None, len(chain))
    ]


def cohort_retention(log, unit, unbounded=False, first=None, back=None):
    """first, back: names of the events of entry and return, None is any."""
    cohorts, retained = collections.Counter(), collections.Counter()
    for events in log.customers.values():
        entries = [event.ts for event in events if first in (None, event.event)]
        if not entries:
            continue
        cohort = start(unit, entries[0])
        cohorts[cohort] += 1
        returns = {start(unit, event.ts) for event in events if back in (None, event.event) and event.ts >= entries[0]}
        if unbounded:
            returns = set(periods(unit, cohort, max(returns))) if returns else set()
        for period in returns:
            retained[cohort, period] += 1
    rows = []
    for cohort, customers in cohorts.items():
        for number, period in enumerate(periods(unit, cohort, log.last)):
            rows.append(
                (
                    cohort,
                    number,
                    period,
                    customers,
                    retained[cohort, period],
                    ratio(retained[cohort, period], customers),
                    after(unit, period) <= log.last,
                )
            )
    return rows


def rolling_retention(log, seconds, unit, unbounded=False, first=None, back=None):
    """Periods of so many seconds from each customer's entry on; cohorts are of the calendar's unit."""
    cohorts = collections.defaultdict(list)
    for events in log.customers.values():
        entries = [event.ts for event in events if first in (None, event.event)]
        if entries:
            returns = {
                (event.ts - entries[0]) // seconds
                for event in events
                if back in (None, event.event) and event.ts >= entries[0]
            }
            cohorts[start(unit, entries[0])].append(((log.last - entries[0]) // seconds, returns))
    rows = []
    for cohort, members in cohorts.items():
        for number in range(max(lived for lived, _ in members) + 1):
            there = [returns for lived, returns in members if lived > number]
            retained = sum(max(returns, default=-1) >= number if unbounded else number in returns for returns in there)
            rows.append(
                (
                    cohort,
                    number,
                    cohort + number * seconds,
                    len(there),
                    retained,
                    ratio(retained, len(there)),
                    len(there) == len(members),
                )
            )
    return rows


def active(log, unit):
    """By customer, the set of the periods with events."""
    return {customer: {start(unit, event.ts) for event in events} for customer, events in log.customers.items()}


def lifecycle(log, unit):
    counts = collections.Counter()
    there = active(log, unit)
    every = periods(unit, min(min(mine) for mine in there.values()), log.last)
    follows = dict(zip(every, every[1:]))
    before = dict(zip(every[1:], every))
    for mine in there.values():
        first = min(mine)
        for period in mine:
            state = "new" if period == first else "returning" if before[period] in mine else "resurrecting"
            counts[period, state] += 1
            if period in follows and follows[period] not in mine:
                counts[follows[period], "dormant"] -= 1
    return [
        (period, state, counts[period, state], after(unit, period) <= log.last)
        for period in every
        for state in ("new", "returning", "resurrecting", "dormant")
    ]


def stickiness(log, unit):
    counts = collections.Counter()
    days = active(log, "day")
    for mine in days.values():
        for period, number in collections.Counter(start(unit, day) for day in mine).items():
            counts[period, number] += 1
    rows = []
    for period in periods(unit, min(min(mine) for mine in days.values()), log.last):
        lengths = range(1, (after(unit, period) - period) // DAY + 1)
        everybody = sum(counts[period, number] for number in lengths)
        rows += [
            (
                period,
                number,
                counts[period, number],
                ratio(counts[period, number], everybody),
                after(unit, period) <= log.last,
            )
            for number in lengths
        ]
    return rows


def segment(log, conditions):
    """The customers who meet all conditions, functions of a customer's events."""
    return {customer for customer, events in log.customers.items() if all(met(events) for met in conditions)}
