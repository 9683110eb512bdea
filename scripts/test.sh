#!/bin/bash
# Builds and runs the tests; the last line is 'N passed, N failed', and any failure makes it exit 1.
#
#   scripts/test.sh [suite]...     lint unit fuzz regress isolation tap crash oracle queries robustness demo churn_truth docs
#                                  postgres_suite
#
# Without a suite: all of them. The suites from regress on run once for each
# version in FOOTFALL_VERSIONS, the versions side by side. A suite is an executable
# tests/<suite>/run BINDIR VERSION whose last line is 'N passed, N failed'; logs are in build/logs.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

server_suites="regress isolation tap crash oracle queries robustness demo churn_truth docs postgres_suite"
[ $# -gt 0 ] || set -- lint unit fuzz $server_suites
logs=$FOOTFALL_BUILD/logs
results=$FOOTFALL_BUILD/logs/results
mkdir -p "$logs"
: >"$results"
started=$SECONDS

wants() {
    local suite=$1 wanted
    shift
    for wanted in "$@"; do
        [ "$wanted" != "$suite" ] || return 0
    done
    return 1
}

# run_suite TITLE LOG COMMAND...: runs the command and records its last line.
run_suite() {
    local title=$1 log=$logs/$2.log from=$SECONDS status summary passed failed
    shift 2
    "$@" </dev/null >"$log" 2>&1
    status=$?
    summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -1)
    passed=0 failed=1
    if [ -n "$summary" ]; then
        read -r passed _ failed _ <<<"$summary"
    fi
    # Counts alone do not hide a run that broke.
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi
    echo "$passed $failed $title" >>"$results"
    printf '%-34s %5d passed, %d failed  (%d s)\n' "$title" "$passed" "$failed" $((SECONDS - from))
    if [ "$failed" -gt 0 ]; then
        echo "---- end of $log"
        tail -n 60 "$log"
        echo "----"
    fi
}

run_version() {
    local version=$1 suite bin
    shift
    bin=$(pg_bin "$version") || exit 1
    for suite in $server_suites; do
        if wants "$suite" "$@"; then
            if [ -x "tests/$suite/run" ]; then
                run_suite "$suite, PostgreSQL $version" "$suite-$version" "tests/$suite/run" "$bin" "$version"
            else
                echo "0 1 $suite, PostgreSQL $version" >>"$results"
                echo "$suite, PostgreSQL $version: there is no tests/$suite/run: FAILED"
            fi
        fi
    done
}

say "building; the output is in build/logs/build.log"
if ! TARGETS=all scripts/build.sh $FOOTFALL_VERSIONS >"$logs/build.log" 2>&1; then
    tail -n 80 "$logs/build.log"
    echo "the build failed"
    echo "0 passed, 1 failed"
    exit 1
fi
say "built in $((SECONDS - started)) s"

if wants lint "$@"; then
    run_suite lint lint scripts/lint.sh
fi
if wants unit "$@"; then
    run_suite unit unit scripts/test_unit.sh
fi
if wants fuzz "$@"; then
    run_suite fuzz fuzz scripts/test_fuzz.sh
fi
streams=""
for version in $FOOTFALL_VERSIONS; do
    run_version "$version" "$@" &
    streams="$streams $!"
done
broken=0
for stream in $streams; do
    wait "$stream" || broken=1
done

read -r passed failed <<<"$(awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }' "$results")"
failed=$((failed + broken))
if [ $((passed + failed)) -eq 0 ]; then
    echo "no test ran: known suites are lint unit fuzz $server_suites"
    failed=1
fi
echo "took $((SECONDS - started)) s"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
