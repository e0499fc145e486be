#!/usr/bin/env bash
# How tightly policies pack the openb traces, in release: bench-openb.sh FOLDER [OPTIONS of bench openb].
# Last line: openb: above_fgd=N/M default=XX.XX patient=XX.XX decisions_per_s=X
set -euo pipefail
source "$(dirname "$0")/lib.sh"
if [ $# -eq 0 ] || [ ! -d "$1/arrivals" ]; then
    echo "bench-openb: say where the openb traces are: make bench-openb TRACE=DIR, a folder with csv and arrivals"
    exit 2
fi
trace=$(cd "$1" && pwd)
shift
build_release bench
exec "$TIDEMILL_BIN/bench" openb --trace "$trace" "$@"
