import TidemillModel

/// Names one object of the API.
package struct ObjectRef: Hashable, Sendable, CustomStringConvertible {
    package var kind: KindInfo
    /// Empty for kinds of the cluster.
    package var namespace: String
    package var name: String

    package init(kind: KindInfo, namespace: String = "", name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// Where the object lies in the store.
    package var key: String { "\(kind.keyPrefix)\(namespace)/\(name)" }

    package var description: String {
        namespace.isEmpty ? "\(kind.groupResource)/\(name)" : "\(kind.groupResource)/\(namespace)/\(name)"
    }
}

extension KindInfo {
    /// What the keys of all objects of the kind start with, such as `tidemill.dev/jobs/`.
    package var keyPrefix: String { "\(group.isEmpty ? "core" : group)/\(plural)/" }

    /// What the keys in `namespace` start with; of the whole kind when nil, or for kinds of the cluster.
    package func keyPrefix(namespace: String?) -> String {
        guard namespaced, let namespace else { return keyPrefix }
        return "\(keyPrefix)\(namespace)/"
    }

    /// Namespace and name out of a key of this kind.
    package func ref(key: String) -> ObjectRef {
        let parts = key.dropFirst(keyPrefix.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return ObjectRef(kind: self, namespace: String(parts.first ?? ""), name: String(parts.dropFirst().first ?? ""))
    }
}
