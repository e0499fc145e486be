import TidemillLease
import TidemillModel
import TidemillSeams

/// How a task ended, as the agent will report it. Never invented: made from a shim's end record, or Lost when there is none.
package struct TaskOutcome: Hashable, Sendable {
    /// Succeeded, Failed, Lost, Fenced or Preempted.
    package var state: Kinds.TaskState
    package var exitCode: Int64?
    package var signal: Int64?
    /// One word, as `TaskEnd.reason`.
    package var reason: String
    /// One sentence for people.
    package var message: String
    package var startedAt: WallTime?
    package var finishedAt: WallTime?
    /// From start to end by the boot clock, which no adjustment of the wall clock moves.
    package var ranFor: Duration?

    package init(
        state: Kinds.TaskState, exitCode: Int64? = nil, signal: Int64? = nil, reason: String, message: String,
        startedAt: WallTime? = nil, finishedAt: WallTime? = nil, ranFor: Duration? = nil
    ) {
        self.state = state
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.ranFor = ranFor
    }
}

/// Why a slice is asked to end before its task ended by itself.
package struct StopRequest: Hashable, Sendable {
    /// One word, such as Preempted, Deleted or Lost.
    package var reason: String
    package var message: String?

    package init(reason: String, message: String? = nil) {
        self.reason = reason
        self.message = message
    }

    /// Reasons under which a forced end counts as Preempted rather than Failed: none is the task's own doing. A store that was
    /// restored may come to know again a job whose slices were Deleted, Released or Restored away.
    static let preemptions: Set<String> = [
        "Preempted", "Reclaimed", "TideEnded", "GangEnded", "Drained", "TaintNoExecute", "Deleted", "Restored",
        "OldEpoch",
        "Lost", "Released", "GangNotReady",
    ]
}

extension TaskOutcome {
    /// What a shim recorded, before any request to stop is considered.
    package init(_ record: EndRecord) {
        let (state, reason): (Kinds.TaskState, String) =
            switch record.reason {
            case .completed: (.succeeded, "Completed")
            case .error, .stopped: (.failed, "Error")
            case .memoryLimitExceeded: (.failed, "MemoryLimitExceeded")
            case .fenced: (.fenced, "Fenced")
            case .startError: (.failed, "StartError")
            }
        self.init(
            state: state, exitCode: record.exitCode.map(Int64.init), signal: record.signal.map(Int64.init),
            reason: reason, message: record.message, startedAt: record.startedAt, finishedAt: record.finishedAt,
            // Without a start the command was never let go: the time that its shim waited is nobody's.
            ranFor: record.startedInstant.map { record.finishedInstant.since($0) } ?? .zero)
    }
}
