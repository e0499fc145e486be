/// A resource that is asked and not kept: what a client may do, and who it is. It can be created, and nothing else.
enum Review: String, CaseIterable, Hashable, Sendable {
    case access = "selfsubjectaccessreviews"
    case rules = "selfsubjectrulesreviews"
    case subject = "selfsubjectreviews"

    /// In paths and in discovery.
    var plural: String { rawValue }
    /// What `singularName` says.
    var singular: String { kind.lowercased() }
    var version: String { "v1" }
    var apiVersion: String { "\(group)/\(version)" }

    var group: String {
        switch self {
        case .access, .rules: "authorization.k8s.io"
        case .subject: "authentication.k8s.io"
        }
    }

    var kind: String {
        switch self {
        case .access: "SelfSubjectAccessReview"
        case .rules: "SelfSubjectRulesReview"
        case .subject: "SelfSubjectReview"
        }
    }
}
