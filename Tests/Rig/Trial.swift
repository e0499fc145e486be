/// One thing that is done to a rig, and what must hold of it.
package protocol Trial: Sendable {
    var name: String { get }

    /// The rig on which it is done; nothing of it is started yet.
    func makeRig() throws -> Rig

    /// Starts what it needs. What it started is ended by `perform`.
    func run(_ rig: Rig) async throws -> Findings

    /// Takes back what it did to the machine, after the rig is gone.
    func cleanUp() async throws
}

extension Trial {
    package func makeRig() throws -> Rig { try Rig(name) }

    package func cleanUp() async throws {}

    /// Does it whole. A trial that does not come to its end is one that failed.
    /// - Returns: what was found, and what the witnesses wrote.
    package func perform() async -> (findings: Findings, log: WitnessLog) {
        var findings = Findings()
        var log = WitnessLog(text: "")
        say("\(name) …")
        do {
            (findings, log) = try await withRig(try makeRig()) { rig in
                (try await run(rig), try rig.witness())
            }
        } catch {
            findings.check("\(name) comes to its end", false, "\(error)")
        }
        do {
            try await cleanUp()
        } catch {
            findings.check("\(name) is cleaned up", false, "\(error)")
        }
        return (findings, log)
    }
}
