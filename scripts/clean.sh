#!/bin/bash
# Stops the servers that scripts/server.sh started and removes build/ and what lies outside for it.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

[ -d "$FOOTFALL_BUILD" ] || exit 0
for home in "$FOOTFALL_BUILD"/servers/*-*/; do
    [ -d "$home" ] || continue
    name=$(basename "$home")
    "$FOOTFALL_ROOT/scripts/server.sh" destroy "${name%%-*}" "${name#*-}" || true
done
if [ -L "$FOOTFALL_BUILD/area" ]; then
    rm -rf "$(readlink -f "$FOOTFALL_BUILD/area")"
fi
rm -rf "$FOOTFALL_BUILD"
