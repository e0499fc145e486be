#include "CHost.h"
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t tm_boottime_ns(void) { return clock_ns(CLOCK_BOOTTIME); }

int64_t tm_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }

int tm_random(void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t got = getrandom((char *)bytes + done, count - done, 0);
        if (got < 0 && errno != EINTR) return -errno;
        if (got > 0) done += (size_t)got;
    }
    return 0;
}

int tm_kernel_release(char *text, size_t capacity) {
    struct utsname name;
    if (uname(&name) < 0) return -errno;
    snprintf(text, capacity, "%s", name.release);
    return 0;
}
