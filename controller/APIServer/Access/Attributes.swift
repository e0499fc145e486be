import TidemillModel
import TidemillWire

/// What a request wants to do, in the words of access rules.
struct Attributes: Hashable, Sendable {
    enum Verb: String, Hashable, Sendable {
        case get, list, watch, create, update, patch, delete

        var writes: Bool {
            switch self {
            case .get, .list, .watch: false
            case .create, .update, .patch, .delete: true
            }
        }
    }

    var verb: Verb
    var kind: KindInfo
    /// Nil for all namespaces, or for a kind without them.
    var namespace: String?
    /// Nil for a collection.
    var name: String?
    var part: Route.Part?

    /// The refusal that clients know how to print.
    func forbidden(to user: String, because reason: String = "") -> APIError {
        let resource = part.map { "\(kind.plural)/\($0.rawValue)" } ?? kind.plural
        let subject = name.map { "\(kind.groupResource) \"\($0)\"" } ?? kind.groupResource
        let place =
            if kind.namespaced, let namespace { "in the namespace \"\(namespace)\"" } else { "at the cluster scope" }
        return .forbidden(
            "\(subject) is forbidden: User \"\(user)\" cannot \(verb.rawValue) resource \"\(resource)\" in API group \"\(kind.group)\" \(place)"
                + (reason.isEmpty ? "" : ": \(reason)"))
    }
}
