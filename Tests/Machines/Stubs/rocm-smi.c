// librocm_smi64.so: rocm_smi.h of Debian's librocm-smi-dev 5.2.3, and of 6.x as in ROCm/amdsmi.
//
// Clocks have the layout of 5.2.3 for the first device and that of 6.x for the others, so that both are read.
#include <stdbool.h>
#include <stddef.h>

#include "stub.h"

typedef uint32_t rsmi_status_t;
typedef enum { RSMI_CLK_TYPE_SYS = 0, RSMI_CLK_TYPE_MEM = 4 } rsmi_clk_type_t;
typedef enum {
    RSMI_GPU_BLOCK_UMC = 1,
    RSMI_GPU_BLOCK_GFX = 4,
    RSMI_GPU_BLOCK_RESERVED = (int64_t)0x8000000000000000,
} rsmi_gpu_block_t;
typedef enum { RSMI_RAS_ERR_STATE_MULT_UC = 4, RSMI_RAS_ERR_STATE_ENABLED = 6 } rsmi_ras_err_state_t;
typedef enum {
    RSMI_MEM_PAGE_STATUS_RESERVED,
    RSMI_MEM_PAGE_STATUS_PENDING,
    RSMI_MEM_PAGE_STATUS_UNRESERVABLE,
} rsmi_memory_page_status_t;
typedef enum { RSMI_IOLINK_TYPE_UNDEFINED, RSMI_IOLINK_TYPE_PCIEXPRESS, RSMI_IOLINK_TYPE_XGMI } RSMI_IO_LINK_TYPE;
typedef struct {
    uint32_t num_supported, current;
    uint64_t frequency[32];
} rsmi_frequencies_5_t;
typedef struct {
    bool has_deep_sleep;
    uint32_t num_supported, current;
    uint64_t frequency[33];
} rsmi_frequencies_6_t;
typedef struct {
    uint64_t correctable_err, uncorrectable_err, deferred_err, reserved[5];
} rsmi_error_count_t;
typedef struct {
    uint64_t page_address, page_size;
    rsmi_memory_page_status_t status;
} rsmi_retired_page_record_t;
typedef struct {
    uint32_t major, minor, patch;
    const char *build;
} rsmi_version_t;

_Static_assert(sizeof(rsmi_gpu_block_t) == 8, "rsmi_gpu_block_t");
_Static_assert(sizeof(rsmi_frequencies_5_t) == 264, "rsmi_frequencies_t of 5.2.3");
_Static_assert(offsetof(rsmi_frequencies_5_t, current) == 4, "current");
_Static_assert(offsetof(rsmi_frequencies_5_t, frequency) == 8, "frequency");
_Static_assert(sizeof(rsmi_frequencies_6_t) == 280, "rsmi_frequencies_t of 6.x");
_Static_assert(offsetof(rsmi_frequencies_6_t, num_supported) == 4, "num_supported");
_Static_assert(offsetof(rsmi_frequencies_6_t, current) == 8, "current");
_Static_assert(offsetof(rsmi_frequencies_6_t, frequency) == 16, "frequency");
_Static_assert(sizeof(rsmi_error_count_t) == 64, "rsmi_error_count_t of 6.x");
_Static_assert(offsetof(rsmi_error_count_t, uncorrectable_err) == 8, "uncorrectable_err");
_Static_assert(sizeof(rsmi_retired_page_record_t) == 24, "rsmi_retired_page_record_t");
_Static_assert(offsetof(rsmi_retired_page_record_t, status) == 16, "status");
_Static_assert(sizeof(rsmi_version_t) == 24, "rsmi_version_t");
_Static_assert(offsetof(rsmi_version_t, patch) == 8, "patch");

enum { SUCCESS = 0, INVALID_ARGS = 1, NOT_SUPPORTED = 2, PERMISSION = 4, INSUFFICIENT_SIZE = 11, INIT_ERROR = 8 };

static rsmi_status_t begin(uint32_t device) {
    if (device >= (uint32_t)stub_count()) return INVALID_ARGS;
    return stub_call() ? PERMISSION : SUCCESS;
}

static rsmi_status_t text(uint32_t device, char *target, size_t length, const char *words) {
    rsmi_status_t code = begin(device);
    if (code == SUCCESS) stub_text(target, length, words);
    return code;
}

static rsmi_status_t number(uint32_t device, uint64_t *target, uint64_t busy, uint64_t idle) {
    *target = stub_number(device == 0 ? busy : idle);
    return begin(device);
}

STUB_EXPORT rsmi_status_t rsmi_init(uint64_t flags) {
    if (flags != 0) return INVALID_ARGS;
    return stub_scenario() == STUB_NOINIT ? INIT_ERROR : SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_status_string(rsmi_status_t status, const char **words) {
    switch (status) {
    case INVALID_ARGS: *words = "RSMI_STATUS_INVALID_ARGS: An invalid parameter"; return SUCCESS;
    case PERMISSION: *words = "RSMI_STATUS_PERMISSION: Permission denied"; return SUCCESS;
    case INIT_ERROR: *words = "RSMI_STATUS_INIT_ERROR: An error occurred during initialization"; return SUCCESS;
    default: *words = NULL; return INVALID_ARGS;
    }
}

STUB_EXPORT rsmi_status_t rsmi_version_get(rsmi_version_t *version) {
    *version = (rsmi_version_t){5, 0, 3, "5.0.50203"};
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_version_str_get(uint32_t component, char *version, uint32_t length) {
    if (component != 0) return INVALID_ARGS;
    stub_text(version, length, "6.7.0");
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_num_monitor_devices(uint32_t *count) {
    *count = (uint32_t)stub_number((uint64_t)stub_count());
    return SUCCESS;
}

STUB_EXPORT rsmi_status_t rsmi_dev_pci_id_get(uint32_t device, uint64_t *bdfid) {
    struct stub_address address = stub_address((int)device);
    *bdfid = (uint64_t)address.domain << 32 | address.bus << 8 | address.device << 3 | address.function;
    return begin(device);
}

STUB_EXPORT rsmi_status_t rsmi_dev_name_get(uint32_t device, char *name, size_t length) {
    return text(device, name, length, "Aldebaran/MI200 [Instinct MI210]");
}

STUB_EXPORT rsmi_status_t rsmi_dev_unique_id_get(uint32_t device, uint64_t *id) {
    *id = 0x0badc0ffee123400u + device;
    return begin(device);
}

STUB_EXPORT rsmi_status_t rsmi_dev_serial_number_get(uint32_t device, char *serial, uint32_t length) {
    return text(device, serial, length, device == 0 ? "692212000770" : "692212000771");
}

STUB_EXPORT rsmi_status_t rsmi_dev_vbios_version_get(uint32_t device, char *version, uint32_t length) {
    return text(device, version, length, "113-D67301-063");
}

// The second device is divided.
STUB_EXPORT rsmi_status_t rsmi_dev_compute_partition_get(uint32_t device, char *partition, uint32_t length) {
    return text(device, partition, length, device == 1 ? "CPX" : "SPX");
}

// Bytes: 64 GiB, of which the busy device uses 24 GiB.
STUB_EXPORT rsmi_status_t rsmi_dev_memory_total_get(uint32_t device, uint32_t type, uint64_t *total) {
    if (type != 0) return INVALID_ARGS;
    return number(device, total, 68719476736u, 68719476736u);
}

STUB_EXPORT rsmi_status_t rsmi_dev_memory_usage_get(uint32_t device, uint32_t type, uint64_t *used) {
    if (type != 0) return INVALID_ARGS;
    return number(device, used, 25769803776u, 10485760);
}

STUB_EXPORT rsmi_status_t rsmi_dev_busy_percent_get(uint32_t device, uint32_t *percent) {
    *percent = (uint32_t)stub_number(device == 0 ? 93 : 0);
    return begin(device);
}

STUB_EXPORT rsmi_status_t rsmi_dev_memory_busy_percent_get(uint32_t device, uint32_t *percent) {
    *percent = (uint32_t)stub_number(device == 0 ? 37 : 0);
    return begin(device);
}

// Microwatts: 243 W and 41 W, of 300 W.
STUB_EXPORT rsmi_status_t rsmi_dev_power_ave_get(uint32_t device, uint32_t sensor, uint64_t *power) {
    if (sensor != 0) return INVALID_ARGS;
    return number(device, power, 243000000, 41000000);
}

STUB_EXPORT rsmi_status_t rsmi_dev_power_cap_get(uint32_t device, uint32_t sensor, uint64_t *cap) {
    if (sensor != 0) return INVALID_ARGS;
    return number(device, cap, 300000000, 300000000);
}

// A quarter of a million joules, in units of 15.625 microjoules.
STUB_EXPORT rsmi_status_t rsmi_dev_energy_count_get(
    uint32_t device, uint64_t *count, float *resolution, uint64_t *nanoseconds) {
    *resolution = 15.625f;
    *nanoseconds = 1700000000000000000u;
    return number(device, count, 16000000000u, 1600000000u);
}

// Thousandths of a degree. This card has no sensor at its edge.
STUB_EXPORT rsmi_status_t rsmi_dev_temp_metric_get(
    uint32_t device, uint32_t sensor, uint32_t metric, int64_t *temperature) {
    if (metric != 0) return INVALID_ARGS;
    if (sensor != 1 && sensor != 2) return NOT_SUPPORTED;
    *temperature = (device == 0 ? 71000 : 34000) + (sensor == 2 ? 5500 : 0);
    if (stub_scenario() == STUB_GARBAGE) *temperature = INT64_MIN;
    return begin(device);
}

// 500 to 1700 MHz, memory 400 to 1600 MHz.
STUB_EXPORT rsmi_status_t rsmi_dev_gpu_clk_freq_get(uint32_t device, rsmi_clk_type_t type, void *frequencies) {
    if (type != RSMI_CLK_TYPE_SYS && type != RSMI_CLK_TYPE_MEM) return NOT_SUPPORTED;
    uint64_t start = type == RSMI_CLK_TYPE_SYS ? 500000000 : 400000000;
    if (device == 0) {
        rsmi_frequencies_5_t clocks = {.num_supported = 3, .current = 2};
        for (int index = 0; index < 3; index += 1) clocks.frequency[index] = start + 600000000u * (unsigned)index;
        if (stub_scenario() == STUB_GARBAGE) clocks.num_supported = 0xFFFFFFF0u;
        memcpy(frequencies, &clocks, sizeof clocks);
    } else {
        rsmi_frequencies_6_t clocks = {.has_deep_sleep = true, .num_supported = 3, .current = 1};
        for (int index = 0; index < 3; index += 1) clocks.frequency[index] = start + 600000000u * (unsigned)index;
        if (stub_scenario() == STUB_GARBAGE) clocks.current = 0xFFFFFFF0u;
        memcpy(frequencies, &clocks, sizeof clocks);
    }
    return begin(device);
}

STUB_EXPORT rsmi_status_t rsmi_dev_ecc_enabled_get(uint32_t device, uint64_t *blocks) {
    *blocks = stub_number(RSMI_GPU_BLOCK_UMC | RSMI_GPU_BLOCK_GFX);
    return begin(device);
}

// Two corrected errors in memory and one in the cores of the first device; none was not corrected.
STUB_EXPORT rsmi_status_t rsmi_dev_ecc_count_get(uint32_t device, rsmi_gpu_block_t block, rsmi_error_count_t *errors) {
    if (block != RSMI_GPU_BLOCK_UMC && block != RSMI_GPU_BLOCK_GFX) return NOT_SUPPORTED;
    memset(errors, 0, sizeof *errors);
    errors->correctable_err = stub_number(device == 0 ? (block == RSMI_GPU_BLOCK_UMC ? 2 : 1) : 0);
    errors->uncorrectable_err = stub_number(stub_is_sick((int)device) && block == RSMI_GPU_BLOCK_UMC ? 7 : 0);
    errors->deferred_err = 99;
    return begin(device);
}

STUB_EXPORT rsmi_status_t rsmi_dev_ecc_status_get(
    uint32_t device, rsmi_gpu_block_t block, rsmi_ras_err_state_t *state) {
    if (block != RSMI_GPU_BLOCK_UMC && block != RSMI_GPU_BLOCK_GFX) return NOT_SUPPORTED;
    bool isBroken = stub_is_sick((int)device) && block == RSMI_GPU_BLOCK_UMC;
    *state = isBroken ? RSMI_RAS_ERR_STATE_MULT_UC : RSMI_RAS_ERR_STATE_ENABLED;
    return begin(device);
}

// One retired page; a sick device has one more that cannot be retired.
STUB_EXPORT rsmi_status_t rsmi_dev_memory_reserved_pages_get(
    uint32_t device, uint32_t *count, rsmi_retired_page_record_t *records) {
    rsmi_status_t code = begin(device);
    if (code != SUCCESS) return code;
    uint32_t available = stub_is_sick((int)device) ? 2 : 1;
    if (records == NULL) {
        *count = (uint32_t)stub_number(available);
        return SUCCESS;
    }
    if (*count < available) return INSUFFICIENT_SIZE;
    records[0] = (rsmi_retired_page_record_t){0x1000, 4096, RSMI_MEM_PAGE_STATUS_RESERVED};
    if (available == 2) records[1] = (rsmi_retired_page_record_t){0x9000, 4096, RSMI_MEM_PAGE_STATUS_UNRESERVABLE};
    *count = (uint32_t)stub_number(available);
    return SUCCESS;
}

// Each device has a direct link to its neighbour.
STUB_EXPORT rsmi_status_t rsmi_topo_get_link_type(
    uint32_t from, uint32_t to, uint64_t *hops, RSMI_IO_LINK_TYPE *type) {
    bool isNear = from / 2 == to / 2;
    *hops = isNear ? 1 : 2;
    *type = isNear ? RSMI_IOLINK_TYPE_XGMI : RSMI_IOLINK_TYPE_PCIEXPRESS;
    return begin(from);
}

// Megabytes per second.
STUB_EXPORT rsmi_status_t rsmi_minmax_bandwidth_get(uint32_t from, uint32_t to, uint64_t *least, uint64_t *greatest) {
    if (from / 2 != to / 2) return INVALID_ARGS;
    *least = stub_number(50000);
    *greatest = stub_number(100000);
    return begin(from);
}
