#!/usr/bin/env bash
# Attacks slices from inside, by real programs, and again with the mechanisms off; then kills the agent before every step
# of prepare and release: test-isolation.sh [OPTIONS of tidemill-hostile]. Debug builds: a release obeys no TIDEMILL_BREAK.
# Last line: isolation: contained=N escaped=0 controls=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill-controller tidemill-agent tidemill-shim tidemill-attacker TidemillPreload tidemill-hostile
exec "$BIN/tidemill-hostile" "$@"
