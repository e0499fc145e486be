// libixml.so: api.h of Deep-Spark/go-ixml (pkg/ixml/api.h).
#include "stub.h"

#include <stddef.h>

typedef enum {
    NVML_SUCCESS = 0,
    NVML_ERROR_INVALID_ARGUMENT = 2,
    NVML_ERROR_NO_PERMISSION = 4,
    NVML_ERROR_DRIVER_NOT_LOADED = 9,
} nvmlReturn_t;
typedef enum { NVML_TEMPERATURE_GPU = 0 } nvmlTemperatureSensors_t;
typedef enum { NVML_CLOCK_GRAPHICS = 0, NVML_CLOCK_SM = 1, NVML_CLOCK_MEM = 2 } nvmlClockType_t;

struct nvmlDevice_st {
    int index;
};
typedef struct {
    struct nvmlDevice_st *handle;
} nvmlDevice_t;
typedef struct {
    char busIdLegacy[16];
    unsigned int domain;
    unsigned int bus;
    unsigned int device;
    unsigned int pciDeviceId;
    unsigned int pciSubSystemId;
    char busId[32];
} nvmlPciInfo_t;
typedef struct {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
} nvmlMemory_t;
typedef struct {
    unsigned int gpu;
    unsigned int memory;
} nvmlUtilization_t;

_Static_assert(sizeof(nvmlDevice_t) == 8, "nvmlDevice_t");
_Static_assert(sizeof(nvmlPciInfo_t) == 68, "nvmlPciInfo_t");
_Static_assert(offsetof(nvmlPciInfo_t, domain) == 16, "domain");
_Static_assert(offsetof(nvmlPciInfo_t, bus) == 20, "bus");
_Static_assert(offsetof(nvmlPciInfo_t, device) == 24, "device");
_Static_assert(offsetof(nvmlPciInfo_t, pciDeviceId) == 28, "pciDeviceId");
_Static_assert(offsetof(nvmlPciInfo_t, busId) == 36, "busId");
_Static_assert(sizeof(nvmlMemory_t) == 24, "nvmlMemory_t");
_Static_assert(offsetof(nvmlMemory_t, total) == 0, "total");
_Static_assert(offsetof(nvmlMemory_t, free) == 8, "free");
_Static_assert(offsetof(nvmlMemory_t, used) == 16, "used");
_Static_assert(sizeof(nvmlUtilization_t) == 8, "nvmlUtilization_t");
_Static_assert(offsetof(nvmlUtilization_t, gpu) == 0, "gpu");
_Static_assert(offsetof(nvmlUtilization_t, memory) == 4, "memory");

// ixmlHealthOverTempError, ixmlHealthPCIEError.
static const unsigned long long overTemperature = 0x4, pcieError = 0x40;

static struct nvmlDevice_st devices[64];

static nvmlReturn_t begin(void) { return stub_call() ? NVML_ERROR_NO_PERMISSION : NVML_SUCCESS; }

STUB_EXPORT nvmlReturn_t nvmlInit_v2(void) {
    return stub_scenario() == STUB_NOINIT ? NVML_ERROR_DRIVER_NOT_LOADED : NVML_SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length) {
    stub_text(version, length, "4.3.0");
    return NVML_SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int length) {
    stub_text(version, length, "4.3.0.20250612");
    return NVML_SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = (unsigned int)stub_number((uint64_t)stub_count());
    return NVML_SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    if (index >= (unsigned int)stub_count()) return NVML_ERROR_INVALID_ARGUMENT;
    devices[index].index = (int)index;
    device->handle = &devices[index];
    return NVML_SUCCESS;
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *info) {
    struct stub_address address = stub_address(device.handle->index);
    memset(info, 0, sizeof *info);
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    info->pciDeviceId = 0x00021E3E;
    snprintf(info->busId, sizeof info->busId, "%08X:%02X:%02X.0", address.domain, address.bus, address.device);
    snprintf(
        info->busIdLegacy, sizeof info->busIdLegacy, "%04X:%02X:%02X.0", address.domain & 0xFFFF, address.bus & 0xFF,
        address.device & 0x1F);
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length) {
    (void)device;
    stub_text(name, length, "Iluvatar MR-V100");
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int length) {
    char text[80];
    snprintf(text, sizeof text, "GPU-0d9bd6c5-8a4f-5cd8-b0a1-%012x", 0x1e3e00 + device.handle->index);
    stub_text(uuid, length, text);
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetSerial(nvmlDevice_t device, char *serial, unsigned int length) {
    char text[30];
    snprintf(text, sizeof text, "2308140%04d", device.handle->index);
    stub_text(serial, length, text);
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetVbiosVersion(nvmlDevice_t device, char *version, unsigned int length) {
    (void)device;
    stub_text(version, length, "2.12.4");
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    (void)device;
    *major = 7;
    *minor = 1;
    return begin();
}

// 32 GiB, of which the first device uses 12 GiB.
STUB_EXPORT nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    memory->total = stub_number(32ull << 30);
    memory->used = stub_number(device.handle->index == 0 ? 12ull << 30 : 67108864ull);
    memory->free = memory->total - memory->used;
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization) {
    utilization->gpu = (unsigned int)stub_number(device.handle->index == 0 ? 93 : 0);
    utilization->memory = (unsigned int)stub_number(device.handle->index == 0 ? 37 : 1);
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts) {
    *milliwatts = (unsigned int)stub_number(device.handle->index == 0 ? 118500 : 34250);
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t device, unsigned int *milliwatts) {
    (void)device;
    *milliwatts = (unsigned int)stub_number(150000);
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetTemperature(
    nvmlDevice_t device, nvmlTemperatureSensors_t sensor, unsigned int *degrees) {
    if (sensor != NVML_TEMPERATURE_GPU) return NVML_ERROR_INVALID_ARGUMENT;
    *degrees = (unsigned int)stub_number(device.handle->index == 0 ? 71 : 38);
    if (stub_is_sick(device.handle->index)) *degrees = 104;
    return begin();
}

STUB_EXPORT nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, unsigned int *megahertz) {
    unsigned int core = device.handle->index == 0 ? 1500 : 500;
    *megahertz = (unsigned int)stub_number(type == NVML_CLOCK_MEM ? 1600 : type == NVML_CLOCK_SM ? core : 333);
    return begin();
}

STUB_EXPORT nvmlReturn_t ixmlDeviceGetEccErros(
    nvmlDevice_t device, unsigned int *single_error, unsigned int *double_error) {
    *single_error = (unsigned int)stub_number(device.handle->index == 0 ? 5 : 0);
    *double_error = (unsigned int)stub_number(0);
    return begin();
}

STUB_EXPORT nvmlReturn_t ixmlDeviceGetHealth(nvmlDevice_t device, unsigned long long *health) {
    *health = stub_number(0);
    if (stub_is_sick(device.handle->index)) *health = overTemperature | pcieError;
    return begin();
}
