#!/usr/bin/env bash
# Speed, memory, and what slices cost, in release; `bench.sh slices` measures the last alone.
# Last line: bench: rows=N missed_aims=N, or bench-slices: …
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill tidemill-controller tidemill-agent tidemill-shim bench
exec "$TIDEMILL_BIN/bench" "$@"
