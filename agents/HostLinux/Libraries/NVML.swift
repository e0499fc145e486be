import TidemillDevices

/// NVIDIA's management library. Functions, units and layouts: nvml.h, as in NVIDIA/go-nvml (gen/nvml/nvml.h).
package struct NVML: VendorLibrary {
    package static let name = "nvml"
    package static let files = [
        "libnvidia-ml.so.1", "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
        "/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1",
        "/usr/lib64/libnvidia-ml.so.1", "/run/nvidia/driver/usr/lib64/libnvidia-ml.so.1",
    ]

    private typealias Device = OpaquePointer?
    private typealias GetNumber = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetBuffer = @convention(c) (Device, UnsafeMutableRawPointer) -> Int32
    private typealias GetText = @convention(c) (Device, UnsafeMutableRawPointer, UInt32) -> Int32
    private typealias GetOfKind = @convention(c) (Device, Int32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetHandle = @convention(c) (UInt32, UnsafeMutablePointer<Device>) -> Int32
    private typealias GetSystemText = @convention(c) (UnsafeMutableRawPointer, UInt32) -> Int32

    private static let handleByIndex = "nvmlDeviceGetHandleByIndex_v2"

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// NVML_ERROR_NOT_SUPPORTED, _FUNCTION_NOT_FOUND, _NO_DATA (the counter was never written), _DEPRECATED.
    private static let unsupported: Set<Int64> = [3, 13, 21, 26]
    /// NVML_ERROR_GPU_IS_LOST, _RESET_REQUIRED.
    private static let lost: Int64 = 15
    private static let resetRequired: Int64 = 16
    /// More links than any card has: newer headers count 36.
    private static let mostLinks: UInt32 = 36

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let errorText = handle.find("nvmlErrorString", as: (@convention(c) (Int32) -> UnsafePointer<CChar>?).self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            errorText?(Int32(truncatingIfNeeded: code)).map { String(cString: $0) }
        }
        let initialize = try handle.require("nvmlInit_v2", as: (@convention(c) () -> Int32).self)
        try check("nvmlInit_v2", initialize())
    }

    private func check(_ call: String, _ code: Int32) throws(LibraryFailure) {
        if code != 0 { throw .refused(call, Int64(code), style.text(Int64(code))) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = text("nvmlSystemGetNVMLVersion")
        report.driver = text("nvmlSystemGetDriverVersion")
        let count = try handle.require(
            "nvmlDeviceGetCount_v2", as: (@convention(c) (UnsafeMutablePointer<UInt32>) -> Int32).self)
        var most: UInt32 = 0
        try check("nvmlDeviceGetCount_v2", count(&most))
        if most > LibraryReport.mostDevices {
            report.problems.append("nvml counts \(most) devices; \(LibraryReport.mostDevices) are looked at")
        }
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        for index in 0..<min(most, UInt32(LibraryReport.mostDevices)) {
            var found: Device = nil
            if calls.call(Self.handleByIndex, as: GetHandle.self, { $0(index, &found) }) {
                report.devices.append(read(Int(index), found, &report.problems))
            }
        }
        report.problems += calls.problems
        return report
    }

    private func text(_ symbol: String) -> String? {
        let buffer = LibraryBuffer(80)
        guard let function = handle.find(symbol, as: GetSystemText.self), function(buffer.pointer, 80) == 0 else {
            return nil
        }
        return buffer.text(count: 80)
    }

    // MARK: One device

    private func read(_ index: Int, _ device: Device, _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        var next = LibraryDevice(index: index, address: address(device, "nvmlDeviceGetPciInfo_v3", &calls))
        next.name = text("nvmlDeviceGetName", 96, device, &calls)
        next.uuid = text("nvmlDeviceGetUUID", 96, device, &calls)
        next.serial = text("nvmlDeviceGetSerial", 30, device, &calls)
        next.firmware = text("nvmlDeviceGetVbiosVersion", 32, device, &calls)
        readModel(device, &next, &calls)
        readUsage(device, &next, &calls)
        readHealth(device, &next, &calls)
        readLinks(device, &next, &calls)
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    private func number(_ symbol: String, _ device: Device, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(device, &number) } ? number : nil
    }

    private func number(_ symbol: String, kind: Int32, _ device: Device, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetOfKind.self) { $0(device, kind, &number) } ? number : nil
    }

    private func text(_ symbol: String, _ count: Int, _ device: Device, _ calls: inout LibraryCalls) -> String? {
        let buffer = LibraryBuffer(count)
        return calls.call(symbol, as: GetText.self) { $0(device, buffer.pointer, UInt32(count)) }
            ? buffer.text(count: count) : nil
    }

    /// nvmlPciInfo_t, 68 bytes: domain at 16, bus at 20, device at 24.
    private static func address(_ info: borrowing LibraryBuffer) -> PCIAddress? {
        let (bus, device): (UInt32, UInt32) = (info.number(at: 20), info.number(at: 24))
        guard bus <= 255, device <= 31 else { return nil }
        return PCIAddress(domain: info.number(at: 16), bus: UInt8(bus), device: UInt8(device))
    }

    private func address(_ device: Device, _ symbol: String, _ calls: inout LibraryCalls) -> PCIAddress? {
        let info = LibraryBuffer(68)
        return calls.call(symbol, as: GetBuffer.self) { $0(device, info.pointer) } ? Self.address(info) : nil
    }

    private func readModel(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetPair =
            @convention(c) (Device, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Int32
        var (major, minor): (Int32, Int32) = (0, 0)
        if calls.call("nvmlDeviceGetCudaComputeCapability", as: GetPair.self, { $0(device, &major, &minor) }) {
            next.attributes["computeCapability"] = "\(major).\(minor)"
        }
        if let architecture = number("nvmlDeviceGetArchitecture", device, &calls) {
            next.attributes["architecture"] = Self.architectures[architecture]
        }
        var (now, pending): (Int32, Int32) = (0, 0)
        if calls.call("nvmlDeviceGetMigMode", as: GetPair.self, { $0(device, &now, &pending) }), now == 1 {
            next.cuts.append("mig")
        }
    }

    private static let architectures: [UInt32: String] = [
        2: "kepler", 3: "maxwell", 4: "pascal", 5: "volta", 6: "turing", 7: "ampere", 8: "ada", 9: "hopper",
        10: "blackwell", 13: "rubin",
    ]

    private func readUsage(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // nvmlMemory_t: total, free, used, 8 bytes each.
        let memory = LibraryBuffer(24)
        if calls.call("nvmlDeviceGetMemoryInfo", as: GetBuffer.self, { $0(device, memory.pointer) }) {
            next.memoryBytes = Int64(clamping: memory.number(at: 0, as: UInt64.self))
            next.usage.memoryUsedBytes = Int64(clamping: memory.number(at: 16, as: UInt64.self))
        }
        // nvmlUtilization_t: GPU, memory, per cent.
        let busy = LibraryBuffer(8)
        if calls.call("nvmlDeviceGetUtilizationRates", as: GetBuffer.self, { $0(device, busy.pointer) }) {
            next.usage.compute = Double(busy.number(at: 0, as: UInt32.self)) / 100
            next.usage.memoryBusy = Double(busy.number(at: 4, as: UInt32.self)) / 100
        }
        // Milliwatts, millijoules, degrees, megahertz.
        next.usage.watts = number("nvmlDeviceGetPowerUsage", device, &calls).map { Double($0) / 1000 }
        next.usage.wattsLimit = number("nvmlDeviceGetEnforcedPowerLimit", device, &calls).map { Double($0) / 1000 }
        var energy: UInt64 = 0
        typealias GetLong = @convention(c) (Device, UnsafeMutablePointer<UInt64>) -> Int32
        if calls.call("nvmlDeviceGetTotalEnergyConsumption", as: GetLong.self, { $0(device, &energy) }) {
            next.usage.joules = Double(energy) / 1000
        }
        // NVML_TEMPERATURE_GPU; NVML_CLOCK_SM and NVML_CLOCK_MEM.
        next.usage.celsius = number("nvmlDeviceGetTemperature", kind: 0, device, &calls).map {
            Double(Int32(bitPattern: $0))
        }
        next.usage.clockHertz = number("nvmlDeviceGetClockInfo", kind: 1, device, &calls).map { Int64($0) * 1_000_000 }
        next.usage.memoryClockHertz = number("nvmlDeviceGetClockInfo", kind: 2, device, &calls).map {
            Int64($0) * 1_000_000
        }
    }

    private func readHealth(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        let before = calls.answered
        typealias GetErrors = @convention(c) (Device, Int32, Int32, UnsafeMutablePointer<UInt64>) -> Int32
        var errors: UInt64 = 0
        // Corrected is 0, uncorrected 1; volatile is 0: since the driver was loaded.
        if calls.call("nvmlDeviceGetTotalEccErrors", as: GetErrors.self, { $0(device, 0, 0, &errors) }) {
            next.usage.eccCorrected = Int64(clamping: errors)
        }
        if calls.call("nvmlDeviceGetTotalEccErrors", as: GetErrors.self, { $0(device, 1, 0, &errors) }) {
            next.usage.eccUncorrected = Int64(clamping: errors)
        }
        typealias GetRows =
            @convention(c) (
                Device, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>,
                UnsafeMutablePointer<UInt32>
            ) -> Int32
        var rows: (corrected: UInt32, uncorrected: UInt32, pending: UInt32, failed: UInt32) = (0, 0, 0, 0)
        if calls.call(
            "nvmlDeviceGetRemappedRows", as: GetRows.self,
            { $0(device, &rows.corrected, &rows.uncorrected, &rows.pending, &rows.failed) })
        {
            // As Xids 64 and 63 say the same.
            if rows.failed != 0 { next.faults.append(DeviceFault("64", "a memory row could not be remapped")) }
            if rows.pending != 0 { next.faults.append(DeviceFault("63", "a memory row is remapped at the next reset")) }
        }
        if calls.codes.contains(Self.lost) {
            next.faults.append(DeviceFault("79", "the GPU has fallen off the bus"))
            next.health = .unhealthy
        } else if calls.codes.contains(Self.resetRequired) {
            next.faults.append(DeviceFault("reset-required", "the GPU must be reset before it can be used"))
            next.health = .unhealthy
        } else if calls.answered > before {
            next.health = next.faults.isEmpty ? .healthy : .degraded
        }
    }

    /// NVLinks that are up and end at another GPU; several to one peer are one link. Those that end at a switch have the
    /// switch's address.
    private func readLinks(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetLinkNumber = @convention(c) (Device, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
        typealias GetLinkBuffer = @convention(c) (Device, UInt32, UnsafeMutableRawPointer) -> Int32
        guard let state = handle.find("nvmlDeviceGetNvLinkState", as: GetLinkNumber.self),
            let remote = handle.find("nvmlDeviceGetNvLinkRemotePciInfo_v2", as: GetLinkBuffer.self)
        else { return }
        var lanes: [PCIAddress: Int] = [:]
        for link in 0..<Self.mostLinks {
            var isUp: UInt32 = 0
            // Links that the card does not have answer with an error.
            guard state(device, link, &isUp) == 0 else { break }
            let info = LibraryBuffer(68)
            guard isUp == 1, remote(device, link, info.pointer) == 0, let peer = Self.address(info) else { continue }
            lanes[peer, default: 0] += 1
        }
        next.links = lanes.sorted { $0.key < $1.key }.map { peer, count in
            LibraryLink(peer: peer, type: count == 1 ? "nvlink" : "nvlink x\(count)")
        }
    }
}
