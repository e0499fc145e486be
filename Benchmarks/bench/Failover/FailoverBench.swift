import ArgumentParser
import Foundation
import TidemillRig

/// From the death of a node to its work running elsewhere, with real programs on a machine whose CPUs are busy with
/// something else, and with simulated agents beside.
struct FailoverBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover", abstract: "Measure the time from a node's death to its work running elsewhere.")

    @Option(help: "Deaths for each `after`, with three jobs each; the other node renews every 2 s before each of them.")
    var coldRounds = 6
    @Option(help: "Deaths for `after: 1.5s` while the other node holds such work too.") var warmRounds = 12
    @Option(help: "Restarts of the agent.") var restarts = 20
    @Option(help: "Minutes under load in which no node may be taken for silent.") var loadedMinutes = 10.0
    @Option(help: "Simulated agents beside the two real ones.") var simulated = 63

    func run() async throws {
        let rows = try await withRig(try Rig("failover-bench")) { rig in
            let stage = FailoverStage(rig: rig)
            try await rig.startController()
            try await Fleet(rig: rig).register(simulated)
            let load = try AgentLoad(rig, agents: simulated, arguments: ["--window", "1"])
            // Two loops at normal priority: as many as this machine has CPUs, or more.
            let busy = try (0..<max(2, ProcessInfo.processInfo.activeProcessorCount)).map {
                try Child("/bin/sh", ["-c", "while :; do :; done"], log: "\(rig.folder)/busy-\($0).log")
            }
            let result: Result<[Row], any Error>
            do {
                result = .success(try await measure(stage))
            } catch {
                result = .failure(error)
            }
            for child in busy + [load.child] { try await child.end() }
            return try result.get()
        }
        Row.report(rows, as: "bench-failover")
    }

    private func measure(_ stage: FailoverStage) async throws -> [Row] {
        try await stage.start()
        var rows: [Row] = []
        let slow = try await stage.deaths(coldRounds, afterMilliseconds: 10_000, survivorIsWarm: false)
        rows += Self.rows(
            "after: 10s, SIGKILL to running elsewhere", slow, bound: 11,
            note: "bound: after + 1 s; the survivor held nothing and renewed every 2 s")
        let cold = try await stage.deaths(coldRounds, afterMilliseconds: 1_500, survivorIsWarm: false)
        rows += Self.rows(
            "after: 1.5s, SIGKILL to running elsewhere", cold, bound: 3,
            note: "the survivor held nothing and renewed every 2 s")
        let warm = try await stage.deaths(warmRounds, afterMilliseconds: 1_500, survivorIsWarm: true)
        rows += Self.rows(
            "after: 1.5s, the same, survivor at 250 ms", warm, bound: 3,
            note: "the survivor held such work too")
        let adopted = try await stage.restarts(restarts)
        rows += Self.rows("agent start to all tasks adopted, renewed", adopted, bound: 1, note: "three tasks")
        let misses = try await stage.falseDetections(minutes: loadedMinutes)
        rows.append(
            Row(
                name: "nodes taken for silent under load", value: Double(misses.count), unit: "", aim: .atMost(0),
                note:
                    "\(figure(loadedMinutes)) minutes, \(simulated) simulated and 2 real agents, which renewed every 250 ms; \(misses.prefix(3).joined(separator: ", "))"
            ))
        let doubles = try stage.rig.witness().doubles
        rows.append(
            Row(
                name: "double runs in all of this", value: Double(doubles.count), unit: "", aim: .atMost(0),
                note: doubles.first ?? ""))
        return rows
    }

    private static func rows(_ name: String, _ times: FailoverTimes, bound: Double, note: String) -> [Row] {
        rows(name, times.seconds, bound: bound, note: "\(times.way); \(note)")
    }

    private static func rows(_ name: String, _ seconds: [Double], bound: Double, note: String) -> [Row] {
        if seconds.isEmpty { return [] }
        let most = figure(seconds.max() ?? 0)
        return [
            Row(
                name: "\(name), median", value: median(seconds), unit: "s", aim: .atMost(bound),
                note: "of \(seconds.count); \(note)"),
            Row(
                name: "\(name), p99", value: quantile(seconds, 0.99), unit: "s", aim: .atMost(bound),
                note: "of \(seconds.count) the slowest, \(most) s"),
        ]
    }
}
