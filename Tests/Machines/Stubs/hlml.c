// libhlml.so: hlml.h of HabanaAI/gohlml.
#include <stddef.h>

#include "stub.h"

typedef int hlml_return_t;
typedef void *hlml_device_t;
typedef struct {
    char link_speed[10], link_width[10];
} hlml_pci_cap_t;
typedef struct {
    unsigned bus;
    char bus_id[5 + 10];
    unsigned device, domain, pci_device_id;
    hlml_pci_cap_t caps;
} hlml_pci_info_t;
typedef struct {
    unsigned aip;
} hlml_utilization_t;
typedef struct {
    unsigned long long free, total, used;
} hlml_memory_t;

_Static_assert(sizeof(hlml_pci_info_t) == 52, "hlml_pci_info_t");
_Static_assert(offsetof(hlml_pci_info_t, bus_id) == 4, "bus_id");
_Static_assert(offsetof(hlml_pci_info_t, device) == 20, "device");
_Static_assert(offsetof(hlml_pci_info_t, domain) == 24, "domain");
_Static_assert(sizeof(hlml_utilization_t) == 4, "hlml_utilization_t");
_Static_assert(sizeof(hlml_memory_t) == 24, "hlml_memory_t");
_Static_assert(offsetof(hlml_memory_t, total) == 8, "total");
_Static_assert(offsetof(hlml_memory_t, used) == 16, "used");

enum {
    SUCCESS = 0,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    DRIVER_NOT_LOADED = 9,
    TIMEOUT = 10,
    AIP_IS_LOST = 15,
};

static int devices[64];

static int place(hlml_device_t device) { return (int)((int *)device - devices); }

static hlml_return_t begin(hlml_device_t device) {
    if (stub_call()) return TIMEOUT;
    return stub_is_sick(place(device)) ? AIP_IS_LOST : SUCCESS;
}

static hlml_return_t text(hlml_device_t device, char *target, unsigned length, const char *words) {
    hlml_return_t code = begin(device);
    if (code == SUCCESS) stub_text(target, length, words);
    return code;
}

static hlml_return_t number(hlml_device_t device, unsigned *target, unsigned busy, unsigned idle) {
    *target = (unsigned)stub_number(place(device) == 0 ? busy : idle);
    return begin(device);
}

STUB_EXPORT hlml_return_t hlml_init(void) { return stub_scenario() == STUB_NOINIT ? DRIVER_NOT_LOADED : SUCCESS; }

STUB_EXPORT hlml_return_t hlml_get_hlml_version(char *version, unsigned length) {
    stub_text(version, length, "1.17.0.0");
    return SUCCESS;
}

STUB_EXPORT hlml_return_t hlml_get_driver_version(char *version, unsigned length) {
    stub_text(version, length, "1.17.0-28a11ca");
    return SUCCESS;
}

STUB_EXPORT hlml_return_t hlml_device_get_count(unsigned *count) {
    *count = (unsigned)stub_number((uint64_t)stub_count());
    return SUCCESS;
}

STUB_EXPORT hlml_return_t hlml_device_get_handle_by_index(unsigned index, hlml_device_t *device) {
    if (index >= (unsigned)stub_count()) return INVALID_ARGUMENT;
    *device = &devices[index];
    return SUCCESS;
}

// The text is that of the whole address; when it is garbage, the numbers are right.
STUB_EXPORT hlml_return_t hlml_device_get_pci_info(hlml_device_t device, hlml_pci_info_t *info) {
    // A lost device is still known by its place.
    if (stub_call()) return TIMEOUT;
    struct stub_address address = stub_address(place(device));
    memset(info, 0, sizeof *info);
    info->bus = address.bus;
    info->device = address.device;
    info->domain = address.domain;
    info->pci_device_id = 0x10201DA3;
    char words[15];
    snprintf(
        words, sizeof words, "%04x:%02x:%02x.%x", address.domain & 0xFFFF, address.bus & 0xFF, address.device & 0x1F,
        address.function & 7);
    stub_text(info->bus_id, sizeof info->bus_id, words);
    return SUCCESS;
}

STUB_EXPORT hlml_return_t hlml_device_get_name(hlml_device_t device, char *name, unsigned length) {
    return text(device, name, length, "HL-225");
}

STUB_EXPORT hlml_return_t hlml_device_get_uuid(hlml_device_t device, char *uuid, unsigned length) {
    const char *words[] = {"01P4-HL2080A0-15-TNBS82-02-09-02", "01P4-HL2080A0-15-TNBS82-02-09-03"};
    return text(device, uuid, length, words[place(device) & 1]);
}

STUB_EXPORT hlml_return_t hlml_device_get_serial(hlml_device_t device, char *serial, unsigned length) {
    return text(device, serial, length, place(device) == 0 ? "AM50033241" : "AM50033242");
}

STUB_EXPORT hlml_return_t hlml_get_firmware_spi_version(hlml_device_t device, char *version, unsigned length) {
    return text(device, version, length, "Preboot version hl-gaudi2-1.17.0-fw-51.2.0-sec-9");
}

// Bytes: 96 GiB, of which the busy device uses 32 GiB.
STUB_EXPORT hlml_return_t hlml_device_get_memory_info(hlml_device_t device, hlml_memory_t *memory) {
    memory->total = stub_number(103079215104u);
    memory->used = stub_number(place(device) == 0 ? 34359738368u : 805306368u);
    memory->free = memory->total - memory->used;
    return begin(device);
}

STUB_EXPORT hlml_return_t hlml_device_get_utilization_rates(hlml_device_t device, hlml_utilization_t *utilization) {
    return number(device, &utilization->aip, 76, 0);
}

// Milliwatts: 420 W and 98.5 W, of 600 W.
STUB_EXPORT hlml_return_t hlml_device_get_power_usage(hlml_device_t device, unsigned *power) {
    return number(device, power, 420000, 98500);
}

STUB_EXPORT hlml_return_t hlml_device_get_power_management_default_limit(hlml_device_t device, unsigned *limit) {
    return number(device, limit, 600000, 600000);
}

STUB_EXPORT hlml_return_t hlml_device_get_total_energy_consumption(
    hlml_device_t device, unsigned long long *millijoules) {
    *millijoules = stub_number(place(device) == 0 ? 5000000500u : 700000000u);
    return begin(device);
}

STUB_EXPORT hlml_return_t hlml_device_get_temperature(hlml_device_t device, int sensor, unsigned *degrees) {
    if (sensor != 0) return INVALID_ARGUMENT;
    return number(device, degrees, 55, 26);
}

STUB_EXPORT hlml_return_t hlml_device_get_clock_info(hlml_device_t device, int type, unsigned *megahertz) {
    if (type != 0) return INVALID_ARGUMENT;
    return number(device, megahertz, 1650, 200);
}

// Uncorrected errors are not counted.
STUB_EXPORT hlml_return_t hlml_device_get_total_ecc_errors(
    hlml_device_t device, int type, int counter, unsigned long long *errors) {
    if (counter != 0) return INVALID_ARGUMENT;
    hlml_return_t code = begin(device);
    *errors = stub_number(place(device) == 0 ? 5 : 0);
    return code == SUCCESS && type == 1 ? NOT_SUPPORTED : code;
}

STUB_EXPORT hlml_return_t hlml_device_get_replaced_rows_pending_status(hlml_device_t device, int *isPending) {
    *isPending = 0;
    return begin(device);
}
