# What the test scripts share. Source it; the working folder becomes the repository's root.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
BIN="${TIDEMILL_BIN:-$PWD/.build/debug}"
export TIDEMILL_BIN="$BIN"

# counts FILE: prints "PASSED FAILED" from the output of `swift test`: from its last line when all is well, since lines of many
# tests at a time are sometimes lost, else one per finished test function.
counts() {
    local passed failed
    passed=$(grep -aoE 'Test run with [0-9]+ tests? .*passed after ' "$1" | grep -oE '[0-9]+' | head -n 1 || true)
    if [ -n "$passed" ]; then
        echo "$passed 0"
        return
    fi
    passed=$(grep -acE '^[^ ]+ Test ".* passed after ' "$1" || true)
    failed=$(grep -acE '^[^ ]+ Test ".* failed after ' "$1" || true)
    echo "$passed $failed"
}

# failures FILE: prints what went wrong, for people.
failures() {
    grep -aE '^[^ ]+ (Test|Suite) .*(failed|recorded an issue)|error:|Fatal error' "$1" | head -n 60 || true
}

# last_line PREFIX FILE: prints the last line that starts with PREFIX.
last_line() { grep -aE "^$1" "$2" | tail -n 1; }

# figure NAME LINE: the number behind NAME= in LINE, or -1.
figure() { echo "$2" | grep -oE "(^| )$1=[0-9]+" | grep -oE '[0-9]+$' || echo -1; }

# build_debug PRODUCT…: builds them for development. Does nothing when TIDEMILL_BUILT says that they are there.
build_debug() {
    local product
    [ -z "${TIDEMILL_BUILT:-}" ] || return 0
    for product in "$@"; do swift build --product "$product" || return 1; done
}

# build_release PROGRAM…: builds them as operators get them, linked statically (a node has no Swift runtime), and makes them
# the programs that TIDEMILL_BIN names. Does nothing when TIDEMILL_BUILT says that they are there.
build_release() {
    local scratch=.build-release program
    if [ -z "${TIDEMILL_BUILT:-}" ]; then
        for program in "$@"; do
            swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product "$program" || return 1
        done
        TIDEMILL_BIN="$PWD/$scratch/release"
    fi
    export TIDEMILL_BIN
}
