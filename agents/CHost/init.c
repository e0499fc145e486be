// The init of a task's pid namespace: the kernel ends the namespace, and so every descendant of the task, when it dies;
// and it dies with the shim. It never execs, for an exec of a program that gains or loses privileges would clear the
// parent-death signal.
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Waits for the one byte with which the shim says go (or mapped); ends when the shim is gone.
static void await_shim(void) {
    char byte;
    ssize_t got;
    do got = recv(REPORTS, &byte, 1, 0);
    while (got < 0 && errno == EINTR);
    if (got != 1) _exit(125);
}

static void place_descriptors(int reports, int life, int output) {
    // Above the three places first, so that none is overwritten before it is moved.
    int high_reports = fcntl(reports, F_DUPFD, 64), high_life = fcntl(life, F_DUPFD, 64);
    int high_output = fcntl(output, F_DUPFD, 64);
    if (high_reports < 0 || high_life < 0 || high_output < 0) _exit(125);
    dup3(high_reports, REPORTS, O_CLOEXEC);
    dup3(high_life, LIFE, O_CLOEXEC);
    dup3(high_output, OUTPUT, O_CLOEXEC);
    syscall(SYS_close_range, FIRST_FREE, FIRST_JOIN - 1, 0);
    syscall(SYS_close_range, FIRST_JOIN + MOST_JOINS, ~0U, 0);
}

/// After the last credential change, since each one clears the signal. Verified, and then the start race is closed: had
/// the shim died before the prctl, no signal would ever come, but the life pipe is hung up.
static void die_with_shim(void) {
    int signal = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_GET_PDEATHSIG, &signal) < 0 || signal != SIGKILL)
        tm_fail("cannot bind the task's life to its shim's", NULL);
    struct pollfd life = {.fd = LIFE, .events = POLLIN};
    if (poll(&life, 1, 0) != 0) _exit(125);
}

static _Noreturn void run_command(const struct tm_init_spec *spec, pid_t init) {
    setsid();
    // Without a namespace the death of the init would leave the command: the signal is second best.
    if (!spec->own_namespaces && spec->parent_death_signal)
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != init) _exit(125);
    tm_report_send(TM_REPORT_TASK, 0, "%s", "");
    await_shim();
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, 0) < 0 || dup2(OUTPUT, 1) < 0 || dup2(OUTPUT, 2) < 0)
        tm_fail("cannot set up the streams", NULL);
    tm_execute(&spec->command, &spec->containment);
}

/// Reaps everything; the main command's end is reported. Killed from outside, or by the death of the shim.
static _Noreturn void reap(pid_t command) {
    for (;;) {
        int status;
        pid_t ended = waitpid(-1, &status, 0);
        if (ended == command) tm_report_send(TM_REPORT_EXITED, status, "%s", "");
        if (ended < 0 && errno == ECHILD) {
            // Nothing is left to reap: wait for the end.
            struct pollfd life = {.fd = LIFE, .events = POLLIN};
            poll(&life, 1, -1);
            _exit(0);
        }
    }
}

/// Everything that needs the privileges of the shim, in the order that the kernel demands.
static void contain(const struct tm_init_spec *spec, const struct tm_joins *joins) {
    const struct tm_containment *containment = &spec->containment;
    int device = spec->probe ? tm_probe_device_folder(spec->probe) : -1;
    if (tm_wants(containment, TM_MOUNTS | TM_PROC)) tm_view_build(containment);
    tm_join(joins, spec->group_procs);
    // Only now: the groups of the moment become the root of what is seen.
    if (tm_wants(containment, TM_CGROUP) && syscall(SYS_unshare, CLONE_NEWCGROUP) < 0)
        tm_refused(containment, "cannot have a cgroup namespace", NULL);
    if (spec->probe) tm_probe_device(spec->probe, device);
    tm_contain_privileged(containment);
    tm_take_credentials(spec->user_id, spec->group_id);
    if (spec->user_namespace) return; // what the task lacks keeps it from tracing its init, which runs as the same user
    tm_drop_capabilities(containment);
    prctl(PR_SET_DUMPABLE, 0); // nor may it then, whatever set the credentials
}

static _Noreturn void be_init(const struct tm_init_spec *spec, const struct tm_joins *joins, int reports, int life) {
    prctl(PR_SET_NAME, "tidemill-init");
    place_descriptors(reports, life, spec->output);
    tm_default_signals();
    if (spec->user_namespace) await_shim();
    tm_be_killable_for_memory(spec->oom_score_adjust);
    if (!spec->own_namespaces) prctl(PR_SET_CHILD_SUBREAPER, 1);
    contain(spec, joins);
    tm_join_keyring(&spec->containment);
    if (spec->parent_death_signal) die_with_shim();
    tm_report_send(TM_REPORT_READY, 0, "%s", "");
    if (spec->probe) {
        tm_probe_run(spec->probe, &spec->containment);
        _exit(0);
    }
    pid_t self = getpid();
    pid_t command = fork();
    if (command < 0) tm_fail("cannot fork the command", NULL);
    if (command == 0) run_command(spec, self);
    close(OUTPUT);
    reap(command);
}

/// Maps the caller's own ids into the child's user namespace.
static int map_ids(pid_t child) {
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/setgroups", child);
    int result = tm_write_file(path, "deny", 4);
    snprintf(path, sizeof path, "/proc/%d/uid_map", child);
    snprintf(line, sizeof line, "%u %u 1\n", geteuid(), geteuid());
    if (result == 0) result = tm_write_file(path, line, strlen(line));
    snprintf(path, sizeof path, "/proc/%d/gid_map", child);
    snprintf(line, sizeof line, "%u %u 1\n", getegid(), getegid());
    if (result == 0) result = tm_write_file(path, line, strlen(line));
    return result;
}

static uint64_t namespaces(const struct tm_init_spec *spec) {
    uint64_t flags = 0;
    if (spec->own_namespaces) flags |= CLONE_NEWPID | CLONE_NEWNS;
    if (spec->user_namespace) flags |= CLONE_NEWUSER;
    if (tm_wants(&spec->containment, TM_IPC)) flags |= CLONE_NEWIPC;
    if (tm_wants(&spec->containment, TM_UTS)) flags |= CLONE_NEWUTS;
    if (tm_wants(&spec->containment, TM_NETWORK)) flags |= CLONE_NEWNET;
    return flags;
}

int tm_init_start(const struct tm_init_spec *spec, struct tm_init *init) {
    int sockets[2], life[2], yes = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) return -errno;
    // With it the kernel attests each sender's pid, translated into this namespace.
    if (setsockopt(sockets[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0) return -errno;
    if (pipe2(life, O_CLOEXEC) < 0) return -errno;
    struct tm_joins joins;
    tm_joins_open(&joins, spec->group_procs);
    init->pidfd = -1;
    struct clone_args how = {0};
    how.flags = CLONE_PIDFD | namespaces(spec);
    how.pidfd = (uint64_t)(uintptr_t)&init->pidfd;
    how.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    if (pid == 0) be_init(spec, &joins, sockets[1], life[0]);
    int result = pid < 0 ? -errno : 0;
    tm_joins_close(&joins);
    close(sockets[1]);
    close(life[0]);
    if (result == 0 && spec->user_namespace) {
        result = map_ids((pid_t)pid);
        if (result == 0) result = send(sockets[0], "m", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
        if (result < 0) {
            kill((pid_t)pid, SIGKILL);
            waitpid((pid_t)pid, NULL, 0);
            close(init->pidfd);
        }
    }
    if (result < 0) {
        close(sockets[0]);
        close(life[1]);
        return result;
    }
    init->pid = (pid_t)pid;
    init->reports = sockets[0];
    init->life = life[1];
    return 0;
}

int tm_init_go(const struct tm_init *init) { return send(init->reports, "g", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno; }
