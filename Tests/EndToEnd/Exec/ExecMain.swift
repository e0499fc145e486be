import ArgumentParser
import TidemillRig

/// Sessions inside running tasks, as people have them: real controller, agent and shim, entered with `tidemill` and with
/// `kubectl tidemill`.
@main struct ExecMain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-exec",
        abstract:
            "Enter running tasks: exit codes, streams, terminals, limits, ends, refusals, frozen slices, and run -it.")

    @Option(help: "Only this trial; may be repeated.") var only: [String] = []
    @Option(help: "Path of kubectl; without it only `tidemill` is tried.") var kubectl: String?

    func run() async throws {
        let all: [any Trial] = [
            Codes(kubectl: kubectl), Streams(), Terminals(kubectl: kubectl), Inside(), Ends(), Refusals(), Frozen(),
            Alone(),
        ]
        var findings = Findings()
        if let unknown = only.first(where: { name in !all.contains { $0.name == name } }) {
            throw ValidationError("no trial is called \(unknown): \(all.map(\.name).joined(separator: ", "))")
        }
        for trial in all where only.isEmpty || only.contains(trial.name) {
            findings.add(await trial.perform().findings)
        }
        say("exec: passed=\(findings.passed) failed=\(findings.failed.count)")
        if !findings.failed.isEmpty || findings.passed == 0 { throw ExitCode(1) }
    }
}
