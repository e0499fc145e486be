// Bombs, and everything that takes more than its share. Each is bounded by its arguments.
#include "attacker.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

/// Touches `mib` MiB at `start`, telling how far it came: who is ended for it tells nothing more.
static void touch(char *start, long mib) {
    for (long i = 0; i < mib; i++) {
        memset(start + i * MIB, 0xA5, MIB);
        if (i % 32 == 31) tell("at", "%ld MiB touched", i + 1);
    }
}

/// memory MIB: anonymous memory.
int attack_memory(int count, char **arguments) {
    long mib = count > 0 ? atol(arguments[0]) : 256;
    char *start = mmap(NULL, (size_t)mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start != MAP_FAILED) touch(start, mib);
    way(start != MAP_FAILED, "%ld MiB of memory", mib);
    return finish();
}

/// memfd MIB: memory that hides in a file without a name.
int attack_memfd(int count, char **arguments) {
    long mib = count > 0 ? atol(arguments[0]) : 256;
    int file = memfd_create("attack", MFD_CLOEXEC);
    char *start = MAP_FAILED;
    if (file >= 0 && ftruncate(file, mib * MIB) == 0)
        start = mmap(NULL, (size_t)mib * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (start != MAP_FAILED) touch(start, mib);
    way(start != MAP_FAILED, "%ld MiB in a memfd", mib);
    return finish();
}

/// A name of the network namespace's, without a file.
static socklen_t abstract_name(struct sockaddr_un *address, const char *name) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t length = strnlen(name, sizeof address->sun_path - 1);
    memcpy(address->sun_path + 1, name, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

/// pass NAME MIB: fills a memfd, and sends it to who listens at NAME.
int attack_pass(int count, char **arguments) {
    if (count < 2) return 2;
    long mib = atol(arguments[1]);
    int file = memfd_create("attack", MFD_CLOEXEC), end = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char *start = MAP_FAILED, byte = 0, control[CMSG_SPACE(sizeof file)] = {0};
    if (file >= 0 && ftruncate(file, mib * MIB) == 0)
        start = mmap(NULL, (size_t)mib * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (start == MAP_FAILED || end < 0) return 2;
    touch(start, mib);
    struct sockaddr_un address;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = abstract_name(&address, arguments[0]), .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *entry = CMSG_FIRSTHDR(&message);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(sizeof file);
    memcpy(CMSG_DATA(entry), &file, sizeof file);
    if (sendmsg(end, &message, MSG_NOSIGNAL) != 1) return 2;
    tell("passed", "%ld MiB", mib);
    return 0;
}

/// keep NAME GO: takes one descriptor that comes to NAME, and keeps it until GO is there.
int attack_keep(int count, char **arguments) {
    if (count < 2) return 2;
    struct sockaddr_un address;
    socklen_t length = abstract_name(&address, arguments[0]);
    int end = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (end < 0 || bind(end, (struct sockaddr *)&address, length) < 0) return 2;
    tell("ready", "%s", arguments[0]);
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(end, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message)) return 2;
    tell("kept", "a descriptor");
    for (int tries = 0; tries < 10 && await_number(arguments[1]) == 0; tries++) {}
    tell("done", "gave it back");
    return 0;
}

/// file PATH MIB: fills the file system of a folder with one file, which is gone afterwards.
int attack_file(int count, char **arguments) {
    if (count < 2) return 2;
    long mib = atol(arguments[1]), done = 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/tidemill-attack-%d", arguments[0], getpid());
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    unlink(path); // whatever ends us, nothing stays
    static char chunk[MIB];
    memset(chunk, 0xA5, sizeof chunk);
    while (file >= 0 && done < mib && write(file, chunk, sizeof chunk) == sizeof chunk) {
        done++;
        if (done % 32 == 0) tell("at", "%ld MiB written", done);
    }
    way(file >= 0 && done == mib, "%ld of %ld MiB written to %s", done, mib, arguments[0]);
    return finish();
}

/// A process of its own that shares our memory: it costs the kernel what a process costs, and us a page.
static int wait_for_end(void *unused) {
    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
}

/// processes N: that many at once.
int attack_processes(int count, char **arguments) {
    long wanted = count > 0 ? atol(arguments[0]) : 4400, made = 0;
    const size_t stack = 8192;
    pid_t *children = calloc((size_t)wanted, sizeof *children);
    char *stacks = mmap(NULL, stack * (size_t)wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!children || stacks == MAP_FAILED) return 2;
    int reason = 0;
    for (; made < wanted; made++) {
        int child = clone(wait_for_end, stacks + stack * (size_t)(made + 1), CLONE_VM | SIGCHLD, NULL);
        if (child < 0) {
            reason = errno;
            break;
        }
        children[made] = child;
    }
    errno = reason;
    way(made == wanted, "%ld of %ld processes", made, wanted);
    for (long i = 0; i < made; i++) kill(children[i], SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {}
    return finish();
}

/// processor MS PROCESSES MILLICPU: spins, and compares what it got with the share that it has.
int attack_processor(int count, char **arguments) {
    if (count < 3) return 2;
    long span = atol(arguments[0]), processes = atol(arguments[1]), share = atol(arguments[2]);
    int64_t begin = now_ms(), end = begin + span;
    for (long i = 0; i < processes; i++) {
        if (fork() != 0) continue;
        while (now_ms() < end) {}
        _exit(0);
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {}
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    int64_t spent = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000LL +
                    (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
    int64_t rate = spent * 1000 / (now_ms() - begin);
    errno = EDQUOT;
    // One period of the quota may be used up before the first throttling, and ends are rounded: half more is far beyond.
    way(2 * rate > 3 * share, "%lldm CPU used of %ldm", (long long)rate, share);
    return finish();
}

/// Reads a kernel list such as `0-3,8` into `members`, at most `limit` numbers. Their count.
static int read_list(const char *path, int *members, int limit) {
    char text[1024] = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    int found = 0;
    for (char *rest = text; got > 0 && *rest >= '0' && *rest <= '9';) {
        long first = strtol(rest, &rest, 10), last = first;
        if (*rest == '-') last = strtol(rest + 1, &rest, 10);
        for (; first <= last && found < limit; first++) members[found++] = (int)first;
        if (*rest == ',') rest++;
    }
    return found;
}

/// affinity CPUS: runs on every CPU that it can, of which only CPUS are its own.
int attack_affinity(int count, char **arguments) {
    int own = count > 0 ? atoi(arguments[0]) : 1;
    int cpus[1024], online = read_list("/sys/devices/system/cpu/online", cpus, 1024), reached = 0;
    if (online <= own) return missing("this machine has no CPU beside the slice's");
    cpu_set_t *all = CPU_ALLOC(1024);
    size_t size = CPU_ALLOC_SIZE(1024);
    CPU_ZERO_S(size, all);
    for (int i = 0; i < online; i++) CPU_SET_S((size_t)cpus[i], size, all);
    sched_setaffinity(0, size, all);
    for (int i = 0; i < online; i++) {
        CPU_ZERO_S(size, all);
        CPU_SET_S((size_t)cpus[i], size, all);
        if (sched_setaffinity(0, size, all) == 0 && sched_getcpu() == cpus[i]) reached++;
    }
    CPU_FREE(all);
    errno = EINVAL;
    way(reached > own, "ran on %d of %d CPUs, %d are its own", reached, online, own);
    return finish();
}

/// policy NODES: takes memory of every NUMA domain that it can, of which only NODES are its own.
int attack_policy(int count, char **arguments) {
    int own = count > 0 ? atoi(arguments[0]) : 1;
    int nodes[64], online = read_list("/sys/devices/system/node/has_memory", nodes, 64), reached = 0;
    if (online <= own) return missing("this machine has one NUMA domain");
    for (int i = 0; i < online; i++) {
        unsigned long mask = 1UL << nodes[i];
        int where = -1;
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        // Both ways of asking, and moving a page that is there already.
        syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 64);
        syscall(SYS_mbind, page, 4096UL, MPOL_BIND, &mask, 64UL, 0);
        page[0] = 1;
        void *pages[1] = {page};
        int wanted[1] = {nodes[i]}, status[1] = {-1};
        syscall(SYS_move_pages, 0, 1UL, pages, wanted, status, MPOL_MF_MOVE);
        syscall(SYS_get_mempolicy, &where, NULL, 0UL, page, MPOL_F_NODE | MPOL_F_ADDR);
        if (where == nodes[i]) reached++;
        syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
        munmap(page, 4096);
    }
    errno = EINVAL;
    way(reached > own, "took memory of %d of %d NUMA domains, %d are its own", reached, online, own);
    return finish();
}

/// pipes PROCESSES EACH: memory that the kernel holds for it, in descriptors.
int attack_pipes(int count, char **arguments) {
    if (count < 2) return 2;
    long processes = atol(arguments[0]), each = atol(arguments[1]);
    atomic_long *made = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED) return 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (long i = 0; i < processes; i++) {
        if (fork() != 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (long j = 0; j < each; j++) {
            int ends[2];
            if (pipe(ends) < 0) break;
            atomic_fetch_add(made, 1);
        }
        pause();
    }
    // All of them hold what they have until everybody is done, or nothing has moved for five seconds.
    long before = -1;
    for (int64_t moved = now_ms(); now_ms() - moved < 5000; pause_ms(20)) {
        long now = atomic_load(made);
        if (now != before) moved = now_ms();
        before = now;
        if (now == processes * each) break;
    }
    errno = ENOMEM;
    way(before == processes * each, "%ld of %ld pipes", before, processes * each);
    return finish(); // our end is theirs
}

/// Two ends of a connection of this machine to itself, not blocking, with buffers as large as they may be. 0, or -1.
static int connect_to_self(int listener, const struct sockaddr_in *address, int ends[2]) {
    int most = 16 * MIB;
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    if (connect(ends[0], (const struct sockaddr *)address, sizeof *address) < 0) return -1;
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return ends[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -1 : 0;
}

/// buffers MIB: memory that the kernel holds for it, in connections that nobody reads.
int attack_buffers(int count, char **arguments) {
    enum { CONNECTIONS = 500 };
    long mib = count > 0 ? atol(arguments[0]) : 256, most = 16 * MIB;
    long long held = 0;
    static char chunk[64 << 10];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reason = 0;
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &most, sizeof(int));
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 8) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        return missing("no connection to itself");
    for (int i = 0; i < CONNECTIONS && held < (long long)mib * MIB; i++) {
        int ends[2];
        if (connect_to_self(listener, &address, ends) < 0) {
            reason = errno;
            break;
        }
        ssize_t sent;
        // What is on its way makes room a moment later.
        for (int tries = 0; tries < 5; tries++, pause_ms(2))
            while ((sent = send(ends[0], chunk, sizeof chunk, MSG_NOSIGNAL)) > 0) held += sent, tries = 0;
        reason = errno;
    }
    errno = reason;
    way(held >= (long long)mib * MIB, "%lld of %ld MiB in the buffers of connections", held / MIB, mib);
    return finish();
}

/// Reads or writes `count` bytes of a file from its beginning, through `chunk` of 128 KiB. 0, or -1.
static int move(int file, char *chunk, long count, int is_reading) {
    enum { CHUNK = 128 << 10 };
    for (long done = 0; done < count;) {
        size_t next = count - done < CHUNK ? (size_t)(count - done) : CHUNK;
        ssize_t moved = is_reading ? pread(file, chunk, next, done) : pwrite(file, chunk, next, done);
        if (moved <= 0) return -1;
        done += moved;
    }
    return 0;
}

/// disk FOLDER WAY BYTES: moves two seconds' worth to or from the disk of a folder, of which BYTES a second are its own. WAY:
/// `write` and `read` go past the page cache, `synced` is on the disk when a write returns, `cached` is left to the kernel
/// and then waited for.
int attack_disk(int count, char **arguments) {
    if (count < 3) return 2;
    const char *way_name = arguments[1];
    long share = atol(arguments[2]) / 4096 * 4096, bytes = 2 * share;
    struct stat facts;
    if (stat(arguments[0], &facts) < 0 || major(facts.st_dev) == 0) return missing("the folder is on no disk");
    int is_reading = strcmp(way_name, "read") == 0, is_cached = strcmp(way_name, "cached") == 0;
    int how = strcmp(way_name, "synced") == 0 ? O_DSYNC : is_cached ? 0 : O_DIRECT;
    char path[4096];
    snprintf(path, sizeof path, "%s/tidemill-disk-%d", arguments[0], getpid());
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | how, 0600);
    unlink(path);
    char *chunk = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file < 0 || chunk == MAP_FAILED || (is_reading && move(file, chunk, bytes, 0) < 0)) {
        way(0, "a file for %s", way_name);
        return finish();
    }
    int64_t begin = now_ms();
    int failed = move(file, chunk, bytes, is_reading) < 0 || (is_cached && syncfs(file) < 0);
    int64_t rate = bytes * 1000 / (now_ms() - begin + 1);
    if (!failed) errno = EDQUOT;
    way(!failed && rate > 2 * share, "%s: %lld KiB/s, %ld are its own", way_name, (long long)rate >> 10, share >> 10);
    return finish();
}

/// log MIB GO: fills the log, and stays until GO is there.
int attack_log(int count, char **arguments) {
    if (count < 2) return 2;
    long mib = atol(arguments[0]);
    static char line[1024];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (long i = 0; i < mib * 1024; i++)
        if (write(1, line, sizeof line) != sizeof line) break;
    tell("done", "%ld MiB of output", mib);
    await_number(arguments[1]);
    return 0;
}

/// inotify GO: takes every inotify instance that its user may have, and holds them until GO is there.
int attack_inotify(int count, char **arguments) {
    if (count < 1) return 2;
    long made = 0;
    while (made < 100000 && inotify_init1(IN_CLOEXEC) >= 0) made++;
    tell("ready", "%ld inotify instances, then %s", made, strerrorname_np(errno));
    await_number(arguments[0]);
    tell("done", "gave them back");
    return 0;
}

static void raise_to(int resource, const char *name, rlim_t value) {
    struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    way(setrlimit(resource, &limit) == 0, "%s", name);
}

/// rlimits: raises what it was given. Not of real-time priority, of which agents have none to hand on as a rule, so that
/// nothing would be shown: `priority` asks for it.
int attack_rlimits(int count, char **arguments) {
    (void)count, (void)arguments;
    raise_to(RLIMIT_CORE, "core dumps of 64 MiB", 64 * MIB);
    raise_to(RLIMIT_NOFILE, "a million descriptors", 1000000);
    raise_to(RLIMIT_MSGQUEUE, "100 MiB of message queues", 100 * MIB);
    return finish();
}

/// priority: goes before everybody else.
int attack_priority(int count, char **arguments) {
    (void)count, (void)arguments;
    way(setpriority(PRIO_PROCESS, 0, -5) == 0, "nice -5");
    struct sched_param real_time = {.sched_priority = 10};
    way(sched_setscheduler(0, SCHED_FIFO, &real_time) == 0, "SCHED_FIFO");
    way(syscall(SYS_ioprio_set, 1, 0, 1 << 13) == 0, "real-time I/O");
    return finish();
}
