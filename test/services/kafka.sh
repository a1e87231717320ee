#!/usr/bin/env bash
# kafka.sh start FOLDER PORT [ADVERTISED] | stop FOLDER | kill FOLDER: one Kafka broker on loopback (and PORT + 1), empty; its pid is in
# FOLDER/pid. Clients are told to come to the port ADVERTISED, such as that of a proxy.
# With KAFKA_OUTSIDE=host:port also at PORT + 2, where clients are told to come to that address instead.
# With KAFKA_USER=name:password also at PORT + 2, for that user alone (SASL PLAIN).
# kafka.sh start3 FOLDER PORT | stop3 FOLDER: three brokers of one cluster in FOLDER/1 to 3, at PORT, PORT + 2 and PORT + 4 (and each + 1);
# kafka.sh restart FOLDER/2 starts one of them again after kill.
# Of Maven Central's jars, kept below the home folder's cache by version; needs Java 17, and Maven the first time.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
version=4.4.0
libs=$HOME/.cache/ct-stream/kafka-$version

# configure FOLDER PORT ADVERTISED NODE VOTERS COPIES
configure() {
  cat > "$1/server.properties" << PROPERTIES
process.roles=broker,controller
node.id=$4
controller.quorum.voters=$5
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$(($2 + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$3
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$1/data
auto.create.topics.enable=false
default.replication.factor=$6
min.insync.replicas=$((($6 + 1) / 2))
offsets.topic.replication.factor=$6
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$6
transaction.state.log.min.isr=$((($6 + 1) / 2))
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
PROPERTIES
  [ -z "${KAFKA_USER-}" ] || with_user "$1" "$2"
  [ -z "${KAFKA_OUTSIDE-}" ] || sed -i -E "s|^(listeners=.*)|\1,OUTSIDE://127.0.0.1:$(($2 + 2))|; \
    s|^(advertised.listeners=.*)|\1,OUTSIDE://$KAFKA_OUTSIDE|; s|^(listener.security.*)|\1,OUTSIDE:PLAINTEXT|; \
    \$ a inter.broker.listener.name=PLAINTEXT" "$1/server.properties"
}

with_user() {
  local at="SASL://127.0.0.1:$(($2 + 2))"
  sed -i -E "s|^(listeners=.*)|\1,$at|; s|^(advertised.listeners=.*)|\1,$at|; s|^(listener.security.*)|\1,SASL:SASL_PLAINTEXT|" \
    "$1/server.properties"
  cat >> "$1/server.properties" << PROPERTIES
sasl.enabled.mechanisms=PLAIN
inter.broker.listener.name=PLAINTEXT
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${KAFKA_USER%%:*}="${KAFKA_USER#*:}";
PROPERTIES
}

format() {
  [ -e "$1/data/meta.properties" ] || java -Xmx128m -XX:TieredStopAtLevel=1 -cp "$libs/*" kafka.tools.StorageTool format \
    -t MkU3OEVBNTcwNTJENDM2Qg -c "$1/server.properties" > "$1/format.log" 2>&1 || { cat "$1/format.log" >&2; exit 1; }
}

broker() { launch java -Xms64m -Xmx512m -XX:+UseSerialGC -cp "$libs/*" kafka.Kafka "$folder/server.properties"; }
awaited() { ready 120 says 'Kafka Server started'; }
# Without a binding of slf4j the broker logs nothing.
needed() {
  command -v java > /dev/null || { echo "no Kafka: apt-get install openjdk-17-jre-headless maven" >&2; exit 3; }
  jars "$libs" "org.apache.kafka:kafka_2.13:$version" org.slf4j:slf4j-simple:1.7.36
}

case $1 in
  start)
    needed
    mkdir -p "$folder"
    configure "$folder" "$3" "${4:-$3}" 1 "1@127.0.0.1:$(($3 + 1))" 1
    format "$folder"
    broker
    awaited
    ;;
  start3)
    needed
    voters=1@127.0.0.1:$(($3 + 1)),2@127.0.0.1:$(($3 + 3)),3@127.0.0.1:$(($3 + 5))
    for node in 1 2 3; do
      mkdir -p "$folder/$node"
      port=$(($3 + 2 * (node - 1)))
      configure "$folder/$node" "$port" "$port" "$node" "$voters" 3
      format "$folder/$node"
      (folder=$folder/$node; broker)
    done
    for node in 1 2 3; do (folder=$folder/$node; awaited); done
    ;;
  restart)
    broker
    awaited
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
  # One that waits for the others to hand over would wait for ever: they go at the same time.
  stop3) for node in 1 2 3; do (folder=$folder/$node; stop KILL) & done; wait ;;
esac
