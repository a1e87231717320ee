#!/usr/bin/env bash
# amqp.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a RabbitMQ server on loopback (and PORT + 1, PORT + 2), empty; its pid is in FOLDER/pid.
# Of Debian's package `rabbitmq-server`.
set -euo pipefail
folder=$2
# Not the one in the path: that one changes the user.
program=/usr/lib/rabbitmq/bin/rabbitmq-server

stop() {
  for name in pid epmd.pid; do
    pid=$(cat "$folder/$name" 2> /dev/null) || continue
    kill "-$1" "$pid" 2> /dev/null || continue
    for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || continue 2; sleep 0.05; done
    kill -KILL "$pid"
  done
}

case $1 in
  start)
    [ -x "$program" ] || { echo "no RabbitMQ server: apt-get install rabbitmq-server" >&2; exit 3; }
    mkdir -p "$folder/home"
    port=$3
    export HOME=$folder/home ERL_EPMD_PORT=$((port + 1)) ERL_EPMD_ADDRESS=127.0.0.1
    export RABBITMQ_NODENAME=ct$port@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$((port + 2))
    export RABBITMQ_MNESIA_BASE=$folder/data RABBITMQ_LOG_BASE=$folder/logs RABBITMQ_LOGS=- RABBITMQ_PID_FILE=$folder/pid
    export RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins RABBITMQ_CONFIG_FILE=$folder/none RABBITMQ_ADVANCED_CONFIG_FILE=$folder/none.config
    # Of its own: the one that a server starts outlives it.
    pid=$(cat "$folder/epmd.pid" 2> /dev/null || echo none)
    if ! kill -0 "$pid" 2> /dev/null; then
      epmd > "$folder/epmd.log" 2>&1 < /dev/null &
      echo $! > "$folder/epmd.pid"
    fi
    # With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
    "$program" > "$folder/log" 2>&1 < /dev/null &
    for ((i = 0; i < 1200; i++)); do
      ! grep -q 'Server startup complete' "$folder/log" || exit 0
      sleep 0.05
    done
    tail -20 "$folder/log" >&2
    exit 1
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
