// libbiren-ml.so.1: brml.h of BirenTechnology/go-brml (brml/brml.h).
#include "stub.h"

#include <stddef.h>

typedef enum {
    BRML_SUCCESS = 0,
    BRML_ERROR_INVALID_ARGUMENT = 2,
    BRML_ERROR_NO_PERMISSION = 4,
    BRML_ERROR_NOT_FOUND = 5,
    BRML_ERROR_INSUFFICIENT_SIZE = 6,
    BRML_ERROR_DRIVER_NOT_LOADED = 7,
} brmlReturn_t;
typedef enum { BRML_FEATURE_DISABLED = 0, BRML_FEATURE_ENABLED = 1 } brmlEnableState_t;
typedef enum { BRML_GPU_FIRMWARE_TYPE_CP = 1, BRML_GPU_FIRMWARE_TYPE_FLASH = 6 } brmlGPUFirmwareType_t;
typedef enum { BRML_TEMPERATURE_GPU = 0, BRML_TEMPERATURE_MEMORY = 1, BRML_TEMPERATURE_SPC = 2 } brmlTemperatureSensors_t;
typedef enum { BRML_CLOCK_SOC = 0, BRML_CLOCK_CORE = 1, BRML_CLOCK_MEM = 2 } brmlClockType_t;
typedef enum { BRML_MEMORY_ERROR_TYPE_CORRECTED = 0, BRML_MEMORY_ERROR_TYPE_UNCORRECTED = 1 } brmlMemoryErrorType_t;
typedef enum { BRML_VOLATILE_ECC = 0 } brmlEccCounterType_t;
typedef enum {
    BRML_HEALTH_STATUS_OK = 0,
    BRML_HEALTH_STATUS_WARNING,
    BRML_HEALTH_STATUS_CRITICAL_WARNING,
    BRML_HEALTH_STATUS_ERROR,
} brmlGpuHealthStatus_t;

typedef struct brmlDevice_st {
    int index;
} *brmlDevice_t;
typedef struct {
    unsigned int domain;
    unsigned int bus;
    unsigned int device;
    unsigned int function;
    unsigned int pciDeviceId;
    unsigned int pciSubSystemId;
    char busId[32];
} brmlPciInfo_t;
typedef struct {
    char name[96];
    char id[96];
    char serial[96];
    char board_id[96];
} brmlGPUInfo_t;
typedef struct {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
} brmlMemory_t;
typedef struct {
    unsigned int gpu;
    unsigned int memory;
} brmlUtilization_t;

_Static_assert(sizeof(brmlPciInfo_t) == 56, "brmlPciInfo_t");
_Static_assert(offsetof(brmlPciInfo_t, domain) == 0, "domain");
_Static_assert(offsetof(brmlPciInfo_t, bus) == 4, "bus");
_Static_assert(offsetof(brmlPciInfo_t, device) == 8, "device");
_Static_assert(offsetof(brmlPciInfo_t, function) == 12, "function");
_Static_assert(offsetof(brmlPciInfo_t, pciDeviceId) == 16, "pciDeviceId");
_Static_assert(offsetof(brmlPciInfo_t, busId) == 24, "busId");
_Static_assert(sizeof(brmlGPUInfo_t) == 384, "brmlGPUInfo_t");
_Static_assert(offsetof(brmlGPUInfo_t, name) == 0, "name");
_Static_assert(offsetof(brmlGPUInfo_t, id) == 96, "id");
_Static_assert(offsetof(brmlGPUInfo_t, serial) == 192, "serial");
_Static_assert(offsetof(brmlGPUInfo_t, board_id) == 288, "board_id");
_Static_assert(sizeof(brmlMemory_t) == 24, "brmlMemory_t");
_Static_assert(offsetof(brmlMemory_t, total) == 0, "total");
_Static_assert(offsetof(brmlMemory_t, free) == 8, "free");
_Static_assert(offsetof(brmlMemory_t, used) == 16, "used");
_Static_assert(sizeof(brmlUtilization_t) == 8, "brmlUtilization_t");
_Static_assert(offsetof(brmlUtilization_t, gpu) == 0, "gpu");
_Static_assert(offsetof(brmlUtilization_t, memory) == 4, "memory");

static struct brmlDevice_st devices[64];

static brmlReturn_t begin(void) { return stub_call() ? BRML_ERROR_NO_PERMISSION : BRML_SUCCESS; }

static void place(int index, brmlPciInfo_t *info) {
    struct stub_address address = stub_address(index);
    memset(info, 0, sizeof *info);
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    info->function = address.function;
    info->pciDeviceId = 0x01061EE0;
    snprintf(
        info->busId, sizeof info->busId, "%08X:%02X:%02X.%01X", address.domain, address.bus, address.device,
        address.function);
}

STUB_EXPORT brmlReturn_t brmlInit(void) {
    return stub_scenario() == STUB_NOINIT ? BRML_ERROR_DRIVER_NOT_LOADED : BRML_SUCCESS;
}

STUB_EXPORT const char *brmlErrorString(brmlReturn_t result) {
    switch (result) {
    case BRML_ERROR_NO_PERMISSION: return "No Permission";
    case BRML_ERROR_DRIVER_NOT_LOADED: return "Driver Not Loaded";
    default: return "Unknown Error";
    }
}

STUB_EXPORT brmlReturn_t brmlSystemGetDriverVersion(char *version, unsigned int length) {
    stub_text(version, length, "1.6.0");
    return BRML_SUCCESS;
}

STUB_EXPORT brmlReturn_t brmlSystemGetBRMLVersion(char *version, unsigned int length) {
    stub_text(version, length, "1.6.0.2405");
    return BRML_SUCCESS;
}

STUB_EXPORT brmlReturn_t brmlDeviceGetCount(unsigned int *deviceCount) {
    *deviceCount = (unsigned int)stub_number((uint64_t)stub_count());
    return BRML_SUCCESS;
}

STUB_EXPORT brmlReturn_t brmlDeviceGetHandleByIndex(unsigned int index, brmlDevice_t *device) {
    if (index >= (unsigned int)stub_count()) return BRML_ERROR_INVALID_ARGUMENT;
    devices[index].index = (int)index;
    *device = &devices[index];
    return BRML_SUCCESS;
}

STUB_EXPORT brmlReturn_t brmlDeviceGetPciInfo(brmlDevice_t device, brmlPciInfo_t *info) {
    place(device->index, info);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetGpuInfo(brmlDevice_t device, brmlGPUInfo_t *info) {
    char serial[96];
    snprintf(serial, sizeof serial, "BR2331A%05d", 17 + device->index);
    stub_text(info->name, sizeof info->name, "Biren106M");
    stub_text(info->id, sizeof info->id, "106");
    stub_text(info->serial, sizeof info->serial, serial);
    stub_text(info->board_id, sizeof info->board_id, "B0-106M-32");
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetUUID(brmlDevice_t device, char *uuid, unsigned int length) {
    if (length < 80) return BRML_ERROR_INSUFFICIENT_SIZE;
    char text[80];
    snprintf(text, sizeof text, "GPU-5f2a7c10-1e44-4d5b-9a62-%012x", 0x1ee000 + device->index);
    stub_text(uuid, length, text);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetFirmwareVersion(
    brmlDevice_t device, brmlGPUFirmwareType_t firmwareType, char *version, int length) {
    (void)device;
    stub_text(version, (size_t)length, firmwareType == BRML_GPU_FIRMWARE_TYPE_FLASH ? "22.5.1" : "other");
    return begin();
}

// The second device is divided into two.
STUB_EXPORT brmlReturn_t brmlDeviceGetSviMode(brmlDevice_t device, unsigned int *currentMode, unsigned int *pendingMode) {
    *currentMode = *pendingMode = (unsigned int)stub_number(device->index == 1 ? 2 : 1);
    return begin();
}

// 32 GiB, of which the first device uses 20 GiB.
STUB_EXPORT brmlReturn_t brmlDeviceGetMemoryInfo(brmlDevice_t device, brmlMemory_t *memory) {
    memory->total = stub_number(32ull << 30);
    memory->used = stub_number(device->index == 0 ? 20ull << 30 : 4194304ull);
    memory->free = memory->total - memory->used;
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetUtilizationRates(brmlDevice_t device, brmlUtilization_t *utilization) {
    utilization->gpu = (unsigned int)stub_number(device->index == 0 ? 76 : 0);
    utilization->memory = (unsigned int)stub_number(device->index == 0 ? 52 : 3);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetPowerUsage(brmlDevice_t device, unsigned int *milliwatts) {
    *milliwatts = (unsigned int)stub_number(device->index == 0 ? 274900 : 88100);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetPowerManagementLimit(brmlDevice_t device, unsigned int *milliwatts) {
    (void)device;
    *milliwatts = (unsigned int)stub_number(400000);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetTemperature(
    brmlDevice_t device, brmlTemperatureSensors_t sensor, unsigned int *degrees) {
    unsigned int die = device->index == 0 ? 66 : 41;
    unsigned int memory = device->index == 0 ? 72 : 43;
    *degrees = (unsigned int)stub_number(
        sensor == BRML_TEMPERATURE_GPU ? die : sensor == BRML_TEMPERATURE_MEMORY ? memory : 11);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetClockInfo(brmlDevice_t device, brmlClockType_t type, unsigned int *megahertz) {
    unsigned int core = device->index == 0 ? 1000 : 400;
    *megahertz = (unsigned int)stub_number(type == BRML_CLOCK_CORE ? core : type == BRML_CLOCK_MEM ? 1600 : 222);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetTotalEccErrors(
    brmlDevice_t device, brmlMemoryErrorType_t errorType, brmlEccCounterType_t counterType,
    unsigned long long *eccCounts) {
    if (counterType != BRML_VOLATILE_ECC) return BRML_ERROR_INVALID_ARGUMENT;
    *eccCounts = stub_number(errorType == BRML_MEMORY_ERROR_TYPE_CORRECTED && device->index == 0 ? 9 : 0);
    if (errorType == BRML_MEMORY_ERROR_TYPE_UNCORRECTED && stub_is_sick(device->index)) *eccCounts = 2;
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetHealthStatus(brmlDevice_t device, brmlGpuHealthStatus_t *status) {
    *status = (brmlGpuHealthStatus_t)stub_number(BRML_HEALTH_STATUS_OK);
    if (stub_is_sick(device->index)) *status = BRML_HEALTH_STATUS_ERROR;
    return begin();
}

// Eight links: three end at the next device, one is off, and nothing is at the end of the others.
STUB_EXPORT brmlReturn_t brmlDeviceGetBrLinkNumber(brmlDevice_t device, unsigned int *linkNum) {
    (void)device;
    *linkNum = (unsigned int)stub_number(8);
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetBrLinkState(brmlDevice_t device, unsigned int link, brmlEnableState_t *state) {
    (void)device;
    if (link >= 8) return BRML_ERROR_INVALID_ARGUMENT;
    *state = link == 1 ? BRML_FEATURE_DISABLED : BRML_FEATURE_ENABLED;
    return begin();
}

STUB_EXPORT brmlReturn_t brmlDeviceGetBrLinkRemotePciInfo(brmlDevice_t device, unsigned int link, brmlPciInfo_t *info) {
    if (link >= 8) return BRML_ERROR_INVALID_ARGUMENT;
    if (link >= 4) return BRML_ERROR_NOT_FOUND;
    place((device->index + 1) % stub_count(), info);
    return begin();
}
