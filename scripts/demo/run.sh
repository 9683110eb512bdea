#!/bin/bash
# The demo: installs what is missing, builds, starts a private server, loads events, answers.
#
#   make demo                                       one million events of the shop simulator
#   make demo DATA=events.csv                       your own CSV or JSON lines
#   make demo DATA=log.csv MAP="ts=when customer_id=who purchase=paid"
#
# Environment: DATA, MAP; WINDOW of the funnel ("1 hour"); DEMO_EVENTS and DEMO_SEED for the
# simulator. The server listens on a unix socket under build/ only; make demo-stop ends it.
set -euo pipefail
. "$(dirname "$0")/../environment.sh"

version=15
data=${DATA:-}
if [ -n "$data" ]; then
    # Said before minutes are spent on building.
    [ -e "$data" ] || die "there is no file $data; DATA is a path from the directory where you called make."
    [ -f "$data" ] || die "$data is not a file; DATA is one CSV or JSON lines file."
    [ -r "$data" ] || die "$data cannot be read; check its permissions."
    data=$(cd "$(dirname "$data")" && pwd -P)/$(basename "$data")
fi

"$FOOTFALL_ROOT/scripts/install_dependencies.sh" build $version
"$FOOTFALL_ROOT/scripts/build.sh" $version

tools=$FOOTFALL_BUILD/tools
if [ -z "$data" ]; then
    say "building the shop simulator"
    cmake -S "$FOOTFALL_ROOT" -B "$tools" -G Ninja -DFOOTFALL_EXTENSION=OFF -DFOOTFALL_TESTS=OFF \
        -DFOOTFALL_BENCH=ON >"$tools.configure.log" 2>&1 || { cat "$tools.configure.log" >&2; exit 1; }
    cmake --build "$tools" -j "$(jobs_count)" --target shop_simulator -- --quiet
fi

# Enough memory for the queries to stay in it, and no checkpoint in the middle of a COPY.
"$FOOTFALL_ROOT/scripts/server.sh" start $version demo \
    "shared_buffers = 512MB" "work_mem = 128MB" "maintenance_work_mem = 256MB" \
    "max_wal_size = 4GB" "checkpoint_timeout = 30min" "jit = off" \
    "log_min_messages = warning"
psql=$(command -v psql >/dev/null && echo psql || echo "$(pg_bin $version)/psql")
eval "$("$FOOTFALL_ROOT/scripts/server.sh" env $version demo)"

work=$(mktemp -d "$FOOTFALL_BUILD/demo.XXXXXX")
trap 'rm -rf "$work"' EXIT
psql_line="$psql -h $PGHOST -U $PGUSER shop"
DATA=$data DEMO_WORK=$work DEMO_SIMULATOR=$tools/bench/shop_simulator DEMO_PSQL=$psql_line \
    PYTHONDONTWRITEBYTECODE=1 python3 "$FOOTFALL_ROOT/scripts/demo/demo.py"
