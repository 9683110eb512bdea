#!/bin/bash
# Models beside others' and beside the truth: scripts/test_models.sh VERSION; the last line is 'N passed, N failed'.
#
# MODELS_SPLITS and TRUTH_SEEDS say how much; tests/models/README.md has more.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

version=$1
bin=$(pg_bin "$version") || exit 1
export TRUTH_SEEDS=${TRUTH_SEEDS:-2 3 4 5 6}
output=$(mktemp)
trap 'rm -f "$output"' EXIT
broken=0
for suite in models churn_truth; do
    "tests/$suite/run" "$bin" "$version" 2>&1 | tee -a "$output" || broken=1
done
awk -v broken="$broken" '/^[0-9]+ passed, [0-9]+ failed$/ { p += $1; f += $3; n++ }
    END { if (n < 2 || (broken && f == 0)) f++; print p + 0 " passed, " f + 0 " failed"; exit f > 0 }' "$output"
