#!/usr/bin/env bash
# What operators do to nodes, with real programs and the operators' own verbs: test-nodes.sh [OPTIONS of tidemill-nodes].
# Last line: nodes: passed=N failed=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
if [ -z "${TIDEMILL_BUILT:-}" ]; then
    for program in tidemill tidemill-controller tidemill-agent tidemill-shim tidemill-witness tidemill-nodes; do
        swift build --product "$program"
    done
fi
exec "$BIN/tidemill-nodes" "$@"
