// Reaching for files, sockets, device nodes and cgroups. What must not change is opened for writing and closed again.
#include "attacker.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

/// read PATH…: a byte of a file, a name in a folder.
int attack_read(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        DIR *folder = opendir(arguments[i]);
        if (folder) {
            int names = 0;
            for (struct dirent *entry; (entry = readdir(folder));) names += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
            closedir(folder);
            errno = ENOENT;
            way(names > 0, "%s/", arguments[i]);
            continue;
        }
        char byte;
        int file = open(arguments[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ssize_t got = file < 0 ? -1 : read(file, &byte, 1);
        if (got == 0) errno = ENODATA;
        way(got > 0, "%s", arguments[i]);
        if (file >= 0) close(file);
    }
    return finish();
}

/// Makes a file in the folder, and takes it away again.
static int can_make_in(const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/.tidemill-attack-%d", folder, getpid());
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return 0;
    close(file);
    unlink(path);
    return 1;
}

/// write PATH…: opens a file for writing, makes a file in a folder.
int attack_write(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        struct stat facts;
        if (stat(arguments[i], &facts) == 0 && S_ISDIR(facts.st_mode)) {
            way(can_make_in(arguments[i]), "%s/", arguments[i]);
            continue;
        }
        int file = open(arguments[i], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        way(file >= 0, "%s", arguments[i]);
        if (file >= 0) close(file);
    }
    return finish();
}

static socklen_t fill_address(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) length = sizeof address->sun_path - 1;
    memcpy(address->sun_path, path, length);
    if (path[0] == '@') address->sun_path[0] = 0; // an abstract name
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '@' ? 0 : 1));
}

/// connect PATH…: a unix socket, `@NAME` an abstract one.
int attack_connect(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        struct sockaddr_un address;
        socklen_t length = fill_address(&address, arguments[i]);
        int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        way(end >= 0 && connect(end, (struct sockaddr *)&address, length) == 0, "%s", arguments[i]);
        if (end >= 0) close(end);
    }
    return finish();
}

/// listen PATH…: takes a name that is a service's.
int attack_listen(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        struct sockaddr_un address;
        socklen_t length = fill_address(&address, arguments[i]);
        int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        way(end >= 0 && bind(end, (struct sockaddr *)&address, length) == 0, "%s", arguments[i]);
        if (end >= 0) close(end);
    }
    return finish();
}

/// The devices that every slice has: null zero full random urandom, tty, ptmx, pseudo-terminals.
static int is_everybodys(unsigned major_number, unsigned minor_number) {
    if (major_number == 1) return minor_number == 3 || minor_number == 5 || (minor_number >= 7 && minor_number <= 9);
    if (major_number == 5) return minor_number == 0 || minor_number == 2;
    return major_number == 136;
}

/// Opened and not refused: ENXIO and the like come from a driver, or from its absence, behind the filter.
static void try_node(const char *path, const char *name) {
    int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int held = file < 0 && (errno == EPERM || errno == EACCES || errno == ENOENT || errno == EROFS);
    way(!held, "%s", name);
    if (file >= 0) close(file);
}

static void make_and_try(mode_t type, unsigned major_number, unsigned minor_number) {
    const char *folders[] = {"/tmp", "/dev", "/dev/shm", "/var/tmp"};
    char name[64], path[128];
    snprintf(name, sizeof name, "%c%u:%u", type == S_IFCHR ? 'c' : 'b', major_number, minor_number);
    int made = 0;
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/.tidemill-attack-%d", folders[i], getpid());
        if (mknod(path, type | 0600, makedev(major_number, minor_number)) < 0) continue;
        made = 1;
        // Where the file system allows no devices, another one may.
        int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        int reason = errno;
        unlink(path);
        if (file >= 0) close(file);
        if (file >= 0 || (reason != EPERM && reason != EACCES)) {
            way(1, "mknod %s", name);
            return;
        }
        errno = reason;
    }
    way(0, made ? "open %s" : "mknod %s", name);
}

/// Whether opening a node alone does something to the machine: a watchdog starts to count.
static int is_dangerous(const char *kind, const char *number) {
    char link[128], target[512] = {0};
    snprintf(link, sizeof link, "/sys/dev/%s/%s", kind, number);
    ssize_t got = readlink(link, target, sizeof target - 1);
    return got < 0 || strstr(target, "watchdog") != NULL;
}

/// devices one|all: a node without a driver, or that and every device of the machine, by the nodes that are there and by
/// nodes of its own.
int attack_devices(int count, char **arguments) {
    make_and_try(S_IFCHR, 195, 0);
    if (count == 0 || strcmp(arguments[0], "all") != 0) return finish();
    const struct {
        const char *kind;
        mode_t type;
    } kinds[] = {{"block", S_IFBLK}, {"char", S_IFCHR}};
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "/sys/dev/%s", kinds[i].kind);
        DIR *folder = opendir(path);
        if (!folder) continue;
        for (struct dirent *entry; (entry = readdir(folder));) {
            unsigned major_number, minor_number;
            if (sscanf(entry->d_name, "%u:%u", &major_number, &minor_number) != 2) continue;
            if (kinds[i].type == S_IFCHR && is_everybodys(major_number, minor_number)) continue;
            if (is_dangerous(kinds[i].kind, entry->d_name)) continue;
            make_and_try(kinds[i].type, major_number, minor_number);
        }
        closedir(folder);
    }
    DIR *nodes = opendir("/dev");
    for (struct dirent *entry; nodes && (entry = readdir(nodes));) {
        char path[300], number[32];
        struct stat facts;
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        if (lstat(path, &facts) < 0 || (!S_ISCHR(facts.st_mode) && !S_ISBLK(facts.st_mode))) continue;
        unsigned major_number = major(facts.st_rdev), minor_number = minor(facts.st_rdev);
        if (S_ISCHR(facts.st_mode) && is_everybodys(major_number, minor_number)) continue;
        snprintf(number, sizeof number, "%u:%u", major_number, minor_number);
        if (is_dangerous(S_ISCHR(facts.st_mode) ? "char" : "block", number)) continue;
        try_node(path, path);
    }
    if (nodes) closedir(nodes);
    return finish();
}

static int files_tried;

/// Tries the files of cgroups below `path` that change a limit or move a process.
static void try_groups(const char *path, int depth) {
    static const char *const wanted[] = {
        "cgroup.procs", "memory.limit_in_bytes", "memory.max",   "pids.max",      "cpuset.cpus",  "cpu.cfs_quota_us",
        "cpu.max",      "devices.allow",         "cgroup.kill",  "release_agent", "freezer.state",
    };
    DIR *folder = depth > 0 ? opendir(path) : NULL;
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder)) && files_tried < 5000 && ways_through() < 3;) {
        char below[4096];
        if (entry->d_name[0] == '.' || snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= 4096) continue;
        if (entry->d_type == DT_DIR) try_groups(below, depth - 1);
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
            if (strcmp(entry->d_name, wanted[i]) != 0) continue;
            files_tried++;
            int file = open(below, O_WRONLY | O_CLOEXEC);
            if (file >= 0) way(1, "%s", below);
            if (file >= 0) close(file);
        }
    }
    closedir(folder);
}

/// cgroups: opens for writing any file of any cgroup that can be seen.
int attack_cgroups(int count, char **arguments) {
    (void)count, (void)arguments;
    try_groups("/sys/fs/cgroup", 6);
    errno = files_tried ? EACCES : ENOENT;
    if (ways_through() == 0) way(0, "%d files of cgroups seen", files_tried);
    return finish();
}

static int folders_tried;

static void look_for_writable(const char *path, int depth, int count, char **allowed) {
    for (int i = 0; i < count; i++) {
        size_t length = strlen(allowed[i]);
        if (strncmp(path, allowed[i], length) == 0 && (path[length] == 0 || path[length] == '/')) return;
    }
    if (++folders_tried > 4000 || ways_through() >= 5) return;
    if (can_make_in(*path ? path : "/")) way(1, "%s/", path);
    DIR *folder = depth > 0 ? opendir(*path ? path : "/") : NULL;
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char below[4096];
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= 4096) continue;
        look_for_writable(below, depth - 1, count, allowed);
    }
    closedir(folder);
}

/// writable ALLOWED…: any folder near the root where a file can be made, but for those named and what is below them.
int attack_writable(int count, char **arguments) {
    look_for_writable("", 3, count, arguments);
    errno = EROFS;
    if (ways_through() == 0) way(0, "%d folders", folders_tried);
    return finish();
}
