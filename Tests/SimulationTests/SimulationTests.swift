import Testing

@Suite struct SimulationTests {
    /// Seeds of every run; a failure names its seed, and that seed alone reproduces it.
    static let seeds = (1...50).map { UInt64($0) }

    @Test func `the invariants hold in every history`() async {
        var seen: Set<String> = []
        await withTaskGroup(of: (UInt64, Result<Set<String>, any Error>).self) { group in
            for seed in Self.seeds {
                group.addTask {
                    do {
                        return (seed, .success(try await Simulation(seed: seed).run()))
                    } catch {
                        return (seed, .failure(error))
                    }
                }
            }
            for await (seed, result) in group {
                switch result {
                case .success(let more): seen.formUnion(more)
                case .failure(let error): Issue.record("seed \(seed): \(error)")
                }
            }
        }
        // A run in which nothing went wrong would show nothing.
        let wanted: Set<String> = [
            "job running", "job succeeded", "job failed", "gang abandoned", "slice lost", "slice releasing",
            "task fenced",
            "task lost", "task preempted", "refusal", "silence", "retry",
        ]
        #expect(wanted.subtracting(seen) == [])
    }

    @Test(arguments: [
        (BrokenRule.agentsIgnoreDeadlines, "1(b)"),
        (BrokenRule.lostSharesAreFree, "1(a)"),
    ])
    func `a broken rule is caught`(_ rule: BrokenRule, _ invariant: String) async throws {
        var caught: [String] = []
        for seed in Self.seeds where caught.isEmpty {
            do {
                try await Simulation(seed: seed, broken: rule).run()
            } catch {
                caught.append("\(error)")
            }
        }
        #expect(caught.first?.hasPrefix(invariant) == true, "caught \(caught)")
    }
}
