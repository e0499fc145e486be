// The canary: stands where the task will stand, and tries to get out.
#include "init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void found(enum tm_check check, enum tm_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void found(enum tm_check check, enum tm_verdict verdict, const char *format, ...) {
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tm_report_send(TM_REPORT_FINDING, (int32_t)check * 4 + (int32_t)verdict, "%s", text);
}

static int asks(const struct tm_probe *probe, enum tm_check check) { return (probe->checks >> check & 1) != 0; }

// MARK: Device

int tm_probe_device_folder(const struct tm_probe *probe) {
    enum { CREATE = 6 };
    if (!asks(probe, TM_CHECK_DEVICE)) return -1;
    int context = (int)syscall(SYS_fsopen, "tmpfs", 1);
    if (context < 0) return -1;
    int folder = -1;
    if (syscall(SYS_fsconfig, context, CREATE, NULL, NULL, 0) == 0) folder = (int)syscall(SYS_fsmount, context, 1, 0);
    close(context);
    if (folder < 0) return -1;
    dev_t device = makedev(probe->device_major, probe->device_minor);
    if (mknodat(folder, "device", S_IFCHR | 0666, device) == 0) return folder;
    close(folder);
    return -1;
}

void tm_probe_device(const struct tm_probe *probe, int folder) {
    if (!asks(probe, TM_CHECK_DEVICE)) return;
    unsigned major = probe->device_major, minor = probe->device_minor;
    if (folder < 0) {
        found(TM_CHECK_DEVICE, TM_NOT_TRIED, "No node of device %u:%u could be made to be opened.", major, minor);
        return;
    }
    int made = mknodat(folder, "another", S_IFCHR | 0666, makedev(major, minor)) == 0;
    int file = openat(folder, "device", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    int error = errno;
    // A device that nobody drives is ENXIO to those who may open it.
    int opened = file >= 0 || error != EPERM;
    if (made || opened)
        found(TM_CHECK_DEVICE, TM_GOT_THROUGH, "Device %u:%u was not granted and could be %s.", major, minor,
              opened ? "opened" : "made");
    else found(TM_CHECK_DEVICE, TM_HELD, "Opening and making device %u:%u as root: %s.", major, minor, strerror(error));
    if (file >= 0) close(file);
    close(folder);
}

// MARK: CPU

static int64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Spins until it has used its time, or far longer where others use the CPU. Whether the kernel throttled it, only the
/// shim can read; it kills the spinner when it has seen enough.
static _Noreturn void spin(const struct tm_probe *probe) {
    enum { PATIENCE = 20 };
    int64_t begun = now_ns(CLOCK_MONOTONIC), used = now_ns(CLOCK_PROCESS_CPUTIME_ID), wall, cpu;
    tm_report_send(TM_REPORT_TASK, 0, "%s", "");
    do {
        wall = now_ns(CLOCK_MONOTONIC) - begun;
        cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - used;
    } while (cpu < probe->spin_ns && wall < probe->spin_ns * PATIENCE);
    // Given less than a third of a busy CPU, it may never have come to where its quota ends.
    int is_starved = cpu < probe->spin_ns || wall > 3 * cpu;
    found(TM_CHECK_CPU, is_starved ? TM_NOT_TRIED : TM_GOT_THROUGH, "Spinning for %.1f ms used %.1f ms of a CPU",
          (double)wall / 1e6, (double)cpu / 1e6);
    _exit(0);
}

/// A bit per CPU of a kernel list such as `0-3,8`.
static void read_cpus(const char *list, cpu_set_t *set) {
    CPU_ZERO(set);
    while (*list) {
        char *rest;
        long first = strtol(list, &rest, 10), last = first;
        if (rest == list) return;
        if (*rest == '-') last = strtol(rest + 1, &rest, 10);
        for (long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++) CPU_SET((int)cpu, set);
        list = *rest == ',' ? rest + 1 : rest;
    }
}

static void try_affinity(const struct tm_probe *probe) {
    cpu_set_t all, got, granted, both;
    if (!probe->cpus) {
        found(TM_CHECK_AFFINITY, TM_NOT_TRIED, "No CPUs are granted by number.");
        return;
    }
    memset(&all, 0xFF, sizeof all);
    read_cpus(probe->cpus, &granted);
    sched_setaffinity(0, sizeof all, &all);
    CPU_ZERO(&got);
    if (sched_getaffinity(0, sizeof got, &got) < 0) {
        found(TM_CHECK_AFFINITY, TM_NOT_TRIED, "The CPUs cannot be told: %s.", strerror(errno));
        return;
    }
    CPU_AND(&both, &got, &granted);
    if (CPU_EQUAL(&both, &got))
        found(TM_CHECK_AFFINITY, TM_HELD, "Asked for every CPU, and got %d, all of those granted (%s).",
              CPU_COUNT(&got), probe->cpus);
    else
        found(TM_CHECK_AFFINITY, TM_GOT_THROUGH, "Asked for every CPU, %d were given, of which %d are not of %s.",
              CPU_COUNT(&got), CPU_COUNT(&got) - CPU_COUNT(&both), probe->cpus);
}

// MARK: Memory

static _Noreturn void touch(const struct tm_probe *probe) {
    char *memory = mmap(NULL, (size_t)probe->touch_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        found(TM_CHECK_MEMORY, TM_HELD, "Mapping %lld KiB: %s", (long long)(probe->touch_bytes >> 10), strerror(errno));
        _exit(0);
    }
    madvise(memory, (size_t)probe->touch_bytes, MADV_HUGEPAGE); // only for speed: there is little CPU time
    for (int64_t offset = 0; offset < probe->touch_bytes; offset += 4096) ((volatile char *)memory)[offset] = 1;
    found(TM_CHECK_MEMORY, TM_GOT_THROUGH, "%lld KiB were touched, and nobody objected.",
          (long long)(probe->touch_bytes >> 10));
    _exit(0);
}

// MARK: Others

static void try_processes(const struct tm_probe *probe) {
    enum { OWN = 8 };
    int seen = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') seen++;
    if (all) closedir(all);
    // A small number is one of our own here.
    int reached = probe->foreign_pid > OWN && (kill(probe->foreign_pid, 0) == 0);
    if (seen > OWN || reached)
        found(TM_CHECK_PROCESS, TM_GOT_THROUGH, "%d processes are seen%s.", seen,
              reached ? ", and the agent's can be signalled" : "");
    else
        found(TM_CHECK_PROCESS, TM_HELD, "%d processes are seen, its own; the agent's cannot be signalled.", seen);
}

static void try_cgroup_files(const struct tm_probe *probe) {
    int tried = 0;
    for (char *const *path = probe->cgroup_files; *path; path++) {
        int file = open(*path, O_WRONLY | O_CLOEXEC);
        if (file >= 0) {
            close(file);
            found(TM_CHECK_CGROUP_FILES, TM_GOT_THROUGH, "%s can be opened for writing.", *path);
            return;
        }
        tried++;
    }
    if (tried == 0) found(TM_CHECK_CGROUP_FILES, TM_NOT_TRIED, "The slice has no groups.");
    else found(TM_CHECK_CGROUP_FILES, TM_HELD, "%d files of its groups cannot be opened for writing.", tried);
}

static pid_t begin(const struct tm_probe *probe, enum tm_check check, void (*body)(const struct tm_probe *)) {
    if (!asks(probe, check)) return -1;
    pid_t child = fork();
    if (child == 0) body(probe);
    if (child < 0) found(check, TM_NOT_TRIED, "There is no process to try it: %s.", strerror(errno));
    return child;
}

void tm_probe_run(const struct tm_probe *probe, const struct tm_containment *containment) {
    tm_contain_finally(containment);
    pid_t spinner = begin(probe, TM_CHECK_CPU, spin);
    if (asks(probe, TM_CHECK_AFFINITY)) try_affinity(probe);
    if (asks(probe, TM_CHECK_PROCESS)) try_processes(probe);
    if (asks(probe, TM_CHECK_CGROUP_FILES)) try_cgroup_files(probe);
    int status = 0;
    if (spinner > 0 && waitpid(spinner, &status, 0) == spinner && WIFSIGNALED(status))
        found(TM_CHECK_CPU, TM_HELD, "Spinning was held back");
    // Last: where the kernel ends a whole group for want of memory, it ends this process too.
    if (asks(probe, TM_CHECK_MEMORY)) tm_report_send(TM_REPORT_TOUCHING, 0, "%s", "");
    pid_t toucher = begin(probe, TM_CHECK_MEMORY, touch);
    if (toucher > 0 && waitpid(toucher, &status, 0) == toucher && WIFSIGNALED(status))
        found(TM_CHECK_MEMORY, TM_HELD, "Touching %lld KiB was ended by signal %d",
              (long long)(probe->touch_bytes >> 10), WTERMSIG(status));
    tm_report_send(TM_REPORT_DONE, 0, "%s", "");
}
