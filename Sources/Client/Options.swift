import TidemillSeams

/// Which objects a list or a watch is about.
package struct Selection: Sendable, Equatable {
    /// Such as `app=web,tier!=front`.
    package var labels: String
    /// Such as `status.grant.node=n1`.
    package var fields: String

    package init(labels: String = "", fields: String = "") {
        self.labels = labels
        self.fields = fields
    }

    /// All objects.
    package static let all = Selection()

    var query: [(name: String, value: String)] {
        (labels.isEmpty ? [] : [("labelSelector", labels)]) + (fields.isEmpty ? [] : [("fieldSelector", fields)])
    }
}

/// How a watch runs.
package struct WatchOptions: Sendable {
    /// Changes after this revision; nil starts with every object as an `.added`.
    package var after: Revision?
    /// Whether the server says from time to time how far it has come.
    package var bookmarks: Bool
    /// After this time the server ends the watch. A stream that outlives it by half a minute counts as dead.
    package var timeout: Duration

    package init(after: Revision? = nil, bookmarks: Bool = true, timeout: Duration = .seconds(3600)) {
        self.after = after
        self.bookmarks = bookmarks
        self.timeout = timeout
    }

    var query: [(name: String, value: String)] {
        var query = [("watch", "true"), ("timeoutSeconds", String(max(1, timeout.components.seconds)))]
        if bookmarks { query.append(("allowWatchBookmarks", "true")) }
        if let after { query.append(("resourceVersion", String(after.rawValue))) }
        return query.map { (name: $0.0, value: $0.1) }
    }
}

/// What must hold for a delete, and what becomes of dependents.
package struct DeleteOptions: Sendable {
    package var uid: String?
    package var resourceVersion: String?
    /// Background, Foreground or Orphan; Background when nil.
    package var propagationPolicy: String?
    package var dryRun: Bool

    package init(
        uid: String? = nil, resourceVersion: String? = nil, propagationPolicy: String? = nil, dryRun: Bool = false
    ) {
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagationPolicy = propagationPolicy
        self.dryRun = dryRun
    }
}
