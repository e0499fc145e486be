#!/usr/bin/env bash
# One kubectl through everything that it does with kinds that are not built into it: kubectl.sh KUBECTL TIDEMILL.
# KUBECONFIG and NODE name a control plane that runs. Last line: kubectl: passed=N failed=N skipped=N
set -uo pipefail
kubectl=$1
tidemill=$2
here=$(dirname "$0")
# shellcheck source=/dev/null
source "$here/../../../Tools/checks.sh"
work=$(mktemp -d)
children=()
cleanup() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null; done
    "$kubectl" delete jobs -n clients --all --wait=false >/dev/null 2>&1
    rm -rf "$work"
}
trap cleanup EXIT

k() { "$kubectl" --request-timeout=30s -n clients "$@"; }
minor=$("$kubectl" version --client -o json | grep -oE '"minor": "[0-9]+' | grep -oE '[0-9]+$')
# since MINOR NAME: false, and counted as skipped, for a kubectl that is older.
since() {
    [ "$minor" -ge "$1" ] && return 0
    skip "$2" "kubectl 1.$minor has it not; 1.$1 has"
    return 1
}
# job NAME [SECONDS [EXTRA]]: a manifest.
job() {
    cat <<END
apiVersion: tidemill.dev/v1alpha1
kind: Job
metadata:
  name: $1
  labels: {suite: clients}
spec:
  slice: {cpu: 50m, memory: 32Mi}
  template: {command: [/bin/sleep, "${2:-300}"]}
${3:-}
END
}
# Waits in no queue, since nothing can hold it.
huge() { job "$1" | sed 's/50m/4k/'; }

# Namespaces, what is there, who may what.
check "create namespace" 'namespace/clients created' "$kubectl" create namespace clients
check "namespaces are listed" '^clients +Active' k get ns
refused "a namespace that is there" 'AlreadyExists|already exists' "$kubectl" create namespace clients
check "api-resources" '^jobs +jb +tidemill.dev(/v1alpha1)? +true +Job' k api-resources --api-group=tidemill.dev
check "api-resources with verbs" 'deletecollection' k api-resources -o wide --api-group=tidemill.dev
check "api-versions" '^events.k8s.io/v1$' k api-versions
check "can-i" '^yes' k auth can-i delete jobs.tidemill.dev
check "can-i --list" '\*\.\* +\[\] +\[\] +\[\*\]' k auth can-i --list
if since 28 "auth whoami"; then check "whoami" 'system:masters' k auth whoami; fi
check "get --raw" '"gitVersion"' k get --raw /version

# Create and apply.
huge one >"$work/one.yaml"
check "create" 'job.tidemill.dev/one created' k create -f "$work/one.yaml" --save-config
refused "create again" 'already exists' k create -f "$work/one.yaml"
check "apply, unchanged" 'one unchanged' k apply -f "$work/one.yaml"
huge two >"$work/two.yaml"
check "apply --dry-run=server" 'two created \(server dry run\)' k apply --dry-run=server -f "$work/two.yaml"
refused "a dry run makes nothing" 'not found' k get job two
check "apply, new" 'two created' k apply -f "$work/two.yaml"
sed -i 's/suite: clients/suite: clients, colour: blue/' "$work/two.yaml"
differs() { k diff "$@"; [ $? -eq 1 ]; }
check "diff" '^\+ +colour: blue' differs -f "$work/two.yaml"
check "apply, changed" 'two configured' k apply -f "$work/two.yaml"
check "no difference is left" '^$' k diff -f "$work/two.yaml"
sed 's/^spec:/spec:\n  bogus: 1/' "$work/two.yaml" >"$work/bogus.yaml"
refused "an unknown field" '(unknown field "spec.bogus"|unknown field "bogus")' k apply -f "$work/bogus.yaml"
sed 's/cpu: 4k/cpu: lots/' "$work/two.yaml" | sed 's/name: two/name: bad/' >"$work/bad.yaml"
refused "a value that is none" 'spec.slice.cpu: Invalid value' k create -f "$work/bad.yaml"

# Server-side apply.
huge three >"$work/three.yaml"
check "server-side apply, new" 'three serverside-applied' k apply --server-side -f "$work/three.yaml"
version() { k get job "$1" -o 'jsonpath={.metadata.resourceVersion}'; }
# The scheduler says why it waits, and writes no more then.
settled() { [ -n "$(k get job "$1" -o 'jsonpath={.status.message}')" ]; }
until_true 10 settled three
before=$(version three)
check "server-side apply, unchanged" 'serverside-applied' k apply --server-side -f "$work/three.yaml"
check "nothing was written" "^$before\$" version three
check "another manager patches" 'patched' k patch job three --type=merge --field-manager=other -p '{"spec":{"retries":3}}'
sed 's/^spec:/spec:\n  retries: 1/' "$work/three.yaml" >"$work/three-retries.yaml"
refused "a conflict names the other" 'conflict with "other" using tidemill.dev/v1alpha1' k apply --server-side -f "$work/three-retries.yaml"
check "force" 'serverside-applied' k apply --server-side --force-conflicts -f "$work/three-retries.yaml"
check "the forced value holds" '^1$' k get job three -o 'jsonpath={.spec.retries}'
check "server-side dry run" 'server dry run' k apply --server-side --dry-run=server -f "$work/three-retries.yaml"
check "server-side after client-side" 'serverside-applied' k apply --server-side --force-conflicts -f "$work/two.yaml"

# Change.
check "patch, merge" 'patched' k patch job one --type=merge -p '{"spec":{"retries":2}}'
check "patch, unchanged" 'patched \(no change\)' k patch job one --type=merge -p '{"spec":{"retries":2}}'
check "patch, JSON" 'patched' k patch job one --type=json -p '[{"op":"replace","path":"/spec/retries","value":4}]'
refused "patch, JSON, a path that is not there" 'patch\[0\].path' k patch job one --type=json -p '[{"op":"remove","path":"/spec/nothing"}]'
refused "patch, strategic" '(415|media type|unsupported|Unsupported)' k patch job one -p '{"spec":{"retries":1}}'
refused "an array is no merge patch" 'must be an object' k patch job one --type=merge -p '[1]'
check "label" 'labeled' k label job one tier=gold
check "label, overwritten" 'labeled' k label job one tier=silver --overwrite
check "annotate" 'annotated' k annotate job one note=here
check "unlabel" 'labeled' k label job one tier-
check "edit" 'edited' env KUBE_EDITOR='sed -i s/note:.here/note:\ there/' "$kubectl" -n clients edit job one
check "the edit holds" '^there$' k get job one -o 'jsonpath={.metadata.annotations.note}'
until_true 10 settled one
k get job one -o yaml | sed 's/retries: 4/retries: 5/' >"$work/replace.yaml"
check "replace" 'replaced' k replace -f "$work/replace.yaml"
refused "replace, an old revision" 'the object has been modified' k replace -f "$work/replace.yaml"
check "scale" 'scaled' k scale job one --replicas=3
check "the scale holds" '^3$' k get job one -o 'jsonpath={.spec.gang.min}'
check "scale, from a number" 'scaled' k scale job one --current-replicas=3 --replicas=2
refused "scale, from another number" 'Expected replicas to be 9, was 2' k scale job one --current-replicas=9 --replicas=4
refused "scale to nothing" 'spec.gang.min: Invalid value: 0' k scale job one --replicas=0
members() { k get job one -o 'jsonpath={.status.members} {.status.gang.state}'; }
until_true 20 bash -c "[ \"\$('$kubectl' -n clients get job one -o 'jsonpath={.status.members}')\" = 2 ]"
check "the gang is planned anew" '^2 Drafting$' members

# Look.
check "get" '^NAME +STATUS' k get jobs
check "get -o wide" 'MESSAGE' k get jobs -o wide
check "get -o yaml" '^kind: Job' k get job one -o yaml
check "get -o json" '"apiVersion": "tidemill.dev/v1alpha1"' k get job/one -o json
check "get -o name" '^job.tidemill.dev/one' k get jb -o name
check "get -o jsonpath" '^one ' k get jobs -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{end}'
check "get -o custom-columns" '^one +5' k get jobs -o 'custom-columns=NAME:.metadata.name,RETRIES:.spec.retries'
check "get -o go-template" '^one$' k get job one -o 'go-template={{.metadata.name}}'
check "get --sort-by" '^two' bash -c "'$kubectl' -n clients get jobs --sort-by=.metadata.name --no-headers | tail -n 1"
check "get -l" '^two' k get jobs -l colour=blue --no-headers
check "get --field-selector" '^one' k get jobs --field-selector metadata.name=one --no-headers
refused "a field that cannot be selected" 'field label not supported: spec.nope' k get jobs --field-selector spec.nope=1
check "get -A" '^clients +one' k get jobs -A
check "get in pages" '^two' k get jobs --chunk-size=1
check "get --show-labels" 'suite=clients' k get jobs --show-labels
check "get a category" 'job.tidemill.dev/one' k get tidemill
check "get two kinds" 'node' k get jobs,nodes
refused "get what is not there" 'jobs.tidemill.dev "nope" not found' k get job nope
check "describe" 'Name: +one' k describe job one
k create -f - <<END >/dev/null
apiVersion: v1
kind: Event
metadata: {generateName: one-, namespace: clients}
involvedObject: {apiVersion: tidemill.dev/v1alpha1, kind: Job, namespace: clients, name: one, uid: $(k get job one -o 'jsonpath={.metadata.uid}')}
reason: Inspected
message: Looked at by a test.
type: Normal
lastTimestamp: $(date -u +%Y-%m-%dT%H:%M:%SZ)
END
check "describe shows events" 'Inspected' k describe job one
check "events" 'Inspected +job/one +Looked at by a test' k get events
check "events in the newer shape" '"note": ?"Looked at by a test."' k get --raw /apis/events.k8s.io/v1/namespaces/clients/events
check "events, selected" 'Inspected' k get events --field-selector involvedObject.name=one,type=Normal
check "explain" 'retries' k explain job.spec
check "explain a field" 'How often the gang starts again' k explain job.spec.retries
check "explain --recursive" 'workingDirectory' k explain job --recursive
check "explain a node" 'FIELDS' k explain node.status
"$kubectl" -n clients get jobs -w --no-headers >"$work/watch.log" 2>&1 &
children+=($!)
until_true 10 grep -q '^one' "$work/watch.log"

# Wait, delete.
job quick 0 >"$work/quick.yaml"
check "a job that runs" 'quick created' k apply -f "$work/quick.yaml"
check "wait for a condition" 'condition met' k wait --for=condition=Complete job/quick --timeout=60s
if since 23 "wait --for=jsonpath"; then
    check "wait for a value" 'condition met' k wait '--for=jsonpath={.status.state}=Succeeded' job/quick --timeout=60s
fi
check "a leader writes its lease" 'created' k create -f - <<'END'
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: leader}
spec: {holderIdentity: me, leaseDurationSeconds: 15}
END
check "delete --dry-run=server" 'deleted \(server dry run\)' k delete job quick --dry-run=server
check "it is still there" '^quick' k get job quick --no-headers
k patch job quick --type=merge -p '{"metadata":{"finalizers":["example.org/hold"]}}' >/dev/null
# -v=6 shows its requests: it must watch before the object goes.
(k wait -v=6 --for=delete job/quick --timeout=60s >"$work/gone.log" 2>&1; echo "status $?" >>"$work/gone.log") &
children+=($!)
until_true 20 grep -q 'watch=true' "$work/gone.log"
check "delete" 'deleted' k delete job quick --wait=false
check "its finalizer goes" 'patched' k patch job quick --type=merge -p '{"metadata":{"finalizers":null}}'
until_true 20 grep -q '^status' "$work/gone.log"
check "wait for the end" '^status 0$' tail -n 3 "$work/gone.log"
check "delete, foreground" 'deleted' k delete job two --cascade=foreground --timeout=60s
refused "a job is not orphaned" 'Unsupported value: "Orphan"' k delete job one --cascade=orphan
# lease NAME [OWNER]: one that belongs to another.
lease() {
    local owner=
    [ -z "${2:-}" ] || owner="{apiVersion: coordination.k8s.io/v1, kind: Lease, name: $2, uid: $(k get lease "$2" -o 'jsonpath={.metadata.uid}')}"
    k create -f - <<END
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: $1, ownerReferences: [$owner]}
spec: {holderIdentity: me}
END
}
check "an owner" 'created' lease owner
check "what it owns" 'created' lease owned owner
check "delete, orphan" 'deleted' k delete lease owner --cascade=orphan --timeout=60s
check "what it owned stays, and belongs to nobody" '^owned $' k get lease owned -o 'jsonpath={.metadata.name} {.metadata.ownerReferences}'
check "another owner" 'created' lease owner
check "what that owns" 'created' lease going owner
check "delete, background" 'deleted' k delete lease owner --timeout=60s
vanished() { ! k get lease going; }
check "what it owned goes" '' until_true 30 vanished
check "a finalizer holds an object" 'patched' k patch job three --type=merge -p '{"metadata":{"finalizers":["example.org/hold"]}}'
check "delete, held" 'deleted' k delete job three --wait=false
check "it is terminating" '^three +Terminating' k get job three --no-headers
check "let go" 'patched' k patch job three --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
refused "then it is gone" 'not found' k get job three
check "the watch saw it come and go" 'three +Terminating' cat "$work/watch.log"

# The plugin is our own program under the name that kubectl looks for.
mkdir "$work/bin"
ln -s "$tidemill" "$work/bin/kubectl-tidemill"
plugin() { PATH="$work/bin:$PATH" "$kubectl" tidemill "$@"; }
check "the plugin is found" 'kubectl-tidemill' env PATH="$work/bin:$PATH" "$kubectl" plugin list
check "plugin: run and logs" 'from inside' plugin run --name said -n clients --cpu 50m --memory 32Mi -- /bin/echo from inside
check "plugin: get" '^said' plugin get jobs -n clients
check "plugin: cordon" 'cordoned' plugin cordon "$NODE"
check "a cordoned node" 'Cordoned' k get node "$NODE"
check "plugin: uncordon" 'uncordoned' plugin uncordon "$NODE"
job held 300 >"$work/held.yaml"
check "plugin: apply" 'held' plugin apply -n clients -f "$work/held.yaml"
running() { [ "$(k get job held -o 'jsonpath={.status.state}')" = Running ]; }
until_true 30 running
check "plugin: exec" '^inside$' plugin exec -n clients job/held -- /bin/echo inside
check "plugin: drain" "$NODE" plugin drain "$NODE"
check "plugin: uncordon after a drain" "$NODE" plugin uncordon "$NODE"
check "plugin: describe" "Name: +$NODE" plugin describe node "$NODE"

check "delete a whole namespace" 'deleted' "$kubectl" delete namespace clients --timeout=60s
echo "kubectl: passed=$passed failed=$failed skipped=$skipped"
[ "$failed" -eq 0 ]
