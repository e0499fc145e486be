import ArgumentParser
import TidemillRig

/// Takes away controllers, agents and stores under running work, with real programs, and judges whether any index ran twice
/// at the same time (invariant 1b), whether `keep` work lived, and whether `stop` work ended in time (invariant 3).
@main struct Failover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-failover", abstract: "Fail over real processes; no index of a job may run twice.")

    @Option(help: "Seconds for which the controller is away.") var away: Int64 = 60
    @Option(help: "Only the trials whose name contains this.") var only = ""
    @Flag(help: "Take the fence away: the one trial that runs must find double runs, and fails when it finds none.")
    var withoutFence = false

    private var trials: [any Trial] {
        if withoutFence { return [AgentKilled(environment: ["TIDEMILL_BREAK": "fence"])] }
        let all: [any Trial] = [
            ControllerAway(seconds: away), AgentKilled(), AgentStopped(), NodeRebooted(), BackupRestored(),
            StoreRolledBack(),
        ]
        return all.filter { only.isEmpty || $0.name.contains(only) }
    }

    func run() async throws {
        var findings = Findings()
        var doubles: [String] = []
        for trial in trials {
            let (found, log) = await trial.perform()
            findings.add(found)
            findings.check("\(trial.name): tokens of one index only grow", noneOf: log.tokensOutOfOrder)
            doubles += log.doubles.map { "\(trial.name): \($0)" }
        }
        for double in doubles { say("DOUBLE \(double)") }
        if withoutFence {
            say("failover without a fence: double=\(doubles.count)")
            if doubles.isEmpty { throw ExitCode(1) }
        } else {
            say("failover: passed=\(findings.passed) double=\(doubles.count)")
            if !doubles.isEmpty || !findings.failed.isEmpty || findings.passed == 0 { throw ExitCode(1) }
        }
    }
}
