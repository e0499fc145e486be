import Testing

/// Histories at random: to learn of what has changed comes to the same as to learn of everything.
@Suite struct NodeLearningTests {
    @Test func `what has changed is all that has to be learned`() async throws {
        var happened: [String: Int] = [:]
        for seed in 1...16 as ClosedRange<UInt64> {
            var history = try await NodeHistory(seed: seed)
            try await history.run(steps: 200)
            happened.merge(history.happened, uniquingKeysWith: +)
        }
        for what in [
            "applied goes backwards", "a control path stalls", "something has run out", "the guard trips",
            "the controller halts", "a dead node returns", "a deleted node holds something", "a node is forgotten",
            "slices are written", "only some slices are looked at",
        ] {
            #expect(happened[what, default: 0] > 1, "\(what): \(happened)")
        }
    }
}
