import TidemillDevices

/// Moore Threads' management library. Functions, units and layouts: mtml_2.2.0.h, as in MooreThreads/mthreads-ml-py.
///
/// What is opened for a reading is freed after it. Parts of a card that is divided (MPC instances) are no devices of their own.
package struct MTML: VendorLibrary {
    package static let name = "mtml"
    package static let files = [
        "libmtml.so", "libmtml.so.1", "/usr/lib/x86_64-linux-gnu/musa/libmtml.so", "/usr/local/musa/lib/libmtml.so",
    ]

    private typealias Handle = OpaquePointer?
    private typealias Open = @convention(c) (Handle, UnsafeMutablePointer<Handle>) -> Int32
    private typealias OpenByIndex = @convention(c) (Handle, UInt32, UnsafeMutablePointer<Handle>) -> Int32
    private typealias Free = @convention(c) (Handle) -> Int32
    private typealias GetNumber = @convention(c) (Handle, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetLong = @convention(c) (Handle, UnsafeMutablePointer<UInt64>) -> Int32
    private typealias GetBuffer = @convention(c) (Handle, UnsafeMutableRawPointer) -> Int32
    private typealias GetText = @convention(c) (Handle, UnsafeMutableRawPointer, UInt32) -> Int32

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style
    private let library: Handle

    /// MTML_ERROR_NOT_SUPPORTED.
    private static let unsupported: Set<Int64> = [4]
    /// To tell links, each device is compared with each other one, up to this many.
    private static let mostPeers = 64
    private static let mostLinks: UInt32 = 64

    private struct Found {
        var index: Int
        var address: PCIAddress
        var device: Handle
    }

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let errorText = handle.find("mtmlErrorString", as: (@convention(c) (Int32) -> UnsafePointer<CChar>?).self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            errorText?(Int32(truncatingIfNeeded: code)).map { String(cString: $0) }
        }
        typealias Initialize = @convention(c) (UnsafeMutablePointer<Handle>) -> Int32
        var library: Handle = nil
        let code = try handle.require("mtmlLibraryInit", as: Initialize.self)(&library)
        if code != 0 { throw .refused("mtmlLibraryInit", Int64(code), style.text(Int64(code))) }
        self.library = library
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        report.version = text("mtmlLibraryGetVersion", 32, library, &calls)
        report.driver = with("mtmlLibraryInitSystem", library, free: "mtmlLibraryFreeSystem", &calls) { system, calls in
            text("mtmlSystemGetDriverVersion", 80, system, &calls)
        }
        let count = try handle.require("mtmlLibraryCountDevice", as: GetNumber.self)
        let open = try handle.require("mtmlLibraryInitDeviceByIndex", as: OpenByIndex.self)
        var most: UInt32 = 0
        let code = count(library, &most)
        if code != 0 { throw .refused("mtmlLibraryCountDevice", Int64(code), style.text(Int64(code))) }
        if most > LibraryReport.mostDevices {
            report.problems.append("mtml counts \(most) devices; \(LibraryReport.mostDevices) are looked at")
        }
        var opened: [Handle] = []
        defer {
            if let free = handle.find("mtmlLibraryFreeDevice", as: Free.self) {
                for device in opened { _ = free(device) }
            }
        }
        var found: [Found] = []
        for index in 0..<min(most, UInt32(LibraryReport.mostDevices)) {
            var device: Handle = nil
            let isOpen = calls.call("mtmlLibraryInitDeviceByIndex", as: OpenByIndex.self) { _ in
                open(library, index, &device)
            }
            guard isOpen else { continue }
            opened.append(device)
            guard !isInstance(device, &calls), let address = address(device, &calls) else { continue }
            found.append(Found(index: Int(index), address: address, device: device))
        }
        report.problems += calls.problems
        for next in found { report.devices.append(read(next, found, &report.problems)) }
        return report
    }

    /// Opens a part, asks it, and frees it.
    private func with<T>(
        _ symbol: String, _ owner: Handle, free: String, _ calls: inout LibraryCalls,
        _ body: (Handle, inout LibraryCalls) -> T?
    ) -> T? {
        var part: Handle = nil
        guard calls.call(symbol, as: Open.self, { $0(owner, &part) }) else { return nil }
        defer { _ = handle.find(free, as: Free.self)?(part) }
        return body(part, &calls)
    }

    // MARK: One device

    /// MtmlPciInfo, 104 bytes: the whole address as a text of 32 bytes at 0, segment at 32, bus at 36, device at 40.
    private func address(_ device: Handle, _ calls: inout LibraryCalls) -> PCIAddress? {
        let place = LibraryBuffer(104)
        guard calls.call("mtmlDeviceGetPciInfo", as: GetBuffer.self, { $0(device, place.pointer) }) else { return nil }
        if let address = place.text(at: 0, count: 32).flatMap({ PCIAddress(parsing: $0) }) { return address }
        let (bus, slot): (UInt32, UInt32) = (place.number(at: 36), place.number(at: 40))
        guard bus <= 255, slot <= 31 else { return nil }
        return PCIAddress(domain: place.number(at: 32), bus: UInt8(bus), device: UInt8(slot))
    }

    /// MtmlDeviceProperty, 8 bytes, of bits: the MPC type is in bits 5 to 7. MTML_MPC_TYPE_INSTANCE is 2.
    private func isInstance(_ device: Handle, _ calls: inout LibraryCalls) -> Bool {
        let property = LibraryBuffer(8)
        return calls.call("mtmlDeviceGetProperty", as: GetBuffer.self, { $0(device, property.pointer) })
            && property.number(at: 0, as: UInt32.self) >> 5 & 7 == 2
    }

    private func number(_ symbol: String, _ device: Handle, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(device, &number) } ? number : nil
    }

    private func long(_ symbol: String, _ device: Handle, _ calls: inout LibraryCalls) -> Int64? {
        var number: UInt64 = 0
        return calls.call(symbol, as: GetLong.self) { $0(device, &number) } ? Int64(clamping: number) : nil
    }

    private func text(_ symbol: String, _ count: Int, _ device: Handle, _ calls: inout LibraryCalls) -> String? {
        let text = LibraryBuffer(count)
        return calls.call(symbol, as: GetText.self) { $0(device, text.pointer, UInt32(count)) }
            ? text.text(count: count) : nil
    }

    private func read(_ found: Found, _ all: [Found], _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(found.index)", style: style)
        var next = LibraryDevice(index: found.index, address: found.address)
        let device = found.device
        next.name = text("mtmlDeviceGetName", 32, device, &calls)
        next.uuid = text("mtmlDeviceGetUUID", 48, device, &calls)
        // The length comes first here.
        typealias GetSerial = @convention(c) (Handle, UInt32, UnsafeMutableRawPointer) -> Int32
        let serial = LibraryBuffer(64)
        if calls.call("mtmlDeviceGetSerialNumber", as: GetSerial.self, { $0(device, 64, serial.pointer) }) {
            next.serial = serial.text(count: 64)
        }
        next.firmware = text("mtmlDeviceGetMtBiosVersion", 64, device, &calls)
        // MTML_DEVICE_MPC_ENABLE is 1.
        if number("mtmlDeviceGetMpcMode", device, &calls) == 1 { next.cuts.append("mpc") }
        if let active = number("mtmlDeviceCountActiveVirtDevices", device, &calls), active > 0 {
            next.cuts.append("vgpu")
        }
        next.usage.watts = number("mtmlDeviceGetPowerUsage", device, &calls).map { Double($0) / 1000 }
        var isTold = readLinks(found, all, &next, &calls)
        _ = with("mtmlDeviceInitGpu", device, free: "mtmlDeviceFreeGpu", &calls) { readCores($0, &next, &$1) }
        _ = with("mtmlDeviceInitMemory", device, free: "mtmlDeviceFreeMemory", &calls) { memory, calls in
            readMemory(memory, &next, &calls)
            let before = calls.answered
            readErrors(memory, &next, &calls)
            if calls.answered > before { isTold = true }
        }
        if isTold { next.health = next.faults.isEmpty ? .healthy : .degraded }
        next.unsupported = calls.unsupported.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        problems += calls.problems
        return next
    }

    /// Per cent, degrees, megahertz.
    private func readCores(_ cores: Handle, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        next.usage.compute = number("mtmlGpuGetUtilization", cores, &calls).map { Double($0) / 100 }
        next.usage.celsius = number("mtmlGpuGetTemperature", cores, &calls).map { Double(Int32(bitPattern: $0)) }
        next.usage.clockHertz = number("mtmlGpuGetClock", cores, &calls).map { Int64($0) * 1_000_000 }
    }

    /// Bytes, megahertz.
    private func readMemory(_ memory: Handle, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        next.memoryBytes = long("mtmlMemoryGetTotal", memory, &calls)
        next.usage.memoryUsedBytes = long("mtmlMemoryGetUsed", memory, &calls)
        next.usage.memoryClockHertz = number("mtmlMemoryGetClock", memory, &calls).map { Int64($0) * 1_000_000 }
    }

    private func readErrors(_ memory: Handle, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetErrors = @convention(c) (Handle, Int32, Int32, Int32, UnsafeMutablePointer<UInt64>) -> Int32
        let symbol = "mtmlMemoryGetEccErrorCounter"
        var errors: UInt64 = 0
        // Corrected is 0, uncorrected 1; MTML_VOLATILE_ECC is 0, MTML_MEMORY_LOCATION_DRAM 1.
        if calls.call(symbol, as: GetErrors.self, { $0(memory, 0, 0, 1, &errors) }) {
            next.usage.eccCorrected = Int64(clamping: errors)
        }
        if calls.call(symbol, as: GetErrors.self, { $0(memory, 1, 0, 1, &errors) }) {
            next.usage.eccUncorrected = Int64(clamping: errors)
        }
        if number("mtmlMemoryGetRetiredPagesPendingStatus", memory, &calls) == 1 {
            next.faults.append(DeviceFault("page-pending", "a bad page is retired at the next restart"))
        }
    }

    /// Several links to one peer are one, of those that are up. Returns whether their states were told. MtmlMtLinkSpec, 28
    /// bytes: how many at 8. MtmlMtLinkLayout, 24 bytes: the link's number at this end at 0.
    private func readLinks(
        _ found: Found, _ all: [Found], _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) -> Bool {
        typealias GetState = @convention(c) (Handle, UInt32, UnsafeMutablePointer<UInt32>) -> Int32
        typealias CountLayouts = @convention(c) (Handle, Handle, UnsafeMutablePointer<UInt32>) -> Int32
        typealias GetLayouts = @convention(c) (Handle, Handle, UInt32, UnsafeMutableRawPointer) -> Int32
        let spec = LibraryBuffer(28)
        guard calls.call("mtmlDeviceGetMtLinkSpec", as: GetBuffer.self, { $0(found.device, spec.pointer) }) else {
            return false
        }
        var isTold = false
        var isUp: Set<UInt32> = []
        var downgraded = 0
        for link in 0..<min(spec.number(at: 8, as: UInt32.self), Self.mostLinks) {
            var state: UInt32 = 0
            guard calls.call("mtmlDeviceGetMtLinkState", as: GetState.self, { $0(found.device, link, &state) }) else {
                break
            }
            isTold = true
            // MTML_MTLINK_STATE_UP is 1, _DOWNGRADE 2.
            if state == 1 || state == 2 { isUp.insert(link) }
            if state == 2 { downgraded += 1 }
        }
        if downgraded > 0 {
            next.faults.append(
                DeviceFault("mtlink-downgraded", "\(downgraded) of its links are slower than they can be"))
        }
        guard let count = handle.find("mtmlDeviceCountMtLinkLayouts", as: CountLayouts.self),
            let layouts = handle.find("mtmlDeviceGetMtLinkLayouts", as: GetLayouts.self)
        else { return isTold }
        for peer in all.prefix(Self.mostPeers) where peer.index != found.index {
            var links: UInt32 = 0
            guard count(found.device, peer.device, &links) == 0, links > 0 else { continue }
            links = min(links, Self.mostLinks)
            let ends = LibraryBuffer(24 * Int(links))
            guard layouts(found.device, peer.device, links, ends.pointer) == 0 else { continue }
            let lanes = isUp.intersection((0..<Int(links)).map { ends.number(at: 24 * $0) }).count
            guard lanes > 0 else { continue }
            next.links.append(LibraryLink(peer: peer.address, type: lanes == 1 ? "mtlink" : "mtlink x\(lanes)"))
        }
        return isTold
    }
}
