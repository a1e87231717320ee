#!/usr/bin/env bash
# Installs Debian packages by name, so that a program this machine has by chance hides no missing name. Fails where it cannot: without
# apt-get, or without being root. One at a time: stages that run side by side would meet at apt-get's lock.
set -euo pipefail
installed() { dpkg-query -W -f '${Status}\n' "$@" 2> /dev/null | grep -c '^install ok installed$'; }

command -v apt-get > /dev/null || exit 1
exec 9> "${TMPDIR:-/tmp}/ct-stream-debian.lock" && flock 9
[ "$(installed "$@")" = "$#" ] && exit
[ "$(id -u)" = 0 ] || exit 1
export DEBIAN_FRONTEND=noninteractive
# What it says is of interest when it fails only.
log=$(mktemp)
{ apt-get update -q && apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; } > "$log" 2>&1 9>&- \
  || { cat "$log" >&2; exit 1; }
