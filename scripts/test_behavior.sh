#!/bin/bash
# Behaviour beside ClickHouse, pandas and lifetimes, on real and generated logs: scripts/test_behavior.sh VERSION
# [suite]... (clickhouse, customers); the last line is 'N passed, N failed'.
#
# The Python that has those is made in build/python/behavior; FOOTFALL_SHARED is where data/ is. Takes some minutes.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

[ $# -ge 1 ] || { sed -n '2,3p' "$0" | sed 's/^# //'; exit 2; }
version=$1
shift
[ $# -gt 0 ] || set -- clickhouse customers
bin=$(pg_bin "$version") || exit 1
output=$(mktemp)
trap 'rm -f "$output"' EXIT
broken=0
for suite in "$@"; do
    "tests/$suite/run" "$bin" "$version" 2>&1 | tee "$output.one"
    [ "${PIPESTATUS[0]}" -eq 0 ] || broken=1
    # Each suite's own last line.
    grep -E '^[0-9]+ passed, [0-9]+ failed$' "$output.one" | tail -1 >>"$output"
    rm -f "$output.one"
done
awk -v broken="$broken" -v suites="$#" '{ p += $1; f += $3; n++ }
    END { if (n < suites || (broken && f == 0)) f++; print p + 0 " passed, " f + 0 " failed"; exit f > 0 }' "$output"
