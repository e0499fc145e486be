# Checks of what a command prints, for scripts that count in `passed` and `failed`. Source it.
passed=0
failed=0
skipped=0

# until SECONDS COMMAND…: waits for a condition.
until_true() {
    local limit=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ $SECONDS -ge $limit ] && return 1
        sleep 0.2
    done
}

# check NAME PATTERN COMMAND…: the command succeeds and its output matches the extended pattern.
check() {
    local name=$1 pattern=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    if [ $status -eq 0 ] && grep -qE -- "$pattern" <<<"$output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s (status %s, wanted /%s/): %s\n%s\n' "$name" "$status" "$pattern" "$*" "$output"
    fi
}

# refused NAME PATTERN COMMAND…: the command fails and says why.
refused() {
    local name=$1 pattern=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    if [ $status -ne 0 ] && grep -qE -- "$pattern" <<<"$output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s (status %s, wanted a refusal with /%s/): %s\n%s\n' "$name" "$status" "$pattern" "$*" "$output"
    fi
}

# exits NAME STATUS PATTERN COMMAND…: the command ends with this status and its output matches.
exits() {
    local name=$1 wanted=$2 pattern=$3 output status=0
    shift 3
    output=$("$@" 2>&1) || status=$?
    if [ "$status" -eq "$wanted" ] && grep -qE -- "$pattern" <<<"$output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s (status %s, wanted %s with /%s/): %s\n%s\n' "$name" "$status" "$wanted" "$pattern" "$*" "$output"
    fi
}

# skip NAME WHY: counts what this machine or this client cannot show.
skip() {
    skipped=$((skipped + 1))
    printf 'skipped %s: %s\n' "$1" "$2"
}
