#include "CHost.h"
#include <errno.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>

/// A process has one fence, and a timer_t means nothing elsewhere: hence the one static.
static timer_t fence;

static struct itimerspec absolute(int64_t at_ns) {
    if (at_ns < 1) at_ns = 1; // zero would disarm
    struct itimerspec when = {{0, 0}, {at_ns / 1000000000, at_ns % 1000000000}};
    return when;
}

int tm_fence_create(void) {
    struct sigevent event = {0};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    return timer_create(CLOCK_BOOTTIME, &event, &fence) < 0 ? -errno : 0;
}

int tm_fence_arm(int64_t at_ns) {
    struct itimerspec when = absolute(at_ns);
    return timer_settime(fence, TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}

int tm_fence_disarm(void) {
    struct itimerspec never = {{0, 0}, {0, 0}};
    return timer_settime(fence, 0, &never, NULL) < 0 ? -errno : 0;
}

int tm_wake_create(void) {
    int wake = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    return wake < 0 ? -errno : wake;
}

int tm_wake_at(int wake, int64_t at_ns) {
    struct itimerspec when = {{0, 0}, {0, 0}};
    if (at_ns != 0) when = absolute(at_ns);
    return timerfd_settime(wake, TFD_TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}
