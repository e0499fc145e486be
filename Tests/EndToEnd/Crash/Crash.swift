import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillSeams
import TidemillWire

/// Kills the controller at random moments under concurrent writes and judges what is left: invariants 2 and 9.
@main struct Crash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-crash", abstract: "Kill the controller under concurrent writes; nothing may be lost.")

    @Option(help: "How often the controller is killed.") var rounds = 20
    @Option(help: "Clients that write at once.") var writers = 16
    @Option(help: "Seed of the moments and of the writes.") var seed: UInt64 = 1

    func run() async throws {
        print("crash: seed=\(seed)")
        let rig = try Rig("crash")
        let outcome: Harness
        do {
            outcome = try await drive(rig)
        } catch {
            print(await rig.logs())
            try await rig.tearDown()
            throw error
        }
        try await rig.tearDown()
        let problems = await outcome.problems
        for line in (problems.lost + problems.reused + problems.gaps).prefix(40) { print(line) }
        print("crash: writes=\(await outcome.writes) acknowledged")
        print(
            "crash: rounds=\(rounds) lost=\(problems.lost.count) reused=\(problems.reused.count) gaps=\(problems.gaps.count)"
        )
        if !(problems.lost + problems.reused + problems.gaps).isEmpty { throw ExitCode(1) }
    }

    private func drive(_ rig: Rig) async throws -> Harness {
        try await rig.startController()
        let client = try await rig.admin()
        let harness = Harness(client: client)
        let start = try await client.list(Kinds.Lease.info, namespace: Leases.namespace).revision.rawValue
        var random = SeededGenerator(seed: seed)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await harness.watch(from: start) }
            for round in 1...rounds {
                await harness.begin(killAfter: Int.random(in: 0..<600, using: &random))
                let seeds = (0..<writers).map { _ in random.next() }
                await withTaskGroup(of: Void.self) { writing in
                    for (worker, seed) in seeds.enumerated() {
                        writing.addTask { await harness.write(worker: worker, round: round, seed: seed) }
                    }
                    // Every writer ends with its first failed request; the kill makes them all fail.
                    writing.addTask {
                        do {
                            try await Patience.untilTrue("round \(round) is due", every: .milliseconds(1)) {
                                await harness.isTimeToKill
                            }
                            try await rig.killController()
                        } catch {
                            print("round \(round): \(error)")
                            await harness.stop()
                        }
                    }
                }
                try await rig.startController()
                try await harness.settle()
            }
            try await Patience.untilTrue("the watcher has seen everything") { await harness.hasSeenAll }
            group.cancelAll()
        }
        await harness.close()
        return harness
    }
}
