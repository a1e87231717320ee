#!/usr/bin/env bash
# postgres.sh [stop]: a Postgres server of Debian's package on 127.0.0.1:5433, to try things with: anybody on this machine may log in.
# Its data is in a folder of yours (~/.local/state/ct-postgres), and outlives it.
set -euo pipefail
service="$(dirname "$0")/../../test/services/postgres.sh"
folder=${XDG_STATE_HOME:-$HOME/.local/state}/ct-postgres

if [ "${1:-start}" = stop ]; then exec bash "$service" stop "$folder"; fi
if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -q
  $sudo apt-get install -qy --no-install-recommends postgresql
fi
bash "$service" start "$folder" 5433
echo 'postgres://postgres@127.0.0.1:5433/postgres'
