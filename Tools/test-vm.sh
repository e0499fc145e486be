#!/usr/bin/env bash
# A virtual machine as operators' machines are: systemd, cgroup v2 alone, four NUMA nodes. test-vm.sh [SUITE…], each of them a
# script of Tools/vm/suites that runs inside, on a fresh copy of the saved machine.
# TIDEMILL_HOSTILE gives tidemill-hostile further options, such as --only=cpu; TIDEMILL_BUILT takes the programs as they are.
# Last line: vm: suites=NAME,… passed=N failed=0
set -uo pipefail
source "$(dirname "$0")/lib.sh"
source Tools/vm/machine.sh
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(boot unit hostile)
names=$(IFS=, && echo "${suites[*]}")
passed=0
failed=0

# stage NAME SINCE: says how long it took.
stage() { echo "$1: $((SECONDS - $2)) s"; }
give_up() {
    echo "$1"
    echo "vm: suites=$names passed=$passed failed=$((failed + 1))"
    exit 1
}

scripts=()
for suite in "${suites[@]}"; do
    scripts+=("Tools/vm/suites/$suite.sh")
    [ -f "Tools/vm/suites/$suite.sh" ] || give_up "there is no suite '$suite' in Tools/vm/suites"
done
# What runs that were themselves killed have left.
find .build/vm -maxdepth 1 \( -name 'run.*' -o -name 'building.*' \) -mmin +180 -exec rm -rf {} + 2>/dev/null
bash Tools/vm/setup.sh || give_up "the programs for the virtual machine are missing"

# programs BUILD SCRIPT…: what suites take of a build, by their lines "# Programs: BUILD NAME…", each once.
programs() {
    local build=$1
    shift
    sed -n "s/^# Programs: $build //p" "$@" | xargs -r -n 1 | sort -u
}

# What operators get, linked statically; and the debug build, which alone obeys TIDEMILL_BREAK.
began=$SECONDS
release=$PWD/.build-release/release
debug=$PWD/.build/debug
if [ -z "${TIDEMILL_BUILT:-}" ]; then
    mapfile -t wanted < <(programs release "${scripts[@]}")
    [ ${#wanted[@]} -eq 0 ] || build_release "${wanted[@]}" || give_up "the programs cannot be built"
    for program in $(programs debug "${scripts[@]}"); do
        swift build --product "$program" || give_up "$program cannot be built"
    done
fi
stage "programs" $began

began=$SECONDS
image=$(bash Tools/vm/image.sh) || give_up "the image cannot be built; see .build/vm/image.log"
stage "image" $began

work=$(mktemp -d "$PWD/.build/vm/run.XXXXXX")
cleanup() {
    trap '' INT TERM # a second one must not leave half
    vm_stop
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# What the machine says of itself when something went wrong.
last_words() {
    echo "--- the machine's console"
    tail -n 25 "$vm_links/console.log"
    echo "--- QEMU"
    tail -n 5 "$vm_links/qemu.log"
}

# The saved machine: started once for each image and each way of starting it.
began=$SECONDS
hardware=$({ vm_hardware; echo "$vm_kernel_arguments $vm_disk_bytes"; qemu-system-x86_64 --version; } | sha256sum)
saved="$image/saved-${hardware:0:16}.qcow2"
exec 8>"$image/lock"
flock --wait 900 8 || give_up "another run saves the machine for 15 minutes already"
if [ ! -e "$saved" ]; then
    rm -f "$image"/saved-*.qcow2
    mkdir "$work/links"
    truncate --size "$vm_disk_bytes" "$work/empty.raw"
    qemu-img create -q -f qcow2 -b "$image/root.qcow2" -F qcow2 "$work/new.qcow2" || give_up "the disk cannot be made"
    vm_start "$image" "$work/new.qcow2" "$work/empty.raw" "$work/links"
    if ! vm_expect "$vm_from" 300 'vm: ready'; then
        last_words
        give_up "the machine did not start within 300 s"
    fi
    stage "cold boot" $began
    vm_save ready || give_up "the machine cannot be saved"
    vm_stop
    mv "$work/new.qcow2" "$saved"
    rm -rf "$work/links" "$work/empty.raw"
fi
flock --unlock 8
stage "saved machine" $began

# pack FOLDER SOURCE PROGRAM…: programs and libraries of SOURCE without their symbols, with the libraries that the machine lacks
# beside them: a program that was not linked statically looks there for Swift's.
pack() {
    local folder=$1 source=$2 program
    shift 2
    mkdir -p "$folder"
    for program in "$@"; do
        [ -e "$source/$program" ] || program=lib$program.so
        strip -o "$folder/$program" "$source/$program" || return 1
        # What is linked statically as a whole has none.
        { ldd "$source/$program" 2>/dev/null || true; } | awk '$3 ~ "^/" && $3 !~ "^/(usr/)?lib" {print $3}' |
            xargs -r cp --update --dereference --target-directory "$folder" || return 1
    done
}

# write_files SUITE: what goes in for a suite, as a tar on a raw disk. Its lines "# Programs: BUILD NAME…" say what it takes of
# which build, and "# Seconds: N" how long it may run (900).
write_files() {
    local files=$work/files script=Tools/vm/suites/$1.sh bytes build wanted
    rm -rf "$files" "$work/files.raw"
    mkdir -p "$files/vm"
    cp -r Tools/vm/guest Tools/vm/suites "$files/vm/"
    cp -r deploy "$files/"
    echo "${TIDEMILL_HOSTILE:-}" >"$files/vm/hostile-options"
    head -c 100000 /dev/urandom >"$files/vm/sent"
    (cd "$files/vm" && sha256sum sent >sent.sha256)
    for build in release debug; do
        mapfile -t wanted < <(programs "$build" "$script")
        pack "$files/bin" "${!build}" "${wanted[@]}" || return 1
    done
    tar --create --file "$work/files.raw" --owner 0 --group 0 --numeric-owner --directory "$files" . || return 1
    rm -rf "$files/bin"
    bytes=$(stat --format %s "$work/files.raw")
    if [ "$bytes" -gt "$vm_disk_bytes" ]; then
        echo "the files of suite $1 take $bytes bytes, and the disk has $vm_disk_bytes"
        return 1
    fi
    truncate --size "$vm_disk_bytes" "$work/files.raw"
    echo "$1: $((bytes >> 20)) MiB go in"
}

# returned OUT: what came back is what was sent, and the clock inside is ours.
returned() {
    local behind
    behind=$(($(date +%s) - $(cat "$1/clock")))
    cmp "$work/files/vm/sent" "$1/returned" && [ "$behind" -ge 0 ] && [ "$behind" -le 60 ]
}

# run SUITE: on a copy of the saved machine.
run() {
    local suite=$1 log=.build/logs/vm-$1.log out=.build/logs/vm-$1 status=0 good bad began=$SECONDS seconds
    seconds=$(sed -n 's/^# Seconds: //p' "Tools/vm/suites/$suite.sh")
    rm -rf "$out" "$work/links"
    if ! write_files "$suite"; then
        failed=$((failed + 1))
        echo "$suite: its files cannot be packed"
        return
    fi
    mkdir -p "$out" "$work/links"
    cp --sparse=always "$saved" "$work/disk.qcow2"
    vm_start "$image" "$work/disk.qcow2" "$work/files.raw" "$work/links" -loadvm ready
    if vm_greet 60; then
        stage "$suite: loaded" $began
        vm_unpacked=$SECONDS
        vm_run "$suite" "${seconds:-900}" "$out" >"$log" || status=$?
        echo "$suite: unpacked after $((vm_unpacked - began)) s"
    else
        echo "$suite: the saved machine does not answer" >"$log"
        status=124
    fi
    good=$(figure passed "$(last_line "$suite:" "$log")")
    bad=$(figure failed "$(last_line "$suite:" "$log")")
    [ "$suite" != boot ] || [ "$status" -ne 0 ] || if returned "$out"; then good=$((good + 1)); else
        echo "FAILED what came back is not what was sent"
        bad=$((bad + 1))
    fi
    if [ "$status" -ne 0 ] || [ "$bad" -ne 0 ] || [ "$good" -le 0 ]; then
        grep -E '^( *[0-9]+ )?(FAILED|ESCAPED|NO CONTROL|UNCLEAR|LEFT)' "$log"
        tail -n 20 "$log"
        last_words
        [ "$bad" -gt 0 ] || bad=1
    fi
    vm_stop
    rm -f "$work/disk.qcow2"
    [ "$good" -gt 0 ] && passed=$((passed + good))
    failed=$((failed + bad))
    echo "$suite: passed=$good failed=$bad ($((SECONDS - began)) s)"
}

mkdir -p .build/logs
for suite in "${suites[@]}"; do run "$suite"; done
echo "vm: suites=$names passed=$passed failed=$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
