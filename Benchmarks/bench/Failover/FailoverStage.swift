import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// Two real nodes, one that dies and one that lives.
struct FailoverStage: Sendable {
    var rig: Rig

    private var mortal: Seat { rig.seat }
    private var survivor: Seat { rig.seat("b") }

    func start() async throws {
        for seat in [mortal, survivor] { try await rig.startAgent(on: seat) }
        for seat in [mortal, survivor] { try await rig.wait(for: seat, toBe: .ready) }
    }

    private static func policy(_ milliseconds: Int64) -> JSON {
        ["policy": "stop", "after": .string("\(milliseconds)ms")]
    }

    /// Starts witnesses on one of the two nodes.
    private func occupy(_ seat: Seat, _ jobs: [String], _ onDisconnect: JSON) async throws {
        let other = seat == mortal ? survivor : mortal
        try await rig.cordon(other, true)
        for job in jobs { try await rig.submitWitness(job, onDisconnect: onDisconnect) }
        for job in jobs {
            _ = try await rig.running(job)
            try await Patience.untilTrue("\(job) writes") { try !rig.witness().runs(of: job).isEmpty }
        }
        try await rig.cordon(other, false)
    }

    private func remove(_ jobs: [String]) async throws {
        let client = try await rig.admin()
        for job in jobs { try await client.delete(Kinds.Job.self, namespace: "default", name: job) }
        for job in jobs {
            try await Patience.untilTrue("the slices of \(job) are gone") {
                try await client.list(
                    Kinds.Slice.info, namespace: "default", selection: Selection(labels: "tidemill.dev/job=\(job)")
                ).objects.isEmpty
            }
        }
    }

    /// Kills the node with its shims, again and again, with three jobs on it each time.
    /// - Returns: seconds from the first SIGKILL to the first sign of life of each job's second attempt, and to the steps
    ///   on the way there.
    func deaths(
        _ rounds: Int, afterMilliseconds: Int64, survivorIsWarm: Bool
    ) async throws -> FailoverTimes {
        let policy = Self.policy(afterMilliseconds)
        let warmth = "warm-\(afterMilliseconds)"
        if survivorIsWarm { try await occupy(survivor, [warmth], policy) }
        var times = FailoverTimes()
        for round in 0..<rounds {
            let jobs = (0..<3).map { "death-\(afterMilliseconds)-\(survivorIsWarm ? "w" : "c")-\(round)-\($0)" }
            try await occupy(mortal, jobs, policy)
            if !survivorIsWarm { try await cold() }
            let steps = SliceSteps()
            let (killed, ends) = try await withThrowingTaskGroup(of: Void.self) { group in
                let watch = try await rig.admin().watch(Kinds.Slice.self, namespace: "default")
                group.addTask { for try await event in watch { await steps.take(event) } }
                let killed = Kernel.bootNanoseconds()
                try await rig.killNode(mortal)
                var ends: [Int64] = []
                for job in jobs {
                    let second = try await Patience.until("\(job) runs elsewhere", within: .seconds(60)) {
                        try rig.witness().runs(of: job).first { $0.attempt > 1 }
                    }
                    ends.append(second.first)
                }
                group.cancelAll()
                return (killed, ends)
            }
            for (job, end) in zip(jobs, ends) {
                times.seconds.append(Double(end - killed) / 1e9)
                for (step, at) in await steps.of(job) {
                    times.steps[step, default: []].append(Double(at - killed) / 1e9)
                }
            }
            say("  round \(round): \(times.seconds.suffix(3).map(figure).joined(separator: " ")) s")
            try rig.reboot(mortal)
            try await rig.startAgent(on: mortal)
            try await rig.wait(for: mortal, toBe: .ready)
            try await remove(jobs)
        }
        if survivorIsWarm { try await remove([warmth]) }
        return times
    }

    /// Waits until the survivor renews every 2 s, as a node does that holds nothing urgent: its lease lasts five intervals.
    private func cold() async throws {
        let client = try await rig.admin()
        try await Patience.untilTrue("\(survivor.node) renews every 2 s", within: .seconds(120)) {
            try await client.get(Kinds.Lease.self, namespace: "tidemill-node-lease", name: survivor.node)
                .spec.leaseDurationSeconds == 10
        }
    }

    /// Kills the agent alone and starts it again.
    /// - Returns: seconds from its start until it has all tasks under its eyes and its lease renewed.
    func restarts(_ rounds: Int) async throws -> [Double] {
        let jobs = (0..<3).map { "adopted-\($0)" }
        try await occupy(mortal, jobs, ["policy": "keep"])
        var seconds: [Double] = []
        for _ in 0..<rounds {
            try await rig.killAgent(on: mortal)
            let began = Kernel.bootNanoseconds()
            try await rig.startAgent(on: mortal)
            try await Patience.untilTrue("the agent has adopted", every: .milliseconds(5)) {
                rig.metrics(of: mortal).map { $0.active == jobs.count && $0.renewals > 0 } ?? false
            }
            seconds.append(Double(Kernel.bootNanoseconds() - began) / 1e9)
        }
        try await remove(jobs)
        return seconds
    }

    /// Watches all nodes while nothing fails but the machine is busy; both real ones renew every 250 ms.
    /// - Returns: what was wrongly noticed.
    func falseDetections(minutes: Double) async throws -> [String] {
        let jobs = [("calm-a", mortal), ("calm-b", survivor)]
        for (job, seat) in jobs { try await occupy(seat, [job], Self.policy(1_500)) }
        let client = try await rig.admin()
        let seconds = Int64(minutes * 60)
        let end = Kernel.bootNanoseconds() + seconds * 1_000_000_000
        var wrong: [String] = []
        var states: [String: Kinds.NodeState] = [:]
        let watch = try await client.watch(
            Kinds.Node.self, options: WatchOptions(timeout: .seconds(seconds)))
        for try await event in watch {
            switch event {
            case .added(let node), .modified(let node):
                let state = node.status.state ?? .initializing
                let isSilent = state == .suspect || state == .disconnected
                if states.updateValue(state, forKey: node.metadata.name) != state, isSilent {
                    wrong.append("\(node.metadata.name) \(state.rawValue)")
                }
            case .deleted, .bookmark:
                break
            }
        }
        guard Kernel.bootNanoseconds() >= end - 1_000_000_000 else { throw RigError("the watch ended too soon") }
        for (job, _) in jobs {
            let attempt = try await rig.job(job).status.gang?.attempt ?? 0
            if attempt != 1 { wrong.append("\(job) is in attempt \(attempt)") }
        }
        try await remove(jobs.map(\.0))
        return wrong
    }
}
