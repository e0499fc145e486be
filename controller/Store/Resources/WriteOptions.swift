import TidemillSeams

/// Which part of an object a write is about; the other part of what is sent is ignored.
package enum Subresource: Hashable, Sendable {
    case main
    case status
}

/// How an object is written.
package struct WriteOptions: Hashable, Sendable {
    /// Everything is checked and nothing stored; the result has no resourceVersion of its own.
    package var isDryRun: Bool

    package init(isDryRun: Bool = false) {
        self.isDryRun = isDryRun
    }
}

/// What a deletion demands.
package struct DeleteOptions: Hashable, Sendable {
    /// What happens to objects that this one owns.
    package enum Propagation: String, Hashable, Sendable {
        /// They are collected afterwards.
        case background = "Background"
        /// Treated as `background`.
        case foreground = "Foreground"
        /// They stay; refused for now.
        case orphan = "Orphan"
    }

    /// Only if the object still has this uid.
    package var uid: String?
    /// Only if the object still has this resourceVersion.
    package var resourceVersion: String?
    package var propagation: Propagation
    package var isDryRun: Bool

    package init(
        uid: String? = nil, resourceVersion: String? = nil, propagation: Propagation = .background,
        isDryRun: Bool = false
    ) {
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagation = propagation
        self.isDryRun = isDryRun
    }
}

/// What a deletion came to.
package enum DeleteOutcome: Sendable {
    /// The object is gone; this is its last state.
    case gone(StoredObject)
    /// Finalizers remain: the object now has a deletionTimestamp and goes when they are removed.
    case terminating(StoredObject)
}
