#!/usr/bin/env bash
# The controller under the heartbeats of many agents, in release: bench-heartbeat.sh AGENTS [OPTIONS of bench heartbeat].
# Last line: bench-heartbeat: rows=N missed_aims=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill-controller bench
exec "$TIDEMILL_BIN/bench" heartbeat --agents "$@"
