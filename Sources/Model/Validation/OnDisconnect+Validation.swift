extension Kinds.OnDisconnect {
    /// The shortest silence that detection and fencing can tell from a hiccup.
    package static let leastAfter: Duration = .milliseconds(1500)
    package static let defaultAfter: Duration = .seconds(60)

    /// How long the silence may last; nil with `keep`, which has no deadline.
    package var effectiveAfter: Duration? {
        policy == .stop ? after?.duration ?? Self.defaultAfter : nil
    }

    /// What is wrong with the value that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        guard let after else { return [] }
        if policy != .stop {
            return [.forbidden("\(path).after", "only with policy stop")]
        }
        return after.duration < Self.leastAfter
            ? [.invalid("\(path).after", after.text, "must be at least 1.5s")] : []
    }
}

extension Kinds.JobSpec {
    /// `onDisconnect` with its defaults: `keep` for nonPreemptible jobs, `stop` after 60s for preemptible ones. `after` is
    /// always set with `stop`.
    package var effectiveOnDisconnect: Kinds.OnDisconnect {
        switch (onDisconnect?.policy, preemptibility) {
        case (.keep, _), (nil, .nonPreemptible):
            Kinds.OnDisconnect(policy: .keep)
        case (.stop, _), (nil, .preemptible):
            Kinds.OnDisconnect(
                policy: .stop, after: onDisconnect?.after ?? APIDuration(Kinds.OnDisconnect.defaultAfter))
        }
    }
}

extension Kinds.Job {
    /// See `JobSpec.effectiveOnDisconnect`.
    package var effectiveOnDisconnect: Kinds.OnDisconnect { spec.effectiveOnDisconnect }
}
