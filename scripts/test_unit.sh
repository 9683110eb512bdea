#!/bin/bash
# Runs the unit tests of the first version's build directory, and the demo's tests.
set -uo pipefail
. "$(dirname "$0")/environment.sh"

binary=$FOOTFALL_BUILD/pg${FOOTFALL_VERSIONS%% *}/unit_tests
[ -x "$binary" ] || { echo "there is no $binary"; echo "0 passed, 1 failed"; exit 1; }
report=$FOOTFALL_BUILD/logs/unit.json
rm -f "$report"
"$binary" --gtest_brief=1 --gtest_output=json:"$report"
status=$?
# A crash leaves no report: then everything counts as one failure.
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
# The demo's handling of files is tested by itself: it needs neither a build nor a server.
demo=$("$FOOTFALL_ROOT/scripts/demo/test/run" 2>&1)
demo_status=$?
echo "$demo"
demo_passed=0 demo_failed=0
if [[ $demo =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    demo_passed=${BASH_REMATCH[1]} demo_failed=${BASH_REMATCH[2]}
fi
[ "$demo_status" -eq 0 ] || [ "$demo_failed" -gt 0 ] || demo_failed=1
passed=$((passed + demo_passed)) failed=$((failed + demo_failed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
