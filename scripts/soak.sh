#!/bin/bash
# The tests that find more the longer they run, with fresh seeds until the time is over; the last line is
# 'N passed, N failed' and any failure makes it exit 1.
#
#   scripts/soak.sh            SOAK_MINUTES (60), FOOTFALL_VERSIONS, FUZZ_SECONDS (300)
#
# A round: crashes at random moments under load (every second round with wal_consistency_checking),
# the heap twin with generated statements, the generated queries on every store, and each fuzz
# target. The seed of a round is printed: SEED repeats it. Logs are in build/logs.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

minutes=${SOAK_MINUTES:-60}
deadline=$((SECONDS + minutes * 60))
export FUZZ_SECONDS=${FUZZ_SECONDS:-300}
export CRASH_ROUNDS=${CRASH_ROUNDS:-40} ORACLE_SECONDS=${ORACLE_SECONDS:-600} QUERIES_STORES=${QUERIES_STORES:-3}
passed=0 failed=0 round=0

while [ "$SECONDS" -lt "$deadline" ]; do
    round=$((round + 1))
    seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
    export CRASH_SEED=$seed ORACLE_SEED=$seed QUERIES_SEED=$seed CRASH_WAL_CHECK=$((round % 2))
    say "round $round with SEED=$seed"
    for suite in crash oracle queries fuzz; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            break
        fi
        log=$FOOTFALL_BUILD/logs/soak-$round-$suite.log
        mkdir -p "$(dirname "$log")"
        scripts/test.sh "$suite" >"$log" 2>&1
        status=$?
        summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -1)
        read -r good _ bad _ <<<"${summary:-0 passed, 1 failed}"
        # Counts alone do not hide a run that broke.
        if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
            bad=1
        fi
        passed=$((passed + good)) failed=$((failed + bad))
        printf '%-10s %5d passed, %d failed\n' "$suite" "$good" "$bad"
        if [ "$bad" -gt 0 ]; then
            echo "---- end of $log"
            tail -n 60 "$log"
            echo "----"
        fi
    done
    # A seed that was asked for is one round.
    if [ -n "${SEED:-}" ]; then
        break
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
