#!/usr/bin/env bash
# Clients and servers of others against the built server (test/peers); results as JSON in the file that is named. Where Python with its module
# venv and Go are there, one that is missing is a failure; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

if python3 -c 'import venv, ensurepip' 2> /dev/null && command -v go > /dev/null; then export CT_STREAM_TEST_REQUIRE_PEERS=1; fi
npm run test:peers -- --reporter=default --reporter=json --outputFile.json="$1"
