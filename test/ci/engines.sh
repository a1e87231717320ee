#!/usr/bin/env bash
# Tests with real engines (test/engines/README.md); results as JSON in the file that is named. Where the server could be installed, one
# that is missing is a failure; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

# By name: a machine that has the server already would hide a missing step. The tests start one of their own.
install_engines() {
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || return
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=300 postgresql openjdk-17-jre-headless maven
}

if install_engines; then export CT_STREAM_TEST_REQUIRE_ENGINES=1; fi
npm run test:engines -- --reporter=default --reporter=json --outputFile.json="$1"
