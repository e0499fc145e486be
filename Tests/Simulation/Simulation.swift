/// Runs histories.
package enum Simulation {
    /// What came of one history.
    package struct Outcome: Sendable {
        package var scenario: Scenario
        /// Nil when every invariant held.
        package var violation: Violation?
        /// The history, a line each; empty unless it was asked for.
        package var lines: [String]
        /// What kinds of things happened.
        package var seen: Set<String>
    }

    /// One history, from its first event to its rest. The same scenario always gives the same history.
    package static func run(
        _ scenario: Scenario, broken: Set<BrokenRule> = [], keepsText: Bool = false
    ) async -> Outcome {
        let world = World(scenario, broken: broken, keepsText: keepsText)
        var violation: Violation?
        do {
            try await world.run()
        } catch let found as Violation {
            violation = found
        } catch {
            violation = Violation("harness", "\(error)")
        }
        world.end()
        if violation != nil { world.tellState() }
        if let violation { world.note("checker", "\(violation)") }
        return Outcome(
            scenario: scenario, violation: violation, lines: world.chronicle.lines, seen: world.chronicle.seen)
    }
}
