// libmxsml.so: mxsmlBindings.py of MetaX-MACA/mxExporter (dep), and pymxsml of gpustack/runtime for what it lacks.
//
// The last of several devices is the physical function of a card with SR-IOV, which is counted apart, as number 100.
#include "stub.h"

#include <stddef.h>

typedef unsigned int mxSmlReturn_t;
enum {
    MXSML_Success = 0,
    MXSML_NoDevice = 2,
    MXSML_OperationNotSupport = 3,
    MXSML_InvalidDeviceId = 6,
    MXSML_PermissionDenied = 8,
    MXSML_InvalidInput = 9,
    MXSML_InsufficientSize = 10,
};
enum { MXSML_Brand_N = 1, MXSML_Brand_C = 2 };
enum { MXSML_Virtualization_Mode_None = 0, MXSML_Virtualization_Mode_Pf = 1 };
enum { MXSML_Version_Bios = 0, MXSML_Version_Driver = 1 };
enum { MXSML_Usage_Dla = 0, MXSML_Usage_Xcore = 4 };
enum { MXSML_Temperature_Hotspot = 0, MXSML_Temperature_Soc = 2, MXSML_Temperature_Hbm = 15 };
enum { MXSML_Clock_Mc = 2, MXSML_Clock_Mc0 = 3, MXSML_Clock_Mc1 = 4, MXSML_Clock_Xcore = 11 };

typedef struct {
    unsigned int deviceId;
    unsigned int type;
    char bdfId[32];
    unsigned int gpuId;
    unsigned int nodeId;
    char uuid[96];
    unsigned int brand;
    unsigned int mode;
    char deviceName[32];
} MxSmlDeviceInfo;
typedef struct {
    long visVramTotal;
    long visVramUse;
    long vramTotal;
    long vramUse;
    long xttTotal;
    long xttUse;
} MxSmlMemoryInfo;
typedef struct {
    unsigned int voltage;
    unsigned int current;
    unsigned int power;
} MxSmlBoardWayElectricInfo;
typedef struct {
    unsigned int sramCE;
    unsigned int sramUE;
    unsigned int dramCE;
    unsigned int dramUE;
    unsigned int retiredPage;
} MxSmlEccErrorCount;
typedef struct {
    int unavailableCode;
    char unavailableReason[64];
} MxSmlDeviceUnavailableReasonInfo;
typedef struct {
    int deviceId;
    char bdfId[32];
} MxSmlMetaXLinkRemoteInfo;
typedef struct {
    unsigned int parentDeviceId;
    unsigned int sgpuId;
    unsigned int vramQuota;
    unsigned int swQueuePriority;
    unsigned int computeQuota;
    unsigned int minor;
    unsigned int deviceQueuePriority;
    char uuid[94];
} MxSmlSgpuInfo;

_Static_assert(sizeof(MxSmlDeviceInfo) == 184, "MxSmlDeviceInfo");
_Static_assert(offsetof(MxSmlDeviceInfo, bdfId) == 8, "bdfId");
_Static_assert(offsetof(MxSmlDeviceInfo, gpuId) == 40, "gpuId");
_Static_assert(offsetof(MxSmlDeviceInfo, uuid) == 48, "uuid");
_Static_assert(offsetof(MxSmlDeviceInfo, brand) == 144, "brand");
_Static_assert(offsetof(MxSmlDeviceInfo, mode) == 148, "mode");
_Static_assert(offsetof(MxSmlDeviceInfo, deviceName) == 152, "deviceName");
_Static_assert(sizeof(MxSmlMemoryInfo) == 48, "MxSmlMemoryInfo");
_Static_assert(offsetof(MxSmlMemoryInfo, visVramTotal) == 0, "visVramTotal");
_Static_assert(offsetof(MxSmlMemoryInfo, vramTotal) == 16, "vramTotal");
_Static_assert(offsetof(MxSmlMemoryInfo, vramUse) == 24, "vramUse");
_Static_assert(offsetof(MxSmlMemoryInfo, xttTotal) == 32, "xttTotal");
_Static_assert(sizeof(MxSmlBoardWayElectricInfo) == 12, "MxSmlBoardWayElectricInfo");
_Static_assert(offsetof(MxSmlBoardWayElectricInfo, voltage) == 0, "voltage");
_Static_assert(offsetof(MxSmlBoardWayElectricInfo, current) == 4, "current");
_Static_assert(offsetof(MxSmlBoardWayElectricInfo, power) == 8, "power");
_Static_assert(sizeof(MxSmlEccErrorCount) == 20, "MxSmlEccErrorCount");
_Static_assert(offsetof(MxSmlEccErrorCount, sramCE) == 0, "sramCE");
_Static_assert(offsetof(MxSmlEccErrorCount, sramUE) == 4, "sramUE");
_Static_assert(offsetof(MxSmlEccErrorCount, dramCE) == 8, "dramCE");
_Static_assert(offsetof(MxSmlEccErrorCount, dramUE) == 12, "dramUE");
_Static_assert(offsetof(MxSmlEccErrorCount, retiredPage) == 16, "retiredPage");
_Static_assert(sizeof(MxSmlDeviceUnavailableReasonInfo) == 68, "MxSmlDeviceUnavailableReasonInfo");
_Static_assert(offsetof(MxSmlDeviceUnavailableReasonInfo, unavailableCode) == 0, "unavailableCode");
_Static_assert(offsetof(MxSmlDeviceUnavailableReasonInfo, unavailableReason) == 4, "unavailableReason");
_Static_assert(sizeof(MxSmlMetaXLinkRemoteInfo) == 36, "MxSmlMetaXLinkRemoteInfo");
_Static_assert(offsetof(MxSmlMetaXLinkRemoteInfo, deviceId) == 0, "deviceId");
_Static_assert(offsetof(MxSmlMetaXLinkRemoteInfo, bdfId) == 4, "bdfId");
_Static_assert(sizeof(MxSmlSgpuInfo) == 124, "MxSmlSgpuInfo");

enum { firstPhysical = 100 };

static int physical(void) { return stub_count() > 1 ? 1 : 0; }
static int native(void) { return stub_count() - physical(); }

/// The place of a device among all; below 0 for none.
static int place(unsigned int device) {
    if (device < (unsigned int)native()) return (int)device;
    if (device >= firstPhysical && device < firstPhysical + (unsigned int)physical())
        return native() + (int)(device - firstPhysical);
    return -1;
}

static unsigned int number(int index) {
    return (unsigned int)(index < native() ? index : firstPhysical + index - native());
}

static mxSmlReturn_t begin(unsigned int device) {
    if (place(device) < 0) return MXSML_InvalidDeviceId;
    return stub_call() ? MXSML_PermissionDenied : MXSML_Success;
}

static void write_address(int index, char *text, size_t capacity) {
    struct stub_address address = stub_address(index);
    snprintf(text, capacity, "%04x:%02x:%02x.%x", address.domain, address.bus, address.device, address.function);
}

STUB_EXPORT mxSmlReturn_t mxSmlInit(void) { return stub_scenario() == STUB_NOINIT ? MXSML_NoDevice : MXSML_Success; }

STUB_EXPORT const char *mxSmlGetErrorString(mxSmlReturn_t code) {
    switch (code) {
    case MXSML_NoDevice: return "No device";
    case MXSML_PermissionDenied: return "Permission denied";
    case MXSML_InvalidDeviceId: return "Invalid device id";
    default: return "Failure";
    }
}

STUB_EXPORT mxSmlReturn_t mxSmlGetMacaVersion(char *version, unsigned int *size) {
    stub_text(version, *size, "3.5.3.18");
    return MXSML_Success;
}

// These answer with the count itself.
STUB_EXPORT unsigned int mxSmlGetDeviceCount(void) { return (unsigned int)stub_number((uint64_t)native()); }
STUB_EXPORT unsigned int mxSmlGetPfDeviceCount(void) { return (unsigned int)stub_number((uint64_t)physical()); }

STUB_EXPORT mxSmlReturn_t mxSmlGetDeviceInfo(unsigned int device, MxSmlDeviceInfo *info) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    char uuid[96];
    snprintf(uuid, sizeof uuid, "GPU-3fd4ee8f-169c-6d31-f9dc-%012x", 0x999900 + place(device));
    memset(info, 0, sizeof *info);
    info->deviceId = device;
    info->gpuId = 4000 + device;
    info->nodeId = device;
    info->brand = MXSML_Brand_C;
    info->mode = device >= firstPhysical ? MXSML_Virtualization_Mode_Pf : MXSML_Virtualization_Mode_None;
    write_address(place(device), info->bdfId, sizeof info->bdfId);
    stub_text(info->uuid, sizeof info->uuid, uuid);
    stub_text(info->deviceName, sizeof info->deviceName, "MXC500");
    return MXSML_Success;
}

STUB_EXPORT mxSmlReturn_t mxSmlGetBoardSerial(unsigned int device, char *serial, unsigned int *size) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    if (*size < 32) return MXSML_InsufficientSize;
    char text[32];
    snprintf(text, sizeof text, "CC0500M%05d", 214 + place(device));
    stub_text(serial, *size, text);
    return MXSML_Success;
}

STUB_EXPORT mxSmlReturn_t mxSmlGetDeviceVersion(
    unsigned int device, unsigned int unit, char *version, unsigned int *size) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    if (*size < 64) return MXSML_InsufficientSize;
    stub_text(version, *size, unit == MXSML_Version_Bios ? "1.25.3.0" : unit == MXSML_Version_Driver ? "3.6.11" : "other");
    return MXSML_Success;
}

// KiB: 64 GiB, of which the first device uses 48 GiB; 512 GiB of the host can be reached.
STUB_EXPORT mxSmlReturn_t mxSmlGetMemoryInfo(unsigned int device, MxSmlMemoryInfo *memory) {
    memory->visVramTotal = 67108864;
    memory->visVramUse = 11;
    memory->vramTotal = (long)(stub_number(67108864) & INT64_MAX);
    memory->vramUse = (long)(stub_number(place(device) == 0 ? 50331648 : 845824) & INT64_MAX);
    memory->xttTotal = 536870912;
    memory->xttUse = 22;
    return begin(device);
}

STUB_EXPORT mxSmlReturn_t mxSmlGetDeviceIpUsage(unsigned int device, unsigned int unit, int *percent) {
    *percent = unit == MXSML_Usage_Xcore ? (int)stub_number(place(device) == 0 ? 94 : 0) : 33;
    return begin(device);
}

// Hundredths of a degree.
STUB_EXPORT mxSmlReturn_t mxSmlGetTemperatureInfo(unsigned int device, unsigned int sensor, int *temperature) {
    int chip = place(device) == 0 ? 6825 : 3650;
    int memory = place(device) == 0 ? 7400 : 3900;
    *temperature = (int)stub_number(
        (uint64_t)(sensor == MXSML_Temperature_Hotspot ? chip : sensor == MXSML_Temperature_Hbm ? memory : 1111));
    return begin(device);
}

// Two ways, of millivolts, milliamperes and milliwatts.
STUB_EXPORT mxSmlReturn_t mxSmlGetBoardPowerInfo(
    unsigned int device, unsigned int *size, MxSmlBoardWayElectricInfo *ways) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    unsigned int room = *size;
    *size = (unsigned int)stub_number(2);
    if (room < 2) return MXSML_InsufficientSize;
    int isBusy = place(device) == 0;
    ways[0] = (MxSmlBoardWayElectricInfo){12100, 5000, (unsigned int)stub_number(isBusy ? 165250 : 41200)};
    ways[1] = (MxSmlBoardWayElectricInfo){12000, 4000, (unsigned int)stub_number(isBusy ? 121000 : 30150)};
    return MXSML_Success;
}

STUB_EXPORT mxSmlReturn_t mxSmlGetBoardPowerLimit(unsigned int device, unsigned int *milliwatts) {
    *milliwatts = (unsigned int)stub_number(350000);
    return begin(device);
}

// Megahertz.
STUB_EXPORT mxSmlReturn_t mxSmlGetClocks(
    unsigned int device, unsigned int unit, unsigned int *size, unsigned int *megahertz) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    if (*size < 1) return MXSML_InsufficientSize;
    *size = (unsigned int)stub_number(1);
    unsigned int core = place(device) == 0 ? 1600 : 600;
    megahertz[0] = (unsigned int)stub_number(unit == MXSML_Clock_Xcore ? core : unit == MXSML_Clock_Mc0 ? 1800 : 77);
    return MXSML_Success;
}

STUB_EXPORT mxSmlReturn_t mxSmlGetTotalEccErrors(unsigned int device, MxSmlEccErrorCount *errors) {
    int isBusy = place(device) == 0;
    errors->sramCE = (unsigned int)stub_number(isBusy ? 1 : 0);
    errors->sramUE = (unsigned int)stub_number(0);
    errors->dramCE = (unsigned int)stub_number(isBusy ? 40 : 0);
    errors->dramUE = (unsigned int)stub_number(stub_is_sick(place(device)) ? 3 : 0);
    errors->retiredPage = (unsigned int)stub_number(700);
    return begin(device);
}

STUB_EXPORT mxSmlReturn_t mxSmlGetDeviceState(unsigned int device, int *state) {
    *state = (int)stub_number(stub_is_sick(place(device)) ? 0 : 1);
    return begin(device);
}

STUB_EXPORT mxSmlReturn_t mxSmlGetDeviceUnavailableReason(
    unsigned int device, MxSmlDeviceUnavailableReasonInfo *reason) {
    reason->unavailableCode = stub_is_sick(place(device)) ? 4 : 0;
    stub_text(reason->unavailableReason, sizeof reason->unavailableReason, "MetaXLink training failed");
    return begin(device);
}

// Four links end at the next device, one is down, one ends at another machine, and one cannot be asked.
STUB_EXPORT mxSmlReturn_t mxSmlGetMetaXLinkRemoteInfo(
    unsigned int device, unsigned int link, MxSmlMetaXLinkRemoteInfo *remote) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    if (link >= 7) return MXSML_InvalidInput;
    if (link == 6) return MXSML_OperationNotSupport;
    memset(remote, 0, sizeof *remote);
    if (link < 4) {
        int next = (place(device) + 1) % stub_count();
        remote->deviceId = (int)number(next);
        write_address(next, remote->bdfId, sizeof remote->bdfId);
    } else {
        remote->deviceId = -1;
        if (link == 5) snprintf(remote->bdfId, sizeof remote->bdfId, "0000:77:00.0");
    }
    return MXSML_Success;
}

// The first device has two sGPUs, which are 1 and 4.
STUB_EXPORT unsigned int mxSmlGetSgpuCount(unsigned int device) {
    return (unsigned int)stub_number(place(device) == 0 ? 2 : 0);
}

STUB_EXPORT mxSmlReturn_t mxSmlGetSgpuInfo(unsigned int device, unsigned int sgpu, MxSmlSgpuInfo *info) {
    mxSmlReturn_t code = begin(device);
    if (code != MXSML_Success) return code;
    if (place(device) != 0 || (sgpu != 1 && sgpu != 4)) return MXSML_OperationNotSupport;
    memset(info, 0, sizeof *info);
    info->parentDeviceId = device;
    info->sgpuId = sgpu;
    info->vramQuota = 16384;
    info->computeQuota = 25;
    return MXSML_Success;
}
