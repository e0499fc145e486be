#!/bin/bash
# The machine is what the other suites take it for: systemd, cgroup v2 alone, four NUMA nodes, and files go in and out.
# Last line: boot: passed=N failed=0
source guest/lib.sh

equal "PID 1" systemd "$(cat /proc/1/comm)"
equal "the system has started" running "$(systemctl is-system-running)"
equal "units that failed" "" "$(systemctl list-units --failed --no-legend --plain | awk '{print $1}' | paste -sd' ')"
equal "file system of /sys/fs/cgroup" cgroup2fs "$(stat --file-system --format %T /sys/fs/cgroup)"
equal "hierarchies of cgroup v1" 0 "$(awk '$3 == "cgroup"' /proc/mounts | wc -l)"
for controller in cpu cpuset io memory pids; do
    check "controller $controller" grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers
done
equal "NUMA nodes" "0-3" "$(cat /sys/devices/system/node/online)"
for node in 0 1 2 3; do
    folder=/sys/devices/system/node/node$node
    equal "CPUs of node $node" "$((node * 2))-$((node * 2 + 1))" "$(cat "$folder/cpulist")"
    kibibytes=$(awk '$3 == "MemTotal:" {print $4}' "$folder/meminfo")
    check "node $node has memory of its own ($kibibytes KiB)" test "$kibibytes" -gt 500000
done
equal "distances from node 0" "10 20 30 40" "$(cat /sys/devices/system/node/node0/distance)"
check "memory is bound to a node" numactl --membind=3 --cpunodebind=3 true
check "a unit holds its limits" systemd-run --wait --collect --quiet \
    -p MemoryMax=64M -p AllowedCPUs=4-5 -p AllowedMemoryNodes=2 -p TasksMax=20 /bin/bash -c '
        group=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
        [ "$(cat "$group/memory.max")" = 67108864 ] && [ "$(cat "$group/pids.max")" = 20 ] &&
            [ "$(cat "$group/cpuset.cpus.effective")" = 4-5 ] && [ "$(cat "$group/cpuset.mems.effective")" = 2 ]'
check "files arrive whole" sha256sum --check --quiet sent.sha256
cp sent /work/out/returned
date +%s >/work/out/clock
finish boot
