import ArgumentParser
import NIOSSL
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// What many agents cost the controller: real TLS connections, one heartbeat each 2 s with jitter, from a process of its own.
struct HeartbeatBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heartbeat", abstract: "Measure the controller under the heartbeats of many agents.")

    @Option(help: "How many agents.") var agents = 10_000
    @Option(help: "Windows of ten seconds that are measured.") var windows = 7
    @Flag(help: "Every agent holds its two watches and its tunnel as well: four connections instead of one.")
    var whole = false

    static let windowSeconds: Int64 = 10

    func run() async throws {
        let connections = agents * (whole ? 4 : 1) + 256
        let rig = try Rig("heartbeat", controllerArguments: ["--max-connections", String(connections)])
        let rows = try await withRig(rig) { rig in
            try await rig.startController()
            guard let controller = await rig.controller else { throw RigError("the controller does not run") }
            try await Fleet(rig: rig).register(agents)
            let load = try AgentLoad(
                rig, agents: agents, streams: whole ? 3 : 0, arguments: whole ? ["--whole"] : [])
            return try await load.during { try await measure(controller, load, rig) }
        }
        explain()
        Row.report(rows, as: "bench-heartbeat")
    }

    private func measure(_ controller: Child, _ load: AgentLoad, _ rig: Rig) async throws -> [Row] {
        let settled = try await load.settled(rig, heartbeatsInWindow: agents * 4)
        say("bench-heartbeat: every agent is connected and its node Ready after \(figure(settled)) s")

        let first = Kernel.bootNanoseconds()
        var cores: [Double] = []
        var threads = ThreadTimes(controller.pid)
        for _ in 0..<windows {
            let (start, before) = (Kernel.bootNanoseconds(), try Kernel.processorSeconds(of: controller.pid))
            try await Task.sleep(for: .seconds(Self.windowSeconds))
            let seconds = Double(Kernel.bootNanoseconds() - start) / 1e9
            cores.append((try Kernel.processorSeconds(of: controller.pid) - before) / seconds)
        }
        let last = Kernel.bootNanoseconds()
        let shares = threads.shares(seconds: Double(last - first) / 1e9)
        let memory = try Kernel.memory(of: controller.pid)
        let seen = try load.windows().filter { $0.start >= first && $0.end <= last }
        guard !seen.isEmpty else { throw RigError("the load has printed no figures") }
        return rows(cores: cores, shares: shares, memory: memory, seen: seen)
    }

    private func rows(
        cores: [Double], shares: String, memory: Kernel.Memory, seen: [BeatWindow]
    ) -> [Row] {
        let acknowledged = seen.reduce(0) { $0 + $1.acknowledged }
        let bad = seen.reduce(0) { $0 + $1.bad }
        let rate = Double(acknowledged) / seen.reduce(0) { $0 + $1.seconds }
        let slowest = cores.max() ?? 0
        // Up to a tenth early: on the average every 1.9 s.
        let due = Double(agents) / 2
        return [
            Row(
                name: "CPU of the controller", value: median(cores), unit: "cores", aim: .atMost(0.5),
                note:
                    "median of \(cores.count) windows of \(Self.windowSeconds) s, highest \(figure(slowest)); \(shares)"
            ),
            Row(
                name: "CPU for one heartbeat, everything included", value: median(cores) / rate * 1e6, unit: "µs",
                aim: .none),
            Row(
                name: "memory of the controller, resident", value: mebibytes(memory.residentBytes), unit: "MiB",
                aim: .atMost(1024), note: "private \(figure(mebibytes(memory.privateBytes))) MiB"),
            Row(
                name: "heartbeats acknowledged", value: rate, unit: "per s", aim: .atLeast(due),
                note: "over \(seen.count) windows; every 2 s at the latest, up to a tenth earlier"),
            Row(
                name: "latency, 99th percentile", value: median(seen.map { Double($0.p99Microseconds) / 1_000 }),
                unit: "ms", aim: .none,
                note:
                    "median of the windows, highest \(figure(seen.map { Double($0.p99Microseconds) / 1_000 }.max() ?? 0)) ms; half are below \(figure(median(seen.map { Double($0.medianMicroseconds) / 1_000 }))) ms"
            ),
            Row(
                name: "refused, late, failed, lost", value: Double(bad), unit: "", aim: .atMost(0),
                note: seen.compactMap(\.lastRefusal).last ?? ""),
        ]
    }

    private func explain() {
        say(
            """
            Not shared: each of \(agents) agents has a key, a certificate and \(whole ? "four TLS connections" : "one TLS connection") of its own, each made by a
            full handshake (no session tickets, no resumption), and a Node object in the store.
            Shared: one machine for controller and load, one source address, no loss and no distance, one process that is
            all agents, one certificate authority. Nothing is granted on these nodes.
            """)
        if !whole {
            say(
                """
                A real fleet adds for each agent two watches and a tunnel (three idle TLS connections, with a line every 10 s
                on the tunnel and every 60 s on a watch; measure them with --whole), the reports of its slices, and new
                handshakes whenever the controller or the network comes back.
                """)
        }
    }
}

func mebibytes(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
