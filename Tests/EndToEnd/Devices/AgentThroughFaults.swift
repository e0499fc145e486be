import Foundation
import TidemillClient
import TidemillDevices
import TidemillMachines
import TidemillModel
import TidemillRig

/// An agent whose vendor's library crashes, hangs, talks nonsense and is killed: its node stays Ready, work runs on it, and
/// each Device says what is known.
struct AgentThroughFaults: Trial {
    let stubs: Stubs
    let name = "agent"

    /// Scenario of the stub, and the reasons of which the device's missing level gives one; nil is a level that was reached.
    static let faults: [(scenario: String, reasons: Set<String?>)] = [
        ("normal", [nil]), ("crash", ["LibraryCrashed"]), ("hang", ["LibraryTimedOut"]), ("garbage", [nil]),
    ]

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        // The machine's cards beside the CPUs that are really here.
        let root = URL(fileURLWithPath: rig.folder).appendingPathComponent("machine")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try Machine(named: "nvlink8").unpack(at: root, withCPUs: false)
        let addresses = ["0000:07:00.0", "0000:0f:00.0"]
        try await rig.startController()
        for (index, fault) in Self.faults.enumerated() {
            var environment = stubs.environment("nvml", fault.scenario, addresses)
            environment["TIDEMILL_SYSFS_ROOT"] = root.path + "/sys"
            environment["TIDEMILL_DEV_ROOT"] = root.path + "/dev"
            try await rig.startAgent(environment: environment)
            let says = "\(name), \(fault.scenario)"
            try await Patience.untilTrue("\(says): a card says what is known of it", within: .seconds(120)) {
                let card = try await card(at: addresses[0], rig)
                let reason = card?.status.gaps.first { $0.level == .measured }?.reason
                return card != nil && fault.reasons.contains(reason)
            }
            try await Patience.untilTrue("\(says): 8 cards are registered") { try await cards(rig).count == 8 }
            try await rig.submit("job-\(index)", "true")
            try await rig.wait(for: "job-\(index)", toBe: .succeeded)
            findings.check("\(says): work runs", true)
            let node = try await rig.nodeObject(rig.seat)
            findings.check(
                "\(says): the node is Ready", node.status.state == .ready, "\(String(describing: node.status.state))")
            if fault.scenario == "normal" { findings.add(try await killed(rig, addresses[0])) }
            try await rig.killAgent(on: nil, SIGTERM)
            findings.check(
                "\(says): nothing is left of the library's process",
                Kernel.commandLines(containing: "tidemill-agent\0library\0nvml").isEmpty)
        }
        return findings
    }

    /// The library's process is killed: it is started again, and the card measured again.
    private func killed(_ rig: Rig, _ address: String) async throws -> Findings {
        var findings = Findings()
        let names = try await cards(rig).map(\.metadata.name).sorted()
        guard let pid = Kernel.commandLines(containing: "tidemill-agent\0library\0nvml").first else {
            findings.check("\(name): the library lives in a process of its own", false)
            return findings
        }
        kill(pid, SIGKILL)
        try await Patience.untilTrue("\(name): the library has another process", within: .seconds(60)) {
            let now = Kernel.commandLines(containing: "tidemill-agent\0library\0nvml").first
            return now != nil && now != pid
        }
        try await Patience.untilTrue("\(name): the card is measured again", within: .seconds(60)) {
            try await card(at: address, rig)?.status.level == .measured
        }
        findings.check(
            "\(name): cards have kept their names", try await cards(rig).map(\.metadata.name).sorted() == names)
        return findings
    }

    private func cards(_ rig: Rig) async throws -> [Kinds.Device] {
        try await rig.admin().list(Kinds.Device.self).objects.filter { $0.status.vendor != "cpu" }
    }

    private func card(at address: String, _ rig: Rig) async throws -> Kinds.Device? {
        try await cards(rig).first { $0.status.pci?.address == address }
    }
}
