// librocm_smi64.so.2: rocm_smi.h of Project-HAMi/dcu-dcgm (pkg/dcgm/include), Hygon's branch.
#include "stub.h"
#include <stddef.h>

typedef unsigned rsmi_status_t;
enum {
    SUCCESS = 0, INVALID_ARGS = 1, NOT_SUPPORTED = 2, PERMISSION = 4, INIT_ERROR = 8, INSUFFICIENT_SIZE = 11,
};
enum { BLOCK_UMC = 1, BLOCK_SDMA = 2, BLOCK_GFX = 4, BLOCK_XGMI_WAFL = 128 };
enum { PAGE_RESERVED = 0, PAGE_PENDING = 1, PAGE_UNRESERVABLE = 2 };
enum { LINK_PCIEXPRESS = 1, LINK_XGMI = 2 };

typedef struct {
    uint32_t major, minor, patch;
    const char *build;
} rsmi_version_t;
_Static_assert(offsetof(rsmi_version_t, minor) == 4 && offsetof(rsmi_version_t, patch) == 8, "");
_Static_assert(sizeof(rsmi_version_t) == 24, "");

typedef struct {
    uint32_t num_supported, current;
    uint64_t frequency[32];
} rsmi_frequencies_t;
_Static_assert(offsetof(rsmi_frequencies_t, current) == 4 && offsetof(rsmi_frequencies_t, frequency) == 8, "");
_Static_assert(sizeof(rsmi_frequencies_t) == 264, "");

typedef struct {
    uint64_t correctable_err, uncorrectable_err;
} rsmi_error_count_t;
_Static_assert(offsetof(rsmi_error_count_t, uncorrectable_err) == 8 && sizeof(rsmi_error_count_t) == 16, "");

typedef struct {
    uint64_t page_address, page_size;
    unsigned status;
} rsmi_retired_page_record_t;
_Static_assert(offsetof(rsmi_retired_page_record_t, status) == 16 && sizeof(rsmi_retired_page_record_t) == 24, "");

static rsmi_status_t begin(uint32_t index) {
    if (stub_call()) return PERMISSION;
    return index < (uint32_t)stub_count() ? SUCCESS : INVALID_ARGS;
}

static uint64_t choose(uint32_t index, uint64_t busy, uint64_t idle) { return stub_number(index == 0 ? busy : idle); }

static rsmi_status_t text(uint32_t index, char *target, size_t length, const char *text) {
    rsmi_status_t code = begin(index);
    if (code == SUCCESS) stub_text(target, length, text);
    return code;
}

STUB_EXPORT rsmi_status_t rsmi_init(uint64_t flags) {
    if (flags != 0) return INVALID_ARGS;
    return stub_scenario() == STUB_NOINIT ? INIT_ERROR : SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_status_string(rsmi_status_t status, const char **string) {
    switch (status) {
    case INVALID_ARGS: *string = "RSMI_STATUS_INVALID_ARGS: The provided arguments do not meet the preconditions"; break;
    case PERMISSION: *string = "RSMI_STATUS_PERMISSION: The user ID does not have permission"; break;
    case INIT_ERROR: *string = "RSMI_STATUS_INIT_ERROR: An error occurred during initialization"; break;
    default: *string = "RSMI_STATUS_UNKNOWN_ERROR: An unknown error occurred"; break;
    }
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_version_get(rsmi_version_t *version) {
    version->major = 2;
    version->minor = 8;
    version->patch = 0;
    version->build = "stub";
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_version_str_get(unsigned component, char *version, uint32_t length) {
    if (component != 0) return INVALID_ARGS;
    stub_text(version, length, "6.2.31-V1.2.0");
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_num_monitor_devices(uint32_t *count) {
    *count = (uint32_t)stub_number((uint64_t)stub_count());
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_dev_pci_id_get(uint32_t index, uint64_t *id) {
    rsmi_status_t code = begin(index);
    if (code != SUCCESS) return code;
    struct stub_address address = stub_address((int)index);
    *id = (uint64_t)address.domain << 32 | (address.bus & 0xff) << 8 | (address.device & 0x1f) << 3 | (address.function & 7);
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_dev_name_get(uint32_t index, char *name, size_t length) {
    // One of which pci.ids knows nothing.
    return text(index, name, length, index == 0 ? "K100_AI" : "0x6211");
}

STUB_EXPORT rsmi_status_t rsmi_dev_serial_number_get(uint32_t index, char *serial, uint32_t length) {
    char number[32];
    snprintf(number, sizeof number, "TNK1234567%04u", index);
    return text(index, serial, length, number);
}

STUB_EXPORT rsmi_status_t rsmi_dev_vbios_version_get(uint32_t index, char *version, uint32_t length) {
    return text(index, version, length, "5.716.002300.10.23");
}

STUB_EXPORT rsmi_status_t rsmi_dev_unique_id_get(uint32_t index, uint64_t *id) {
    *id = 0x0a1b2c3d4e5f6000u + index;
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_memory_total_get(uint32_t index, unsigned type, uint64_t *bytes) {
    if (type != 0) return NOT_SUPPORTED;
    *bytes = stub_number(68702699520u);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_memory_usage_get(uint32_t index, unsigned type, uint64_t *bytes) {
    if (type != 0) return NOT_SUPPORTED;
    *bytes = choose(index, 51539607552u, 10657792u);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_busy_percent_get(uint32_t index, uint32_t *percent) {
    *percent = (uint32_t)choose(index, 98, 0);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_memory_busy_percent_get(uint32_t index, uint32_t *percent) {
    *percent = (uint32_t)choose(index, 37, 0);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_power_ave_get(uint32_t index, uint32_t sensor, uint64_t *microwatts) {
    if (sensor != 0) return INVALID_ARGS;
    *microwatts = choose(index, 341500000, 86000000);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_power_cap_get(uint32_t index, uint32_t sensor, uint64_t *microwatts) {
    if (sensor != 0) return INVALID_ARGS;
    *microwatts = stub_number(400000000);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_energy_count_get(uint32_t index, uint64_t *count, float *resolution, uint64_t *timestamp) {
    // Counted in units of 15.25 microjoules.
    *count = stub_number(4000000000u);
    *resolution = 15.25f;
    *timestamp = 1700000000000000000u;
    return index == 1 ? NOT_SUPPORTED : begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_temp_metric_get(uint32_t index, uint32_t sensor, unsigned metric, int64_t *millidegrees) {
    if (metric != 0) return INVALID_ARGS;
    switch (sensor) {
    case 0: *millidegrees = (int64_t)choose(index, 61500, 36000); break;
    case 1: *millidegrees = (int64_t)choose(index, 77000, 38000); break;
    case 2: *millidegrees = (int64_t)choose(index, 66000, 37000); break;
    default: return NOT_SUPPORTED;
    }
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_gpu_clk_freq_get(uint32_t index, unsigned type, rsmi_frequencies_t *clocks) {
    static const uint64_t system[] = {300000000, 800000000, 1500000000}, memory[] = {800000000, 900000000};
    if (type != 0 && type != 4) return NOT_SUPPORTED;
    memset(clocks, 0, sizeof *clocks);
    clocks->num_supported = (uint32_t)stub_number(type == 0 ? 3 : 2);
    clocks->current = (uint32_t)choose(index, type == 0 ? 2 : 1, 0);
    if (type == 0) memcpy(clocks->frequency, system, sizeof system);
    else memcpy(clocks->frequency, memory, sizeof memory);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_ecc_enabled_get(uint32_t index, uint64_t *blocks) {
    *blocks = stub_number(BLOCK_UMC | BLOCK_GFX | BLOCK_XGMI_WAFL);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_ecc_count_get(uint32_t index, uint64_t block, rsmi_error_count_t *count) {
    // Of the links' block there is a bit, but no counter.
    if (block != BLOCK_UMC && block != BLOCK_GFX) return NOT_SUPPORTED;
    count->correctable_err = choose(index, block == BLOCK_UMC ? 7 : 2, 0);
    count->uncorrectable_err = stub_number(stub_is_sick((int)index) && block == BLOCK_UMC ? 3 : 0);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_memory_reserved_pages_get(
    uint32_t index, uint32_t *count, rsmi_retired_page_record_t *records) {
    rsmi_status_t code = begin(index);
    if (code != SUCCESS) return code;
    const rsmi_retired_page_record_t pages[] = {
        {0x1000, 4096, PAGE_RESERVED}, {0x22000, 4096, PAGE_PENDING}, {0x333000, 4096, PAGE_UNRESERVABLE},
    };
    uint32_t wanted = stub_is_sick((int)index) ? 3 : 1;
    if (*count < wanted) return INSUFFICIENT_SIZE;
    memcpy(records, pages, wanted * sizeof pages[0]);
    *count = (uint32_t)stub_number(wanted);
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_dev_xgmi_error_status(uint32_t index, unsigned *status) {
    *status = (unsigned)stub_number(stub_is_sick((int)index) ? 2 : 0);
    return begin(index);
}

STUB_EXPORT rsmi_status_t rsmi_dev_compute_partition_get(uint32_t index, char *partition, uint32_t length) {
    return text(index, partition, length, index == 1 ? "CPX" : "SPX");
}

// The first two devices are joined directly; the others see each other over PCI Express.
STUB_EXPORT rsmi_status_t rsmi_topo_get_link_type(uint32_t from, uint32_t to, uint64_t *hops, unsigned *type) {
    rsmi_status_t code = begin(from);
    *hops = from < 2 && to < 2 ? 1 : 2;
    *type = from < 2 && to < 2 ? LINK_XGMI : LINK_PCIEXPRESS;
    return code != SUCCESS ? code : begin(to);
}
