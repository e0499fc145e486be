// Asking the kernel for what a tenant must not have.
#include "attacker.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// MARK: Mounts

static int make_root_writable(void *unused) {
    (void)unused;
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static int mount_type(void *type) { return mount("attack", "/mnt", type, 0, NULL); }

static int bind_root(void *unused) {
    (void)unused;
    return mount("/", "/mnt", NULL, MS_BIND | MS_REC, NULL);
}

static int new_mount(void *unused) {
    (void)unused;
    int context = (int)syscall(SYS_fsopen, "tmpfs", 0);
    if (context < 0) return -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return -1;
    return (int)syscall(SYS_fsmount, context, 0, 0);
}

static int clone_tree(void *unused) {
    (void)unused;
    return (int)syscall(SYS_open_tree, -1, "/", 1 /* OPEN_TREE_CLONE */);
}

static int set_attributes(void *unused) {
    (void)unused;
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
    return (int)syscall(SYS_mount_setattr, -1, "/", 0, &attributes, sizeof attributes);
}

static int pivot(void *unused) {
    (void)unused;
    // To where nothing is: who may, is told so, and nothing moves.
    int result = (int)syscall(SYS_pivot_root, "/nowhere", "/nowhere");
    return result < 0 && errno == ENOENT ? 0 : result;
}

static int change_root(void *unused) {
    (void)unused;
    return chroot("/mnt");
}

static int uncover(void *path) {
    int result = umount2(path, 0);
    // Nothing is mounted there, or it is in use: but we would have been allowed.
    return result < 0 && (errno == EINVAL || errno == EBUSY) ? 0 : result;
}

/// mounts: makes the system writable, mounts something new, takes covers away. Only in a mount namespace of the slice's.
int attack_mounts(int count, char **arguments) {
    (void)count, (void)arguments;
    way(apart(make_root_writable, NULL) == 0, "remount / writable");
    static char tmpfs[] = "tmpfs", proc[] = "proc", sysfs[] = "sysfs", cgroup[] = "cgroup", cgroup2[] = "cgroup2";
    char *types[] = {tmpfs, proc, sysfs, cgroup, cgroup2};
    for (size_t i = 0; i < 5; i++) way(apart(mount_type, types[i]) == 0, "mount %s", types[i]);
    way(apart(bind_root, NULL) == 0, "bind /");
    way(apart(new_mount, NULL) >= 0, "fsmount");
    way(apart(clone_tree, NULL) >= 0, "open_tree");
    way(apart(set_attributes, NULL) == 0, "mount_setattr");
    way(apart(pivot, NULL) == 0, "pivot_root");
    way(apart(change_root, NULL) == 0, "chroot");
    static char covers[4][24] = {"/proc/keys", "/sys/fs/cgroup", "/home", "/proc"};
    for (size_t i = 0; i < 4; i++) way(apart(uncover, covers[i]) == 0, "umount %s", covers[i]);
    return finish();
}

// MARK: Namespaces

static const struct {
    const char *name;
    unsigned long flag;
} namespaces[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},   {"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},  {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80},
};

static int unshare_flag(void *flag) { return (int)syscall(SYS_unshare, *(unsigned long *)flag); }

static int clone_flag(void *flag) {
    long child = syscall(SYS_clone, *(unsigned long *)flag | SIGCHLD, 0UL, NULL, NULL, 0UL);
    if (child == 0) _exit(0);
    return child < 0 ? -1 : 0;
}

static int clone3_flag(void *flag) {
    struct clone_args how = {.flags = *(unsigned long *)flag, .exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &how, sizeof how);
    if (child == 0) _exit(0);
    return child < 0 ? -1 : 0;
}

static int enter(void *path) {
    int handle = open(path, O_RDONLY | O_CLOEXEC);
    return handle < 0 ? -1 : setns(handle, 0);
}

/// Root in a user namespace may mount: the way that most escapes go.
static int be_root_in_user_namespace(void *unused) {
    (void)unused;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) return -1;
    return mount("attack", "/mnt", "tmpfs", 0, NULL);
}

/// namespaces: makes new ones by every call that can, and enters old ones.
int attack_namespaces(int count, char **arguments) {
    (void)count, (void)arguments;
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        unsigned long flag = namespaces[i].flag;
        way(apart(unshare_flag, &flag) == 0, "unshare %s", namespaces[i].name);
        if (flag != 0x80) way(apart(clone_flag, &flag) == 0, "clone %s", namespaces[i].name);
        way(apart(clone3_flag, &flag) == 0, "clone3 %s", namespaces[i].name);
    }
    for (size_t i = 1; i < 7; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/ns/%s", namespaces[i].name);
        way(apart(enter, path) == 0, "setns %s", namespaces[i].name);
    }
    way(apart(be_root_in_user_namespace, NULL) == 0, "mount as root of a user namespace");
    return finish();
}

// MARK: Calls

/// A call with arguments that do nothing: who is refused gets EPERM (or ENOSYS), who is let in is told what is wrong.
static void call(const char *name, long number, long a, long b, long c, long d, long e) {
    long result = syscall(number, a, b, c, d, e, 0L);
    way(!(result < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS)), "%s", name);
    if (result > 2) close((int)result);
}

/// calls: what a kernel's attackers ask for.
int attack_calls(int count, char **arguments) {
    (void)count, (void)arguments;
    // No valid address, no valid descriptor, no valid magic.
    const long bad = -1;
    call("bpf", SYS_bpf, 0, bad, 0, 0, 0);
    call("perf_event_open", SYS_perf_event_open, bad, 0, -1, -1, 0);
    call("init_module", SYS_init_module, bad, 0, bad, 0, 0);
    call("finit_module", SYS_finit_module, -1, bad, 0, 0, 0);
    call("delete_module", SYS_delete_module, bad, 0, 0, 0, 0);
    call("kexec_load", SYS_kexec_load, 0, 99, bad, 0, 0);
    call("add_key", SYS_add_key, bad, bad, 0, 0, 0);
    call("request_key", SYS_request_key, bad, bad, 0, 0, 0);
    call("keyctl", SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* the session's */, 0, 0, 0);
    call("userfaultfd", SYS_userfaultfd, 1 /* user mode only */, 0, 0, 0, 0);
    call("io_uring_setup", SYS_io_uring_setup, 0, bad, 0, 0, 0);
    call("open_by_handle_at", SYS_open_by_handle_at, -1, bad, 0, 0, 0);
    call("process_vm_writev", SYS_process_vm_writev, getpid(), 0, 0, 0, 0);
    call("quotactl", SYS_quotactl, 0, bad, 0, 0, 0);
    call("swapon", SYS_swapon, bad, 0, 0, 0, 0);
    call("swapoff", SYS_swapoff, bad, 0, 0, 0, 0);
    call("reboot", SYS_reboot, 0, 0, 0, 0, 0);
    call("clock_settime", SYS_clock_settime, CLOCK_REALTIME, bad, 0, 0, 0);
    call("settimeofday", SYS_settimeofday, bad, bad, 0, 0, 0);
    call("acct", SYS_acct, bad, 0, 0, 0, 0);
    call("syslog", SYS_syslog, 3 /* read all */, bad, 16, 0, 0);
#ifdef __x86_64__
    call("iopl", SYS_iopl, 3, 0, 0, 0, 0);
    call("ioperm", SYS_ioperm, 0x80, 1, 1, 0, 0);
#endif
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal >= 0) {
        char byte = 'x';
        errno = 0;
        int result = ioctl(terminal, TIOCSTI, &byte);
        way(!(result < 0 && (errno == EPERM || errno == EIO)), "TIOCSTI");
        close(terminal);
    }
    return finish();
}

#ifdef __x86_64__
static int foreign_getpid(void *unused) {
    (void)unused;
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
    if (result < 0) errno = -result;
    return result;
}

static int x32_getpid(void *unused) {
    (void)unused;
    return (int)syscall(0x40000000 | SYS_getpid);
}

/// abi: calls the kernel as programs of another architecture do, whose numbers no filter of ours knows.
int attack_abi(int count, char **arguments) {
    (void)count, (void)arguments;
    way(apart(foreign_getpid, NULL) > 0, "32-bit calls");
    way(apart(x32_getpid, NULL) > 0, "x32 calls");
    return finish();
}
#else
int attack_abi(int count, char **arguments) {
    (void)count, (void)arguments;
    return missing("this machine has no other architecture's calls");
}
#endif

// MARK: Credentials

static int be_user(void *user) { return setresuid(*(uid_t *)user, *(uid_t *)user, *(uid_t *)user); }
static int be_group(void *group) { return setresgid(*(gid_t *)group, *(gid_t *)group, *(gid_t *)group); }

static int join_group(void *group) { return setgroups(1, group); }

static int take_capabilities(void *unused) {
    (void)unused;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}};
    unsigned bit = 1U << CAP_SYS_ADMIN;
    sets[0].effective = sets[0].permitted = bit;
    return (int)syscall(SYS_capset, &header, sets);
}

static int keep_capabilities(void *unused) {
    (void)unused;
    return prctl(PR_SET_SECUREBITS, 1 << 4);
}

/// credentials: becomes root, another tenant, a member of a group, or able to do what root is.
int attack_credentials(int count, char **arguments) {
    (void)count, (void)arguments;
    uid_t root = 0, neighbour = geteuid() + 1;
    way(apart(be_user, &root) == 0, "user 0");
    way(apart(be_user, &neighbour) == 0, "user %u", neighbour);
    way(apart(be_group, &root) == 0, "group 0");
    way(apart(join_group, &root) == 0, "supplementary group 0");
    way(apart(take_capabilities, NULL) == 0, "CAP_SYS_ADMIN");
    way(apart(keep_capabilities, NULL) == 0, "securebits");
    return finish();
}

/// whoami: says with which ids it runs, and that it got through when it is root.
int attack_whoami(int count, char **arguments) {
    (void)count, (void)arguments;
    errno = EPERM;
    way(geteuid() == 0 || getegid() == 0, "user %u, group %u", geteuid(), getegid());
    return finish();
}

/// setuid PROGRAM REPORT: runs a program that is root's and has the setuid bit; it is this one, as `whoami`.
int attack_setuid(int count, char **arguments) {
    if (count < 2) return 2;
    execl(arguments[0], arguments[0], "whoami", arguments[1], NULL);
    way(0, "exec");
    return finish();
}

// MARK: What the kernel shares

/// ipc KEY QUEUE: reads the shared memory and finds the queues of another tenant.
int attack_ipc(int count, char **arguments) {
    if (count < 2) return 2;
    key_t key = (key_t)atol(arguments[0]);
    int memory = shmget(key, 0, 0);
    char *start = memory < 0 ? (char *)-1 : shmat(memory, NULL, SHM_RDONLY);
    way(start != (char *)-1 && start[0] != 0, "System V shared memory");
    way(msgget(key, 0) >= 0, "System V message queue");
    way(semget(key, 0, 0) >= 0, "System V semaphore");
    mqd_t queue = mq_open(arguments[1], O_RDONLY | O_NONBLOCK);
    way(queue >= 0, "POSIX message queue");
    return finish();
}

/// terminals N: takes pseudo-terminals, of which the node has a fixed number.
int attack_terminals(int count, char **arguments) {
    long wanted = count > 0 ? atol(arguments[0]) : 512, made = 0;
    while (made < wanted && posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0) made++;
    way(made == wanted, "%ld of %ld pseudo-terminals", made, wanted);
    return finish();
}

/// requests N: reserves asynchronous requests, of which the node has a fixed number.
int attack_requests(int count, char **arguments) {
    long wanted = count > 0 ? atol(arguments[0]) : 1024, got = 0;
    unsigned long context = 0;
    if (syscall(SYS_io_setup, wanted, &context) == 0) got = wanted;
    way(got == wanted, "%ld of %ld asynchronous requests", got, wanted);
    return finish();
}

/// sockets: reads the node's packets.
int attack_sockets(int count, char **arguments) {
    (void)count, (void)arguments;
    way(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0, "packet socket");
    way(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1) >= 0, "raw socket");
    way(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, 58) >= 0, "raw IPv6 socket");
    return finish();
}

/// families: sockets that few programs ask for, and a line discipline: kernel code, and modules, that nobody needs.
int attack_families(int count, char **arguments) {
    (void)count, (void)arguments;
    static const struct {
        const char *name;
        int family, type;
    } kinds[] = {{"vsock", AF_VSOCK, SOCK_STREAM},   {"alg", AF_ALG, SOCK_SEQPACKET}, {"tipc", AF_TIPC, SOCK_SEQPACKET},
                 {"rds", AF_RDS, SOCK_SEQPACKET},    {"kcm", AF_KCM, SOCK_SEQPACKET}, {"can", AF_CAN, SOCK_DGRAM},
                 {"bluetooth", AF_BLUETOOTH, SOCK_RAW}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int end = socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC, 0);
        way(end >= 0, "%s", kinds[i].name);
        if (end >= 0) close(end);
    }
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), usual = 0;
    way(terminal >= 0 && ioctl(terminal, TIOCSETD, &usual) == 0, "line discipline");
    if (terminal >= 0) close(terminal);
    return finish();
}

/// domain NAME: changes the node's domain name. Whether the node's it was, the suite sees.
int attack_domain(int count, char **arguments) {
    if (count < 1) return 2;
    if (setdomainname(arguments[0], strlen(arguments[0])) == 0)
        tell("done", "the domain name is %s", arguments[0]);
    else
        tell("held", "setdomainname %s", strerrorname_np(errno));
    return 0;
}
