import Testing
import TidemillSimulation

/// Histories of the shipped code. A failure names its seed; `tidemill-simulate --seed N` tells that history, and with
/// `--shrink` a smaller one that fails alike.
@Suite struct SimulationTests {
    @Test func `a seed always gives the same history`() async {
        for seed: UInt64 in [3, 7] {
            let once = await Simulation.run(Scenario.drawn(seed: seed), keepsText: true)
            let again = await Simulation.run(Scenario.drawn(seed: seed), keepsText: true)
            #expect(once.lines == again.lines)
            #expect(once.lines.count > 100)
        }
    }

    @Test func `the invariants hold in every history`() async {
        let result = await Campaign.run(1..<101)
        for failure in result.failures {
            let scenario = await Shrinker.shrunk(failure)
            let told = await Simulation.run(scenario, keepsText: true)
            let text = told.lines.suffix(60).joined(separator: "\n")
            Issue.record(
                "seed \(failure.scenario.seed): \(failure.violation?.description ?? "")\n\(scenario.text)\n\(text)")
        }
        // A run in which nothing went wrong would show nothing.
        let wanted: Set<String> = [
            "job Running", "job Succeeded", "job Failed", "gang Abandoned", "gang Started", "slice Lost",
            "slice Releasing", "task Fenced", "task Lost", "task Preempted", "grant stop", "grant keep", "restored",
            "rolled back", "confirmed dead", "turned away: ControllerRolledBack", "turned away: NodeIdentityChanged",
            "turned away: NodeLost", "held back: ControllerSuspect",
        ]
        #expect(wanted.subtracting(result.seen) == [])
    }

    @Test(arguments: BrokenRule.allCases)
    func `a broken rule is caught`(_ rule: BrokenRule) async throws {
        let caught = await Campaign.firstCatch(of: rule, in: 1..<1001)
        let violation = try #require(caught?.violation, "no history of 1000 shows it")
        #expect(rule.caughtBy.contains(violation.invariant))
    }

    @Test func `a failing history is shrunk to what makes it fail`() async throws {
        let found = await Campaign.firstCatch(of: .replaceWithoutWaiting, in: 1..<1001)
        let outcome = try #require(found)
        let scenario = await Shrinker.shrunk(outcome, broken: [.replaceWithoutWaiting], tries: 40)
        let again = await Simulation.run(scenario, broken: [.replaceWithoutWaiting])
        #expect(again.violation?.invariant == outcome.violation?.invariant)
        #expect(
            scenario.faults.count + scenario.work.count < outcome.scenario.faults.count + outcome.scenario.work.count)
    }

    /// Seeds that once failed: metering by wall clocks (1712), by the time at which a stopped controller went on (10151), and
    /// of a task that was never let go (10500); a late report that kept a slice for ever (1280); a boot that died before it
    /// was accepted (1000); ends that a restore had told the agent to forget (8449, 992), or that were metered by heartbeats
    /// sent before they were told (3505, 9254, 1041, 1080); a slice that kept CPUs which another had whole (182). Each stays.
    static let regressions: [UInt64] = [182, 992, 1000, 1041, 1080, 1280, 1712, 3505, 8449, 9254, 10_151, 10_500]

    @Test(arguments: regressions)
    func `what once failed holds`(_ seed: UInt64) async {
        #expect(await Simulation.run(Scenario.drawn(seed: seed)).violation == nil)
    }
}
