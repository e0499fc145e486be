#!/usr/bin/env bash
# Ends and removes everything that any Tidemill left on this machine: processes, cgroups, state. For a machine that you
# are done with, or after a test run that was itself killed. It touches only programs named tidemill-*, and cgroups below
# a group named `tidemill`, which nobody else makes.
set -uo pipefail
home=${TIDEMILL_HOME:-$HOME/.tidemill}
processes=0
groups=0

end() { # end PID: SIGKILL, counted
    kill -9 "$1" 2>/dev/null && processes=$((processes + 1))
}

# Agents and controllers first, so that nothing is started while we clean; then shims, then what they held.
for name in tidemill-agent tidemill-controller tidemill-shim; do
    for exe in /proc/[0-9]*/exe; do
        target=$(readlink "$exe" 2>/dev/null) || continue
        target=${target% (deleted)}
        [ "${target##*/}" = "$name" ] || continue
        pid=${exe#/proc/}
        end "${pid%/exe}"
    done
done

for root in /sys/fs/cgroup/tidemill /sys/fs/cgroup/*/tidemill \
    /sys/fs/cgroup/system.slice/tidemill-slices.service/tidemill; do
    [ -d "$root" ] || continue
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        while read -r frozen; do echo THAWED >"$frozen" 2>/dev/null; done < <(find "$root" -name freezer.state)
        pids=$(find "$root" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u)
        [ -n "$pids" ] || break
        for pid in $pids; do end "$pid"; done
        sleep 0.1
    done
    while read -r group; do
        rmdir "$group" 2>/dev/null && groups=$((groups + 1))
    done < <(find "$root" -depth -type d)
    [ -d "$root" ] && echo "clean-host: $root could not be removed: $(cat "$root"/cgroup.procs 2>/dev/null | tr '\n' ' ')" >&2
done

while read -r target; do umount "$target" 2>/dev/null; done < <(awk '$2 ~ /\/tidemill-/ {print $2}' /proc/mounts)
rm -rf /run/tidemill /run/tidemill-identity "$home" "${TMPDIR:-/tmp}"/tidemill-*
echo "clean-host: ended $processes processes, removed $groups cgroups, and the state under $home and /run/tidemill"
