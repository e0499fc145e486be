import TidemillDevices

/// Hygon's branch of AMD's rocm_smi, for DCUs. Functions, units and layouts: rocm_smi.h, as in Project-HAMi/dcu-dcgm
/// (pkg/dcgm/include), whose library is librocm_smi64.so.2; AMD's own libraries of today have greater numbers.
///
/// The library is part of DTK and of the driver's /opt/hyhal. Virtual DCUs are another library's matter (libhydmi) and are not
/// read, nor is the bandwidth of links, whose unit the header does not tell. It has no call for a device's health: that is what
/// its memory's pages and its links say.
package struct HygonRSMI: VendorLibrary {
    package static let name = "hygon-rsmi"
    package static let files = [
        "librocm_smi64.so.2", "/opt/hyhal/lib/librocm_smi64.so.2", "/opt/dtk/lib/librocm_smi64.so.2",
    ]

    private typealias Long = UnsafeMutablePointer<UInt64>
    private typealias Number = UnsafeMutablePointer<UInt32>
    private typealias GetNumber = @convention(c) (UInt32, Number) -> UInt32
    private typealias GetLong = @convention(c) (UInt32, Long) -> UInt32
    private typealias GetLongOfKind = @convention(c) (UInt32, UInt32, Long) -> UInt32
    private typealias GetText = @convention(c) (UInt32, UnsafeMutableRawPointer, UInt32) -> UInt32
    private typealias GetCount = @convention(c) (Number) -> UInt32
    private typealias GetStatusText = @convention(c) (UInt32, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> UInt32

    private static let countDevices = "rsmi_num_monitor_devices"

    private let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// RSMI_STATUS_NOT_SUPPORTED, _NOT_YET_IMPLEMENTED.
    private static let unsupported: Set<Int64> = [2, 9]
    /// Retired pages that are looked at.
    private static let mostPages: UInt32 = 1024
    /// RSMI_MAX_NUM_FREQUENCIES.
    private static let mostClocks: UInt32 = 32
    /// RSMI_GPU_BLOCK_UMC to _MCA.
    private static let blocks = (0...14).map { UInt64(1) << $0 }

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        let statusText = handle.find("rsmi_status_string", as: GetStatusText.self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            var text: UnsafePointer<CChar>?
            guard let statusText, statusText(UInt32(truncatingIfNeeded: code), &text) == 0 else { return nil }
            return text.map { String(cString: $0) }
        }
        let initialize = try handle.require("rsmi_init", as: (@convention(c) (UInt64) -> UInt32).self)
        try check("rsmi_init", initialize(0))
    }

    private func check(_ call: String, _ code: UInt32) throws(LibraryFailure) {
        if code != 0 { throw .refused(call, Int64(code), style.text(Int64(code))) }
    }

    package func read() throws(LibraryFailure) -> LibraryReport {
        var report = LibraryReport(Self.name, file: handle.file)
        // rsmi_version_t, 24 bytes: major, minor, patch at 0, 4, 8.
        let version = LibraryBuffer(24)
        if let function = handle.find(
            "rsmi_version_get", as: (@convention(c) (UnsafeMutableRawPointer) -> UInt32).self),
            function(version.pointer) == 0
        {
            report.version = [0, 4, 8].map { String(version.number(at: $0, as: UInt32.self)) }.joined(separator: ".")
        }
        // RSMI_SW_COMP_DRIVER is 0.
        let driver = LibraryBuffer(128)
        typealias GetVersionText = @convention(c) (UInt32, UnsafeMutableRawPointer, UInt32) -> UInt32
        if let function = handle.find("rsmi_version_str_get", as: GetVersionText.self),
            function(0, driver.pointer, 128) == 0
        {
            report.driver = driver.text(count: 128)
        }
        let count = try handle.require(Self.countDevices, as: GetCount.self)
        var most: UInt32 = 0
        try check(Self.countDevices, count(&most))
        if most > LibraryReport.mostDevices {
            report.problems.append("hygon-rsmi counts \(most) devices; \(LibraryReport.mostDevices) are looked at")
        }
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        for index in 0..<min(most, UInt32(LibraryReport.mostDevices)) {
            // One without a place is none.
            guard let address = address(index, &calls) else { continue }
            report.devices.append(read(index, address, &report.problems))
        }
        report.problems += calls.problems
        readLinks(&report.devices)
        return report
    }

    // MARK: One device

    private func read(_ index: UInt32, _ address: PCIAddress, _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(index)", style: style)
        var next = LibraryDevice(index: Int(index), address: address)
        readIdentity(index, &next, &calls)
        readUsage(index, &next, &calls)
        readErrors(index, &next, &calls)
        readHealth(index, &next, &calls)
        // Anything but one part.
        if let part = text("rsmi_dev_compute_partition_get", index, &calls),
            ["CPX", "DPX", "TPX", "QPX"].contains(part)
        {
            next.cuts.append(part.lowercased())
        }
        next.unsupported = calls.unsupported
        problems += calls.problems
        return next
    }

    private func number(_ symbol: String, _ index: UInt32, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(index, &number) } ? number : nil
    }

    private func long(_ symbol: String, _ index: UInt32, _ calls: inout LibraryCalls) -> UInt64? {
        var number: UInt64 = 0
        return calls.call(symbol, as: GetLong.self) { $0(index, &number) } ? number : nil
    }

    private func long(_ symbol: String, kind: UInt32, _ index: UInt32, _ calls: inout LibraryCalls) -> UInt64? {
        var number: UInt64 = 0
        return calls.call(symbol, as: GetLongOfKind.self) { $0(index, kind, &number) } ? number : nil
    }

    private func text(_ symbol: String, _ index: UInt32, _ calls: inout LibraryCalls) -> String? {
        let buffer = LibraryBuffer(256)
        return calls.call(symbol, as: GetText.self) { $0(index, buffer.pointer, 256) } ? buffer.text(count: 256) : nil
    }

    /// Domain in bits 32 to 63, bus in 8 to 15, device in 3 to 7, function in 0 to 2.
    private func address(_ index: UInt32, _ calls: inout LibraryCalls) -> PCIAddress? {
        long("rsmi_dev_pci_id_get", index, &calls).map { id in
            PCIAddress(
                domain: UInt32(id >> 32), bus: UInt8(truncatingIfNeeded: id >> 8), device: UInt8(id >> 3 & 0x1F),
                function: UInt8(id & 7))
        }
    }

    private func readIdentity(_ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetName = @convention(c) (UInt32, UnsafeMutableRawPointer, Int) -> UInt32
        let name = LibraryBuffer(256)
        if calls.call("rsmi_dev_name_get", as: GetName.self, { $0(index, name.pointer, 256) }) {
            // Without an entry in pci.ids, the name is the device's number.
            next.name = name.text(count: 256).flatMap { $0.hasPrefix("0x") ? nil : $0 }
        }
        if let id = long("rsmi_dev_unique_id_get", index, &calls), id != 0, id != .max {
            next.uuid = "GPU-\(Hex.text(id, digits: 16))"
        }
        next.serial = text("rsmi_dev_serial_number_get", index, &calls)
        next.firmware = text("rsmi_dev_vbios_version_get", index, &calls)
    }

    private func readUsage(_ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // Bytes; RSMI_MEM_TYPE_VRAM is 0.
        next.memoryBytes = long("rsmi_dev_memory_total_get", kind: 0, index, &calls).map { Int64(clamping: $0) }
        next.usage.memoryUsedBytes = long("rsmi_dev_memory_usage_get", kind: 0, index, &calls).map {
            Int64(clamping: $0)
        }
        // Per cent.
        next.usage.compute = number("rsmi_dev_busy_percent_get", index, &calls).map { Double($0) / 100 }
        next.usage.memoryBusy = number("rsmi_dev_memory_busy_percent_get", index, &calls).map { Double($0) / 100 }
        // Microwatts, of the first sensor.
        next.usage.watts = long("rsmi_dev_power_ave_get", kind: 0, index, &calls).map { Double($0) / 1e6 }
        next.usage.wattsLimit = long("rsmi_dev_power_cap_get", kind: 0, index, &calls).map { Double($0) / 1e6 }
        // A count of units, each of so many microjoules.
        typealias GetEnergy = @convention(c) (UInt32, Long, UnsafeMutablePointer<Float>, Long) -> UInt32
        var (count, unit, time): (UInt64, Float, UInt64) = (0, 0, 0)
        if calls.call("rsmi_dev_energy_count_get", as: GetEnergy.self, { $0(index, &count, &unit, &time) }) {
            next.usage.joules = Double(count) * Double(unit) / 1e6
        }
        // RSMI_TEMP_TYPE_EDGE and _MEMORY.
        next.usage.celsius = celsius(0, index, &calls)
        next.usage.memoryCelsius = celsius(2, index, &calls)
        // RSMI_CLK_TYPE_SYS and _MEM.
        next.usage.clockHertz = hertz(0, index, &calls)
        next.usage.memoryClockHertz = hertz(4, index, &calls)
    }

    /// Told in thousandths; RSMI_TEMP_CURRENT is 0.
    private func celsius(_ sensor: UInt32, _ index: UInt32, _ calls: inout LibraryCalls) -> Double? {
        typealias GetTemperature = @convention(c) (UInt32, UInt32, UInt32, UnsafeMutablePointer<Int64>) -> UInt32
        var degrees: Int64 = 0
        let isKnown = calls.call("rsmi_dev_temp_metric_get", as: GetTemperature.self) { $0(index, sensor, 0, &degrees) }
        return isKnown ? Double(degrees) / 1000 : nil
    }

    /// rsmi_frequencies_t, 264 bytes: how many at 0, which of them now at 4, each of 8 bytes in hertz from 8.
    private func hertz(_ clock: UInt32, _ index: UInt32, _ calls: inout LibraryCalls) -> Int64? {
        typealias GetClocks = @convention(c) (UInt32, UInt32, UnsafeMutableRawPointer) -> UInt32
        let clocks = LibraryBuffer(264)
        guard calls.call("rsmi_dev_gpu_clk_freq_get", as: GetClocks.self, { $0(index, clock, clocks.pointer) }) else {
            return nil
        }
        let (count, now): (UInt32, UInt32) = (clocks.number(at: 0), clocks.number(at: 4))
        guard now < min(count, Self.mostClocks) else { return nil }
        return Int64(clamping: clocks.number(at: 8 + Int(now) * 8, as: UInt64.self))
    }

    /// The sum of all blocks that have ECC enabled; of some of them nothing is counted.
    private func readErrors(_ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetErrors = @convention(c) (UInt32, UInt64, UnsafeMutableRawPointer) -> UInt32
        guard let enabled = long("rsmi_dev_ecc_enabled_get", index, &calls),
            let count = handle.find("rsmi_dev_ecc_count_get", as: GetErrors.self)
        else { return }
        for block in Self.blocks where enabled & block != 0 {
            // rsmi_error_count_t, 16 bytes: corrected at 0, not corrected at 8.
            let errors = LibraryBuffer(16)
            guard count(index, block, errors.pointer) == 0 else { continue }
            next.usage.eccCorrected = Self.sum(next.usage.eccCorrected, errors.number(at: 0))
            next.usage.eccUncorrected = Self.sum(next.usage.eccUncorrected, errors.number(at: 8))
        }
    }

    private static func sum(_ sum: Int64?, _ count: UInt64) -> Int64 {
        let (total, isTooMuch) = (sum ?? 0).addingReportingOverflow(Int64(clamping: count))
        return isTooMuch ? .max : total
    }

    private func readHealth(_ index: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetPages = @convention(c) (UInt32, Number, UnsafeMutableRawPointer) -> UInt32
        var isTold = false
        // rsmi_retired_page_record_t, 24 bytes: status at 16. 1 is a page to be retired, 2 one that cannot be.
        let pages = LibraryBuffer(Int(Self.mostPages) * 24)
        var count = Self.mostPages
        if calls.call("rsmi_dev_memory_reserved_pages_get", as: GetPages.self, { $0(index, &count, pages.pointer) }),
            count <= Self.mostPages
        {
            isTold = true
            let states = Set((0..<Int(count)).map { pages.number(at: $0 * 24 + 16, as: UInt32.self) })
            if states.contains(2) {
                next.faults.append(DeviceFault("page-unreservable", "a memory page could not be retired"))
            }
            if states.contains(1) {
                next.faults.append(DeviceFault("page-pending", "a memory page is retired at the next reset"))
            }
        }
        // RSMI_XGMI_STATUS_NO_ERRORS, _ERROR, _MULTIPLE_ERRORS.
        if let links = number("rsmi_dev_xgmi_error_status", index, &calls), links <= 2 {
            isTold = true
            if links > 0 { next.faults.append(DeviceFault("xgmi-error", "links to other devices had errors")) }
        }
        if isTold { next.health = next.faults.isEmpty ? .healthy : .degraded }
    }

    /// Pairs that XGMI joins directly: type 2, one hop.
    private func readLinks(_ devices: inout [LibraryDevice]) {
        typealias GetLink = @convention(c) (UInt32, UInt32, Long, Number) -> UInt32
        guard let link = handle.find("rsmi_topo_get_link_type", as: GetLink.self) else { return }
        for index in devices.indices {
            for other in devices where other.index != devices[index].index {
                var (hops, type): (UInt64, UInt32) = (0, 0)
                guard let peer = other.address,
                    link(UInt32(devices[index].index), UInt32(other.index), &hops, &type) == 0
                else { break }
                if type == 2, hops == 1 { devices[index].links.append(LibraryLink(peer: peer, type: "xgmi")) }
            }
        }
    }
}
