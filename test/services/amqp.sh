#!/usr/bin/env bash
# amqp.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a RabbitMQ server on loopback (and PORT + 1, PORT + 2), empty; its pid is in FOLDER/pid.
# amqp.sh start3 FOLDER PORT | stop3 FOLDER: three servers of one cluster in FOLDER/1 to 3, at PORT, PORT + 3 and PORT + 6 (and each + 2; PORT + 1);
# amqp.sh restart FOLDER/2 starts one of them again after kill.
# amqp.sh policy FOLDER PATTERN JSON: settings of the queues whose names match.
# Of Debian's package `rabbitmq-server`.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
# Not the one in the path: that one changes the user.
program=/usr/lib/rabbitmq/bin/rabbitmq-server

needed() { [ -x "$program" ] || { echo "no RabbitMQ server: apt-get install rabbitmq-server" >&2; exit 3; }; }

# ports PORT EPMD: what `server` starts with, also another time.
ports() {
  mkdir -p "$folder/home"
  echo "$1 $2" > "$folder/ports"
}

# names FOLDER PORT: of its own: the one that a server starts outlives it.
names() {
  local pid
  pid=$(cat "$1/epmd.pid" 2> /dev/null || echo none)
  if kill -0 "$pid" 2> /dev/null; then return; fi
  ERL_EPMD_PORT=$2 ERL_EPMD_ADDRESS=127.0.0.1 epmd > "$1/epmd.log" 2>&1 < /dev/null &
  echo $! > "$1/epmd.pid"
}

named() {
  local port epmd
  read -r port epmd < "$folder/ports"
  export HOME=$folder/home ERL_EPMD_PORT=$epmd ERL_EPMD_ADDRESS=127.0.0.1
  export RABBITMQ_NODENAME=ct$port@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$((port + 2))
  export RABBITMQ_MNESIA_BASE=$folder/data RABBITMQ_LOG_BASE=$folder/logs RABBITMQ_LOGS=- RABBITMQ_PID_FILE=$folder/pid
  export RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins RABBITMQ_CONFIG_FILE=$folder/own.conf RABBITMQ_ADVANCED_CONFIG_FILE=$folder/none.config
}
server() { named; launch "$program"; }
awaited() { ready 60 says 'Server startup complete'; }

case $1 in
  start)
    needed
    ports "$3" $(($3 + 1))
    names "$folder" $(($3 + 1))
    server
    awaited
    ;;
  start3)
    needed
    for node in 1 2 3; do
      (
        folder=$folder/$node
        ports $(($3 + 3 * (node - 1))) $(($3 + 1))
        # By which they trust each other.
        echo -n LOOPBACKONLYCLUSTER1 > "$folder/home/.erlang.cookie"
        chmod 400 "$folder/home/.erlang.cookie"
        # The others join the first one when they are started the first time.
        [ "$node" = 1 ] || printf 'cluster_formation.%s\n' 'peer_discovery_backend = classic_config' \
          "classic_config.nodes.1 = ct$3@localhost" > "$folder/own.conf"
      )
    done
    names "$folder" $(($3 + 1))
    (folder=$folder/1; server; awaited)
    for node in 2 3; do (folder=$folder/$node; server); done
    for node in 2 3; do (folder=$folder/$node; awaited); done
    ;;
  restart)
    names "$folder/.." "$(cut -d ' ' -f 2 "$folder/ports")"
    server
    awaited
    ;;
  policy)
    named
    "${program%-server}ctl" -q set_policy own "$3" "$4" --apply-to queues
    ;;
  stop3)
    for node in 1 2 3; do (folder=$folder/$node; stop KILL) & done
    wait
    stop TERM epmd.pid
    ;;
  stop) stop TERM; stop TERM epmd.pid ;;
  kill) stop KILL; stop KILL epmd.pid ;;
esac
