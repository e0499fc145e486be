#include "CHost.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <limits.h>

static int write_all(int fd, const void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t put = write(fd, (const char *)bytes + done, count - done);
        if (put < 0 && errno != EINTR) return -errno;
        if (put > 0) done += (size_t)put;
    }
    return 0;
}

static int sync_folder_of(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length >= sizeof folder) return -ENAMETOOLONG;
    memcpy(folder, path, length);
    folder[length] = 0;
    int fd = open(slash ? (length ? folder : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int tm_write_durably(const char *path, const void *bytes, size_t count, unsigned mode) {
    char beside[PATH_MAX];
    if ((size_t)snprintf(beside, sizeof beside, "%s.new.%d", path, getpid()) >= sizeof beside) return -ENAMETOOLONG;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) return -errno;
    int result = write_all(fd, bytes, count);
    if (result == 0 && fchmod(fd, mode) < 0) result = -errno;
    if (result == 0 && fsync(fd) < 0) result = -errno;
    if (close(fd) < 0 && result == 0) result = -errno;
    if (result == 0 && rename(beside, path) < 0) result = -errno;
    if (result < 0) {
        unlink(beside);
        return result;
    }
    return sync_folder_of(path);
}

int tm_open_append(const char *path, unsigned mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

int tm_open_read(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int tm_write_file(const char *path, const void *bytes, size_t count) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t put = write(fd, bytes, count);
    int result = put < 0 ? -errno : (size_t)put < count ? -EIO : 0;
    close(fd);
    return result;
}

ssize_t tm_read_file(const char *path, void *bytes, size_t capacity) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t done = 0;
    ssize_t result = 0;
    while (done < capacity) {
        ssize_t got = read(fd, (char *)bytes + done, capacity - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) result = -errno;
        if (got <= 0) break;
        done += (size_t)got;
    }
    close(fd);
    return result < 0 ? result : (ssize_t)done;
}

int tm_lock_file(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int64_t tm_filesystem_type(const char *path) {
    struct statfs facts;
    return statfs(path, &facts) < 0 ? -(int64_t)errno : (int64_t)(uint32_t)facts.f_type;
}
