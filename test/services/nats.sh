#!/usr/bin/env bash
# nats.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a NATS server with JetStream on loopback, empty; its pid is in FOLDER/pid.
# Of Debian's package `nats-server`.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2

case $1 in
  start)
    command -v nats-server > /dev/null || { echo "no NATS server: apt-get install nats-server" >&2; exit 3; }
    mkdir -p "$folder"
    launch nats-server -a 127.0.0.1 -p "$3" -js -sd "$folder/data"
    ready 30 says 'Server is ready'
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
