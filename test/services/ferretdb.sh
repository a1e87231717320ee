#!/usr/bin/env bash
# ferretdb.sh start FOLDER PORT | stop FOLDER | kill FOLDER: a FerretDB server on loopback, which speaks MongoDB's protocol and keeps
# its data in SQLite; its pid is in FOLDER/pid. Started again, it has what it had.
# Of its Go module, built once and kept below the home folder's cache by version; needs Go the first time.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
version=1.24.2
program=$HOME/.cache/ct-stream/ferretdb-$version/ferretdb

build() {
  [ ! -x "$program" ] || return 0
  local go project
  go=$(command -v go || echo /usr/local/go/bin/go)
  [ -x "$go" ] || { echo "no FerretDB: install Go, from https://go.dev/dl" >&2; exit 3; }
  project=$(mktemp -d)
  # The command of the module wants a file that only its own builds have.
  cat > "$project/main.go" << 'GO'
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: os.Args[1]},
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[2] + "/",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err = server.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
GO
  mkdir -p "$(dirname "$program")"
  (cd "$project" && "$go" mod init ferretdb && "$go" get "github.com/FerretDB/FerretDB/ferretdb@v$version" && "$go" build -o ferretdb .) \
    > "$project/log" 2>&1 || { cat "$project/log" >&2; exit 3; }
  # At once, so that no other test finds half of it.
  mv "$project/ferretdb" "$program"
  rm -rf "$project"
}

case $1 in
  start)
    build
    mkdir -p "$folder/data"
    launch "$program" "127.0.0.1:$3" "$folder/data"
    ready 30 listens "$3"
    ;;
  stop) stop TERM ;;
  kill) stop KILL ;;
esac
