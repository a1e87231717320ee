#!/usr/bin/env bash
# Metrics, rules and dashboard held against Prometheus' own tool, and the unit file against systemd's; results as JSON in the file that is
# named. Where they could be installed they must be there; elsewhere their tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

# For promtool alone.
if test/ci/debian.sh prometheus; then export CT_STREAM_TEST_REQUIRE_PROMTOOL=1; fi
# For systemd-analyze alone: it starts nothing.
if test/ci/debian.sh systemd; then export CT_STREAM_TEST_REQUIRE_SYSTEMD=1; fi
npx --no-install vitest run --config test/vitest.config.ts monitoring metrics serve-api serve-guide \
  --reporter=default --reporter=json --outputFile.json="$1"
