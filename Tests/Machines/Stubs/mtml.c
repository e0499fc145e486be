// libmtml.so: mtml_2.2.0.h of MooreThreads/mthreads-ml-py.
#include <stdbool.h>
#include <stddef.h>

#include "stub.h"

typedef int MtmlReturn;
typedef struct {
    char sbdf[32];
    unsigned segment, bus, device, pciDeviceId, pciSubsystemId, busWidth;
    float pciMaxSpeed, pciCurSpeed;
    unsigned pciMaxWidth, pciCurWidth, pciMaxGen, pciCurGen;
    int rsvd[6];
} MtmlPciInfo;
typedef struct {
    unsigned virtCap : 1, virtRole : 3, mpcCap : 1, mpcType : 3, mtLinkCap : 1, rsvd : 23;
    unsigned rsvd2 : 32;
} MtmlDeviceProperty;
typedef struct {
    unsigned version, bandWidth, linkNum, rsvd[4];
} MtmlMtLinkSpec;
typedef struct {
    unsigned localLinkId, remoteLinkId, rsvd[4];
} MtmlMtLinkLayout;

_Static_assert(sizeof(MtmlPciInfo) == 104, "MtmlPciInfo");
_Static_assert(offsetof(MtmlPciInfo, segment) == 32, "segment");
_Static_assert(offsetof(MtmlPciInfo, bus) == 36, "bus");
_Static_assert(offsetof(MtmlPciInfo, device) == 40, "device");
_Static_assert(sizeof(MtmlDeviceProperty) == 8, "MtmlDeviceProperty");
_Static_assert(sizeof(MtmlMtLinkSpec) == 28, "MtmlMtLinkSpec");
_Static_assert(offsetof(MtmlMtLinkSpec, linkNum) == 8, "linkNum");
_Static_assert(sizeof(MtmlMtLinkLayout) == 24, "MtmlMtLinkLayout");

enum {
    SUCCESS = 0,
    DRIVER_NOT_LOADED = 1,
    DRIVER_FAILURE = 2,
    INVALID_ARGUMENT = 3,
    NOT_SUPPORTED = 4,
    NO_PERMISSION = 5,
    NOT_FOUND = 7,
};

// What was opened and is to be freed. After the devices that are there, one more is a part of the second.
typedef struct {
    int index;
    int opened;
} Part;
static int library, system_;
static Part devices[64], cores[64], memories[64];

static MtmlReturn begin(const Part *part) {
    if (part->opened != 1) return INVALID_ARGUMENT;
    return stub_call() ? NO_PERMISSION : SUCCESS;
}

static MtmlReturn open(Part *parts, int index, Part **part) {
    // A part that was opened twice was never freed.
    if (parts[index].opened != 0) return INVALID_ARGUMENT;
    parts[index] = (Part){index, 1};
    *part = &parts[index];
    return SUCCESS;
}

static MtmlReturn release(Part *part) {
    if (part->opened != 1) return INVALID_ARGUMENT;
    part->opened = 0;
    return SUCCESS;
}

static MtmlReturn text(const Part *device, char *target, unsigned length, const char *words) {
    MtmlReturn code = begin(device);
    if (code == SUCCESS) stub_text(target, length, words);
    return code;
}

static MtmlReturn number(const Part *part, unsigned *target, unsigned busy, unsigned idle) {
    *target = (unsigned)stub_number(part->index == 0 ? busy : idle);
    return begin(part);
}

STUB_EXPORT MtmlReturn mtmlLibraryInit(int **opened) {
    *opened = &library;
    return stub_scenario() == STUB_NOINIT ? DRIVER_NOT_LOADED : SUCCESS;
}

STUB_EXPORT const char *mtmlErrorString(MtmlReturn code) {
    switch (code) {
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case INVALID_ARGUMENT: return "Invalid Argument";
    case NO_PERMISSION: return "Insufficient Permissions";
    default: return "Unknown Error";
    }
}

STUB_EXPORT MtmlReturn mtmlLibraryGetVersion(const int *from, char *version, unsigned length) {
    if (from != &library) return INVALID_ARGUMENT;
    stub_text(version, length, "2.2.0");
    return SUCCESS;
}

STUB_EXPORT MtmlReturn mtmlLibraryInitSystem(const int *from, int **opened) {
    if (from != &library || system_ != 0) return INVALID_ARGUMENT;
    system_ = 1;
    *opened = &system_;
    return SUCCESS;
}

STUB_EXPORT MtmlReturn mtmlLibraryFreeSystem(int *opened) {
    *opened = 0;
    return SUCCESS;
}

STUB_EXPORT MtmlReturn mtmlSystemGetDriverVersion(const int *from, char *version, unsigned length) {
    if (from != &system_) return INVALID_ARGUMENT;
    stub_text(version, length, "3.3.1-server");
    return SUCCESS;
}

STUB_EXPORT MtmlReturn mtmlLibraryCountDevice(const int *from, unsigned *count) {
    if (from != &library) return INVALID_ARGUMENT;
    *count = (unsigned)stub_number((uint64_t)stub_count() + 1);
    return SUCCESS;
}

STUB_EXPORT MtmlReturn mtmlLibraryInitDeviceByIndex(const int *from, unsigned index, Part **device) {
    if (from != &library) return INVALID_ARGUMENT;
    if (index > (unsigned)stub_count()) return NOT_FOUND;
    return open(devices, (int)index, device);
}

STUB_EXPORT MtmlReturn mtmlLibraryFreeDevice(Part *device) { return release(device); }
STUB_EXPORT MtmlReturn mtmlDeviceInitGpu(const Part *device, Part **part) { return open(cores, device->index, part); }
STUB_EXPORT MtmlReturn mtmlDeviceFreeGpu(Part *part) { return release(part); }
STUB_EXPORT MtmlReturn mtmlDeviceInitMemory(const Part *device, Part **part) {
    return open(memories, device->index, part);
}
STUB_EXPORT MtmlReturn mtmlDeviceFreeMemory(Part *part) { return release(part); }

STUB_EXPORT MtmlReturn mtmlDeviceGetProperty(const Part *device, MtmlDeviceProperty *property) {
    bool isInstance = device->index == stub_count();
    *property = (MtmlDeviceProperty){.virtCap = 1, .virtRole = 1, .mpcCap = 1, .mtLinkCap = 1};
    property->mpcType = isInstance ? 2 : device->index == 1 ? 1 : 0;
    return begin(device);
}

// The text is that of the whole address; when it is garbage, the numbers are right.
STUB_EXPORT MtmlReturn mtmlDeviceGetPciInfo(const Part *device, MtmlPciInfo *info) {
    struct stub_address address = stub_address(device->index == stub_count() ? 1 : device->index);
    memset(info, 0, sizeof *info);
    info->segment = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    info->pciDeviceId = 0x03231ED5;
    char words[32];
    snprintf(
        words, sizeof words, "%08x:%02x:%02x.%x", address.domain, address.bus & 0xFF, address.device & 0x1F,
        address.function & 7);
    stub_text(info->sbdf, sizeof info->sbdf, words);
    return begin(device);
}

STUB_EXPORT MtmlReturn mtmlDeviceGetName(const Part *device, char *name, unsigned length) {
    return text(device, name, length, "MTT S4000");
}

STUB_EXPORT MtmlReturn mtmlDeviceGetUUID(const Part *device, char *uuid, unsigned length) {
    char words[48];
    snprintf(words, sizeof words, "3f1e7c2a-0000-4000-8000-%012x", 0x51ed50u + (unsigned)device->index);
    return text(device, uuid, length, words);
}

STUB_EXPORT MtmlReturn mtmlDeviceGetSerialNumber(const Part *device, unsigned length, char *serial) {
    return text(device, serial, length, device->index == 0 ? "50023C4800017" : "50023C4800018");
}

STUB_EXPORT MtmlReturn mtmlDeviceGetMtBiosVersion(const Part *device, char *version, unsigned length) {
    return text(device, version, length, "3.4.3");
}

// The second device is divided.
STUB_EXPORT MtmlReturn mtmlDeviceGetMpcMode(const Part *device, int *mode) {
    *mode = device->index == 1;
    return begin(device);
}

STUB_EXPORT MtmlReturn mtmlDeviceCountActiveVirtDevices(const Part *device, unsigned *count) {
    *count = 0;
    return begin(device);
}

// Milliwatts.
STUB_EXPORT MtmlReturn mtmlDeviceGetPowerUsage(const Part *device, unsigned *power) {
    return number(device, power, 318750, 84000);
}

STUB_EXPORT MtmlReturn mtmlGpuGetUtilization(const Part *part, unsigned *percent) {
    return part >= cores && part < cores + 64 ? number(part, percent, 91, 0) : INVALID_ARGUMENT;
}

STUB_EXPORT MtmlReturn mtmlGpuGetTemperature(const Part *part, int *degrees) {
    *degrees = stub_scenario() == STUB_GARBAGE ? INT32_MAX : part->index == 0 ? 68 : -3;
    return begin(part);
}

STUB_EXPORT MtmlReturn mtmlGpuGetClock(const Part *part, unsigned *megahertz) {
    return number(part, megahertz, 1650, 300);
}

// Bytes: 48 GiB, of which the busy device uses 40 GiB.
STUB_EXPORT MtmlReturn mtmlMemoryGetTotal(const Part *part, unsigned long long *total) {
    if (part < memories || part >= memories + 64) return INVALID_ARGUMENT;
    *total = stub_number(51539607552u);
    return begin(part);
}

STUB_EXPORT MtmlReturn mtmlMemoryGetUsed(const Part *part, unsigned long long *used) {
    *used = stub_number(part->index == 0 ? 42949672960u : 1048576u);
    return begin(part);
}

STUB_EXPORT MtmlReturn mtmlMemoryGetClock(const Part *part, unsigned *megahertz) {
    return number(part, megahertz, 8000, 400);
}

// Errors are counted in DRAM since the driver was loaded. The second device's memory has no ECC.
STUB_EXPORT MtmlReturn mtmlMemoryGetEccErrorCounter(
    const Part *part, int type, int counter, int location, unsigned long long *errors) {
    if (counter != 0 || location != 1) return INVALID_ARGUMENT;
    if (part->index == 1) return NOT_SUPPORTED;
    *errors = stub_number(type == 0 ? 11 : (stub_is_sick(part->index) ? 2 : 0));
    return begin(part);
}

STUB_EXPORT MtmlReturn mtmlMemoryGetRetiredPagesPendingStatus(const Part *part, int *isPending) {
    if (part->index == 1) return NOT_SUPPORTED;
    *isPending = stub_is_sick(part->index);
    return begin(part);
}

// Four links, of which the third is down and the fourth leads nowhere here; of a sick device the second is slower.
STUB_EXPORT MtmlReturn mtmlDeviceGetMtLinkSpec(const Part *device, MtmlMtLinkSpec *spec) {
    *spec = (MtmlMtLinkSpec){1, 40, (unsigned)stub_number(4), {0}};
    return begin(device);
}

STUB_EXPORT MtmlReturn mtmlDeviceGetMtLinkState(const Part *device, unsigned link, int *state) {
    if (link >= 4) return NOT_FOUND;
    *state = link == 2 ? 0 : link == 1 && stub_is_sick(device->index) ? 2 : 1;
    return begin(device);
}

STUB_EXPORT MtmlReturn mtmlDeviceCountMtLinkLayouts(const Part *from, const Part *to, unsigned *count) {
    *count = (unsigned)stub_number(from->index / 2 == to->index / 2 ? 3 : 0);
    return begin(from);
}

STUB_EXPORT MtmlReturn mtmlDeviceGetMtLinkLayouts(
    const Part *from, const Part *to, unsigned count, MtmlMtLinkLayout *layouts) {
    if (from->index / 2 != to->index / 2) return NOT_FOUND;
    for (unsigned link = 0; link < 3 && link < count; link += 1) layouts[link] = (MtmlMtLinkLayout){link, link, {0}};
    return begin(from);
}
