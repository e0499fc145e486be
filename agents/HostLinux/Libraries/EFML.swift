import TidemillDevices

/// Enflame's management library. Functions and layouts: efml.h, as in EnflameTechnology/gcu-exporter (vendor/go-eflib/efml);
/// units: the header, and device.go of go-eflib.
///
/// It has two sets of functions. The older ones (`Efml…`) know devices by index and tell most. Power and utilisation are
/// asked of the newer ones (`efmlDevice…`) only, whose units the header gives, and are absent where a library lacks those. It
/// tells no energy.
package struct EFML: VendorLibrary {
    package static let name = "efml"
    package static let files = [
        "libefml.so", "libefml.so.1", "libefml.so.2", "/usr/lib/libefml.so", "/usr/lib64/libefml.so",
        "/usr/lib/x86_64-linux-gnu/libefml.so",
    ]

    typealias GetNumber = @convention(c) (UInt32, UnsafeMutablePointer<UInt32>) -> Int32
    typealias GetBuffer = @convention(c) (UInt32, UnsafeMutableRawPointer) -> Int32
    private typealias GetText = @convention(c) (UnsafeMutableRawPointer) -> Int32
    private typealias Device = OpaquePointer?
    private typealias GetNewNumber = @convention(c) (Device, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetNewBuffer = @convention(c) (Device, UnsafeMutableRawPointer) -> Int32
    private typealias Initialize = @convention(c) () -> Int32

    let handle: LibraryHandle
    private let style: LibraryCalls.Style
    private let newStyle: LibraryCalls.Style
    /// Whether the newer functions can be used.
    private let hasNew: Bool

    /// EFML_ERROR_NOT_SUPPORTED, _FUNCTION_NOT_FOUND, _DEPRECATION.
    private static let unsupported: Set<Int64> = [3, 9, 13]
    /// EFML_ERROR_NOT_SUPPORTED_V2, _FUNCTION_NOT_FOUND_V2, _NO_DATA, _DEPRECATED.
    private static let newUnsupported: Set<Int64> = [3, 13, 21, 26]
    /// EFML_ERROR_GCU_IS_LOST, _RESET_REQUIRED.
    private static let lost: [(code: Int64, fault: String, text: String)] = [
        (15, "gcu-lost", "the device has fallen off the bus"),
        (16, "reset-required", "the device must be reset before it can be used"),
    ]
    /// MAX_CHAR_BUFF_LEN is 128; functions take no length.
    private static let textBytes = 256

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        typealias GetWords = @convention(c) (Int32, UnsafeMutableRawPointer) -> Int32
        let words = handle.find("EfmlErrorString", as: GetWords.self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            let text = LibraryBuffer(Self.textBytes)
            guard let words, words(Int32(truncatingIfNeeded: code), text.pointer) == 0 else { return nil }
            return text.text(count: Self.textBytes)
        }
        let newWords = handle.find("efmlErrorString", as: (@convention(c) (Int32) -> UnsafePointer<CChar>?).self)
        newStyle = LibraryCalls.Style(unsupported: Self.newUnsupported) { code in
            newWords?(Int32(truncatingIfNeeded: code)).map { String(cString: $0) }
        }
        let newInitialize = handle.find("efmlInit_v2", as: Initialize.self) ?? handle.find("efmlInit")
        let initialize = try handle.require("EfmlInit", as: (@convention(c) (Bool) -> Int32).self)
        // With the driver.
        let code = initialize(false)
        if code != 0 { throw .refused("EfmlInit", Int64(code), style.text(Int64(code))) }
        hasNew = newInitialize?() == 0
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = text("EfmlGetLibVer")
        report.driver = text("EfmlGetDriverVer")
        let count = try handle.require(
            "EfmlGetDevCount", as: (@convention(c) (UnsafeMutablePointer<UInt32>) -> Int32).self)
        _ = try handle.require("EfmlGetDevInfo", as: GetBuffer.self)
        var most: UInt32 = 0
        let code = count(&most)
        // EFML_ERROR_NO_DEVICE
        if code == 12 { return report }
        if code != 0 { throw .refused("EfmlGetDevCount", Int64(code), style.text(Int64(code))) }
        if most > Self.mostDevices {
            report.problems.append("efml counts \(most) devices; \(Self.mostDevices) are looked at")
        }
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        for index in 0..<min(most, Self.mostDevices) {
            if let address = address(index, &calls) {
                report.devices.append(read(index, address, &report.problems))
            }
        }
        report.problems += calls.problems
        return report
    }

    /// MAX_DEVICE_COUNT of the header.
    private static let mostDevices: UInt32 = 128

    private func text(_ symbol: String) -> String? {
        let text = LibraryBuffer(Self.textBytes)
        guard let function = handle.find(symbol, as: GetText.self), function(text.pointer) == 0 else { return nil }
        return text.text(count: Self.textBytes)
    }

    // MARK: One device

    private func read(_ index: UInt32, _ address: PCIAddress, _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        var newCalls = LibraryCalls(handle, subject: "device \(index)", style: newStyle)
        var next = LibraryDevice(index: Int(index), address: address)
        next.name = text("EfmlGetDevName", index, &calls)
        next.uuid = text("EfmlGetDevUuid", index, &calls)
        next.serial = text("EfmlGetDevSn", index, &calls)
        next.firmware = text("EfmlGetFwVersion", index, &calls)
        next.attributes["sku"] = text("EfmlGetDevSKU", index, &calls)
        if let count = number("EfmlGetVdevCount", index, &calls), count > 0 { next.cuts.append("vgcu") }
        readUsage(index, &next, &calls)
        if hasNew { readNew(&next, address, &newCalls) }
        readHealth(index, &next, &calls)
        if let lost = Self.lost.first(where: { newCalls.codes.contains($0.code) }) {
            next.faults.append(DeviceFault(lost.fault, lost.text))
            next.health = .unhealthy
        }
        next.unsupported = calls.unsupported + newCalls.unsupported
        problems += calls.problems + newCalls.problems
        return next
    }

    /// Nil for a device that does not tell where it is. efmlDeviceInfo_t, 156 bytes: domain at 136, bus at 140, device at 144,
    /// function at 148.
    private func address(_ index: UInt32, _ calls: inout LibraryCalls) -> PCIAddress? {
        let place = LibraryBuffer(156)
        guard calls.call("EfmlGetDevInfo", as: GetBuffer.self, { $0(index, place.pointer) }) else { return nil }
        return Self.address(place, at: 136)
    }

    /// Four numbers of 4 bytes.
    static func address(_ place: borrowing LibraryBuffer, at offset: Int) -> PCIAddress? {
        let domain: UInt32 = place.number(at: offset)
        let (bus, slot): (UInt32, UInt32) = (place.number(at: offset + 4), place.number(at: offset + 8))
        let function: UInt32 = place.number(at: offset + 12)
        guard bus <= 255, slot <= 31, function <= 7 else { return nil }
        return PCIAddress(domain: domain, bus: UInt8(bus), device: UInt8(slot), function: UInt8(function))
    }

    func number(_ symbol: String, _ index: UInt32, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(index, &number) } ? number : nil
    }

    private func text(_ symbol: String, _ index: UInt32, _ calls: inout LibraryCalls) -> String? {
        let text = LibraryBuffer(Self.textBytes)
        return calls.call(symbol, as: GetBuffer.self) { $0(index, text.pointer) }
            ? text.text(count: Self.textBytes) : nil
    }

    private func readUsage(_ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // efmlDevMemInfo_t, 16 bytes: size in bytes at 0, used mebibytes at 8.
        let memory = LibraryBuffer(16)
        if calls.call("EfmlGetDevMem", as: GetBuffer.self, { $0(index, memory.pointer) }) {
            next.memoryBytes = Int64(clamping: memory.number(at: 0, as: UInt64.self))
            next.usage.memoryUsedBytes = Int64(memory.number(at: 8, as: UInt32.self)) << 20
        }
        // efmlDevThermalInfoV2_t, 12 bytes, of 4: degrees of the chip, of memory.
        let temperatures = LibraryBuffer(12)
        if calls.call("EfmlGetDevTempV2", as: GetBuffer.self, { $0(index, temperatures.pointer) }) {
            next.usage.celsius = Double(Float(bitPattern: temperatures.number(at: 0)))
            next.usage.memoryCelsius = Double(Float(bitPattern: temperatures.number(at: 4)))
        }
        // efmlDevClkInfo_t, 8 bytes: megahertz of memory at 0, of the chip at 4.
        let clocks = LibraryBuffer(8)
        if calls.call("EfmlGetDevClk", as: GetBuffer.self, { $0(index, clocks.pointer) }) {
            next.usage.memoryClockHertz = Int64(clocks.number(at: 0, as: UInt32.self)) * 1_000_000
            next.usage.clockHertz = Int64(clocks.number(at: 4, as: UInt32.self)) * 1_000_000
        }
    }

    /// Milliwatts; efmlUtilization_t, 8 bytes: per cent of the chip at 0, of memory at 4.
    private func readNew(_ next: inout LibraryDevice, _ address: PCIAddress, _ calls: inout LibraryCalls) {
        typealias Find = @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<Device>) -> Int32
        var device: Device = nil
        guard calls.call("efmlDeviceGetHandleByPciBusId_v2", as: Find.self, { $0(address.description, &device) }) else {
            return
        }
        var power: UInt32 = 0
        if calls.call("efmlDeviceGetPowerUsage", as: GetNewNumber.self, { $0(device, &power) }) {
            next.usage.watts = Double(power) / 1000
        }
        if calls.call("efmlDeviceGetEnforcedPowerLimit", as: GetNewNumber.self, { $0(device, &power) }) {
            next.usage.wattsLimit = Double(power) / 1000
        }
        let busy = LibraryBuffer(8)
        if calls.call("efmlDeviceGetUtilizationRates", as: GetNewBuffer.self, { $0(device, busy.pointer) }) {
            next.usage.compute = Double(busy.number(at: 0, as: UInt32.self)) / 100
            next.usage.memoryBusy = Double(busy.number(at: 4, as: UInt32.self)) / 100
        }
    }
}
