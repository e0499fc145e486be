// What every stub of a vendor's library is made of: devices that are not there, and ways to go wrong.
//
// TIDEMILL_STUB is the scenario, TIDEMILL_STUB_DEVICES the PCI addresses of the devices, separated by commas (two by default).
// Where it is not set, the scenario stands in a file beside the library, FILE.scenario: tests of one process play several.
// Layouts and numbers of a stub are written from the vendor's public header, apart from what Tidemill's own code assumes.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STUB_EXPORT __attribute__((visibility("default")))

enum stub_scenario {
    STUB_NORMAL,  // healthy devices, one of them busy
    STUB_SLOW,    // every call takes 20 ms
    STUB_ERROR,   // every call about a device is refused
    STUB_NOINIT,  // the library does not start
    STUB_GARBAGE, // texts without end or meaning, absurd numbers, more devices than anybody has
    STUB_CRASH,   // a bad pointer in the 5th call about a device
    STUB_HANG,    // the 5th call about a device never returns
    STUB_SICK,    // the first device is lost or broken, the others are well
};

static inline enum stub_scenario stub_scenario(void) {
    static const char *const names[] = {"normal", "slow", "error", "noinit", "garbage", "crash", "hang", "sick"};
    static char beside[32];
    const char *wanted = getenv("TIDEMILL_STUB");
    Dl_info own;
    if (wanted == NULL && beside[0] == 0 && dladdr((void *)beside, &own) != 0) {
        char path[4096];
        snprintf(path, sizeof path, "%s.scenario", own.dli_fname);
        FILE *file = fopen(path, "r");
        if (file == NULL || fscanf(file, "%31s", beside) != 1) strcpy(beside, "normal");
        if (file != NULL) fclose(file);
    }
    if (wanted == NULL) wanted = beside;
    for (int index = 0; index < 8; index += 1)
        if (strcmp(wanted, names[index]) == 0) return (enum stub_scenario)index;
    return STUB_NORMAL;
}

struct stub_address {
    unsigned domain, bus, device, function;
};

/// How many devices there are; at most 64 addresses are read.
static inline int stub_addresses(struct stub_address *addresses) {
    const char *text = getenv("TIDEMILL_STUB_DEVICES");
    if (text == NULL) text = "0000:01:00.0,0000:02:00.0";
    int count = 0;
    while (count < 64) {
        struct stub_address *next = &addresses[count];
        if (sscanf(text, "%x:%x:%x.%x", &next->domain, &next->bus, &next->device, &next->function) != 4) break;
        count += 1;
        text = strchr(text, ',');
        if (text == NULL) break;
        text += 1;
    }
    return count;
}

static inline int stub_count(void) {
    struct stub_address addresses[64];
    return stub_addresses(addresses);
}

static inline struct stub_address stub_address(int index) {
    struct stub_address addresses[64];
    memset(addresses, 0, sizeof addresses);
    stub_addresses(addresses);
    return addresses[index >= 0 && index < 64 ? index : 0];
}

/// To be called first by every function about a device. Nonzero: answer with an error.
static inline int stub_call(void) {
    static int calls;
    calls += 1;
    switch (stub_scenario()) {
    case STUB_SLOW: usleep(20 * 1000); return 0;
    case STUB_ERROR: return 1;
    case STUB_CRASH:
        if (calls == 5) *(volatile int *)8 = 1;
        return 0;
    case STUB_HANG:
        if (calls == 5)
            for (;;) pause();
        return 0;
    default: return 0;
    }
}

/// True for a device that is lost or broken.
static inline int stub_is_sick(int index) { return stub_scenario() == STUB_SICK && index == 0; }

/// Fills a text: as asked, or with bytes that are no text and have no end.
static inline void stub_text(char *target, size_t capacity, const char *text) {
    if (stub_scenario() == STUB_GARBAGE) {
        memset(target, 0xF1, capacity);
    } else {
        snprintf(target, capacity, "%s", text);
    }
}

/// A number, or one that cannot be.
static inline uint64_t stub_number(uint64_t number) {
    return stub_scenario() == STUB_GARBAGE ? 0xFFFFFFFFFFFFFFF0u : number;
}
