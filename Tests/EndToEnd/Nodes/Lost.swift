import Foundation
import TidemillModel
import TidemillRig
import TidemillWire

/// A node dies with `keep` work: nothing replaces it until the operator says that the node is dead. When the machine is back
/// after all it holds nothing, and is Ready again.
struct ConfirmedDead: Trial {
    let name = "confirm-dead"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (dying, other) = (rig.seat, rig.seat("b"))
        try await rig.start([other])
        let work = try await rig.startWork([("kept", .keep)], on: dying, of: [dying, other])[0]
        let early = try await rig.run(
            "tidemill", ["node", "confirm-dead", dying.node, "--yes", "--kubeconfig", rig.kubeconfig])
        findings.check("\(name): a node that is heard cannot be confirmed dead", early.status != 0, early.text)
        try await rig.killNode(dying)
        try await rig.wait(for: dying, toBe: .disconnected)
        findings.check(
            "\(name): nothing replaces \(work.job) on a silent node",
            try await rig.job(work.job).status.gang?.attempt == 1)
        try await rig.tidemill("node", "confirm-dead", dying.node, "--yes", "--reason", "the rack burnt")
        try await rig.wait(for: dying, toBe: .lost)
        try await rig.witnessed(work.job, attempt: 2)
        try await findings.checkMoved(work.job, to: other, rig, name)

        try rig.reboot(dying)
        try await rig.startAgent(on: dying)
        let node = try await rig.wait(for: dying, toBe: .ready)
        findings.check("\(name): the word is taken back by itself", node.spec.confirmedDead == nil)
        try await rig.submitWitness("again", seconds: 1)
        try await rig.wait(for: "again", toBe: .succeeded)
        return findings
    }
}

/// The operator was wrong: the machine was only cut off, and its work runs twice, as the command warns. When it is back, it
/// ends what it holds before it is Ready.
struct ConfirmedDeadTooSoon: Trial {
    let name = "confirm-dead-too-soon"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (seat, other) = (rig.seat, rig.seat("b"))
        try await rig.start([other])
        let work = try await rig.startWork([("kept", .keep)], on: seat, of: [seat, other])[0]
        try await rig.killAgent(on: seat)
        try await rig.wait(for: seat, toBe: .disconnected)
        try await rig.tidemill("node", "confirm-dead", seat.node, "--yes")
        let second = try await rig.witnessed(work.job, attempt: 2)
        findings.check("\(name): the operator's word counts", Kernel.isAlive(work.pid))
        try await rig.startAgent(on: seat)
        try await rig.wait(for: seat, toBe: .ready)
        findings.check("\(name): what it held is ended before the node is Ready", !Kernel.isAlive(work.pid))
        let now = Kernel.bootNanoseconds()
        try await Patience.untilTrue("the second attempt goes on") {
            try rig.witness().runs(of: work.job).contains { $0.first == second.first && $0.last > now }
        }
        findings.check(
            "\(name): the second attempt is the current one",
            try await rig.job(work.job).status.gang?.attempt == 2)
        return findings
    }
}

/// Failures count against `retries`, with a growing wait between attempts; what nodes and operators end does not count.
struct Requeued: Trial {
    let name = "requeue"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        let starts = "\(rig.folder)/starts"
        try await rig.submit("fails", "cat /proc/uptime >> \(starts); exit 3", retries: 2)
        let job = try await Patience.until("the job has failed for good", within: .seconds(90)) {
            let job = try await rig.job("fails")
            return job.status.state.isFinal ? job : nil
        }
        findings.check(
            "\(name): it fails after its retries",
            job.status.state == .failed && job.status.failures == 3 && job.status.gang?.attempt == 3,
            "\(job.status.state.rawValue), \(job.status.failures ?? 0) failures, attempt \(job.status.gang?.attempt ?? 0)"
        )
        let times = try String(contentsOfFile: starts, encoding: .utf8).split(separator: "\n").compactMap {
            $0.split(separator: " ").first.flatMap { Double($0) }
        }
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        findings.check(
            "\(name): it waits longer before each attempt", gaps.count == 2 && gaps.allSatisfy { $0 >= 0.5 },
            "\(gaps)")

        try await rig.submitWitness("fenced", onDisconnect: Silence.stop(1_500).policy)
        _ = try await rig.running("fenced")
        try await rig.killAgent()
        try await Patience.untilTrue("the fence ends it") { rig.taskProcesses().isEmpty }
        try await rig.startAgent()
        try await rig.witnessed("fenced", attempt: 2)
        let status = try await rig.job("fenced").status
        findings.check(
            "\(name): a fenced attempt is an interruption and no failure",
            (status.failures ?? 0) == 0 && status.interruptions == 1,
            "\(status.failures ?? 0) failures, \(status.interruptions ?? 0) interruptions")
        return findings
    }
}
