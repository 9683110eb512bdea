#!/bin/bash
# Builds footfall for one PostgreSQL and installs it there: scripts/install.sh /path/to/pg_config
# DESTDIR is honoured. Nothing but footfall is installed.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

[ $# -eq 1 ] || die "usage: scripts/install.sh /path/to/pg_config"
pg_config=$(command -v "$1") || die "there is no program '$1': name one with make install PG_CONFIG=/path/to/pg_config."
bin=$("$pg_config" --bindir)
directory=$FOOTFALL_BUILD/install-$(printf '%s' "$bin" | cksum | cut -d' ' -f1)

# What is installed here finds Arrow where it was linked; what is packaged finds it beside itself.
arrow_path=$FOOTFALL_BUILD/arrow/pyarrow
[ -z "${DESTDIR:-}" ] || arrow_path=

say "building for $("$pg_config" --version) of $bin"
cmake -S "$FOOTFALL_ROOT" -B "$directory" -DPG_CONFIG="$pg_config" -DFOOTFALL_TESTS=OFF \
    -DFOOTFALL_BENCH=OFF -DFOOTFALL_WERROR=OFF -DFOOTFALL_ARCHIVE_RPATH="$arrow_path" >/dev/null
cmake --build "$directory" -j "$(jobs_count)"
cmake --install "$directory"
