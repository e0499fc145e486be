import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// Slices from the creation of their job to Active: a real controller, simulated agents that do what slices ask for, and a
/// client that watches.
struct EndToEndBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "e2e", abstract: "Measure slices from create to Active, through API, store, scheduler and agents.")

    @Option(help: "Nodes, each with an agent of its own.") var nodes = 5_000
    @Option(help: "Slices of the first phase, as fast as they go.") var slices = 50_000
    @Option(help: "Members of each job's gang.") var gang = 8
    @Option(help: "Accelerators of each node.") var cards = 4
    @Option(help: "Slices a second of the second phase.") var rate = 500
    @Option(help: "Seconds of the second phase.") var seconds = 30
    @Option(help: "Seed of the jobs' sizes.") var seed: UInt64 = 1

    func validate() throws {
        guard nodes > 0, gang > 0, slices > 0, slices % gang == 0 else {
            throw ValidationError(
                "--slices \(slices) is not a multiple of --gang \(gang), or something is not positive")
        }
    }

    func run() async throws {
        let outcome = try await measure()
        Row.report(outcome.rows, as: "bench-e2e")
        say(outcome.line)
        if outcome.wrong > 0 { throw ExitCode.failure }
    }

    struct Outcome: Sendable {
        var rows: [Row]
        var line: String
        /// Slices, devices and gangs that are not as they must be.
        var wrong: Int
    }

    private func measure() async throws -> Outcome {
        // Each agent holds its heartbeats and two watches, and writes now and then on a connection of its own.
        let rig = try Rig("e2e", controllerArguments: ["--max-connections", String(nodes * 4 + 256)])
        return try await withRig(rig) { rig in
            try await rig.startController()
            guard let controller = await rig.controller else { throw RigError("the controller does not run") }
            _ = try await rig.admin().create(
                Kinds.DeviceClass(
                    metadata: ObjectMeta(name: JobSource.deviceClass),
                    spec: .init(selector: Kinds.DeviceSelector(vendor: "bench"))))
            try await Fleet(rig: rig).register(nodes, cards: cards)
            let load = try AgentLoad(
                rig, agents: nodes, streams: 2, arguments: ["--working", "--window", "1"])
            return try await load.during {
                let settled = try await load.settled(rig, heartbeatsInWindow: nodes / 4)
                say("bench-e2e: \(nodes) agents are connected and their nodes Ready after \(figure(settled)) s")
                let client = try await EndToEndClient(rig: rig, gang: gang, seed: seed)
                try await client.watch()
                return try await measure(EndToEndRun(client: client, controller: controller, load: load))
            }
        }
    }

    private func measure(_ run: EndToEndRun) async throws -> Outcome {
        let idle = try Kernel.memory(of: run.controller.pid)
        let empty = try await run.quiet()
        let flood = try await run.flood(slices / gang)
        say("bench-e2e: \(slices) slices are Active after \(figure(flood.seconds)) s")
        let full = try Kernel.memory(of: run.controller.pid)
        let quiet = try await run.quiet()
        let stream = try await run.stream(rate * seconds / gang, perSecond: Double(rate) / Double(gang))
        let last = try Kernel.memory(of: run.controller.pid)
        let check = GrantCheck(
            slices: try await run.client.seen().slices, gang: gang, jobs: slices / gang + rate * seconds / gang)
        let most = max(full.residentBytes, last.residentBytes)
        var rows =
            [
                Row(
                    name: "slices from create to Active", value: flood.perSecond, unit: "slices/s",
                    aim: .atLeast(1_000),
                    note:
                        "\(slices) in jobs of \(gang) on \(nodes) nodes, first create to last Active; controller \(figure(flood.cores)) cores (\(flood.shares)), agents \(figure(flood.agentCores))"
                ),
                Row(
                    name: "create to Active at \(rate)/s, 99th percentile", value: quantile(stream.latencies, 0.99),
                    unit: "ms", aim: .atMost(500),
                    note:
                        "of \(stream.latencies.count), as the client's watch sees it, from when the job was due; median \(figure(median(stream.latencies))) ms, slowest \(figure(stream.latencies.max() ?? 0)) ms; controller \(figure(stream.cores)) cores"
                ),
                Row(
                    name: "CPU of the controller in between", value: quiet, unit: "cores", aim: .none,
                    note:
                        "\(nodes) agents renew, \(slices) slices are Active; \(figure(empty)) cores before the first slice"
                ),
                Row(
                    name: "memory of the controller, resident", value: mebibytes(most), unit: "MiB", aim: .atMost(1024),
                    note:
                        "with \(check.slices.count) slices; \(figure(mebibytes(idle.residentBytes))) MiB before the first, private \(figure(mebibytes(last.privateBytes))) MiB"
                ),
            ] + flood.writes.rows(of: check, slices: slices)
        rows += try checkRows(check, run.load)
        let wrong = check.notOnce + check.partialGangs + check.overfullDevices
        let line =
            "e2e: per_s=\(Int(flood.perSecond)) p99_ms=\(Int(quantile(stream.latencies, 0.99))) partial=\(check.partialGangs) overfull=\(check.overfullDevices) not_once=\(check.notOnce)"
        return Outcome(rows: rows, line: line, wrong: wrong)
    }

    private func checkRows(_ check: GrantCheck, _ load: AgentLoad) throws -> [Row] {
        let windows = try load.windows()
        let bad = windows.reduce(0) { $0 + $1.bad }
        let conflicts = windows.reduce(0) { $0 + $1.conflicts }
        return [
            Row(
                name: "slices not Active exactly once", value: Double(check.notOnce), unit: "", aim: .atMost(0),
                note: "of \(check.slices.count)"),
            Row(name: "gangs granted in part", value: Double(check.partialGangs), unit: "", aim: .atMost(0)),
            Row(
                name: "devices over capacity", value: Double(check.overfullDevices), unit: "", aim: .atMost(0),
                note: "memory, CPUs and compute of all shares added up"),
            Row(
                name: "agents: refused, late, failed, lost", value: Double(bad), unit: "", aim: .atMost(0),
                note:
                    "\(conflicts) writes met a change and were made anew; \(windows.compactMap(\.lastRefusal).last ?? "")"
            ),
        ]
    }
}
