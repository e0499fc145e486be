import TidemillModel

/// Selects objects by their labels, as `labelSelector=` spells it: `app=web,tier in (front,back),!canary`.
package struct LabelSelector: Hashable, Sendable {
    /// One requirement; all must hold.
    package struct Requirement: Hashable, Sendable {
        package enum Operator: Hashable, Sendable {
            /// The label is there and its value is one of these.
            case isIn([String])
            /// The label is absent, or its value is none of these.
            case notIn([String])
            case exists
            case doesNotExist
        }

        package var key: String
        package var `operator`: Operator

        package init(key: String, operator: Operator) {
            self.key = key
            self.operator = `operator`
        }

        package func matches(_ labels: [String: String]) -> Bool {
            switch `operator` {
            case .isIn(let values): labels[key].map(values.contains) ?? false
            case .notIn(let values): labels[key].map { !values.contains($0) } ?? true
            case .exists: labels[key] != nil
            case .doesNotExist: labels[key] == nil
            }
        }
    }

    package var requirements: [Requirement]

    package init(_ requirements: [Requirement] = []) {
        self.requirements = requirements
    }

    /// Selects what carries all of `labels`.
    package init(matchLabels labels: [String: String]) {
        requirements = labels.sorted { $0.key < $1.key }.map { .init(key: $0.key, operator: .isIn([$0.value])) }
    }

    /// An empty selector selects everything.
    package var isEmpty: Bool { requirements.isEmpty }

    package func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { $0.matches(labels) }
    }
}

extension LabelSelector: CustomStringConvertible {
    /// The selector as `labelSelector=` spells it; reading it back gives an equal selector.
    package var description: String {
        requirements.map(\.description).joined(separator: ",")
    }
}

extension LabelSelector.Requirement: CustomStringConvertible {
    package var description: String {
        switch `operator` {
        case .exists: key
        case .doesNotExist: "!\(key)"
        case .isIn(let values) where values.count == 1: "\(key)=\(values[0])"
        case .notIn(let values) where values.count == 1: "\(key)!=\(values[0])"
        case .isIn(let values): "\(key) in (\(values.joined(separator: ",")))"
        case .notIn(let values): "\(key) notin (\(values.joined(separator: ",")))"
        }
    }
}
