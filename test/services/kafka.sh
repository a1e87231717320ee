#!/usr/bin/env bash
# kafka.sh start FOLDER PORT [ADVERTISED] | stop FOLDER | kill FOLDER: one Kafka broker on loopback (and PORT + 1), empty; its pid is in
# FOLDER/pid. Clients are told to come to the port ADVERTISED, such as that of a proxy.
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

configure() {
  cat > "$folder/server.properties" << PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$(($1 + 1))
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$(($1 + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$2
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$folder/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
PROPERTIES
}

stop() {
  pid=$(cat "$folder/pid" 2> /dev/null) || exit 0
  kill "-$1" "$pid" 2> /dev/null || exit 0
  for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || exit 0; sleep 0.05; done
  kill -KILL "$pid"
}

case $1 in
  start)
    command -v java > /dev/null || { echo "no Kafka: apt-get install openjdk-17-jre-headless maven" >&2; exit 3; }
    jars
    mkdir -p "$folder"
    configure "$3" "${4:-$3}"
    [ -e "$folder/data/meta.properties" ] || java -Xmx128m -XX:TieredStopAtLevel=1 -cp "$libs/*" kafka.tools.StorageTool format \
      -t MkU3OEVBNTcwNTJENDM2Qg -c "$folder/server.properties" > "$folder/format.log" 2>&1 || { cat "$folder/format.log" >&2; exit 1; }
    # With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
    nohup java -Xms64m -Xmx512m -XX:+UseSerialGC -cp "$libs/*" kafka.Kafka "$folder/server.properties" > "$folder/log" 2>&1 < /dev/null &
    echo $! > "$folder/pid"
    for ((i = 0; i < 1200; i++)); do
      ! grep -q 'Kafka Server started' "$folder/log" || exit 0
      kill -0 "$(cat "$folder/pid")" 2> /dev/null || break
      sleep 0.05
    done
    grep -E "ERROR|FATAL|Exception" "$folder/log" >&2 || tail -20 "$folder/log" >&2
    exit 1
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
