#!/usr/bin/env bash
# Speed and memory, in release. Last line: bench: rows=N missed_aims=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill tidemill-controller tidemill-agent tidemill-shim bench
exec "$TIDEMILL_BIN/bench" "$@"
