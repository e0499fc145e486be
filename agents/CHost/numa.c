#include "CHost.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

// Declared here and not taken from <numa.h>, which is a development package: the library is optional at run time too.
struct bitmask;

struct library {
    int (*available)(void);
    int (*max_node)(void);
    long long (*node_size64)(int, long long *);
    struct bitmask *(*allocate_cpumask)(void);
    void (*bitmask_free)(struct bitmask *);
    int (*node_to_cpus)(int, struct bitmask *);
    int (*isbitset)(const struct bitmask *, unsigned);
    unsigned (*nbytes)(struct bitmask *);
};

static int load(struct library *numa) {
    void *handle = dlopen("libnuma.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return 0;
    numa->available = (int (*)(void))dlsym(handle, "numa_available");
    numa->max_node = (int (*)(void))dlsym(handle, "numa_max_node");
    numa->node_size64 = (long long (*)(int, long long *))dlsym(handle, "numa_node_size64");
    numa->allocate_cpumask = (struct bitmask * (*)(void)) dlsym(handle, "numa_allocate_cpumask");
    numa->bitmask_free = (void (*)(struct bitmask *))dlsym(handle, "numa_bitmask_free");
    numa->node_to_cpus = (int (*)(int, struct bitmask *))dlsym(handle, "numa_node_to_cpus");
    numa->isbitset = (int (*)(const struct bitmask *, unsigned))dlsym(handle, "numa_bitmask_isbitset");
    numa->nbytes = (unsigned (*)(struct bitmask *))dlsym(handle, "numa_bitmask_nbytes");
    return numa->available && numa->max_node && numa->node_size64 && numa->allocate_cpumask && numa->bitmask_free &&
           numa->node_to_cpus && numa->isbitset && numa->nbytes && numa->available() >= 0;
}

static void list_cpus(const struct library *numa, struct bitmask *mask, char *text, size_t capacity) {
    unsigned bits = numa->nbytes(mask) * 8;
    size_t used = 0;
    text[0] = 0;
    for (unsigned cpu = 0; cpu < bits; cpu++) {
        if (!numa->isbitset(mask, cpu)) continue;
        unsigned last = cpu;
        while (last + 1 < bits && numa->isbitset(mask, last + 1)) last++;
        int put = snprintf(text + used, capacity - used, last > cpu ? "%s%u-%u" : "%s%u", used ? "," : "", cpu, last);
        if (put < 0 || used + (size_t)put >= capacity) return;
        used += (size_t)put;
        cpu = last;
    }
}

int tm_numa_nodes(struct tm_numa_node *nodes, int capacity) {
    struct library numa;
    if (!load(&numa)) return -ENOSYS;
    struct bitmask *mask = numa.allocate_cpumask();
    if (!mask) return -ENOMEM;
    int count = 0;
    for (int node = 0; node <= numa.max_node() && count < capacity; node++) {
        long long size = numa.node_size64(node, NULL);
        int has_cpus = numa.node_to_cpus(node, mask) == 0;
        if (size < 0 && !has_cpus) continue; // node numbers may have holes
        nodes[count].id = node;
        nodes[count].memory_bytes = size < 0 ? 0 : size;
        nodes[count].cpus[0] = 0;
        if (has_cpus) list_cpus(&numa, mask, nodes[count].cpus, sizeof nodes[count].cpus);
        count++;
    }
    numa.bitmask_free(mask);
    return count;
}
