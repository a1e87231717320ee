# What the scripts beside this one have in common: one server of a test, in $folder, with its pid in $folder/pid and its output in $folder/log.
# shellcheck shell=bash

# launch COMMAND…: starts it. Its output goes elsewhere: a server that keeps the caller's pipe open hangs the caller.
launch() {
  # Emptied before: in the log of the one before, this one would be ready already.
  : > "$folder/log"
  nohup "$@" >> "$folder/log" 2>&1 < /dev/null &
  echo $! > "$folder/pid"
}

# ready SECONDS COMMAND…: waits until the command succeeds; shows the log when the server ends, or the time is over.
ready() {
  local seconds=$1 i pid
  shift
  for ((i = 0; i < 20 * seconds; i++)); do
    if "$@" 2> /dev/null; then return; fi
    # Empty while a server writes its own.
    pid=$(cat "$folder/pid" 2> /dev/null) || break
    [ -z "$pid" ] || kill -0 "$pid" 2> /dev/null || break
    sleep 0.05
  done
  tail -30 "$folder/log" >&2
  exit 1
}

# Conditions for ready.
says() { grep -q "$1" "$folder/log"; }
listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1"); }

# stop SIGNAL [FILE]: ends the server, and waits until it has ended.
stop() {
  local pid i
  pid=$(cat "$folder/${2:-pid}" 2> /dev/null) || return 0
  kill "-$1" "$pid" 2> /dev/null || return 0
  for ((i = 0; i < 600; i++)); do kill -0 "$pid" 2> /dev/null || return 0; sleep 0.05; done
  kill -KILL "$pid"
}

# jars FOLDER GROUP:ARTIFACT:VERSION…: of Maven Central, with all that they need, once.
jars() {
  local libs=$1 project each group artifact version
  shift
  [ ! -e "$libs/.complete" ] || return 0
  command -v mvn > /dev/null || { echo "no ${libs##*/}: apt-get install openjdk-17-jdk-headless maven" >&2; exit 3; }
  project=$(mktemp -d)
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>local</groupId><artifactId>server</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    for each in "$@"; do
      IFS=: read -r group artifact version <<< "$each"
      echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } > "$project/pom.xml"
  mkdir -p "$libs"
  mvn -q -B -f "$project/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs" > "$project/log" 2>&1 ||
    { cat "$project/log" >&2; exit 3; }
  rm -rf "$project"
  touch "$libs/.complete"
}
