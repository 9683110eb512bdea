"""Funnels and patterns by definition: every start is tried. Times are in seconds, lists of events in order of time."""

import bisect


def best_chain(times, window, strictly=False, excluded=()):
    """Of a customer's chains through the steps, the times of the one that comes furthest: of equal ones the one that
    was first to come so far, of those the one that began last.

    times: of each step in order. A step counts within `window` of the first one; with `strictly` it is later than the
    one before; an excluded time ends chains that began up to then, after the steps of its moment.
    """
    best = []
    find = bisect.bisect_right if strictly else bisect.bisect_left
    for start in times[0]:
        end = start + window
        first_excluded = bisect.bisect_left(excluded, start)
        if first_excluded < len(excluded):
            end = min(end, excluded[first_excluded])
        chain = [start]
        for step in times[1:]:
            place = find(step, chain[-1])
            if place == len(step) or step[place] > end:
                break
            chain.append(step[place])
        if (len(chain), -chain[-1], start) > (len(best), -best[-1] if best else 0, best[0] if best else 0):
            best = chain
    return best


def meets_excluded(times, window, excluded):
    """Whether an excluded time meets a chain that is under way: within the window of the latest first step, the whole
    chain not yet complete."""
    whole = best_chain(times, window)
    complete = whole[-1] if len(whole) == len(times) else None
    for time in excluded:
        if complete is not None and complete <= time:
            return False
        before = bisect.bisect_right(times[0], time)
        if before and time - times[0][before - 1] <= window:
            return True
    return False


def pattern_ends(rows, items):
    """Places of the rows that end a match, found from the left, each as early as possible and behind the one before.

    rows: (time, number of the condition), of each moment by condition. items: (condition, gap) with gap what lies
    between the element before and this one: None nothing, "any" whatever, or a function of the seconds.
    """
    ends, first = [], 0
    serves = [[] for _ in items]  # for each element, the rows from `first` on that may serve it, in order
    for place, (time, condition) in enumerate(rows):
        found = []
        for number, (wanted, gap) in enumerate(items):
            if wanted != condition:
                continue
            if number == 0 or any(
                gap == "any" or (gap is None and before == place - 1) or (callable(gap) and gap(time - rows[before][0]))
                for before in (reversed(serves[number - 1]) if gap is None else serves[number - 1])
            ):
                found.append(number)
        if len(items) - 1 in found:
            ends.append(place)
            serves = [[] for _ in items]
            continue
        for number in found:
            serves[number].append(place)
    return ends
