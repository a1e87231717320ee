#!/usr/bin/env bash
# postgres.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a Postgres server on loopback with nothing in it; its pid is in FOLDER/pid.
# Of Debian's package `postgresql`; the server refuses to run as root, and runs as the user postgres then.
set -euo pipefail
folder=$2
programs=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -1)
[ -n "$programs" ] || programs=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
[ -x "$programs/postgres" ] || { echo "no Postgres server: apt-get install postgresql" >&2; exit 3; }

as_owner() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "$1"; else bash -c "$1"; fi; }

case $1 in
  start)
    mkdir -p "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    [ -e "$folder/data/PG_VERSION" ] || as_owner "'$programs/initdb' -D '$folder/data' -A trust -U postgres > '$folder/initdb.log' 2>&1"
    # With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
    as_owner "echo \$\$ > '$folder/pid'; exec '$programs/postgres' -D '$folder/data' -p '$3' -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories='$folder' -c max_connections=200" > "$folder/log" 2>&1 < /dev/null &
    for ((i = 0; i < 600; i++)); do
      "$programs/pg_isready" -q -h 127.0.0.1 -p "$3" && exit 0
      sleep 0.05
    done
    cat "$folder/log" >&2
    exit 1
    ;;
  stop)
    pid=$(cat "$folder/pid" 2> /dev/null) || exit 0
    kill -INT "$pid" 2> /dev/null || exit 0
    for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || exit 0; sleep 0.05; done
    kill -QUIT "$pid"
    ;;
  kill)
    # Its own processes see that it is gone and end by themselves.
    pid=$(cat "$folder/pid")
    children=$(pgrep -P "$pid" || true)
    kill -KILL "$pid"
    for child in $children; do
      for ((i = 0; i < 600; i++)); do kill -0 "$child" 2> /dev/null || break; sleep 0.05; done
    done
    ;;
esac
