import TidemillDevices

/// Huawei's device management library for Ascend, first version of its interface: devices are told by card, and by device on
/// the card. Functions and layouts: dcmi_interface_api.h, as in Ascend/mind-cluster
/// (component/ascend-common/devmanager/dcmi). Units, health and relations: the DCMI API reference at hiascend.com, which also
/// declares `dcmi_get_driver_version` and `dcmi_get_topo_info_by_device_id`; codes: devmanager/common of mind-cluster.
///
/// The library finds its driver's own libraries by LD_LIBRARY_PATH: lib64, lib64/driver and lib64/common of
/// /usr/local/Ascend/driver. It has no calls for the power limit, energy and firmware version that both sources describe.
package struct DCMI: VendorLibrary {
    package static let name = "dcmi"
    package static let files = [
        "libdcmi.so", "/usr/local/dcmi/libdcmi.so", "/usr/local/Ascend/driver/lib64/driver/libdcmi.so",
    ]

    /// Where the library finds a device.
    private struct Place {
        var card: Int32
        var device: Int32
    }

    private typealias GetNumber = @convention(c) (Int32, Int32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetOfKind = @convention(c) (Int32, Int32, Int32, UnsafeMutablePointer<UInt32>) -> Int32
    private typealias GetBuffer = @convention(c) (Int32, Int32, UnsafeMutableRawPointer) -> Int32
    private typealias GetBufferOfKind = @convention(c) (Int32, Int32, Int32, UnsafeMutableRawPointer) -> Int32
    private typealias GetSystemText = @convention(c) (UnsafeMutableRawPointer, UInt32) -> Int32

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// Not supported at all, and not in containers.
    private static let unsupported: Set<Int64> = [-8255, -8013]
    /// What a card answers about its health when it has dropped off, and the fault that this is.
    private static let notReady: Int32 = -8012
    private static let cardDropped: UInt32 = 0x40F8_4E00
    private static let codes: [Int64: String] = [
        -8001: "bad parameter", -8002: "no permission", -8005: "internal error", -8006: "timed out",
        -8007: "no such device id", -8008: "no such device", -8009: "the driver refuses", -8012: "not ready",
        -8015: "reset failed", -8017: "being upgraded", -8020: "in use",
    ]

    /// More than any machine or card has.
    private static let mostCards = 64
    private static let mostDevicesOfCard: Int32 = 16
    /// Errors that one device can tell at a time.
    private static let mostErrors = 128
    private static let mebibyte: UInt64 = 1 << 20

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        style = LibraryCalls.Style(unsupported: Self.unsupported) { Self.codes[$0] }
        let initialize = try handle.require("dcmi_init", as: (@convention(c) () -> Int32).self)
        try check("dcmi_init", initialize())
    }

    private func check(_ call: String, _ code: Int32) throws(LibraryFailure) {
        if code != 0 { throw .refused(call, Int64(code), style.text(Int64(code))) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        report.version = text("dcmi_get_dcmi_version")
        report.driver = text("dcmi_get_driver_version")
        let places = try places(&report.problems)
        for place in places {
            let isAlone = !places.contains { $0.card == place.card && $0.device != place.device }
            report.devices.append(read(report.devices.count, place, isAlone: isAlone, &report.problems))
        }
        readLinks(places, &report.devices)
        return report
    }

    private func text(_ symbol: String) -> String? {
        let buffer = LibraryBuffer(64)
        guard let function = handle.find(symbol, as: GetSystemText.self), function(buffer.pointer, 64) == 0 else {
            return nil
        }
        return buffer.text(count: 64)
    }

    /// All NPUs; a card's controllers have numbers of their own.
    private func places(_ problems: inout [String]) throws(LibraryFailure) -> [Place] {
        typealias Number = UnsafeMutablePointer<Int32>
        typealias GetCards = @convention(c) (Number, UnsafeMutableRawPointer, Int32) -> Int32
        typealias GetDevices = @convention(c) (Int32, Number, Number, Number) -> Int32
        let list = LibraryBuffer(Self.mostCards * 4)
        let getCards = try handle.require("dcmi_get_card_list", as: GetCards.self)
        let getDevices = "dcmi_get_device_id_in_card"
        _ = try handle.require(getDevices, as: GetDevices.self)
        var count: Int32 = 0
        try check("dcmi_get_card_list", getCards(&count, list.pointer, Int32(Self.mostCards)))
        if !(0...Self.mostCards).contains(Int(count)) {
            problems.append("dcmi counts \(count) cards; at most \(Self.mostCards) are looked at")
        }
        var calls = LibraryCalls(handle, subject: "a card", style: style)
        var places: [Place] = []
        for index in 0..<min(max(0, Int(count)), Self.mostCards) {
            let card: Int32 = list.number(at: index * 4)
            var (most, controller, processor): (Int32, Int32, Int32) = (0, 0, 0)
            if calls.call(getDevices, as: GetDevices.self, { $0(card, &most, &controller, &processor) }) {
                places += (0..<min(max(0, most), Self.mostDevicesOfCard)).map { Place(card: card, device: $0) }
            }
        }
        problems += calls.problems
        return places
    }

    // MARK: One device

    private func read(_ index: Int, _ place: Place, isAlone: Bool, _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(place.device) of card \(place.card)", style: style)
        var next = LibraryDevice(index: index, address: address(place, &calls))
        readIdentity(place, isAlone: isAlone, &next, &calls)
        let hasHBM = readMemory(place, &next, &calls)
        readUsage(place, hasHBM: hasHBM, &next, &calls)
        readErrors(place, hasHBM: hasHBM, &next, &calls)
        readHealth(place, &next, &calls)
        // dcmi_soc_total_resource, 360 bytes: how many virtual NPUs at 0; 52 and 1 ask for it.
        typealias GetInfo =
            @convention(c) (Int32, Int32, Int32, UInt32, UnsafeMutableRawPointer, UnsafeMutablePointer<UInt32>) -> Int32
        let resources = LibraryBuffer(360)
        var size: UInt32 = 360
        if calls.call(
            "dcmi_get_device_info", as: GetInfo.self,
            { $0(place.card, place.device, 52, 1, resources.pointer, &size) }),
            (1...32).contains(resources.number(at: 0, as: UInt32.self))
        {
            next.cuts.append("vnpu")
        }
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    private func number(_ symbol: String, _ place: Place, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(place.card, place.device, &number) } ? number : nil
    }

    private func number(_ symbol: String, kind: Int32, _ place: Place, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetOfKind.self) { $0(place.card, place.device, kind, &number) } ? number : nil
    }

    private func fill(
        _ buffer: borrowing LibraryBuffer, _ symbol: String, _ place: Place, _ calls: inout LibraryCalls
    ) -> Bool {
        let pointer = buffer.pointer
        return calls.call(symbol, as: GetBuffer.self) { $0(place.card, place.device, pointer) }
    }

    private func fill(
        _ buffer: borrowing LibraryBuffer, _ symbol: String, kind: Int32, _ place: Place, _ calls: inout LibraryCalls
    ) -> Bool {
        let pointer = buffer.pointer
        return calls.call(symbol, as: GetBufferOfKind.self) { $0(place.card, place.device, kind, pointer) }
    }

    /// dcmi_pcie_info_all, 64 bytes: domain at 16, bus at 20, device at 24, function at 28.
    private func address(_ place: Place, _ calls: inout LibraryCalls) -> PCIAddress? {
        let info = LibraryBuffer(64)
        guard fill(info, "dcmi_get_device_pcie_info_v2", place, &calls) else { return nil }
        let (bus, device, function): (UInt32, UInt32, UInt32) = (
            info.number(at: 20), info.number(at: 24), info.number(at: 28)
        )
        guard bus <= 255, device <= 31, function <= 7 else { return nil }
        return PCIAddress(
            domain: info.number(at: 16), bus: UInt8(bus), device: UInt8(device), function: UInt8(function))
    }

    private func readIdentity(
        _ place: Place, isAlone: Bool, _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) {
        // dcmi_chip_info, 100 bytes: name at 32, number of AI cores at 96. Some drivers put the family before the name.
        let chip = LibraryBuffer(100)
        if fill(chip, "dcmi_get_device_chip_info", place, &calls), let text = chip.text(at: 32, count: 32) {
            let name = text.hasPrefix("Ascend") ? text.dropFirst(6).drop { $0 == " " } : text[...]
            next.name = String(name.isEmpty ? text[...] : name)
            let cores: UInt32 = chip.number(at: 96)
            if (1...1024).contains(cores) { next.attributes["aiCores"] = String(cores) }
        }
        // dcmi_die_id, 20 bytes: five numbers; VDIE, which is the chip, is 1.
        let die = LibraryBuffer(20)
        if fill(die, "dcmi_get_device_die_v2", kind: 1, place, &calls) {
            next.uuid = (0..<5).map { Hex.text(die.number(at: $0 * 4, as: UInt32.self), digits: 8) }.joined(
                separator: "-")
        }
        // dcmi_elabel_info, 1280 bytes: serial number at 1024, 256 bytes. It is the card's, which may have several devices.
        typealias GetLabel = @convention(c) (Int32, UnsafeMutableRawPointer) -> Int32
        let label = LibraryBuffer(1280)
        if isAlone, calls.call("dcmi_get_card_elabel_v2", as: GetLabel.self, { $0(place.card, label.pointer) }) {
            next.serial = label.text(at: 1024, count: 256)
        }
    }

    /// True when the device's memory is HBM.
    private func readMemory(_ place: Place, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) -> Bool {
        // dcmi_hbm_info, 32 bytes: size in MiB at 0, clock in MHz at 8, used MiB at 16, degrees at 24.
        let hbm = LibraryBuffer(32)
        if fill(hbm, "dcmi_get_device_hbm_info", place, &calls), hbm.number(at: 0, as: UInt64.self) > 0 {
            next.memoryBytes = Self.bytes(hbm.number(at: 0))
            next.usage.memoryUsedBytes = Self.bytes(hbm.number(at: 16))
            next.usage.memoryClockHertz = Int64(hbm.number(at: 8, as: UInt32.self)) * 1_000_000
            next.usage.memoryCelsius = Double(hbm.number(at: 24, as: Int32.self))
            return true
        }
        // dcmi_get_memory_info_stru, 112 bytes: size in MiB at 0, available MiB at 8, clock in MHz at 16.
        let memory = LibraryBuffer(112)
        if fill(memory, "dcmi_get_device_memory_info_v3", place, &calls) {
            let (size, available): (UInt64, UInt64) = (memory.number(at: 0), memory.number(at: 8))
            next.memoryBytes = Self.bytes(size)
            if available <= size { next.usage.memoryUsedBytes = Self.bytes(size - available) }
            next.usage.memoryClockHertz = Int64(memory.number(at: 16, as: UInt32.self)) * 1_000_000
        }
        return false
    }

    private static func bytes(_ mebibytes: UInt64) -> Int64 {
        let (bytes, isTooMuch) = mebibytes.multipliedReportingOverflow(by: mebibyte)
        return isTooMuch ? .max : Int64(clamping: bytes)
    }

    private func readUsage(_ place: Place, hasHBM: Bool, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // Per cent; 2 is the AI cores, 10 and 5 are the bandwidth of HBM and of other memory.
        let rate = "dcmi_get_device_utilization_rate"
        next.usage.compute = number(rate, kind: 2, place, &calls).map { Double($0) / 100 }
        next.usage.memoryBusy = number(rate, kind: hasHBM ? 10 : 5, place, &calls).map { Double($0) / 100 }
        // Tenths of a watt, degrees.
        next.usage.watts = number("dcmi_get_device_power_info", place, &calls).map {
            Double(Int32(bitPattern: $0)) / 10
        }
        next.usage.celsius = number("dcmi_get_device_temperature", place, &calls).map { Double(Int32(bitPattern: $0)) }
        // Megahertz; DCMI_FREQ_AICORE_CURRENT_ is 7.
        next.usage.clockHertz = number("dcmi_get_device_frequency", kind: 7, place, &calls).map {
            Int64($0) * 1_000_000
        }
    }

    /// Errors since the device was started.
    private func readErrors(_ place: Place, hasHBM: Bool, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // dcmi_ecc_info, 36 bytes: whether it is on at 0, single bits at 4, double bits at 8. DDR is 0, HBM 2.
        let errors = LibraryBuffer(36)
        guard fill(errors, "dcmi_get_device_ecc_info", kind: hasHBM ? 2 : 0, place, &calls),
            errors.number(at: 0, as: Int32.self) != 0
        else { return }
        next.usage.eccCorrected = Int64(errors.number(at: 4, as: UInt32.self))
        next.usage.eccUncorrected = Int64(errors.number(at: 8, as: UInt32.self))
    }

    private func readHealth(_ place: Place, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetErrors =
            @convention(c) (Int32, Int32, UnsafeMutablePointer<Int32>, UnsafeMutableRawPointer, UInt32) -> Int32
        let list = LibraryBuffer(Self.mostErrors * 4)
        var count: Int32 = 0
        var faults: [UInt32] = []
        if calls.call(
            "dcmi_get_device_errorcode_v2", as: GetErrors.self,
            { $0(place.card, place.device, &count, list.pointer, UInt32(Self.mostErrors)) })
        {
            faults = (0..<min(max(0, Int(count)), Self.mostErrors)).map { list.number(at: $0 * 4) }.filter { $0 != 0 }
        }
        var (health, answer): (UInt32, Int32) = (0, 0)
        if calls.call(
            "dcmi_get_device_health", as: GetNumber.self,
            {
                answer = $0(place.card, place.device, &health)
                return answer
            })
        {
            switch health {
            case 0: next.health = .healthy
            // Minor and major alarms; what is to be done is told by their codes.
            case 1, 2: next.health = .degraded
            // A critical alarm, and no such device.
            case 3, .max: next.health = .unhealthy
            default: break
            }
        } else if answer == Self.notReady {
            next.health = .unhealthy
            if !faults.contains(Self.cardDropped) { faults.append(Self.cardDropped) }
        }
        next.faults = faults.map { DeviceFault("0x\(Hex.text($0, digits: 8))") }
    }

    /// Pairs that HCCS joins, directly (3) or over a switch (7); chips without such relations refuse the first pair.
    private func readLinks(_ places: [Place], _ devices: inout [LibraryDevice]) {
        typealias GetRelation = @convention(c) (Int32, Int32, Int32, Int32, UnsafeMutablePointer<Int32>) -> Int32
        guard let relation = handle.find("dcmi_get_topo_info_by_device_id", as: GetRelation.self) else { return }
        for (index, a) in places.enumerated() {
            for (other, b) in places.enumerated() where other != index {
                guard let peer = devices[other].address else { continue }
                var type: Int32 = 0
                guard relation(a.card, a.device, b.card, b.device, &type) == 0 else { break }
                if type == 3 || type == 7 { devices[index].links.append(LibraryLink(peer: peer, type: "hccs")) }
            }
        }
    }
}
