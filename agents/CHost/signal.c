#include "CHost.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int tm_stop_signals(void) {
    sigset_t blocked, taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    blocked = taken;
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGPIPE);
    sigaddset(&blocked, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0) return -errno;
    int signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals < 0 ? -errno : signals;
}

void tm_default_signals(void) {
    // The kernel's own call: glibc refuses the two signals that it keeps for itself, which a parent may have ignored. All
    // zero is the kernel's struct with SIG_DFL, on every architecture.
    unsigned long standard[8] = {0};
    for (int number = 1; number < 65; number++) syscall(SYS_rt_sigaction, number, standard, NULL, 8);
}

int tm_take_signal(int signals) {
    struct signalfd_siginfo one;
    return read(signals, &one, sizeof one) == sizeof one ? (int)one.ssi_signo : 0;
}

int tm_log_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    // Only our end: a command must not find its own output not blocking.
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) return -errno;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int tm_oom_watch(const char *oom_control) {
    char control[PATH_MAX], line[64];
    const char *slash = strrchr(oom_control, '/');
    if (!slash || strlen(oom_control) + sizeof "/cgroup.event_control" > sizeof control) return -ENAMETOOLONG;
    snprintf(control, sizeof control, "%.*s/cgroup.event_control", (int)(slash - oom_control), oom_control);
    int watched = open(oom_control, O_RDONLY | O_CLOEXEC);
    if (watched < 0) return -errno;
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    snprintf(line, sizeof line, "%d %d", event, watched);
    int result = event < 0 ? -errno : tm_write_file(control, line, strlen(line));
    close(watched); // the kernel needs it for the registration only
    if (result == 0) return event;
    if (event >= 0) close(event);
    return result;
}

int tm_wait_readable(struct tm_waiting *entries, size_t count, int timeout_ms) {
    struct pollfd polled[8];
    if (count > 8) return -EINVAL;
    for (size_t index = 0; index < count; index++) {
        polled[index].fd = entries[index].descriptor;
        polled[index].events = POLLIN;
        polled[index].revents = 0;
    }
    int found = poll(polled, count, timeout_ms);
    if (found < 0 && errno != EINTR) return -errno;
    for (size_t index = 0; index < count; index++) entries[index].ready = found > 0 && polled[index].revents != 0;
    return found < 0 ? 0 : found;
}

int tm_status_exited(int status) { return WIFEXITED(status); }
int tm_status_code(int status) { return WEXITSTATUS(status); }
int tm_status_signal(int status) { return WTERMSIG(status); }
