#!/usr/bin/env bash
# Sessions inside running tasks, with real programs, through `tidemill` and `kubectl tidemill`: test-exec.sh [OPTIONS of
# tidemill-exec].
# Last line: exec: passed=N failed=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill tidemill-controller tidemill-agent tidemill-shim tidemill-exec
exec "$TIDEMILL_BIN/tidemill-exec" --kubectl "$(bash Tools/kubectl-path.sh)" "$@"
