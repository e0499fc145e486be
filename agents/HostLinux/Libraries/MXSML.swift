import TidemillDevices

/// MetaX's management library. No header is public. Functions and layouts: the bindings of MetaX-MACA/mxExporter
/// (dep/mxsmlBindings.py), and of gpustack/runtime (detector/pymxsml) for links and for why a device is not available;
/// units: mx_exporter/default-counters.csv and gpu_monitor.py. Devices are numbers, not handles. A card of several dies is
/// read as the functions for the whole device tell it. It has no function for energy.
package struct MXSML: VendorLibrary {
    package static let name = "mxsml"
    package static let files = [
        "libmxsml.so", "/opt/mxdriver/lib/libmxsml.so", "/opt/maca/lib/libmxsml.so", "/opt/mxn100/lib/libmxsml.so",
    ]

    private typealias Count = @convention(c) () -> UInt32
    private typealias CountOf = @convention(c) (UInt32) -> UInt32
    private typealias GetNumber = @convention(c) (UInt32, UnsafeMutablePointer<UInt32>) -> UInt32
    private typealias GetNumberOfKind = @convention(c) (UInt32, UInt32, UnsafeMutablePointer<UInt32>) -> UInt32
    private typealias GetBuffer = @convention(c) (UInt32, UnsafeMutableRawPointer) -> UInt32
    private typealias GetBufferOfKind = @convention(c) (UInt32, UInt32, UnsafeMutableRawPointer) -> UInt32
    /// A text or a list; the number is how much fits, and how much there is.
    private typealias GetText = @convention(c) (UInt32, UnsafeMutableRawPointer, UnsafeMutablePointer<UInt32>) -> UInt32
    private typealias GetTextOfKind =
        @convention(c) (UInt32, UInt32, UnsafeMutableRawPointer, UnsafeMutablePointer<UInt32>) -> UInt32
    private typealias GetList = @convention(c) (UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer) -> UInt32
    private typealias GetListOfKind =
        @convention(c) (UInt32, UInt32, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer) -> UInt32
    private typealias GetSystemText =
        @convention(c) (UnsafeMutableRawPointer, UnsafeMutablePointer<UInt32>) -> UInt32

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// MXSML_OperationNotSupport; the bindings' own for functions that are not there.
    private static let unsupported: Set<Int64> = [3, 999]
    /// Physical functions of cards with SR-IOV are counted apart from the other devices, from this number on.
    private static let firstPhysical: UInt32 = 100
    /// The exporter takes larger counts for those of a library that has not started yet.
    private static let mostDevices: UInt32 = 64
    private static let mostPhysical: UInt32 = 16
    /// METAX_LINK_NUM is 7; whether the first is 0 or 1 is not told.
    private static let links: ClosedRange<UInt32> = 0...7
    /// As many as the exporter looks for.
    private static let mostSlices: UInt32 = 16
    private static let mostWays = 16
    private static let mostClocks = 8

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let errorText = handle.find("mxSmlGetErrorString", as: (@convention(c) (UInt32) -> UnsafePointer<CChar>?).self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            errorText?(UInt32(truncatingIfNeeded: code)).map { String(cString: $0) }
        }
        let initialize = try handle.require("mxSmlInit", as: Count.self)
        let code = Int64(initialize())
        if code != 0 { throw .refused("mxSmlInit", code, style.text(code)) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        // The library is a part of MACA and has no other version. MXSML_VERSION_INFO_SIZE is 64.
        let version = LibraryBuffer(64)
        var size: UInt32 = 64
        if let function = handle.find("mxSmlGetMacaVersion", as: GetSystemText.self),
            function(version.pointer, &size) == 0
        {
            report.version = version.text(count: 64)
        }
        let count = try handle.require("mxSmlGetDeviceCount", as: Count.self)
        let countPhysical = handle.find("mxSmlGetPfDeviceCount", as: Count.self)
        _ = try handle.require("mxSmlGetDeviceInfo", as: GetBuffer.self)
        let (most, physical) = (count(), countPhysical?() ?? 0)
        if most > Self.mostDevices || physical > Self.mostPhysical {
            report.problems.append(
                "mxsml counts \(most) devices and \(physical) physical functions; \(Self.mostDevices) and "
                    + "\(Self.mostPhysical) are looked at")
        }
        let numbers =
            Array(0..<min(most, Self.mostDevices))
            + (0..<min(physical, Self.mostPhysical)).map { Self.firstPhysical + $0 }
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        for device in numbers {
            // MxSmlDeviceInfo, 184 bytes. A device that does not tell where it is cannot be told from others.
            let info = LibraryBuffer(184)
            let pointer = info.pointer
            if calls.call("mxSmlGetDeviceInfo", as: GetBuffer.self, { $0(device, pointer) }) {
                read(device, info, &report)
            }
        }
        report.problems += calls.problems
        return report
    }

    // MARK: One device

    private func read(_ device: UInt32, _ info: borrowing LibraryBuffer, _ report: inout LibraryReport) {
        var calls = LibraryCalls(handle, subject: "device \(device)", style: style)
        // bdfId, 32, at 8; uuid, 96, at 48; brand at 144; mode at 148; deviceName, 32, at 152.
        var next = LibraryDevice(
            index: Int(device), address: info.text(at: 8, count: 32).flatMap { PCIAddress(parsing: $0) })
        next.uuid = info.text(at: 48, count: 96)
        next.name = info.text(at: 152, count: 32)
        // MXSML_Virtualization_Mode_Pf.
        if info.number(at: 148, as: UInt32.self) == 1 { next.cuts.append("sriov") }
        // MXSML_BOARD_SERIAL_SIZE is 32.
        let serial = LibraryBuffer(32)
        let serialPointer = serial.pointer
        var size: UInt32 = 32
        if calls.call("mxSmlGetBoardSerial", as: GetText.self, { $0(device, serialPointer, &size) }) {
            next.serial = serial.text(count: 32)
        }
        // MXSML_Version_Bios and _Driver.
        next.firmware = version(0, device, &calls)
        report.driver = report.driver ?? version(1, device, &calls)
        if hasSlices(device) { next.cuts.append("sgpu") }
        // MXSML_Brand_N.
        readUsage(device, isN: info.number(at: 144, as: UInt32.self) == 1, &next, &calls)
        readErrors(device, &next, &calls)
        readHealth(device, &next, &calls, &report.problems)
        readLinks(device, &next)
        next.unsupported = calls.unsupported
        report.problems += calls.problems
        report.devices.append(next)
    }

    private func version(_ unit: UInt32, _ device: UInt32, _ calls: inout LibraryCalls) -> String? {
        let version = LibraryBuffer(64)
        let pointer = version.pointer
        var size: UInt32 = 64
        return calls.call("mxSmlGetDeviceVersion", as: GetTextOfKind.self) { $0(device, unit, pointer, &size) }
            ? version.text(count: 64) : nil
    }

    /// Whether sGPUs were made of it. The count is no code, so what it counts must be there: MxSmlSgpuInfo, 124 bytes.
    private func hasSlices(_ device: UInt32) -> Bool {
        guard let count = handle.find("mxSmlGetSgpuCount", as: CountOf.self),
            let find = handle.find("mxSmlGetSgpuInfo", as: GetBufferOfKind.self)
        else { return false }
        let slices = count(device)
        guard slices > 0, slices <= Self.mostSlices else { return false }
        let info = LibraryBuffer(124)
        return (0..<Self.mostSlices).contains { find(device, $0, info.pointer) == 0 }
    }

    private func number(_ symbol: String, kind: UInt32, _ device: UInt32, _ calls: inout LibraryCalls) -> Int32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumberOfKind.self) { $0(device, kind, &number) }
            ? Int32(bitPattern: number) : nil
    }

    /// - Parameter isN: an N-series card, whose memory has another clock.
    private func readUsage(
        _ device: UInt32, isN: Bool, _ next: inout LibraryDevice, _ calls: inout LibraryCalls
    ) {
        // MxSmlMemoryInfo, 48 bytes: vramTotal at 16, vramUse at 24, in KiB.
        let memory = LibraryBuffer(48)
        let memoryPointer = memory.pointer
        if calls.call("mxSmlGetMemoryInfo", as: GetBuffer.self, { $0(device, memoryPointer) }) {
            next.memoryBytes = memory.number(at: 16, as: Int64.self).kibibytes
            next.usage.memoryUsedBytes = memory.number(at: 24, as: Int64.self).kibibytes
        }
        // MXSML_Usage_Xcore, in per cent; MXSML_Temperature_Hotspot and _Hbm, in hundredths of a degree.
        next.usage.compute = number("mxSmlGetDeviceIpUsage", kind: 4, device, &calls).map { Double($0) / 100 }
        next.usage.celsius = number("mxSmlGetTemperatureInfo", kind: 0, device, &calls).map { Double($0) / 100 }
        next.usage.memoryCelsius = number("mxSmlGetTemperatureInfo", kind: 15, device, &calls).map { Double($0) / 100 }
        // MxSmlBoardWayElectricInfo, 12 bytes for each way into the board: power at 8, in milliwatts.
        let ways = LibraryBuffer(12 * Self.mostWays)
        let waysPointer = ways.pointer
        var count = UInt32(Self.mostWays)
        if calls.call("mxSmlGetBoardPowerInfo", as: GetList.self, { $0(device, &count, waysPointer) }) {
            let milliwatts = (0..<min(Int(count), Self.mostWays)).map {
                Double(ways.number(at: $0 * 12 + 8, as: UInt32.self))
            }
            next.usage.watts = milliwatts.isEmpty ? nil : milliwatts.reduce(0, +) / 1000
        }
        var limit: UInt32 = 0
        if calls.call("mxSmlGetBoardPowerLimit", as: GetNumber.self, { $0(device, &limit) }) {
            next.usage.wattsLimit = Double(limit) / 1000
        }
        // MXSML_Clock_Xcore; MXSML_Clock_Mc0, or _Mc of the N series.
        next.usage.clockHertz = clock(11, device, &calls)
        next.usage.memoryClockHertz = clock(isN ? 2 : 3, device, &calls)
    }

    /// The first of a unit's clocks, of megahertz.
    private func clock(_ unit: UInt32, _ device: UInt32, _ calls: inout LibraryCalls) -> Int64? {
        let clocks = LibraryBuffer(4 * Self.mostClocks)
        let pointer = clocks.pointer
        var count = UInt32(Self.mostClocks)
        guard calls.call("mxSmlGetClocks", as: GetListOfKind.self, { $0(device, unit, &count, pointer) }), count > 0
        else { return nil }
        return Int64(clocks.number(at: 0, as: UInt32.self)) * 1_000_000
    }

    private func readErrors(_ device: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // MxSmlEccErrorCount, 20 bytes: sramCE at 0, sramUE at 4, dramCE at 8, dramUE at 12.
        let errors = LibraryBuffer(20)
        let pointer = errors.pointer
        if calls.call("mxSmlGetTotalEccErrors", as: GetBuffer.self, { $0(device, pointer) }) {
            let counts = [0, 4, 8, 12].map { Int64(errors.number(at: $0, as: UInt32.self)) }
            next.usage.eccCorrected = counts[0] + counts[2]
            next.usage.eccUncorrected = counts[1] + counts[3]
        }
    }

    /// A device is available, 1, or not, 0, and then there is a reason.
    private func readHealth(
        _ device: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls, _ problems: inout [String]
    ) {
        var state: UInt32 = 0
        guard calls.call("mxSmlGetDeviceState", as: GetNumber.self, { $0(device, &state) }) else { return }
        switch state {
        case 1:
            next.health = .healthy
        case 0:
            next.health = .unhealthy
            // MxSmlDeviceUnavailableReasonInfo, 68 bytes: unavailableCode at 0; unavailableReason, 64, at 4.
            let reason = LibraryBuffer(68)
            let pointer = reason.pointer
            let isTold =
                calls.call("mxSmlGetDeviceUnavailableReason", as: GetBuffer.self) { $0(device, pointer) }
                || calls.call("mxSmlGetDieUnavailableReason", as: GetBufferOfKind.self) { $0(device, 0, pointer) }
            let text = isTold ? reason.text(at: 4, count: 64) : nil
            next.faults.append(
                DeviceFault(
                    isTold ? String(reason.number(at: 0, as: Int32.self)) : "unavailable",
                    text ?? "the device is not available"))
        default:
            problems.append("mxSmlGetDeviceState of device \(device) tells of \(state), which is no state")
        }
    }

    /// MetaXLinks, and the device at the other end of each; several to one peer are one link. Those to other machines have
    /// no number of a device.
    private func readLinks(_ device: UInt32, _ next: inout LibraryDevice) {
        guard let remote = handle.find("mxSmlGetMetaXLinkRemoteInfo", as: GetBufferOfKind.self) else { return }
        var lanes: [PCIAddress: Int] = [:]
        for link in Self.links {
            // MxSmlMetaXLinkRemoteInfo, 36 bytes: deviceId at 0; bdfId, 32, at 4.
            let info = LibraryBuffer(36)
            guard remote(device, link, info.pointer) == 0, info.number(at: 0, as: Int32.self) >= 0,
                let peer = info.text(at: 4, count: 32).flatMap({ PCIAddress(parsing: $0) })
            else { continue }
            lanes[peer, default: 0] += 1
        }
        next.links = lanes.sorted { $0.key < $1.key }.map { peer, count in
            LibraryLink(peer: peer, type: count == 1 ? "metaxlink" : "metaxlink x\(count)")
        }
    }
}

extension Int64 {
    /// So many KiB in bytes; what is more than a number holds is the largest one.
    fileprivate var kibibytes: Int64 {
        let (bytes, overflows) = multipliedReportingOverflow(by: 1024)
        return overflows ? .max : bytes
    }
}
