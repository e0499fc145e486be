#!/usr/bin/env bash
# Large lists, idle watches, and one change that many watch, in release: bench-watches.sh [OPTIONS of bench watches].
# Last line: bench-watches: rows=N missed_aims=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill-controller bench
exec "$TIDEMILL_BIN/bench" watches "$@"
