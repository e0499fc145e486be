#include "CHost.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Runs in the forked child of a multi-threaded process: system calls only.
static _Noreturn void become(const char *program, char *const arguments[], char *const environment[],
                             const char *output, int input, int failure) {
    tm_default_signals();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int in = input >= 0 ? input : open("/dev/null", O_RDONLY);
    int out = output ? open(output, O_WRONLY | O_CREAT | O_APPEND, 0600) : open("/dev/null", O_WRONLY);
    if (in >= 0 && out >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0 && chdir("/") == 0) {
        // All else closes at exec, the failure pipe included.
        syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
        execve(program, arguments, environment);
    }
    int error = errno;
    ssize_t ignored = write(failure, &error, sizeof error);
    (void)ignored;
    _exit(127);
}

int tm_spawn_detached(const char *program, char *const arguments[], char *const environment[], const char *output,
                      struct tm_child *child) {
    return tm_spawn_fed(program, arguments, environment, output, -1, child);
}

int tm_spawn_fed(const char *program, char *const arguments[], char *const environment[], const char *output, int input,
                 struct tm_child *child) {
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) < 0) return -errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    struct clone_args how = {0};
    how.flags = CLONE_PIDFD;
    how.pidfd = (uint64_t)(uintptr_t)&pidfd;
    how.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &how, sizeof how);
    if (pid == 0) become(program, arguments, environment, output, input, failure[1]);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(failure[1]);
    int reason = 0;
    if (pid < 0) {
        reason = error;
    } else {
        ssize_t got;
        do got = read(failure[0], &reason, sizeof reason);
        while (got < 0 && errno == EINTR);
        if (got != sizeof reason) reason = 0;
        if (reason != 0) {
            siginfo_t information;
            waitid(P_PID, (id_t)pid, &information, WEXITED);
            close(pidfd);
        }
    }
    close(failure[0]);
    if (reason != 0) return -reason;
    child->pid = (pid_t)pid;
    child->pidfd = pidfd;
    return 0;
}

int tm_pidfd_open(pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pidfd < 0 ? -errno : pidfd;
}

int tm_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int tm_pidfd_wait(int pidfd, struct tm_exit *result) {
    siginfo_t information = {0};
    if (waitid(P_PIDFD, (id_t)pidfd, &information, WEXITED | WNOHANG) < 0) return -errno;
    if (information.si_pid == 0) return 0;
    result->status = information.si_status;
    result->by_signal = information.si_code != CLD_EXITED;
    return 1;
}

int tm_reap(pid_t pid, struct tm_exit *result) {
    int found = 0;
    for (;;) {
        siginfo_t information = {0};
        if (waitid(P_ALL, 0, &information, WEXITED | WNOHANG | __WALL) < 0 || information.si_pid == 0) return found;
        if (information.si_pid != pid) continue;
        result->status = information.si_status;
        result->by_signal = information.si_code != CLD_EXITED;
        found = 1;
    }
}

int tm_pidfd_ended(int pidfd, int timeout_ms) {
    struct pollfd entry = {.fd = pidfd, .events = POLLIN};
    return poll(&entry, 1, timeout_ms) > 0 && entry.revents != 0;
}

int64_t tm_start_ticks(const char *proc_root, pid_t pid) {
    char path[PATH_MAX], text[1024];
    snprintf(path, sizeof path, "%s/%d/stat", proc_root, pid);
    ssize_t count = tm_read_file(path, text, sizeof text - 1);
    if (count < 0) return count;
    text[count] = 0;
    // The name, field 2, is in parentheses and may hold anything: count from its end.
    char *rest = strrchr(text, ')');
    if (!rest) return -EINVAL;
    int field = 2;
    for (char *word = strtok_r(rest + 1, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (++field == 22) return atoll(word);
    return -EINVAL;
}

static FILE *open_members(const char *folder) {
    char path[PATH_MAX];
    errno = ENAMETOOLONG;
    return (size_t)snprintf(path, sizeof path, "%s/cgroup.procs", folder) < sizeof path ? fopen(path, "re") : NULL;
}

/// The most that are signalled at a time; callers come again while there are any.
enum { MOST_HELD = 256 };

/// A number that was read may be another process's a moment later. So it is held first; then, when the number is read once
/// more and the process that we hold has not ended since, it is the member.
static void signal_held(const char *folder, const pid_t *numbers, const int *handles, int count, int signal) {
    FILE *members = open_members(folder);
    for (int pid; members && fscanf(members, "%d", &pid) == 1;) {
        for (int index = 0; index < count; index++)
            if (numbers[index] == pid && !tm_pidfd_ended(handles[index], 0)) tm_pidfd_signal(handles[index], signal);
    }
    if (members) fclose(members);
}

static int signal_members(const char *folder, int signal) {
    pid_t numbers[MOST_HELD];
    int handles[MOST_HELD], held = 0, count = 0, pid;
    FILE *members = open_members(folder);
    if (!members) return errno == ENOENT || errno == ENODEV ? 0 : -errno;
    while (fscanf(members, "%d", &pid) == 1) {
        count++;
        // 0 is a process outside our pid namespace; it counts, but we have no number for it.
        int handle = signal && pid > 0 && held < MOST_HELD ? tm_pidfd_open(pid) : -1;
        if (handle < 0) continue;
        numbers[held] = pid;
        handles[held++] = handle;
    }
    fclose(members);
    if (held > 0) signal_held(folder, numbers, handles, held, signal);
    for (int index = 0; index < held; index++) close(handles[index]);
    return count;
}

int tm_cgroup_signal(const char *folder, int signal) {
    int count = signal_members(folder, signal);
    DIR *entries = count < 0 ? NULL : opendir(folder);
    if (!entries) return count;
    for (struct dirent *entry; count >= 0 && (entry = readdir(entries));) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
        char below[PATH_MAX];
        if ((size_t)snprintf(below, sizeof below, "%s/%s", folder, entry->d_name) >= sizeof below) continue;
        int more = tm_cgroup_signal(below, signal);
        count = more < 0 ? more : count + more;
    }
    closedir(entries);
    return count;
}
