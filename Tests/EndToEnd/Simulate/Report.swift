import Foundation
import TidemillSimulation

/// Runs what was asked for and tells of it; the last line holds the figures.
struct Report {
    private let first: UInt64
    private let seeds: UInt64
    private let rules: [BrokenRule]

    init(_ arguments: Arguments) {
        first = arguments.number("--first") ?? 1
        seeds = arguments.number("--seeds") ?? 100
        rules =
            arguments.has("--no-rules") ? [] : arguments.broken.isEmpty ? BrokenRule.allCases : Array(arguments.broken)
    }

    func run() async {
        let caught = await caughtRules()
        let began = ContinuousClock.now
        let result = await Campaign.run(first..<(first + seeds)) { outcome in
            if let violation = outcome.violation { print("seed \(outcome.scenario.seed): \(violation)") }
            fflush(nil)
        }
        let took = ContinuousClock.now - began
        // The first few are told whole; the rest by their seeds.
        for failure in result.failures.prefix(3) { await tell(failure) }
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        print("seen: \(result.seen.sorted().joined(separator: ", "))")
        print(
            "simulate: seeds=\(seeds) failures=\(result.failures.count) broken_rules_caught=\(caught)/\(rules.count) "
                + "histories_per_s=\(String(format: "%.1f", Double(seeds) / max(0.001, seconds)))")
        exit(result.failures.isEmpty && caught == rules.count ? 0 : 1)
    }

    private func caughtRules() async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            var left = rules[...]
            var caught = 0
            for _ in 0..<2 { if let rule = left.popFirst() { group.addTask { await isCaught(rule) } } }
            while let isCaught = await group.next() {
                caught += isCaught ? 1 : 0
                if let rule = left.popFirst() { group.addTask { await self.isCaught(rule) } }
            }
            return caught
        }
    }

    private func isCaught(_ rule: BrokenRule) async -> Bool {
        guard let outcome = await Campaign.firstCatch(of: rule, in: 1..<1001), let violation = outcome.violation else {
            defer { fflush(nil) }
            print("broken rule \(rule.rawValue): not caught in 1000 seeds")
            return false
        }
        defer { fflush(nil) }
        print("broken rule \(rule.rawValue): caught by seed \(outcome.scenario.seed): \(violation)")
        return true
    }

    private func tell(_ failure: Simulation.Outcome) async {
        let scenario = await Shrinker.shrunk(failure)
        let outcome = await Simulation.run(scenario, keepsText: true)
        print("\n\(scenario.text)\n\(outcome.lines.joined(separator: "\n"))\n")
    }
}
