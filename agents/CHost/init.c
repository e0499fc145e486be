// The init of a task's pid namespace: the kernel ends the namespace, and so every descendant of the task, when it dies;
// and it dies with the shim. It never execs, for an exec of a program that gains or loses privileges would clear the
// parent-death signal.
#include "CHost.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Where the init keeps its three descriptors.
enum { REPORTS = 3, LIFE = 4, OUTPUT = 5, FIRST_FREE = 6 };

static void report(uint32_t kind, int32_t value, const char *format, ...) {
    struct tm_report message = {.kind = kind, .value = value};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message.text, sizeof message.text, format, arguments);
    va_end(arguments);
    while (send(REPORTS, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

static _Noreturn void fail(const char *what, const char *which) {
    report(TM_REPORT_FAILED, errno, "%s%s%s: %s", what, which ? " " : "", which ? which : "", strerror(errno));
    _exit(126);
}

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
    syscall(SYS_close_range, FIRST_FREE, ~0U, 0);
}

static void show_own_processes(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        report(TM_REPORT_NOTE, errno, "The task sees the node's /proc: mounting its own failed (%s).", strerror(errno));
}

/// Before the credentials go, since they may be needed for it.
static void be_killable_for_memory(int adjust) {
    char text[16];
    snprintf(text, sizeof text, "%d", adjust);
    int error = tm_write_file("/proc/self/oom_score_adj", text, strlen(text));
    if (error < 0)
        report(TM_REPORT_NOTE, error, "The task's oom_score_adj cannot be set to %d (%s).", adjust, strerror(-error));
}

static void take_credentials(const struct tm_init_spec *spec) {
    if (spec->user_id < 0 && spec->group_id < 0) return;
    if (geteuid() == 0 && setgroups(0, NULL) < 0) fail("cannot drop the supplementary groups", NULL);
    gid_t group = (gid_t)spec->group_id;
    uid_t user = (uid_t)spec->user_id;
    if (spec->group_id >= 0 && setresgid(group, group, group) < 0) fail("cannot set the group id", NULL);
    if (spec->user_id >= 0 && setresuid(user, user, user) < 0) fail("cannot set the user id", NULL);
}

/// After the last credential change, since each one clears the signal. Verified, and then the start race is closed: had
/// the shim died before the prctl, no signal would ever come, but the life pipe is hung up.
static void die_with_shim(void) {
    int signal = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_GET_PDEATHSIG, &signal) < 0 || signal != SIGKILL)
        fail("cannot bind the task's life to its shim's", NULL);
    struct pollfd life = {.fd = LIFE, .events = POLLIN};
    if (poll(&life, 1, 0) != 0) _exit(125);
}

static _Noreturn void run_command(const struct tm_init_spec *spec, pid_t init) {
    setsid();
    // Without a namespace the death of the init would leave the command: the signal is second best.
    if (!spec->own_namespaces && spec->parent_death_signal)
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != init) _exit(125);
    report(TM_REPORT_TASK, 0, "");
    await_shim();
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, 0) < 0 || dup2(OUTPUT, 1) < 0 || dup2(OUTPUT, 2) < 0) fail("cannot set up the streams", NULL);
    if (chdir(spec->working_directory) < 0) fail("cannot enter workingDirectory", spec->working_directory);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    syscall(SYS_close_range, FIRST_FREE, ~0U, CLOSE_RANGE_CLOEXEC);
    environ = (char **)spec->environment; // so that the PATH searched is the task's own
    execvp(spec->command[0], spec->command);
    fail("cannot execute", spec->command[0]);
}

/// Reaps everything; the main command's end is reported. Killed from outside, or by the death of the shim.
static _Noreturn void reap(pid_t command) {
    for (;;) {
        int status;
        pid_t ended = waitpid(-1, &status, 0);
        if (ended == command) report(TM_REPORT_EXITED, status, "");
        if (ended < 0 && errno == ECHILD) {
            // Nothing is left to reap: wait for the end.
            struct pollfd life = {.fd = LIFE, .events = POLLIN};
            poll(&life, 1, -1);
            _exit(0);
        }
    }
}

static _Noreturn void be_init(const struct tm_init_spec *spec, int reports, int life) {
    prctl(PR_SET_NAME, "tidemill-init");
    place_descriptors(reports, life, spec->output);
    tm_default_signals();
    if (spec->user_namespace) await_shim();
    be_killable_for_memory(spec->oom_score_adjust);
    for (char *const *path = spec->group_procs; *path; path++) {
        int error = tm_write_file(*path, "0", 1);
        errno = -error;
        if (error < 0) fail("cannot join", *path);
    }
    if (spec->own_namespaces) show_own_processes();
    else prctl(PR_SET_CHILD_SUBREAPER, 1);
    take_credentials(spec);
    if (spec->parent_death_signal) die_with_shim();
    report(TM_REPORT_READY, 0, "");
    pid_t self = getpid();
    pid_t command = fork();
    if (command < 0) fail("cannot fork the command", NULL);
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

int tm_init_start(const struct tm_init_spec *spec, struct tm_init *init) {
    int sockets[2], life[2], yes = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) return -errno;
    // With it the kernel attests each sender's pid, translated into this namespace.
    if (setsockopt(sockets[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0) return -errno;
    if (pipe2(life, O_CLOEXEC) < 0) return -errno;
    init->pidfd = -1;
    struct clone_args how = {0};
    how.flags = CLONE_PIDFD;
    if (spec->own_namespaces) how.flags |= CLONE_NEWPID | CLONE_NEWNS;
    if (spec->user_namespace) how.flags |= CLONE_NEWUSER;
    how.pidfd = (uint64_t)(uintptr_t)&init->pidfd;
    how.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    if (pid == 0) be_init(spec, sockets[1], life[0]);
    int result = pid < 0 ? -errno : 0;
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

int tm_init_report(const struct tm_init *init, struct tm_report *found) {
    char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {.iov_base = found, .iov_len = sizeof *found};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got;
    do got = recvmsg(init->reports, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN ? 0 : -errno;
    if (got != sizeof *found) return -EPIPE;
    found->pid = 0;
    for (struct cmsghdr *entry = CMSG_FIRSTHDR(&message); entry; entry = CMSG_NXTHDR(&message, entry)) {
        if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_CREDENTIALS) continue;
        struct ucred credentials;
        memcpy(&credentials, CMSG_DATA(entry), sizeof credentials);
        found->pid = credentials.pid;
    }
    found->text[sizeof found->text - 1] = 0;
    return 1;
}

int tm_init_go(const struct tm_init *init) { return send(init->reports, "g", 1, MSG_NOSIGNAL) == 1 ? 0 : -errno; }
