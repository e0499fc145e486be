# What the suites inside the virtual machine share. A suite sources it, calls check and finish, and leaves files for
# people in /work/out.
passed=0
failed=0

# check WHAT COMMAND…: counts whether the command succeeds; what it printed explains a failure.
check() {
    local what=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok $what"
    else
        failed=$((failed + 1))
        echo "FAILED $what (status $status): ${output:0:2000}"
    fi
}

# equal WHAT WANTED FOUND
equal() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok $1: $3"
    else
        failed=$((failed + 1))
        echo "FAILED $1: wanted '$2', found '$3'"
    fi
}

# until_true SECONDS COMMAND…: waits for a condition that nobody announces.
until_true() {
    local end=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -ge "$end" ] && return 1
        sleep 0.5
    done
}

# finish NAME: prints the last line of the suite.
finish() {
    echo "$1: passed=$passed failed=$failed seconds=$SECONDS"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
