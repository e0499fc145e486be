import TidemillDevices

/// Habana's management library, of Intel Gaudi. Functions and layouts: hlml.h, as in HabanaAI/gohlml; units: hlml.go there,
/// and pyhlml.
///
/// Links between cards are Ethernet, whose ports do not tell where they end: none is reported. The power limit is the default
/// one, since the library has no other.
package struct HLML: VendorLibrary {
    package static let name = "hlml"
    package static let files = [
        "libhlml.so", "libhlml.so.1", "/usr/lib/habanalabs/libhlml.so", "/usr/lib/libhlml.so",
    ]

    private typealias Device = UnsafeMutableRawPointer?
    private typealias GetNumber = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetLong = @convention(c) (Device, UnsafeMutablePointer<UInt64>) -> Int32
    private typealias GetBuffer = @convention(c) (Device, UnsafeMutableRawPointer) -> Int32
    private typealias GetText = @convention(c) (Device, UnsafeMutableRawPointer, UInt32) -> Int32
    private typealias GetOfKind = @convention(c) (Device, Int32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetHandle = @convention(c) (UInt32, UnsafeMutablePointer<Device>) -> Int32
    private typealias GetSystemText = @convention(c) (UnsafeMutableRawPointer, UInt32) -> Int32

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// HLML_ERROR_NOT_SUPPORTED, _NO_DATA.
    private static let unsupported: Set<Int64> = [3, 21]
    /// HLML_ERROR_ALREADY_INITIALIZED, _AIP_IS_LOST.
    private static let alreadyInitialized: Int32 = 5
    private static let lost: Int64 = 15
    private static let words: [Int64: String] = [
        1: "uninitialized", 2: "invalid argument", 3: "not supported", 5: "already initialized", 6: "not found",
        7: "insufficient size", 9: "driver not loaded", 10: "timeout", 15: "AIP is lost", 20: "memory", 21: "no data",
        49: "unknown",
    ]
    /// Longer than any text of the library, which has 32 bytes for a field.
    private static let textBytes = 256

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        style = LibraryCalls.Style(unsupported: Self.unsupported) { Self.words[$0] }
        let initialize = try handle.require("hlml_init", as: (@convention(c) () -> Int32).self)
        let code = initialize()
        if code != Self.alreadyInitialized { try Self.check("hlml_init", code) }
    }

    private static func check(_ call: String, _ code: Int32) throws(LibraryFailure) {
        if code != 0 { throw .refused(call, Int64(code), words[Int64(code)]) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = text("hlml_get_hlml_version")
        report.driver = text("hlml_get_driver_version")
        let count = try handle.require(
            "hlml_device_get_count", as: (@convention(c) (UnsafeMutablePointer<UInt32>) -> Int32).self)
        let find = try handle.require("hlml_device_get_handle_by_index", as: GetHandle.self)
        var most: UInt32 = 0
        try Self.check("hlml_device_get_count", count(&most))
        if most > LibraryReport.mostDevices {
            report.problems.append("hlml counts \(most) devices; \(LibraryReport.mostDevices) are looked at")
        }
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        for index in 0..<min(most, UInt32(LibraryReport.mostDevices)) {
            var found: Device = nil
            let isFound = calls.call("hlml_device_get_handle_by_index", as: GetHandle.self) { _ in find(index, &found) }
            if isFound, let next = read(Int(index), found, &report.problems) { report.devices.append(next) }
        }
        report.problems += calls.problems
        return report
    }

    private func text(_ symbol: String) -> String? {
        let text = LibraryBuffer(Self.textBytes)
        guard let function = handle.find(symbol, as: GetSystemText.self),
            function(text.pointer, UInt32(Self.textBytes)) == 0
        else { return nil }
        return text.text(count: Self.textBytes)
    }

    // MARK: One device

    /// Nil for a device that does not tell where it is.
    private func read(_ index: Int, _ device: Device, _ problems: inout [String]) -> LibraryDevice? {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        defer { problems += calls.problems }
        guard let address = address(device, &calls) else { return nil }
        var next = LibraryDevice(index: index, address: address)
        next.name = text("hlml_device_get_name", device, &calls)
        next.uuid = text("hlml_device_get_uuid", device, &calls)
        next.serial = text("hlml_device_get_serial", device, &calls)
        next.firmware = text("hlml_get_firmware_spi_version", device, &calls)
        readUsage(device, &next, &calls)
        readHealth(device, &next, &calls)
        next.unsupported = calls.unsupported
        return next
    }

    /// hlml_pci_info_t, 52 bytes: bus at 0, the whole address as a text of 15 bytes at 4, device at 20, domain at 24.
    private func address(_ device: Device, _ calls: inout LibraryCalls) -> PCIAddress? {
        let place = LibraryBuffer(52)
        guard calls.call("hlml_device_get_pci_info", as: GetBuffer.self, { $0(device, place.pointer) }) else {
            return nil
        }
        if let address = place.text(at: 4, count: 15).flatMap({ PCIAddress(parsing: $0) }) { return address }
        let (bus, slot): (UInt32, UInt32) = (place.number(at: 0), place.number(at: 20))
        guard bus <= 255, slot <= 31 else { return nil }
        return PCIAddress(domain: place.number(at: 24), bus: UInt8(bus), device: UInt8(slot))
    }

    private func number(_ symbol: String, _ device: Device, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(device, &number) } ? number : nil
    }

    private func number(_ symbol: String, kind: Int32, _ device: Device, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetOfKind.self) { $0(device, kind, &number) } ? number : nil
    }

    private func text(_ symbol: String, _ device: Device, _ calls: inout LibraryCalls) -> String? {
        let text = LibraryBuffer(Self.textBytes)
        return calls.call(symbol, as: GetText.self) { $0(device, text.pointer, UInt32(Self.textBytes)) }
            ? text.text(count: Self.textBytes) : nil
    }

    private func readUsage(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // hlml_memory_t: free, total, used, 8 bytes each.
        let memory = LibraryBuffer(24)
        if calls.call("hlml_device_get_memory_info", as: GetBuffer.self, { $0(device, memory.pointer) }) {
            next.memoryBytes = Int64(clamping: memory.number(at: 8, as: UInt64.self))
            next.usage.memoryUsedBytes = Int64(clamping: memory.number(at: 16, as: UInt64.self))
        }
        // hlml_utilization_t, 4 bytes: per cent of the last second.
        let busy = LibraryBuffer(4)
        if calls.call("hlml_device_get_utilization_rates", as: GetBuffer.self, { $0(device, busy.pointer) }) {
            next.usage.compute = Double(busy.number(at: 0, as: UInt32.self)) / 100
        }
        // Milliwatts, millijoules, degrees, megahertz.
        next.usage.watts = number("hlml_device_get_power_usage", device, &calls).map { Double($0) / 1000 }
        next.usage.wattsLimit = number("hlml_device_get_power_management_default_limit", device, &calls).map {
            Double($0) / 1000
        }
        var energy: UInt64 = 0
        if calls.call("hlml_device_get_total_energy_consumption", as: GetLong.self, { $0(device, &energy) }) {
            next.usage.joules = Double(energy) / 1000
        }
        // HLML_TEMPERATURE_ON_AIP and HLML_CLOCK_SOC, which is Gaudi's, are 0.
        next.usage.celsius = number("hlml_device_get_temperature", kind: 0, device, &calls).map {
            Double(Int32(bitPattern: $0))
        }
        next.usage.clockHertz = number("hlml_device_get_clock_info", kind: 0, device, &calls).map {
            Int64($0) * 1_000_000
        }
    }

    private func readHealth(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        let before = calls.answered
        typealias GetErrors = @convention(c) (Device, Int32, Int32, UnsafeMutablePointer<UInt64>) -> Int32
        var errors: UInt64 = 0
        // Corrected is 0, uncorrected 1; volatile is 0: since the last reset.
        if calls.call("hlml_device_get_total_ecc_errors", as: GetErrors.self, { $0(device, 0, 0, &errors) }) {
            next.usage.eccCorrected = Int64(clamping: errors)
        }
        if calls.call("hlml_device_get_total_ecc_errors", as: GetErrors.self, { $0(device, 1, 0, &errors) }) {
            next.usage.eccUncorrected = Int64(clamping: errors)
        }
        if number("hlml_device_get_replaced_rows_pending_status", device, &calls) == 1 {
            next.faults.append(DeviceFault("row-pending", "a memory row is replaced at the next power cycle"))
        }
        if calls.codes.contains(Self.lost) {
            next.faults.append(DeviceFault("aip-lost", "the device has fallen off the bus"))
            next.health = .unhealthy
        } else if calls.answered > before {
            next.health = next.faults.isEmpty ? .healthy : .degraded
        }
    }
}
