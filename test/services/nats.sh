#!/usr/bin/env bash
# nats.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a NATS server with JetStream on loopback, empty; its pid is in FOLDER/pid.
# nats.sh start3 FOLDER PORT | stop3 FOLDER: three servers of one cluster in FOLDER/1 to 3, at PORT, PORT + 2 and PORT + 4 (and each + 1);
# nats.sh restart FOLDER/2 starts one of them again after kill.
# Of Debian's package `nats-server`.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2

needed() { command -v nats-server > /dev/null || { echo "no NATS server: apt-get install nats-server" >&2; exit 3; }; }
member() { mapfile -t arguments < "$folder/arguments"; launch nats-server "${arguments[@]}"; }
# Of three, only one says it, which may be any.
elected() { grep -q 'JetStream cluster new metadata leader' "$folder"/../*/log; }

case $1 in
  start)
    needed
    mkdir -p "$folder"
    launch nats-server -a 127.0.0.1 -p "$3" -js -sd "$folder/data"
    ready 30 says 'Server is ready'
    ;;
  start3)
    needed
    routes=nats://127.0.0.1:$(($3 + 1)),nats://127.0.0.1:$(($3 + 3)),nats://127.0.0.1:$(($3 + 5))
    for node in 1 2 3; do
      port=$(($3 + 2 * (node - 1)))
      mkdir -p "$folder/$node"
      printf '%s\n' -n "ct$node" -a 127.0.0.1 -p "$port" -js -sd "$folder/$node/data" \
        --cluster_name ct --cluster "nats://127.0.0.1:$((port + 1))" --routes "$routes" > "$folder/$node/arguments"
      (folder=$folder/$node; member)
    done
    for node in 1 2 3; do (folder=$folder/$node; ready 30 says 'Server is ready'; ready 30 elected); done
    ;;
  restart)
    member
    ready 30 says 'Server is ready'
    ;;
  stop3) for node in 1 2 3; do (folder=$folder/$node; stop KILL) & done; wait ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
