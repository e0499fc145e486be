import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

extension JobPlan {
    /// An abandoned attempt: none of its members ever starts, so the next one may begin as soon as each is asked to go.
    /// What a node said of a member in the meantime counts: a refusal passes the node over, a failure is a failure.
    static func abandoned(_ seen: JobObservation, _ members: [Member]) -> JobPlan {
        guard let gang = seen.job.status.gang else { return JobPlan("has no attempt") }
        let wasCommitted = !gang.nodes.isEmpty
        let releases = members.compactMap { withdraw($0, wasCommitted: wasCommitted, reason: gang.reason, seen) }
        if !releases.isEmpty { return JobPlan("withdraws the abandoned attempt", transactions: [releases]) }
        // A slice that its node could not prepare is a task that failed: retries and their back-off bound it.
        if let cause = members.first(where: { $0.ended == .failed }) { return fail(seen, members, cause) }
        var job = seen.job
        job.status.lastToken = seen.highestToken(members)
        var refusals: [Int64: [Kinds.Refusal]] = [:]
        for member in members { refusals[member.index] = member.refusalsToCarry(seen) }
        return begin(
            seen, attempt: gang.attempt + 1, job: job, refusedBy: refusals,
            // A wait after a failure is not over because somebody wants another size.
            notBefore: gang.reason == resized ? seen.job.status.nextAttemptAt : nil,
            because: "abandoned attempt \(gang.attempt) (\(gang.reason ?? "conflict"))")
    }

    /// A draft that no agent may have seen is released here; everything else is for its node to end.
    private static func withdraw(
        _ member: Member, wasCommitted: Bool, reason: String?, _ seen: JobObservation
    ) -> PlannedChange? {
        guard var slice = member.slice else { return nil }
        switch slice.status.state {
        case .reserved, .prepared, .active:
            let holdsNothing = slice.status.state == .reserved && (!wasCommitted || member.isRefused)
            if reason == prepareTimeout, slice.status.state == .reserved, !member.isRefused,
                let node = slice.status.grant?.node
            {
                // Counts as a refusal, so that the next attempt goes elsewhere for a while.
                slice.status.refusedBy.removeAll { $0.node == node }
                slice.status.refusedBy.append(
                    Kinds.Refusal(node: node, reason: prepareTimeout, until: seen.now, times: 1))
            }
            slice.status.state = holdsNothing ? .released : .releasing
            slice.status.reason = reason ?? "Abandoned"
            slice.status.message = "The attempt was abandoned before it started."
            return .status(slice)
        case .pending, .releasing, .scrubbing, .released, .lost:
            return nil
        }
    }

    /// Removes what abandoned attempts left: they never ran, so nothing of them is worth keeping. A slice that is Pending
    /// again in a restored store never ran there either, whatever a late report says of its task.
    static func cleanUp(_ seen: JobObservation, before attempt: Int64) -> [[PlannedChange]] {
        let old = seen.slices.filter { ($0.spec.member?.attempt ?? 0) < attempt && !$0.metadata.isTerminating }
        let neverRan = old.filter { slice in
            slice.status.activeAt == nil
                && (slice.status.state == .pending || (slice.status.state == .released && !seen.hasStarted(slice)))
        }
        let names = Set(neverRan.map(\.metadata.name))
        let tasks = seen.tasks.filter { names.contains($0.metadata.name) && !$0.metadata.isTerminating }
        return [neverRan.map { .delete($0) } + tasks.map { .delete($0) }]
    }

    /// A final job: its totals are completed when the last slice is released, and it goes when its time to live is over.
    static func finished(_ seen: JobObservation) -> JobPlan {
        var job = seen.job
        if !seen.slices.isEmpty { job.status.cardSeconds = seen.cardSeconds }
        if let attempt = job.status.gang?.attempt {
            job.status.isolation = job.status.isolation ?? seen.weakestIsolation(of: attempt)
        }
        if job != seen.job { return JobPlan("completes its totals", transactions: [[.status(job)]]) }
        guard let ttl = job.spec.ttlAfterFinished, let finishedAt = job.status.finishedAt else {
            return JobPlan("is \(job.status.state.rawValue)")
        }
        let goesAt = Timestamp(
            seconds: finishedAt.seconds + (ttl.duration.wholeNanoseconds + 999_999_999) / 1_000_000_000)
        if goesAt <= seen.now { return JobPlan("has outlived its ttl", transactions: [[.delete(job)]]) }
        return JobPlan("is \(job.status.state.rawValue)", wakeAt: goesAt)
    }
}

extension JobObservation {
    func hasStarted(_ slice: Kinds.Slice) -> Bool {
        tasks.contains { $0.metadata.name == slice.metadata.name && $0.status.state != .pending }
    }
}

extension Member {
    /// The refusals that the next attempt's slice starts with. The grant cleared that of its own node, so how often that
    /// node refused before is read from the annotation.
    func refusalsToCarry(_ seen: JobObservation) -> [Kinds.Refusal] {
        guard let slice else { return [] }
        let before = Self.counts(slice.metadata.annotations[Attempt.refusalsAnnotation] ?? "")
        return slice.status.refusedBy.map { refusal in
            guard refusal.node == slice.status.grant?.node else { return refusal }
            var next = refusal
            next.times = max(refusal.times, (before[refusal.node] ?? 0) + 1)
            let delay = BackOff.delaySeconds(times: next.times, jitter: seen.jitter)
            next.until = max(refusal.until, Timestamp(seconds: seen.now.seconds + delay))
            return next
        }
    }

    /// Reads `node-a=3,node-b=1`.
    private static func counts(_ text: String) -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=")
            if sides.count == 2, let times = Int64(sides[1]) { counts[String(sides[0])] = times }
        }
        return counts
    }
}
