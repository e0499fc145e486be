import TidemillDevices

/// AMD's ROCm System Management Interface. Functions, units and layouts: rocm_smi.h, of 5.2.3 as in Debian's
/// librocm-smi-dev, and of 6.x as in ROCm/amdsmi (rocm_smi/include/rocm_smi/rocm_smi.h). What only 6.x has is optional.
///
/// Errors of xGMI are not read: to read them clears them (amdgpu_xgmi.c of Linux).
package struct ROCmSMI: VendorLibrary {
    package static let name = "rocm-smi"
    package static let files = [
        "librocm_smi64.so.7", "librocm_smi64.so.6", "librocm_smi64.so.5", "librocm_smi64.so.1",
        "/opt/rocm/lib/librocm_smi64.so",
    ]

    private typealias GetNumber = @convention(c) (UInt32, UnsafeMutablePointer<UInt32>) -> UInt32
    private typealias GetLong = @convention(c) (UInt32, UnsafeMutablePointer<UInt64>) -> UInt32
    private typealias GetLongOfKind = @convention(c) (UInt32, UInt32, UnsafeMutablePointer<UInt64>) -> UInt32
    private typealias GetText = @convention(c) (UInt32, UnsafeMutableRawPointer, UInt32) -> UInt32
    private typealias GetBuffer = @convention(c) (UInt32, UInt32, UnsafeMutableRawPointer) -> UInt32

    let handle: LibraryHandle
    private let style: LibraryCalls.Style

    /// RSMI_STATUS_NOT_SUPPORTED, _NOT_YET_IMPLEMENTED, _NO_DATA.
    private static let unsupported: Set<Int64> = [2, 9, 14]

    struct Found {
        var index: UInt32
        var address: PCIAddress
    }

    package init(_ handle: LibraryHandle) throws(LibraryFailure) {
        self.handle = handle
        typealias GetWords = @convention(c) (UInt32, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> UInt32
        let words = handle.find("rsmi_status_string", as: GetWords.self)
        style = LibraryCalls.Style(unsupported: Self.unsupported) { code in
            var text: UnsafePointer<CChar>?
            guard let words, words(UInt32(truncatingIfNeeded: code), &text) == 0 else { return nil }
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
        report.version = version()
        report.driver = driver()
        let count = try handle.require(
            "rsmi_num_monitor_devices", as: (@convention(c) (UnsafeMutablePointer<UInt32>) -> UInt32).self)
        let address = try handle.require("rsmi_dev_pci_id_get", as: GetLong.self)
        var most: UInt32 = 0
        try check("rsmi_num_monitor_devices", count(&most))
        if most > LibraryReport.mostDevices {
            report.problems.append("rocm-smi counts \(most) devices; \(LibraryReport.mostDevices) are looked at")
        }
        var calls = LibraryCalls(handle, subject: "a device", style: style)
        var found: [Found] = []
        for index in 0..<min(most, UInt32(LibraryReport.mostDevices)) {
            var identifier: UInt64 = 0
            let isKnown = calls.call("rsmi_dev_pci_id_get", as: GetLong.self) { _ in address(index, &identifier) }
            // Parts of a card that is divided have its address and, from the second on, a number in bits 28 to 31.
            guard isKnown, identifier >> 28 & 0xF == 0 else { continue }
            found.append(Found(index: index, address: Self.address(identifier)))
        }
        report.problems += calls.problems
        for next in found { report.devices.append(read(next, found, &report.problems)) }
        return report
    }

    /// Domain from bit 32 on, bus from 8, device from 3, function from 0.
    private static func address(_ identifier: UInt64) -> PCIAddress {
        PCIAddress(
            domain: UInt32(identifier >> 32), bus: UInt8(identifier >> 8 & 0xFF), device: UInt8(identifier >> 3 & 0x1F),
            function: UInt8(identifier & 7))
    }

    /// rsmi_version_t, 24 bytes: major at 0, minor at 4, patch at 8.
    private func version() -> String? {
        let version = LibraryBuffer(24)
        typealias GetVersion = @convention(c) (UnsafeMutableRawPointer) -> UInt32
        guard let get = handle.find("rsmi_version_get", as: GetVersion.self), get(version.pointer) == 0 else {
            return nil
        }
        return [0, 4, 8].map { String(version.number(at: $0, as: UInt32.self)) }.joined(separator: ".")
    }

    private func driver() -> String? {
        let text = LibraryBuffer(128)
        // RSMI_SW_COMP_DRIVER is 0.
        guard let get = handle.find("rsmi_version_str_get", as: GetText.self), get(0, text.pointer, 128) == 0 else {
            return nil
        }
        return text.text(count: 128)
    }

    // MARK: One device

    private func read(_ found: Found, _ all: [Found], _ problems: inout [String]) -> LibraryDevice {
        var calls = LibraryCalls(handle, subject: "device \(found.index)", style: style)
        var next = LibraryDevice(index: Int(found.index), address: found.address)
        let device = found.index
        next.name = name(device, &calls)
        if let identity = long("rsmi_dev_unique_id_get", device, &calls), identity != 0 {
            next.uuid = "GPU-" + Hex.text(identity, digits: 16)
        }
        next.serial = text("rsmi_dev_serial_number_get", 64, device, &calls)
        next.firmware = text("rsmi_dev_vbios_version_get", 64, device, &calls)
        if let partition = text("rsmi_dev_compute_partition_get", 16, device, &calls)?.lowercased(),
            Self.partitions.contains(partition)
        {
            next.cuts.append(partition)
        }
        readUsage(device, &next, &calls)
        readHealth(device, &next, &calls)
        readLinks(found, all, &next)
        next.unsupported = calls.unsupported.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        problems += calls.problems
        return next
    }

    /// Ways to divide a card; SPX is the whole.
    private static let partitions: Set<String> = ["dpx", "tpx", "qpx", "cpx"]

    private func number(_ symbol: String, _ device: UInt32, _ calls: inout LibraryCalls) -> UInt32? {
        var number: UInt32 = 0
        return calls.call(symbol, as: GetNumber.self) { $0(device, &number) } ? number : nil
    }

    func long(_ symbol: String, _ device: UInt32, _ calls: inout LibraryCalls) -> UInt64? {
        var number: UInt64 = 0
        return calls.call(symbol, as: GetLong.self) { $0(device, &number) } ? number : nil
    }

    private func long(_ symbol: String, kind: UInt32, _ device: UInt32, _ calls: inout LibraryCalls) -> UInt64? {
        var number: UInt64 = 0
        return calls.call(symbol, as: GetLongOfKind.self) { $0(device, kind, &number) } ? number : nil
    }

    private func text(_ symbol: String, _ count: Int, _ device: UInt32, _ calls: inout LibraryCalls) -> String? {
        let text = LibraryBuffer(count)
        return calls.call(symbol, as: GetText.self) { $0(device, text.pointer, UInt32(count)) }
            ? text.text(count: count) : nil
    }

    /// The length is a size_t here. Where pci.ids does not know the device, the library writes its number: that is no name.
    private func name(_ device: UInt32, _ calls: inout LibraryCalls) -> String? {
        typealias GetName = @convention(c) (UInt32, UnsafeMutableRawPointer, Int) -> UInt32
        let text = LibraryBuffer(256)
        guard calls.call("rsmi_dev_name_get", as: GetName.self, { $0(device, text.pointer, 256) }),
            let name = text.text(count: 256), !name.hasPrefix("0x")
        else { return nil }
        return name
    }

    private func readUsage(_ device: UInt32, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        // RSMI_MEM_TYPE_VRAM is 0. Bytes; per cent.
        next.memoryBytes = long("rsmi_dev_memory_total_get", kind: 0, device, &calls).map { Int64(clamping: $0) }
        next.usage.memoryUsedBytes = long("rsmi_dev_memory_usage_get", kind: 0, device, &calls).map {
            Int64(clamping: $0)
        }
        next.usage.compute = number("rsmi_dev_busy_percent_get", device, &calls).map { Double($0) / 100 }
        next.usage.memoryBusy = number("rsmi_dev_memory_busy_percent_get", device, &calls).map { Double($0) / 100 }
        next.usage.watts = microwatts(device, &calls).map { Double($0) / 1_000_000 }
        next.usage.wattsLimit = long("rsmi_dev_power_cap_get", kind: 0, device, &calls).map { Double($0) / 1_000_000 }
        // A count, the microjoules of each, and nanoseconds.
        typealias GetEnergy =
            @convention(c) (
                UInt32, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<UInt64>
            ) -> UInt32
        var (energy, time, resolution): (UInt64, UInt64, Float) = (0, 0, 0)
        if calls.call("rsmi_dev_energy_count_get", as: GetEnergy.self, { $0(device, &energy, &resolution, &time) }) {
            next.usage.joules = Double(energy) * Double(resolution) / 1_000_000
        }
        // RSMI_TEMP_TYPE_JUNCTION, the hottest place; where there is none, _EDGE. Then _MEMORY.
        next.usage.celsius = celsius(1, device, &calls) ?? celsius(0, device, &calls)
        next.usage.memoryCelsius = celsius(2, device, &calls)
        // RSMI_CLK_TYPE_SYS and _MEM.
        next.usage.clockHertz = hertz(0, device, &calls)
        next.usage.memoryClockHertz = hertz(4, device, &calls)
    }

    /// Newer cards tell the power of now only, which the function of 6.x knows; older ones an average.
    private func microwatts(_ device: UInt32, _ calls: inout LibraryCalls) -> UInt64? {
        typealias GetPower =
            @convention(c) (UInt32, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt32>) -> UInt32
        guard handle.find("rsmi_dev_power_get", as: GetPower.self) != nil else {
            return long("rsmi_dev_power_ave_get", kind: 0, device, &calls)
        }
        var (power, type): (UInt64, UInt32) = (0, 0)
        return calls.call("rsmi_dev_power_get", as: GetPower.self) { $0(device, &power, &type) } ? power : nil
    }

    /// RSMI_TEMP_CURRENT is 0. Thousandths of a degree.
    private func celsius(_ sensor: UInt32, _ device: UInt32, _ calls: inout LibraryCalls) -> Double? {
        typealias GetTemperature = @convention(c) (UInt32, UInt32, UInt32, UnsafeMutablePointer<Int64>) -> UInt32
        var temperature: Int64 = 0
        return calls.call("rsmi_dev_temp_metric_get", as: GetTemperature.self) { $0(device, sensor, 0, &temperature) }
            ? Double(temperature) / 1000 : nil
    }

    /// rsmi_frequencies_t. Of 5.2.3, 264 bytes: how many at 0, which is current at 4, hertz from 8 on. Of 6.x, 280 bytes: a
    /// Boolean at 0, how many at 4, which is current at 8, hertz from 16 on. What is current is below how many there are in the
    /// right one of them, and never in the other.
    private func hertz(_ clock: UInt32, _ device: UInt32, _ calls: inout LibraryCalls) -> Int64? {
        let clocks = LibraryBuffer(280)
        guard calls.call("rsmi_dev_gpu_clk_freq_get", as: GetBuffer.self, { $0(device, clock, clocks.pointer) }) else {
            return nil
        }
        for start in [0, 4] {
            let count: UInt32 = clocks.number(at: start)
            let current: UInt32 = clocks.number(at: start + 4)
            guard current < count, count <= 33 else { continue }
            return Int64(clamping: clocks.number(at: (start == 0 ? 8 : 16) + 8 * Int(current), as: UInt64.self))
        }
        return nil
    }
}
