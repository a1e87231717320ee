#!/usr/bin/env bash
# redis.sh start FOLDER PORT [ARGUMENT…] | stop FOLDER | kill FOLDER: a Redis server on loopback, empty; its pid is in FOLDER/pid.
# Of Debian's package `redis-server`. Every write is on disk before it is acknowledged.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2

case $1 in
  start)
    command -v redis-server > /dev/null || { echo "no Redis server: apt-get install redis-server" >&2; exit 3; }
    mkdir -p "$folder/data"
    launch redis-server --port "$3" --bind 127.0.0.1 --dir "$folder/data" --save '' --appendonly yes --appendfsync always --pidfile '' "${@:4}"
    ready 30 says 'Ready to accept connections'
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
