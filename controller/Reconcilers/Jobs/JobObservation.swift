import TidemillModel
import TidemillSeams
import TidemillStore

/// All that the reconciler saw of one job.
package struct JobObservation: Sendable {
    package var job: Kinds.Job
    /// The job's slices of all attempts, by `spec.member.jobUID`.
    package var slices: [Kinds.Slice]
    /// The job's tasks of all attempts, by `spec.member.jobUID`.
    package var tasks: [Kinds.Task]
    /// Names of slices and tasks in the namespace that carry the job's name but belong to an earlier job of that name.
    package var namesTaken: Set<String>
    package var now: Timestamp
    /// A random number, for back-offs that do not march in step.
    package var jitter: UInt64

    package init(
        job: Kinds.Job, slices: [Kinds.Slice] = [], tasks: [Kinds.Task] = [], namesTaken: Set<String> = [],
        now: Timestamp, jitter: UInt64 = 0
    ) {
        self.job = job
        self.slices = slices
        self.tasks = tasks
        self.namesTaken = namesTaken
        self.now = now
        self.jitter = jitter
    }
}

/// What to do about one job, and why.
package struct JobPlan: Sendable {
    /// Each is written whole or not at all, in this order, as long as the one before it succeeded.
    package var transactions: [[PlannedChange]]
    package var events: [PlannedEvent]
    /// What the job does or waits for, a clause.
    package var reason: String
    /// When the job needs to be looked at again though nothing changes.
    package var wakeAt: Timestamp?

    package init(
        _ reason: String, transactions: [[PlannedChange]] = [], events: [PlannedEvent] = [], wakeAt: Timestamp? = nil
    ) {
        self.reason = reason
        self.transactions = transactions.filter { !$0.isEmpty }
        self.events = events
        self.wakeAt = wakeAt
    }
}

extension JobPlan: CustomStringConvertible {
    /// The reason, then every change on a line of its own.
    package var description: String {
        let changes = transactions.map { $0.map { "  \($0)" }.joined(separator: "\n") }
        return ([reason] + changes).joined(separator: "\n")
    }
}
