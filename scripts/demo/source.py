"""Reads the user's file: CSV with any usual separator, columns lined up with blanks, or JSON lines,
plain or .gz. Gives batches of rows with their line numbers; nothing is interpreted here."""
import contextlib
import csv
import gzip
import io
import json
import os
import re

from problem import Problem

BATCH = 5000
csv.field_size_limit(1 << 30)


class Source:
    """header: column names; has_header; kind: a word for the format."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        if os.path.isdir(path):
            raise Problem(f"{path} is a directory.", "Name one CSV or JSON lines file.")
        self.kind = ""
        with self._reading():
            self.size = os.path.getsize(path)
            start = next((line for line in self._open_text() if line.strip()), "")
        if not start:
            raise Problem(f"{self.name} is empty.", "Name a file with events in it.")
        if start.lstrip().startswith("{"):
            self.kind = "JSON lines"
            self.header, self.has_header = self._json_keys(), True
        elif start.lstrip().startswith("["):
            raise Problem(f"{self.name} holds one JSON array.",
                          f"Write one object a line: jq -c '.[]' {self.name} > events.jsonl")
        else:
            self._choose_separator(start)

    def position(self):
        """Bytes of the file read so far."""
        return self.size if self.raw.closed else min(self.raw.tell(), self.size)

    def batches(self):
        """Yields (line numbers, rows); a row is a list of texts, "" where there is nothing."""
        rows = self._json_rows() if self.kind == "JSON lines" else self._separated_rows()
        lines, batch = [], []
        with self._reading():
            for line, row in rows:
                lines.append(line)
                batch.append(row)
                if len(batch) == BATCH:
                    yield lines, batch
                    lines, batch = [], []
        if batch:
            yield lines, batch

    def _open_text(self):
        self.raw = open(self.path, "rb")
        stream = gzip.GzipFile(fileobj=self.raw) if self.path.endswith(".gz") else self.raw
        return io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")

    @contextlib.contextmanager
    def _reading(self):
        """Says what is wrong when the file cannot be read, unpacked or decoded."""
        try:
            yield
        except UnicodeDecodeError:
            raise self._not_utf8() from None
        except (EOFError, gzip.BadGzipFile) as error:
            raise Problem(f"{self.name} cannot be unpacked: {error}.",
                          "Compress it again, or give the plain file.") from None
        except OSError as error:
            raise Problem(f"{self.path} cannot be read: {error.strerror}.",
                          "Check DATA; a relative path starts where make was called.") from None

    def _choose_separator(self, first_line):
        for separator, kind in ((",", "CSV"), ("\t", "tab-separated"), (";", "CSV with ;"),
                                ("|", "CSV with |")):
            fields = next(csv.reader([first_line], delimiter=separator))
            if len(fields) > 1:
                self.kind, self.separator = kind, separator
                break
        else:
            fields = first_line.split()
            if len(fields) < 2:
                raise Problem(
                    f"The first line of {self.name} has one column only: {first_line.strip()[:60]}",
                    "Separate columns by a comma, a tab, a semicolon or blanks.")
            self.kind, self.separator = "blank-separated", None
        fields = [field.strip() for field in fields]
        # A header has no cell that is a number, a date or empty... unless a name is just missing.
        self.has_header = not any(re.fullmatch(r"[-+]?[\d.]+([-/:T ].*)?", f) for f in fields)
        self.header = [f or f"column {i}" for i, f in enumerate(fields, 1)] if self.has_header \
            else [f"column {i}" for i in range(1, len(fields) + 1)]
        if self.has_header and len(set(self.header)) < len(self.header):
            twice = next(f for f in self.header if self.header.count(f) > 1)
            raise Problem(f'{self.name}, line 1: two columns are called "{twice}".',
                          "Rename one of them.")

    def _separated_rows(self):
        reader = self._open_text()
        skipped = not self.has_header
        if self.separator is None:
            records = ((number, line.split()) for number, line in enumerate(reader, 1))
        else:
            parsed = csv.reader(reader, delimiter=self.separator, strict=True)
            records = self._numbered(parsed)
        width = len(self.header)
        for line, row in records:
            if not row:
                continue
            if not skipped:
                skipped = True
                continue
            if len(row) != width:
                raise Problem(
                    f"{self.name}, line {line}: {len(row)} columns where the first line has "
                    f"{width}.",
                    "Give each line the same columns; put quotes around a value that holds the "
                    "separator.")
            yield line, row

    def _numbered(self, parsed):
        """Each record with the line on which it begins."""
        begins = 1
        while True:
            try:
                row = next(parsed)
            except StopIteration:
                return
            except csv.Error as error:
                raise Problem(f"{self.name}, line {begins}: {error}.",
                              "A quote is not closed, or stands inside a value: write it "
                              "twice (\"\").") from None
            yield begins, row
            begins = parsed.line_num + 1

    def _json_objects(self):
        for number, line in enumerate(self._open_text(), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line, parse_float=str, parse_int=str)
            except json.JSONDecodeError as error:
                raise Problem(
                    f"{self.name}, line {number}, character {error.colno}: {error.msg}.",
                    "Each line must be one complete JSON object.") from None
            except RecursionError:
                raise Problem(f"{self.name}, line {number}: objects are nested too deeply.",
                              "Give flat objects.") from None
            if not isinstance(value, dict):
                raise Problem(f"{self.name}, line {number}: this is not a JSON object.",
                              'Each line must be an object: {"event_time": …}.')
            if not all(type(field) is str for field in value.values()):
                value = self._json_texts(value, line)
            yield number, value

    def _json_keys(self):
        """All keys of the file's objects, in the order of their first appearance."""
        keys = {}
        with self._reading():
            for _, value in self._json_objects():
                if value.keys() - keys.keys():
                    keys.update(dict.fromkeys(value))
        return list(keys)

    def _json_rows(self):
        for number, value in self._json_objects():
            yield number, [value.get(key, "") for key in self.header]

    @staticmethod
    def _json_texts(value, line):
        """An object's fields as texts: numbers as they are written, nested values as JSON."""
        texts, nested = {}, None
        for key, field in value.items():
            if isinstance(field, str):
                texts[key] = field
            elif field is None:
                texts[key] = ""
            elif isinstance(field, bool):
                texts[key] = "true" if field else "false"
            else:
                nested = nested or json.loads(line)
                texts[key] = json.dumps(nested[key], ensure_ascii=False)
        return texts

    def _not_utf8(self):
        self.raw.seek(0)
        stream = gzip.GzipFile(fileobj=self.raw) if self.path.endswith(".gz") else self.raw
        number = 1
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                break
        return Problem(f"{self.name}, line {number}: this is not UTF-8 text.",
                       f"Convert it: iconv -f LATIN1 -t UTF-8 {self.name} > events-utf8.csv")
