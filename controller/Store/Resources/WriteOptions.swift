import TidemillSeams

/// Which part of an object a write is about; the other part of what is sent is ignored.
package enum Subresource: Hashable, Sendable {
    case main
    case status
}

/// What is done about members of a body that no schema knows (`fieldValidation`).
package enum FieldValidation: String, Hashable, Sendable, CaseIterable {
    /// They are refused.
    case strict = "Strict"
    /// They are dropped, and the client is told.
    case warn = "Warn"
    /// They are dropped.
    case ignore = "Ignore"
}

/// Under whose name a write goes down in `metadata.managedFields`.
package enum Writer: Hashable, Sendable {
    /// A part of Tidemill: it claims nothing of what nobody declared, and what it changes of the rest.
    case part(String)
    /// A client, by the name that it gives itself.
    case client(String)

    package static let controller = Writer.part("tidemill-controller")
    package static let agent = Writer.part("tidemill-agent")

    package var manager: String {
        switch self {
        case .part(let name), .client(let name): name
        }
    }
}

/// How an object is written.
package struct WriteOptions: Hashable, Sendable {
    /// Everything is checked and nothing stored; the result has no resourceVersion of its own.
    package var isDryRun: Bool
    package var validation: FieldValidation
    package var writer: Writer

    package init(isDryRun: Bool = false, validation: FieldValidation = .strict, writer: Writer = .controller) {
        self.isDryRun = isDryRun
        self.validation = validation
        self.writer = writer
    }
}

/// What a deletion demands.
package struct DeleteOptions: Hashable, Sendable {
    /// What happens to objects that this one owns.
    package enum Propagation: String, Hashable, Sendable {
        /// They are collected afterwards.
        case background = "Background"
        /// They are collected first, and the object stays until those are gone that block it.
        case foreground = "Foreground"
        /// They stay, and no longer belong to it.
        case orphan = "Orphan"

        /// What keeps the object until the collector of garbage has done it.
        package var finalizer: String? {
            switch self {
            case .background: nil
            case .foreground: "foregroundDeletion"
            case .orphan: "orphan"
            }
        }
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
