#!/bin/bash
# Builds the fuzz targets with clang, ASan and UBSan, and runs each for FUZZ_SECONDS (60), as many
# side by side as there are processors.
#
#   scripts/test_fuzz.sh [target]...
#
# A target tests/fuzz/NAME.cpp starts from the inputs in tests/fuzz/corpus/NAME, which are run
# first and are kept in the repository; what it finds goes to build/fuzz/NAME/corpus, an input
# that breaks it to build/fuzz/NAME. The unit tests are run under the sanitizers, too.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

seconds=${FUZZ_SECONDS:-60}
directory=$FOOTFALL_BUILD/sanitize
mkdir -p "$FOOTFALL_BUILD/fuzz"

cmake -S . -B "$directory" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=Sanitize \
    -DFOOTFALL_FUZZ=ON -DFOOTFALL_SANITIZE=address,undefined -DFOOTFALL_EXTENSION=OFF \
    -DFOOTFALL_BENCH=OFF -DFOOTFALL_ARCHIVE=ON \
    -DCMAKE_CXX_FLAGS_SANITIZE="-O1 -gline-tables-only -DNDEBUG" >"$directory.configure.log" 2>&1 &&
    cmake --build "$directory" -j "$(jobs_count)" -- --quiet ||
    { cat "$directory.configure.log"; echo "0 passed, 1 failed"; exit 1; }

fuzz_one() {
    local name=$1 work=$FOOTFALL_BUILD/fuzz/$1 seeds=tests/fuzz/corpus/$1
    mkdir -p "$work/corpus"
    [ -d "$seeds" ] || seeds=
    # shellcheck disable=SC2086
    if ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
        "$directory/fuzz/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$work/" "$work/corpus" $seeds >"$work/log" 2>&1; then
        echo "ok $name: $(grep -o 'stat::number_of_executed_units: *[0-9]*' "$work/log" | grep -o '[0-9]*$') inputs in $seconds s"
    else
        echo "FAILED $name"
        grep -v '^#[0-9]*.*\(NEW\|REDUCE\|pulse\)' "$work/log" | tail -n 40
    fi
}
export -f fuzz_one
export directory seconds FOOTFALL_BUILD

log=$FOOTFALL_BUILD/fuzz/log
: >"$log"
if [ -x "$directory/unit_tests" ]; then
    if UBSAN_OPTIONS=print_stacktrace=1 "$directory/unit_tests" --gtest_brief=1 >"$FOOTFALL_BUILD/fuzz/unit.log" 2>&1; then
        echo "ok unit tests under ASan and UBSan" | tee -a "$log"
    else
        echo "FAILED unit tests under ASan and UBSan" | tee -a "$log"
        tail -n 60 "$FOOTFALL_BUILD/fuzz/unit.log"
    fi
fi
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls *.cpp 2>/dev/null | sed 's/\.cpp$//')
[ $# -gt 0 ] || { echo "there is no fuzz target"; echo "0 passed, 1 failed"; exit 1; }
printf '%s\n' "$@" | xargs -P "$(jobs_count)" -I{} bash -c 'fuzz_one {}' | tee -a "$log"

passed=$(grep -c '^ok ' "$log")
failed=$(grep -c '^FAILED ' "$log")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
