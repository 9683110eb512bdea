#!/bin/bash
# A private PostgreSQL server for the demo, the benchmarks and the tests.
#
#   scripts/server.sh start   VERSION NAME [postgresql.conf line]...   make and start; prints where
#   scripts/server.sh stop    VERSION NAME          stop, keep the data
#   scripts/server.sh destroy VERSION NAME          stop, delete the data
#   scripts/server.sh env     VERSION NAME          shell lines: PATH, PGHOST, PGPORT, PGUSER
#   scripts/server.sh psql    VERSION NAME [psql arguments]...
#   scripts/server.sh status  VERSION NAME          exit 0 when running
#
# Listens on a unix socket only, in a directory that none but the server's user (and root) enters;
# there is no password. Data, log and socket are in build/servers/VERSION-NAME (the socket in
# /tmp/footfall-<checksum> when that path would exceed the 107 bytes a socket may have). Start again
# with other lines and they replace the former ones; a running server is restarted then.
set -euo pipefail
. "$(dirname "$0")/environment.sh"

[ $# -ge 3 ] || { sed -n '2,14p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
action=$1 version=$2 name=$3
shift 3
case $name in *[!A-Za-z0-9_-]*) die "a server's name is letters, digits, _ and -; '$name' is not." ;; esac

# The server's user may not be able to enter the caller's directory.
cd /
bin=$(pg_bin "$version")
home=$(area_dir "servers/$version-$name")
data=$home/data
log=$home/log
port=5432

socket=$home/socket
if [ ${#socket} -gt 90 ]; then
    socket=/tmp/footfall-$(printf '%s' "$home" | cksum | cut -d' ' -f1)
fi

is_running() {
    [ -e "$data/postmaster.pid" ] && as_server_user "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1
}

print_env() {
    printf 'export PATH=%q:$PATH PGHOST=%q PGPORT=%q PGUSER=postgres PGDATABASE=postgres\n' \
        "$bin" "$socket" "$port"
}

start() {
    if [ ! -e "$data/PG_VERSION" ]; then
        as_server_user "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
            --data-checksums --no-sync --no-instructions >"$log.initdb" 2>&1 ||
            { cat "$log.initdb" >&2; die "initdb failed."; }
        echo "include_if_exists = 'footfall.conf'" >>"$data/postgresql.conf"
    fi
    as_server_user mkdir -p -m 700 "$socket"
    [ "$(stat -c %U "$socket")" = "$(stat -c %U "$data")" ] || die "$socket belongs to somebody else."
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$socket'"
        echo "port = $port"
        echo "timezone = 'UTC'"
        for line in "$@"; do
            echo "$line"
        done
    } | as_server_user tee "$data/footfall.conf.new" >/dev/null
    if is_running; then
        if cmp -s "$data/footfall.conf.new" "$data/footfall.conf"; then
            return
        fi
        as_server_user "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null
    fi
    as_server_user mv "$data/footfall.conf.new" "$data/footfall.conf"
    as_server_user "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 start >/dev/null </dev/null ||
        { tail -20 "$log" >&2; die "PostgreSQL $version did not start; its log is $log."; }
}

stop() {
    if is_running; then
        as_server_user "$bin/pg_ctl" -D "$data" -m fast -w -t 120 stop >/dev/null
    fi
}

case $action in
    start)
        start "$@"
        say "PostgreSQL $version '$name' is running: psql -h $socket -U postgres" >&2
        ;;
    stop) stop ;;
    destroy)
        stop
        rm -rf "$home"
        case $socket in /tmp/footfall-*) rm -rf "$socket" ;; esac
        ;;
    env) print_env ;;
    psql)
        eval "$(print_env)"
        exec psql "$@"
        ;;
    status) is_running ;;
    *) die "unknown action '$action'." ;;
esac
