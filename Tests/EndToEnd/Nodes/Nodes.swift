import ArgumentParser
import TidemillRig

/// What operators do to nodes and to the store, and what becomes of the work: real programs, and the operators' own verbs.
@main struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-nodes",
        abstract: "Drain, cordon, taint, maintain and lose nodes; back up and restore; fill the disk and free it.")

    @Option(help: "Only the trials whose name contains this.") var only = ""

    func run() async throws {
        let all: [any Trial] = [
            Cordoned(), Drained(), BudgetKept(), Tainted(), Maintained(), ConfirmedDead(), ConfirmedDeadTooSoon(),
            Requeued(), BackedUp(), DiskFull(),
        ]
        var findings = Findings()
        for trial in all where only.isEmpty || trial.name.contains(only) {
            findings.add(await trial.perform().findings)
        }
        say("nodes: passed=\(findings.passed) failed=\(findings.failed.count)")
        if !findings.failed.isEmpty || findings.passed == 0 { throw ExitCode(1) }
    }
}
