// A command in a running slice: where the task is, and as bounded as the task.
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct streams {
    int input, output, errors;
};

/// The namespaces in which the slice's init is and this process is not, of those asked for.
static int namespaces_apart(pid_t init, int asked) {
    static const struct {
        const char *name;
        int flag;
    } all[] = {{"user", CLONE_NEWUSER}, {"pid", CLONE_NEWPID},       {"mnt", CLONE_NEWNS},  {"ipc", CLONE_NEWIPC},
               {"uts", CLONE_NEWUTS},   {"cgroup", CLONE_NEWCGROUP}, {"net", CLONE_NEWNET}};
    int apart = 0;
    for (size_t index = 0; index < sizeof all / sizeof *all; index++) {
        char path[64];
        struct stat own, its;
        if (!(asked & all[index].flag)) continue;
        snprintf(path, sizeof path, "/proc/self/ns/%s", all[index].name);
        if (stat(path, &own) < 0) continue; // the kernel has none
        snprintf(path, sizeof path, "/proc/%d/ns/%s", init, all[index].name);
        if (stat(path, &its) < 0) return -errno;
        if (own.st_ino != its.st_ino) apart |= all[index].flag;
    }
    return apart;
}

static int open_terminal(const struct tm_session_spec *spec) {
    int unlocked = 0;
    int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ours < 0 || ioctl(ours, TIOCSPTLCK, &unlocked) < 0) tm_fail("cannot open a terminal", "/dev/ptmx");
    int its = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (its < 0 || ioctl(its, TIOCSCTTY, 0) < 0) tm_fail("cannot take the terminal", NULL);
    tm_terminal_resize(its, spec->rows, spec->columns);
    errno = -tm_report_descriptor(TM_REPORT_TERMINAL, ours);
    if (errno != 0) tm_fail("cannot hand the terminal over", NULL);
    close(ours);
    return its;
}

/// As an init does it: after the last credential change, and then the race with the end of the shim is closed.
static void die_with_shim(void) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) tm_fail("cannot bind the session's life to its shim's", NULL);
    struct pollfd shim = {.fd = tm_reports, .events = 0};
    if (poll(&shim, 1, 0) != 0) _exit(125);
}

static _Noreturn void be_session(const struct tm_session_spec *spec, const struct tm_joins *joins, int apart,
                                 struct streams streams) {
    tm_default_signals();
    tm_join(joins, spec->group_procs);
    if (apart && setns(spec->init_pidfd, apart) < 0) tm_fail("cannot enter the slice's namespaces", NULL);
    // What the view of the init's namespaces settles need not be done again.
    tm_contain_privileged(&spec->containment);
    tm_take_credentials(spec->user_id, spec->group_id);
    tm_drop_capabilities(&spec->containment);
    prctl(PR_SET_DUMPABLE, 0); // again: the machine may say that a change of credentials ends it
    tm_join_keyring(&spec->containment);
    die_with_shim();
    setsid();
    if (spec->has_terminal) {
        int terminal = open_terminal(spec);
        streams = (struct streams){terminal, terminal, terminal};
    }
    if (dup2(streams.input, 0) < 0 || dup2(streams.output, 1) < 0 || dup2(streams.errors, 2) < 0)
        tm_fail("cannot set up the streams", NULL);
    tm_execute(&spec->command, &spec->containment);
}

static int make_streams(struct streams *its, struct tm_session *ours) {
    int input[2], output[2], errors[2];
    if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0) return -errno;
    *its = (struct streams){input[0], output[1], errors[1]};
    ours->input = input[1];
    ours->output = output[0];
    ours->errors = errors[0];
    int result = tm_unblock(ours->input);
    if (result == 0) result = tm_unblock(ours->output);
    return result == 0 ? tm_unblock(ours->errors) : result;
}

int tm_session_start(const struct tm_session_spec *spec, struct tm_session *session) {
    struct streams streams = {-1, -1, -1};
    struct tm_joins joins;
    int sockets[2];
    *session = (struct tm_session){.pidfd = -1, .reports = -1, .input = -1, .output = -1, .errors = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) return -errno;
    int result = spec->has_terminal ? 0 : make_streams(&streams, session);
    if (result < 0) return result;
    // What fails from here to the fork is told on our own socket, as what fails after it.
    tm_reports = sockets[1];
    session->reports = sockets[0];
    tm_be_killable_for_memory(spec->oom_score_adjust); // the child has it from us
    tm_joins_open(&joins, spec->group_procs);
    int first = namespaces_apart(spec->init_pid, CLONE_NEWUSER | CLONE_NEWPID);
    int others = namespaces_apart(
        spec->init_pid, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET);
    if (first < 0 || others < 0) return first < 0 ? first : others;
    if (first && setns(spec->init_pidfd, first) < 0) return -errno;
    // The child has that from us too: the task, which may be our own user's, sees it as soon as it is there, and must not
    // take it over before it is as bounded as the task. The exec ends it.
    if (prctl(PR_SET_DUMPABLE, 0) < 0) return -errno;
    struct clone_args how = {0};
    how.flags = CLONE_PIDFD;
    how.pidfd = (uint64_t)(uintptr_t)&session->pidfd;
    how.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    if (pid == 0) {
        close(sockets[0]);
        be_session(spec, &joins, others, streams);
    }
    int error = errno;
    close(sockets[1]);
    tm_joins_close(&joins);
    if (streams.input >= 0) {
        close(streams.input);
        close(streams.output);
        close(streams.errors);
    }
    if (pid < 0) return -error;
    session->pid = (pid_t)pid;
    return 0;
}

int tm_terminal_resize(int terminal, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int tm_bytes_waiting(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) < 0 ? -errno : count;
}

int tm_unblock(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}
