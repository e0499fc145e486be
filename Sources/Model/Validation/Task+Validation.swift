extension Kinds.Task {
    package func validate(old: Self?) -> [FieldError] {
        spec.template.problems(at: "spec.template")
    }
}

extension Kinds.TaskState {
    /// The task has ended and does not change any more.
    package var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .lost, .fenced, .preempted: true
        case .pending, .starting, .running, .stopping: false
        }
    }
}
