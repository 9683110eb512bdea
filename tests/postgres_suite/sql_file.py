"""Cuts a psql script into statements, and rewrites it: without indexes, or with rows sealed on the way.

The pieces of a script joined together are the script again. A rewritten script runs on heap and on
footfall alike, so what matters is not that the rewriting is clever but that it is the same for both.
"""

import re

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"[^\"]*\"|\$([A-Za-z_]*)\$.*?\$\1\$|[();]"
    r"|\\[^\n]*|[A-Za-z_][A-Za-z_0-9]*|.",
    re.DOTALL,
)

MARK_BEGIN = "<<footfall-seal"
MARK_END = "footfall-seal>>"


def pieces(text):
    """(kind, text): statements with their newline, psql's own commands, statements with COPY data."""
    start = position = 0
    depth = 0
    body = False  # inside BEGIN ATOMIC … END
    blank = True  # nothing but white space and comments so far
    previous = ""
    while position < len(text):
        match = _TOKEN.match(text, position)
        token = match.group(0)
        position = match.end()
        if token.isspace() or token.startswith(("--", "/*")):
            continue
        if token.startswith("\\") and len(token) > 1:
            # A command of psql's own; after the beginning of a statement (\gset, \gexec) it ends it.
            position = min(position + 1, len(text))
            yield "command", text[start:position]
            start, depth, body, blank, previous = position, 0, False, True, ""
            continue
        blank = False
        word = token.upper()
        if word == "ATOMIC" and previous == "BEGIN":
            body = True
        elif word == "END" and body and previous == ";":
            body = False
        elif token == "(":
            depth += 1
        elif token == ")":
            depth = max(depth - 1, 0)
        elif token == ";" and depth == 0 and not body:
            end = text.find("\n", position)
            end = len(text) if end < 0 else end + 1
            if not text[position:end].strip():
                position = end
            kind = "sql"
            if re.search(r"\bCOPY\b.*\bFROM\s+STD(IN|OUT)\b", text[start:position], re.IGNORECASE | re.DOTALL):
                data_end = text.find("\n\\.\n", position - 1)
                if data_end >= 0:
                    position = data_end + 4
                    kind = "copy"
            yield kind, text[start:position]
            start, blank = position, True
            word = ""
        previous = word
    if start < len(text) or not blank:
        yield "other", text[start:]


_CREATE_INDEX = re.compile(r"\A(\s|--[^\n]*\n)*CREATE\s+(UNIQUE\s+)?INDEX\b", re.IGNORECASE)
_TABLE = re.compile(r"\A(\s|--[^\n]*\n)*(CREATE\s+(TEMP|TEMPORARY|UNLOGGED|GLOBAL|LOCAL|\s)*TABLE|ALTER\s+TABLE|CREATE\s+SCHEMA)\b",
                    re.IGNORECASE)
_PARENTHESES = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
_TAIL = (r"(\s+INCLUDE\s*" + _PARENTHESES + r")?(\s+WITH\s*" + _PARENTHESES + r")?(\s+USING\s+INDEX\s+TABLESPACE\s+\w+)?"
         r"(\s+(NOT\s+)?DEFERRABLE)?(\s+INITIALLY\s+(DEFERRED|IMMEDIATE))?")
_KEY_LIST = re.compile(
    r"\b(PRIMARY\s+KEY|UNIQUE(\s+NULLS\s+(NOT\s+)?DISTINCT)?)\s*" + _PARENTHESES + _TAIL, re.IGNORECASE)
_EXCLUDE = re.compile(
    r"\bEXCLUDE(\s+USING\s+\w+)?\s*" + _PARENTHESES + _TAIL + r"(\s*WHERE\s*" + _PARENTHESES + r")?", re.IGNORECASE)
_KEY_COLUMN = re.compile(r"\b(PRIMARY\s+KEY|UNIQUE(\s+NULLS\s+(NOT\s+)?DISTINCT)?)\b(?!\s+USING)" + _TAIL, re.IGNORECASE)


def without_indexes(text):
    """The script without CREATE INDEX, and with keys and exclusions turned into constraints without one."""
    result = []
    for kind, piece in pieces(text):
        if kind in ("sql", "other") and _CREATE_INDEX.match(piece):
            continue
        if kind in ("sql", "other") and _TABLE.match(piece):
            piece = _EXCLUDE.sub("CHECK (true)", piece)
            piece = _KEY_LIST.sub("CHECK (true)", piece)
            piece = _KEY_COLUMN.sub("NOT NULL", piece)
        result.append(piece)
    return "".join(result)


_NAME = r"(?P<name>(?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)"
_WRITES = [re.compile(pattern + _NAME, re.IGNORECASE | re.DOTALL) for pattern in (
    r"\A(?:\s|--[^\n]*\n)*INSERT\s+INTO\s+",
    r"\A(?:\s|--[^\n]*\n)*COPY\s+(?!\()",
    r"\A(?:\s|--[^\n]*\n)*UPDATE\s+(?:ONLY\s+)?",
    r"\A(?:\s|--[^\n]*\n)*MERGE\s+INTO\s+(?:ONLY\s+)?",
    r"\A(?:\s|--[^\n]*\n)*CREATE\s+(?:TEMP\s+|TEMPORARY\s+|UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?=\S+\s+AS\b)",
    r"\A(?:\s|--[^\n]*\n)*SELECT\b[^;']*\bINTO\s+(?:TABLE\s+|TEMP\s+|TEMPORARY\s+)?",
    r"\A(?:\s|--[^\n]*\n)*CREATE\s+MATERIALIZED\s+VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?",
)]
_FIRST_WORDS = re.compile(r"\A(?:\s|--[^\n]*\n|/\*.*?\*/)*(\w+)\s*(\w*)", re.DOTALL)


def sealing(text):
    """The script with the written table sealed after each statement that writes, outside transactions."""
    if "\\;" in text or "AUTOCOMMIT" in text:
        return text  # where a transaction begins and ends is not to be seen here
    result = []
    inside = False
    for kind, piece in pieces(text):
        result.append(piece)
        words = _FIRST_WORDS.match(piece) if kind in ("sql", "copy") else None
        if not words:
            continue
        first, second = words.group(1).upper(), words.group(2).upper()
        if first == "BEGIN" or (first == "START" and second == "TRANSACTION"):
            inside = True
        elif first in ("COMMIT", "END", "ABORT") or (first == "ROLLBACK" and second != "TO") or (
                first == "PREPARE" and second == "TRANSACTION"):
            inside = False
        if inside or not piece.endswith("\n"):
            continue
        for pattern in _WRITES:
            written = pattern.match(piece)
            if written:
                name = written.group("name").replace("'", "''")
                result.append("\\echo %s\nCALL footfall.seal('%s');\n\\echo %s\n" % (MARK_BEGIN, name, MARK_END))
                break
    return "".join(result)


def without_marks(output):
    """The output without what the sealing said."""
    kept = []
    skipping = ending = False
    for line in output.split("\n"):
        if ending:  # in a branch psql does not take, nothing follows the command
            skipping = ending = False
            if line == MARK_END:
                continue
        if line.startswith("\\echo " + MARK_BEGIN):
            skipping = True
        if not skipping:
            kept.append(line)
        elif line.startswith("\\echo " + MARK_END):
            ending = True
    return "\n".join(kept)


def sorted_rows(output):
    """The output with the rows of each result table sorted: sealing may change an order that no one asked for."""
    result = []
    rows = None
    for line in output.split("\n"):
        if rows is None:
            result.append(line)
            if re.fullmatch(r"-+(\+-+)*", line):
                rows = []
        elif re.fullmatch(r"\(\d+ rows?\)", line) or line == "":
            result += sorted(rows) + [line]
            rows = None
        else:
            rows.append(line)
    return "\n".join(result + (rows or []))


def without_oids(output):
    """OIDs of user-made objects differ between servers; a few messages print them."""
    return re.sub(r"\b(operator|function|type|relation|OID) (1[6-9]|[2-9]\d)\d{3}\b", r"\1 <oid>", output)


def without_plans(output):
    """The output with the rows of EXPLAIN left out: which plan is chosen is each access method's own."""
    result = []
    skipping = False
    for line in output.split("\n"):
        if line.strip() in ("QUERY PLAN", "explain_filter", "explain_analyze_without_memory", "explain_merge",
                            "explain_memoize", "explain_parallel_append", "explain_sq_limit", "explain_resultcache",
                            "explain_parallel_sort_stats", "explain_analyze_inc_sort_nodes_without_memory"):
            skipping = True
            result.append("(a plan)")
        elif skipping:
            skipping = not (re.fullmatch(r"\(\d+ rows?\)", line) or line == "")
        else:
            result.append(line)
    return "\n".join(result)
