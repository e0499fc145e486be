// libdcmi.so: dcmi_interface_api.h of Ascend/mind-cluster (component/ascend-common/devmanager/dcmi), and for driver version and
// topology the DCMI API reference at hiascend.com. Each card has one NPU, as device 0, and a controller, as device 1.
#include "stub.h"
#include <stddef.h>

enum { FIRST_CARD = 3, ERRORS_MAX = 128 };
enum {
    OK = 0, INVALID_PARAMETER = -8001, NOT_PERMITTED = -8002, INNER = -8005, NOT_EXIST = -8008, NOT_READY = -8012,
    NOT_SUPPORTED = -8255,
};
enum { DEVICE_DDR = 0, DEVICE_HBM = 2, VDIE = 1, MAIN_CMD_VDEV_MNG = 52, VDEV_TOTAL = 1 };
enum { TOPO_PHB = 2, TOPO_HCCS = 3 };

struct dcmi_chip_info {
    unsigned char chip_type[32], chip_name[32], chip_ver[32];
    unsigned int aicore_cnt;
};
_Static_assert(offsetof(struct dcmi_chip_info, chip_name) == 32 && offsetof(struct dcmi_chip_info, aicore_cnt) == 96, "");
_Static_assert(sizeof(struct dcmi_chip_info) == 100, "");

struct dcmi_pcie_info_all {
    unsigned int venderid, subvenderid, deviceid, subdeviceid;
    int domain;
    unsigned int bdf_busid, bdf_deviceid, bdf_funcid;
    unsigned char reserve[32];
};
_Static_assert(offsetof(struct dcmi_pcie_info_all, domain) == 16, "");
_Static_assert(offsetof(struct dcmi_pcie_info_all, bdf_busid) == 20, "");
_Static_assert(offsetof(struct dcmi_pcie_info_all, bdf_deviceid) == 24, "");
_Static_assert(offsetof(struct dcmi_pcie_info_all, bdf_funcid) == 28 && sizeof(struct dcmi_pcie_info_all) == 64, "");

struct dcmi_die_id {
    unsigned int soc_die[5];
};
_Static_assert(sizeof(struct dcmi_die_id) == 20, "");

struct dcmi_ecc_info {
    int enable_flag;
    unsigned int single_bit_error_cnt, double_bit_error_cnt, total_single_bit_error_cnt, total_double_bit_error_cnt,
        single_bit_isolated_pages_cnt, double_bit_isolated_pages_cnt, single_bit_next_isolated_pages_cnt,
        double_bit_next_isolated_pages_cnt;
};
_Static_assert(offsetof(struct dcmi_ecc_info, single_bit_error_cnt) == 4, "");
_Static_assert(offsetof(struct dcmi_ecc_info, double_bit_error_cnt) == 8 && sizeof(struct dcmi_ecc_info) == 36, "");

struct dcmi_hbm_info {
    unsigned long long memory_size;
    unsigned int freq;
    unsigned long long memory_usage;
    int temp;
    unsigned int bandwith_util_rate;
};
_Static_assert(offsetof(struct dcmi_hbm_info, freq) == 8 && offsetof(struct dcmi_hbm_info, memory_usage) == 16, "");
_Static_assert(offsetof(struct dcmi_hbm_info, temp) == 24 && sizeof(struct dcmi_hbm_info) == 32, "");

struct dcmi_get_memory_info_stru {
    unsigned long long memory_size, memory_available;
    unsigned int freq;
    unsigned long hugepagesize, hugepages_total, hugepages_free;
    unsigned int utiliza;
    unsigned char reserve[60];
};
_Static_assert(offsetof(struct dcmi_get_memory_info_stru, memory_available) == 8, "");
_Static_assert(offsetof(struct dcmi_get_memory_info_stru, freq) == 16, "");
_Static_assert(sizeof(struct dcmi_get_memory_info_stru) == 112, "");

struct dcmi_elabel_info {
    char product_name[256], model[256], manufacturer[256], manufacturer_date[256], serial_number[256];
};
_Static_assert(offsetof(struct dcmi_elabel_info, serial_number) == 1024, "");

// Its end, resources of the chip, is left out: 360 bytes in all.
struct dcmi_soc_total_resource {
    unsigned int vdev_num, vdev_id[32], vfg_num, vfg_bitmap;
};
_Static_assert(offsetof(struct dcmi_soc_total_resource, vfg_num) == 132, "");

static int index_of(int card) { return card - FIRST_CARD; }

/// All but the first are inference cards, with DDR.
static int has_hbm(int card) { return index_of(card) == 0; }

/// What a card that dropped off still answers: its place, and its errors, which the driver keeps.
static int begin_kept(int card, int device) {
    if (stub_call()) return NOT_PERMITTED;
    return index_of(card) < 0 || index_of(card) >= stub_count() || device != 0 ? NOT_EXIST : OK;
}

static int begin(int card, int device) {
    int code = begin_kept(card, device);
    return code == OK && stub_is_sick(index_of(card)) ? NOT_READY : code;
}

static unsigned number(unsigned number) { return (unsigned)stub_number(number); }

static unsigned choose(int card, unsigned busy, unsigned idle) { return number(index_of(card) == 0 ? busy : idle); }

STUB_EXPORT int dcmi_init(void) { return stub_scenario() == STUB_NOINIT ? INNER : OK; }

STUB_EXPORT int dcmi_get_dcmi_version(char *version, unsigned length) {
    stub_text(version, length, "24.1.0");
    return OK;
}

STUB_EXPORT int dcmi_get_driver_version(char *version, unsigned length) {
    stub_text(version, length, "24.1.rc2");
    return OK;
}

STUB_EXPORT int dcmi_get_card_list(int *count, int *list, int length) {
    for (int index = 0; index < stub_count() && index < length; index += 1) list[index] = FIRST_CARD + index;
    *count = stub_scenario() == STUB_GARBAGE ? 2000000000 : stub_count();
    return OK;
}

STUB_EXPORT int dcmi_get_device_id_in_card(int card, int *devices, int *controller, int *processor) {
    if (index_of(card) < 0 || index_of(card) >= stub_count()) return NOT_EXIST;
    *devices = 1;
    *controller = 1;
    *processor = -1;
    return OK;
}

STUB_EXPORT int dcmi_get_device_pcie_info_v2(int card, int device, struct dcmi_pcie_info_all *info) {
    struct stub_address address = stub_address(index_of(card));
    memset(info, 0, sizeof *info);
    info->venderid = info->subvenderid = 0x19e5;
    info->deviceid = has_hbm(card) ? 0xd802 : 0xd500;
    info->domain = (int)address.domain;
    info->bdf_busid = address.bus;
    info->bdf_deviceid = address.device;
    info->bdf_funcid = address.function;
    return begin_kept(card, device);
}

STUB_EXPORT int dcmi_get_device_chip_info(int card, int device, struct dcmi_chip_info *info) {
    memset(info, 0, sizeof *info);
    stub_text((char *)info->chip_type, 32, "Ascend");
    stub_text((char *)info->chip_name, 32, has_hbm(card) ? "910B3" : "Ascend310P3");
    stub_text((char *)info->chip_ver, 32, "V1");
    info->aicore_cnt = choose(card, 20, 8);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_die_v2(int card, int device, int type, struct dcmi_die_id *die) {
    if (type != VDIE) return INVALID_PARAMETER;
    const unsigned words[] = {0x45A6C9AE, 0x20509404, 0xCBDE2B14, 0x0, 0x10D30100 + (unsigned)card};
    for (int word = 0; word < 5; word += 1) die->soc_die[word] = words[word];
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_card_elabel_v2(int card, struct dcmi_elabel_info *label) {
    char serial[32];
    snprintf(serial, sizeof serial, "1023B5A%05d", card);
    memset(label, 0, sizeof *label);
    stub_text(label->product_name, 256, "Atlas");
    stub_text(label->serial_number, 256, serial);
    return begin(card, 0);
}

STUB_EXPORT int dcmi_get_device_hbm_info(int card, int device, struct dcmi_hbm_info *info) {
    int code = begin(card, device);
    if (code == OK && !has_hbm(card)) return NOT_SUPPORTED;
    // MB, MHz, MB, degrees, per cent.
    info->memory_size = stub_number(65536);
    info->freq = number(1600);
    info->memory_usage = stub_number(31234);
    info->temp = (int)number(52);
    info->bandwith_util_rate = number(44);
    return code;
}

STUB_EXPORT int dcmi_get_device_memory_info_v3(int card, int device, struct dcmi_get_memory_info_stru *info) {
    memset(info, 0, sizeof *info);
    // MB; free + hugepages_free * hugepagesize; MHz.
    info->memory_size = stub_number(has_hbm(card) ? 15171 : 21527);
    info->memory_available = stub_number(has_hbm(card) ? 12000 : 19832);
    info->freq = number(2133);
    info->hugepagesize = 2048;
    info->utiliza = number(8);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_utilization_rate(int card, int device, int type, unsigned *rate) {
    switch (type) {
    case 2: *rate = choose(card, 93, 0); break;
    case 5: *rate = choose(card, 1, 3); break;
    case 10:
        if (!has_hbm(card)) return NOT_SUPPORTED;
        *rate = number(44);
        break;
    default: return INVALID_PARAMETER;
    }
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_power_info(int card, int device, int *tenths) {
    *tenths = (int)choose(card, 3127, 158);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_temperature(int card, int device, int *degrees) {
    *degrees = (int)choose(card, 58, 39);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_frequency(int card, int device, int type, unsigned *megahertz) {
    if (type != 7) return INVALID_PARAMETER;
    *megahertz = choose(card, 1800, 960);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_ecc_info(int card, int device, int type, struct dcmi_ecc_info *info) {
    int code = begin(card, device);
    if (code == OK && type != (has_hbm(card) ? DEVICE_HBM : DEVICE_DDR)) return NOT_SUPPORTED;
    memset(info, 0, sizeof *info);
    info->enable_flag = 1;
    info->single_bit_error_cnt = choose(card, 2, 0);
    info->double_bit_error_cnt = number(0);
    info->total_single_bit_error_cnt = number(17);
    info->total_double_bit_error_cnt = number(1);
    return code;
}

STUB_EXPORT int dcmi_get_device_health(int card, int device, unsigned *health) {
    *health = number(0);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_device_errorcode_v2(int card, int device, int *count, unsigned *list, unsigned length) {
    int code = begin_kept(card, device);
    if (code != OK) return code;
    *count = 0;
    if (stub_scenario() == STUB_GARBAGE) {
        for (unsigned index = 0; index < length && index < ERRORS_MAX; index += 1) list[index] = 0;
        *count = 1 << 30;
    } else if (stub_is_sick(index_of(card))) {
        list[0] = 0x80E18402;
        list[1] = 0x81078603;
        *count = 2;
    }
    return OK;
}

STUB_EXPORT int dcmi_get_device_info(
    int card, int device, int main_command, unsigned sub_command, void *buffer, unsigned *size) {
    if (main_command != MAIN_CMD_VDEV_MNG || sub_command != VDEV_TOTAL || *size < 360) return INVALID_PARAMETER;
    struct dcmi_soc_total_resource resources = {.vdev_num = choose(card, 0, 2), .vdev_id = {100, 101}};
    memset(buffer, 0, 360);
    memcpy(buffer, &resources, sizeof resources);
    return begin(card, device);
}

STUB_EXPORT int dcmi_get_topo_info_by_device_id(int card, int device, int other_card, int other_device, int *type) {
    int code = begin_kept(card, device);
    // Those of the first two cards are joined.
    *type = index_of(card) < 2 && index_of(other_card) < 2 ? TOPO_HCCS : TOPO_PHB;
    return code != OK ? code : begin_kept(other_card, other_device);
}
