import TidemillDevices

/// Biren's management library. Functions, units and layouts: brml.h, as in BirenTechnology/go-brml (brml/brml.h); paths: its
/// Kubernetes device plugin. It has no function for energy.
package struct BRML: VendorLibrary {
    package static let name = "brml"
    package static let files = ["libbiren-ml.so.1", "/usr/lib/libbiren-ml.so.1", "/usr/lib/libbiren-ml.so"]

    private typealias Device = LibraryDeviceHandle
    private typealias GetPair =
        @convention(c) (Device, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetFirmware = @convention(c) (Device, Int32, UnsafeMutableRawPointer, Int32) -> Int32
    private typealias GetErrors = @convention(c) (Device, Int32, Int32, UnsafeMutablePointer<UInt64>) -> Int32
    private typealias GetLinkNumber = @convention(c) (Device, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetLinkBuffer = @convention(c) (Device, UInt32, UnsafeMutableRawPointer) -> Int32

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// BRML_ERROR_NOT_SUPPORTED, _NO_DATA.
    private static let unsupported: Set<Int64> = [3, 11]
    /// Twice as many as brmlP2pStatus_t has ports.
    private static let mostLinks: UInt32 = 16

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let errorText = handle.find("brmlErrorString", as: (@convention(c) (Int32) -> UnsafePointer<CChar>?).self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            errorText?(Int32(truncatingIfNeeded: code)).map { String(cString: $0) }
        }
        let initialize = try handle.require("brmlInit", as: (@convention(c) () -> Int32).self)
        let code = Int64(initialize())
        if code != 0 { throw .refused("brmlInit", code, style.text(code)) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = handle.systemText("brmlSystemGetBRMLVersion", count: 80)
        report.driver = handle.systemText("brmlSystemGetDriverVersion", count: 80)
        let found = try LibraryHandles(
            handle, name: Self.name, style: style, count: "brmlDeviceGetCount", byIndex: "brmlDeviceGetHandleByIndex")
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
        // brmlPciInfo_t, 56 bytes: domain at 0, bus at 4, device at 8, function at 12.
        let place = LibraryBuffer(56)
        if calls.fill(place, "brmlDeviceGetPciInfo", device) { next.address = place.address(at: 0, hasFunction: true) }
        // brmlGPUInfo_t, 384 bytes, 96 for each text: name at 0, serial number at 192.
        let info = LibraryBuffer(384)
        if calls.fill(info, "brmlDeviceGetGpuInfo", device) {
            next.name = info.text(at: 0, count: 96)
            next.serial = info.text(at: 192, count: 96)
        }
        // BRML_DEVICE_UUID_BUFFER_SIZE.
        next.uuid = calls.text("brmlDeviceGetUUID", device, count: 80)
        // BRML_GPU_FIRMWARE_TYPE_FLASH, BRML_SYSTEM_FIRMWARE_VERSION_BUFFER_SIZE.
        let version = LibraryBuffer(80)
        let pointer = version.pointer
        if calls.call("brmlDeviceGetFirmwareVersion", as: GetFirmware.self, { $0(device, 6, pointer, 80) }) {
            next.firmware = version.text(count: 80)
        }
        // BRML_DEVICE_SVI_MODE1 and _MODE2 are two and four instances; 1 is the whole device, 0 is without SVI.
        var (now, pending): (UInt32, UInt32) = (0, 0)
        if calls.call("brmlDeviceGetSviMode", as: GetPair.self, { $0(device, &now, &pending) }), now == 2 || now == 4 {
            next.cuts.append("svi")
        }
        readUsage(device, &next, &calls)
        readHealth(device, &next, &calls, &problems)
        readLinks(device, &next, &calls)
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    private func readUsage(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // brmlMemory_t, 24 bytes: total at 0, free at 8, used at 16, in bytes.
        let memory = LibraryBuffer(24)
        if calls.fill(memory, "brmlDeviceGetMemoryInfo", device) {
            next.memoryBytes = Int64(clamping: memory.number(at: 0, as: UInt64.self))
            next.usage.memoryUsedBytes = Int64(clamping: memory.number(at: 16, as: UInt64.self))
        }
        // brmlUtilization_t, 8 bytes: GPU at 0, memory at 4, in per cent.
        let busy = LibraryBuffer(8)
        if calls.fill(busy, "brmlDeviceGetUtilizationRates", device) {
            next.usage.compute = Double(busy.number(at: 0, as: UInt32.self)) / 100
            next.usage.memoryBusy = Double(busy.number(at: 4, as: UInt32.self)) / 100
        }
        // Milliwatts.
        next.usage.watts = calls.number("brmlDeviceGetPowerUsage", device).map { Double($0) / 1000 }
        next.usage.wattsLimit = calls.number("brmlDeviceGetPowerManagementLimit", device).map { Double($0) / 1000 }
        // Degrees: BRML_TEMPERATURE_GPU and _MEMORY.
        next.usage.celsius = calls.number("brmlDeviceGetTemperature", device, kind: 0).map {
            Double(Int32(bitPattern: $0))
        }
        next.usage.memoryCelsius = calls.number("brmlDeviceGetTemperature", device, kind: 1).map {
            Double(Int32(bitPattern: $0))
        }
        // Megahertz: BRML_CLOCK_CORE and _MEM.
        next.usage.clockHertz = calls.number("brmlDeviceGetClockInfo", device, kind: 1).map { Int64($0) * 1_000_000 }
        next.usage.memoryClockHertz = calls.number("brmlDeviceGetClockInfo", device, kind: 2).map {
            Int64($0) * 1_000_000
        }
        // Corrected is 0, uncorrected 1; BRML_VOLATILE_ECC is 0: since the driver was loaded.
        var errors: UInt64 = 0
        if calls.call("brmlDeviceGetTotalEccErrors", as: GetErrors.self, { $0(device, 0, 0, &errors) }) {
            next.usage.eccCorrected = Int64(clamping: errors)
        }
        if calls.call("brmlDeviceGetTotalEccErrors", as: GetErrors.self, { $0(device, 1, 0, &errors) }) {
            next.usage.eccUncorrected = Int64(clamping: errors)
        }
    }

    /// brmlGpuHealthStatus_t: 0 is OK, 1 a warning, 2 a critical warning, 3 an error.
    private func readHealth(
        _ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls, _ problems: inout [String]
    ) {
        guard let status = calls.number("brmlDeviceGetHealthStatus", device) else { return }
        switch status {
        case 0:
            next.health = .healthy
        case 1:
            next.health = .degraded
            next.faults.append(DeviceFault("1", "the device's health is a warning"))
        case 2:
            next.health = .degraded
            next.faults.append(DeviceFault("2", "the device's health is a critical warning"))
        case 3:
            next.health = .unhealthy
            next.faults.append(DeviceFault("3", "the device's health is an error"))
        default:
            problems.append("brmlDeviceGetHealthStatus of device \(next.index) tells of \(status), which is no status")
        }
    }

    /// BrLinks that are enabled, and the device at the other end of each; several to one peer are one link.
    private func readLinks(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        guard let count = calls.number("brmlDeviceGetBrLinkNumber", device),
            let state = handle.find("brmlDeviceGetBrLinkState", as: GetLinkNumber.self),
            let remote = handle.find("brmlDeviceGetBrLinkRemotePciInfo", as: GetLinkBuffer.self)
        else { return }
        var lanes: [PCIAddress: Int] = [:]
        for link in 0..<min(count, Self.mostLinks) {
            var isEnabled: UInt32 = 0
            guard state(device, link, &isEnabled) == 0, isEnabled == 1 else { continue }
            let info = LibraryBuffer(56)
            // Links without a device at their other end answer with BRML_ERROR_NOT_FOUND.
            guard remote(device, link, info.pointer) == 0, let peer = info.address(at: 0, hasFunction: true) else {
                continue
            }
            lanes[peer, default: 0] += 1
        }
        next.links = lanes.sorted { $0.key < $1.key }.map { peer, count in
            LibraryLink(peer: peer, type: count == 1 ? "brlink" : "brlink x\(count)")
        }
    }
}
