"""What must be equal, and what may differ.

Rows are compared as a multiset unless the statement orders them. Values are compared as the text the server
sent, with two exceptions. -0 and 0 are one value to GROUP BY, min and DISTINCT, which may show either. And
floating sums depend on the order of addition, in PostgreSQL too; so heap is asked for the summands as well,
their exact sum is taken, and the subject may be off by 1e-12 of it.

Errors: the SQLSTATE must be heap's. Where an expression can fail in several ways, either side may have met
another row's error first. With LIMIT either side may have had enough rows before it met an error. And heap may
fail where the subject does not when a further condition let it skip those rows unread, as an index does; the
other way round never: what heap does not evaluate must not be evaluated.
"""

import math

EPSILON = 2.0**-53
REAL = 700  # pg_type's OID
UNJUDGED = object()


def describe(statement, subject, heap):
    """How the subject's result differs from heap's: a text, nothing, or UNJUDGED."""
    if not (subject.ok and heap.ok):
        return errors(statement, subject, heap)
    width = len(statement.items)
    if len(subject.rows) != len(heap.rows):
        return "%d rows, heap has %d%s" % (len(subject.rows), len(heap.rows), odd_rows(subject.rows, [r[:width] for r in heap.rows]))
    hows = [item.how for item in statement.items]
    exact = [n for n, how in enumerate(hows) if how == "exact"]
    first = [canonical(row) for row in subject.rows]
    second = [canonical(row[:width]) + row[width:] for row in heap.rows]
    if not statement.ordered:
        def order(row):
            return [(row[n] is None, row[n] or "") for n in exact]
        first.sort(key=order)
        second.sort(key=order)
    for a, b in zip(first, second):
        for n in exact:
            if a[n] != b[n]:
                return "column %d: %r, heap %r%s" % (n + 1, cut(a[n]), cut(b[n]), odd_rows(
                    [tuple(r[m] for m in exact) for r in first], [tuple(r[m] for m in exact) for r in second]))
    inexact = [n for n, how in enumerate(hows) if how != "exact"]
    if not inexact:
        return ""
    arrays = {}
    for n, item in enumerate(statement.items):
        if item.summands:
            arrays[n] = width + len(arrays)
    # Without a key of their own, rows of equal exact columns pair up by what is inexact.
    for a, b in zip(first, second):
        for n in inexact:
            summands = b[arrays[n]] if n in arrays else None
            how = "sum4" if hows[n] == "sum" and subject.types[n] == REAL else hows[n]
            wrong = difference(how, a[n], b[n], summands)
            if wrong:
                return "column %d: %s\n  row %r" % (n + 1, wrong, tuple(cut(v) for v in a))
    return ""


def errors(statement, subject, heap):
    if not subject.ok and not heap.ok:
        if subject.sqlstate == heap.sqlstate:
            return ""
        if statement.hazards and of_a_value(subject) and of_a_value(heap):
            return UNJUDGED
    elif statement.limit and (subject.sqlstate or heap.sqlstate)[:2] == "22" and statement.hazards:
        return UNJUDGED
    elif subject.ok and heap.sqlstate[:2] == "22" and statement.where_hazards and (
            len(statement.where) > 1 or statement.shape in ("join", "nested") or " AND " in statement.where[0]):
        return UNJUDGED
    return "%r, heap %r" % (subject, heap)


def of_a_value(result):
    """Whether a value met the error, and not the statement: numeric infinity to an integer is a 0A000."""
    return result.sqlstate[:2] == "22" or result.sqlstate == "0A000" and "cannot convert infinity" in result.message


def canonical(row):
    return tuple("0" if value == "-0" else value for value in row)


def cut(value, most=120):
    return value if value is None or len(value) <= most else value[:most] + "..."


def odd_rows(first, second):
    a, b = list(map(canonical, first)), list(map(canonical, second))
    only_a = [r for r in a if r not in set(b)][:3]
    only_b = [r for r in b if r not in set(a)][:3]
    return "".join("\n  only in the subject: %r" % (tuple(cut(v) for v in r),) for r in only_a) + "".join(
        "\n  only in heap: %r" % (tuple(cut(v) for v in r),) for r in only_b)


def numbers(text):
    """A float8[] as the server prints it, without its NULLs."""
    if text is None or text == "{}":
        return []
    return [float(word) for word in text[1:-1].split(",") if word != "NULL"]


def difference(how, subject, heap, summands):
    """Says how an inexact value is out of bounds, or nothing."""
    if (subject is None) != (heap is None):
        return "%s, heap %s" % (subject, heap)
    if subject is None:
        return ""
    got = float(subject)
    if how == "near":
        wanted, allowed = float(heap), 1e-9 * abs(float(heap)) + 1e-9
    else:
        wanted, allowed = bound(how, numbers(summands))
        if wanted is None:
            return "" if subject == heap else "%s, heap %s" % (subject, heap)
    if math.isnan(wanted) or math.isinf(wanted):
        return "" if repr(got) == repr(wanted) else "%s, exactly %r" % (subject, wanted)
    if abs(got - wanted) <= allowed:
        return ""
    return "%s: %s is %.3g off the exact %r, %.3g allowed; heap has %s" % (how, subject, abs(got - wanted), wanted, allowed, heap)


def bound(how, values):
    """The exact value and how far the subject may be off; None where exactness has no meaning."""
    count = len(values)
    if any(map(math.isnan, values)) or (math.inf in values and -math.inf in values):
        return math.nan, 0
    if any(map(math.isinf, values)):
        if how in ("sum", "sum4", "avg"):
            return math.fsum(v for v in values if math.isinf(v)), 0
        return math.nan, 0
    try:
        total = math.fsum(values)
        absolute = math.fsum(map(abs, values))
    except OverflowError:
        return None, 0
    if how == "sum4":  # PostgreSQL adds real in single precision
        return total, 1e-5 * absolute
    # The second term is for sums that cancel out: no finite precision keeps 1e-12 of nothing.
    slack = 1e-12 * abs(total) + 64 * EPSILON * absolute
    if how == "sum":
        return total, slack
    if how == "avg":
        return total / count, slack / count
    mean = total / count
    squares = math.fsum((v - mean) ** 2 for v in values)
    divisor = count if how.endswith("_pop") else max(count - 1, 1)
    variance = squares / divisor
    slack = 1e-10 * variance + 1e-13 * (mean * mean + absolute / count)
    if how.startswith("var"):
        return variance, slack
    return math.sqrt(variance), slack / math.sqrt(variance) if variance > slack else math.sqrt(slack)
