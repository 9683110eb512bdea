#!/bin/bash
# Puts PostgreSQL 15's regression suite under build/postgres-source (where the server's user can read it) and prints its directory.
#
# The source package comes from the same Debian archive as the server. The package lists stay under
# build/, and so does everything else: the machine's own apt configuration is not touched.
# FOOTFALL_POSTGRES_SOURCE may name a source tree that is there already.
set -euo pipefail

version=15.18-0+deb12u1
. "$(dirname "$0")/../../scripts/environment.sh"
cache=$(area)/postgres-source
target=$cache/postgresql-${version%%-*}

if [ -n "${FOOTFALL_POSTGRES_SOURCE:-}" ]; then
    echo "$FOOTFALL_POSTGRES_SOURCE"
    exit 0
fi
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -f "$target/src/test/regress/parallel_schedule" ]; then
    sources=$cache/source.sources
    # The archive's own entries, asked for sources; security updates are not served as source.
    awk -v RS= -v ORS='\n\n' '/^Types: deb|\nTypes: deb/ && !/-security/ { sub(/Types: deb[^\n]*/, "Types: deb-src"); print }' \
        /etc/apt/sources.list.d/*.sources >"$sources" 2>/dev/null || true
    if [ -f /etc/apt/sources.list ]; then
        sed -n 's/^deb /deb-src /p' /etc/apt/sources.list | grep -v security >"$cache/source.list" || true
    fi
    mkdir -p "$cache/parts" "$cache/lists/partial"
    cp "$sources" "$cache/parts/source.sources"
    [ ! -s "$cache/source.list" ] || cp "$cache/source.list" "$cache/parts/source.list"
    options=(-o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$cache/parts"
        -o "Dir::State::lists=$cache/lists" -o "APT::Sandbox::User=root" -o "APT::Get::List-Cleanup=0")
    {
        apt-get "${options[@]}" update
        cd "$cache"
        apt-get "${options[@]}" source --download-only "postgresql-15=$version"
        tar -xf "$cache/postgresql-15_${version%%-*}.orig.tar.bz2"
    } >"$cache/fetch.log" 2>&1 || {
        tail -20 "$cache/fetch.log" >&2
        echo "the source of postgresql-15=$version could not be had; set FOOTFALL_POSTGRES_SOURCE" >&2
        exit 1
    }
fi
echo "$target"
