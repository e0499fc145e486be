// libefml.so: efml.h of EnflameTechnology/gcu-exporter (vendor/go-eflib/efml).
#include <stdbool.h>
#include <stddef.h>

#include "stub.h"

typedef int efmlReturn_t, efmlReturn_v1_t;
typedef struct {
    char name[128];
    uint32_t vendor_id, device_id, domain_id, bus_id, dev_id, func_id, logic_id;
} efmlDeviceInfo_t;
typedef struct {
    uint64_t mem_total_size;
    uint32_t mem_used;
} efmlDevMemInfo_t;
typedef struct {
    float cur_asic_temp, cur_mem_temp, cur_board_temp;
} efmlDevThermalInfoV2_t;
typedef struct {
    uint32_t cur_hbm_clock, cur_dtu_clock;
} efmlDevClkInfo_t;
typedef struct {
    bool enabled, pending, pdblack;
    uint32_t ecnt_sb, ecnt_db;
} efmlEccStatus_t;
typedef struct {
    bool is_dtu_support_rma, flags;
} efmlRmaStatus_t;
typedef struct {
    uint32_t connected;
    char uuid[16];
    uint32_t vendor_id, device_id, domain_id, bus_id, dev_id, func_id, port_id, port_type, remote_card_id;
    char remote_uuid[16];
    uint32_t remote_vendor_id, remote_device_id, remote_domain_id, remote_bus_id, remote_dev_id, remote_func_id;
    uint32_t remote_port_id, remote_port_type;
} efmlGcuLarePortInfo_t;
typedef struct efmlDevice {
    int index;
} *efmlDevice_t;
typedef struct {
    unsigned gcu, memory;
} efmlUtilization_t;

_Static_assert(sizeof(efmlDeviceInfo_t) == 156, "efmlDeviceInfo_t");
_Static_assert(offsetof(efmlDeviceInfo_t, domain_id) == 136, "domain_id");
_Static_assert(offsetof(efmlDeviceInfo_t, func_id) == 148, "func_id");
_Static_assert(sizeof(efmlDevMemInfo_t) == 16, "efmlDevMemInfo_t");
_Static_assert(offsetof(efmlDevMemInfo_t, mem_used) == 8, "mem_used");
_Static_assert(sizeof(efmlDevThermalInfoV2_t) == 12, "efmlDevThermalInfoV2_t");
_Static_assert(offsetof(efmlDevThermalInfoV2_t, cur_mem_temp) == 4, "cur_mem_temp");
_Static_assert(sizeof(efmlDevClkInfo_t) == 8, "efmlDevClkInfo_t");
_Static_assert(offsetof(efmlDevClkInfo_t, cur_dtu_clock) == 4, "cur_dtu_clock");
_Static_assert(sizeof(efmlEccStatus_t) == 12, "efmlEccStatus_t");
_Static_assert(offsetof(efmlEccStatus_t, pdblack) == 2, "pdblack");
_Static_assert(offsetof(efmlEccStatus_t, ecnt_sb) == 4, "ecnt_sb");
_Static_assert(offsetof(efmlEccStatus_t, ecnt_db) == 8, "ecnt_db");
_Static_assert(sizeof(efmlRmaStatus_t) == 2, "efmlRmaStatus_t");
_Static_assert(offsetof(efmlRmaStatus_t, flags) == 1, "flags");
_Static_assert(sizeof(efmlGcuLarePortInfo_t) == 104, "efmlGcuLarePortInfo_t");
_Static_assert(offsetof(efmlGcuLarePortInfo_t, remote_domain_id) == 80, "remote_domain_id");
_Static_assert(offsetof(efmlGcuLarePortInfo_t, remote_func_id) == 92, "remote_func_id");
_Static_assert(sizeof(efmlUtilization_t) == 8, "efmlUtilization_t");
_Static_assert(offsetof(efmlUtilization_t, memory) == 4, "memory");

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 6, TIMEOUT = 253 };
// Of the newer functions.
enum { NOT_FOUND_V2 = 6, TIMEOUT_V2 = 10, GCU_IS_LOST = 15 };

static struct efmlDevice devices[64];

static efmlReturn_t begin(uint32_t index) {
    if (index >= (uint32_t)stub_count()) return INVALID_ARGUMENT;
    return stub_call() ? TIMEOUT : SUCCESS;
}

static efmlReturn_v1_t begin_v1(efmlDevice_t device) {
    if (stub_call()) return TIMEOUT_V2;
    return stub_is_sick(device->index) ? GCU_IS_LOST : SUCCESS;
}

static efmlReturn_t text(uint32_t index, char *target, const char *words) {
    efmlReturn_t code = begin(index);
    if (code == SUCCESS) stub_text(target, 128, words);
    return code;
}

STUB_EXPORT efmlReturn_t EfmlInit(bool no_driver) {
    if (no_driver) return INVALID_ARGUMENT;
    return stub_scenario() == STUB_NOINIT ? DRIVER_NOT_LOADED : SUCCESS;
}

STUB_EXPORT efmlReturn_t EfmlErrorString(efmlReturn_t result, char *words) {
    switch (result) {
    case DRIVER_NOT_LOADED: strcpy(words, "EFML_ERROR_DRIVER_NOT_LOADED"); return SUCCESS;
    case TIMEOUT: strcpy(words, "EFML_ERROR_TIMEOUT"); return SUCCESS;
    default: return INVALID_ARGUMENT;
    }
}

STUB_EXPORT efmlReturn_t EfmlGetLibVer(char *version) {
    stub_text(version, 128, "1.2.20240730");
    return SUCCESS;
}

STUB_EXPORT efmlReturn_t EfmlGetDriverVer(char *version) {
    stub_text(version, 128, "1.2.5");
    return SUCCESS;
}

STUB_EXPORT efmlReturn_t EfmlGetDevCount(uint32_t *count) {
    *count = (uint32_t)stub_number((uint64_t)stub_count());
    return SUCCESS;
}

STUB_EXPORT efmlReturn_t EfmlGetDevInfo(uint32_t index, efmlDeviceInfo_t *info) {
    struct stub_address address = stub_address((int)index);
    memset(info, 0, sizeof *info);
    snprintf(info->name, sizeof info->name, "gcu%u", index);
    info->vendor_id = 0x1E36;
    info->device_id = 0xC035;
    info->domain_id = address.domain;
    info->bus_id = address.bus;
    info->dev_id = address.device;
    info->func_id = address.function;
    return begin(index);
}

STUB_EXPORT efmlReturn_t EfmlGetDevName(uint32_t index, char *name) { return text(index, name, "Enflame S60"); }
STUB_EXPORT efmlReturn_t EfmlGetDevSKU(uint32_t index, char *sku) { return text(index, sku, "S60G"); }
STUB_EXPORT efmlReturn_t EfmlGetFwVersion(uint32_t index, char *version) { return text(index, version, "33.6.4"); }

STUB_EXPORT efmlReturn_t EfmlGetDevUuid(uint32_t index, char *uuid) {
    return text(index, uuid, index == 0 ? "T6M71A004607" : "T6M71A004608");
}

STUB_EXPORT efmlReturn_t EfmlGetDevSn(uint32_t index, char *serial) {
    return text(index, serial, index == 0 ? "A013V30720017" : "A013V30720018");
}

// The second device is divided.
STUB_EXPORT efmlReturn_t EfmlGetVdevCount(uint32_t index, uint32_t *count) {
    *count = index == 1 ? 3 : 0;
    return begin(index);
}

// 48 GiB in bytes, of which 36 GiB are used, in mebibytes.
STUB_EXPORT efmlReturn_t EfmlGetDevMem(uint32_t index, efmlDevMemInfo_t *memory) {
    memory->mem_total_size = stub_number(51539607552u);
    memory->mem_used = (uint32_t)stub_number(index == 0 ? 36864 : 12);
    return begin(index);
}

STUB_EXPORT efmlReturn_t EfmlGetDevTempV2(uint32_t index, efmlDevThermalInfoV2_t *temperatures) {
    *temperatures = (efmlDevThermalInfoV2_t){index == 0 ? 61.5f : 33, index == 0 ? 66.25f : 35, 29};
    if (stub_scenario() == STUB_GARBAGE) *temperatures = (efmlDevThermalInfoV2_t){__builtin_nanf(""), 1e30f, 0};
    return begin(index);
}

// Megahertz.
STUB_EXPORT efmlReturn_t EfmlGetDevClk(uint32_t index, efmlDevClkInfo_t *clocks) {
    clocks->cur_hbm_clock = (uint32_t)stub_number(index == 0 ? 8000 : 500);
    clocks->cur_dtu_clock = (uint32_t)stub_number(index == 0 ? 1400 : 200);
    return begin(index);
}

// The one that is asked first is not offered.
STUB_EXPORT efmlReturn_t EfmlGetDevHealth(uint32_t index, bool *health) {
    efmlReturn_t code = begin(index);
    *health = false;
    return code == SUCCESS ? NOT_SUPPORTED : code;
}

STUB_EXPORT efmlReturn_t EfmlGetDevIsHealth(uint32_t index, bool *health) {
    *health = !stub_is_sick((int)index);
    return begin(index);
}

// Of the idle device ECC is off.
STUB_EXPORT efmlReturn_t EfmlGetDevEccStatus(uint32_t index, efmlEccStatus_t *status) {
    *status = (efmlEccStatus_t){.enabled = index == 0, .pending = true, .pdblack = stub_is_sick((int)index)};
    status->ecnt_sb = (uint32_t)stub_number(9);
    status->ecnt_db = (uint32_t)stub_number(stub_is_sick((int)index) ? 4 : 0);
    return begin(index);
}

STUB_EXPORT efmlReturn_t EfmlGetDevRmaStatus(uint32_t index, efmlRmaStatus_t *status) {
    *status = (efmlRmaStatus_t){true, stub_is_sick((int)index)};
    return begin(index);
}

// Four ports of which two lead to the next device.
STUB_EXPORT efmlReturn_t EfmlGetGcuLarePortNum(uint32_t index, uint32_t *count) {
    *count = (uint32_t)stub_number(4);
    return begin(index);
}

STUB_EXPORT efmlReturn_t EfmlGetGcuLarePortInfo(uint32_t index, uint32_t port, efmlGcuLarePortInfo_t *info) {
    if (port >= 4) return 7;
    struct stub_address address = stub_address((int)(index + 1) % stub_count());
    memset(info, 0, sizeof *info);
    info->connected = port < 2;
    info->remote_domain_id = address.domain;
    info->remote_bus_id = address.bus;
    info->remote_dev_id = address.device;
    info->remote_func_id = address.function;
    return begin(index);
}

STUB_EXPORT efmlReturn_v1_t efmlInit_v2(void) { return SUCCESS; }

STUB_EXPORT const char *efmlErrorString(efmlReturn_v1_t code) {
    return code == GCU_IS_LOST ? "GCU is lost" : code == TIMEOUT_V2 ? "Timeout" : "Unknown";
}

STUB_EXPORT efmlReturn_v1_t efmlDeviceGetHandleByPciBusId_v2(const char *bus, efmlDevice_t *device) {
    unsigned domain, number, slot, function;
    if (sscanf(bus, "%x:%x:%x.%x", &domain, &number, &slot, &function) != 4) return INVALID_ARGUMENT;
    for (int index = 0; index < stub_count(); index += 1) {
        struct stub_address address = stub_address(index);
        if (address.domain != domain || address.bus != number || address.device != slot) continue;
        devices[index].index = index;
        *device = &devices[index];
        return SUCCESS;
    }
    return NOT_FOUND_V2;
}

// Milliwatts: 212.5 W and 55 W, of 300 W.
STUB_EXPORT efmlReturn_v1_t efmlDeviceGetPowerUsage(efmlDevice_t device, unsigned *power) {
    *power = (unsigned)stub_number(device->index == 0 ? 212500 : 55000);
    return begin_v1(device);
}

STUB_EXPORT efmlReturn_v1_t efmlDeviceGetEnforcedPowerLimit(efmlDevice_t device, unsigned *limit) {
    *limit = (unsigned)stub_number(300000);
    return begin_v1(device);
}

STUB_EXPORT efmlReturn_v1_t efmlDeviceGetUtilizationRates(efmlDevice_t device, efmlUtilization_t *utilization) {
    utilization->gcu = (unsigned)stub_number(device->index == 0 ? 83 : 0);
    utilization->memory = (unsigned)stub_number(device->index == 0 ? 29 : 0);
    return begin_v1(device);
}
