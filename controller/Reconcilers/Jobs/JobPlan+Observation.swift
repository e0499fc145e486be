import TidemillModel
import TidemillSeams
import TidemillStore

extension JobPlan {
    /// The whole life of a job, one step at a time: equal observations give equal plans.
    ///
    /// Invariant 2: a job in a final state is never moved again. Invariant 5: members start only once the one gang record
    /// says Started, and a started gang that loses a member is ended whole.
    package static func plan(_ seen: JobObservation) -> JobPlan {
        let status = seen.job.status
        if seen.job.metadata.isTerminating { return JobPlan("is being deleted") }
        if status.state.isFinal { return finished(seen) }
        guard let gang = status.gang else { return begin(seen, attempt: 1, job: seen.job, because: "is new") }

        let earlier = cleanUp(seen, before: gang.attempt)
        var plan: JobPlan
        let members = seen.members(of: gang.attempt)
        switch gang.state {
        case .drafting: plan = drafting(seen, members)
        case .committed: plan = committed(seen, members)
        case .started: plan = started(seen, members)
        case .abandoned: plan = abandoned(seen, members)
        }
        plan.transactions += earlier.filter { !$0.isEmpty }
        return plan
    }

    /// Creates the members of an attempt and the record that they wait on. Ends with the job, so that a half-written
    /// attempt is completed by the next tick. `job` is the job as it will be, but for the attempt itself.
    static func begin(
        _ seen: JobObservation, attempt number: Int64, job: Kinds.Job, refusedBy: [Int64: [Kinds.Refusal]] = [:],
        notBefore: Timestamp? = nil, because reason: String, alongside: [PlannedChange] = []
    ) -> JobPlan {
        // What was begun of an attempt of another size is left behind: its members would not agree on their number.
        var number = number
        while seen.isHalfBegun(attempt: number) { number += 1 }
        let attempt = Attempt(job: seen.job, number: number, size: seen.job.spec.gang.min)
        var next = job
        if let taken = attempt.names.first(where: seen.namesTaken.contains) {
            next.status.state = .pending
            next.status.reason = namesTaken
            next.status.message =
                "Slice or task \(taken) of an earlier job of this name still exists; waiting until it is gone."
            return JobPlan(
                "waits for the objects of an earlier job", transactions: [next == seen.job ? [] : [.status(next)]])
        }
        let slices = Set(seen.slices.map(\.metadata.name))
        let tasks = Set(seen.tasks.map(\.metadata.name))
        var changes = alongside
        for index in 0..<attempt.size {
            if !slices.contains(attempt.name(index)) {
                changes.append(.create(attempt.slice(index, refusedBy: refusedBy[index] ?? [])))
            }
            if !tasks.contains(attempt.name(index)) { changes.append(.create(attempt.task(index))) }
        }
        next.status.state = .queued
        if number == 1 {
            next.status.reason = nil
            next.status.message = nil
        }
        next.status.observedGeneration = seen.job.metadata.generation
        next.status.gang = Kinds.GangRecord(attempt: number, state: .drafting)
        next.status.members = attempt.size
        next.status.succeeded = 0
        next.status.nextAttemptAt = notBefore
        changes.append(.status(next))
        return JobPlan("\(reason); begins attempt \(number)", transactions: [changes], wakeAt: notBefore)
    }

    static let resized = "Resized"
    static let namesTaken = "NamesTaken"

    private static func drafting(_ seen: JobObservation, _ members: [Member]) -> JobPlan {
        if let gone = members.first(where: {
            $0.slice == nil || $0.task == nil || $0.slice?.metadata.isTerminating == true
        }) {
            return abandon(seen, reason: "MemberDeleted", "Member \(gone.index) was deleted before it was placed.")
        }
        let (now, wanted) = (seen.job.attemptSize, seen.job.spec.gang.min)
        if now != wanted {
            return abandon(
                seen, reason: resized, "The gang was resized from \(now) to \(wanted) before it was placed.")
        }
        return JobPlan("waits to be placed", wakeAt: seen.job.status.nextAttemptAt)
    }

    private static func committed(_ seen: JobObservation, _ members: [Member]) -> JobPlan {
        if let refused = members.first(where: \.isRefused), let grant = refused.slice?.status.grant {
            let refusal = refused.slice?.status.refusedBy.first { $0.node == grant.node }
            let why = refusal?.reason ?? "Refused"
            let message = refusal?.message.map { ": \($0)" } ?? "."
            return abandon(seen, reason: why, "Node \(grant.node) refused member \(refused.index): \(why)\(message)")
        }
        if let lost = members.first(where: \.cannotStart) {
            let reason = lost.slice?.status.reason ?? "MemberDeleted"
            return abandon(seen, reason: reason, "Member \(lost.index) can no longer start: \(reason).")
        }
        let prepared = members.count { $0.slice?.status.state == .prepared }
        guard prepared == members.count else { return preparing(seen, members, prepared) }
        var job = seen.job
        job.status.state = .running
        job.status.reason = nil
        job.status.message = nil
        job.status.gang?.state = .started
        if job.status.startedAt == nil { job.status.startedAt = seen.now }
        let nodes = job.status.gang?.nodes.joined(separator: ", ") ?? ""
        let event = PlannedEvent(
            job, "Started",
            "Attempt \(job.status.gang?.attempt ?? 0) started \(counted(members.count, "member")) on \(nodes)")
        return JobPlan("has every member prepared", transactions: [[.status(job)]], events: [event])
    }

    /// How long members may take to be prepared before the job says that it waits for them.
    private static let patienceSeconds: Int64 = 5
    /// How long they may take before the attempt is given up; a node that neither prepares nor refuses is passed over then.
    private static let prepareTimeoutSeconds: Int64 = 60
    static let prepareTimeout = "PrepareTimeout"

    /// Says nothing of what is over in a moment; whoever waits longer is told for whom (invariant 8), and nobody waits for
    /// ever (invariant 7).
    private static func preparing(_ seen: JobObservation, _ members: [Member], _ prepared: Int) -> JobPlan {
        let reason = "waits for \(prepared)/\(members.count) members to be prepared"
        // The slices are this attempt's own; the job's condition may be older.
        let granted = members.compactMap { $0.slice?.scheduledAt }.max() ?? seen.now
        let speaksAt = Timestamp(seconds: granted.seconds + patienceSeconds)
        let givesUpAt = Timestamp(seconds: granted.seconds + prepareTimeoutSeconds)
        if speaksAt > seen.now { return JobPlan(reason, wakeAt: speaksAt) }
        let late = members.filter { $0.slice?.status.state != .prepared }
        let nodes = Set(late.compactMap { $0.slice?.status.grant?.node }).sorted().joined(separator: ", ")
        if givesUpAt <= seen.now {
            return abandon(
                seen, reason: prepareTimeout,
                "\(prepared)/\(members.count) members were prepared within \(prepareTimeoutSeconds)s; not on \(nodes).")
        }
        var job = seen.job
        job.status.reason = "GangNotReady"
        job.status.message = "\(prepared)/\(members.count) members are prepared; waiting for \(nodes)."
        return JobPlan(reason, transactions: [job == seen.job ? [] : [.status(job)]], wakeAt: givesUpAt)
    }

    /// Moves the gang to Abandoned, and nothing else: drafts are removed only after that is written.
    private static func abandon(_ seen: JobObservation, reason: String, _ message: String) -> JobPlan {
        var job = seen.job
        job.status.gang?.state = .abandoned
        job.status.gang?.reason = reason
        job.status.reason = reason
        job.status.message = message
        let event = PlannedEvent(job, "Abandoned", message, isWarning: true)
        return JobPlan("abandons the attempt: \(reason)", transactions: [[.status(job)]], events: [event])
    }
}

extension Kinds.Slice {
    /// When it was granted; nil when the grant says nothing of it.
    fileprivate var scheduledAt: Timestamp? {
        status.conditions.first { $0.type == "Scheduled" && $0.status == .true }?.lastTransitionTime
    }
}

extension JobObservation {
    /// True when members of an attempt that is still to begin exist for another size of the gang.
    fileprivate func isHalfBegun(attempt: Int64) -> Bool {
        slices.contains { slice in
            slice.spec.member.map { $0.attempt == attempt && $0.size != job.spec.gang.min } ?? false
        }
    }

    /// The members of one attempt by rank, also those whose objects are missing.
    func members(of attempt: Int64) -> [Member] {
        let slices = Dictionary(
            self.slices.filter { $0.spec.member?.attempt == attempt }.map { ($0.spec.member?.index ?? -1, $0) },
            uniquingKeysWith: { first, _ in first })
        let tasks = Dictionary(
            self.tasks.filter { $0.spec.member?.attempt == attempt }.map { ($0.spec.member?.index ?? -1, $0) },
            uniquingKeysWith: { first, _ in first })
        return (0..<job.attemptSize).map { Member(index: $0, slice: slices[$0], task: tasks[$0]) }
    }
}
