#!/bin/bash
# The archive's contract tests against real stores on the loopback; the last line is 'N passed, N failed'.
#
#   scripts/test_stores.sh [gtest filter]
#
# scripts/install_stores.sh fetches the stores, tests/lake/stores.py starts and ends them. Needs
# build/pg15/archive_tests: TARGETS=all scripts/build.sh.
set -uo pipefail
. "$(dirname "$0")/environment.sh"

binary=${ARCHIVE_TESTS:-$FOOTFALL_BUILD/pg${FOOTFALL_VERSIONS%% *}/archive_tests}
report=$FOOTFALL_BUILD/logs/stores.json

give_up() {
    [ $# -eq 0 ] || echo "footfall: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

[ -x "$binary" ] || give_up "there is no $binary: run TARGETS=all scripts/build.sh."
"$FOOTFALL_ROOT/scripts/install_stores.sh" || give_up
rm -f "$report"
PYTHONDONTWRITEBYTECODE=1 python3 "$FOOTFALL_ROOT/tests/lake/stores.py" \
    "$binary" --gtest_brief=1 --gtest_filter="${1:-*}" --gtest_output=json:"$report"
status=$?
counts=$(python3 - "$report" <<'PYTHON'
import json, sys
try:
    report = json.load(open(sys.argv[1]))
except OSError:
    print(0, 1)
else:
    print(report["tests"] - report["failures"] - report["disabled"], report["failures"])
PYTHON
)
read -r passed failed <<<"$counts"
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
