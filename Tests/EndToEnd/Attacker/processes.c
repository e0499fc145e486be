// Reaching for processes that are not ours, and staying when we should be gone.
#include "attacker.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/// The state letter of a process, or 0.
static char state_of(pid_t pid) {
    char path[64], text[512] = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    char *end = got > 0 ? strrchr(text, ')') : NULL;
    return end && end[1] ? end[2] : 0;
}

/// signal TARGET NUMBER: sends a signal to the process whose pid on the node TARGET holds. The suite sees what came of it.
int attack_signal(int count, char **arguments) {
    if (count < 2) return 2;
    pid_t pid = (pid_t)await_number(arguments[0]);
    int number = atoi(arguments[1]);
    if (pid <= 0) return missing("no target");
    way(kill(pid, number) == 0, "kill");
    int handle = (int)syscall(SYS_pidfd_open, pid, 0);
    if (handle < 0) way(0, "pidfd_open");
    else way(syscall(SYS_pidfd_send_signal, handle, number, NULL, 0) == 0, "pidfd_send_signal");
    return finish();
}

static void try_to_read(pid_t pid) {
    char path[64];
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
        way(1, "ptrace");
        ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
        waitpid(pid, NULL, __WALL);
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
    } else {
        way(0, "ptrace");
    }
    char byte;
    // Any address will do: who may not read is told so before the address matters.
    struct iovec here = {.iov_base = &byte, .iov_len = 1}, there = {.iov_base = NULL, .iov_len = 1};
    long got = syscall(SYS_process_vm_readv, pid, &here, 1UL, &there, 1UL, 0UL);
    way(got == 1 || errno == EFAULT, "process_vm_readv");
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int file = open(path, O_RDWR | O_CLOEXEC);
    way(file >= 0, "%s", path);
    if (file >= 0) close(file);
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    file = open(path, O_RDONLY | O_CLOEXEC);
    way(file >= 0 && read(file, &byte, 1) >= 0, "%s", path);
    if (file >= 0) close(file);
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    way(folder != NULL, "%s", path);
    if (folder) closedir(folder);
    int handle = (int)syscall(SYS_pidfd_open, pid, 0);
    if (handle < 0) {
        way(0, "pidfd_open");
        return;
    }
    int taken = -1;
    for (int number = 0; number < 6 && taken < 0; number++) taken = (int)syscall(SYS_pidfd_getfd, handle, number, 0);
    way(taken >= 0, "pidfd_getfd");
}

/// trace TARGET: reads the memory, environment and descriptors of the process whose pid TARGET holds.
int attack_trace(int count, char **arguments) {
    if (count < 1) return 2;
    pid_t pid = (pid_t)await_number(arguments[0]);
    if (pid <= 0) return missing("no target");
    try_to_read(pid);
    return finish();
}

/// init: takes over or stops the init that binds our life to our shim's.
int attack_init(int count, char **arguments) {
    (void)count, (void)arguments;
    // The parent of a session is outside; its slice's init is the first process all the same.
    pid_t init = getppid() > 0 ? getppid() : 1;
    try_to_read(init);
    if (kill(init, SIGSTOP) < 0) {
        way(0, "SIGSTOP");
    } else {
        pause_ms(50);
        errno = EPERM;
        way(state_of(init) == 'T', "SIGSTOP");
        kill(init, SIGCONT);
    }
    return finish();
}

/// daemon SECONDS [GO]: leaves a process in a session of its own, whose parent is gone, which ignores every signal it can
/// and writes down every 20 ms that it lives. Then the command itself ends, or first waits for GO.
int attack_daemon(int count, char **arguments) {
    if (count < 1) return 2;
    int64_t end = now_ms() + atol(arguments[0]) * 1000;
    int ready[2];
    if (pipe(ready) < 0) return 2;
    pid_t middle = fork();
    if (middle == 0) {
        setsid();
        if (fork() != 0) _exit(0);
        setsid();
        for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
        prctl(PR_SET_NAME, "kworker/0:0");
        if (chdir("/") < 0) _exit(1);
        for (int descriptor = 0; descriptor < 3; descriptor++) close(descriptor);
        for (int turn = 0; now_ms() < end; turn++) {
            tell("alive", "%lld", (long long)now_ms());
            if (turn == 0 && write(ready[1], "r", 1) != 1) _exit(1);
            pause_ms(20);
        }
        _exit(0);
    }
    waitpid(middle, NULL, 0);
    char byte;
    if (read(ready[0], &byte, 1) != 1) return missing("the daemon did not come up");
    if (count > 1) await_number(arguments[1]);
    tell("left", "%lld", (long long)now_ms());
    return 0;
}

/// Whether the file holds `text`; files of /proc have NULs in them.
static int file_holds(const char *path, const char *text) {
    static char bytes[1 << 16];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, bytes, sizeof bytes);
    close(file);
    return got > 0 && memmem(bytes, (size_t)got, text, strlen(text)) != NULL;
}

/// foreign MARK: looks through /proc for processes of others: a command line of Tidemill's, an environment with MARK.
int attack_foreign(int count, char **arguments) {
    if (count < 1) return 2;
    DIR *proc = opendir("/proc");
    if (!proc) {
        way(0, "/proc");
        return finish();
    }
    int seen = 0, environments = 0, programs = 0;
    for (struct dirent *entry; (entry = readdir(proc));) {
        pid_t pid = atoi(entry->d_name);
        if (pid <= 0 || pid == getpid()) continue;
        char path[300];
        seen++;
        snprintf(path, sizeof path, "/proc/%d/environ", pid);
        environments += file_holds(path, arguments[0]);
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        programs += file_holds(path, "tidemill-agent") || file_holds(path, "tidemill-controller");
    }
    closedir(proc);
    errno = ESRCH;
    way(environments > 0, "%d foreign environments among %d processes", environments, seen);
    errno = ESRCH;
    way(programs > 0, "%d programs of the node", programs);
    return finish();
}
