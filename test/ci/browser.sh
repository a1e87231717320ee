#!/usr/bin/env bash
# Tests of the server's page in Debian's Chromium; results as JSON in the file that is named. Where it could be installed, a browser that
# is missing is a failure; elsewhere the tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

has() { command -v "$1" > /dev/null; }

install_browser() {
  [ -x /usr/bin/chromium ] && return
  [ "$(id -u)" = 0 ] && has apt-get || return
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium
}

if install_browser; then export CT_STREAM_TEST_CHROMIUM=required; fi
npm run test:browser -- --reporter=default --reporter=json --outputFile.json="$1"
