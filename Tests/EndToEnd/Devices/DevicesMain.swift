import ArgumentParser
import Foundation
import TidemillMachines
import TidemillRig

/// Discovery with the real program: every machine of the manifests, every library's stub with every way to go wrong, and an
/// agent that lives through all of it.
@main struct DevicesMain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-devices",
        abstract: "Discover machines that are not here, through libraries that err, crash and hang.")

    @Option(help: "Only this part: machines, libraries or agent; may be repeated.") var only: [String] = []

    func run() async throws {
        let parts = ["machines", "libraries", "agent"]
        if let unknown = only.first(where: { !parts.contains($0) }) {
            throw ValidationError("no part is called \(unknown): \(parts.joined(separator: ", "))")
        }
        func isWanted(_ part: String) -> Bool { only.isEmpty || only.contains(part) }
        let folder = URL(fileURLWithPath: "/dev/shm/tidemill-devices-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }

        var findings = Findings()
        let machines = try Machines(folder: folder.appendingPathComponent("machines"))
        if isWanted("machines") {
            findings.add(try await machines.check())
            findings.add(try await Machines.checkHere())
        }
        let stubs = Stubs(folder: folder.appendingPathComponent("stubs"), machines: machines)
        try stubs.build()
        var faults = 0
        if isWanted("libraries") {
            let outcome = try await stubs.check()
            findings.add(outcome.findings)
            faults += outcome.faults
        }
        if isWanted("agent") {
            let outcome = AgentThroughFaults(stubs: stubs)
            findings.add(await outcome.perform().findings)
            faults += AgentThroughFaults.faults.count { $0.scenario != "normal" }
        }
        let vendors = machines.vendors.count
        say(
            "devices: fixtures=\(machines.names.count) vendors=\(vendors) stub_faults=\(faults) failed=\(findings.failed.count)"
        )
        if !findings.failed.isEmpty || findings.passed == 0 { throw ExitCode(1) }
    }
}
