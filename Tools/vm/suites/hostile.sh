#!/bin/bash
# The attacks of `make test-isolation` where cgroup v2 and systemd keep the machine. The agent's deaths at every step are left
# to the host: they take long on an emulated processor and need nothing of this machine.
# Programs: debug
# Seconds: 2700
# Last line: hostile: passed=N failed=0
source guest/lib.sh
export TIDEMILL_BIN=/work/debug TMPDIR=/work/rig TIDEMILL_PATIENCE=6
mkdir -p "$TMPDIR"
log=/work/out/isolation.log
status=0
# shellcheck disable=SC2046
/work/debug/tidemill-hostile --without-positions $(cat hostile-options) 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" -eq 0 ] || status=1
figure() { tail -n 1 "$log" | grep -oE "(^| )$1=[0-9]+" | grep -oE '[0-9]+$' || echo 0; }
passed=$(($(figure contained) + $(figure controls)))
failed=$(figure escaped)
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
# Of what the agents and their tasks made nothing stays.
gone() { [ -z "$(find /sys/fs/cgroup/tidemill -name '*-*.*' 2>/dev/null)" ] && ! pgrep -x tidemill-shim; }
check "no group and no shim is left" until_true 30 gone
finish hostile
