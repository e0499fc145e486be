extension Kinds.Toleration {
    /// What is wrong with the toleration that stands at `path`, by the rules of Kubernetes.
    func problems(at path: String) -> [FieldError] {
        var errors: [FieldError] = []
        if (key ?? "").isEmpty, `operator` != .exists {
            errors.append(
                .invalid(
                    "\(path).operator", `operator`.rawValue,
                    "must be Exists when `key` is empty, which means \"match all values and all keys\""))
        }
        if `operator` == .exists, let value, !value.isEmpty {
            errors.append(.invalid("\(path).value", value, "must be empty when `operator` is Exists"))
        }
        if tolerationSeconds != nil, effect != .noExecute {
            errors.append(
                .invalid(
                    "\(path).effect", effect?.rawValue ?? "", "must be NoExecute when `tolerationSeconds` is set"))
        }
        return errors
    }

    /// Whether the toleration is about `taint`: effect, key and value match, where they are given.
    package func matches(_ taint: Kinds.Taint) -> Bool {
        if let effect, effect != taint.effect { return false }
        if let key, !key.isEmpty, key != taint.key { return false }
        switch `operator` {
        case .exists: return true
        case .equal: return (value ?? "") == (taint.value ?? "")
        }
    }
}

/// For how long a taint is borne.
package enum Tolerance: Hashable, Sendable {
    case notAtAll
    /// So many seconds after the taint appeared; only NoExecute is ever borne for a time.
    case seconds(Int64)
    case forEver
}

extension [Kinds.Toleration] {
    /// How `taint` is borne. Of several tolerations that match, the first counts, as in Kubernetes.
    package func tolerance(of taint: Kinds.Taint) -> Tolerance {
        guard let first = first(where: { $0.matches(taint) }) else { return .notAtAll }
        guard taint.effect == .noExecute, let seconds = first.tolerationSeconds else { return .forEver }
        return .seconds(seconds)
    }

    /// Whether `taint` is borne, at least for a time.
    package func tolerate(_ taint: Kinds.Taint) -> Bool { tolerance(of: taint) != .notAtAll }

    /// What is wrong with the tolerations that stand at `path`.
    func problems(at path: String) -> [FieldError] {
        enumerated().flatMap { index, toleration in toleration.problems(at: "\(path)[\(index)]") }
    }
}
