#!/usr/bin/env bash
# What operators do to nodes, with real programs and the operators' own verbs: test-nodes.sh [OPTIONS of tidemill-nodes].
# In release: a thousand writes each second are more than unoptimised programs do beside a test.
# Last line: nodes: passed=N failed=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill tidemill-controller tidemill-agent tidemill-shim tidemill-witness tidemill-nodes
exec "$TIDEMILL_BIN/tidemill-nodes" "$@"
