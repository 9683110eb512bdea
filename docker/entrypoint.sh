#!/bin/bash
# Makes a cluster at the first start, with the extension in its database, and runs the server.
#
#   POSTGRES_PASSWORD   password of the superuser postgres; needed at the first start
#   POSTGRES_DB         database to make and to create the extension in (default: postgres)
# Arguments go to the server: … -c shared_buffers=4GB
set -euo pipefail

database=${POSTGRES_DB:-postgres}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "footfall: set POSTGRES_PASSWORD: the server listens on the network and needs a password." >&2
        exit 1
    fi
    initdb -D "$PGDATA" -U postgres --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
        --auth-local=trust --auth-host=scram-sha-256 --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    # The extension is made before anybody can connect from outside.
    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=/tmp" -w start
    if [ "$database" != postgres ]; then
        createdb -h /tmp -U postgres "$database"
    fi
    psql -h /tmp -U postgres -d "$database" -v ON_ERROR_STOP=1 -qc 'CREATE EXTENSION footfall'
    pg_ctl -D "$PGDATA" -m fast -w stop
fi
unset POSTGRES_PASSWORD
exec postgres -D "$PGDATA" -c "listen_addresses=*" -c unix_socket_directories=/tmp "$@"
