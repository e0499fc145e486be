#!/usr/bin/env bash
# Kills the controller at random moments under concurrent writes: test-crash.sh ROUNDS [SEED].
# Last line: crash: rounds=N lost=0 reused=0 gaps=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill-controller tidemill-crash
exec "$BIN/tidemill-crash" --rounds "${1:-20}" ${2:+--seed "$2"}
