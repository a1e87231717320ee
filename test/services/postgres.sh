#!/usr/bin/env bash
# postgres.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a Postgres server on loopback with nothing in it; its pid is in FOLDER/pid.
# Of Debian's package `postgresql`; the server refuses to run as root, and runs as the user postgres then.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
programs=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -1)
[ -n "$programs" ] || programs=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
[ -x "$programs/postgres" ] || { echo "no Postgres server: apt-get install postgresql" >&2; exit 3; }

# Not by su, which waits for the server as its parent: it stops itself when the server is stopped, and then never sees it end.
as_owner() {
  if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=postgres --regid=postgres --init-groups bash -c "$1"; else exec bash -c "$1"; fi
}

case $1 in
  start)
    mkdir -p "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    [ -e "$folder/data/PG_VERSION" ] || (as_owner "'$programs/initdb' -D '$folder/data' -A trust -U postgres > '$folder/initdb.log' 2>&1")
    rm -f "$folder/pid"
    as_owner "echo \$\$ > '$folder/pid'; exec '$programs/postgres' -D '$folder/data' -p '$3' -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories='$folder' -c max_connections=200" > "$folder/log" 2>&1 < /dev/null &
    until [ -s "$folder/pid" ]; do sleep 0.05; done
    ready 30 "$programs/pg_isready" -q -h 127.0.0.1 -p "$3"
    ;;
  # At once, without waiting for its clients.
  stop) stop INT ;;
  kill)
    # Its own processes see that it is gone and end by themselves. Until it is gone itself, its lock file keeps the next one out.
    pid=$(cat "$folder/pid")
    children=$(pgrep -P "$pid" || true)
    kill -KILL "$pid"
    for child in $pid $children; do
      for ((i = 0; i < 600; i++)); do kill -0 "$child" 2> /dev/null || break; sleep 0.05; done
    done
    # Its number may be another program's by the time that these files, or a copy of them, are started.
    rm -f "$folder/data/postmaster.pid"
    ;;
esac
