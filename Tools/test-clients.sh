#!/usr/bin/env bash
# Unmodified Kubernetes clients against a controller and an agent that really run: Debian's kubectl, the Python clients
# kubernetes, kr8s, lightkube and kopf, and schemathesis. KUBECTLS names further kubectl programs, by path.
# test-clients.sh [CLIENT…] drives only those: kubectl, python, kr8s, lightkube, kopf, overload (clients that take and do not
# give), schemathesis.
# Last line: clients: passed=N failed=N skipped=N
set -uo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill tidemill-controller tidemill-agent tidemill-shim || exit 1
kubectl=$(bash Tools/kubectl-path.sh) || exit 1
clients=("$@")
[ ${#clients[@]} -gt 0 ] || clients=(kubectl python kr8s lightkube kopf overload schemathesis)

# The versions that were tried; pip keeps them beside the build.
python=$PWD/.build/clients/bin/python
wanted="kubernetes==37.0.2 kr8s==0.20.15 lightkube==1.0.1 kopf==1.45.2 schemathesis==4.32.5"
if [ "$(cat .build/clients/wanted 2>/dev/null)" != "$wanted" ]; then
    rm -rf .build/clients
    python3 -m venv .build/clients || exit 1
    # shellcheck disable=SC2086
    "$python" -m pip install --quiet $wanted || exit 1
    echo "$wanted" >.build/clients/wanted
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/tidemill-clients.XXXXXX")
home="$work/home"
export KUBECONFIG="$home/kubeconfig"
export NODE="clients-$$"
source Tools/checks.sh
up=
cleanup() {
    [ -n "$up" ] && kill -INT "$up" 2>/dev/null && wait "$up" 2>/dev/null
    "$BIN/tidemill" down --purge --home "$home" >/dev/null 2>&1
    rm -rf "$work"
}
trap cleanup EXIT

"$BIN/tidemill" up --home "$home" --node "$NODE" >"$work/up.log" 2>&1 &
up=$!
if ! HOME="$work" until_true 60 "$kubectl" get node "$NODE"; then
    cat "$work/up.log"
    echo "clients: passed=0 failed=1 skipped=0"
    exit 1
fi

# add NAME COMMAND…: runs one client's script and adds what its last line, `NAME: passed=N failed=N skipped=N`, says.
add() {
    local name=$1 log="$work/$1.log" began=$SECONDS line
    shift
    mkdir -p "$work/user-$name"
    # kubectl and the Python clients keep what they discovered under HOME: each starts without it.
    HOME="$work/user-$name" timeout 1200 "$@" >"$log" 2>&1
    line=$(last_line "[a-z0-9.-]+: passed=" "$log")
    grep -aE ' generated, |^(half-open|slow reader): ' "$log"
    grep -aE '^(FAILED|skipped)' -A 12 "$log" | grep -avE '^--$' || true
    if [ -z "$line" ]; then
        echo "FAILED $name: it ended without its last line"
        tail -n 30 "$log"
        failed=$((failed + 1))
        return
    fi
    echo "$line ($((SECONDS - began)) s)"
    passed=$((passed + $(figure passed "$line")))
    failed=$((failed + $(figure failed "$line")))
    skipped=$((skipped + $(figure skipped "$line")))
}

here=Tests/EndToEnd/Clients
for client in "${clients[@]}"; do
    case $client in
    kubectl)
        add kubectl bash $here/kubectl.sh "$kubectl" "$BIN/tidemill"
        for further in ${KUBECTLS:-}; do add "kubectl-$(basename "$further")" bash $here/kubectl.sh "$further" "$BIN/tidemill"; done
        [ -n "${KUBECTLS:-}" ] || skip "kubectl 1.27 and later" "KUBECTLS names none, and Debian's is the only one to be had here"
        ;;
    python | kr8s | lightkube | kopf | overload) add "$client" "$python" "$here/${client}_client.py" ;;
    schemathesis) add schemathesis bash $here/schemathesis.sh "${python%/*}/schemathesis" ;;
    *)
        echo "there is no client '$client'"
        failed=$((failed + 1))
        ;;
    esac
done
echo "clients: passed=$passed failed=$failed skipped=$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
