#!/bin/bash
# The attacks of `make test-isolation` where cgroup v2 and systemd keep the machine, and some of the agent's deaths: on an
# emulated processor each of them takes long, and every one is tried on the host.
# Agent and shim are debug builds, which alone leave mechanisms out on purpose; the rest is as operators get it, for speed.
# Programs: release tidemill tidemill-controller tidemill-hostile
# Programs: debug tidemill-agent tidemill-shim tidemill-attacker TidemillPreload
# Seconds: 2700
# Last line: hostile: passed=N failed=0
source guest/lib.sh
export TIDEMILL_BIN=/work/bin TMPDIR=/work/rig TIDEMILL_PATIENCE=6
# The home of somebody, which tasks must not see.
mkdir -p "$TMPDIR" /home/operator
log=/work/out/isolation.log
trap 'dmesg >/work/out/kernel.log' EXIT
status=0
# shellcheck disable=SC2046
"$TIDEMILL_BIN/tidemill-hostile" --seats=2 --every-nth=8 $(cat hostile-options) 2>&1 | tee "$log" |
    while IFS= read -r line; do printf '%4d %s\n' "$SECONDS" "$line"; done
[ "${PIPESTATUS[0]}" -eq 0 ] || status=1
figure() { grep -hoE "(^| )$1=[0-9]+" "$log" | tail -n 1 | grep -oE '[0-9]+$' || echo 0; }
passed=$(($(figure contained) + $(figure controls) + $(figure positions)))
failed=$(grep -cE '^(ESCAPED|NO CONTROL|UNCLEAR|LEFT) ' "$log")
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
# Of what the agents and their tasks made nothing stays.
gone() { [ -z "$(find /sys/fs/cgroup/tidemill -name '*-*.*' 2>/dev/null)" ] && ! pgrep -x tidemill-shim; }
check "no group and no shim is left" until_true 30 gone
finish hostile
