#!/usr/bin/env bash
# kafka.sh start FOLDER PORT [ADVERTISED] | stop FOLDER | kill FOLDER: one Kafka broker on loopback (and PORT + 1), empty; its pid is in
# FOLDER/pid. Clients are told to come to the port ADVERTISED, such as that of a proxy.
# With KAFKA_USER=name:password also at PORT + 2, for that user alone (SASL PLAIN).
# kafka.sh start3 FOLDER PORT | stop3 FOLDER: three brokers of one cluster in FOLDER/1 to 3, at PORT, PORT + 2 and PORT + 4 (and each + 1);
# kafka.sh restart FOLDER/2 starts one of them again after kill.
# Of Maven Central's jars, kept below the home folder's cache by version; needs Java 17, and Maven the first time.
set -euo pipefail
folder=$2
version=4.4.0
libs=$HOME/.cache/ct-stream/kafka-$version

jars() {
  [ ! -e "$libs/.complete" ] || return 0
  command -v mvn > /dev/null || { echo "no Kafka: apt-get install openjdk-17-jre-headless maven" >&2; exit 3; }
  local project
  project=$(mktemp -d)
  # Without a binding of slf4j the broker logs nothing.
  cat > "$project/pom.xml" << POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
  mkdir -p "$libs"
  mvn -q -B -f "$project/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs" > "$project/log" 2>&1 ||
    { cat "$project/log" >&2; exit 3; }
  rm -rf "$project"
  touch "$libs/.complete"
}

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

# With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
launch() {
  nohup java -Xms64m -Xmx512m -XX:+UseSerialGC -cp "$libs/*" kafka.Kafka "$1/server.properties" > "$1/log" 2>&1 < /dev/null &
  echo $! > "$1/pid"
}

await() {
  for ((i = 0; i < 2400; i++)); do
    ! grep -q 'Kafka Server started' "$1/log" || return 0
    kill -0 "$(cat "$1/pid")" 2> /dev/null || break
    sleep 0.05
  done
  grep -E "ERROR|FATAL|Exception" "$1/log" >&2 || tail -20 "$1/log" >&2
  exit 1
}

stop() {
  pid=$(cat "$folder/pid" 2> /dev/null) || exit 0
  kill "-$1" "$pid" 2> /dev/null || exit 0
  for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || exit 0; sleep 0.05; done
  kill -KILL "$pid"
}

needs_java() { command -v java > /dev/null || { echo "no Kafka: apt-get install openjdk-17-jre-headless maven" >&2; exit 3; }; }

case $1 in
  start)
    needs_java
    jars
    mkdir -p "$folder"
    configure "$folder" "$3" "${4:-$3}" 1 "1@127.0.0.1:$(($3 + 1))" 1
    format "$folder"
    launch "$folder"
    await "$folder"
    ;;
  start3)
    needs_java
    jars
    voters=1@127.0.0.1:$(($3 + 1)),2@127.0.0.1:$(($3 + 3)),3@127.0.0.1:$(($3 + 5))
    for node in 1 2 3; do
      mkdir -p "$folder/$node"
      port=$(($3 + 2 * (node - 1)))
      configure "$folder/$node" "$port" "$port" "$node" "$voters" 3
      format "$folder/$node"
      launch "$folder/$node"
    done
    for node in 1 2 3; do await "$folder/$node"; done
    ;;
  restart)
    launch "$folder"
    await "$folder"
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
  # One that waits for the others to hand over would wait for ever: they go at the same time.
  stop3) for node in 1 2 3; do (folder=$folder/$node; stop KILL) & done; wait ;;
esac
