"""Runs the examples of the documentation and compares what they print; see README.md.

Usage: examples.py ROOT, with PGHOST and the rest set. Prints 'N passed, N failed' last.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

import pages

ROOT = pathlib.Path(sys.argv[1])
SHARED = ROOT / (os.environ.get("FOOTFALL_SHARED") or "../shared")
STORE = SHARED / "data" / "rees46_2019-10-01_head.csv"
UPDATE = bool(os.environ.get("UPDATE"))
GUIDE = ROOT / "docs/guide/questions.md"

DATA = re.compile(r"^<!-- examples: (\w+) -->$", re.MULTILINE)
BLOCK = re.compile(r"^```sql\n(?=--|[A-Z]{2})(.*?)^```$", re.MULTILINE | re.DOTALL)
RULE = re.compile(r"^-[-+]*$")
SETTINGS = ("\\set ON_ERROR_STOP on\n\\set VERBOSITY verbose\n\\pset pager off\n\\pset footer off\n"
            "SET timezone = 'UTC';\nSET datestyle = 'ISO';\n")

STORE_TABLE = f"""
CREATE TABLE events (event_time timestamptz, event_type text, product_id int, category_id bigint, category_code text,
    brand text, price numeric, user_id int, user_session text) USING footfall;
\\copy events FROM '{STORE}' (FORMAT csv, HEADER)
SELECT footfall.configure('events', time_column => 'event_time', customer_column => 'user_id', event_column => 'event_type',
    session_column => 'user_session', amount => 'price', order_by => '{{user_id,event_time}}');
"""


class ExampleFailed(Exception):
    """psql's complaint."""


def psql(script):
    done = subprocess.run(["psql", "-X", "-q", "-f", "-"], input=SETTINGS + script, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise ExampleFailed(done.stderr.strip())
    return done.stdout


def split(block):
    """(statements, answer) pairs of a block, each a list of lines; answer None when none is shown."""
    lines = block.splitlines()
    pairs, statements, at = [], [], 0
    while at < len(lines):
        if at + 1 < len(lines) and RULE.match(lines[at + 1]):
            start = at
            while at < len(lines) and lines[at].strip():
                at += 1
            pairs.append((statements, lines[start:at]))
            statements = []
        else:
            statements.append(lines[at])
            at += 1
    if any(line.strip() for line in statements):
        pairs.append((statements, None))
    return pairs


def last_table(output):
    """The last of the tables that psql printed, which blank lines follow."""
    tables = output.rstrip().split("\n\n")
    return "\n".join(line.rstrip() for line in tables[-1].splitlines())


def run_block(block, schema):
    """The block as it should be, after running it."""
    text = []
    for statements, answer in split(block):
        script = "SET search_path = %s, public;\n%s\n" % (schema, "\n".join(statements))
        output = last_table(psql(script))
        body = "\n".join(statements).strip("\n")
        text.append(body + ("\n\n" + output if answer is not None else ""))
    return "\n\n".join(text) + "\n"


def make_schema(schema, data):
    psql("DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s;" % (schema, schema))
    if data == "store":
        psql("SET search_path = %s, public;\n%s" % (schema, STORE_TABLE))
    if data == "shop":
        run_block(BLOCK.search(GUIDE.read_text(encoding="utf-8")).group(1), schema)


def check_page(page):
    """Counts of examples that are right and wrong."""
    text = page.read_text(encoding="utf-8")
    data = DATA.search(text)
    if data is None:
        return 0, 0
    name = page.relative_to(ROOT)
    if data.group(1) == "store" and not STORE.exists():
        print("skipped %s: %s is not there" % (name, STORE))
        return 0, 0
    schema = "examples_" + page.stem
    make_schema(schema, data.group(1) if page != GUIDE else "none")
    right = wrong = 0
    for found in list(BLOCK.finditer(text)):
        line = text.count("\n", 0, found.start()) + 1
        block = found.group(1)
        try:
            expected = run_block(block, schema)
        except ExampleFailed as failure:
            print("FAILED %s, line %d: %s" % (name, line, failure))
            wrong += 1
            continue
        if expected == block:
            right += 1
        elif UPDATE:
            current = page.read_text(encoding="utf-8")
            assert current.count(block) == 1
            page.write_text(current.replace(block, expected), encoding="utf-8")
            print("updated %s, line %d" % (name, line))
            right += 1
        else:
            print("FAILED %s, line %d" % (name, line))
            print("\n".join(difflib.unified_diff(block.splitlines(), expected.splitlines(), "page", "psql", "", "", 2,
                                                 "")))
            wrong += 1
    print("%s: %d examples" % (name, right + wrong))
    return right, wrong + (right + wrong == 0)


def main():
    psql("CREATE EXTENSION IF NOT EXISTS footfall;")
    counts = [check_page(page) for folder in ("guide", "reference")
              for page in sorted((ROOT / "docs" / folder).glob("*.md"))]
    functions = psql("\\pset tuples_only on\n\\pset format unaligned\n%s;" % pages.FUNCTIONS).split()
    counts.append(pages.check_pages(ROOT / "docs" / "reference", functions))
    passed, failed = (sum(column) for column in zip(*counts))
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    raise SystemExit(main())
