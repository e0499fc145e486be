// libnvidia-ml.so.1: nvml.h of NVIDIA/go-nvml (gen/nvml/nvml.h).
#include "stub.h"

typedef int nvmlReturn_t;
typedef struct nvmlDevice_st {
    int index;
} *nvmlDevice_t;
typedef struct {
    char busIdLegacy[16];
    unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
} nvmlPciInfo_t;
typedef struct {
    unsigned long long total, free, used;
} nvmlMemory_t;
typedef struct {
    unsigned gpu, memory;
} nvmlUtilization_t;

enum { SUCCESS = 0, INVALID = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };

static struct nvmlDevice_st devices[64];

static nvmlReturn_t begin(nvmlDevice_t device) {
    if (stub_call()) return NO_PERMISSION;
    return stub_is_sick(device->index) ? GPU_IS_LOST : SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlInit_v2(void) { return stub_scenario() == STUB_NOINIT ? DRIVER_NOT_LOADED : SUCCESS; }

STUB_EXPORT const char *nvmlErrorString(nvmlReturn_t code) {
    switch (code) {
    case NO_PERMISSION: return "Insufficient Permissions";
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case GPU_IS_LOST: return "GPU is lost";
    default: return "Unknown Error";
    }
}

STUB_EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length) {
    stub_text(version, length, "570.86.15");
    return SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned length) {
    stub_text(version, length, "12.570.86.15");
    return SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) {
    *count = (unsigned)stub_number((uint64_t)stub_count());
    return SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
    if (index >= (unsigned)stub_count()) return INVALID;
    devices[index].index = (int)index;
    *device = &devices[index];
    return SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *info) {
    // A lost device is still known by its place.
    if (stub_call()) return NO_PERMISSION;
    struct stub_address address = stub_address(device->index);
    memset(info, 0, sizeof *info);
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    info->pciDeviceId = 0x20B210DE;
    snprintf(info->busId, sizeof info->busId, "%08X:%02X:%02X.0", address.domain, address.bus, address.device);
    return SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length) {
    nvmlReturn_t code = begin(device);
    if (code == SUCCESS) stub_text(name, length, "NVIDIA A100-SXM4-80GB");
    return code;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length) {
    nvmlReturn_t code = begin(device);
    char text[80];
    snprintf(text, sizeof text, "GPU-5d0f1a6e-0000-4000-8000-%012x", 0xabc000 + device->index);
    if (code == SUCCESS) stub_text(uuid, length, text);
    return code;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetSerial(nvmlDevice_t device, char *serial, unsigned length) {
    nvmlReturn_t code = begin(device);
    char text[30];
    snprintf(text, sizeof text, "132252101%04d", device->index);
    if (code == SUCCESS) stub_text(serial, length, text);
    return code;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetVbiosVersion(nvmlDevice_t device, char *version, unsigned length) {
    nvmlReturn_t code = begin(device);
    if (code == SUCCESS) stub_text(version, length, "92.00.45.00.03");
    return code;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    *major = 8;
    *minor = 0;
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetArchitecture(nvmlDevice_t device, unsigned *architecture) {
    *architecture = 7;
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *now, unsigned *pending) {
    // MIG is on on the second device.
    *now = *pending = device->index == 1;
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    memory->total = stub_number(85899345920ull);
    memory->used = stub_number(device->index == 0 ? 42949672960ull : 458752ull);
    memory->free = memory->total - memory->used;
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization) {
    utilization->gpu = (unsigned)stub_number(device->index == 0 ? 87 : 0);
    utilization->memory = (unsigned)stub_number(device->index == 0 ? 41 : 0);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *milliwatts) {
    *milliwatts = (unsigned)stub_number(device->index == 0 ? 312456 : 61020);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned *milliwatts) {
    *milliwatts = (unsigned)stub_number(400000);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *millijoules) {
    *millijoules = stub_number(9876543210ull);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned *degrees) {
    if (sensor != 0) return INVALID;
    *degrees = (unsigned)stub_number(device->index == 0 ? 64 : 31);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, int type, unsigned *megahertz) {
    *megahertz = (unsigned)stub_number(type == 2 ? 1593 : 1410);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetTotalEccErrors(
    nvmlDevice_t device, int type, int counter, unsigned long long *errors) {
    if (counter != 0) return INVALID;
    *errors = stub_number(type == 0 ? 3 : 0);
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetRemappedRows(
    nvmlDevice_t device, unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failed) {
    *corrected = *uncorrected = *pending = *failed = 0;
    return begin(device);
}

// Twelve links of which the first four end at the next device.
STUB_EXPORT nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t device, unsigned link, unsigned *isActive) {
    if (link >= 12) return INVALID;
    *isActive = link < 4;
    return begin(device);
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetNvLinkRemotePciInfo_v2(nvmlDevice_t device, unsigned link, nvmlPciInfo_t *info) {
    (void)link;
    struct stub_address address = stub_address((device->index + 1) % stub_count());
    memset(info, 0, sizeof *info);
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    return begin(device);
}
