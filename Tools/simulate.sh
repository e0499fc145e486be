#!/usr/bin/env bash
# Seeded histories of the shipped cores, in release. usage: simulate.sh [SEEDS] [FIRST]; SEED=N tells one history.
# Last line: simulate: seeds=N failures=N broken_rules_caught=N/N histories_per_s=X
set -euo pipefail
source "$(dirname "$0")/lib.sh"
mkdir -p .build/logs
log=.build/logs/simulate-build.log
if ! TIDEMILL_CORES=1 swift build -c release --product tidemill-simulate --scratch-path .build-sim-release >"$log" 2>&1; then
    grep -E 'error:' "$log" | sort -u | head -n 40
    exit 1
fi
program=.build-sim-release/release/tidemill-simulate
if [ -n "${SEED:-}" ]; then exec "$program" --seed "$SEED" --shrink; fi
exec "$program" --seeds "${1:-1000}" --first "${2:-1}"
