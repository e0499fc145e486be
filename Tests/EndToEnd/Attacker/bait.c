// The neighbour: another tenant's work, with something to steal in every corner, which says how it fares when asked.
#include "attacker.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <mqueue.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void leave_file(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || fchmod(file, 0644) < 0 || write(file, "secret\n", 7) != 7) tell("trouble", "%s", path);
    if (file >= 0) close(file);
}

static void leave_ipc(key_t key, const char *queue) {
    int memory = shmget(key, 4096, IPC_CREAT | 0666);
    char *start = memory < 0 ? (char *)-1 : shmat(memory, NULL, 0);
    if (start != (char *)-1) strcpy(start, "secret");
    struct mq_attr shape = {.mq_maxmsg = 1, .mq_msgsize = 16};
    umask(0);
    mqd_t posix = mq_open(queue, O_RDWR | O_CREAT, 0666, &shape);
    umask(022);
    if (start == (char *)-1 || msgget(key, IPC_CREAT | 0666) < 0 || semget(key, 1, IPC_CREAT | 0666) < 0 || posix < 0)
        tell("trouble", "IPC: %s", strerror(errno));
}

static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};

static void take_all_away(key_t key, const char *name) {
    char path[4096];
    shmctl(shmget(key, 0, 0), IPC_RMID, NULL);
    msgctl(msgget(key, 0), IPC_RMID, NULL);
    semctl(semget(key, 0, 0), 0, IPC_RMID);
    snprintf(path, sizeof path, "/%s", name);
    mq_unlink(path);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], name);
        unlink(path);
    }
}

/// sweep NAME KEY: takes away what a bait left that was killed. For root, on the node.
int sweep(int count, char **arguments) {
    if (count < 2) return 2;
    take_all_away((key_t)atol(arguments[1]), arguments[0]);
    return 0;
}

static void listen_at(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    memcpy(address.sun_path + 1, name, length);
    int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    if (end < 0 || bind(end, (struct sockaddr *)&address, size) < 0 || listen(end, 8) < 0)
        tell("trouble", "@%s: %s", name, strerror(errno));
}

/// bait REQUESTS NAME KEY: leaves NAME in its folders and /NAME as a queue, KEY in System V's IPC, @NAME as a socket, and
/// answers the numbers that it finds in REQUESTS: an inotify instance of its own. A negative one ends it; and so do ten
/// minutes.
int be_bait(int count, char **arguments) {
    if (count < 3) return 2;
    char queue[256];
    key_t key = (key_t)atol(arguments[2]);
    snprintf(queue, sizeof queue, "/%s", arguments[1]);
    for (size_t i = 0; i < 3; i++) leave_file(folders[i], arguments[1]);
    leave_ipc(key, queue);
    listen_at(arguments[1]);
    tell("ready", "%d", getpid());
    long answered = 0;
    for (int64_t end = now_ms() + 600000; now_ms() < end; pause_ms(10)) {
        char text[32] = {0};
        int file = open(arguments[0], O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ssize_t got = read(file, text, sizeof text - 1);
        close(file);
        long asked = got > 0 && strchr(text, '\n') ? atol(text) : 0;
        if (asked < 0) break;
        if (asked <= answered) continue;
        answered = asked;
        int instance = inotify_init1(IN_CLOEXEC);
        tell("answer", "%ld %s", asked, instance < 0 ? strerrorname_np(errno) : "ok");
        if (instance >= 0) close(instance);
    }
    take_all_away(key, arguments[1]);
    return 0;
}

/// hold GO: holds a slice and does nothing in it, until GO is there or ten minutes are over.
int hold(int count, char **arguments) {
    if (count < 1) return 2;
    for (int64_t end = now_ms() + 600000; now_ms() < end && access(arguments[0], F_OK) != 0;) pause_ms(10);
    return 0;
}

/// count-filters: how many device filters (BPF programs of cgroups) the kernel holds. For root, on the node.
int count_filters(int count, char **arguments) {
    (void)count, (void)arguments;
    long found = 0;
    union bpf_attr request;
    memset(&request, 0, sizeof request);
    while (syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &request, sizeof request) == 0) {
        uint32_t id = request.next_id;
        memset(&request, 0, sizeof request);
        request.prog_id = id;
        int program = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &request, sizeof request);
        if (program >= 0) {
            struct bpf_prog_info facts;
            memset(&facts, 0, sizeof facts);
            memset(&request, 0, sizeof request);
            request.info.bpf_fd = (uint32_t)program;
            request.info.info_len = sizeof facts;
            request.info.info = (uint64_t)(uintptr_t)&facts;
            if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &request, sizeof request) == 0)
                found += facts.type == BPF_PROG_TYPE_CGROUP_DEVICE;
            close(program);
        }
        memset(&request, 0, sizeof request);
        request.start_id = id;
    }
    if (errno != ENOENT) {
        tell("missing", "%s", strerror(errno));
        return 0;
    }
    tell("filters", "%ld", found);
    return 0;
}
