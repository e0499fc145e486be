extension Kinds.Node {
    package func validate(old: Self?) -> [FieldError] {
        var errors: [FieldError] = []
        if let timeout = spec.drain?.timeout, timeout.duration < .zero {
            errors.append(.invalid("spec.drain.timeout", timeout.text, "must not be negative"))
        }
        if let dead = spec.confirmedDead, dead.bootID.isEmpty {
            errors.append(.required("spec.confirmedDead.bootID", "the boot that is over, as in status.bootID"))
        }
        return errors
    }
}

extension Kinds.Drain {
    /// How long nonPreemptible slices and budgets are respected when `timeout` is unset.
    package static let defaultTimeout: Duration = .seconds(300)

    package var effectiveTimeout: Duration { timeout?.duration ?? Self.defaultTimeout }
}

extension Kinds.NodeSpec {
    /// Whether an operator asked that the node be emptied.
    package var isBeingEmptied: Bool { drain != nil || maintenance }
}

extension Kinds.Taint {
    /// `key=value:Effect`, as people write it.
    package var text: String { key + ((value ?? "").isEmpty ? "" : "=\(value ?? "")") + ":" + effect.rawValue }
}
