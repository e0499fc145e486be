#!/usr/bin/env bash
# Speed, memory, lists, watches, and what slices cost, in release; `bench.sh slices` and `bench.sh watches` measure these alone.
# Last line: bench: rows=N missed_aims=N, or bench-slices: … or bench-watches: …
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill tidemill-controller tidemill-agent tidemill-shim bench
exec "$TIDEMILL_BIN/bench" "$@"
