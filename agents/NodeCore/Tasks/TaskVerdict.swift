import TidemillModel
import TidemillSeams

/// Says what an end means: from what was recorded, and from what had been asked for.
package enum TaskVerdict {
    /// A recorded end, seen in the light of a request to stop. Ends by limit, by fence, and without a record keep their
    /// meaning; anything else after a request is the request's doing.
    package static func judge(_ outcome: TaskOutcome, stop: StopRequest?) -> TaskOutcome {
        guard let stop, outcome.state == .failed || outcome.state == .succeeded else { return outcome }
        guard outcome.reason == "Error" || outcome.reason == "Completed" else { return outcome }
        var judged = outcome
        judged.state = StopRequest.preemptions.contains(stop.reason) ? .preempted : .failed
        judged.reason = stop.reason
        judged.message = stop.message ?? "Ended by request: \(stop.reason)."
        return judged
    }

    /// The end of a task that left no record; `ranFor` is how long it surely ran.
    package static func lost(startedAt: WallTime?, ranFor: Duration = .zero) -> TaskOutcome {
        TaskOutcome(
            state: .lost, reason: "Lost", message: "The task's end was not recorded on its node.",
            startedAt: startedAt, ranFor: ranFor)
    }

    /// The deadline passed while the slice waited for its gang.
    package static let fencedBeforeStart = TaskOutcome(
        state: .fenced, reason: "Fenced", message: "The deadline passed before the task was started.")

    /// Nothing ran.
    package static func startError(_ message: String) -> TaskOutcome {
        TaskOutcome(state: .failed, reason: "StartError", message: message)
    }
}
