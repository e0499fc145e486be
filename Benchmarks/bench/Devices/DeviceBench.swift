import ArgumentParser
import Foundation
import TidemillDevices
import TidemillHostLinux
import TidemillMachines
import TidemillModel
import TidemillNodeAgent
import TidemillRig
import TidemillSeams

/// What it costs to find the devices of a large machine, and to ask a vendor's library how they do.
struct DeviceBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Measure discovery of 512 devices and telemetry of 16.")

    @Option(help: "Devices that are discovered.") var devices = 512
    @Option(help: "Devices of which telemetry is read.") var measured = 16
    @Option(help: "Readings.") var readings = 30

    func run() async throws {
        Row.report(
            try await Self.rows(devices: devices, measured: measured, readings: readings), as: "bench-devices")
    }

    static func rows(devices: Int = 512, measured: Int = 16, readings: Int = 30) async throws -> [Row] {
        let folder = URL(
            fileURLWithPath: "/dev/shm/tidemill-bench-devices-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let result: Result<[Row], any Error>
        do {
            let discovery = try discover(devices, folder)
            result = .success([discovery, try await measure(measured, readings, folder)])
        } catch {
            result = .failure(error)
        }
        try FileManager.default.removeItem(at: folder)
        return try result.get()
    }

    private static func address(_ index: Int) -> String {
        "\(Hex.text(index / 240, digits: 4)):\(Hex.text(index % 240 + 1, digits: 2)):00.0"
    }

    /// Sysfs, the catalogue and the inventory; the median of five.
    private static func discover(_ count: Int, _ folder: URL) throws -> Row {
        let cards = (0..<count).map { index in
            """
            pci \(address(index)) 10de:20b2 sub 10de:1463 class 0x030200 rev a1 node \(index % 2) cpus 0-63 \
            link 16.0/16.0 x16/x16 iommu \(index) driver nvidia
            child \(address(index)) drm renderD\(128 + index) 226:\(128 + index) dri/renderD\(128 + index)
            """
        }
        let numa =
            "numa 0 cpus 0-63 memory 1000000 distances 10,20\nnuma 1 cpus 64-127 memory 1000000 distances 20,10\n"
        let root = folder.appendingPathComponent("machine")
        try Machine(name: "many", parsing: numa + cards.joined(separator: "\n")).unpack(at: root)
        var seconds: [Double] = []
        for _ in 0..<5 {
            let began = processorSeconds()
            let inventory = DeviceInventory(functions: try PCIScan(HostRoots(below: root.path)).functions())
            let roster = DeviceRoster(node: "n", found: inventory.devices)
            seconds.append(processorSeconds() - began)
            guard roster.entries.count == count else {
                throw RigError("\(roster.entries.count) of \(count) were found")
            }
        }
        return Row(
            name: "discovery of \(count) devices", value: median(seconds), unit: "s of a core", aim: .atMost(1),
            note: "sysfs, catalogue and names; slowest \(figure(seconds.max() ?? 0)) s")
    }

    /// The agent's part and the library's process together, over the 10 s between two readings.
    private static func measure(_ count: Int, _ readings: Int, _ folder: URL) async throws -> Row {
        let file = folder.appendingPathComponent("libnvidia-ml.so.1")
        try Stub(library: NVML.name).build(at: file)
        let environment =
            LibraryProcess.ownEnvironment + [
                "LD_LIBRARY_PATH=\(folder.path)", "TIDEMILL_STUB=normal",
                "TIDEMILL_STUB_DEVICES=" + (0..<count).map(address).joined(separator: ","),
            ]
        let probe = LibraryProbe(
            NVML.name, program: Programs().path("tidemill-agent"), environment: environment,
            sleep: { try await Task.sleep(for: $0) })
        // The first loads the library.
        guard try await probe.ask().get().devices.count == count,
            let pid = Kernel.commandLines(containing: "tidemill-agent\0library\0nvml").first
        else { throw RigError("the stub does not tell of \(count) devices") }
        let began = (processorSeconds(), try Kernel.processorSeconds(of: pid))
        for _ in 0..<readings { _ = try await probe.ask().get() }
        let used = (processorSeconds() - began.0, try Kernel.processorSeconds(of: pid) - began.1)
        let memory = try Kernel.memory(of: pid)
        await probe.end()
        let each = (used.0 + used.1) / Double(readings)
        return Row(
            name: "telemetry of \(count) devices", value: each / 10 * 100, unit: "% of a core", aim: .atMost(1),
            note:
                "\(figure(each * 1000)) ms for each reading, every 10 s, of which \(figure(used.1 / Double(readings) * 1000)) in the library's process, \(figure(Double(memory.residentBytes) / 1_048_576)) MiB resident"
        )
    }

    /// Of this process.
    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
