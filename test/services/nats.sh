#!/usr/bin/env bash
# nats.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a NATS server with JetStream on loopback, empty; its pid is in FOLDER/pid.
# Of Debian's package `nats-server`.
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
    command -v nats-server > /dev/null || { echo "no NATS server: apt-get install nats-server" >&2; exit 3; }
    mkdir -p "$folder"
    # With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
    nats-server -a 127.0.0.1 -p "$3" -js -sd "$folder/data" > "$folder/log" 2>&1 < /dev/null &
    echo $! > "$folder/pid"
    for ((i = 0; i < 600; i++)); do
      ! grep -q 'Server is ready' "$folder/log" || exit 0
      kill -0 "$(cat "$folder/pid")" 2> /dev/null || break
      sleep 0.05
    done
    cat "$folder/log" >&2
    exit 1
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
