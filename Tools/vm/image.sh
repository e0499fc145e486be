#!/usr/bin/env bash
# Builds the disk, the kernel and the first program of the virtual machine, once for each recipe: Tools/vm/image and this
# file. They lie in .build/vm/image-DIGEST, whose path is printed; older ones are removed.
set -euo pipefail
cd "$(dirname "$0")/../.."
store="$PWD/.build/vm"
recipe=Tools/vm/image
suite=bookworm

digest=$(cat Tools/vm/image.sh "$recipe"/* | sha256sum | cut -c 1-16)
image="$store/image-$digest"
mkdir -p "$store"
# Two runs at once build it once.
exec 9>"$store/lock"
flock --wait 900 9 || { echo "another run builds the image for 15 minutes already" >&2; exit 1; }
if [ -e "$image/complete" ]; then
    echo "$image"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "The image of the virtual machine is built as root: its files belong to root." >&2
    exit 1
fi

work=$(mktemp -d "$store/building.XXXXXX")
trap 'rm -rf "$work"' EXIT
log="$store/image.log"
say() { echo "image: $* (after $SECONDS s)" >&2; }

say "installing Debian into a folder"
lines() { grep -v '^#' "$recipe/$1"; }
# The machine starts with a first program of our own (below), so that the one that Debian would make is left out.
timeout --kill-after=10 900 mmdebstrap --mode=root --variant=minbase --format=directory \
    --essential-hook='chroot "$1" dpkg-divert --local --rename --add /usr/sbin/update-initramfs' \
    --essential-hook='ln -s ../bin/true "$1/usr/sbin/update-initramfs"' \
    --include="$(lines packages | paste -sd,)" "$suite" "$work/root" >"$log" 2>&1 ||
    { tail -n 30 "$log" >&2; exit 1; }

say "arranging it"
root="$work/root"
echo 'vm' >"$root/etc/hostname"
echo '127.0.0.1 localhost vm' >"$root/etc/hosts"
echo '/dev/vda / ext4 noatime 0 1' >"$root/etc/fstab"
printf '%s\n' "$digest$digest" >"$root/etc/machine-id"
install -D -m 0755 "$recipe/serve" "$root/usr/local/lib/vm/serve"
install -D -m 0644 "$recipe/serve.service" "$root/etc/systemd/system/serve.service"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../serve.service "$root/etc/systemd/system/multi-user.target.wants/serve.service"
while read -r unit; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done < <(lines masked)
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*

say "making the first program"
kernel=$(basename "$root"/lib/modules/*)
initrd="$work/initrd"
mkdir -p "$initrd/bin" "$initrd/modules"
cp "$(command -v busybox)" "$initrd/bin/busybox"
ln -s busybox "$initrd/bin/sh"
install -m 0755 "$recipe/init" "$initrd/init"
for module in $(lines modules); do
    chroot "$root" modprobe --set-version="$kernel" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' >"$work/order"
while read -r module; do
    cp "$root$module" "$initrd/modules/"
    echo "/modules/${module##*/}" >>"$initrd/modules/order"
done <"$work/order"
(cd "$initrd" && find . | cpio --create --format=newc --quiet) | gzip >"$work/initrd.gz"
cp "$root/boot/vmlinuz-$kernel" "$work/vmlinuz"
rm -rf "$initrd" "$root"/boot/*

say "making the disk"
mke2fs -q -t ext4 -d "$root" "$work/root.raw" 3G >>"$log" 2>&1
qemu-img convert -O qcow2 "$work/root.raw" "$work/root.qcow2"
rm -rf "$root" "$work/root.raw" "$work/order"
touch "$work/complete"

for old in "$store"/image-*; do rm -rf "$old"; done
mv "$work" "$image"
chmod 0755 "$image"
say "done"
echo "$image"
