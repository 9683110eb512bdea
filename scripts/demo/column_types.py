"""What type a column has, found by looking at every value, and times in one form.

Checks work on whole batches of a column, since Python is slow value by value: a batch either passes
at once, or the first value that does not is looked for.
"""
import datetime
import re

from problem import Problem

INTEGER = re.compile(r"-?(0|[1-9]\d{0,18})")
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
INT4_MOST, INT8_MOST = 2**31 - 1, 2**63 - 1


class ValueType:
    """The narrowest type that all values seen so far fit; None while all were empty."""

    def __init__(self):
        self.rung = None
        self.largest = 0

    def see(self, distinct):
        """distinct: the set of the texts of one batch; empty ones say nothing."""
        present = distinct - {""}
        if not present or self.rung == "text":
            return
        if self.rung in (None, "uuid") and all(map(UUID.fullmatch, present)):
            self.rung = "uuid"
            return
        if self.rung == "uuid":
            self.rung = "text"
            return
        if self.rung in (None, "bigint") and all(map(INTEGER.fullmatch, present)):
            self.rung = "bigint"
            self.largest = max(self.largest, max(abs(int(v)) for v in present))
            return
        # Leading zeros make a name, not a number: 007 stays 007.
        number = all(map(DECIMAL.fullmatch, present)) and not any(
            len(v) > 1 and v[0] == "0" and v[1] != "." for v in present)
        self.rung = "numeric" if number else "text"

    def sql(self):
        if self.rung == "bigint" and self.largest <= INT4_MOST:
            return "integer"
        if self.rung == "bigint" and self.largest > INT8_MOST:
            return "numeric"
        return self.rung or "text"


def iso_time(text):
    value = datetime.datetime.fromisoformat(text.removesuffix(" UTC").removesuffix("Z"))
    return text if value.year >= 1 else None


def _pattern_time(pattern):
    def convert(text):
        return datetime.datetime.strptime(text, pattern).isoformat(" ")
    return convert


def _epoch_time(divisor):
    def convert(text):
        seconds, rest = divmod(int(text), divisor)
        moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return moment.isoformat(" ") if not rest else (
            moment + datetime.timedelta(seconds=rest / divisor)).isoformat(" ")
    return convert


def _compact_date(text):
    if not re.fullmatch(r"(19|20)\d{6}", text):
        raise ValueError(text)
    return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()


# Tried in this order; the first that reads all values of the first batch is the file's.
TIME_FORMS = [("dates like 20260131", _compact_date)]
TIME_FORMS += [("dates and times as in ISO 8601", iso_time)]
TIME_FORMS += [(f"seconds since 1970{name}", _epoch_time(divisor)) for name, divisor in (
    ("", 1), (" in thousandths", 1000), (" in millionths", 1_000_000))]
TIME_FORMS += [(example, _pattern_time(pattern)) for example, pattern in (
    ("times like 31.01.2026 12:30:00", "%d.%m.%Y %H:%M:%S"),
    ("times like 31.01.2026 12:30", "%d.%m.%Y %H:%M"),
    ("dates like 31.01.2026", "%d.%m.%Y"),
    ("times like 1/31/2026 12:30:00", "%m/%d/%Y %H:%M:%S"),
    ("times like 1/31/2026 12:30", "%m/%d/%Y %H:%M"),
    ("dates like 1/31/2026", "%m/%d/%Y"),
    ("times like 31/1/2026 12:30:00", "%d/%m/%Y %H:%M:%S"),
    ("times like 31/1/2026 12:30", "%d/%m/%Y %H:%M"),
    ("dates like 31/1/2026", "%d/%m/%Y"))]
EARLIEST, LATEST = "1971", "2200"


class TimeColumn:
    """Reads a column of times; the form is chosen by its first batch and holds for the file."""

    def __init__(self):
        self.form = None
        self.convert = None

    def see(self, values):
        """The values as PostgreSQL reads them. Raises ValueError when one is not a time."""
        if self.convert is None:
            self._choose(values)
        if self.convert is iso_time:
            for value in values:
                iso_time(value)
            return values
        return [self.convert(value) for value in values]

    def _choose(self, values):
        for form, convert in TIME_FORMS:
            try:
                converted = [convert(value) for value in values]
            except (ValueError, OverflowError, OSError):
                continue
            if convert.__qualname__.startswith("_epoch_time") and not all(
                    EARLIEST <= text[:4] < LATEST for text in converted):
                continue
            self.form, self.convert = form, convert
            return
        # What most of the values are is the form; the odd one out is then the mistake.
        best = max(TIME_FORMS, key=lambda form: self._count(form[1], values[:200]))
        if self._count(best[1], values[:200]) == 0:
            raise ValueError("unknown form")
        self.form, self.convert = best

    @staticmethod
    def _count(convert, values):
        count = 0
        for value in values:
            try:
                text = convert(value)
                count += bool(text) and EARLIEST <= text[:4] < LATEST
            except (ValueError, OverflowError, OSError):
                pass
        return count


def check_numbers(name, column, role, lines, values, distinct):
    """Raises a Problem for the first value that is not a plain number."""
    if all(map(DECIMAL.fullmatch, distinct - {""})):
        return
    for line, value in zip(lines, values):
        if value and not DECIMAL.fullmatch(value):
            plain = re.sub(r"[^\d.,-]", "", value)
            hint = (f'Write it as {plain.replace(",", "")}' if re.fullmatch(
                r"-?\d{1,3}(,\d{3})*(\.\d+)?", plain) else
                f'Write it as {plain.replace(",", ".")}' if re.fullmatch(
                    r"-?\d+,\d+", plain) else "Write a plain number, such as 19.99")
            raise Problem(
                f'{name}, line {line}, column {column}: "{value[:60]}" is not a number.',
                f'{hint}; or, if this column is not the {role}, say which one is: '
                f'MAP="{role}=…".')
