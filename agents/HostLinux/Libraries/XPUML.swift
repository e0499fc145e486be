import TidemillDevices

/// Kunlunxin's management library. Functions, units and layouts: xpuml.h, as in kunlunxin/go-xpuml (pkg/xpuml/xpuml.h). It
/// has no functions for UUIDs, firmware, power limits, energy, memory clocks, ECC errors or links. Serial numbers are a
/// board's, so that the two devices of a K200 may share one.
package struct XPUML: VendorLibrary {
    package static let name = "xpuml"
    package static let files = ["libxpuml.so", "/usr/local/xpu/lib/libxpuml.so", "/usr/local/xpu/so/libxpuml.so"]

    private typealias Device = LibraryDeviceHandle

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// XPUML_ERROR_NOT_SUPPORTED, _FUNCTION_NOT_FOUND, _NO_DATA.
    private static let unsupported: Set<Int64> = [3, 13, 21]
    /// XPUML_ERROR_XPU_IS_LOST, _RESET_REQUIRED.
    private static let lost: Int64 = 15
    private static let resetRequired: Int64 = 16

    /// xpumlDeviceArch_t.
    private static let architectures: [Int32: String] = [1: "kl1", 2: "kl2", 3: "kl3"]
    /// xpumlDeviceModel_t; its virtual functions have numbers of their own.
    private static let models: [Int32: String] = [
        0: "K200", 1: "K100", 2: "R200", 3: "R300", 4: "R200-8F", 200: "R200", 201: "R200", 202: "R200", 203: "R200",
    ]

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let errorText = handle.find("xpumlErrorString", as: (@convention(c) (Int32) -> UnsafePointer<CChar>?).self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            errorText?(Int32(truncatingIfNeeded: code)).map { String(cString: $0) }
        }
        let initialize = try handle.require("xpumlInit", as: (@convention(c) () -> Int32).self)
        let code = Int64(initialize())
        if code != 0 { throw .refused("xpumlInit", code, style.text(code)) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = handle.systemText("xpumlSystemGetXPUMLVersion", count: 80)
        report.driver = handle.systemText("xpumlSystemGetDriverVersion", count: 80)
        let found = try LibraryHandles(
            handle, name: Self.name, style: style, count: "xpumlDeviceGetCount", byIndex: "xpumlDeviceGetHandleByIndex")
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
        // xpumlPciInfo_t, 128 bytes: domain at 0, bus at 4, device at 8, function at 12.
        let place = LibraryBuffer(128)
        if calls.fill(place, "xpumlDeviceGetPciInfo", device) { next.address = place.address(at: 0, hasFunction: true) }
        // XPUML_DEVICE_SERIAL_BUFFER_SIZE is 17, and the text is described as one of at most 30.
        next.serial = calls.text("xpumlDeviceGetSerial", device, count: 32)
        // xpumlDeviceAttributes_t, 128 bytes: archId at 0, modelId at 8.
        let attributes = LibraryBuffer(128)
        if calls.fill(attributes, "xpumlDeviceGetAttributes", device) {
            next.name = Self.models[attributes.number(at: 8)]
            next.attributes["architecture"] = Self.architectures[attributes.number(at: 0)]
        }
        // XPUML_HOST_VXPU_MODE_SRIOV_ON.
        if calls.number("xpumlDeviceGetHostVxpuMode", device) == 2 { next.cuts.append("sriov") }
        readUsage(device, &next, &calls)
        readHealth(device, &next, &calls)
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    private func readUsage(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // xpumlMemory_t, 128 bytes: global memory in total at 8, used at 24, in bytes.
        let memory = LibraryBuffer(128)
        if calls.fill(memory, "xpumlDeviceGetMemoryInfo", device) {
            next.memoryBytes = Int64(clamping: memory.number(at: 8, as: UInt64.self))
            next.usage.memoryUsedBytes = Int64(clamping: memory.number(at: 24, as: UInt64.self))
        }
        // xpumlUtilization_t, 128 bytes: XPU at 0, memory at 4, in per cent.
        let busy = LibraryBuffer(128)
        if calls.fill(busy, "xpumlDeviceGetUtilizationRates", device) {
            next.usage.compute = Double(busy.number(at: 0, as: UInt32.self)) / 100
            next.usage.memoryBusy = Double(busy.number(at: 4, as: UInt32.self)) / 100
        }
        // Milliwatts, degrees (XPUML_TEMPERATURE_XPU), megahertz (XPUML_CLOCK_XPU).
        next.usage.watts = calls.number("xpumlDeviceGetPowerUsage", device).map { Double($0) / 1000 }
        next.usage.celsius = calls.number("xpumlDeviceGetTemperature", device, kind: 0).map {
            Double(Int32(bitPattern: $0))
        }
        next.usage.clockHertz = calls.number("xpumlDeviceGetClockInfo", device, kind: 0).map { Int64($0) * 1_000_000 }
    }

    /// xpumlDeviceState_t: 201 is running, 205 in reset, 207 an error, 208 an exception. 0, unused, says neither good nor ill.
    private func readHealth(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        switch calls.number("xpumlDeviceGetState", device) {
        case 201:
            next.health = .healthy
        case 205:
            next.health = .degraded
            next.faults.append(DeviceFault("205", "the device is being reset"))
        case 207:
            next.health = .unhealthy
            next.faults.append(DeviceFault("207", "the device is in the state of an error"))
        case 208:
            next.health = .unhealthy
            next.faults.append(DeviceFault("208", "the device is in the state of an exception"))
        default:
            break
        }
        if calls.codes.contains(Self.lost) {
            next.faults.append(DeviceFault("lost", "the XPU has fallen off the bus"))
            next.health = .unhealthy
        } else if calls.codes.contains(Self.resetRequired) {
            next.faults.append(DeviceFault("reset-required", "the XPU must be reset before it can be used"))
            next.health = .unhealthy
        }
    }
}
