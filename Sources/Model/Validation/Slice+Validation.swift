extension Kinds.Slice {
    package func validate(old: Self?) -> [FieldError] {
        var errors = spec.request.problems(at: "spec.request")
        errors += spec.onDisconnect.problems(at: "spec.onDisconnect")
        errors += spec.tolerations.problems(at: "spec.tolerations")
        errors += status.grant?.problems(at: "status.grant") ?? []
        return errors
    }
}

extension Kinds.Grant {
    /// What is wrong with the grant that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, share) in shares.enumerated() where Rational(parsing: share.cardUnits) == nil {
            errors.append(
                .invalid("\(path).shares[\(index)].cardUnits", share.cardUnits, "must be a rational such as 1/8"))
        }
        switch (policy, after) {
        case (.stop, nil): errors.append(.required("\(path).after", "with policy stop"))
        case (.keep, _?): errors.append(.forbidden("\(path).after", "only with policy stop"))
        default: break
        }
        return errors
    }
}

extension Kinds.SliceState {
    /// The slice holds nothing and never will again.
    package var isFinal: Bool { self == .released }

    /// The slice holds, or may hold, shares of its node.
    package var holdsShares: Bool {
        switch self {
        case .reserved, .prepared, .active, .releasing, .scrubbing, .lost: true
        case .pending, .released: false
        }
    }
}
