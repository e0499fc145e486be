// libxpuml.so: xpuml.h of kunlunxin/go-xpuml (pkg/xpuml/xpuml.h).
#include "stub.h"

#include <stddef.h>

typedef enum {
    XPUML_SUCCESS = 0,
    XPUML_ERROR_INVALID_ARGUMENT = 2,
    XPUML_ERROR_NO_PERMISSION = 4,
    XPUML_ERROR_INSUFFICIENT_SIZE = 7,
    XPUML_ERROR_DRIVER_NOT_LOADED = 9,
} xpumlReturn_t;
typedef enum { XPUML_CLOCK_XPU = 0, XPUML_CLOCK_COUNT } xpumlClockType_t;
typedef enum { XPUML_TEMPERATURE_XPU = 0, XPUML_TEMPERATURE_COUNT } xpumlTemperatureSensors_t;
typedef enum {
    XPUML_DEVICE_STATE_UNUSED = 0,
    XPUML_DEVICE_STATE_RUNNING = 201,
    XPUML_DEVICE_STATE_IN_RESET = 205,
    XPUML_DEVICE_STATE_ERROR = 207,
    XPUML_DEVICE_STATE_IN_EXCEPTION = 208,
} xpumlDeviceState_t;
typedef enum {
    XPUML_HOST_VXPU_MODE_NON_SRIOV = 0,
    XPUML_HOST_VXPU_MODE_SRIOV_OFF = 1,
    XPUML_HOST_VXPU_MODE_SRIOV_ON = 2,
} xpumlHostVxpuMode_t;
enum { XPUML_DEVICE_ARCH_KL2 = 2, XPUML_DEVICE_BOARD_KL2_R300 = 101, XPUML_DEVICE_MODEL_KL2_R300 = 3 };

struct xpumlDevice_st {
    int index;
};
typedef struct {
    struct xpumlDevice_st *handle;
} xpumlDevice_t;
typedef struct {
    unsigned int domain;
    unsigned int bus;
    unsigned int device;
    unsigned int function;
    unsigned int pciDeviceId;
    unsigned int pciSubSystemId;
    char busId[32];
    unsigned long long reserved[9];
} xpumlPciInfo_t;
typedef struct {
    unsigned int xpu;
    unsigned int memory;
    unsigned long long reserved[15];
} xpumlUtilization_t;
typedef struct {
    unsigned long long pageSizeGlobalMemory;
    unsigned long long totalGlobalMemory;
    unsigned long long freeGlobalMemory;
    unsigned long long usedGlobalMemory;
    unsigned long long pageSizeL3Memory;
    unsigned long long totalL3Memory;
    unsigned long long freeL3Memory;
    unsigned long long usedL3Memory;
    unsigned long long reserved[8];
} xpumlMemory_t;
typedef struct {
    int archId;
    int boardId;
    int modelId;
    unsigned int clusterCount;
    unsigned int sdnnCount;
    unsigned int dmaEngineCount;
    unsigned int decoderCount;
    unsigned int encoderCount;
    unsigned int imgProcCount;
    unsigned int maxVFCount;
    unsigned long long globalMemorySizeMB;
    unsigned long long l3MemorySizeMB;
    unsigned long long sn[2];
    unsigned long long reserved[7];
} xpumlDeviceAttributes_t;

_Static_assert(sizeof(xpumlDevice_t) == 8, "xpumlDevice_t");
_Static_assert(sizeof(xpumlPciInfo_t) == 128, "xpumlPciInfo_t");
_Static_assert(offsetof(xpumlPciInfo_t, domain) == 0, "domain");
_Static_assert(offsetof(xpumlPciInfo_t, bus) == 4, "bus");
_Static_assert(offsetof(xpumlPciInfo_t, device) == 8, "device");
_Static_assert(offsetof(xpumlPciInfo_t, function) == 12, "function");
_Static_assert(offsetof(xpumlPciInfo_t, busId) == 24, "busId");
_Static_assert(offsetof(xpumlPciInfo_t, reserved) == 56, "reserved");
_Static_assert(sizeof(xpumlUtilization_t) == 128, "xpumlUtilization_t");
_Static_assert(offsetof(xpumlUtilization_t, xpu) == 0, "xpu");
_Static_assert(offsetof(xpumlUtilization_t, memory) == 4, "memory");
_Static_assert(sizeof(xpumlMemory_t) == 128, "xpumlMemory_t");
_Static_assert(offsetof(xpumlMemory_t, totalGlobalMemory) == 8, "totalGlobalMemory");
_Static_assert(offsetof(xpumlMemory_t, freeGlobalMemory) == 16, "freeGlobalMemory");
_Static_assert(offsetof(xpumlMemory_t, usedGlobalMemory) == 24, "usedGlobalMemory");
_Static_assert(offsetof(xpumlMemory_t, totalL3Memory) == 40, "totalL3Memory");
_Static_assert(offsetof(xpumlMemory_t, usedL3Memory) == 56, "usedL3Memory");
_Static_assert(sizeof(xpumlDeviceAttributes_t) == 128, "xpumlDeviceAttributes_t");
_Static_assert(offsetof(xpumlDeviceAttributes_t, archId) == 0, "archId");
_Static_assert(offsetof(xpumlDeviceAttributes_t, boardId) == 4, "boardId");
_Static_assert(offsetof(xpumlDeviceAttributes_t, modelId) == 8, "modelId");
_Static_assert(offsetof(xpumlDeviceAttributes_t, globalMemorySizeMB) == 40, "globalMemorySizeMB");
_Static_assert(offsetof(xpumlDeviceAttributes_t, sn) == 56, "sn");

static struct xpumlDevice_st devices[64];

static xpumlReturn_t begin(void) { return stub_call() ? XPUML_ERROR_NO_PERMISSION : XPUML_SUCCESS; }

STUB_EXPORT xpumlReturn_t xpumlInit(void) {
    return stub_scenario() == STUB_NOINIT ? XPUML_ERROR_DRIVER_NOT_LOADED : XPUML_SUCCESS;
}

STUB_EXPORT const char *xpumlErrorString(xpumlReturn_t result) {
    switch (result) {
    case XPUML_ERROR_NO_PERMISSION: return "No permission";
    case XPUML_ERROR_DRIVER_NOT_LOADED: return "Driver not loaded";
    default: return "Unknown error";
    }
}

STUB_EXPORT xpumlReturn_t xpumlSystemGetDriverVersion(char *version, unsigned int length) {
    stub_text(version, length, "4.0.18");
    return XPUML_SUCCESS;
}

STUB_EXPORT xpumlReturn_t xpumlSystemGetXPUMLVersion(char *version, unsigned int length) {
    stub_text(version, length, "1.2.0");
    return XPUML_SUCCESS;
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetCount(unsigned int *deviceCount) {
    *deviceCount = (unsigned int)stub_number((uint64_t)stub_count());
    return XPUML_SUCCESS;
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetHandleByIndex(unsigned int index, xpumlDevice_t *device) {
    if (index >= (unsigned int)stub_count()) return XPUML_ERROR_INVALID_ARGUMENT;
    devices[index].index = (int)index;
    device->handle = &devices[index];
    return XPUML_SUCCESS;
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetPciInfo(xpumlDevice_t device, xpumlPciInfo_t *info) {
    struct stub_address address = stub_address(device.handle->index);
    memset(info, 0, sizeof *info);
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    info->function = address.function;
    info->pciDeviceId = 0x36851D22;
    snprintf(
        info->busId, sizeof info->busId, "%08X:%02X:%02X.%01X", address.domain, address.bus, address.device,
        address.function);
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetSerial(xpumlDevice_t device, char *serial, unsigned int length) {
    if (length < 17) return XPUML_ERROR_INSUFFICIENT_SIZE;
    char text[17];
    snprintf(text, sizeof text, "02K05Y6218V000%02u", (unsigned char)(31 + device.handle->index) % 100u);
    stub_text(serial, length, text);
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetAttributes(xpumlDevice_t device, xpumlDeviceAttributes_t *attributes) {
    (void)device;
    memset(attributes, 0, sizeof *attributes);
    attributes->archId = (int)stub_number(XPUML_DEVICE_ARCH_KL2);
    attributes->boardId = (int)stub_number(XPUML_DEVICE_BOARD_KL2_R300);
    attributes->modelId = (int)stub_number(XPUML_DEVICE_MODEL_KL2_R300);
    attributes->clusterCount = 8;
    attributes->sdnnCount = 6;
    attributes->maxVFCount = 3;
    attributes->globalMemorySizeMB = stub_number(32768);
    attributes->l3MemorySizeMB = stub_number(64);
    return begin();
}

// SR-IOV is on on the second device.
STUB_EXPORT xpumlReturn_t xpumlDeviceGetHostVxpuMode(xpumlDevice_t device, xpumlHostVxpuMode_t *mode) {
    *mode = (xpumlHostVxpuMode_t)stub_number(
        device.handle->index == 1 ? XPUML_HOST_VXPU_MODE_SRIOV_ON : XPUML_HOST_VXPU_MODE_SRIOV_OFF);
    return begin();
}

// 32 GiB, of which the first device uses 25 GiB, and 64 MiB on the chip.
STUB_EXPORT xpumlReturn_t xpumlDeviceGetMemoryInfo(xpumlDevice_t device, xpumlMemory_t *memory) {
    memset(memory, 0, sizeof *memory);
    memory->pageSizeGlobalMemory = 4096;
    memory->totalGlobalMemory = stub_number(32ull << 30);
    memory->usedGlobalMemory = stub_number(device.handle->index == 0 ? 25ull << 30 : 8192ull);
    memory->freeGlobalMemory = memory->totalGlobalMemory - memory->usedGlobalMemory;
    memory->pageSizeL3Memory = 4096;
    memory->totalL3Memory = stub_number(64ull << 20);
    memory->usedL3Memory = stub_number(device.handle->index == 0 ? 63ull << 20 : 0);
    memory->freeL3Memory = memory->totalL3Memory - memory->usedL3Memory;
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetUtilizationRates(xpumlDevice_t device, xpumlUtilization_t *utilization) {
    memset(utilization, 0, sizeof *utilization);
    utilization->xpu = (unsigned int)stub_number(device.handle->index == 0 ? 99 : 0);
    utilization->memory = (unsigned int)stub_number(device.handle->index == 0 ? 62 : 2);
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetPowerUsage(xpumlDevice_t device, unsigned int *milliwatts) {
    *milliwatts = (unsigned int)stub_number(device.handle->index == 0 ? 143700 : 52000);
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetTemperature(
    xpumlDevice_t device, xpumlTemperatureSensors_t sensor, unsigned int *degrees) {
    if (sensor != XPUML_TEMPERATURE_XPU) return XPUML_ERROR_INVALID_ARGUMENT;
    *degrees = (unsigned int)stub_number(device.handle->index == 0 ? 69 : 45);
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetClockInfo(
    xpumlDevice_t device, xpumlClockType_t type, unsigned int *megahertz) {
    if (type != XPUML_CLOCK_XPU) return XPUML_ERROR_INVALID_ARGUMENT;
    *megahertz = (unsigned int)stub_number(device.handle->index == 0 ? 1600 : 900);
    return begin();
}

STUB_EXPORT xpumlReturn_t xpumlDeviceGetState(xpumlDevice_t device, xpumlDeviceState_t *state) {
    *state = (xpumlDeviceState_t)stub_number(XPUML_DEVICE_STATE_RUNNING);
    if (stub_is_sick(device.handle->index)) *state = XPUML_DEVICE_STATE_IN_EXCEPTION;
    return begin();
}
