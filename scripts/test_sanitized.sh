#!/bin/bash
# The SQL tests with the extension under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   scripts/test_sanitized.sh VERSION [test]...
#
# The extension is built with both into build/asan and installed into a copy of the version's private
# PostgreSQL, build/postgres/asan-VERSION. PostgreSQL itself is as it comes: its own memory contexts
# are one large allocation to the sanitizer, so the engine's memory comes from malloc in this build
# (extension/pg/memory.cpp). A finding ends the backend with a report, which makes its test fail;
# reports are shown, too. The last line is 'N passed, N failed'.
set -uo pipefail
. "$(dirname "$0")/environment.sh"
cd "$FOOTFALL_ROOT"

[ $# -ge 1 ] || { sed -n '2,11p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
version=$1
shift
bin=$(pg_bin "$version") || exit 1
name=asan-$version
tree=$(area)/postgres/$name
build=$FOOTFALL_BUILD/asan-$version
reports=$(area_dir tests/asan-reports)
rm -f "$reports"/*

# The server program is started by a script that puts the sanitizer's library before it. libstdc++ goes
# with it, else the sanitizer would not find what throws.
make_tree() {
    local programs
    rm -rf "$tree"
    cp -a "$(area)/postgres/$version" "$tree"
    programs=$(pg_bin "$name") || return 1
    mv "$programs/postgres" "$programs/postgres.server"
    cat >"$programs/postgres" <<SCRIPT
#!/bin/sh
export ASAN_OPTIONS=\${ASAN_OPTIONS:-detect_leaks=0:abort_on_error=1:log_path=$reports/report}
export UBSAN_OPTIONS=\${UBSAN_OPTIONS:-print_stacktrace=1:log_path=$reports/report}
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so) $(g++ -print-file-name=libstdc++.so.6)" \\
    exec "\$(dirname "\$0")/postgres.server" "\$@"
SCRIPT
    chmod 755 "$programs/postgres"
    touch "$tree/made"
}
[ -e "$tree/made" ] || make_tree || exit 1

bin=$(pg_bin "$name") || exit 1
# Warnings are the other builds' business: the sanitizers' own code makes some that are not true.
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=g++ -DPG_CONFIG="$bin/pg_config" \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
    -DFOOTFALL_SANITIZE=address,undefined -DFOOTFALL_WERROR=OFF -DFOOTFALL_TESTS=OFF -DFOOTFALL_BENCH=OFF \
    -DFOOTFALL_ARCHIVE_RPATH="$FOOTFALL_BUILD/arrow/pyarrow" \
    >"$build.configure.log" 2>&1 &&
    cmake --build "$build" -j "$(jobs_count)" -- --quiet >"$build.build.log" 2>&1 &&
    cmake --install "$build" >"$build.install.log" ||
    { tail -n 40 "$build.configure.log" "$build.build.log"; echo "0 passed, 1 failed"; exit 1; }
chmod -R go+rX "$tree"

# Where memory is bounded by the kernel, the sanitizer, which needs a great deal, waits for itself: models and
# recommenders, whose learning is, are left out.
[ $# -gt 0 ] || set -- $(sed -n 's/^test: //p' tests/regress/schedule | tr ' ' '\n' | grep -vxE 'helpers|models|recommenders')
tests/regress/run "$bin" "$name" "$@" | sed '$d' | tail -n 80
work=$(area)/tests/regress-$name
passed=$(grep -cE '(\.\.\. ok +[0-9]+ ms|^ok +[0-9]+ )' "$work/output")
failed=$(grep -cE '(\.\.\. FAILED|^not ok +[0-9]+ )' "$work/output")
[ $((passed + failed)) -gt 0 ] || failed=1
# UndefinedBehaviorSanitizer's go where the server's log goes.
grep -A 30 'runtime error:' "$work/log/postmaster.log" | split -l 120 - "$reports/log-"
for report in "$reports"/*; do
    [ -e "$report" ] || continue
    failed=$((failed + 1))
    echo "---- $report"
    head -n 60 "$report"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
