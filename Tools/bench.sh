#!/usr/bin/env bash
# Speed and memory, in release. Last line: bench: rows=N missed_aims=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
# Linked statically, as operators get the programs: a node has no Swift runtime.
scratch=.build-release
for program in tidemill tidemill-controller tidemill-agent tidemill-shim bench; do
    swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product "$program"
done
export TIDEMILL_BIN="$PWD/$scratch/release"
exec "$TIDEMILL_BIN/bench" "$@"
