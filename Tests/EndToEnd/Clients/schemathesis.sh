#!/usr/bin/env bash
# Random requests made of our own OpenAPI documents: schemathesis.sh SCHEMATHESIS. KUBECONFIG names the server.
# Last line: schemathesis: passed=N failed=N skipped=0
set -uo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" # where it keeps what it found
passed=0
failed=0
value() { grep -oE "$1: .*" "$KUBECONFIG" | head -n 1 | cut -d ' ' -f 2; }
url=$(value server)
value certificate-authority-data | base64 -d >"$work/ca.pem"
{ value client-certificate-data | base64 -d; echo; value client-key-data | base64 -d; } >"$work/me.pem"
export REQUESTS_CA_BUNDLE="$work/ca.pem"
# send PATH [MEMBERS]: makes an object for requests that need one.
send() {
    "${program%/*}/python" - "$url/$1" "{\"metadata\":{\"name\":\"probe\"}${2:-}}" "$work" <<'END'
import sys, requests
url, body, work = sys.argv[1:]
answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, verify=f"{work}/ca.pem", cert=f"{work}/me.pem")
if answer.status_code != 201:
    print("FAILED", url, answer.text)
END
}
ours=apis/tidemill.dev/v1alpha1
send api/v1/namespaces
send api/v1/namespaces/probe/events ',"involvedObject":{"kind":"Job","name":"probe"}'
send apis/coordination.k8s.io/v1/namespaces/probe/leases ',"spec":{}'
slice='{"cpu":"4k","memory":"32Mi"}'
send $ours/namespaces/probe/jobs ",\"spec\":{\"slice\":$slice,\"template\":{\"command\":[\"true\"]}}"
send $ours/namespaces/probe/slices ",\"spec\":{\"request\":$slice,\"onDisconnect\":{\"policy\":\"keep\"}}"
send $ours/namespaces/probe/tasks ',"spec":{"slice":"probe","template":{"command":["true"]}}'
send $ours/deviceclasses ',"spec":{"selector":{"vendor":"none"}}'
send $ours/devices ',"spec":{}'
send $ours/nodes ',"spec":{}'

# A watch does not end, and this client waits for the end.
printf '[parameters]\n"query.watch" = "false"\n' >"$work/any.toml"
printf '[parameters]\n"query.watch" = "false"\n"path.namespace" = "probe"\n"path.name" = "probe"\n' >"$work/probe.toml"

# drive CONFIGURATION PATH OPTIONS…
drive() {
    local configuration=$1 path=$2
    shift 2
    if "$program" --config-file "$work/$configuration.toml" run "$url/openapi/v3/$path" --url "$url" \
        --tls-verify "$work/ca.pem" --request-cert "$work/me.pem" --request-timeout 20 --no-color \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --max-examples "${EXAMPLES:-15}" --generation-deterministic --suppress-health-check all "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "$path: $(grep -aoE '[0-9]+ generated, [0-9]+ passed' "$work/log"), $configuration"
    else
        failed=$((failed + 1))
        echo "FAILED $path, $configuration"
        tail -n 80 "$work/log"
    fi
}
for path in $ours apis/coordination.k8s.io/v1 apis/events.k8s.io/v1 api/v1; do
    # Objects that are there, which are read and written; then whatever the documents allow, deletions included.
    drive probe "$path" --phases fuzzing --exclude-method DELETE
done
for path in $ours apis/coordination.k8s.io/v1 apis/events.k8s.io/v1 api/v1; do
    drive any "$path" --phases examples,coverage,fuzzing
done
echo "schemathesis: passed=$passed failed=$failed skipped=0"
[ "$failed" -eq 0 ]
