#!/usr/bin/env bash
# Machines that are not here, and vendors' libraries that err, crash and hang: what discovery and a running agent make of them.
# test-devices.sh [OPTIONS of tidemill-devices].
# Last line: devices: fixtures=N vendors=13 stub_faults=N failed=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill-controller tidemill-agent tidemill-shim tidemill-devices
exec "$TIDEMILL_BIN/tidemill-devices" "$@"
