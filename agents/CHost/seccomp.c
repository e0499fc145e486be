// The filter of a task's system calls: what it names is refused, all else is allowed. It is no sandbox by itself. It
// keeps tasks from kernel code that they need not reach and where privileges were won before: new namespaces, mounts,
// keys, BPF.
#include "init.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#error "the filter knows x86_64 and aarch64"
#endif

// Newer than some C libraries; the same number on both architectures.
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
enum { CALL_OPEN_TREE_ATTR = 467 };

/// Refused with EPERM, whatever their arguments.
static const uint32_t refused[] = {
    // Mounts.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig,
    SYS_fsmount, SYS_fspick, SYS_mount_setattr, CALL_OPEN_TREE_ATTR,
    // Namespaces of others.
    SYS_setns,
    // The kernel itself.
    SYS_bpf, SYS_perf_event_open, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_reboot, SYS_syslog, SYS_acct, SYS_vhangup,
    // Keys.
    SYS_keyctl, SYS_add_key, SYS_request_key,
    // Memory of others, and ways to hold the kernel at a chosen place.
    SYS_userfaultfd, SYS_process_vm_readv, SYS_process_vm_writev,
    // Files that no path leads to.
    SYS_open_by_handle_at,
    // Rings carry out calls that no filter sees.
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    // Quotas, swap, clocks.
    SYS_quotactl, SYS_quotactl_fd, SYS_swapon, SYS_swapoff, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
    SYS_adjtimex,
#if defined(__x86_64__)
    // Ports.
    SYS_iopl, SYS_ioperm,
#endif
};
enum { REFUSED = sizeof refused / sizeof *refused };

enum {
    NEW_TIME = 0x80,
    NEW_NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                     CLONE_NEWNET,
    FIRST_X32 = 0x40000000,
};

// Offsets within the call as the filter sees it. Both architectures are little-endian: the low half of an argument is
// first.
enum {
    NUMBER = offsetof(struct seccomp_data, nr),
    ARCHITECTURE = offsetof(struct seccomp_data, arch),
    FIRST = offsetof(struct seccomp_data, args[0]),
    SECOND = offsetof(struct seccomp_data, args[1]),
};

/// A filter as it grows.
struct program {
    unsigned count;
    struct sock_filter lines[REFUSED * 2 + 64];
};

static void add(struct program *program, uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
    program->lines[program->count++] = (struct sock_filter)BPF_JUMP(code, value, yes, no);
}

static void load(struct program *program, uint32_t offset) { add(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }

static void answer(struct program *program, uint32_t action) { add(program, BPF_RET | BPF_K, action, 0, 0); }

/// If the loaded value equals `value`, the answer is `action`.
static void if_equal(struct program *program, uint32_t value, uint32_t action) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(program, action);
}

/// A call of which only some arguments are refused: those with one of `bits`.
static void if_call_has_bits(struct program *program, uint32_t call, uint32_t offset, uint32_t bits) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4);
    load(program, offset);
    add(program, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(program, SECCOMP_RET_ERRNO | EPERM);
    answer(program, SECCOMP_RET_ALLOW);
}

/// Input pushed into a terminal would be typed by whoever reads it next; a line discipline is a module that it loads.
static void if_call_is_of_terminals(struct program *program) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 8);
    load(program, SECOND);
    if_equal(program, TIOCSTI, SECCOMP_RET_ERRNO | EPERM);
    if_equal(program, TIOCLINUX, SECCOMP_RET_ERRNO | EPERM);
    if_equal(program, TIOCSETD, SECCOMP_RET_ERRNO | EPERM);
    answer(program, SECCOMP_RET_ALLOW);
}

/// Other families are seldom looked at, and asking for one loads its module; AF_VSOCK knows no network namespace.
static void if_call_is_of_rare_family(struct program *program, uint32_t call) {
    static const uint32_t usual[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    enum { USUAL = sizeof usual / sizeof *usual };
    add(program, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 2 + 2 * USUAL);
    load(program, FIRST);
    for (unsigned index = 0; index < USUAL; index++) if_equal(program, usual[index], SECCOMP_RET_ALLOW);
    answer(program, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

int tm_seccomp_load(void) {
    struct program program = {0};
    load(&program, ARCHITECTURE);
    add(&program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
    answer(&program, SECCOMP_RET_KILL_PROCESS);
    load(&program, NUMBER);
#if defined(__x86_64__)
    // Calls of the x32 interface have numbers of their own.
    add(&program, BPF_JMP | BPF_JGE | BPF_K, FIRST_X32, 0, 1);
    answer(&program, SECCOMP_RET_KILL_PROCESS);
#endif
    // Its flags are behind a pointer, where no filter can look: programs fall back to clone.
    if_equal(&program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    // A child for the parent of a session would be one of a process outside of the slice.
    if_call_has_bits(&program, SYS_clone, FIRST, NEW_NAMESPACES | CLONE_PARENT);
    if_call_has_bits(&program, SYS_unshare, FIRST, NEW_NAMESPACES | NEW_TIME);
    if_call_is_of_terminals(&program);
    if_call_is_of_rare_family(&program, SYS_socket);
    if_call_is_of_rare_family(&program, SYS_socketpair);
    for (unsigned index = 0; index < REFUSED; index++) if_equal(&program, refused[index], SECCOMP_RET_ERRNO | EPERM);
    answer(&program, SECCOMP_RET_ALLOW);
    struct sock_fprog whole = {.len = (unsigned short)program.count, .filter = program.lines};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) < 0 ? -errno : 0;
}
