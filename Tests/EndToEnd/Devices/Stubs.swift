import Foundation
import TidemillDevices
import TidemillHostLinux
import TidemillMachines
import TidemillModel
import TidemillRig

/// The stubs of all libraries, under the names by which the loader finds them.
struct Stubs: Sendable {
    let folder: URL
    private let machines: Machines

    /// A way to go wrong, and what the device says of it: the reason why it is not measured, or nil when it is.
    static let scenarios: [(name: String, reasons: Set<String?>)] = [
        ("normal", [nil]),
        ("slow", [nil]),
        // Some libraries refuse as a whole, others tell of devices without their places.
        ("error", ["LibraryError", "NotReported", nil]),
        ("noinit", ["LibraryError", "NotReported"]),
        ("garbage", [nil, "NotReported", "LibraryError"]),
        ("sick", [nil, "NotReported"]),
        ("crash", ["LibraryCrashed"]),
        ("hang", ["LibraryTimedOut"]),
    ]

    init(folder: URL, machines: Machines) {
        self.folder = folder
        self.machines = machines
    }

    func build() throws {
        for library in Libraries.all {
            let own = self.folder(library.name)
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            guard let file = library.files.first(where: { !$0.contains("/") }) else {
                throw RigError("\(library.name) has no name that the loader looks for")
            }
            try Stub(library: library.name).build(at: own.appendingPathComponent(file))
        }
    }

    private func folder(_ library: String) -> URL { folder.appendingPathComponent(library) }

    /// What a process needs to find the stub, playing `scenario` with a device at each address.
    func environment(_ library: String, _ scenario: String, _ addresses: [String]) -> [String: String] {
        [
            "LD_LIBRARY_PATH": folder(library).path, "TIDEMILL_STUB": scenario,
            "TIDEMILL_STUB_DEVICES": addresses.joined(separator: ","),
        ]
    }

    /// A machine that has cards with a driver whose vendor has the library, and their addresses.
    func machine(for library: String) -> (name: String, addresses: [String])? {
        let cards = machines.cards.filter {
            $0.vendor.library == library && $0.function.driver != nil && $0.function.driver != "vfio-pci"
        }
        guard let name = cards.first(where: { $0.machine != "mixed" })?.machine ?? cards.first?.machine else {
            return nil
        }
        return (name, cards.filter { $0.machine == name }.map(\.function.address.description))
    }

    /// Every library in every scenario: the program ends by itself with an honest word on each card, and leaves no process.
    func check() async throws -> (findings: Findings, faults: Int) {
        var findings = Findings()
        var faults = 0
        for library in Libraries.all.map({ $0.name }) {
            guard let (name, addresses) = machine(for: library) else {
                findings.check("\(library): a machine has its cards", false)
                continue
            }
            for scenario in Self.scenarios {
                if scenario.name != "normal" { faults += 1 }
                let found = try await Discovery.run(
                    root: machines.root(name), environment: environment(library, scenario.name, addresses),
                    // Only what hangs is to be cut off; a crowded machine may be slow.
                    deadline: scenario.name == "hang" ? 2 : 20)
                let case_ = "\(library), \(scenario.name)"
                findings.check("\(case_): discover ends with 0", found.status == 0, found.text)
                findings.check("\(case_): and in time", found.seconds < 30, "\(found.seconds) s")
                let own = found.accelerators.filter { addresses.contains($0.status.pci?.address ?? "") }
                findings.check("\(case_): no card is lost", own.count == addresses.count, found.text)
                let reasons = own.map { device in device.status.gaps.first { $0.level == .measured }?.reason }
                findings.check(
                    "\(case_): each card says what is known of it",
                    reasons.allSatisfy { scenario.reasons.contains($0) }, "\(reasons)")
                if scenario.name == "normal" {
                    findings.check(
                        "\(case_): each card is healthy", own.allSatisfy { $0.status.health == .healthy }, found.text)
                }
                if scenario.name == "sick" {
                    findings.check(
                        "\(case_): the first card is not called healthy", own.first?.status.health != .healthy,
                        found.text)
                }
            }
        }
        let left = Kernel.commandLines(containing: "tidemill-agent\0library\0")
        findings.check("no process of a library is left", left.isEmpty, "\(left)")
        return (findings, faults)
    }
}
