import Foundation
import Testing
import TidemillDevices
import TidemillHostLinux
import TidemillMachines

/// Whole machines that are not here: what discovery makes of them, against what is written down in `Goldens`. With
/// TIDEMILL_WRITE_GOLDENS set, it is written down anew.
@Suite struct MachineTests {
    private static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Goldens")

    @Test(arguments: try Machine.names)
    func `a machine is found as it is`(_ name: String) throws {
        try Folder.temporary { root in
            let machine = try Machine(named: name)
            try machine.unpack(at: root)
            let functions = try PCIScan(HostRoots(below: root.path)).functions()
            let inventory = DeviceInventory(functions: functions)
            let found =
                ([machine.about] + inventory.lines).map { $0.replacingOccurrences(of: root.path, with: "ROOT") }
                .joined(separator: "\n") + "\n"
            let golden = Self.goldens.appendingPathComponent(name + ".txt")
            if ProcessInfo.processInfo.environment["TIDEMILL_WRITE_GOLDENS"] != nil {
                try Data(found.utf8).write(to: golden)
            }
            #expect(try String(contentsOf: golden, encoding: .utf8) == found)
            // Nothing is counted twice.
            #expect(Set(inventory.devices.map(\.function.address)).count == inventory.devices.count)
        }
    }

    @Test func `every vendor is identified in some machine`() throws {
        var vendors: Set<String> = []
        for name in try Machine.names {
            let golden = try String(contentsOf: Self.goldens.appendingPathComponent(name + ".txt"), encoding: .utf8)
            for line in golden.split(separator: "\n") where line.contains(" | Identified | ") {
                vendors.insert(String(line.split(separator: "|")[1].filter { $0 != " " }))
            }
        }
        #expect(vendors == Set(Vendor.all.map(\.name)))
    }

    @Test func `a machine without a PCI bus has no cards`() throws {
        try Folder.temporary { root in
            let functions = try PCIScan(HostRoots(below: root.path)).functions()
            #expect(functions.isEmpty)
        }
    }
}

/// A folder that lasts as long as a test.
enum Folder {
    static func temporary(_ body: (URL) throws -> Void) throws {
        // A machine is thousands of small files: in memory where that is to be had.
        let memory = "/dev/shm"
        let parent =
            FileManager.default.isWritableFile(atPath: memory)
            ? URL(fileURLWithPath: memory) : FileManager.default.temporaryDirectory
        let url = parent.appendingPathComponent("tidemill-devices-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }
}

extension DeviceInventory {
    /// All that was found, for reading.
    var lines: [String] {
        devices.flatMap { device -> [String] in
            let function = device.function
            var facts = [
                "\(function.address)", device.vendor.name, device.modelName, device.level.rawValue,
                "identity \(device.identity.text)",
            ]
            if let bytes = device.memoryBytes { facts.append("\(bytes >> 30) GiB") }
            if let rate = device.model?.rates.fp16 { facts.append("fp16 \(rate / 1e12) T") }
            if let watts = device.model?.watts { facts.append("\(watts) W") }
            if let cuts = device.model?.cuts, !cuts.isEmpty { facts.append("cuts \(cuts.joined(separator: " "))") }
            facts.append("node \(function.numaNode.map(String.init) ?? "?")")
            if let cpus = function.localCPUs { facts.append("cpus \(cpus)") }
            if let link = function.link {
                facts.append(
                    "link \(link.megatransfers ?? 0)/\(link.mostMegatransfers ?? 0) x\(link.lanes ?? 0)/\(link.mostLanes ?? 0)"
                )
                if link.isReduced { facts.append("REDUCED") }
            }
            if let group = function.iommuGroup { facts.append("iommu \(group)") }
            facts.append("driver \(function.driver ?? "none")")
            if let virtual = function.virtualFunctions { facts.append("virtual \(virtual.now) of \(virtual.most)") }
            if !function.bridges.isEmpty {
                facts.append("behind \(function.bridges.map(\.description).joined(separator: " "))")
            }
            if !function.nodes.isEmpty {
                facts.append(
                    "nodes \(function.nodes.map { "\($0.name)=\($0.major):\($0.minor)" }.joined(separator: " "))")
            }
            return [facts.joined(separator: " | ")]
                + device.gaps.map { "    \($0.level.rawValue): \($0.reason): \($0.message)" }
        } + problems.map { "! \($0)" }
    }
}
