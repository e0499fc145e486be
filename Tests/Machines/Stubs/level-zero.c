// libze_loader.so.1: zes_api.h and ze_api.h of oneapi-src/level-zero, with zesInit.
//
// Counters of energy and of work move on by one second with each reading.
#include <stdbool.h>
#include <stddef.h>

#include "stub.h"

typedef uint32_t ze_result_t;
typedef uint8_t ze_bool_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    uint32_t type, vendorId, deviceId, flags, subdeviceId, coreClockRate;
    uint64_t maxMemAllocSize;
    uint32_t maxHardwareContexts, maxCommandQueuePriority, numThreadsPerEU, physicalEUSimdWidth;
    uint32_t numEUsPerSubslice, numSubslicesPerSlice, numSlices;
    uint64_t timerResolution;
    uint32_t timestampValidBits, kernelTimestampValidBits;
    uint8_t uuid[16];
    char name[256];
} ze_device_properties_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    ze_device_properties_t core;
    uint32_t numSubdevices;
    char serialNumber[64], boardNumber[64], brandName[64], modelName[64], vendorName[64], driverVersion[64];
} zes_device_properties_t;
typedef struct {
    uint32_t domain, bus, device, function;
} zes_pci_address_t;
typedef struct {
    int32_t gen, width;
    int64_t maxBandwidth;
} zes_pci_speed_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    zes_pci_address_t address;
    zes_pci_speed_t maxSpeed;
    ze_bool_t haveBandwidthCounters, havePacketCounters, haveReplayCounters;
} zes_pci_properties_t;
typedef struct {
    uint32_t stype;
    const void *pNext;
    uint32_t reset, repaired;
} zes_device_state_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    uint32_t type;
    ze_bool_t onSubdevice;
    uint32_t subdeviceId, location;
    uint64_t physicalSize;
    int32_t busWidth, numChannels;
} zes_mem_properties_t;
typedef struct {
    uint32_t stype;
    const void *pNext;
    uint32_t health;
    uint64_t free, size;
} zes_mem_state_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    uint32_t type;
    ze_bool_t onSubdevice;
    uint32_t subdeviceId;
} zes_engine_properties_t, zes_ras_properties_t;
typedef struct {
    uint64_t activeTime, timestamp;
} zes_engine_stats_t;
typedef struct {
    uint64_t energy, timestamp;
} zes_power_energy_counter_t;
typedef struct {
    uint32_t stype;
    const void *pNext;
    uint32_t level, source, limitUnit;
    ze_bool_t enabledStateLocked, enabled, intervalValueLocked;
    int32_t interval;
    ze_bool_t limitValueLocked;
    int32_t limit;
} zes_power_limit_ext_desc_t;
typedef struct {
    uint32_t stype;
    const void *pNext;
    uint64_t category[7];
} zes_ras_state_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    uint32_t type;
    ze_bool_t onSubdevice;
    uint32_t subdeviceId;
    double maxTemperature;
    ze_bool_t isCriticalTempSupported, isThreshold1Supported, isThreshold2Supported;
} zes_temp_properties_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    uint32_t type;
    ze_bool_t onSubdevice;
    uint32_t subdeviceId;
    ze_bool_t canControl, isThrottleEventSupported;
    double min, max;
} zes_freq_properties_t;
typedef struct {
    uint32_t stype;
    const void *pNext;
    double currentVoltage, request, tdp, efficient, actual;
    uint32_t throttleReasons;
} zes_freq_state_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    ze_bool_t onSubdevice;
    uint32_t subdeviceId;
    ze_bool_t canControl;
    char name[64], version[64];
} zes_firmware_properties_t;
typedef struct {
    uint32_t fabricId, attachId;
    uint8_t portNumber;
} zes_fabric_port_id_t;
typedef struct {
    int64_t bitRate;
    int32_t width;
} zes_fabric_port_speed_t;
typedef struct {
    uint32_t stype;
    void *pNext;
    char model[256];
    ze_bool_t onSubdevice;
    uint32_t subdeviceId;
    zes_fabric_port_id_t portId;
    zes_fabric_port_speed_t maxRxSpeed, maxTxSpeed;
} zes_fabric_port_properties_t;
typedef struct {
    uint32_t stype;
    const void *pNext;
    uint32_t status, qualityIssues, failureReasons;
    zes_fabric_port_id_t remotePortId;
    zes_fabric_port_speed_t rxSpeed, txSpeed;
} zes_fabric_port_state_t;
typedef struct {
    char component_name[64];
    uint32_t spec_version;
    struct {
        int major, minor, patch;
    } component_lib_version;
} zel_component_version_t;

#define LAYOUT(type, size) _Static_assert(sizeof(type) == size, #type)
#define FIELD(type, field, offset) _Static_assert(offsetof(type, field) == offset, #type "." #field)
LAYOUT(zes_device_properties_t, 776);
FIELD(zes_device_properties_t, core, 16);
FIELD(zes_device_properties_t, core.name, 128);
FIELD(zes_device_properties_t, numSubdevices, 384);
FIELD(zes_device_properties_t, serialNumber, 388);
FIELD(zes_device_properties_t, modelName, 580);
FIELD(zes_device_properties_t, driverVersion, 708);
LAYOUT(zes_pci_properties_t, 56);
FIELD(zes_pci_properties_t, address, 16);
LAYOUT(zes_device_state_t, 24);
FIELD(zes_device_state_t, reset, 16);
LAYOUT(zes_mem_properties_t, 48);
FIELD(zes_mem_properties_t, location, 28);
FIELD(zes_mem_properties_t, physicalSize, 32);
LAYOUT(zes_mem_state_t, 40);
FIELD(zes_mem_state_t, health, 16);
FIELD(zes_mem_state_t, free, 24);
FIELD(zes_mem_state_t, size, 32);
LAYOUT(zes_engine_properties_t, 32);
FIELD(zes_engine_properties_t, type, 16);
LAYOUT(zes_engine_stats_t, 16);
LAYOUT(zes_power_energy_counter_t, 16);
LAYOUT(zes_power_limit_ext_desc_t, 48);
FIELD(zes_power_limit_ext_desc_t, level, 16);
FIELD(zes_power_limit_ext_desc_t, limitUnit, 24);
FIELD(zes_power_limit_ext_desc_t, enabled, 29);
FIELD(zes_power_limit_ext_desc_t, limit, 40);
LAYOUT(zes_ras_state_t, 72);
FIELD(zes_ras_state_t, category, 16);
LAYOUT(zes_temp_properties_t, 48);
FIELD(zes_temp_properties_t, type, 16);
LAYOUT(zes_freq_properties_t, 48);
FIELD(zes_freq_properties_t, type, 16);
LAYOUT(zes_freq_state_t, 64);
FIELD(zes_freq_state_t, actual, 48);
LAYOUT(zes_firmware_properties_t, 160);
FIELD(zes_firmware_properties_t, version, 89);
LAYOUT(zes_fabric_port_properties_t, 328);
FIELD(zes_fabric_port_properties_t, portId, 280);
LAYOUT(zes_fabric_port_state_t, 72);
FIELD(zes_fabric_port_state_t, status, 16);
FIELD(zes_fabric_port_state_t, remotePortId, 28);
LAYOUT(zel_component_version_t, 80);
FIELD(zel_component_version_t, component_lib_version, 68);

enum {
    SUCCESS = 0,
    ERROR_DEVICE_LOST = 0x70000001,
    ERROR_INSUFFICIENT_PERMISSIONS = 0x70010000,
    ERROR_UNINITIALIZED = 0x78000001,
    ERROR_UNSUPPORTED_FEATURE = 0x78000003,
    ERROR_INVALID_ARGUMENT = 0x78000004,
};

// A device and each of its parts: the handle of a part is an address within `parts` of its device.
struct device {
    int index;
    char parts[16];
};
static struct device devices[64];
static int driver;

static struct device *owner(void *handle) {
    size_t offset = (size_t)((char *)handle - (char *)devices);
    return &devices[offset / sizeof(struct device)];
}

static int part(void *handle) { return (int)((char *)handle - owner(handle)->parts); }

static ze_result_t begin(void *handle) {
    if (stub_call()) return ERROR_INSUFFICIENT_PERMISSIONS;
    return stub_is_sick(owner(handle)->index) ? ERROR_DEVICE_LOST : SUCCESS;
}

// `available` parts of a device, from `first` on.
static ze_result_t parts(struct device *device, int first, unsigned available, uint32_t *count, void **handles) {
    ze_result_t code = begin(device);
    if (code != SUCCESS) return code;
    if (handles != NULL)
        for (unsigned index = 0; index < available && index < *count; index += 1)
            handles[index] = &device->parts[first + (int)index];
    if (handles == NULL || *count > available) *count = (uint32_t)stub_number(available);
    return SUCCESS;
}

enum { TILES = 2, MEMORY = 0, POWER = 2, ENGINE = 3, SENSOR = 6, CLOCK = 8, ERRORS = 10, FIRMWARE = 12, PORT = 13 };

STUB_EXPORT ze_result_t zesInit(uint32_t flags) {
    for (int index = 0; index < 64; index += 1) devices[index].index = index;
    if (flags != 0) return ERROR_INVALID_ARGUMENT;
    return stub_scenario() == STUB_NOINIT ? ERROR_UNINITIALIZED : SUCCESS;
}

STUB_EXPORT ze_result_t zeInit(uint32_t flags) {
    (void)flags;
    const char *sysman = getenv("ZES_ENABLE_SYSMAN");
    if (sysman == NULL || strcmp(sysman, "1") != 0) return ERROR_INVALID_ARGUMENT;
    return ERROR_UNINITIALIZED;
}

STUB_EXPORT ze_result_t zelLoaderGetVersions(size_t *count, zel_component_version_t *versions) {
    if (versions != NULL && *count >= 2) {
        versions[0] = (zel_component_version_t){"tracing layer", 0x10008, {9, 9, 9}};
        versions[1] = (zel_component_version_t){"loader", 0x10011, {1, 24, 2}};
    }
    *count = (size_t)stub_number(2);
    return SUCCESS;
}

STUB_EXPORT ze_result_t zesDriverGet(uint32_t *count, void **drivers) {
    if (drivers != NULL && *count >= 1) drivers[0] = &driver;
    *count = (uint32_t)stub_number(1);
    return SUCCESS;
}

STUB_EXPORT ze_result_t zesDeviceGet(void *from, uint32_t *count, void **handles) {
    if (from != &driver) return ERROR_INVALID_ARGUMENT;
    uint32_t available = (uint32_t)stub_count();
    if (handles != NULL)
        for (uint32_t index = 0; index < available && index < *count; index += 1) handles[index] = &devices[index];
    if (handles == NULL || *count > available) *count = (uint32_t)stub_number(available);
    return SUCCESS;
}

STUB_EXPORT ze_result_t zesDevicePciGetProperties(struct device *device, zes_pci_properties_t *properties) {
    // A lost device is still known by its place.
    if (stub_call()) return ERROR_INSUFFICIENT_PERMISSIONS;
    if (properties->stype != 2) return ERROR_INVALID_ARGUMENT;
    struct stub_address address = stub_address(device->index);
    properties->address = (zes_pci_address_t){address.domain, address.bus, address.device, address.function};
    return SUCCESS;
}

STUB_EXPORT ze_result_t zesDeviceGetProperties(struct device *device, zes_device_properties_t *properties) {
    if (properties->stype != 1 || properties->core.stype != 3) return ERROR_INVALID_ARGUMENT;
    ze_result_t code = begin(device);
    if (code != SUCCESS) return code;
    stub_text(properties->core.name, 256, "Intel(R) Graphics [0x0bd5]");
    stub_text(properties->serialNumber, 64, device->index == 0 ? "QQ2200480001" : "unknown");
    // The second one's model is not known.
    stub_text(properties->modelName, 64, device->index == 0 ? "Intel(R) Data Center GPU Max 1550" : "unknown");
    stub_text(properties->brandName, 64, "unknown");
    stub_text(properties->driverVersion, 64, "I915_24.8.6_PSB");
    properties->numSubdevices = TILES;
    return SUCCESS;
}

STUB_EXPORT ze_result_t zesDeviceGetState(struct device *device, zes_device_state_t *state) {
    if (state->stype != 21) return ERROR_INVALID_ARGUMENT;
    state->reset = 0;
    return begin(device);
}

STUB_EXPORT ze_result_t zesDeviceEnumFirmwares(struct device *device, uint32_t *count, void **handles) {
    return parts(device, FIRMWARE, 1, count, handles);
}

STUB_EXPORT ze_result_t zesFirmwareGetProperties(void *firmware, zes_firmware_properties_t *properties) {
    if (properties->stype != 8) return ERROR_INVALID_ARGUMENT;
    ze_result_t code = begin(firmware);
    if (code != SUCCESS) return code;
    stub_text(properties->name, 64, "GFX");
    stub_text(properties->version, 64, "PVC2_1.23453");
    return SUCCESS;
}

// A tile has 64 GiB, of which one page cannot be used; the busy one uses 10 GiB of each.
STUB_EXPORT ze_result_t zesDeviceEnumMemoryModules(struct device *device, uint32_t *count, void **handles) {
    return parts(device, MEMORY, TILES, count, handles);
}

STUB_EXPORT ze_result_t zesMemoryGetProperties(void *memory, zes_mem_properties_t *properties) {
    if (properties->stype != 11) return ERROR_INVALID_ARGUMENT;
    properties->onSubdevice = 1;
    properties->subdeviceId = (uint32_t)(part(memory) - MEMORY);
    properties->location = 1;
    properties->physicalSize = stub_number(68719476736u);
    return begin(memory);
}

STUB_EXPORT ze_result_t zesMemoryGetState(void *memory, zes_mem_state_t *state) {
    if (state->stype != 30) return ERROR_INVALID_ARGUMENT;
    state->health = (uint32_t)stub_number(1);
    state->size = stub_number(68719476736u - 4096);
    state->free = 68719476736u - 4096 - (owner(memory)->index == 0 ? 10737418240u : 0);
    return begin(memory);
}

// Microjoules and microseconds: 450 W and 120 W of 600 W.
STUB_EXPORT ze_result_t zesDeviceGetCardPowerDomain(struct device *device, void **handle) {
    *handle = &device->parts[POWER];
    return begin(device);
}

STUB_EXPORT ze_result_t zesPowerGetEnergyCounter(void *power, zes_power_energy_counter_t *counter) {
    static uint64_t seconds[64];
    uint64_t second = 1000 + seconds[owner(power)->index]++;
    counter->energy = stub_number(second * (owner(power)->index == 0 ? 450000000u : 120000000u));
    counter->timestamp = stub_number(second * 1000000);
    return begin(power);
}

STUB_EXPORT ze_result_t zesPowerGetLimits(void *power, void *sustained, void *burst, void *peak) {
    (void)sustained, (void)burst, (void)peak;
    ze_result_t code = begin(power);
    return code == SUCCESS ? ERROR_UNSUPPORTED_FEATURE : code;
}

STUB_EXPORT ze_result_t zesPowerGetLimitsExt(void *power, uint32_t *count, zes_power_limit_ext_desc_t *limits) {
    ze_result_t code = begin(power);
    if (code != SUCCESS) return code;
    if (limits != NULL && *count >= 2) {
        if (limits[0].stype != 39) return ERROR_INVALID_ARGUMENT;
        limits[0].level = 3, limits[0].limitUnit = 2, limits[0].enabled = 1, limits[0].limit = 900000;
        limits[1].level = 1, limits[1].limitUnit = 2, limits[1].enabled = 1, limits[1].limit = 600000;
        if (stub_scenario() == STUB_GARBAGE) limits[1].limit = INT32_MIN;
    }
    *count = (uint32_t)stub_number(2);
    return SUCCESS;
}

// Of all engines, and for each tile those that compute, of which the busy device's work 80 % and 40 % of the time.
STUB_EXPORT ze_result_t zesDeviceEnumEngineGroups(struct device *device, uint32_t *count, void **handles) {
    return parts(device, ENGINE, 3, count, handles);
}

STUB_EXPORT ze_result_t zesEngineGetProperties(void *engine, zes_engine_properties_t *properties) {
    if (properties->stype != 5) return ERROR_INVALID_ARGUMENT;
    properties->type = part(engine) == ENGINE ? 0 : 1;
    properties->onSubdevice = part(engine) != ENGINE;
    return begin(engine);
}

STUB_EXPORT ze_result_t zesEngineGetActivity(void *engine, zes_engine_stats_t *stats) {
    static uint64_t seconds[64][3];
    int which = part(engine) - ENGINE;
    uint64_t second = 1000 + seconds[owner(engine)->index][which]++;
    static const uint64_t busy[] = {990000, 800000, 400000};
    stats->activeTime = stub_number(second * (owner(engine)->index == 0 ? busy[which] : 0));
    stats->timestamp = stub_number(second * 1000000);
    return begin(engine);
}

STUB_EXPORT ze_result_t zesDeviceEnumTemperatureSensors(struct device *device, uint32_t *count, void **handles) {
    return parts(device, SENSOR, 2, count, handles);
}

STUB_EXPORT ze_result_t zesTemperatureGetProperties(void *sensor, zes_temp_properties_t *properties) {
    if (properties->stype != 20) return ERROR_INVALID_ARGUMENT;
    properties->type = part(sensor) == SENSOR ? 1 : 2;
    return begin(sensor);
}

STUB_EXPORT ze_result_t zesTemperatureGetState(void *sensor, double *celsius) {
    *celsius = (owner(sensor)->index == 0 ? 58.5 : 31.25) + (part(sensor) == SENSOR ? 0 : 2);
    if (stub_scenario() == STUB_GARBAGE) *celsius = -1e300;
    return begin(sensor);
}

// Megahertz. The idle device's memory does not tell.
STUB_EXPORT ze_result_t zesDeviceEnumFrequencyDomains(struct device *device, uint32_t *count, void **handles) {
    return parts(device, CLOCK, 2, count, handles);
}

STUB_EXPORT ze_result_t zesFrequencyGetProperties(void *clock, zes_freq_properties_t *properties) {
    if (properties->stype != 9) return ERROR_INVALID_ARGUMENT;
    properties->type = part(clock) == CLOCK ? 0 : 1;
    return begin(clock);
}

STUB_EXPORT ze_result_t zesFrequencyGetState(void *clock, zes_freq_state_t *state) {
    if (state->stype != 27) return ERROR_INVALID_ARGUMENT;
    bool isBusy = owner(clock)->index == 0;
    state->request = 9999;
    state->actual = part(clock) == CLOCK ? (isBusy ? 1600 : 850) : (isBusy ? 3200 : -1);
    if (stub_scenario() == STUB_GARBAGE) state->actual = 1e300;
    return begin(clock);
}

// Corrected errors, then uncorrected ones; resets and errors of programs are none of the hardware.
STUB_EXPORT ze_result_t zesDeviceEnumRasErrorSets(struct device *device, uint32_t *count, void **handles) {
    return parts(device, ERRORS, 2, count, handles);
}

STUB_EXPORT ze_result_t zesRasGetProperties(void *errors, zes_ras_properties_t *properties) {
    if (properties->stype != 15) return ERROR_INVALID_ARGUMENT;
    properties->type = part(errors) == ERRORS ? 0 : 1;
    return begin(errors);
}

STUB_EXPORT ze_result_t zesRasGetState(void *errors, ze_bool_t clear, zes_ras_state_t *state) {
    if (clear != 0 || state->stype != 34) return ERROR_INVALID_ARGUMENT;
    uint64_t corrected[7] = {100, 200, 300, 4, 2, 1, 400}, uncorrected[7] = {50, 60, 70, 0, 0, 0, 80};
    for (int index = 0; index < 7; index += 1)
        state->category[index] = stub_number(part(errors) == ERRORS ? corrected[index] : uncorrected[index]);
    return begin(errors);
}

// Two ports of each device lead to its neighbour; a third is down.
STUB_EXPORT ze_result_t zesDeviceEnumFabricPorts(struct device *device, uint32_t *count, void **handles) {
    return parts(device, PORT, 3, count, handles);
}

STUB_EXPORT ze_result_t zesFabricPortGetProperties(void *port, zes_fabric_port_properties_t *properties) {
    if (properties->stype != 6) return ERROR_INVALID_ARGUMENT;
    uint32_t place = (uint32_t)(part(port) - PORT);
    properties->portId = (zes_fabric_port_id_t){100 + (uint32_t)owner(port)->index, place, (uint8_t)(place + 1)};
    return begin(port);
}

STUB_EXPORT ze_result_t zesFabricPortGetState(void *port, zes_fabric_port_state_t *state) {
    if (state->stype != 25) return ERROR_INVALID_ARGUMENT;
    uint32_t place = (uint32_t)(part(port) - PORT), neighbour = 100 + ((uint32_t)owner(port)->index ^ 1);
    state->status = place == 2 ? 4 : 1;
    state->remotePortId = (zes_fabric_port_id_t){neighbour, place, (uint8_t)(place + 1)};
    return begin(port);
}
