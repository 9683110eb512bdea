#!/bin/bash
# What the binaries need and show.
#
#   scripts/check_symbols.sh engine            libfootfall_engine.a needs nothing of PostgreSQL
#   scripts/check_symbols.sh module VERSION    footfall.so shows only what exports.map names and lacks nothing of footfall
set -euo pipefail
. "$(dirname "$0")/environment.sh"

case ${1:-} in
    engine)
        version=${FOOTFALL_VERSIONS%% *}
        library=$FOOTFALL_BUILD/pg$version/libfootfall_engine.a
        [ -e "$library" ] || die "there is no $library: run scripts/build.sh first."
        # What the server defines itself: not its copies of the C library's variables.
        server=$(nm -D --defined-only "$(pg_bin "$version")/postgres" | awk '$3 !~ /@/ { print $3 }' | sort -u)
        archive=$FOOTFALL_BUILD/pg$version/libfootfall_archive_engine.a
        [ ! -e "$archive" ] || library="$library $archive"
        # shellcheck disable=SC2086
        needed=$(nm -u $library | awk '$1 == "U" { print $2 }' | sort -u)
        shared=$(comm -12 <(echo "$server") <(echo "$needed"))
        [ -z "$shared" ] || die "the engine needs PostgreSQL's $shared"
        ;;
    module)
        module=$FOOTFALL_BUILD/pg$2/footfall.so
        [ -e "$module" ] || die "there is no $module: run scripts/build.sh first."
        shown=$(nm -D --defined-only "$module" | awk '{ print $3 }')
        strangers=$(echo "$shown" | grep -vE '^(Pg_magic_func|_PG_init|pg_finfo_footfall_.*|footfall_.*)$' || true)
        [ -z "$strangers" ] || die "footfall.so shows symbols without the prefix: $strangers"
        # The server would refuse to load it: PostgreSQL's symbols are C's, so a C++ name of ours must be inside.
        missing=$(nm -D -u "$module" | awk '$2 ~ /8footfall/ { print $2 }' | c++filt)
        [ -z "$missing" ] || die "footfall.so lacks a definition of $missing"
        for needed in Pg_magic_func _PG_init; do
            # Not through a pipe: grep leaves at the first hit, and whoever still writes then fails.
            grep -qx "$needed" <<<"$shown" ||
                die "footfall.so does not show $needed: declare it with PGDLLEXPORT."
        done
        ;;
    *) die "usage: scripts/check_symbols.sh engine | module VERSION" ;;
esac
