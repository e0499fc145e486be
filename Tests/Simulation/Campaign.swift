/// Many histories, each by itself, some at a time.
package enum Campaign {
    package struct Result: Sendable {
        package var histories = 0
        /// Outcomes that broke an invariant, by seed.
        package var failures: [Simulation.Outcome] = []
        package var seen: Set<String> = []
    }

    /// Runs every seed; `each` hears of failures as they are found.
    package static func run(
        _ seeds: Range<UInt64>, workers: Int = 2, each: @Sendable (Simulation.Outcome) -> Void = { _ in }
    ) async -> Result {
        var result = Result()
        await withTaskGroup(of: Simulation.Outcome.self) { group in
            var next = seeds.lowerBound
            while next < seeds.upperBound || !group.isEmpty {
                while next < seeds.upperBound, result.histories + workers > Int(next - seeds.lowerBound) {
                    let seed = next
                    group.addTask { await Simulation.run(Scenario.drawn(seed: seed)) }
                    next += 1
                }
                guard let outcome = await group.next() else { break }
                result.histories += 1
                result.seen.formUnion(outcome.seen)
                if outcome.violation != nil {
                    result.failures.append(outcome)
                    each(outcome)
                }
            }
        }
        result.failures.sort { $0.scenario.seed < $1.scenario.seed }
        return result
    }

    /// The first of `seeds` in which a broken rule is noticed, by an invariant that it may be noticed by.
    package static func firstCatch(
        of rule: BrokenRule, in seeds: Range<UInt64>
    ) async -> Simulation.Outcome? {
        for seed in seeds {
            let scenario = rule.scenario(seed: seed)
            let outcome = await Simulation.run(scenario, broken: [rule])
            if let violation = outcome.violation, rule.caughtBy.contains(violation.invariant) { return outcome }
        }
        return nil
    }
}
