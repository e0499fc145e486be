// libcndev.so: cndev.h of Cambricon/mlu-exporter (pkg/cndev/include/cndev.h). As a library of version 5, it refuses structs of
// version 6.
#include "stub.h"
#include <stdbool.h>
#include <stddef.h>

typedef int cndevRet_t;
typedef int32_t cndevDevice_t;
enum {
    SUCCESS = 0, NO_DRIVER = 1, UNSUPPORTED_API_VERSION = 3, INVALID_ARGUMENT = 5, INVALID_DEVICE_ID = 6, NOT_SUPPORTED = 10,
    INVALID_LINK = 11, NO_PERMISSION = 13, IN_PROBLEM = 18,
};
enum { VERSION = 5, FIRST_DEVICE = 100 };

typedef struct {
    int32_t version;
    uint32_t number;
} cndevCardInfo_t;
_Static_assert(offsetof(cndevCardInfo_t, number) == 4 && sizeof(cndevCardInfo_t) == 8, "");

typedef struct {
    int32_t version;
    uint8_t uuid[37];
    uint64_t ncsUUID64;
} cndevUUID_t;
_Static_assert(offsetof(cndevUUID_t, uuid) == 4 && sizeof(cndevUUID_t) == 56, "");

typedef struct {
    int64_t physicalMemoryTotal, physicalMemoryUsed, reservedMemory, virtualMemoryTotal, virtualMemoryUsed;
    uint64_t globalMemory, reserved[16];
} cndevMemoryInfoV2_t;
_Static_assert(offsetof(cndevMemoryInfoV2_t, physicalMemoryUsed) == 8 && sizeof(cndevMemoryInfoV2_t) == 176, "");

typedef struct {
    int32_t version;
    uint32_t mcuMajorVersion, mcuMinorVersion, mcuBuildVersion, driverMajorVersion, driverMinorVersion, driverBuildVersion;
} cndevVersionInfo_t;
_Static_assert(offsetof(cndevVersionInfo_t, mcuMajorVersion) == 4 && sizeof(cndevVersionInfo_t) == 28, "");

typedef struct {
    int32_t version;
    uint32_t libMajorVersion, libMinorVersion, libBuildVersion;
} cndevLibVersionInfo_t;
_Static_assert(offsetof(cndevLibVersionInfo_t, libBuildVersion) == 12 && sizeof(cndevLibVersionInfo_t) == 16, "");

typedef struct {
    int32_t version;
    uint64_t oneBitError, multipleOneError, multipleError, multipleMultipleError, correctedError, uncorrectedError, totalError,
        addressForbiddenError;
} cndevECCInfo_t;
_Static_assert(offsetof(cndevECCInfo_t, correctedError) == 40 && offsetof(cndevECCInfo_t, uncorrectedError) == 48, "");
_Static_assert(sizeof(cndevECCInfo_t) == 72, "");

typedef struct {
    int32_t version;
    uint32_t volatileSramEccSbeCounter, volatileSramEccDbeCounter, volatileSramEccParityCounter, volatileDramEccSbeCounter,
        volatileDramEccDbeCounter;
    uint64_t aggregateDramEccSbeCounter, aggregateDramEccDbeCounter, aggregateSramEccSbeCounter, aggregateSramEccDbeCounter,
        aggregateSramEccParityCounter;
    bool aggregateSramEccThresholdExceeded;
    uint64_t reserved[11];
} cndevMemEccCounter_t;
_Static_assert(offsetof(cndevMemEccCounter_t, volatileSramEccSbeCounter) == 4, "");
_Static_assert(offsetof(cndevMemEccCounter_t, volatileSramEccDbeCounter) == 8, "");
_Static_assert(offsetof(cndevMemEccCounter_t, volatileDramEccSbeCounter) == 16, "");
_Static_assert(offsetof(cndevMemEccCounter_t, volatileDramEccDbeCounter) == 20, "");
_Static_assert(sizeof(cndevMemEccCounter_t) == 160, "");

typedef struct {
    int32_t usage, cap, machine, tdp, maxPower, reserved[16];
} cndevDevicePowerInfo_t;
_Static_assert(offsetof(cndevDevicePowerInfo_t, cap) == 4 && sizeof(cndevDevicePowerInfo_t) == 84, "");

typedef struct {
    int32_t version, board, cluster[20], memoryDie[8], chip, airInlet, airOutlet, memory, videoInput, cpu, isp;
} cndevTemperatureInfo_t;
_Static_assert(offsetof(cndevTemperatureInfo_t, board) == 4 && offsetof(cndevTemperatureInfo_t, chip) == 120, "");
_Static_assert(offsetof(cndevTemperatureInfo_t, memory) == 132 && sizeof(cndevTemperatureInfo_t) == 148, "");

typedef struct {
    int32_t version, averageCoreUtilization, coreUtilization[80];
} cndevUtilizationInfo_t;
_Static_assert(offsetof(cndevUtilizationInfo_t, averageCoreUtilization) == 4, "");
_Static_assert(sizeof(cndevUtilizationInfo_t) == 328, "");

typedef struct {
    int32_t version, boardFreq, ddrFreq;
    uint8_t overtempDfsFlag, fastDfsFlag;
    uint16_t mluClusterFreqCount, mluClusterFreq[20];
    int32_t boardDefaultFreq, boardFreqArange[2];
} cndevFrequencyInfo_t;
_Static_assert(offsetof(cndevFrequencyInfo_t, boardFreq) == 4 && sizeof(cndevFrequencyInfo_t) == 68, "");

typedef struct {
    int32_t version;
    uint64_t sn, motherBoardSn;
} cndevCardSN_t;
_Static_assert(offsetof(cndevCardSN_t, sn) == 8 && sizeof(cndevCardSN_t) == 24, "");

typedef struct {
    uint32_t subsystemId, deviceId;
    uint16_t vendor, subsystemVendor;
    uint32_t domain, bus, device, function;
    uint16_t moduleId, slotId;
    uint32_t reserved[8];
} cndevPCIeInfoV2_t;
_Static_assert(offsetof(cndevPCIeInfoV2_t, domain) == 12 && offsetof(cndevPCIeInfoV2_t, bus) == 16, "");
_Static_assert(offsetof(cndevPCIeInfoV2_t, device) == 20 && offsetof(cndevPCIeInfoV2_t, function) == 24, "");
_Static_assert(sizeof(cndevPCIeInfoV2_t) == 64, "");

typedef struct {
    int32_t version, health;
    int deviceState, driverState;
} cndevCardHealthState_t;
_Static_assert(offsetof(cndevCardHealthState_t, health) == 4 && sizeof(cndevCardHealthState_t) == 16, "");

typedef struct {
    char msg[512];
    uint32_t device_id, bdf;
    int code;
    uint32_t category, severity;
} cndevDiagErrorDetail_t;
typedef struct {
    int system, health;
    cndevDiagErrorDetail_t error;
} cndevIncidentInfo_t;
_Static_assert(offsetof(cndevIncidentInfo_t, error.msg) == 8 && offsetof(cndevIncidentInfo_t, error.code) == 528, "");
_Static_assert(sizeof(cndevIncidentInfo_t) == 540, "");

typedef struct {
    int32_t health;
    int deviceState, driverState, overallHealth;
    uint32_t incident_count;
    cndevIncidentInfo_t incidents[64];
    uint32_t reserved[8];
} cndevCardHealthStateV2_t;
_Static_assert(offsetof(cndevCardHealthStateV2_t, overallHealth) == 12, "");
_Static_assert(offsetof(cndevCardHealthStateV2_t, incident_count) == 16, "");
_Static_assert(offsetof(cndevCardHealthStateV2_t, incidents) == 20 && sizeof(cndevCardHealthStateV2_t) == 34612, "");

typedef struct {
    int32_t version;
    bool isRetirePending, isPending, isFailure;
} cndevRepairStatus_t;
_Static_assert(offsetof(cndevRepairStatus_t, isRetirePending) == 4 && offsetof(cndevRepairStatus_t, isFailure) == 6, "");

typedef struct {
    int32_t version;
    int mode;
} cndevMode_t;
_Static_assert(offsetof(cndevMode_t, mode) == 4, "");

typedef struct {
    int macState, serdesState, presenceState;
    uint32_t serdesProgress, reserved[7];
} cndevMLULinkStatusV2_t;
_Static_assert(sizeof(cndevMLULinkStatusV2_t) == 44, "");

typedef struct {
    int32_t version;
    uint64_t mcSn, baSn;
    uint32_t slotId, portId;
    uint8_t devIp[16], uuid[37];
    uint32_t devIpVersion, isIpValid;
    int32_t connectType;
    uint64_t ncsUUID64;
    uint8_t mac_addr[6];
    char port_name[256];
} cndevMLULinkRemoteInfo_t;
_Static_assert(offsetof(cndevMLULinkRemoteInfo_t, uuid) == 48 && sizeof(cndevMLULinkRemoteInfo_t) == 376, "");

typedef struct {
    int fieldId;
    cndevRet_t ret;
    union {
        double dVal;
        unsigned uiVal;
        unsigned long long ullVal;
    } value;
    int valueType;
    long long latencyUsec, timestamp;
    unsigned scopeId;
} cndevFieldValue_t;
_Static_assert(offsetof(cndevFieldValue_t, ret) == 4 && offsetof(cndevFieldValue_t, value) == 8, "");
_Static_assert(offsetof(cndevFieldValue_t, valueType) == 16 && sizeof(cndevFieldValue_t) == 48, "");

static int index_of(cndevDevice_t device) { return device - FIRST_DEVICE; }

static cndevRet_t begin(cndevDevice_t device) {
    if (stub_call()) return NO_PERMISSION;
    if (index_of(device) < 0 || index_of(device) >= stub_count()) return INVALID_DEVICE_ID;
    return stub_is_sick(index_of(device)) ? IN_PROBLEM : SUCCESS;
}

/// With a struct that says its version.
static cndevRet_t begin_version(int32_t version, cndevDevice_t device) {
    return version == VERSION ? begin(device) : UNSUPPORTED_API_VERSION;
}

static int32_t choose(cndevDevice_t device, int32_t busy, int32_t idle) {
    return (int32_t)stub_number((uint64_t)(index_of(device) == 0 ? busy : idle));
}

static void write_uuid(uint8_t *target, cndevDevice_t device) {
    char text[37];
    snprintf(text, sizeof text, "2a1b3c4d-1111-2222-3333-%012x", 0xca0000 + index_of(device));
    stub_text((char *)target, 37, text);
}

STUB_EXPORT cndevRet_t cndevInit(int32_t reserved) {
    if (reserved != 0) return INVALID_ARGUMENT;
    return stub_scenario() == STUB_NOINIT ? NO_DRIVER : SUCCESS;
}

STUB_EXPORT const char *cndevGetErrorString(cndevRet_t code) {
    switch (code) {
    case NO_DRIVER: return "No driver";
    case INVALID_DEVICE_ID: return "Invalid device id";
    case NO_PERMISSION: return "No permission";
    case IN_PROBLEM: return "Device in problem";
    default: return "Cndev_ERROR not found!";
    }
}

STUB_EXPORT cndevRet_t cndevGetLibVersion(cndevLibVersionInfo_t *info) {
    if (info->version != VERSION) return UNSUPPORTED_API_VERSION;
    info->libMajorVersion = 5;
    info->libMinorVersion = 10;
    info->libBuildVersion = 34;
    return SUCCESS;
}

STUB_EXPORT cndevRet_t cndevGetDriverVersion(uint32_t *major, uint32_t *minor, uint32_t *build) {
    *major = 5;
    *minor = 10;
    *build = 29;
    return SUCCESS;
}

STUB_EXPORT cndevRet_t cndevGetDeviceCount(cndevCardInfo_t *cards) {
    if (cards->version != VERSION) return UNSUPPORTED_API_VERSION;
    cards->number = (uint32_t)stub_number((uint64_t)stub_count());
    return SUCCESS;
}

STUB_EXPORT cndevRet_t cndevGetDeviceHandleByIndex(int32_t index, cndevDevice_t *device) {
    if (index < 0 || index >= stub_count()) return INVALID_DEVICE_ID;
    *device = FIRST_DEVICE + index;
    return SUCCESS;
}

STUB_EXPORT cndevRet_t cndevGetPCIeInfoV2(cndevPCIeInfoV2_t *info, cndevDevice_t device) {
    // A broken device is still known by its place.
    if (stub_call()) return NO_PERMISSION;
    struct stub_address address = stub_address(index_of(device));
    memset(info, 0, sizeof *info);
    info->vendor = info->subsystemVendor = 0xcabc;
    info->deviceId = 0x0590;
    info->domain = address.domain;
    info->bus = address.bus;
    info->device = address.device;
    info->function = address.function;
    info->slotId = 7;
    return SUCCESS;
}

STUB_EXPORT const char *cndevGetCardNameStringByDevId(cndevDevice_t device) {
    static char endless[4096];
    stub_text(endless, sizeof endless, "MLU590-M9");
    return begin(device) == SUCCESS ? endless : NULL;
}

STUB_EXPORT cndevRet_t cndevGetUUID(cndevUUID_t *info, cndevDevice_t device) {
    write_uuid(info->uuid, device);
    return begin_version(info->version, device);
}

STUB_EXPORT cndevRet_t cndevGetCardSN(cndevCardSN_t *serial, cndevDevice_t device) {
    serial->sn = 0x592212350000u + (unsigned)index_of(device);
    serial->motherBoardSn = 0x42;
    return begin_version(serial->version, device);
}

STUB_EXPORT cndevRet_t cndevGetVersionInfo(cndevVersionInfo_t *info, cndevDevice_t device) {
    info->mcuMajorVersion = 1;
    info->mcuMinorVersion = 2;
    info->mcuBuildVersion = 14;
    info->driverMajorVersion = 5;
    info->driverMinorVersion = 10;
    info->driverBuildVersion = 29;
    return begin_version(info->version, device);
}

STUB_EXPORT cndevRet_t cndevGetMemoryUsageV2(cndevMemoryInfoV2_t *info, cndevDevice_t device) {
    // MB.
    memset(info, 0, sizeof *info);
    info->physicalMemoryTotal = (int64_t)stub_number(81920);
    info->physicalMemoryUsed = (int64_t)stub_number(index_of(device) == 0 ? 40960 : 612);
    info->virtualMemoryTotal = 1048576;
    info->globalMemory = 81001;
    return begin(device);
}

STUB_EXPORT cndevRet_t cndevGetDeviceUtilizationInfo(cndevUtilizationInfo_t *info, cndevDevice_t device) {
    info->averageCoreUtilization = choose(device, 76, 0);
    for (int core = 0; core < 80; core += 1) info->coreUtilization[core] = core;
    return begin_version(info->version, device);
}

STUB_EXPORT cndevRet_t cndevGetDevicePowerInfo(cndevDevicePowerInfo_t *info, cndevDevice_t device) {
    // Watts.
    memset(info, 0, sizeof *info);
    info->usage = choose(device, 287, 71);
    info->cap = choose(device, 350, 350);
    info->machine = 4100;
    info->tdp = 350;
    info->maxPower = 400;
    return begin(device);
}

STUB_EXPORT cndevRet_t cndevDeviceGetFieldValues(cndevDevice_t device, int32_t count, cndevFieldValue_t *values) {
    for (int32_t index = 0; index < count; index += 1) {
        cndevFieldValue_t *value = &values[index];
        // Total energy in mJ, told by the first device only.
        value->ret = value->fieldId == 71 && index_of(device) == 0 ? SUCCESS : NOT_SUPPORTED;
        value->value.ullVal = stub_number(7654321000ull);
        value->valueType = 3;
    }
    return begin(device);
}

STUB_EXPORT cndevRet_t cndevGetTemperatureInfo(cndevTemperatureInfo_t *info, cndevDevice_t device) {
    // The second device has a sensor on the board only.
    info->board = choose(device, 48, 33);
    info->cluster[0] = choose(device, 61, 0);
    info->chip = choose(device, 63, 0);
    info->memory = choose(device, 57, 0);
    return begin_version(info->version, device);
}

STUB_EXPORT cndevRet_t cndevGetFrequencyInfo(cndevFrequencyInfo_t *info, cndevDevice_t device) {
    info->boardFreq = choose(device, 1400, 500);
    info->ddrFreq = 3200;
    info->boardDefaultFreq = 1300;
    return begin_version(info->version, device);
}

STUB_EXPORT cndevRet_t cndevGetMemEccCounter(cndevMemEccCounter_t *counter, cndevDevice_t device) {
    // Older cards count in one place.
    if (index_of(device) != 0) return NOT_SUPPORTED;
    counter->volatileSramEccSbeCounter = (uint32_t)choose(device, 1, 0);
    counter->volatileSramEccDbeCounter = (uint32_t)choose(device, 0, 0);
    counter->volatileSramEccParityCounter = 9;
    counter->volatileDramEccSbeCounter = (uint32_t)choose(device, 4, 0);
    counter->volatileDramEccDbeCounter = (uint32_t)choose(device, 0, 0);
    counter->aggregateDramEccSbeCounter = 1000;
    return begin_version(counter->version, device);
}

STUB_EXPORT cndevRet_t cndevGetECCInfo(cndevECCInfo_t *info, cndevDevice_t device) {
    memset(&info->oneBitError, 0, sizeof *info - offsetof(cndevECCInfo_t, oneBitError));
    info->correctedError = info->oneBitError = stub_number(12);
    info->uncorrectedError = stub_number(0);
    return begin_version(info->version, device);
}

STUB_EXPORT cndevRet_t cndevGetCardHealthStateV2(cndevCardHealthStateV2_t *state, cndevDevice_t device) {
    // A broken device's health is still told; of an older card there is a flag only.
    if (stub_call()) return NO_PERMISSION;
    if (index_of(device) != 0) return NOT_SUPPORTED;
    memset(state, 0, sizeof *state);
    state->health = state->deviceState = 1;
    state->driverState = 4;
    if (stub_scenario() == STUB_GARBAGE) {
        memset(state->incidents, 0xF1, sizeof state->incidents);
        state->incident_count = 0x7FFFFFFF;
        state->overallHealth = 123456;
    } else if (stub_is_sick(index_of(device))) {
        state->health = state->deviceState = 0;
        state->driverState = 5;
        state->overallHealth = 20;
        state->incident_count = 2;
        state->incidents[0] = (cndevIncidentInfo_t){0x10, 20, {"DBE count exceeds the threshold", 100, 0x100, 17, 0, 0}};
        state->incidents[1] = (cndevIncidentInfo_t){0x2, 10, {"MLU-Link 3 is down", 100, 0x100, 9, 0, 0}};
    }
    return SUCCESS;
}

STUB_EXPORT cndevRet_t cndevGetCardHealthState(cndevCardHealthState_t *state, cndevDevice_t device) {
    state->health = choose(device, 1, 1);
    state->deviceState = 1;
    state->driverState = 4;
    return begin_version(state->version, device);
}

STUB_EXPORT cndevRet_t cndevGetRepairStatus(cndevRepairStatus_t *status, cndevDevice_t device) {
    status->isRetirePending = status->isPending = status->isFailure = false;
    return begin_version(status->version, device);
}

STUB_EXPORT cndevRet_t cndevGetMimMode(cndevMode_t *mode, cndevDevice_t device) {
    mode->mode = index_of(device) == 1;
    return begin_version(mode->version, device);
}

STUB_EXPORT cndevRet_t cndevGetSMLUMode(cndevMode_t *mode, cndevDevice_t device) {
    mode->mode = 0;
    return begin_version(mode->version, device);
}

// Six ports, of which the first two end at the next device, the third outside, and the others nowhere.
STUB_EXPORT int32_t cndevGetMLULinkPortNumber(cndevDevice_t device) {
    (void)device;
    return (int32_t)stub_number(6);
}

STUB_EXPORT cndevRet_t cndevGetMLULinkStatusV2(cndevMLULinkStatusV2_t *status, cndevDevice_t device, int32_t link) {
    if (link < 0 || link >= 6) return INVALID_LINK;
    memset(status, 0, sizeof *status);
    status->macState = link < 3;
    status->serdesState = status->presenceState = 1;
    return begin(device);
}

STUB_EXPORT cndevRet_t cndevGetMLULinkRemoteInfo(cndevMLULinkRemoteInfo_t *info, cndevDevice_t device, int32_t link) {
    if (link < 0 || link >= 6) return INVALID_LINK;
    info->mcSn = 1;
    info->portId = (uint32_t)link;
    if (link < 2) write_uuid(info->uuid, FIRST_DEVICE + (index_of(device) + 1) % stub_count());
    else stub_text((char *)info->uuid, 37, "ffff0000-1111-2222-3333-444444444444");
    return begin_version(info->version, device);
}
