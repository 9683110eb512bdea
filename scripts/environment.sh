# Sourced by the other scripts (bash): where things are, and who may run a server.
#
# PostgreSQL refuses to run as root. When root calls, servers and the tests that start servers run
# as the system user $FOOTFALL_USER (default: postgres, which Debian's package creates).
#
# The area is the directory that this user must be able to reach: the private PostgreSQL trees,
# the data directories, the tests' copies. It is build/, unless the checkout lies below a directory
# that the user may not enter (a mktemp -d clone, root's home): then it is a directory of the
# user's in /var/tmp, named after the checkout, and build/area, build/postgres and build/servers
# are links into it. Nobody's permissions are changed. `make clean` removes it.

FOOTFALL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
FOOTFALL_BUILD=$FOOTFALL_ROOT/build
FOOTFALL_VERSIONS=${FOOTFALL_VERSIONS:-"15 18"}
FOOTFALL_USER=${FOOTFALL_USER:-postgres}
export LC_ALL=C.UTF-8

die() {
    echo "footfall: $*" >&2
    exit 1
}

say() {
    echo "footfall: $*"
}

jobs_count() {
    nproc 2>/dev/null || echo 2
}

# Runs a command as the user a server may run as: the caller, or for root $FOOTFALL_USER. The
# environment goes along, save what speaks of root's home.
as_server_user() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        id "$FOOTFALL_USER" >/dev/null 2>&1 ||
            die "there is no user '$FOOTFALL_USER' to run PostgreSQL as; run scripts/install_dependencies.sh, or set FOOTFALL_USER."
        HOME=/nonexistent USER=$FOOTFALL_USER LOGNAME=$FOOTFALL_USER \
            setpriv --reuid="$FOOTFALL_USER" --regid="$(id -g "$FOOTFALL_USER")" --init-groups -- "$@"
    fi
}

# The area, made when missing.
area() {
    local hash fallback
    if [ -L "$FOOTFALL_BUILD/area" ]; then
        readlink -f "$FOOTFALL_BUILD/area"
        return
    fi
    mkdir -p "$FOOTFALL_BUILD"
    if [ "$(id -u)" -ne 0 ] || ! id "$FOOTFALL_USER" >/dev/null 2>&1 ||
        as_server_user test -x "$FOOTFALL_BUILD" 2>/dev/null; then
        # -x on build/ itself implies that every directory above it can be entered.
        echo "$FOOTFALL_BUILD"
        return
    fi
    hash=$(printf '%s' "$FOOTFALL_ROOT" | cksum | cut -d' ' -f1)
    fallback=/var/tmp/footfall-$hash
    if [ -e "$fallback" ] && [ "$(stat -c %u "$fallback")" -ne 0 ]; then
        die "$fallback belongs to somebody else; remove it."
    fi
    mkdir -p "$fallback"
    chmod 755 "$fallback"
    ln -sfn "$fallback" "$FOOTFALL_BUILD/area"
    for part in postgres servers tests; do
        mkdir -p "$fallback/$part"
        if [ -d "$FOOTFALL_BUILD/$part" ] && [ ! -L "$FOOTFALL_BUILD/$part" ]; then
            die "$FOOTFALL_BUILD/$part is out of $FOOTFALL_USER's reach; remove it and try again."
        fi
        ln -sfn "$fallback/$part" "$FOOTFALL_BUILD/$part"
    done
    echo "footfall: $FOOTFALL_USER cannot reach $FOOTFALL_ROOT, so servers live in $fallback" >&2
    echo "$fallback"
}

# A directory of the area that the server user owns, made when missing: area_dir servers/demo
area_dir() {
    local path
    path=$(area)/$1
    mkdir -p "$path"
    if [ "$(id -u)" -eq 0 ]; then
        chown "$FOOTFALL_USER:" "$path"
    fi
    echo "$path"
}

# The directory of the private tree's programs, symlinks resolved: pg_bin 15
pg_bin() {
    local bin
    bin=$(area)/postgres/$1/bin
    [ -x "$bin/pg_config" ] ||
        die "there is no private PostgreSQL $1 under build/postgres; run scripts/install_dependencies.sh."
    readlink -f "$bin"
}

# Sources as the server user sees them: a fresh copy of a directory of the checkout, in the area.
# With the area in build/ the checkout itself is in reach, but tests write beside their input.
stage() {
    local target
    target=$(area_dir tests)/$2
    rm -rf "$target"
    mkdir -p "$target"
    cp -a "$FOOTFALL_ROOT/$1/." "$target/"
    if [ "$(id -u)" -eq 0 ]; then
        chown -R "$FOOTFALL_USER:" "$target"
    fi
    echo "$target"
}
