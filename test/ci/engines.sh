#!/usr/bin/env bash
# Tests with real engines (test/engines/README.md); results as JSON in the file that is named. Where the server could be installed, one
# that is missing is a failure; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

# By name; the tests start servers of their own.
packages=(postgresql openjdk-17-jdk-headless maven redis-server nats-server rabbitmq-server)
packages+=(rsyslog rsyslog-gnutls)
# A network cut in two, and a clock that is wrong.
packages+=(iproute2 libfaketime)
if test/ci/debian.sh "${packages[@]}"; then export CT_STREAM_TEST_REQUIRE_ENGINES=1; fi
# FerretDB and an OpenTelemetry collector are built, which takes Go.
command -v go > /dev/null || [ -x /usr/local/go/bin/go ] || export CT_STREAM_TEST_FERRETDB=none CT_STREAM_TEST_COLLECTOR=none
# What is in Kafka, a client by others reads too.
if python3 -c 'import venv, ensurepip' 2> /dev/null; then export CT_STREAM_TEST_REQUIRE_PEERS=1; fi
npm run test:engines -- --reporter=default --reporter=json --outputFile.json="$1"
