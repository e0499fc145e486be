import TidemillDevices

/// Cambricon's management library. Functions, units and layouts: cndev.h, as in Cambricon/mlu-exporter
/// (pkg/cndev/include/cndev.h), of version 6; structs that begin with their version are asked for in version 5 where the
/// library knows no other, and what is read of them lies at the same place in both.
///
/// The clock of the memory is not read: the header calls it a transfer rate. Nor are Xids, which come as events only and whose
/// meanings are nowhere told, nor the speed of MLU-Link, whose direction is not told.
/// A library in another place than /usr/local/neuware is found by LD_LIBRARY_PATH.
package struct CNDev: VendorLibrary {
    package static let name = "cndev"
    package static let files = [
        "libcndev.so", "/usr/local/neuware/lib64/libcndev.so", "/usr/lib64/libcndev.so",
    ]

    typealias Device = Int32
    private typealias GetBuffer = @convention(c) (UnsafeMutableRawPointer, Device) -> Int32
    private typealias GetHandle = @convention(c) (Int32, UnsafeMutablePointer<Device>) -> Int32
    private typealias GetSystemBuffer = @convention(c) (UnsafeMutableRawPointer) -> Int32
    private typealias CText = UnsafePointer<UInt8>?

    private static let countDevices = "cndevGetDeviceCount"
    private static let handleByIndex = "cndevGetDeviceHandleByIndex"

    let handle: LibraryHandle
    private let style: LibraryCalls.Style
    /// Of the structs that the library takes.
    let version: Int32

    /// CNDEV_ERROR_UNSUPPORTED_API_VERSION, _NOT_SUPPORTED.
    private static let badVersion: Int32 = 3
    private static let unsupported: Set<Int64> = [3, 10]

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let errorText = handle.find("cndevGetErrorString", as: (@convention(c) (Int32) -> CText).self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            errorText.flatMap { Self.text($0(Int32(truncatingIfNeeded: code))) }
        }
        let initialize = try handle.require("cndevInit", as: (@convention(c) (Int32) -> Int32).self)
        let code = initialize(0)
        if code != 0 { throw .refused("cndevInit", Int64(code), style.text(Int64(code))) }
        let count = try handle.require(Self.countDevices, as: GetSystemBuffer.self)
        let cards = LibraryBuffer(8)
        cards.set(Int32(6), at: 0)
        version = count(cards.pointer) == Self.badVersion ? 5 : 6
    }

    /// A text that the library keeps, to its end, or its first 256 bytes.
    private static func text(_ text: CText) -> String? {
        guard let text else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < 256, text[bytes.count] != 0 { bytes.append(text[bytes.count]) }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        readVersions(&report)
        // cndevCardInfo_t, 8 bytes: number at 4.
        let count = try handle.require(Self.countDevices, as: GetSystemBuffer.self)
        let cards = LibraryBuffer(8)
        cards.set(version, at: 0)
        let code = count(cards.pointer)
        if code != 0 { throw .refused(Self.countDevices, Int64(code), style.text(Int64(code))) }
        let most: UInt32 = cards.number(at: 4)
        if most > LibraryReport.mostDevices {
            report.problems.append("cndev counts \(most) devices; \(LibraryReport.mostDevices) are looked at")
        }
        _ = try handle.require(Self.handleByIndex, as: GetHandle.self)
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        var found: [Device] = []
        for index in 0..<Int32(min(most, UInt32(LibraryReport.mostDevices))) {
            var device: Device = 0
            if calls.call(Self.handleByIndex, as: GetHandle.self, { $0(index, &device) }) {
                found.append(device)
                report.devices.append(read(Int(index), device, &report.problems))
            }
        }
        readLinks(found, &report.devices)
        report.problems += calls.problems
        return report
    }

    private func readVersions(_ report: inout LibraryReport) {
        typealias Number = UnsafeMutablePointer<UInt32>
        // cndevLibVersionInfo_t, 16 bytes: major, minor and build at 4, 8 and 12.
        let library = LibraryBuffer(16)
        library.set(version, at: 0)
        if let function = handle.find("cndevGetLibVersion", as: GetSystemBuffer.self), function(library.pointer) == 0 {
            report.version = Self.version(library, at: 4)
        }
        var (major, minor, build): (UInt32, UInt32, UInt32) = (0, 0, 0)
        if let function = handle.find(
            "cndevGetDriverVersion", as: (@convention(c) (Number, Number, Number) -> Int32).self),
            function(&major, &minor, &build) == 0
        {
            report.driver = "\(major).\(minor).\(build)"
        }
    }

    /// Three numbers of four bytes.
    private static func version(_ buffer: borrowing LibraryBuffer, at offset: Int) -> String {
        let (major, minor, build): (UInt32, UInt32, UInt32) = (
            buffer.number(at: offset), buffer.number(at: offset + 4), buffer.number(at: offset + 8)
        )
        return "\(major).\(minor).\(build)"
    }

    // MARK: One device

    private func read(_ index: Int, _ device: Device, _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        var next = LibraryDevice(index: index, address: address(device, &calls))
        readIdentity(device, &next, &calls)
        readUsage(device, &next, &calls)
        readErrors(device, &next, &calls)
        readHealth(device, &next, &calls)
        // cndevMimMode_t, cndevSMLUMode_t, cndevSRIOVMode_t, 8 bytes: 1 at 4 when it is on.
        for (symbol, cut) in [("cndevGetMimMode", "mim"), ("cndevGetSMLUMode", "smlu"), ("cndevGetSRIOVMode", "sriov")]
        {
            if let mode = ask(symbol, 8, device, &calls), mode.number(at: 4, as: Int32.self) == 1 {
                next.cuts.append(cut)
            }
        }
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    /// A struct of `count` bytes as the library fills it; nil when it refuses.
    func ask(
        _ symbol: String, _ count: Int, hasVersion: Bool = true, _ device: Device, _ calls: inout LibraryCalls
    ) -> LibraryBuffer? {
        let buffer = LibraryBuffer(count)
        if hasVersion { buffer.set(version, at: 0) }
        let pointer = buffer.pointer
        guard calls.call(symbol, as: GetBuffer.self, { $0(pointer, device) }) else { return nil }
        return buffer
    }

    /// cndevPCIeInfoV2_t, 64 bytes: domain at 12, bus at 16, device at 20, function at 24.
    private func address(_ device: Device, _ calls: inout LibraryCalls) -> PCIAddress? {
        guard let info = ask("cndevGetPCIeInfoV2", 64, hasVersion: false, device, &calls) else { return nil }
        let (bus, slot, function): (UInt32, UInt32, UInt32) = (
            info.number(at: 16), info.number(at: 20), info.number(at: 24)
        )
        guard bus <= 255, slot <= 31, function <= 7 else { return nil }
        return PCIAddress(
            domain: info.number(at: 12), bus: UInt8(bus), device: UInt8(slot), function: UInt8(function))
    }

    private func readIdentity(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        let name = handle.find("cndevGetCardNameStringByDevId", as: (@convention(c) (Device) -> CText).self)
        next.name = name.flatMap { Self.text($0(device)) }
        // cndevUUID_t, 56 bytes: 37 of text at 4.
        if let uuid = ask("cndevGetUUID", 56, device, &calls) { next.uuid = uuid.text(at: 4, count: 37) }
        // cndevCardSN_t, 24 bytes: 8 at 8, to be written in hexadecimal.
        if let serial = ask("cndevGetCardSN", 24, device, &calls) {
            next.serial = Hex.text(serial.number(at: 8, as: UInt64.self), digits: 1)
        }
        // cndevVersionInfo_t, 28 bytes: the card controller's firmware at 4, 8 and 12.
        if let versions = ask("cndevGetVersionInfo", 28, device, &calls) {
            next.firmware = Self.version(versions, at: 4)
        }
    }

    private func readUsage(_ device: Device, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // cndevMemoryInfoV2_t, 176 bytes: total at 0, used at 8, MiB.
        if let memory = ask("cndevGetMemoryUsageV2", 176, hasVersion: false, device, &calls) {
            next.memoryBytes = Self.bytes(memory.number(at: 0))
            next.usage.memoryUsedBytes = Self.bytes(memory.number(at: 8))
        }
        // cndevUtilizationInfo_t, 328 bytes: average at 4, per cent.
        if let busy = ask("cndevGetDeviceUtilizationInfo", 328, device, &calls) {
            next.usage.compute = Double(busy.number(at: 4, as: Int32.self)) / 100
        }
        // cndevDevicePowerInfo_t, 84 bytes: use at 0, limit at 4, watts.
        if let power = ask("cndevGetDevicePowerInfo", 84, hasVersion: false, device, &calls) {
            next.usage.watts = Double(power.number(at: 0, as: Int32.self))
            next.usage.wattsLimit = Double(power.number(at: 4, as: Int32.self))
        }
        next.usage.joules = joules(device, &calls)
        // cndevTemperatureInfo_t, 148 bytes: board at 4, chip at 120, memory at 132; cards without a sensor have 0 there.
        if let degrees = ask("cndevGetTemperatureInfo", 148, device, &calls) {
            let (board, chip, memory): (Int32, Int32, Int32) = (
                degrees.number(at: 4), degrees.number(at: 120), degrees.number(at: 132)
            )
            next.usage.celsius = Double(chip == 0 ? board : chip)
            next.usage.memoryCelsius = memory == 0 ? nil : Double(memory)
        }
        // cndevFrequencyInfo_t, 68 bytes: MHz at 4.
        if let clocks = ask("cndevGetFrequencyInfo", 68, device, &calls) {
            next.usage.clockHertz = Int64(clocks.number(at: 4, as: Int32.self)) * 1_000_000
        }
    }

    private static func bytes(_ mebibytes: Int64) -> Int64 {
        let (bytes, isTooMuch) = mebibytes.multipliedReportingOverflow(by: 1 << 20)
        return isTooMuch ? .max : bytes
    }

    /// cndevFieldValue_t, 48 bytes: field at 0, its own answer at 4, value at 8, the value's type at 16. 71 is the energy since
    /// the driver was loaded, in millijoules.
    private func joules(_ device: Device, _ calls: inout LibraryCalls) -> Double? {
        typealias GetFields = @convention(c) (Device, Int32, UnsafeMutableRawPointer) -> Int32
        let field = LibraryBuffer(48)
        field.set(Int32(71), at: 0)
        let pointer = field.pointer
        guard
            calls.call(
                "cndevDeviceGetFieldValues", as: GetFields.self,
                {
                    let code = $0(device, 1, pointer)
                    return code == 0 ? pointer.load(fromByteOffset: 4, as: Int32.self) : code
                })
        else { return nil }
        switch field.number(at: 16, as: UInt32.self) {
        case 0: return field.double(at: 8) / 1000
        case 1: return Double(field.number(at: 8, as: UInt32.self)) / 1000
        case 2, 3: return Double(field.number(at: 8, as: UInt64.self)) / 1000
        case 4: return Double(field.number(at: 8, as: Int32.self)) / 1000
        case 5, 6: return Double(field.number(at: 8, as: Int64.self)) / 1000
        default: return nil
        }
    }
}
