// What a task sees of the file systems. The machine's own stay where they are, read-only; what is not the task's business
// is covered. A cover cannot be taken off again: that takes a capability that the task has not, and calls that are
// refused.
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's interface (mount_setattr(2), open_tree(2), move_mount(2)); older C libraries lack it.
struct attributes {
    uint64_t set, clear, propagation, userns;
};
enum {
    ATTR_READ_ONLY = 1,
    ATTR_NOSUID = 2,
    ATTR_NODEV = 4,
    TREE_CLONE = 1,
    MOVE_FROM_EMPTY_PATH = 4,
    // A shared folder may be named by a link, as the build folder is.
    MOVE_TO_SYMLINKS = 0x10,
    EMPTY_PATH = 0x1000,
    RECURSIVE = 0x8000,
};

static int set_attributes(int folder, const char *path, unsigned flags, uint64_t set, uint64_t propagation) {
    struct attributes how = {.set = set, .propagation = propagation};
    return (int)syscall(SYS_mount_setattr, folder, path, flags, &how, sizeof how);
}

static int clone_tree(const char *path, unsigned flags) {
    return (int)syscall(SYS_open_tree, AT_FDCWD, path, TREE_CLONE | O_CLOEXEC | flags);
}

static int attach_tree(int tree, const char *path) {
    return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, path,
                        MOVE_FROM_EMPTY_PATH | MOVE_TO_SYMLINKS);
}

static int is_folder(int descriptor) {
    struct stat facts;
    return fstat(descriptor, &facts) == 0 && S_ISDIR(facts.st_mode);
}

// MARK: Covers and shares

/// A folder or file that is covered, or one that stays as it is on the machine. Applied from the shortest path to the longest,
/// so that the inner one wins.
struct place {
    const char *path;
    /// The clone of a shared one; -1 of a covered one.
    int tree;
    int is_covered;
};
enum { MOST_PLACES = 160 };

static const char *const always_covered[] = {
    "/run", "/sys/fs/cgroup", "/sys/fs/bpf", "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security",
    "/sys/firmware",
};

static int by_length(const void *a, const void *b) {
    size_t first = strlen(((const struct place *)a)->path), second = strlen(((const struct place *)b)->path);
    return first < second ? -1 : first > second;
}

static size_t add_shared(struct place *places, size_t count, const char *path) {
    if (path[0] != '/' || path[1] == 0 || count == MOST_PLACES) return count;
    int tree = clone_tree(path, RECURSIVE);
    if (tree < 0) return count; // not on this machine
    places[count] = (struct place){.path = path, .tree = tree};
    return count + 1;
}

static size_t add_covered(struct place *places, size_t count, const char *path) {
    if (path[0] != '/' || path[1] == 0 || count == MOST_PLACES) return count;
    for (size_t index = 0; index < count; index++)
        if (strcmp(places[index].path, path) == 0) return count; // shared, and so seen
    places[count] = (struct place){.path = path, .tree = -1};
    return count + 1;
}

/// Name resolution must go on where /etc/resolv.conf lies below /run, as systemd has it.
static size_t add_resolver(struct place *places, size_t count) {
    static char target[PATH_MAX];
    if (!realpath("/etc/resolv.conf", target) || strncmp(target, "/run/", 5) != 0) return count;
    return add_shared(places, count, target);
}

/// Makes what is missing of a path. On anything but a fresh cover this changes nothing: all else is read-only or there.
static void make_point(const char *path, int folder) {
    char partial[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof partial) return;
    for (size_t index = 1; index <= length; index++) {
        if (path[index] != '/' && path[index] != 0) continue;
        memcpy(partial, path, index);
        partial[index] = 0;
        if (index < length || folder) mkdir(partial, 0755);
        else close(open(partial, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    }
}

static void cover(const struct tm_containment *containment, struct place *place) {
    if (mount("tmpfs", place->path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0555,size=64k") == 0
        // A file is hidden behind one that is empty.
        || (errno == ENOTDIR && mount("/dev/null", place->path, NULL, MS_BIND, NULL) == 0))
        place->is_covered = 1;
    else if (errno != ENOENT && errno != ENOTDIR) tm_refused(containment, "cannot cover", place->path);
}

static void share(const struct tm_containment *containment, const struct place *place) {
    // A mount of the machine keeps what it forbids already.
    if (set_attributes(place->tree, "", EMPTY_PATH | RECURSIVE, ATTR_NOSUID | ATTR_NODEV, MS_PRIVATE) < 0)
        tm_refused(containment, "cannot restrict the shared folder", place->path);
    make_point(place->path, is_folder(place->tree));
    if (attach_tree(place->tree, place->path) < 0) tm_refused(containment, "cannot show", place->path);
    close(place->tree);
}

// MARK: Own folders

static void own_folder(const struct tm_containment *containment, const char *path) {
    char options[64];
    if (containment->temporary_bytes > 0)
        snprintf(options, sizeof options, "mode=1777,size=%lld", (long long)containment->temporary_bytes);
    else snprintf(options, sizeof options, "mode=1777");
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0 && errno != ENOENT)
        tm_refused(containment, "cannot make the task's own", path);
}

static const char *const device_names[] = {"null", "zero", "full", "random", "urandom", "tty"};
enum { DEVICES = sizeof device_names / sizeof *device_names };

/// The machine's nodes are shown again, rather than made anew: making nodes is denied in the slice's groups.
static void own_devices(const struct tm_containment *containment) {
    static const char *const links[][2] = {{"pts/ptmx", "/dev/ptmx"},          {"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},  {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"}};
    int trees[DEVICES];
    char path[32];
    for (size_t index = 0; index < DEVICES; index++) {
        snprintf(path, sizeof path, "/dev/%s", device_names[index]);
        trees[index] = clone_tree(path, 0);
    }
    if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") < 0) {
        tm_refused(containment, "cannot make the task's own", "/dev");
        return;
    }
    for (size_t index = 0; index < DEVICES; index++) {
        if (trees[index] < 0) continue;
        snprintf(path, sizeof path, "/dev/%s", device_names[index]);
        make_point(path, 0);
        if (attach_tree(trees[index], path) < 0) tm_refused(containment, "cannot show", path);
        close(trees[index]);
    }
    for (size_t index = 0; index < sizeof links / sizeof *links; index++)
        if (symlink(links[index][0], links[index][1]) < 0) tm_refused(containment, "cannot make", links[index][1]);
    mkdir("/dev/pts", 0755);
    mkdir("/dev/shm", 01777);
    if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,max=256") < 0)
        tm_refused(containment, "cannot make the task's own", "/dev/pts");
    if (set_attributes(AT_FDCWD, "/dev", 0, ATTR_READ_ONLY, 0) < 0)
        tm_refused(containment, "cannot make read-only", "/dev");
    own_folder(containment, "/dev/shm");
}

static void own_view(const struct tm_containment *containment) {
    static struct place places[MOST_PLACES];
    size_t count = 0;
    for (char *const *path = containment->shared; *path; path++) count = add_shared(places, count, *path);
    count = add_resolver(places, count);
    for (size_t index = 0; index < sizeof always_covered / sizeof *always_covered; index++)
        count = add_covered(places, count, always_covered[index]);
    for (char *const *path = containment->hidden; *path; path++) count = add_covered(places, count, *path);
    if (count == MOST_PLACES) {
        errno = E2BIG;
        tm_refused(containment, "cannot cover and share so many folders", NULL);
    }
    qsort(places, count, sizeof *places, by_length);

    if (set_attributes(AT_FDCWD, "/", RECURSIVE, ATTR_READ_ONLY | ATTR_NOSUID, MS_PRIVATE) < 0)
        tm_refused(containment, "cannot make the machine's file systems read-only", NULL);
    own_devices(containment);
    own_folder(containment, "/tmp");
    own_folder(containment, "/var/tmp");
    for (size_t index = 0; index < count; index++) {
        if (places[index].tree < 0) cover(containment, &places[index]);
        else share(containment, &places[index]);
    }
    for (size_t index = 0; index < count; index++)
        if (places[index].is_covered && set_attributes(AT_FDCWD, places[index].path, 0, ATTR_READ_ONLY, 0) < 0)
            tm_refused(containment, "cannot make read-only", places[index].path);
}

// MARK: Processes

static void keep_read_only(const struct tm_containment *containment, const char *path) {
    int tree = clone_tree(path, RECURSIVE);
    if (tree < 0) return; // this kernel has none
    if (set_attributes(tree, "", EMPTY_PATH | RECURSIVE, ATTR_READ_ONLY, 0) < 0 || attach_tree(tree, path) < 0)
        tm_refused(containment, "cannot make read-only", path);
    close(tree);
}

static void mask(const struct tm_containment *containment, const char *path) {
    struct stat facts;
    if (lstat(path, &facts) < 0) return; // this kernel has none
    int flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    int result = S_ISDIR(facts.st_mode) ? mount("tmpfs", path, "tmpfs", (unsigned long)flags, "mode=0555")
                                        : mount("/dev/null", path, NULL, MS_BIND, NULL);
    if (result < 0) tm_refused(containment, "cannot cover", path);
}

static void own_processes(const struct tm_containment *containment) {
    static const char *const read_only[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};
    static const char *const masked[] = {"/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list",
                                         "/proc/sched_debug", "/proc/kmsg", "/proc/acpi", "/proc/scsi",
                                         "/proc/latency_stats"};
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
        tm_refused(containment, "cannot make the task's own", "/proc");
        return;
    }
    for (size_t index = 0; index < sizeof read_only / sizeof *read_only; index++)
        keep_read_only(containment, read_only[index]);
    for (size_t index = 0; index < sizeof masked / sizeof *masked; index++) mask(containment, masked[index]);
}

void tm_view_build(const struct tm_containment *containment) {
    // First, so that nothing that is mounted here shows on the machine.
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) {
        tm_refused(containment, "cannot have a view of the file systems of its own", NULL);
        return;
    }
    if (tm_wants(containment, TM_MOUNTS)) own_view(containment);
    if (tm_wants(containment, TM_PROC)) own_processes(containment);
    if (chdir("/") < 0) tm_refused(containment, "cannot enter", "/");
}
