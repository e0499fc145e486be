#!/usr/bin/env bash
# Machines that are not here, and vendors' libraries that err, crash and hang: what discovery and a running agent make of them.
# test-devices.sh [OPTIONS of tidemill-devices].
# Last line: devices: fixtures=N vendors=13 stub_faults=N failed=0
set -euo pipefail
source "$(dirname "$0")/lib.sh"
# OpenCL on the CPUs, and libraries of vendors that Debian has; where they cannot be had, what needs them is left out and said.
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && ! dpkg -s pocl-opencl-icd librocm-smi64-1 libze1 >/dev/null 2>&1; then
    apt-get install -y --no-install-recommends pocl-opencl-icd ocl-icd-libopencl1 librocm-smi64-1 libze1 >/dev/null 2>&1 ||
        { apt-get update && apt-get install -y --no-install-recommends pocl-opencl-icd ocl-icd-libopencl1 librocm-smi64-1 libze1; } >/dev/null 2>&1 ||
        echo "OpenCL and the vendors' libraries of Debian could not be installed: they are not tried." >&2
fi
build_debug tidemill-controller tidemill-agent tidemill-shim tidemill-devices
exec "$TIDEMILL_BIN/tidemill-devices" "$@"
