import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Which of the reported attempts go on.
extension RestorePlan {
    mutating func judge(_ claims: [Claim], _ seen: RestoreObservation) {
        let jobs = Dictionary(seen.jobs.map { ($0.metadata.uid, $0) }, uniquingKeysWith: { first, _ in first })
        let slices = Dictionary(
            seen.slices.map { (SliceUID($0.metadata.uid), $0) }, uniquingKeysWith: { first, _ in first })
        let byJob = Dictionary(grouping: claims) { $0.report.member?.jobUID ?? "" }
        for (uid, claims) in byJob.sorted(by: { $0.key < $1.key }) {
            if let job = jobs[uid] {
                judge(job, claims, seen)
            } else {
                // Of no job that the store knows. A slice of its own is kept when it is granted as the node says.
                stop(
                    claims.filter { claim in
                        let grant = slices[claim.report.uid]?.status.grant
                        return !uid.isEmpty || grant?.epoch != claim.report.grant.epoch
                            || grant?.node != claim.node.rawValue
                    })
            }
        }
    }

    private mutating func judge(_ job: Kinds.Job, _ claims: [Claim], _ seen: RestoreObservation) {
        if let attempt = RestoredAttempt(job, claims, seen) {
            let others = claims.filter { !attempt.members.contains($0) && !untold.contains($0) }
            // What goes on is written down only when nothing else of the job runs (invariant 1b).
            if others.isEmpty { adopt(attempt) } else { stop(others) }
            return
        }
        if let mark = Self.given(up: claims, of: job) {
            steps.append(.write(subject: "job \(job.metadata.namespace)/\(job.metadata.name)", [.status(mark)], []))
        } else {
            stop(claims)
        }
    }

    private mutating func adopt(_ attempt: RestoredAttempt) {
        let changes = attempt.changes
        guard !changes.isEmpty else { return }
        let metadata = attempt.job.metadata
        let nodes = attempt.nodes.joined(separator: ", ")
        let event = PlannedEvent(
            attempt.job, "Adopted",
            "Attempt \(attempt.number) was found on \(nodes) after the store was restored; it goes on")
        steps.append(.write(subject: "job \(metadata.namespace)/\(metadata.name)", changes, [event]))
    }

    /// The job with the reported attempts noted as over: its next one has a higher number and a higher token than any of
    /// them. Nil when it says so already, or is final.
    private static func given(up claims: [Claim], of job: Kinds.Job) -> Kinds.Job? {
        guard !job.status.state.isFinal, !job.metadata.isTerminating else { return nil }
        var next = job
        if let token = claims.map(\.token).max() { next.status.lastToken = max(token, job.status.lastToken ?? token) }
        let attempt = max(claims.map(\.attempt).max() ?? 0, job.attempt)
        // A started one is ended and followed by the job's own reconciler, once its members are gone.
        if attempt > job.attempt || job.status.gang?.state == .drafting || job.status.gang?.state == .committed {
            next.status.gang = Kinds.GangRecord(attempt: attempt, state: .abandoned, reason: reason)
            next.status.state = .queued
            next.status.reason = reason
            next.status.message = "Attempt \(attempt) was only partly found after the store was restored; it is ended."
        }
        return next == job ? nil : next
    }
}

extension Kinds.Job {
    /// The number of the current attempt; 0 when there is none.
    var attempt: Int64 { status.gang?.attempt ?? 0 }
}
