#!/bin/bash
# Runs the unit tests and the archive's of the first version's build directory, and the demo's tests.
set -uo pipefail
. "$(dirname "$0")/environment.sh"

passed=0 failed=0

# run_binary NAME: a GoogleTest binary of the first version's build directory.
run_binary() {
    local name=$1 binary report status counts more_passed more_failed
    binary=$FOOTFALL_BUILD/pg${FOOTFALL_VERSIONS%% *}/$name
    report=$FOOTFALL_BUILD/logs/$name.json
    if [ ! -x "$binary" ]; then
        echo "there is no $binary; scripts/install_dependencies.sh installs what it needs"
        failed=$((failed + 1))
        return
    fi
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
    read -r more_passed more_failed <<<"$counts"
    [ "$status" -eq 0 ] || [ "$more_failed" -gt 0 ] || more_failed=1
    passed=$((passed + more_passed)) failed=$((failed + more_failed))
}

mkdir -p "$FOOTFALL_BUILD/logs"
run_binary unit_tests
run_binary archive_tests
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
