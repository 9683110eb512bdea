"""From the user's file to one that COPY takes as it is: checked to the last line before anything is
loaded, times in one form, columns under the names of their roles."""
import csv

import columns
from column_types import TimeColumn, ValueType, check_numbers
from problem import Problem

NUMBERS = ("price", "quantity", "amount")
MOST_EVENT_TYPES = 1000


class Staged:
    """names and types: of the table's columns, roles first; roles: which of them there are."""

    def __init__(self, path, names, types, roles, rows, event_values, form, kind, sources):
        self.path, self.names, self.types, self.roles = path, names, types, roles
        self.rows, self.event_values = rows, event_values
        self.time_form, self.kind, self.sources = form, kind, sources


def stage(source, role_map, target, progress):
    """Reads `source` to its end and writes `target`; raises Problem with line and column."""
    assigned = columns.assign(source.header, role_map, source.has_header)
    order = list(assigned.values())
    order += [i for i in range(len(source.header)) if i not in order]
    names = list(assigned)
    for i in order[len(assigned):]:
        names.append(columns.sql_name(source.header[i], names, i + 1))
    labels = {role: source.header[i] for role, i in assigned.items()}
    times, value_types = TimeColumn(), [ValueType() for _ in order]
    event_values, rows = set(), 0

    with open(target, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for lines, batch in source.batches():
            cells = list(zip(*batch))
            cells = [cells[i] for i in order]
            distinct = [set(values) for values in cells]
            for position, role in enumerate(assigned):
                if any(v != v.strip() for v in distinct[position]):
                    cells[position] = [v.strip() for v in cells[position]]
                    distinct[position] = set(cells[position])
            _check_present(source.name, labels, lines, cells)
            cells[0] = _times(source.name, labels["ts"], times, lines, cells[0])
            for position, role in enumerate(assigned):
                if role in NUMBERS:
                    check_numbers(source.name, labels[role], role, lines, cells[position],
                                  distinct[position])
                if role == "event_type":
                    event_values |= distinct[position]
                    _check_event_types(source.name, labels[role], event_values)
            for position in range(1, len(order)):
                value_types[position].see(distinct[position])
                _check_no_nul(source.name, names[position], lines, cells[position],
                              distinct[position])
            writer.writerows(zip(*cells))
            rows += len(batch)
            progress(source.position(), source.size, rows)
    if rows == 0:
        raise Problem(f"{source.name} has a header and no rows.", "Name a file with events in it.")
    types = ["timestamptz"] + [t.sql() for t in value_types[1:]]
    for position, name in enumerate(names[:len(assigned)]):
        if name in NUMBERS:
            types[position] = "numeric" if types[position] == "text" else types[position]
        if name == "event_type":
            types[position] = "text"
        if name.endswith("_id") and types[position] == "integer":
            types[position] = "bigint"
    event_values.discard("")
    return Staged(target, names, types, list(assigned), rows, event_values, times.form,
                  source.kind, labels)


def _check_no_nul(name, label, lines, values, distinct):
    if any("\0" in value for value in distinct):
        line = next(n for n, value in zip(lines, values) if "\0" in value)
        raise Problem(f"{name}, line {line}, column {label}: a value holds a NUL byte.",
                      f"Remove it: tr -d '\\000' < {name} > clean.csv")


def _check_present(name, labels, lines, cells):
    for position, role in enumerate(("ts", "customer_id")):
        if all(cells[position]):
            continue
        line = next(n for n, value in zip(lines, cells[position]) if not value)
        raise Problem(f"{name}, line {line}, column {labels[role]}: there is no value.",
                      f"Every event needs its {role}: fill it in or remove the line.")


def _times(name, label, times, lines, values):
    try:
        return times.see(values)
    except (ValueError, OverflowError, OSError):
        pass
    for line, value in zip(lines, values):
        try:
            if times.convert is None:
                raise ValueError
            times.convert(value)
        except (ValueError, OverflowError, OSError):
            others = f" like the others ({times.form})" if times.convert else ""
            raise Problem(
                f'{name}, line {line}, column {label}: "{value[:60]}" is not a time{others}.',
                "Write it as 2026-01-31 12:30:00; or say which column is the time: "
                'MAP="ts=…".') from None
    raise Problem(f"{name}, column {label}: these are no times.", 'Say which column is: MAP="ts=…".')


def _check_event_types(name, label, values):
    if len(values) > MOST_EVENT_TYPES:
        raise Problem(
            f"{name}, column {label}: more than {MOST_EVENT_TYPES} different values, so it can "
            "hardly be the type of the event.",
            'Say which column is: MAP="event_type=…".')
