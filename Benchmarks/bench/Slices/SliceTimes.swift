import Foundation
import TidemillDaemon
import TidemillNodeAgent
import TidemillNodeCore
import TidemillRig
import TidemillSeams

/// How long a slice takes from its journaled plan to Prepared, and from its task's end to Released, while others stand on
/// the machine, each with a task.
struct SliceTimes {
    var stage: SliceStage
    var standing: Int
    var runs: Int
    var rounds: Int

    /// Milliseconds of one run, a value for each round.
    private struct Run {
        var prepare: [Double] = []
        /// The same without a canary, alternating with the above.
        var unprobed: [Double] = []
        var start: [Double] = []
        var release: [Double] = []
        var journal: [Double] = []

        /// What the canary adds, pair by pair.
        var canary: [Double] { zip(prepare, unprobed).map { $0 - $1 } }
    }

    func rows() async throws -> [Row] {
        let journal = SliceJournal(path: stage.folder + "/journal.sqlite")
        _ = try await journal.load()
        var others: [HeldSlice] = []
        for number in 0..<standing {
            let slice = stage.slice("standing-\(number)", milliCPU: 5, memoryBytes: 16 << 20, isProbed: false)
            try await stage.prepare(slice)
            _ = try await stage.start(slice, ["sleep", "86400"])
            try await journal.put(slice)
            others.append(slice)
        }
        var measured: [Run] = []
        for run in 0..<runs { measured.append(try await self.run(run, beside: others, journal)) }
        return rows(measured)
    }

    private func run(_ run: Int, beside others: [HeldSlice], _ journal: SliceJournal) async throws -> Run {
        var times = Run()
        for round in 0..<rounds {
            let name = "round-\(run)-\(round)"
            let slice = stage.slice(name, milliCPU: 100, beside: others)
            times.journal.append(try await Self.milliseconds { try await journal.put(slice) })
            times.prepare.append(try await prepare(slice, beside: others))
            // A start says once the shim has recorded it; the task has ended soon after.
            var task: RunningTask?
            times.start.append(try await Self.milliseconds { task = try await stage.start(slice, ["true"]) })
            if let task { _ = await stage.host.end(of: slice, task) }
            times.release.append(try await Self.milliseconds { try await stage.release(slice) })
            await stage.host.discard(slice.key)

            let bare = stage.slice("\(name)-unprobed", milliCPU: 100, beside: others, isProbed: false)
            times.unprobed.append(try await prepare(bare, beside: others))
            try await stage.release(bare)
            await stage.host.discard(bare.key)
        }
        return times
    }

    /// As an agent does it: once it is prepared, all that share its CPUs are bound anew.
    private func prepare(_ slice: HeldSlice, beside others: [HeldSlice]) async throws -> Double {
        try await Self.milliseconds {
            try await stage.prepare(slice)
            try await stage.host.bind(stage.bindings(of: others + [slice]))
        }
    }

    private func rows(_ measured: [Run]) -> [Row] {
        let note = "\(standing) slices on the machine, median of \(runs) runs of \(rounds)"
        let tail = { (times: (Run) -> [Double]) in median(measured.map { quantile(times($0), 0.99) }) }
        let middle = { (times: (Run) -> [Double]) in figure(median(measured.map { median(times($0)) })) }
        return [
            Row(
                name: "prepare a slice, p99", value: tail(\.prepare), unit: "ms", aim: .atMost(20),
                note: "median \(middle(\.prepare)) ms, of which the canary \(middle(\.canary)); \(note)"),
            Row(
                name: "prepare a slice without its canary, p99", value: tail(\.unprobed), unit: "ms", aim: .none,
                note: "median \(middle(\.unprobed)) ms"),
            Row(
                name: "release a slice, p99", value: tail(\.release), unit: "ms", aim: .atMost(50),
                note: "median \(middle(\.release)) ms, from the end of its task; \(note)"),
            Row(
                name: "start a task in a slice, p99", value: tail(\.start), unit: "ms", aim: .none,
                note: "median \(middle(\.start)) ms, until the agent reads the record of its shim"),
            Row(
                name: "a slice's entry in the journal, p99", value: tail(\.journal), unit: "ms", aim: .none,
                note: "median \(middle(\.journal)) ms; before each prepare, and limited by the disk"),
        ]
    }

    private static func milliseconds(_ work: () async throws -> Void) async throws -> Double {
        let clock = ContinuousClock()
        let began = clock.now
        try await work()
        return (clock.now - began) / .milliseconds(1)
    }
}
