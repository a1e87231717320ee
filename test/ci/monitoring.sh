#!/usr/bin/env bash
# Metrics, rules and dashboard held against Prometheus' own tool; results as JSON in the file that is named. Where it could be installed it
# must be there; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

# For promtool alone.
if test/ci/debian.sh prometheus; then export CT_STREAM_TEST_REQUIRE_PROMTOOL=1; fi
npx --no-install vitest run --config test/vitest.config.ts monitoring metrics serve-api \
  --reporter=default --reporter=json --outputFile.json="$1"
