#!/usr/bin/env bash
# Placement on random clusters: test-properties.sh [N]. A failure says its seed and the fewest steps that show it.
# Last line: properties: clusters=N seeds=1...N failed=N
set -uo pipefail
source "$(dirname "$0")/lib.sh"
clusters=${1:-1000}
mkdir -p .build/logs
log=.build/logs/properties.log
export TIDEMILL_CORES=1 TIDEMILL_TESTS=PlacementTests TIDEMILL_PROPERTIES=$clusters
swift test --scratch-path .build-cores --filter PlacementProperties >"$log" 2>&1
status=$?
read -r good bad <<<"$(counts "$log")"
[ "$status" -eq 0 ] && [ "$good" -gt 0 ] || failures "$log"
echo "properties: clusters=$clusters seeds=1...$clusters failed=$bad"
[ "$status" -eq 0 ] && [ "$good" -gt 0 ]
