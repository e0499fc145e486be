#!/usr/bin/env bash
# From the death of a node to its work running elsewhere, in release, on a machine that is busy with something else too:
# bench-failover.sh [OPTIONS of bench failover].
# Last line: bench-failover: rows=N missed_aims=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill tidemill-controller tidemill-agent tidemill-shim tidemill-witness bench
exec "$TIDEMILL_BIN/bench" failover "$@"
