/// A field that is applied with one value while another manager owns it with another.
package struct FieldConflict: Hashable, Sendable {
    package var owner: ManagedFields.Key
    package var path: [FieldStep]

    /// The reason of each cause in a Status.
    static let reason = "FieldManagerConflict"

    /// `.spec.region`, `.status.conditions[type="Ready"].reason`.
    package var field: String { path.map(\.text).joined() }

    /// `conflict with "kubectl-patch" using tidemill.dev/v1alpha1`.
    package var message: String { "conflict with \(owner)" }

    /// Every field of `written` that someone else than `key` owns, by the owner's name.
    static func all(_ written: FieldSet, for key: ManagedFields.Key, in managed: ManagedFields) -> [FieldConflict] {
        let others = managed.sorted.filter { $0.key != key }.sorted { $0.key.description < $1.key.description }
        return others.flatMap { owner, entry in
            entry.fields.intersection(written).paths.map { FieldConflict(owner: owner, path: $0) }
        }
    }
}

/// In the words of Kubernetes.
extension ManagedFields.Key: CustomStringConvertible {
    package var description: String {
        var text = JSON.string(writer.manager).text
        if !writer.subresource.isEmpty { text += " with subresource " + JSON.string(writer.subresource).text }
        if operation == .update { text += " using " + writer.apiVersion }
        return text
    }
}

extension APIError {
    /// Beyond these a client has learnt enough.
    private static let mostConflicts = 64

    /// What a client is told that applies without force; `conflicts` are not none.
    package init(conflicts: [FieldConflict]) {
        let shown = conflicts.prefix(Self.mostConflicts)
        var list = shown.map { "\($0.message): \($0.field)" }
        if shown.count < conflicts.count { list.append("and \(conflicts.count - shown.count) more") }
        let count = conflicts.count == 1 ? "1 conflict" : "\(conflicts.count) conflicts"
        self = .ownedByOthers(
            message: "Apply failed with \(count): " + list.joined(separator: ", "),
            causes: shown.map {
                Status.Cause(reason: FieldConflict.reason, message: $0.message, field: $0.field)
            })
    }
}
