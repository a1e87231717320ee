#!/usr/bin/env bash
# Tests of the server's page in Debian's Chromium; results as JSON in the file that is named. Where it could be installed, a browser that
# is missing is a failure; elsewhere the tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

if test/ci/debian.sh chromium; then export CT_STREAM_TEST_CHROMIUM=required; fi
npm run test:browser -- --reporter=default --reporter=json --outputFile.json="$1"
