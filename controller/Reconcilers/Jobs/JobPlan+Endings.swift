import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

extension JobPlan {
    /// A started gang: succeeds whole, and is ended whole when a member is lost or fails (invariant 5).
    static func started(_ seen: JobObservation, _ members: [Member]) -> JobPlan {
        let ends = members.map(\.ended)
        if ends.allSatisfy({ $0 == .succeeded }) { return succeed(seen, members) }
        let failed = members.filter { $0.ended == .failed }.min {
            ($0.finishedAt, $0.index) < ($1.finishedAt, $1.index)
        }
        let interrupted = members.first { member in
            if let end = member.ended { end != .succeeded && end != .failed } else { false }
        }
        guard let cause = failed ?? interrupted else { return count(seen, succeeded: ends.count { $0 == .succeeded }) }
        let word = failed == nil ? cause.ended?.rawValue ?? "Lost" : "Failed"
        let releases = members.compactMap { release($0, because: "member \(cause.index) is \(word)") }
        let resting = members.count(where: \.isAtRest)
        guard resting == members.count else {
            let waiting =
                "member \(cause.index) is \(word); waits for \(resting)/\(members.count) slices to be released"
            return JobPlan(waiting, transactions: [releases])
        }
        return failed == nil ? again(seen, members, cause) : fail(seen, members, cause)
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
        let running = seen.job.spec.gang.min - Int64(succeeded)
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

    /// Fenced, Lost and Preempted members are not the job's fault: the next attempt begins and nothing is counted.
    private static func again(_ seen: JobObservation, _ members: [Member], _ cause: Member) -> JobPlan {
        var job = seen.job
        let attempt = job.status.gang?.attempt ?? 1
        let word = cause.ended?.rawValue ?? "Lost"
        job.status.lastToken = seen.highestToken(members)
        job.status.reason = word
        job.status.message = "Member \(cause.index) of attempt \(attempt) was \(word.lowercased()); it starts again."
        let event = PlannedEvent(job, word, job.status.message ?? word, isWarning: true)
        let delay = BackOff.delaySeconds(times: 1, jitter: seen.jitter)
        var plan = begin(
            seen, attempt: attempt + 1, job: job, notBefore: Timestamp(seconds: seen.now.seconds + delay),
            because: "has member \(cause.index) \(word)")
        plan.events.append(event)
        return plan
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
