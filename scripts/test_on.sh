#!/bin/bash
# Runs one suite on one version, on what is built: scripts/test_on.sh SUITE VERSION [what]...
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

[ $# -ge 2 ] || { sed -n '2p' "$0" | sed 's/^# //'; exit 2; }
suite=$1 version=$2
shift 2
bin=$(pg_bin "$version") || exit 1
exec "tests/$suite/run" "$bin" "$version" "$@"
