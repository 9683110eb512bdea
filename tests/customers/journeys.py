"""Attribution by definition, customer by customer. Times are in seconds; of equal ones touches come first, by name."""

import collections
import math

import numpy

NOTHING = None


def histories(events, converts):
    """By customer: touches [(time, campaign)] in order, times of conversions in order."""
    touches, conversions = collections.defaultdict(list), collections.defaultdict(list)
    for customer, seconds, campaign, event in zip(
        events.customer_id, events.ts.astype("datetime64[s]").astype("int64"), events.campaign, events.event
    ):
        if isinstance(campaign, str):
            touches[customer].append((seconds, campaign))
        if event == converts:
            conversions[customer].append(seconds)
    return {
        customer: (sorted(touches[customer], key=lambda t: (t[0], t[1].encode())), sorted(conversions[customer]))
        for customer in touches.keys() | conversions.keys()
    }


def weights(model, touches, conversion, half_life):
    """The shares of the touches of one conversion."""
    count = len(touches)
    if model == "first":
        return [1] + [0] * (count - 1)
    if model == "last":
        return [0] * (count - 1) + [1]
    if model == "linear":
        return [1 / count] * count
    if model == "position":
        return {1: [1], 2: [0.5, 0.5]}.get(count) or [0.4] + [0.2 / (count - 2)] * (count - 2) + [0.4]
    decay = [2 ** -((conversion - time) / half_life) for time, _ in touches]
    return [one / sum(decay) for one in decay]


def shares(model, customers, look_back, half_life):
    credits = collections.Counter()
    for touches, conversions in customers.values():
        for conversion in conversions:
            near = [touch for touch in touches if conversion - look_back <= touch[0] <= conversion]
            if not near:
                credits[NOTHING] += 1
            else:
                for (_, campaign), weight in zip(near, weights(model, near, conversion, half_life)):
                    credits[campaign] += weight
    return {campaign: credit for campaign, credit in credits.items() if credit or campaign}


def journeys(customers, look_back):
    """[(campaigns in order, converted)]; a conversion without a touch is ([], True)."""
    found = []
    for touches, conversions in customers.values():
        place = 0
        for conversion in conversions:
            before = []
            while place < len(touches) and touches[place][0] <= conversion:
                before.append(touches[place])
                place += 1
            late = [campaign for time, campaign in before if time < conversion - look_back]
            near = [campaign for time, campaign in before if time >= conversion - look_back]
            found += [(late, False)] if late else []
            found.append((near, True))
        if place < len(touches):
            found.append(([campaign for _, campaign in touches[place:]], False))
    return found


def conversion_rate(transitions, removed=None):
    """Solves the chain; whoever comes to the removed campaign converts never."""
    states = sorted({state for pair in transitions for state in pair} - {"(converted)", "(lost)"})
    number = {state: i for i, state in enumerate(states)}
    left = numpy.eye(len(states))
    right = numpy.zeros(len(states))
    leaving = collections.Counter()
    for (source, _), count in transitions.items():
        leaving[source] += count
    for (source, target), count in transitions.items():
        if source == removed:
            continue
        if target == "(converted)":
            right[number[source]] += count / leaving[source]
        elif target in number and target != removed:
            left[number[source], number[target]] -= count / leaving[source]
    return numpy.linalg.solve(left, right)[number["(start)"]]


def markov(found):
    transitions = collections.Counter()
    for campaigns, converted in found:
        if campaigns:
            path = ["(start)"] + campaigns + ["(converted)" if converted else "(lost)"]
            transitions.update(zip(path, path[1:]))
    all_in = conversion_rate(transitions)
    campaigns = {campaign for path, _ in found for campaign in path}
    effects = {campaign: 1 - conversion_rate(transitions, campaign) / all_in for campaign in campaigns}
    conversions = sum(1 for path, converted in found if converted and path)
    return {campaign: effect / sum(effects.values()) * conversions for campaign, effect in effects.items()}


def shapley(found):
    """Over all sets of campaigns: what a set is worth, the marginal worth of each campaign, weighed."""
    campaigns = sorted({campaign for path, converted in found if converted for campaign in path})
    count = len(campaigns)
    worth = numpy.zeros(1 << count)
    for path, converted in found:
        if converted and path:
            worth[sum(1 << campaigns.index(campaign) for campaign in set(path))] += 1
    masks = numpy.arange(1 << count)
    for bit in range(count):
        holders = masks[masks >> bit & 1 == 1]
        worth[holders] += worth[holders ^ (1 << bit)]
    sizes = numpy.array([bin(mask).count("1") for mask in masks])
    share = numpy.array(
        [
            math.factorial(size) * math.factorial(max(count - size - 1, 0)) / math.factorial(count)
            for size in range(count + 1)
        ]
    )
    values = {}
    for bit, campaign in enumerate(campaigns):
        without = masks[masks >> bit & 1 == 0]
        values[campaign] = float(numpy.sum(share[sizes[without]] * (worth[without | (1 << bit)] - worth[without])))
    return values
