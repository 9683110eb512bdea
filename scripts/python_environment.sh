#!/bin/bash
# Prints the Python of an environment in build/python/NAME that has the packages of the files, which it makes from PyPI
# when it is not there or the files have changed: scripts/python_environment.sh NAME REQUIREMENTS...
set -euo pipefail
. "$(dirname "$0")/environment.sh"

[ $# -ge 2 ] || { sed -n '2,3p' "$0" | sed 's/^# //' >&2; exit 2; }
home=$FOOTFALL_BUILD/python/$1
shift
wanted=$(cat "$@")
if [ ! -x "$home/bin/python" ] || [ "$(cat "$home/requirements.txt" 2>/dev/null)" != "$wanted" ]; then
    say "installing $(grep -c == <<<"$wanted") Python packages from PyPI into build/python/$(basename "$home")" >&2
    rm -rf "$home"
    mkdir -p "$(dirname "$home")"
    python3 -m venv "$home" >&2 || die "python3 makes no environment: install python3-venv."
    files=()
    for file in "$@"; do
        files+=(-r "$file")
    done
    "$home/bin/python" -m pip -q --disable-pip-version-check --no-cache-dir install "${files[@]}" >&2 ||
        die "pip could not install the packages."
    # Written last: a broken download is begun anew.
    printf '%s\n' "$wanted" >"$home/requirements.txt"
fi
echo "$home/bin/python"
