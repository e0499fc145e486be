import Foundation
import TidemillModel
import TidemillRig

/// The controller is killed and comes back after a minute: `keep` work notices nothing, `stop` work is dead by its deadline,
/// also where its shim was stopped, and starts again once.
struct ControllerAway: Trial {
    let name = "controller-away"
    var seconds: Int64

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let seats = [rig.seat, rig.seat("b")]
        try await rig.start([seats[1]])
        var work: [RunningWork] = []
        for (number, seat) in seats.enumerated() {
            // The smallest `after` has every node renew each 250 ms.
            work += try await rig.startWork(
                [
                    ("keep-\(number)-0", .keep), ("keep-\(number)-1", .keep), ("keep-\(number)-2", .keep),
                    ("stop-\(number)-0", .stop(2000)), ("stop-\(number)-1", .stop(2000)),
                    ("stop-\(number)-2", .stop(2000)), ("swift-\(number)", .stop(1500)),
                ], on: seat, of: seats)
        }
        for seat in seats { try await findings.checkRenewals(of: seat, rig) }

        try await rig.killController()
        let gone = Kernel.bootNanoseconds()
        // Two of the shims hang as well: the kernel alone holds their fences.
        for victim in work where isHung(victim) {
            for pid in rig.shims(of: victim.seat)
            where Kernel.commandLines(containing: victim.sliceUID).contains(pid) { kill(pid, SIGSTOP) }
        }
        try await rig.waitUntil(gone + seconds * 1_000_000_000)
        let log = try rig.witness()
        for stopped in work {
            guard case .stop(let after) = stopped.silence else { continue }
            findings.checkEnd(of: stopped, after: after, gone: gone, log)
        }

        try await rig.startController()
        for seat in seats { try await rig.wait(for: seat, toBe: .ready) }
        for kept in work where !kept.isStop { try await findings.checkKept(kept, rig, name) }
        for stopped in work where stopped.isStop {
            _ = try await rig.running(stopped.job, attempt: 2)
            try await rig.witnessed(stopped.job, attempt: 2)
            let first = try await rig.task(stopped.job).status
            let failures = try await rig.job(stopped.job).status.failures ?? 0
            // A shim that hung could not record the end: such a task is Lost, never Succeeded.
            let ends: [Kinds.TaskState] = isHung(stopped) ? [.fenced, .lost] : [.fenced]
            findings.check(
                "\(name): \(stopped.job) was fenced and counts no failure",
                ends.contains(first.state) && failures == 0,
                "its first task is \(first.state.rawValue), the job has \(failures) failures")
        }
        return findings
    }

    /// One of each node whose shim is stopped while the controller is away.
    private func isHung(_ work: RunningWork) -> Bool { work.isStop && work.job.hasSuffix("-2") }
}

extension Findings {
    /// `gone` is an instant at which no renewal can have been acknowledged any more: every deadline is earlier than `after`
    /// beyond it, and none is earlier by more than a heartbeat and the margin.
    fileprivate mutating func checkEnd(of work: RunningWork, after: Int64, gone: Int64, _ log: WitnessLog) {
        let last = log.runs(of: work.job).map(\.last).max() ?? 0
        let lived = (last - gone) / 1_000_000
        check(
            "controller-away: \(work.job) is dead by its deadline", lived <= after && !Kernel.isAlive(work.pid),
            "it wrote \(lived) ms after the controller was gone, its `after` is \(after) ms")
        check(
            "controller-away: \(work.job) was not ended long before its deadline", lived >= after / 2 - 250,
            "it wrote for \(lived) ms of \(after) ms")
    }

    /// More than three renewals a second: the agreed interval is 250 ms, and the default 2 s.
    fileprivate mutating func checkRenewals(of seat: Seat, _ rig: Rig) async throws {
        let first = rig.metrics(of: seat)?.renewals ?? 0
        let began = Kernel.bootNanoseconds()
        try await Patience.untilTrue("\(seat.node) renews") { rig.metrics(of: seat)?.renewals ?? 0 >= first + 16 }
        let milliseconds = (Kernel.bootNanoseconds() - began) / 1_000_000
        check(
            "controller-away: a node with `after: 1.5s` renews every 250 ms", milliseconds < 16 * 330,
            "16 renewals took \(milliseconds) ms")
    }
}
