#!/bin/bash
# Every static check; the last line is 'N passed, N failed'.
#
#   scripts/lint.sh          after scripts/build.sh: the symbol checks look at what was built
#
# clang-tidy reads a file again only when it, a header of ours, or .clang-tidy has changed since it
# last passed (build/lint keeps the record), so a second run takes seconds.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

passed=0 failed=0
lint=$FOOTFALL_BUILD/lint
mkdir -p "$lint"

check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "ok $name"
    else
        failed=$((failed + 1))
        echo "FAILED $name"
        printf '%s\n' "$output" | head -n "${LINT_LINES:-60}"
    fi
}

# The project's C++ files: what git tracks, and what it would.
cpp_files() {
    git ls-files --cached --others --exclude-standard -- "$@" |
        grep -E '^(engine|extension|tests|bench)/.*\.(cpp|h)$' | while read -r file; do
        [ ! -e "$file" ] || echo "$file"
    done
}

formatted() {
    cpp_files | xargs -r clang-format --dry-run -Werror
}

scripts_parse() {
    local file status=0
    for file in scripts/*.sh tests/*/run .ci/run docker/*.sh; do
        [ -e "$file" ] || continue
        case $(head -n 1 "$file") in
            *bash* | *"/bin/sh"*) bash -n "$file" || status=1 ;;
        esac
        [ -x "$file" ] || [ "$file" = scripts/environment.sh ] || { echo "$file is not executable"; status=1; }
    done
    return $status
}

# What the parser turns into an operator without a schema. Comments and texts may say it.
sql_without_hidden_operators() {
    ! grep -nE '\bCASE +[^W ]|\bNULLIF *\(|\bBETWEEN\b|\bDISTINCT FROM\b|(^|[^A-Za-z])IN \(' sql/*.sql |
        grep -vE "^[^:]*:[0-9]+: *(--|'|COMMENT |CREATE EVENT TRIGGER )"
}

# Clang's view of the build: GCC's command lines, without what clang does not know.
tidy_one() {
    local file=$1 stamp output
    stamp=$lint/$(printf '%s' "$file" | tr / _).passed
    if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(cat "$file" | cat - "$lint/context" | sha256sum)" ]; then
        return 0
    fi
    if output=$(clang-tidy --quiet -p "$FOOTFALL_BUILD/pg${FOOTFALL_VERSIONS%% *}" "$file" 2>/dev/null); then
        cat "$file" "$lint/context" | sha256sum >"$stamp"
    else
        printf '%s\n' "$output" | grep -A1 'error:'
        return 1
    fi
}
export -f tidy_one
export lint FOOTFALL_BUILD FOOTFALL_VERSIONS

tidy() {
    { cat .clang-tidy; cpp_files | grep '\.h$' | sort | xargs -r cat; } | sha256sum >"$lint/context"
    cpp_files engine extension | grep '\.cpp$' |
        xargs -r -P "$(jobs_count)" -I{} bash -c 'tidy_one {}'
}

check "clang-format" formatted
check "shell scripts parse" scripts_parse
check "SQL scripts hide no operator" sql_without_hidden_operators
check "layers, file lengths, folders' READMEs" python3 scripts/check_layers.py
check "engine uses no symbol of PostgreSQL" scripts/check_symbols.sh engine
for version in $FOOTFALL_VERSIONS; do
    check "footfall.so for $version shows footfall's symbols only" scripts/check_symbols.sh module "$version"
done
check "clang-tidy" tidy

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
