import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

extension JobPlan {
    /// A started gang: succeeds whole, and is ended whole when a member is lost, fails or is evicted (invariant 5).
    static func started(_ seen: JobObservation, _ members: [Member]) -> JobPlan {
        let isEvicted = members.contains(where: \.isEvicted)
        let ends = members.map { isEvicted ? $0.endedByEviction : $0.ended }
        if ends.allSatisfy({ $0 == .succeeded }) { return succeed(seen, members) }
        let ended = zip(members, ends)
        let failed = ended.filter { $0.1 == .failed }.map(\.0).min {
            ($0.finishedAt, $0.index) < ($1.finishedAt, $1.index)
        }
        let interrupted = ended.first { _, end in
            if let end { end != .succeeded && end != .failed } else { false }
        }
        guard let cause = failed ?? interrupted?.0 else {
            return count(seen, succeeded: ends.count { $0 == .succeeded })
        }
        let word =
            failed != nil ? "Failed" : isEvicted ? "Preempted" : interrupted?.1?.rawValue ?? "Lost"
        let releases = members.compactMap { release($0, because: "member \(cause.index) is \(word)") }
        let resting = members.count(where: \.isAtRest)
        guard resting == members.count else {
            let waiting =
                "member \(cause.index) is \(word); waits for \(resting)/\(members.count) slices to be released"
            return JobPlan(waiting, transactions: [releases])
        }
        return failed == nil ? again(seen, members, cause, word) : fail(seen, members, cause)
    }

    /// Asks the node to end a member that is still there.
    private static func release(_ member: Member, because: String) -> PlannedChange? {
        guard var slice = member.slice, !slice.metadata.isTerminating else { return nil }
        // A member whose task ended by itself is released by its node without being asked.
        if member.task.map({ $0.status.state.isFinal }) == true { return nil }
        switch slice.status.state {
        case .reserved, .prepared, .active:
            slice.status.state = .releasing
            slice.status.reason = Attempt.gangEnded
            slice.status.message = "Ended with its gang: \(because)."
            return .status(slice)
        case .pending, .releasing, .scrubbing, .released, .lost:
            return nil
        }
    }

    private static func count(_ seen: JobObservation, succeeded: Int) -> JobPlan {
        var job = seen.job
        job.status.succeeded = Int64(succeeded)
        let running = seen.job.attemptSize - Int64(succeeded)
        return JobPlan("runs \(running) members", transactions: [job == seen.job ? [] : [.status(job)]])
    }

    private static func succeed(_ seen: JobObservation, _ members: [Member]) -> JobPlan {
        var job = seen.job
        job.status.succeeded = Int64(members.count)
        job.finish(.succeeded, reason: nil, message: nil, seen: seen)
        let event = PlannedEvent(
            job, "Succeeded", members.count == 1 ? "The member succeeded" : "All \(members.count) members succeeded")
        return JobPlan("has every member succeeded", transactions: [[.status(job)]], events: [event])
    }

    /// Counts the failure, and begins the next attempt after a back-off or ends the job.
    static func fail(_ seen: JobObservation, _ members: [Member], _ cause: Member) -> JobPlan {
        var job = seen.job
        let end = cause.task?.status.end
        let reason = end?.reason ?? "Error"
        let detail = end?.message ?? end?.exitCode.map { "exit status \($0)" } ?? reason
        let failures = (job.status.failures ?? 0) + 1
        job.status.failures = failures
        if hasRunLong(seen, members, until: cause), job.status.interruptions != nil { job.status.interruptions = 0 }
        job.status.lastToken = seen.highestToken(members)
        job.status.succeeded = Int64(members.count { $0.ended == .succeeded })
        let attempt = job.status.gang?.attempt ?? 1
        let message = "Member \(cause.index) of attempt \(attempt) failed: \(detail)"
        if failures > job.spec.retries {
            job.finish(.failed, reason: reason, message: message, seen: seen)
            let event = PlannedEvent(job, "Failed", message, isWarning: true)
            return JobPlan(
                "failed \(failures) times, \(job.spec.retries) retries", transactions: [[.status(job)]], events: [event]
            )
        }
        let delay = BackOff.delaySeconds(times: failures, jitter: seen.jitter)
        job.status.reason = reason
        job.status.message = "\(message); retry \(failures) of \(job.spec.retries) after \(delay)s."
        let event = PlannedEvent(job, "Retrying", job.status.message ?? message, isWarning: true)
        var plan = begin(
            seen, attempt: attempt + 1, job: job, notBefore: Timestamp(seconds: seen.now.seconds + delay),
            because: "failed \(failures) times, \(job.spec.retries) retries")
        plan.events.append(event)
        return plan
    }

    /// Fenced, Lost and Preempted members are not the job's fault: the next attempt begins, after a back-off that grows
    /// with the interruptions since an attempt last ran for ten minutes.
    private static func again(
        _ seen: JobObservation, _ members: [Member], _ cause: Member, _ word: String
    ) -> JobPlan {
        var job = seen.job
        let attempt = job.status.gang?.attempt ?? 1
        let isFresh = hasRunLong(seen, members, until: cause)
        let interruptions = (isFresh ? 0 : job.status.interruptions ?? 0) + 1
        let delay = max(0, BackOff.delaySeconds(times: interruptions, jitter: seen.jitter) - cause.silentSeconds)
        let why = cause.task?.status.end?.reason ?? cause.slice?.status.reason
        let detail = why.flatMap { $0 == word ? nil : " (\($0))" } ?? ""
        job.status.interruptions = interruptions
        job.status.lastToken = seen.highestToken(members)
        job.status.reason = word
        job.status.message =
            "Member \(cause.index) of attempt \(attempt) was \(word.lowercased())\(detail); "
            + "attempt \(attempt + 1) starts \(delay == 0 ? "at once" : "after \(delay)s")."
        let event = PlannedEvent(job, word, job.status.message ?? word, isWarning: true)
        var plan = begin(
            seen, attempt: attempt + 1, job: job,
            notBefore: delay == 0 ? nil : Timestamp(seconds: seen.now.seconds + delay),
            because: "has member \(cause.index) \(word)")
        plan.events.append(event)
        return plan
    }

    /// An attempt that ran for so long shows that the job can run: what interrupted earlier ones is forgiven.
    private static let longRunSeconds: Int64 = 600

    /// Whether the attempt ran for ten minutes, from its first member's start to the end of the member that ended it.
    private static func hasRunLong(_ seen: JobObservation, _ members: [Member], until cause: Member) -> Bool {
        let starts = members.compactMap { $0.slice?.status.activeAt ?? $0.task?.status.startedAt }
        guard let first = starts.min() else { return false }
        let end = cause.task?.status.end?.finishedAt ?? seen.now
        return end.seconds - first.seconds >= longRunSeconds
    }
}

extension Kinds.Job {
    /// The one final write (invariant 2).
    mutating func finish(_ state: Kinds.JobState, reason: String?, message: String?, seen: JobObservation) {
        status.state = state
        status.reason = reason
        status.message = message
        status.finishedAt = seen.now
        status.observedGeneration = metadata.generation
        let attempt = status.gang?.attempt ?? 1
        status.lastToken = seen.highestToken(seen.members(of: attempt))
        status.isolation = seen.weakestIsolation(of: attempt)
        status.cardSeconds = seen.cardSeconds
        let type = state == .succeeded ? "Complete" : "Failed"
        status.conditions.set(
            Kinds.Condition(
                type: type, status: .true, observedGeneration: metadata.generation, lastTransitionTime: seen.now,
                reason: reason ?? state.rawValue, message: message))
    }
}

extension JobObservation {
    /// The highest token granted so far; the next plan must have seen a later revision.
    func highestToken(_ members: [Member]) -> Int64? {
        (members.compactMap { $0.slice?.status.grant?.token } + (job.status.lastToken.map { [$0] } ?? [])).max()
    }

    func weakestIsolation(of attempt: Int64) -> Kinds.IsolationGrade? {
        members(of: attempt).compactMap { $0.slice?.status.isolation }.min { $0.strength < $1.strength }
    }

    /// What all attempts' slices metered so far, with three decimals.
    var cardSeconds: String? {
        let amounts = slices.compactMap { $0.status.cardSeconds.flatMap(CardSeconds.thousandths(of:)) }
        return amounts.isEmpty ? nil : CardSeconds.text(thousandths: amounts.reduce(0, +))
    }
}

extension Member {
    /// For how long its node was silent before it was Lost: so long the job has waited already. Whole seconds, rounded down.
    fileprivate var silentSeconds: Int64 {
        guard let slice, slice.status.state == .lost, let grant = slice.status.grant, grant.policy == .stop else {
            return 0
        }
        return grant.after?.duration.components.seconds ?? 0
    }
}
