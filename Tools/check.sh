#!/usr/bin/env bash
# Formatting, lint, generated files and the tidy rules. Last line: check: passed, or what failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

git ls-files '*.swift' | grep -v /Generated/ | xargs swift format lint --strict --parallel || failed+=("format (make format mends most of it)")
swift build --product tidemill-generate >/dev/null && .build/debug/tidemill-generate --check || failed+=("generated files (make generate)")
for script in Tools/*.sh .ci/run; do bash -n "$script" || failed+=("$script"); done
log=.build/tidy.log
if ! TIDEMILL_CORES=1 TIDEMILL_TESTS=TidyTests swift test --scratch-path .build-tidy --filter TidyTests >"$log" 2>&1; then
    grep -E '✘|error:' "$log" | head -n 40
    failed+=("tidy rules ($log)")
fi

if [ ${#failed[@]} -gt 0 ]; then
    printf 'check: failed: %s\n' "${failed[*]}"
    exit 1
fi
echo "check: passed"
