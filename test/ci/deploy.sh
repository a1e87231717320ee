#!/usr/bin/env bash
# What is in examples/deploy, without any registry of images and without a cluster; results as JSON in the file that is named. Where the
# tools could be installed, one that is missing is a failure; elsewhere its tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=${CT_STREAM_TEST_TOOLS:-$(mktemp -d)}
export PATH="$tools/bin:$PATH"
# Helm as a Go module, the schemas of Kubernetes from PyPI.
get_tools() {
  test/ci/debian.sh buildah debootstrap prometheus python3-venv || return 1
  [ -x "$tools/bin/kubernetes-validate" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install -q 'kubernetes-validate==1.37.*'; } || return 1
  [ -x "$tools/bin/helm" ] || GOBIN="$tools/bin" go install helm.sh/helm/v3/cmd/helm@v3.16.4
}
if get_tools > "$tools/log" 2>&1; then export CT_STREAM_TEST_REQUIRE_DEPLOY=1; else cat "$tools/log" >&2; fi
npm run test:deploy -- --reporter=default --reporter=json --outputFile.json="$1"
