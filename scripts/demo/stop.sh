#!/bin/bash
# Ends the demo's server. Its data stays in build/ until the next demo or `make clean`.
set -euo pipefail
. "$(dirname "$0")/../environment.sh"

if "$FOOTFALL_ROOT/scripts/server.sh" status 15 demo 2>/dev/null; then
    "$FOOTFALL_ROOT/scripts/server.sh" stop 15 demo
    say "the demo's server is stopped"
else
    say "the demo's server is not running"
fi
