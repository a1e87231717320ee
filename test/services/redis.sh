#!/usr/bin/env bash
# redis.sh start FOLDER PORT [ARGUMENT…] | stop FOLDER | kill FOLDER: a Redis server on loopback, empty; its pid is in FOLDER/pid.
# Of Debian's package `redis-server`. Every write is on disk before it is acknowledged.
set -euo pipefail
folder=$2

stop() {
  pid=$(cat "$folder/pid" 2> /dev/null) || exit 0
  kill "-$1" "$pid" 2> /dev/null || exit 0
  for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || exit 0; sleep 0.05; done
  kill -KILL "$pid"
}

case $1 in
  start)
    command -v redis-server > /dev/null || { echo "no Redis server: apt-get install redis-server" >&2; exit 3; }
    mkdir -p "$folder"
    # With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
    redis-server --port "$3" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly yes --appendfsync always --pidfile '' "${@:4}" \
      > "$folder/log" 2>&1 < /dev/null &
    echo $! > "$folder/pid"
    for ((i = 0; i < 600; i++)); do
      ! grep -q 'Ready to accept connections' "$folder/log" || exit 0
      kill -0 "$(cat "$folder/pid")" 2> /dev/null || break
      sleep 0.05
    done
    cat "$folder/log" >&2
    exit 1
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
