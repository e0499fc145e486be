import Foundation
import TidemillDevices
import TidemillHostLinux
import TidemillMachines
import TidemillModel
import TidemillRig

/// All machines of the manifests, unpacked.
struct Machines: Sendable {
    let folder: URL
    let names: [String]
    /// What the unpacked folders hold, as the scan sees it.
    let cards: [(machine: String, vendor: Vendor, function: PCIFunction)]

    /// Unpacks them below `folder`.
    init(folder: URL) throws {
        self.folder = folder
        names = try Machine.names
        var cards: [(machine: String, vendor: Vendor, function: PCIFunction)] = []
        for name in names {
            let root = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
            try Machine(named: name).unpack(at: root)
            for device in DeviceInventory(functions: try PCIScan(HostRoots(below: root.path)).functions()).devices {
                cards.append((name, device.vendor, device.function))
            }
        }
        self.cards = cards
    }

    var vendors: Set<String> { Set(cards.map(\.vendor.name)) }

    func root(_ name: String) -> URL { folder.appendingPathComponent(name) }

    /// The program finds what the scan finds, each card once, with a reason for every level that it does not reach.
    func check() async throws -> Findings {
        var findings = Findings()
        for name in names {
            let found = try await Discovery.run(root: root(name))
            let expected = cards.filter { $0.machine == name }.map(\.function.address.description)
            findings.check("\(name): discover ends with 0", found.status == 0, found.text)
            findings.check(
                "\(name): \(expected.count) cards are found",
                found.accelerators.compactMap(\.status.pci?.address) == expected, found.text)
            findings.check(
                "\(name): each has a name of its own",
                Set(found.devices.map(\.metadata.name)).count == found.devices.count)
            findings.check(
                "\(name): each level that is not reached has a reason",
                found.accelerators.allSatisfy { device in
                    (device.status.level == .sliceable) == device.status.gaps.isEmpty
                        && device.status.gaps.allSatisfy { !($0.message ?? "").isEmpty }
                })
        }
        return findings
    }

    /// The machine that is here: its CPUs, and an OpenCL device on which a kernel ran, where OpenCL is installed.
    static func checkHere() async throws -> Findings {
        var findings = Findings()
        let here = try await Discovery.run(root: nil, deadline: 60)
        let processors = here.devices.filter { $0.status.vendor == "cpu" }
        findings.check("here: discover ends with 0", here.status == 0, here.text)
        findings.check(
            "here: every CPU domain has CPUs and caches",
            !processors.isEmpty
                && processors.allSatisfy { !($0.status.cpus ?? "").isEmpty && !$0.status.caches.isEmpty },
            here.text)
        guard FileManager.default.fileExists(atPath: "/etc/OpenCL/vendors/pocl.icd") else {
            say("here: PoCL is not installed, so that no kernel is tried")
            return findings
        }
        findings.check(
            "here: a kernel ran on an OpenCL device",
            processors.contains { $0.status.runtimes.contains { ($0.proved ?? "").hasSuffix("work items ran") } },
            here.text)
        return findings
    }
}
