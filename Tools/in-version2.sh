#!/usr/bin/env bash
# in-version2.sh COMMAND…: runs a command where cgroup v2 is all there is, and of that only a group of the command's own, as
# in a container. Controllers that the machine has in version 1 are not there. Needs root; leaves nothing behind.
set -uo pipefail
if [ "${TIDEMILL_IN_VERSION2:-}" = inside ]; then
    unset TIDEMILL_IN_VERSION2
    umount --lazy /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 125
    exec "$@"
fi
hierarchy=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
group=$hierarchy/tidemill-version2-$$
[ -n "$hierarchy" ] && mkdir "$group" || exit 125
(
    echo "$BASHPID" >"$group/cgroup.procs" || exit 125
    TIDEMILL_IN_VERSION2=inside exec unshare --mount --cgroup bash "$0" "$@"
)
status=$?
find "$group" -depth -type d -exec rmdir {} +
exit "$status"
