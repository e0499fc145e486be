extension Kinds.Job {
    /// Names of slices and tasks are `<job>-<attempt>-<index>` and must fit a label.
    package static let mostNameBytes = 52

    package func validate(old: Self?) -> [FieldError] {
        var errors: [FieldError] = []
        // The server has completed a generated name by now, or does so with five characters.
        let nameBytes = metadata.name.isEmpty ? metadata.generateName.utf8.count + 5 : metadata.name.utf8.count
        if nameBytes > Self.mostNameBytes {
            errors.append(
                .invalid("metadata.name", metadata.name, "must be no more than \(Self.mostNameBytes) characters"))
        }
        return errors + spec.problems(at: "spec")
    }

    /// Number of members of the current attempt, which may be older than the size that is wanted now.
    package var attemptSize: Int64 { status.gang == nil ? spec.gang.min : status.members ?? spec.gang.min }
}

extension Kinds.JobSpec {
    /// What is wrong with the spec that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        var errors: [FieldError] = []
        if let max = gang.max, max != gang.min {
            errors.append(
                .invalid("\(path).gang.max", max, "must equal min (\(gang.min)): gangs are not elastic yet"))
        }
        errors += slice.problems(at: "\(path).slice")
        errors += template.problems(at: "\(path).template")
        errors += onDisconnect?.problems(at: "\(path).onDisconnect") ?? []
        errors += tolerations.problems(at: "\(path).tolerations")
        errors += placement?.problems(at: "\(path).placement") ?? []
        errors += disruptionBudget?.problems(at: "\(path).disruptionBudget") ?? []
        return errors
    }
}

extension Kinds.Gang {
    /// Numbers of members that a gang may have.
    package static let sizes: ClosedRange<Int64> = 1...1024
}

extension Kinds.JobState {
    /// A job ends in exactly one of these and leaves it never (invariant 2).
    package var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        case .pending, .queued, .running, .suspended: false
        }
    }
}
