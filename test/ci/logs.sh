#!/usr/bin/env bash
# Tests with real log servers (test/logs/README.md); results as JSON in the file that is named. Where Go is there and the
# database could be installed, a server that is missing is a failure; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The database's programs only: these packages start no service.
if command -v go > /dev/null && test/ci/debian.sh mariadb-server-core mariadb-client-core; then export CT_STREAM_TEST_REQUIRE_LOGS=1; fi
npm run test:logs -- --reporter=default --reporter=json --outputFile.json="$1"
