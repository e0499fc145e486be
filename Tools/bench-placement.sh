#!/usr/bin/env bash
# Placement at the size of a fleet, by itself and behind API, store and agents, in release:
# bench-placement.sh [OPTIONS of bench e2e].
# Last line: placement: churn_per_s=X gang_per_s=X e2e_per_s=X partial=0 scan_mismatch=0
set -uo pipefail
source "$(dirname "$0")/lib.sh"
build_release tidemill-controller bench || exit 1
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
failed=0

# measure NAME OPTIONS…: shows what `bench NAME` prints, and keeps it.
measure() {
    "$TIDEMILL_BIN/bench" "$@" 2>&1 | tee "$logs/$1" || failed=1
}

measure churn --nodes 10000 --devices 80000
measure gang --nodes 5000 --shape 2250x4
measure e2e --nodes 5000 --slices 50000 "$@"

churn=$(last_line churn: "$logs/churn")
gang=$(last_line gang: "$logs/gang")
e2e=$(last_line e2e: "$logs/e2e")
# A bench that did not come to its last line has shown nothing.
for line in "$churn" "$gang" "$e2e"; do [ -n "$line" ] || failed=1; done
partial=$(($(figure partial "$gang") + $(figure partial "$e2e")))
mismatch=$(figure scan_mismatch "$churn")
echo "placement: churn_per_s=$(figure per_s "$churn") gang_per_s=$(figure per_s "$gang") e2e_per_s=$(figure per_s "$e2e")" \
    "partial=$partial scan_mismatch=$mismatch"
[ $failed -eq 0 ] && [ "$partial" -eq 0 ] && [ "$mismatch" -eq 0 ]
