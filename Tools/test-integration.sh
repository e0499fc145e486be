#!/usr/bin/env bash
# The programs as they ship, on this machine: kills, restarts, deadlines. The fence tests then run once more with the
# fence broken on purpose, and every one of them must fail: a test that cannot fail proves nothing.
# Last line: integration: passed=N failed=0 fence_off_caught=N
set -euo pipefail
source "$(dirname "$0")/lib.sh"
[ -n "${TIDEMILL_BUILT:-}" ] || swift build --build-tests
mkdir -p .build/logs
log=.build/logs/integration.log
broken=.build/logs/integration-fence-off.log

status=0
swift test --skip-build --no-parallel --filter '^IntegrationTests\.' >"$log" 2>&1 || status=$?
read -r passed failed <<<"$(counts "$log")"
if [ "$status" -ne 0 ] || [ "$failed" -ne 0 ] || [ "$passed" -eq 0 ]; then
    failures "$log"
    [ "$failed" -eq 0 ] && failed=1
fi

TIDEMILL_BREAK=fence swift test --skip-build --no-parallel --filter '^IntegrationTests\.FenceTests' >"$broken" 2>&1 || true
read -r survived caught <<<"$(counts "$broken")"
if [ "$survived" -ne 0 ] || [ "$caught" -eq 0 ]; then
    echo "With the fence broken, $survived fence tests still passed and $caught failed; all should fail:"
     grep -E '^[^ ]+ Test ".* passed after ' "$broken" || tail -n 20 "$broken"
    failed=$((failed + 1))
fi
echo "integration: passed=$passed failed=$failed fence_off_caught=$caught"
[ "$failed" -eq 0 ]
