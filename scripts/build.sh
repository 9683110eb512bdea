#!/bin/bash
# Builds footfall for the named versions and installs it into their private trees.
#
#   scripts/build.sh [VERSION]...
#
# The first version's build directory also gets the unit tests and the benchmarks: they do not
# depend on PostgreSQL's version. TARGETS=all builds them, TARGETS=extension (default) does not.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

targets=${TARGETS:-extension}
[ $# -gt 0 ] || set -- $FOOTFALL_VERSIONS
extras=$([ "$targets" = all ] && echo ON || echo OFF)
# The engine is the same for every version: the second build takes its objects from the first's.
if [ $# -gt 1 ] && command -v ccache >/dev/null && [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ]; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_DIR=${CCACHE_DIR:-$FOOTFALL_BUILD/ccache} CCACHE_NOHASHDIR=1
fi

for version in "$@"; do
    bin=$(pg_bin "$version")
    directory=$FOOTFALL_BUILD/pg$version
    say "building for $("$bin/pg_config" --version) in build/pg$version"
    cmake -S "$FOOTFALL_ROOT" -B "$directory" -G Ninja -DPG_CONFIG="$bin/pg_config" \
        -DFOOTFALL_TESTS=$extras -DFOOTFALL_BENCH=$extras -DFOOTFALL_ARCHIVE=ON \
        -DFOOTFALL_ARCHIVE_RPATH="$FOOTFALL_BUILD/arrow/pyarrow" >"$directory.configure.log" 2>&1 ||
        { cat "$directory.configure.log" >&2; die "cmake could not configure build/pg$version."; }
    cmake --build "$directory" -j "$(jobs_count)" -- --quiet
    cmake --install "$directory" >"$directory.install.log"
    chmod -R go+rX "$("$bin/pg_config" --sharedir)/extension" "$("$bin/pg_config" --pkglibdir)"
    extras=OFF
done
