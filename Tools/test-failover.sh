#!/usr/bin/env bash
# Controllers, agents and stores are taken away under running work: test-failover.sh [OPTIONS of tidemill-failover].
# It begins with one case whose fence is broken on purpose, which must find double runs: a test that cannot fail proves
# nothing.
# Last line: failover: passed=N double=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill tidemill-controller tidemill-agent tidemill-shim tidemill-witness tidemill-failover
if ! "$BIN/tidemill-failover" --without-fence; then
    echo "With the fence broken no double run was found: what follows would prove nothing."
    echo "failover: passed=0 double=0"
    exit 1
fi
exec "$BIN/tidemill-failover" "$@"
