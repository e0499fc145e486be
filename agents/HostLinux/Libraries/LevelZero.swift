import Glibc
import TidemillDevices

/// Intel's Level Zero, of which Sysman tells about devices. Functions, units and layouts: zes_api.h and ze_api.h, of 1.8.12 as
/// in Debian's libze-dev and of newer ones as in oneapi-src/level-zero.
///
/// Where there is zesInit, it is used; else ZES_ENABLE_SYSMAN is set in this process and Level Zero itself is started. Power
/// and utilisation are told as counters: from the second reading on, the report has their growth since the one before. UUIDs
/// are not read, since drivers may make them from the PCI address.
package struct LevelZero: VendorLibrary {
    package static let name = "level-zero"
    package static let files = [
        "libze_loader.so.1", "/usr/lib/x86_64-linux-gnu/libze_loader.so.1", "/usr/lib64/libze_loader.so.1",
    ]

    typealias Handle = OpaquePointer?
    typealias GetBuffer = @convention(c) (Handle, UnsafeMutableRawPointer) -> UInt32
    typealias GetHandles =
        @convention(c) (Handle, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Handle>?) -> UInt32
    private typealias GetDrivers =
        @convention(c) (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Handle>?) -> UInt32
    private typealias Initialize = @convention(c) (UInt32) -> UInt32

    let handle: LibraryHandle
    /// Of the reading before.
    let counters = LevelZeroCounters()
    private let style = LibraryCalls.Style(unsupported: unsupported) { words[$0] }
    private let functions: (drivers: String, devices: String)

    /// ZE_RESULT_ERROR_UNSUPPORTED_FEATURE, _UNSUPPORTED_VERSION, _NOT_AVAILABLE, _DEPENDENCY_UNAVAILABLE.
    private static let unsupported: Set<Int64> = [0x7800_0003, 0x7800_0002, 0x7001_0001, 0x7002_0000]
    private static let words: [Int64: String] = [
        0x7000_0001: "device lost", 0x7000_0002: "out of host memory", 0x7000_0006: "device requires reset",
        0x7000_0007: "device in low power state", 0x7001_0000: "insufficient permissions",
        0x7001_0001: "not available", 0x7002_0000: "dependency unavailable", 0x7800_0001: "uninitialized",
        0x7800_0002: "unsupported version", 0x7800_0003: "unsupported feature", 0x7800_0004: "invalid argument",
        0x7800_0020: "survivability mode", 0x7FFF_FFFE: "unknown",
    ]
    /// More drivers, or parts of one kind of one device, than there are anywhere.
    private static let mostHandles: UInt32 = 256

    /// Where there is no `zesInit`: telemetry, and whole cards, not their tiles.
    package static let environment = ["ZES_ENABLE_SYSMAN": "1", "ZE_FLAT_DEVICE_HIERARCHY": "COMPOSITE"]

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        if let initialize = handle.find("zesInit", as: Initialize.self), initialize(0) == 0 {
            functions = ("zesDriverGet", "zesDeviceGet")
            return
        }
        functions = ("zeDriverGet", "zeDeviceGet")
        try Self.check("zeInit", handle.require("zeInit", as: Initialize.self)(0))
    }

    private static func check(_ call: String, _ code: UInt32) throws(LibraryFailure) {
        if code != 0 { throw .refused(call, Int64(code), words[Int64(code)]) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = version()
        _ = try handle.require("zesDevicePciGetProperties", as: GetBuffer.self)
        _ = try handle.require(functions.devices, as: GetHandles.self)
        var calls = LibraryCalls(handle, subject: "a driver", style: style)
        var found: [LevelZeroDevice] = []
        var index = 0
        for driver in try drivers() {
            for device in handles(functions.devices, driver, &calls, most: UInt32(LibraryReport.mostDevices)) {
                if let next = self.device(index, device, &report.problems) { found.append(next) }
                index += 1
            }
        }
        report.problems += calls.problems
        for next in found.prefix(LibraryReport.mostDevices) {
            report.devices.append(read(next, found, &report))
        }
        counters.turn()
        return report
    }

    /// Of no driver there are no devices: that is no failure.
    private func drivers() throws(LibraryFailure) -> [Handle] {
        let get = try handle.require(functions.drivers, as: GetDrivers.self)
        var count: UInt32 = 0
        try Self.check(functions.drivers, get(&count, nil))
        count = min(count, Self.mostHandles)
        var drivers = [Handle](repeating: nil, count: Int(count))
        if count > 0 { try Self.check(functions.drivers, get(&count, &drivers)) }
        return drivers.prefix(Int(count)).filter { $0 != nil }
    }

    /// zel_component_version_t, 80 bytes: name at 0, major, minor and patch from 68 on.
    private func version() -> String? {
        typealias GetVersions = @convention(c) (UnsafeMutablePointer<Int>, UnsafeMutableRawPointer?) -> UInt32
        guard let get = handle.find("zelLoaderGetVersions", as: GetVersions.self) else { return nil }
        var count = 0
        guard get(&count, nil) == 0, count > 0 else { return nil }
        count = min(count, 64)
        let versions = LibraryBuffer(80 * count)
        let most = count
        guard get(&count, versions.pointer) == 0 else { return nil }
        for start in (0..<min(max(0, count), most)).map({ $0 * 80 })
        where versions.text(at: start, count: 64) == "loader" {
            return [68, 72, 76].map { String(versions.number(at: start + $0, as: Int32.self)) }.joined(separator: ".")
        }
        return nil
    }

    // MARK: Calls

    /// Asks for how many there are, then for them.
    func handles(_ symbol: String, _ owner: Handle, _ calls: inout LibraryCalls, most: UInt32 = mostHandles) -> [Handle]
    {
        var count: UInt32 = 0
        guard calls.call(symbol, as: GetHandles.self, { $0(owner, &count, nil) }), count > 0 else { return [] }
        count = min(count, most)
        var handles = [Handle](repeating: nil, count: Int(count))
        guard calls.call(symbol, as: GetHandles.self, { $0(owner, &count, &handles) }) else { return [] }
        return handles.prefix(Int(count)).filter { $0 != nil }
    }

    /// A struct that begins with its type, to be filled; nil when it was not.
    /// - Parameter type: of zes_structure_type_t; 0 for structs that have none.
    func filled(
        _ symbol: String, _ owner: Handle, type: UInt32, _ count: Int, _ calls: inout LibraryCalls
    ) -> LibraryBuffer? {
        let buffer = LibraryBuffer(count)
        if type != 0 { buffer.set(type, at: 0) }
        if calls.call(symbol, as: GetBuffer.self, { $0(owner, buffer.pointer) }) { return buffer }
        return nil
    }

    // MARK: One device

    /// Nil for a device that does not tell where it is. zes_pci_properties_t, 56 bytes: domain at 16, bus at 20, device at 24,
    /// function at 28.
    private func device(_ index: Int, _ device: Handle, _ problems: inout [String]) -> LevelZeroDevice? {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        defer { problems += calls.problems }
        guard let place = filled("zesDevicePciGetProperties", device, type: 2, 56, &calls) else { return nil }
        let (bus, slot, function): (UInt32, UInt32, UInt32) = (
            place.number(at: 20), place.number(at: 24), place.number(at: 28)
        )
        guard bus <= 255, slot <= 31, function <= 7 else { return nil }
        let address = PCIAddress(
            domain: place.number(at: 16), bus: UInt8(bus), device: UInt8(slot), function: UInt8(function))
        var next = LevelZeroDevice(index: index, address: address, handle: device)
        next.readPorts(self, &calls)
        return next
    }

    private func read(
        _ found: LevelZeroDevice, _ all: [LevelZeroDevice], _ report: inout LibraryReport
    ) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(found.index)", style: style)
        var next = LibraryDevice(index: found.index, address: found.address)
        readModel(found.handle, &next, &report, &calls)
        readUsage(found, &next, &calls)
        readHealth(found, all, &next, &calls)
        next.unsupported = (found.unsupported + calls.unsupported).reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
        report.problems += calls.problems
        return next
    }

    /// zes_device_properties_t, 776 bytes: ze_device_properties_t at 16, of which the name is at 128; tiles at 384, then texts
    /// of 64 bytes: serial number at 388, model at 580, driver at 708. "unknown" stands for what is not known.
    private func readModel(
        _ device: Handle, _ next: inout LibraryDevice, _ report: inout LibraryReport, _ calls: inout LibraryCalls
    ) {
        let model = LibraryBuffer(776)
        model.set(UInt32(1), at: 0)
        // ZE_STRUCTURE_TYPE_DEVICE_PROPERTIES
        model.set(UInt32(3), at: 16)
        if calls.call("zesDeviceGetProperties", as: GetBuffer.self, { $0(device, model.pointer) }) {
            next.name =
                Self.known(model.text(at: 580, count: 64)) ?? Self.known(model.text(at: 128, count: 256))
            next.serial = Self.known(model.text(at: 388, count: 64))
            report.driver = report.driver ?? Self.known(model.text(at: 708, count: 64))
            let tiles: UInt32 = model.number(at: 384)
            if (2...64).contains(tiles) { next.attributes["tiles"] = String(tiles) }
        }
        // zes_firmware_properties_t, 160 bytes: version at 89, 64 bytes.
        for firmware in handles("zesDeviceEnumFirmwares", device, &calls) where next.firmware == nil {
            let properties = filled("zesFirmwareGetProperties", firmware, type: 8, 160, &calls)
            next.firmware = Self.known(properties?.text(at: 89, count: 64))
        }
    }

    private static func known(_ text: String?) -> String? { text?.lowercased() == "unknown" ? nil : text }
}
