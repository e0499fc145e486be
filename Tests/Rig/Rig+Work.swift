import TidemillModel
import TidemillWire

/// What a witness does when its node falls silent.
package enum Silence: Sendable {
    case keep
    /// `after` in milliseconds.
    case stop(Int64)

    package var policy: JSON {
        switch self {
        case .keep: ["policy": "keep"]
        case .stop(let milliseconds):
            [
                "policy": "stop",
                "after": .string(milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"),
            ]
        }
    }
}

/// A witness that runs, as it was when it was first seen to.
package struct RunningWork: Sendable {
    package var job: String
    package var seat: Seat
    package var silence: Silence
    package var pid: Int32
    package var sliceUID: String

    package var isStop: Bool { if case .stop = silence { true } else { false } }
}

extension Rig {
    /// Starts witnesses on one seat of several: the others are cordoned meanwhile.
    /// - Parameter more: further fields of every Job's spec.
    package func startWork(
        _ jobs: [(name: String, silence: Silence)], on seat: Seat, of all: [Seat], more: [String: JSON] = [:]
    ) async throws -> [RunningWork] {
        for other in all where other != seat { try await cordon(other, true) }
        for job in jobs {
            try await submitWitness(job.name, onDisconnect: job.silence.policy, more: more)
        }
        var running: [RunningWork] = []
        for job in jobs {
            let task = try await self.running(job.name)
            let slice = try await self.slice(job.name)
            guard let pid = task.status.pid, slice.status.grant?.node == seat.node else {
                throw RigError("\(job.name) runs on \(slice.status.grant?.node ?? "no node"), not on \(seat.node)")
            }
            running.append(
                RunningWork(
                    job: job.name, seat: seat, silence: job.silence, pid: Int32(pid), sliceUID: slice.metadata.uid))
        }
        for other in all where other != seat { try await cordon(other, false) }
        try await Patience.untilTrue("every witness has written") {
            let seen = Set(try witness().runs.map(\.job))
            return jobs.allSatisfy { seen.contains($0.name) }
        }
        return running
    }

    /// Waits until the boot clock shows `nanoseconds`.
    package func waitUntil(_ nanoseconds: Int64) async throws {
        let left = Duration.nanoseconds(nanoseconds - Kernel.bootNanoseconds())
        try await Patience.untilTrue("the clock comes there", within: left + .seconds(10), every: .milliseconds(50)) {
            Kernel.bootNanoseconds() >= nanoseconds
        }
    }

    /// Waits until the job's witness has run as `attempt`, and gives that run.
    @discardableResult
    package func witnessed(_ job: String, attempt: Int, within limit: Duration = .seconds(60)) async throws
        -> WitnessLog.Run
    {
        try await Patience.until("attempt \(attempt) of \(job) writes", within: limit) {
            try witness().runs(of: job).last { $0.attempt == attempt }
        }
    }
}

extension Findings {
    /// `keep` work that went on: the same process, still the first attempt, and still writing.
    package mutating func checkKept(_ work: RunningWork, _ rig: Rig, _ case: String, attempt: Int = 1) async throws {
        let task = try await rig.task(work.job, attempt: attempt)
        let job = try await rig.job(work.job)
        check(
            "\(`case`): \(work.job) has the same pid",
            task.status.pid == Int64(work.pid) && Kernel.isAlive(work.pid) && task.status.state == .running
                && job.status.gang?.attempt == Int64(attempt),
            "pid \(work.pid) before, \(task.status.pid ?? 0) now, \(task.status.state.rawValue), attempt \(job.status.gang?.attempt ?? 0), alive \(Kernel.isAlive(work.pid))"
        )
        let now = Kernel.bootNanoseconds()
        try await Patience.untilTrue("\(work.job) writes on") {
            try rig.witness().runs(of: work.job).contains { $0.last > now }
        }
    }
}
