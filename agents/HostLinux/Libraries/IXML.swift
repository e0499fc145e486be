import TidemillDevices

/// Iluvatar CoreX's management library, which is called like NVML and has some functions of its own. Functions, units and
/// layouts: api.h, as in Deep-Spark/go-ixml (pkg/ixml/api.h). It has no functions for energy, links between devices or cuts.
package struct IXML: VendorLibrary {
    package static let name = "ixml"
    package static let files = [
        "libixml.so", "/usr/local/corex/lib64/libixml.so", "/usr/local/corex/lib/libixml.so",
    ]

    private typealias Device = LibraryDeviceHandle
    private typealias GetPair =
        @convention(c) (Device, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetLong = @convention(c) (Device, UnsafeMutablePointer<UInt64>) -> Int32

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// NVML_ERROR_NOT_SUPPORTED, _FUNCTION_NOT_FOUND, _NO_DATA, _DEPRECATED.
    private static let unsupported: Set<Int64> = [3, 13, 21, 26]
    /// NVML_ERROR_GPU_IS_LOST, _RESET_REQUIRED.
    private static let lost: Int64 = 15
    private static let resetRequired: Int64 = 16

    /// The library has no texts for its codes; these are the words of nvmlReturn_t.
    private static let texts: [Int64: String] = [
        1: "uninitialised", 2: "invalid argument", 4: "no permission", 6: "not found", 7: "insufficient size",
        8: "insufficient power", 9: "driver not loaded", 10: "timeout", 11: "interrupt issue", 12: "library not found",
        14: "corrupted inforom", 15: "GPU is lost", 16: "reset required", 17: "operating system",
        18: "driver and library versions do not match", 19: "in use", 20: "memory", 23: "insufficient resources",
        25: "argument version mismatch", 999: "unknown",
    ]

    /// The bits that ixmlDeviceGetHealth answers with (ixmlHealth…Error); none is ixmlHealthOK.
    private static let healthBits: [(bit: UInt64, text: String)] = [
        (0x1, "an error of the system hub"), (0x2, "an error of the memory controller"),
        (0x4, "the temperature is too high"), (0x8, "the voltage is too high"), (0x10, "an ECC error"),
        (0x20, "a memory error"), (0x40, "a PCIe error"),
    ]

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        style = LibraryCalls.Style(unsupported: Self.unsupported) { Self.texts[$0] }
        let initialize = try handle.require("nvmlInit_v2", as: (@convention(c) () -> Int32).self)
        let code = Int64(initialize())
        if code != 0 { throw .refused("nvmlInit_v2", code, style.text(code)) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = handle.systemText("nvmlSystemGetNVMLVersion", count: 80)
        report.driver = handle.systemText("nvmlSystemGetDriverVersion", count: 80)
        let found = try LibraryHandles(
            handle, name: Self.name, style: style, count: "nvmlDeviceGetCount_v2",
            byIndex: "nvmlDeviceGetHandleByIndex_v2")
        for (index, device) in found.devices {
            report.devices.append(read(index, device, &report.problems))
        }
        report.problems += found.problems
        return report
    }

    // MARK: One device

    private func read(_ index: Int, _ device: Device, _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        var next = LibraryDevice(index: index)
        // nvmlPciInfo_t, 68 bytes: domain at 16, bus at 20, device at 24.
        let place = LibraryBuffer(68)
        if calls.fill(place, "nvmlDeviceGetPciInfo_v3", device) {
            next.address = place.address(at: 16, hasFunction: false)
        }
        // NVML_DEVICE_NAME_V2_BUFFER_SIZE, _UUID_, _SERIAL_ and _VBIOS_VERSION_BUFFER_SIZE.
        next.name = calls.text("nvmlDeviceGetName", device, count: 96)
        next.uuid = calls.text("nvmlDeviceGetUUID", device, count: 80)
        next.serial = calls.text("nvmlDeviceGetSerial", device, count: 30)
        next.firmware = calls.text("nvmlDeviceGetVbiosVersion", device, count: 32)
        var (major, minor): (UInt32, UInt32) = (0, 0)
        if calls.call("nvmlDeviceGetCudaComputeCapability", as: GetPair.self, { $0(device, &major, &minor) }) {
            next.attributes["computeCapability"] = "\(Int32(bitPattern: major)).\(Int32(bitPattern: minor))"
        }
        readUsage(device, &next, &calls)
        readHealth(device, &next, &calls)
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    private func readUsage(
        _ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) {
        // nvmlMemory_t, 24 bytes: total at 0, free at 8, used at 16, in bytes.
        let memory = LibraryBuffer(24)
        if calls.fill(memory, "nvmlDeviceGetMemoryInfo", device) {
            next.memoryBytes = Int64(clamping: memory.number(at: 0, as: UInt64.self))
            next.usage.memoryUsedBytes = Int64(clamping: memory.number(at: 16, as: UInt64.self))
        }
        // nvmlUtilization_t, 8 bytes: GPU at 0, memory at 4, in per cent.
        let busy = LibraryBuffer(8)
        if calls.fill(busy, "nvmlDeviceGetUtilizationRates", device) {
            next.usage.compute = Double(busy.number(at: 0, as: UInt32.self)) / 100
            next.usage.memoryBusy = Double(busy.number(at: 4, as: UInt32.self)) / 100
        }
        // Milliwatts, degrees (NVML_TEMPERATURE_GPU), megahertz (NVML_CLOCK_SM and NVML_CLOCK_MEM).
        next.usage.watts = calls.number("nvmlDeviceGetPowerUsage", device).map { Double($0) / 1000 }
        next.usage.wattsLimit = calls.number("nvmlDeviceGetPowerManagementLimit", device).map { Double($0) / 1000 }
        next.usage.celsius = calls.number("nvmlDeviceGetTemperature", device, kind: 0).map {
            Double(Int32(bitPattern: $0))
        }
        next.usage.clockHertz = calls.number("nvmlDeviceGetClockInfo", device, kind: 1).map { Int64($0) * 1_000_000 }
        next.usage.memoryClockHertz = calls.number("nvmlDeviceGetClockInfo", device, kind: 2).map {
            Int64($0) * 1_000_000
        }
    }

    /// Any bit of health is an error to the vendor's own device plugin (Deep-Spark/ix-device-plugin, pkg/dpm/device.go).
    private func readHealth(
        _ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) {
        var (single, double): (UInt32, UInt32) = (0, 0)
        // Its name is spelt so.
        if calls.call("ixmlDeviceGetEccErros", as: GetPair.self, { $0(device, &single, &double) }) {
            next.usage.eccCorrected = Int64(single)
            next.usage.eccUncorrected = Int64(double)
        }
        var bits: UInt64 = 0
        if calls.call("ixmlDeviceGetHealth", as: GetLong.self, { $0(device, &bits) }) {
            next.health = bits == 0 ? .healthy : .unhealthy
            for (bit, text) in Self.healthBits where bits & bit != 0 {
                next.faults.append(DeviceFault("0x\(String(bit, radix: 16))", text))
                bits &= ~bit
            }
            if bits != 0 { next.faults.append(DeviceFault("0x\(String(bits, radix: 16))")) }
        }
        if calls.codes.contains(Self.lost) {
            next.faults.append(DeviceFault("lost", "the GPU has fallen off the bus"))
            next.health = .unhealthy
        } else if calls.codes.contains(Self.resetRequired) {
            next.faults.append(DeviceFault("reset-required", "the GPU must be reset before it can be used"))
            next.health = .unhealthy
        }
    }
}
