#!/usr/bin/env bash
# Tests with real log servers (test/logs/README.md); results as JSON in the file that is named. Where Go is there and the
# database could be installed, a server that is missing is a failure; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

has() { command -v "$1" > /dev/null; }

# The programs only: these packages start no service.
install_database() {
  has mariadbd && has mariadb && return
  [ "$(id -u)" = 0 ] && has apt-get || return
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends mariadb-server-core mariadb-client-core
}

if has go && install_database; then export CT_STREAM_TEST_REQUIRE_LOGS=1; fi
npm run test:logs -- --reporter=default --reporter=json --outputFile.json="$1"
