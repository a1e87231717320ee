#!/usr/bin/env bash
# Engines for a developer, until Ctrl-C: `npm run services`. Prints what to set for `npm run test:engines`.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'bash postgres.sh stop "$folder/postgres"; rm -rf "$folder"' EXIT
bash postgres.sh start "$folder/postgres" 54329
echo 'export CT_STREAM_TEST_POSTGRES=postgres://postgres@127.0.0.1:54329/postgres'
sleep infinity &
wait $!
