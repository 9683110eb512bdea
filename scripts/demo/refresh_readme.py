#!/usr/bin/env python3
"""Puts a measured result into README.md: runs the demo and takes what it printed.

    scripts/demo/refresh_readme.py            run on a machine that does nothing else
    scripts/demo/refresh_readme.py FILE       takes the output of an earlier `make demo` from FILE

Only the lines between the two markers in README.md change.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BEGIN, END = "<!-- what make demo printed -->", "<!-- end of what make demo printed -->"
SECTIONS = {"Load": 4, "Size": 4, "KPIs": 5, "Funnel": 4, "Retention": 8, "Churn": 22}


def sections(output):
    """The demo's output by the first word of each title."""
    found, current = {}, None
    for line in output.splitlines():
        if re.match(r"^[A-Z]", line):
            current = line.split()[0].rstrip(":")
            found[current] = []
        if current:
            found[current].append(line.rstrip())
    return found


def excerpt(output):
    found = sections(output)
    missing = [name for name in SECTIONS if name not in found]
    if missing:
        sys.exit(f"refresh_readme: the output has no section {missing[0]}; did the demo fail?")
    lines = []
    for name, length in SECTIONS.items():
        part = [line for line in found[name] if line and not re.search(r"% +[\d,]+ rows$", line)]
        lines += part[:length]
        if len(part) > length:
            lines.append("  …")
        lines.append("")
    checked = re.search(r"^.*figures above.*$", output, re.MULTILINE)
    return "\n".join(lines + [checked.group(0).rstrip()])


def main():
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as earlier:
            output = earlier.read()
    else:
        output = subprocess.run(["make", "-C", ROOT, "demo"], check=True, capture_output=True,
                                text=True).stdout
    path = os.path.join(ROOT, "README.md")
    with open(path, encoding="utf-8") as readme:
        text = readme.read()
    if BEGIN not in text or END not in text:
        sys.exit(f"refresh_readme: README.md lacks the line {BEGIN} or {END}.")
    before, rest = text.split(BEGIN, 1)
    with open(path, "w", encoding="utf-8") as readme:
        readme.write(f"{before}{BEGIN}\n```\n{excerpt(output)}\n```\n{END}{rest.split(END, 1)[1]}")


if __name__ == "__main__":
    main()
