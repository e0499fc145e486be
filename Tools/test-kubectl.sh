#!/usr/bin/env bash
# Debian's kubectl, with the kubeconfig that `up` writes, against a controller and an agent that really run.
# Last line: kubectl: passed=N failed=N
set -uo pipefail
source "$(dirname "$0")/lib.sh"
build_debug tidemill tidemill-controller tidemill-agent tidemill-shim || exit 1
kubectl=$(bash Tools/kubectl-path.sh) || exit 1

work=$(mktemp -d "${TMPDIR:-/tmp}/tidemill-kubectl.XXXXXX")
export HOME="$work/user" # kubectl caches discovery under HOME; each run starts without it
mkdir -p "$HOME"
home="$work/home"
export KUBECONFIG="$home/kubeconfig"
node="kubectl-$$"
source Tools/checks.sh
up=
watch=

cleanup() {
    [ -n "$watch" ] && kill "$watch" 2>/dev/null
    [ -n "$up" ] && kill -INT "$up" 2>/dev/null && wait "$up" 2>/dev/null
    "$BIN/tidemill" down --purge --home "$home" >/dev/null 2>&1
    rm -rf "$work"
}
trap cleanup EXIT

k() { "$kubectl" --request-timeout=20s "$@"; }
job_is() { [ "$(k get job "$1" -o jsonpath='{.status.state}' 2>/dev/null)" = "$2" ]; }

"$BIN/tidemill" up --home "$home" --node "$node" >"$work/up.log" 2>&1 &
up=$!
if ! until_true 60 k get --raw /readyz || ! until_true 60 k get node "$node"; then
    cat "$work/up.log"
    echo "kubectl: passed=0 failed=1"
    exit 1
fi
"$kubectl" get jobs -w --no-headers >"$work/watch.log" 2>&1 &
watch=$!

until_true 30 k get job long
check "version" 'Server Version' k version
check "nodes have sensible columns" '^NAME +STATUS +CPU +MEMORY +DEVICES +AGE +VERSION' k get nodes
check "the node is Ready" "^$node +Ready +[0-9.]+m? +[0-9]+" k get nodes
check "wide adds columns" 'KERNEL +BOOT-ID' k get nodes -o wide
check "devices have sensible columns" '^NAME +NODE +MODEL +CPU +MEMORY +HEALTH +GRADE +AGE' k get devices
check "a NUMA domain is a device" "^$node-cpu0 +$node .*Healthy" k get devices
check "jobs have sensible columns" '^NAME +STATUS +COMPLETIONS +REASON +DURATION +AGE' k get jobs
check "slices have sensible columns" '^NAME +STATUS +NODE +DEVICE +GRADE +JOB +AGE' k get slices
check "short names" '^long ' k get jb
check "more short names" "^$node" k get nd
check "singular and name" '^hello ' k get job hello
check "all namespaces" '^NAMESPACE +NAME' k get slices -A
check "yaml" '^kind: Job' k get job hello -o yaml
check "json" '"kind": "Job"' k get job hello -o json
check "jsonpath" '^2$' k get job hello -o 'jsonpath={.spec.gang.min}'
check "label selector" 'hello-1-0' k get slices -l tidemill.dev/job=hello
check "field selector" "hello-1-1" k get slices --field-selector "status.grant.node=$node"
check "several kinds at once" '^job.tidemill.dev/hello' k get jobs,nodes
check "category" 'job.tidemill.dev/hello' k get tidemill
check "device classes" '^cpu ' k get deviceclasses
check "namespaces" '^default +Active' k get namespaces
check "api-resources" 'jobs +jb +tidemill.dev/v1alpha1 +true +Job' k api-resources
check "api-versions" '^tidemill.dev/v1alpha1' k api-versions
check "events" 'LAST SEEN +TYPE +REASON +OBJECT +MESSAGE' k get events
check "describe" 'State: +(Running|Succeeded|Queued)' k describe job hello
check "node leases are rendered" "^$node" k get leases -n tidemill-node-lease
check "label" 'labeled' k label job hello colour=blue
check "annotate" 'annotated' k annotate node "$node" note=here
check "a merge patch" 'patched' k patch job hello --type=merge -p '{"spec":{"ttlAfterFinished":"1h"}}'
check "pages" 'greedy' k get jobs --chunk-size=1
check "get -w lists, then watches" "^$node" timeout 5 bash -c "\"$kubectl\" get nodes -w & sleep 1; kill \$!; wait; true"
refused "an unknown job" 'jobs.tidemill.dev "nope" not found' k get job nope
refused "an immutable field" 'field is immutable' k patch job hello --type=merge -p '{"spec":{"slice":{"cpu":"1"}}}'
refused "strategic merge" '(415|media type|Unsupported|unsupported)' k patch job hello -p '{"spec":{"retries":1}}'

until_true 90 job_is hello Succeeded
check "hello succeeds" '^Succeeded$' k get job hello -o 'jsonpath={.status.state}'
until_true 60 job_is greedy Failed
check "greedy fails for its memory" 'Failed +0/1 +MemoryLimitExceeded' k get job greedy
until_true 90 job_is long Succeeded
check "long succeeds" '1/1' k get job long
check "wait is answered" 'condition met' k wait --for=condition=Complete job/hello --timeout=20s
check "delete" 'deleted' k delete job hello --timeout=30s
refused "the deleted job is gone" 'not found' k get job hello
gone() { [ -z "$(k get slices -l tidemill.dev/job=hello -o name)" ]; }
until_true 20 gone
check "its slices are gone with it" '^$' k get slices -l tidemill.dev/job=hello -o name
kill "$watch" 2>/dev/null
wait "$watch" 2>/dev/null
watch=
states() { awk '$1 == "hello" {print $2}' "$work/watch.log" | uniq | tr '\n' ' '; }
check "the watch saw hello run and succeed" 'Running Succeeded' states

echo "kubectl: passed=$passed failed=$failed"
[ "$failed" -eq 0 ]
