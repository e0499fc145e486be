#include "CHost.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void *tm_page_map(const char *path, size_t size, int writable) {
    int fd = open(path, writable ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
    if (fd < 0) return NULL;
    struct stat facts;
    int failed = fstat(fd, &facts) < 0;
    if (!failed && facts.st_size < (off_t)size) {
        // A mapping beyond the file's end would be a SIGBUS for its reader.
        if (writable) failed = ftruncate(fd, (off_t)size) < 0;
        else {
            errno = EINVAL;
            failed = 1;
        }
    }
    void *page = failed ? MAP_FAILED
                        : mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    int error = errno;
    close(fd);
    errno = error;
    return page == MAP_FAILED ? NULL : page;
}

void tm_page_unmap(void *page, size_t size) { munmap(page, size); }

// A sequence lock. The bytes are copied with relaxed atomics, so that a concurrent copy is torn but never undefined.

static void copy_atomically(uint8_t *to, const uint8_t *from, size_t count, size_t skip) {
    for (size_t index = 0; index < count; index++) {
        if (index >= skip && index < skip + 8) continue;
        __atomic_store_n(to + index, __atomic_load_n(from + index, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
    }
}

void tm_page_publish(void *page, const void *image, size_t count, size_t sequence_offset) {
    uint64_t *sequence = (uint64_t *)((uint8_t *)page + sequence_offset);
    // A writer that died half-way left it odd: stay odd until this copy is complete.
    uint64_t odd = __atomic_load_n(sequence, __ATOMIC_RELAXED) | 1;
    __atomic_store_n(sequence, odd, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    copy_atomically(page, image, count, sequence_offset);
    __atomic_store_n(sequence, odd + 1, __ATOMIC_RELEASE);
}

int tm_page_snapshot(const void *page, void *image, size_t count, size_t sequence_offset) {
    const uint64_t *sequence = (const uint64_t *)((const uint8_t *)page + sequence_offset);
    for (int attempt = 0; attempt < 1000; attempt++) {
        uint64_t before = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);
        if (before & 1) continue;
        copy_atomically(image, page, count, sequence_offset);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(sequence, __ATOMIC_RELAXED) == before) {
            __builtin_memcpy((uint8_t *)image + sequence_offset, &before, sizeof before);
            return 0;
        }
    }
    return -EAGAIN;
}
