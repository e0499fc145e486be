extension Kinds.Requirement {
    /// Whether a label or attribute with this value meets it; nil is one that is absent.
    package func isMet(by value: String?) -> Bool {
        switch `operator` {
        case .in: value.map(values.contains) ?? false
        case .notIn: value.map { !values.contains($0) } ?? true
        case .exists: value != nil
        case .doesNotExist: value == nil
        case .gt: Self.order(value, values.first) { $0 > $1 }
        case .lt: Self.order(value, values.first) { $0 < $1 }
        }
    }

    /// What is no quantity is neither more nor less than anything.
    private static func order(_ value: String?, _ bound: String?, _ isMet: (Rational, Rational) -> Bool) -> Bool {
        // What cannot be read is no quantity.
        guard let value, let bound, let a = try? Quantity(parsing: value), let b = try? Quantity(parsing: bound) else {
            return false
        }
        return isMet(a.fraction, b.fraction)
    }

    /// `zone In (a, b)`, as kubectl writes it.
    package var text: String {
        values.isEmpty
            ? "\(key) \(`operator`.rawValue)" : "\(key) \(`operator`.rawValue) (\(values.joined(separator: ", ")))"
    }

    /// What is wrong with the requirement that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        switch `operator` {
        case .in, .notIn:
            return values.isEmpty
                ? [.required("\(path).values", "must name at least one value with operator \(`operator`.rawValue)")]
                : []
        case .exists, .doesNotExist:
            return values.isEmpty
                ? [] : [.forbidden("\(path).values", "may not be given with operator \(`operator`.rawValue)")]
        case .gt, .lt:
            guard values.count == 1, let value = values.first else {
                return [.required("\(path).values", "must name one value with operator \(`operator`.rawValue)")]
            }
            // What cannot be read is what is wrong with it.
            guard (try? Quantity(parsing: value)) != nil else {
                return [.invalid("\(path).values[0]", value, "must be a number or quantity, such as 80Gi or 9.0")]
            }
            return []
        }
    }
}

extension [Kinds.Requirement] {
    func problems(at path: String) -> [FieldError] {
        enumerated().flatMap { index, requirement in requirement.problems(at: "\(path)[\(index)]") }
    }
}

extension Kinds.LabelSelector {
    /// Whether it selects anything with these labels. An empty selector selects everything.
    package func selects(_ labels: [String: String]) -> Bool {
        matchLabels.allSatisfy { labels[$0.key] == $0.value }
            && matchExpressions.allSatisfy { $0.isMet(by: labels[$0.key]) }
    }

    func problems(at path: String) -> [FieldError] { matchExpressions.problems(at: "\(path).matchExpressions") }
}

extension Kinds.NameSet {
    package func contains(_ name: String?) -> Bool {
        let isListed = `in`.isEmpty || (name.map(`in`.contains) ?? false)
        return isListed && !(name.map(notIn.contains) ?? false)
    }
}
