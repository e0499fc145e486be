// What a task may do: its limits, credentials, capabilities.
#include "init.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Lowers a limit; never above what it is.
static void bound(const struct tm_containment *containment, int resource, const char *name, rlim_t soft, rlim_t hard) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) == 0) {
        if (limit.rlim_max < hard) hard = limit.rlim_max;
        limit.rlim_max = hard;
        limit.rlim_cur = soft < hard ? soft : hard;
        if (setrlimit(resource, &limit) == 0) return;
    }
    tm_refused(containment, "cannot set the limit", name);
}

/// No dump into a file, nor into the program that many machines name in core_pattern: it would run as root, outside of the
/// slice. For such a program the kernel obeys no limit but 1 (fs/coredump.c), which is also below the smallest file.
static void bound_core(const struct tm_containment *containment) {
    struct rlimit one = {.rlim_cur = 1, .rlim_max = 1};
    char pattern[2] = {0};
    if (setrlimit(RLIMIT_CORE, &one) == 0) return;
    bound(containment, RLIMIT_CORE, "core", 0, 0); // it was 0 already, and may not be raised
    if (tm_read_file("/proc/sys/kernel/core_pattern", pattern, 1) == 1 && pattern[0] == '|')
        tm_report_send(TM_REPORT_NOTE, EPERM, "Core dumps of the task go to the machine's own program: %s.",
                       "the agent was started with a limit of 0 for them, and may not set it to 1");
}

static void raise_loopback(const struct tm_containment *containment) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0) tm_refused(containment, "cannot raise the loopback", NULL);
    if (any >= 0) close(any);
}

static void empty_bounding_set(const struct tm_containment *containment) {
    for (int capability = 0; capability < 64; capability++) {
        int known = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (known < 0) return; // beyond the last one of this kernel
        if (known == 1 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
            tm_refused(containment, "cannot empty the bounding set of capabilities", NULL);
            return;
        }
    }
}

void tm_contain_privileged(const struct tm_containment *containment) {
    if (tm_wants(containment, TM_RLIMITS)) {
        bound_core(containment);
        bound(containment, RLIMIT_NOFILE, "nofile", 65536, 524288);
        bound(containment, RLIMIT_MSGQUEUE, "msgqueue", 65536, 65536);
        bound(containment, RLIMIT_RTPRIO, "rtprio", 0, 0);
        bound(containment, RLIMIT_NICE, "nice", 0, 0);
    }
    if (tm_wants(containment, TM_NETWORK)) raise_loopback(containment);
    if (tm_wants(containment, TM_CAPS)) empty_bounding_set(containment);
}

void tm_take_credentials(int64_t user_id, int64_t group_id) {
    if (user_id < 0 && group_id < 0) return;
    if (geteuid() == 0 && setgroups(0, NULL) < 0) tm_fail("cannot drop the supplementary groups", NULL);
    gid_t group = (gid_t)group_id;
    uid_t user = (uid_t)user_id;
    if (group_id >= 0 && setresgid(group, group, group) < 0) tm_fail("cannot set the group id", NULL);
    if (user_id >= 0 && setresuid(user, user, user) < 0) tm_fail("cannot set the user id", NULL);
}

void tm_drop_capabilities(const struct tm_containment *containment) {
    if (!tm_wants(containment, TM_CAPS)) return;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof none);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0)
        tm_refused(containment, "cannot drop the capabilities", NULL);
}

void tm_join_keyring(const struct tm_containment *containment) {
    enum { JOIN_SESSION_KEYRING = 1 };
    if (tm_wants(containment, TM_KEYRING) && syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        tm_refused(containment, "cannot have a session keyring of its own", NULL);
}

void tm_contain_finally(const struct tm_containment *containment) {
    if (tm_wants(containment, TM_NNP) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        tm_refused(containment, "cannot give up new privileges", NULL);
    if (!tm_wants(containment, TM_SECCOMP)) return;
    int result = tm_seccomp_load();
    errno = -result;
    if (result < 0) tm_refused(containment, "cannot filter system calls", NULL);
}
