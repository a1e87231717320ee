#!/usr/bin/env bash
# amqp.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a RabbitMQ server on loopback (and PORT + 1, PORT + 2), empty; its pid is in FOLDER/pid.
# Of Debian's package `rabbitmq-server`.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
# Not the one in the path: that one changes the user.
program=/usr/lib/rabbitmq/bin/rabbitmq-server

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
    launch "$program"
    ready 60 says 'Server startup complete'
    ;;
  stop) stop TERM; stop TERM epmd.pid ;;
  kill) stop KILL; stop KILL epmd.pid ;;
esac
