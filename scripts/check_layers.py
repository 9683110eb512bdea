#!/usr/bin/env python3
"""Checks that includes point downward only, that files stay short and that folders explain themselves.

The order of the layers is the one place below. A folder may include itself and what stands before
it; a leaf may include the base layers, and only the extension includes a leaf.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ["base", "vector", "encoding", "segment", "scan", "aggregate", "behavior"]
LEAVES = {"sketch": {"base", "vector"}, "model": {"base", "vector"},
          "ingest": {"base", "vector"}, "archive": {"base", "vector", "encoding", "segment"},
          "statistics": {"base"}, "recommendation": {"base", "model"}, "exchange": {"base", "model"},
          "training": {"base", "model", "recommendation", "exchange"}}
MAX_LINES = 1000
POSTGRES_HEADER = re.compile(
    r"^(postgres(_ext|_fe)?\.h|pg_config.*\.h|fmgr\.h|funcapi\.h|miscadmin\.h|pgstat\.h|"
    r"(access|catalog|commands|common|executor|foreign|lib|libpq|mb|nodes|optimizer|parser|"
    r"partitioning|port|portability|postmaster|replication|rewrite|storage|tcop|utils)/.+\.h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)

problems = []


def complain(path, text):
    problems.append(f"{path.relative_to(ROOT)}: {text}")


def check_engine_include(path, folder, target):
    if POSTGRES_HEADER.match(target):
        complain(path, f"the engine may not include PostgreSQL's {target}")
    if target.startswith(("extension/", "tests/", "bench/")):
        complain(path, f"the engine may not include {target}")
    if not target.startswith("engine/"):
        return
    other = target.split("/")[1]
    if other == folder:
        return
    if folder in LEAVES:
        allowed = LEAVES[folder]
    elif folder in LAYERS:
        allowed = set(LAYERS[:LAYERS.index(folder)])
    else:
        complain(path, f"engine/{folder} has no place in the layers of scripts/check_layers.py")
        return
    if other not in allowed:
        complain(path, f"engine/{folder} may not include engine/{other} ({target})")


def check_extension_include(path, folder, target):
    if POSTGRES_HEADER.match(target) and folder != "pg":
        complain(path, f"PostgreSQL's {target} is included through extension/pg only")
    if target.startswith(("tests/", "bench/")):
        complain(path, f"the extension may not include {target}")


def check_source(path):
    relative = path.relative_to(ROOT).parts
    text = path.read_text()
    lines = text.count("\n")
    if lines > MAX_LINES:
        complain(path, f"{lines} lines; split it, {MAX_LINES} is the limit")
    if path.suffix == ".h" and "#pragma once" not in text:
        complain(path, "no #pragma once")
    for target in INCLUDE.findall(text):
        if target.startswith("."):
            complain(path, f"includes are relative to the root of the repository: {target}")
        if relative[0] == "engine":
            check_engine_include(path, relative[1], target)
        elif relative[0] == "extension":
            check_extension_include(path, relative[1], target)
    if relative[0] == "extension" and relative[1] != "pg" and re.search(r"\bPG_TRY\b", text):
        complain(path, "PG_TRY stays in extension/pg")


def main():
    for top in ("engine", "extension", "tests", "bench"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".cpp", ".h") and path.is_file():
                check_source(path)
    for top in ("engine", "extension", "sql", "tests", "bench"):
        folders = [ROOT / top] if (ROOT / top).is_dir() else []
        folders += [entry for entry in (ROOT / top).glob("*") if entry.is_dir()] if top != "sql" else []
        for folder in folders:
            files = [entry for entry in folder.iterdir() if entry.name != "README.md"]
            measured = all(entry.suffix == ".md" for entry in files)  # reports explain themselves
            if folder.name != "__pycache__" and not measured and not (folder / "README.md").exists():
                complain(folder, "no README.md")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
