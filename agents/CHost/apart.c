// A write that may wait for a disk, made by a process that nobody has to wait for.
#include "CHost.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Runs in the forked child of a multi-threaded process: system calls only. It holds nothing of ours while it waits.
static _Noreturn void write_and_end(const char *path, const void *bytes, size_t count) {
    tm_default_signals();
    syscall(SYS_close_range, 0, ~0U, 0);
    setsid();
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) _exit(errno);
    _exit(write(file, bytes, count) == (ssize_t)count ? 0 : errno);
}

int tm_write_apart(const char *path, const void *bytes, size_t count, struct tm_child *child) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    struct clone_args how = {0};
    how.flags = CLONE_PIDFD;
    how.pidfd = (uint64_t)(uintptr_t)&pidfd;
    how.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    if (pid == 0) write_and_end(path, bytes, count);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) return -error;
    child->pid = (pid_t)pid;
    child->pidfd = pidfd;
    return 0;
}
