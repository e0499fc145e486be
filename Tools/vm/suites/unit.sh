#!/bin/bash
# Controller and agent as units of deploy/systemd: they start, slices lie in the agent's delegated groups with limits that
# the kernel holds, and tasks outlive whatever happens to the agent's process.
# Programs: release tidemill tidemill-controller tidemill-agent tidemill-shim
# Last line: unit: passed=N failed=0
source guest/lib.sh
units=/work/deploy/systemd
node=vm
trap 'journalctl --no-pager --output short-monotonic >/work/out/journal.log' EXIT

# Installed as an operator would.
install -m 0755 --target-directory /usr/bin /work/bin/*
cp "$units"/*.service /etc/systemd/system/
systemctl daemon-reload
for unit in "$units"/*.service; do
    unit=${unit##*/}
    check "$unit is well-formed" bash -c \
        "problems=\$(systemd-analyze verify --man=no /etc/systemd/system/$unit 2>&1); echo \"\$problems\"; [ -z \"\$problems\" ]"
done
data=/var/lib/tidemill-controller
identity=/etc/tidemill/identity
check "the controller starts" systemctl start tidemill-controller
check "the controller serves" until_true 90 test -s "$data/kubeconfig" -a -s "$data/address"
export KUBECONFIG=$data/kubeconfig
check "a certificate for the node" tidemill-controller issue-node --data "$data" --node "$node" --out "$identity"
cat >/etc/tidemill/agent.yaml <<END
node: $node
controller: https://127.0.0.1:7443
ca: $identity/ca.pem
certificate: $identity/node.pem
key: $identity/node.key
END

object() { tidemill get "$1" -o json | jq -r "$2"; } # object NAME JQ-EXPRESSION
is() { [ "$(object "$1" "$2")" = "$3" ]; }            # is NAME JQ-EXPRESSION VALUE
main_pid() { systemctl show --property MainPID --value tidemill-agent; }
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
birth() { awk '{print $22}' "/proc/$1/stat"; }

check "the agent starts" systemctl start tidemill-agent
check "the node is Ready" until_true 120 is "node/$node" .status.state Ready
agent=$(main_pid)
own=/system.slice/tidemill-agent.service
equal "the agent sits in its unit's group" "$own" "$(group_of "$agent")"
root=/system.slice/tidemill-slices.service
equal "the group of the slices is delegated" yes "$(systemctl show --property Delegate --value tidemill-slices)"
equal "stopping the unit ends the agent alone" process "$(systemctl show --property KillMode --value tidemill-agent)"
equal "devices, one for each NUMA node" 4 "$(tidemill get devices --no-headers | grep -c Healthy)"
equal "nothing is unenforced" "" "$(object "node/$node" '.status.enforcement // [] | join(" ")')"

# job NAME CPU MEMORY SCRIPT: submits a job of one member.
job() {
    jq --null-input --arg name "$1" --arg cpu "$2" --arg memory "$3" --arg script "$4" '{
        apiVersion: "tidemill.dev/v1alpha1", kind: "Job", metadata: {name: $name},
        spec: {slice: {cpu: $cpu, memory: $memory}, retries: 0, onDisconnect: {policy: "keep"},
            template: {command: ["/bin/sh", "-c", $script]}}}' >"/tmp/$1.json"
    tidemill apply -f "/tmp/$1.json"
}
runs() { [ "$(object "task/$1-1-0" '"\(.status.state) \(.status.pid != null)"')" = "Running true" ]; }

# The limits of a small slice, read back from the kernel.
check "a job is taken" job held 250m 64Mi 'while :; do sleep 1; done'
check "it runs" until_true 120 runs held
pid=$(object task/held-1-0 .status.pid)
began=$(birth "$pid")
task=/sys/fs/cgroup$(group_of "$pid")
slices=/sys/fs/cgroup$root
# A limit of the task's group, or of the nearest one above it that has one.
limit() {
    local group=$task
    while [ "${group#"$slices"/}" != "$group" ]; do
        if [ -e "$group/$1" ] && ! grep -q '^max' "$group/$1"; then
            cat "$group/$1"
            return
        fi
        group=$(dirname "$group")
    done
    echo none
}
check "it lies below the agent's slices ($task)" test "${task#"$slices"/}" != "$task"
equal "memory limit" 67108864 "$(limit memory.max)"
equal "swap" 0 "$(limit memory.swap.max)"
equal "CPU time, in thousandths" 250 "$(limit cpu.max | awk '{print $1 * 1000 / $2}')"
equal "processes" 4096 "$(limit pids.max)"
memory_node=$(cat "$task/cpuset.mems.effective")
check "memory of one node ($memory_node)" grep -qE '^[0-3]$' "$task/cpuset.mems.effective"
equal "CPUs of the same node" "$(cat "/sys/devices/system/node/node$memory_node/cpulist")" \
    "$(cat "$task/cpuset.cpus.effective")"
equal "condition SliceEnforced" True \
    "$(object slice/held-1-0 '.status.conditions[] | select(.type == "SliceEnforced") | .status')"

# What the kernel does at a limit.
check "a greedy job is taken" job greedy 250m 32Mi 'head -c 100000000 /dev/zero | tail -c 100000000 >/dev/null; echo done'
check "it fails" until_true 120 is job/greedy .status.state Failed
equal "for its memory" MemoryLimitExceeded "$(object job/greedy .status.reason)"
check "a job of one CPU is taken" job whole 1 64Mi 'grep Cpus_allowed_list /proc/self/status; echo bye'
check "it succeeds" until_true 120 is job/whole .status.state Succeeded
equal "it had one CPU for itself" 1 "$(tidemill logs whole | awk '/Cpus_allowed_list/ {print $2}' | grep -cE '^[0-7]$')"

# The agent's process comes and goes; the task stays what it was.
same() { [ "$(birth "$pid" 2>/dev/null)" = "$began" ] && [ "/sys/fs/cgroup$(group_of "$pid")" = "$task" ]; }
adopted() { # adopted WHAT: a new process of the agent has the same task
    check "$1: another process of the agent" until_true 60 \
        bash -c "pid=\$(systemctl show --property MainPID --value tidemill-agent); [ \"\$pid\" != 0 ] && [ \"\$pid\" != $agent ]"
    agent=$(main_pid)
    since=$(date --utc +%FT%TZ)
    check "$1: the node is Ready" until_true 120 renewed
    equal "$1: the agent's own group" "$own" "$(group_of "$agent")"
    check "$1: the task is the same process" same
    check "$1: and Running with its pid" is task/held-1-0 '"\(.status.state) \(.status.pid)"' "Running $pid"
    equal "$1: memory limit" 67108864 "$(limit memory.max)"
}
# The node is Ready by the word of the process that runs now: a renewal since it is there.
renewed() {
    is "node/$node" .status.state Ready && [[ $(tidemill get leases -n tidemill-node-lease "$node" -o json |
        jq -r .spec.renewTime) > $since ]]
}
kill -KILL "$agent"
adopted "kill -9"
check "kill -9: systemd restarted it" test "$(systemctl show --property NRestarts --value tidemill-agent)" -ge 1
check "restart" systemctl restart tidemill-agent
adopted "restart"
check "stop" systemctl stop tidemill-agent
equal "stop: the agent is gone" 0 "$(main_pid)"
check "stop: the task is the same process" same
equal "stop: memory limit" 67108864 "$(limit memory.max)"
check "start after the stop" systemctl start tidemill-agent
adopted "start after the stop"

# The controller's process too.
check "the controller restarts" systemctl restart tidemill-controller
check "the node is Ready again" until_true 120 is "node/$node" .status.state Ready
check "the task is the same process still" same

# Nothing is left of slices that are gone.
check "the jobs are deleted" tidemill delete jobs held greedy whole
gone() { [ -z "$(find "$slices" -mindepth 1 -type d -name '*-*.*')" ] && ! pgrep -x tidemill-shim; }
check "their groups and shims are gone" until_true 90 gone
check "the process is gone" test ! -e "/proc/$pid"
check "stopping the agent that has no slices" systemctl stop tidemill-agent
finish unit
