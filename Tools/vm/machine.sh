# One virtual machine: pure cgroup v2, systemd, four NUMA nodes of two CPUs and 1536 MiB each, no network. Source it.
# Its processor is emulated (KVM is often not to be had), so it is slow: boot once, save, and load the saved machine for
# each suite. Everything waits a bounded time, and the machine dies with the script that started it.

vm_disk_bytes=$((768 << 20)) # of the second disk; the same when the machine is saved and when it is loaded
vm_pid=

# The arguments that decide what a saved machine looks like. Memory is taken from the host when it is first used. The emulator
# does `rep stosb` byte by byte: a processor that does not offer it (erms) fills and copies memory many times as fast.
vm_hardware() {
    local node other
    echo -nodefaults -no-user-config -display none -no-reboot -nic none
    echo -machine q35 -accel tcg,thread=multi -cpu max,-erms -smp 8,sockets=4,cores=2,threads=1 -m 6144
    for node in 0 1 2 3; do
        echo -object "memory-backend-ram,id=memory$node,size=1536M"
        echo -numa "node,nodeid=$node,cpus=$((node * 2))-$((node * 2 + 1)),memdev=memory$node"
    done
    for node in 0 1 2 3; do
        for other in 0 1 2 3; do
            [ "$node" -lt "$other" ] && echo -numa "dist,src=$node,dst=$other,val=$((10 + 10 * (other - node)))"
        done
    done
}

vm_kernel_arguments="root=/dev/vda console=ttyS0 panic=1 mitigations=off nokaslr tsc=reliable no_timer_check clearcpuid=rep_good quiet"

# vm_start IMAGE DISK FILES LINKS [ARGUMENTS…]: starts a machine on DISK (qcow2) with the raw disk FILES. Its serial
# lines, its monitor and its log lie in the folder LINKS.
vm_start() {
    local image=$1 disk=$2 files=$3 hardware
    vm_links=$4
    shift 4
    mkfifo "$vm_links"/{serial,monitor}.{in,out}
    mapfile -t hardware < <(vm_hardware | xargs -n 1)
    # QEMU ends with this shell, however that ends.
    setpriv --pdeathsig KILL qemu-system-x86_64 "${hardware[@]}" \
        -kernel "$image/vmlinuz" -initrd "$image/initrd.gz" -append "$vm_kernel_arguments" \
        -drive "file=$disk,format=qcow2,if=virtio,cache=unsafe" \
        -drive "file=$files,format=raw,if=virtio,readonly=on" \
        -chardev "file,id=console,path=$vm_links/console.log" -serial chardev:console \
        -chardev "pipe,id=serial,path=$vm_links/serial" -serial chardev:serial \
        -chardev "pipe,id=monitor,path=$vm_links/monitor" -mon chardev=monitor,mode=readline \
        "$@" </dev/null >"$vm_links/qemu.log" 2>&1 &
    vm_pid=$!
    # Both ends are opened for reading and writing, so that no open waits for the other side.
    exec {vm_to}<>"$vm_links/serial.in" {vm_from}<>"$vm_links/serial.out"
    exec {vm_ask}<>"$vm_links/monitor.in" {vm_told}<>"$vm_links/monitor.out"
}

# vm_stop: ends the machine at once. Its disk is a copy that nobody needs any more.
vm_stop() {
    [ -n "$vm_pid" ] || return 0
    kill -KILL "$vm_pid" 2>/dev/null
    wait "$vm_pid" 2>/dev/null
    vm_pid=
    exec {vm_to}>&- {vm_from}>&- {vm_ask}>&- {vm_told}>&-
    rm -f "$vm_links"/{serial,monitor}.{in,out}
    return 0
}

# vm_line FD SECONDS: puts the next line into $line; fails when the machine has ended or the time is over.
vm_line() {
    local end=$((SECONDS + $2)) part
    line=
    while [ "$SECONDS" -lt "$end" ]; do
        if IFS= read -r -t 1 -u "$1" part; then
            line=$line${part%$'\r'}
            return 0
        fi
        line=$line$part # the beginning of a line whose rest comes later
        kill -0 "$vm_pid" 2>/dev/null || return 1
    done
    return 1
}

# vm_expect FD SECONDS PATTERN: reads until a line matches the shell pattern.
vm_expect() {
    local end=$((SECONDS + $2))
    while vm_line "$1" $((end - SECONDS)); do
        # shellcheck disable=SC2254
        case $line in $3) return 0 ;; esac
    done
    return 1
}

# vm_save NAME: saves the running machine into its disk.
vm_save() {
    printf 'savevm %s\ninfo status\n' "$1" >&"$vm_ask"
    vm_expect "$vm_told" 180 'VM status:*'
}

# vm_greet SECONDS: waits until a loaded machine answers.
vm_greet() {
    local end=$((SECONDS + $1)) tries=0
    while [ "$SECONDS" -lt "$end" ] && kill -0 "$vm_pid" 2>/dev/null; do
        tries=$((tries + 1))
        echo "hello $tries" >&"$vm_to"
        vm_expect "$vm_from" 5 'vm: here*' && return 0
    done
    return 1
}

# vm_run SUITE SECONDS OUT: runs a suite of the second disk; prints what it prints, unpacks its files into the folder OUT,
# and gives its status, 124 when it was not done in time.
vm_run() {
    local end=$((SECONDS + $2)) out=$3
    echo "run $(date +%s) $1" >&"$vm_to"
    line=
    while vm_line "$vm_from" $((end - SECONDS)); do
        case $line in
        'vm: files' | 'vm: done '*) break ;;
        'vm: here '*) ;; # the answer to a second greeting
        *) echo "$line" ;;
        esac
        [ "$line" != 'vm: unpacked' ] || vm_unpacked=$SECONDS
    done
    [ "$line" = 'vm: files' ] || return 124
    timeout $((end > SECONDS ? end - SECONDS : 1)) sed '/^vm: done /q' <&"$vm_from" | tr -d '\r' >"$out/sent"
    [ "${PIPESTATUS[0]}" -eq 0 ] || return 124
    head -n -1 "$out/sent" | base64 --decode | tar --extract --gzip --no-same-owner --directory "$out" || return 125
    line=$(tail -n 1 "$out/sent")
    rm -f "$out/sent"
    return "${line#vm: done }"
}
