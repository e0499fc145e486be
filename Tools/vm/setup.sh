#!/usr/bin/env bash
# Installs what the virtual machine of the tests needs and this machine lacks. Prints nothing when nothing is missing.
set -euo pipefail

missing=()
while read -r program package; do
    command -v "$program" >/dev/null || missing+=("$package")
done <<'END'
qemu-system-x86_64 qemu-system-x86
qemu-img qemu-utils
mmdebstrap mmdebstrap
busybox busybox-static
cpio cpio
mke2fs e2fsprogs
flock util-linux
END
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "The virtual machine needs these packages of Debian: ${missing[*]}. Install them and run this again." >&2
    exit 1
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt could not install ${missing[*]}; its last words are above." >&2
    exit 1
fi
rm -f "$log"
