import Foundation
import TidemillModel
import TidemillRig

/// The agent is killed and its shims live: `stop` work ends at its fence and starts on the other node; `keep` work runs on,
/// and the agent that returns adopts it.
///
/// With TIDEMILL_BREAK=fence in `environment`, the first attempts run on beside the second: the drill's own proof.
struct AgentKilled: Trial {
    let name = "agent-killed"
    var environment: [String: String] = [:]

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (failing, other) = (rig.seat, rig.seat("b"))
        try await rig.startController()
        try await rig.startAgent(on: failing, environment: environment)
        try await rig.startAgent(on: other)
        for seat in [failing, other] { try await rig.wait(for: seat, toBe: .ready) }
        let work = try await rig.startWork(
            [("keep-0", .keep), ("stop-0", .stop(2000)), ("stop-1", .stop(2000)), ("stop-2", .stop(3000))],
            on: failing, of: [failing, other])
        try await rig.killAgent(on: failing)
        for moved in work where moved.isStop {
            try await rig.witnessed(moved.job, attempt: 2)
            let node = try await rig.slice(moved.job, attempt: 2).status.grant?.node
            findings.check("\(name): \(moved.job) starts on the other node", node == other.node, node ?? "nowhere")
        }
        if !environment.isEmpty { return findings }
        try await rig.startAgent(on: failing)
        try await rig.wait(for: failing, toBe: .ready)
        for kept in work where !kept.isStop { try await findings.checkKept(kept, rig, name) }
        for moved in work where moved.isStop {
            try await Patience.untilTrue("the first slice of \(moved.job) is released") {
                // Released slices of an older attempt may be gone altogether.
                guard let slice = try? await rig.slice(moved.job) else { return true }
                return slice.status.state == .released
            }
            findings.check(
                "\(name): the second attempt of \(moved.job) is the current one",
                try await rig.job(moved.job).status.gang?.attempt == 2)
        }
        return findings
    }
}

/// The agent is stopped, as a swapped-out or paused process is, and continues when its work has long moved.
struct AgentStopped: Trial {
    let name = "agent-stopped"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (failing, other) = (rig.seat, rig.seat("b"))
        try await rig.start([other])
        let work = try await rig.startWork(
            [("keep-0", .keep), ("stop-0", .stop(2000)), ("stop-1", .stop(2000))], on: failing, of: [failing, other])
        await rig.agent?.signal(SIGSTOP)
        for moved in work where moved.isStop { try await rig.witnessed(moved.job, attempt: 2) }
        await rig.agent?.signal(SIGCONT)
        try await rig.wait(for: failing, toBe: .ready)
        for kept in work where !kept.isStop { try await findings.checkKept(kept, rig, name) }
        for moved in work where moved.isStop {
            findings.check(
                "\(name): \(moved.job) stays with its second attempt",
                try await rig.job(moved.job).status.gang?.attempt == 2)
        }
        return findings
    }
}

/// The node dies with its shims and comes back with another boot: its `stop` work has moved by then, and its `keep` work
/// starts again upon the first report of the new boot, not before.
struct NodeRebooted: Trial {
    let name = "node-rebooted"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let (failing, other) = (rig.seat, rig.seat("b"))
        try await rig.start([other])
        let work = try await rig.startWork(
            [("keep-0", .keep), ("stop-0", .stop(2000))], on: failing, of: [failing, other])
        try await rig.killNode(failing)
        for moved in work where moved.isStop { try await rig.witnessed(moved.job, attempt: 2) }
        for kept in work where !kept.isStop {
            findings.check(
                "\(name): nothing replaces \(kept.job) while its node is silent",
                try await rig.job(kept.job).status.gang?.attempt == 1)
        }
        try rig.reboot(failing)
        try await rig.startAgent(on: failing)
        try await rig.wait(for: failing, toBe: .ready)
        for kept in work where !kept.isStop {
            try await rig.witnessed(kept.job, attempt: 2)
            findings.check(
                "\(name): \(kept.job) starts again after the first report of the new boot",
                try await rig.job(kept.job).status.gang?.attempt == 2)
        }
        return findings
    }
}
