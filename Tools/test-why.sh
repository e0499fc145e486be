#!/usr/bin/env bash
# `tidemill why`, `fit` and `replay` against a controller and an agent that really run: jobs that wait for a class, for memory, as
# a gang, for ever; what is suggested is done, and helps.
# Last line: why: passed=N failed=N
set -uo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill tidemill-controller tidemill-agent tidemill-shim || exit 1
kubectl=$(bash Tools/kubectl-path.sh) || exit 1

work=$(mktemp -d "${TMPDIR:-/tmp}/tidemill-why.XXXXXX")
export HOME="$work/user"
mkdir -p "$HOME" "$work/quickstart"
home="$work/home"
export KUBECONFIG="$home/kubeconfig"
node="why-$$"
source Tools/checks.sh
up=

cleanup() {
    [ -n "$up" ] && kill -INT "$up" 2>/dev/null && wait "$up" 2>/dev/null
    "$BIN/tidemill" down --purge --home "$home" >/dev/null 2>&1
    rm -rf "$work"
}
trap cleanup EXIT

t() { "$BIN/tidemill" "$@"; }
k() { "$kubectl" --request-timeout=20s "$@"; }
job_is() { [ "$(k get job "$1" -o jsonpath='{.status.state}' 2>/dev/null)" = "$2" ]; }
job_says() { k get job "$1" -o jsonpath='{.status.reason}: {.status.message}' 2>/dev/null | grep -qE "$2"; }

# job NAME COMMAND FIELDS…: a manifest; each further argument is a line of its spec.
job() {
    local name=$1 command=$2
    shift 2
    printf 'apiVersion: tidemill.dev/v1alpha1\nkind: Job\nmetadata: {name: %s}\nspec:\n' "$name" >"$work/$name.yaml"
    printf '  %s\n' "$@" "template: {command: [/bin/sh, -c, \"$command\"]}" >>"$work/$name.yaml"
    echo "$work/$name.yaml"
}
submit() { t apply -f "$(job "$@")" >/dev/null; }

cp deploy/quickstart/hello.yaml "$work/quickstart"
"$BIN/tidemill" up --home "$home" --node "$node" --quickstart "$work/quickstart" >"$work/up.log" 2>&1 &
up=$!
if ! until_true 60 k get --raw /readyz || ! until_true 60 k get node "$node" || ! until_true 90 job_is hello Succeeded; then
    cat "$work/up.log"
    echo "why: passed=0 failed=1"
    exit 1
fi
domain="$node-cpu0"
memory=$(k get device "$domain" -o jsonpath='{.status.allocatable.memory}')
mebibytes=$(($(numfmt --from=auto "${memory}") / 1048576))

check "an ended job" 'job default/hello is over' t why job/hello

# A class that nobody has.
submit wants-class true 'slice: {devices: [{class: training, memory: 20Gi}]}'
until_true 30 job_says wants-class NoMatchingDevice
check "a class that does not exist" 'No device class training exists' t why job/wants-class
k apply -f - >/dev/null <<<'{"apiVersion":"tidemill.dev/v1alpha1","kind":"DeviceClass","metadata":{"name":"training"},"spec":{"selector":{"vendor":"nvidia"}}}'
until_true 30 job_says wants-class 'without a device of class training'
check "a class without devices" '1 +without a device of class training' t why job wants-class
check "a slice is answered for by its job" 'job default/wants-class never fits \(NoMatchingDevice\)' t why slice/wants-class-1-0
exits "fit of a class without devices" 3 'never fits \(NoMatchingDevice\)' t fit -f "$work/wants-class.yaml"

# Memory that others hold, one of which may be preempted.
submit holder 'sleep 1000' "slice: {cpu: 100m, memory: $((mebibytes - 900))Mi}"
until_true 60 job_is holder Running
submit guest 'sleep 1000' 'slice: {cpu: 100m, memory: 600Mi}' 'preemptibility: preemptible'
until_true 60 job_is guest Running
check "a placed job" "job default/holder is placed: 1 member on $node" t why job/holder
check "and its shares" "0 on $node: $domain 100m" t why job/holder
exits "fit now" 0 'job default/small fits now: 1 member would be placed now' t fit -f "$(job small true 'slice: {cpu: 100m, memory: 100Mi}')"
short=$(job short true 'slice: {cpu: 100m, memory: 700Mi}')
exits "fit after preemption" 3 'fits after preemption \(InsufficientDevices\)' t fit -f "$short"
exits "whom" 3 'default/guest: 1 slice' t fit -f "$short"
check "as an object" '"answer": "AfterPreemption"' bash -c "\"$BIN/tidemill\" fit -f $short -o json; true"
submit short true 'slice: {cpu: 100m, memory: 700Mi}'
until_true 30 job_says short 'short of 700Mi memory'
check "how much is short" '1 +short of 700Mi memory +largest free [0-9]+Mi' t why job/short
check "what would unblock it" 'What would unblock it: Free [0-9]+Mi memory on' t why job/short
k delete job guest --wait=false >/dev/null
until_true 60 job_is short Succeeded
check "done, it runs" '^Succeeded$' k get job short -o 'jsonpath={.status.state}'

# A gang of which some fit.
gang=$(job gang true 'gang: {min: 3}' "slice: {cpu: 100m, memory: $((mebibytes / 3 - 100))Mi}")
exits "a gang waits whole" 3 '0 of 3 members fit' t fit -f "$gang"
submit gang true 'gang: {min: 3}' "slice: {cpu: 100m, memory: $((mebibytes / 3 - 100))Mi}"
until_true 30 job_says gang 'of 3 members fit'
check "and says for what" 'of 3 members fit; for the next 0/1 nodes: 1 short of' t why job/gang
k delete job holder --wait=false >/dev/null
until_true 90 job_is gang Succeeded
check "freed, it runs whole" '^3$' k get job gang -o 'jsonpath={.status.succeeded}'

# What can never fit.
never=$(job never true "slice: {cpu: 100m, memory: $((mebibytes + 1024))Mi}")
exits "never" 3 'never fits \(NeverFits\)' t fit -f "$never"
exits "the largest that could" 3 'memory: asked [0-9]+Mi, the largest that could be held is [0-9]+(Mi|Gi)' t fit -f "$never"
exits "a gang that is too large" 3 'could hold 2 members like that' t fit -f "$(job many true 'gang: {min: 3}' "slice: {cpu: 100m, memory: $((mebibytes / 2 - 64))Mi}")"
submit never true "slice: {cpu: 100m, memory: $((mebibytes + 1024))Mi}"
until_true 30 job_says never NeverFits
check "why never" 'No known node could hold it even when empty' t why job/never

# What is suggested helps.
t cordon "$node" >/dev/null
submit later true 'slice: {cpu: 100m, memory: 64Mi}'
until_true 30 job_says later cordoned
check "a cordoned node" "What would unblock it: Uncordon $node" t why job/later
check "the node says so" 'takes no new slices: it is cordoned' t why node "$node"
t uncordon "$node" >/dev/null
until_true 60 job_is later Succeeded
check "uncordoned, it runs" '^Succeeded$' k get job later -o 'jsonpath={.status.state}'
check "the node, too" "node $node takes new slices" t why "node/$node"

# Mistakes.
refused "an unknown job" 'jobs.tidemill.dev "nope" not found' t why job/nope
refused "a kind that nobody places" 'why answers for jobs, slices, tasks and nodes' t why deviceclass/cpu
printf 'kind: Job\napiVersion: tidemill.dev/v1alpha1\nmetadata: {name: bad}\nspec: {slice: {cpu: "0"}, template: {command: [x]}}\n' >"$work/bad.yaml"
refused "a mistake in the manifest" 'spec.job.slice.cpu: Invalid value: "0"' t fit -f "$work/bad.yaml"
refused "reviews are not kept" '(405|not allow|MethodNotAllowed)' k get --raw /apis/tidemill.dev/v1alpha1/namespaces/default/placementreviews
check "kubectl creates one" 'answer: Never' k create -o yaml -f - <<<'{"apiVersion":"tidemill.dev/v1alpha1","kind":"PlacementReview","metadata":{"name":"x"},"spec":{"jobName":"never"}}'

# Decisions are made again.
check "decisions are listed" '^[0-9]+ +[0-9T:Z-]+ +default/gang +3 +(Placed|InsufficientDevices)' t replay --limit 1000
number=$(t replay --limit 1000 | awk '$3 == "default/gang" && $5 == "Placed" {print $1}' | tail -n 1)
exits "a decision is the same again" 0 'about default/gang, made at revision [0-9]+: the same again, byte for byte' t replay "$number" -o "$work/decision.json"
exits "also from its file" 0 'the same again, byte for byte' t replay -f "$work/decision.json" --kubeconfig /nonexistent
sed 's/"cpu":"100m"/"cpu":"101m"/g' "$work/decision.json" >"$work/other.json"
exits "another state gives another decision" 3 'the replay came to another decision' t replay -f "$work/other.json"
exits "a decision that there is not" 1 'decisions "999999" not found' t replay 999999
echo '{"format":"x"}' >"$work/none.json"
exits "a file that is none" 1 'is no decision: format: must be tidemill.dev/decision/v1' t replay -f "$work/none.json"

echo "why: passed=$passed failed=$failed"
[ "$failed" -eq 0 ]
