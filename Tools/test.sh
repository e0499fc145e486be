#!/usr/bin/env bash
# Everything that fits half an hour on two cores, build included.
# Last line: test: passed=N failed=N seconds=N
set -uo pipefail
source "$(dirname "$0")/lib.sh"
started=$SECONDS
passed=0
failed=0
mkdir -p .build/logs

finish() {
    echo "test: passed=$passed failed=$failed seconds=$((SECONDS - started))"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# part NAME PREFIX COMMAND…: runs a script whose last line is "PREFIX passed=N failed=N …".
part() {
    local name=$1 prefix=$2 log=.build/logs/$1.log line status=0
    shift 2
    local began=$SECONDS
    "$@" >"$log" 2>&1 || status=$?
    line=$(last_line "$prefix" "$log")
    if [ "$status" -ne 0 ] || [ -z "$line" ]; then
        tail -n 60 "$log"
        failed=$((failed + 1))
    fi
    local good
    good=$(figure passed "$line")
    [ "$good" -gt 0 ] && passed=$((passed + good))
    echo "$name: ${line:-no result, see $log} ($((SECONDS - began)) s)"
}

echo "Building (debug) …"
if ! swift build --build-tests >.build/logs/build.log 2>&1; then
    grep -E 'error:' .build/logs/build.log | sort -u | head -n 40
    tail -n 5 .build/logs/build.log
    failed=1
    finish
fi
echo "build: done ($((SECONDS - started)) s)"
export TIDEMILL_BUILT=1

# suite NAME SWIFT-TEST-ARGUMENTS…: runs test targets of the one bundle and counts their tests; behind $within, if that is set.
suite() {
    local name=$1 log=.build/logs/$1.log status=0 good bad
    shift
    local began=$SECONDS
    ${within:-} swift test --skip-build "$@" >"$log" 2>&1 || status=$?
    read -r good bad <<<"$(counts "$log")"
    if [ "$status" -ne 0 ] || [ "$bad" -ne 0 ] || [ "$good" -eq 0 ]; then
        failures "$log"
        failed=$((failed + (bad > 0 ? bad : 1)))
    fi
    passed=$((passed + good))
    echo "$name: passed=$good failed=$bad ($((SECONDS - began)) s)"
}

# What forks real processes runs apart: a child holds every open file of the tests beside it until its exec, locks too.
# Whole campaigns of the simulation run in release below: ten times as many histories in the same time.
suite unit --skip '^(Integration|HostLinux|NodeAgent|Tidy)Tests\.' --skip 'SimulationTests/.?(the invariants hold|a broken rule)'
suite tidy --filter '^TidyTests\.'
suite host --filter '^(HostLinux|NodeAgent)Tests\.'
if [ "$(id -u)" -eq 0 ] && grep -q ' cgroup2 ' /proc/mounts; then
    within='bash Tools/in-version2.sh' suite version2 --filter '^HostLinuxTests\.(CgroupV2Driver|DeviceFilter|Shim)Tests'
fi

simulation=.build/logs/simulate.log
began=$SECONDS
if bash Tools/simulate.sh 100 1 >"$simulation" 2>&1; then passed=$((passed + 1)); else tail -n 80 "$simulation"; failed=$((failed + 1)); fi
echo "$(last_line 'simulate:' "$simulation") ($((SECONDS - began)) s)"

crash=.build/logs/crash.log
began=$SECONDS
if bash Tools/test-crash.sh 3 >"$crash" 2>&1; then passed=$((passed + 1)); else tail -n 30 "$crash"; failed=$((failed + 1)); fi
echo "$(last_line 'crash:' "$crash") ($((SECONDS - began)) s)"

isolation=.build/logs/isolation.log
began=$SECONDS
if bash Tools/test-isolation.sh >"$isolation" 2>&1; then
    passed=$((passed + $(figure contained "$(last_line 'isolation:' "$isolation")")))
else
    grep -E '^(ESCAPED|UNCLEAR|NO CONTROL|LEFT|Error)' "$isolation" | head -n 40
    failed=$((failed + 1))
fi
echo "$(last_line 'isolation:' "$isolation") $(last_line 'positions=' "$isolation") ($((SECONDS - began)) s)"

part integration 'integration:' bash Tools/test-integration.sh
part kubectl 'kubectl:' bash Tools/test-kubectl.sh
part why 'why:' bash Tools/test-why.sh
part exec 'exec:' bash Tools/test-exec.sh --only codes --only run
finish
