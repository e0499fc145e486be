import TidemillSeams
import TidemillWire

/// What a list or a watch selects; everything when empty.
package struct ObjectSelector: Hashable, Sendable {
    package var labels: LabelSelector
    /// May name metadata.name, metadata.namespace and the kind's selectable fields; others are a bad request.
    package var fields: FieldSelector

    package init(labels: LabelSelector = LabelSelector(), fields: FieldSelector = FieldSelector()) {
        self.labels = labels
        self.fields = fields
    }

    package var isEmpty: Bool { labels.isEmpty && fields.isEmpty }
}

/// The query of a list.
package struct ListOptions: Hashable, Sendable {
    /// What `resourceVersion` means.
    package enum Match: String, Hashable, Sendable {
        case exact = "Exact"
        case notOlderThan = "NotOlderThan"
    }

    package var selector: ObjectSelector
    /// The most objects of a page; all when nil.
    package var limit: Int?
    /// `continue`: goes on after a page, in the same snapshot.
    package var continueToken: String?
    /// Empty and nil for the latest, `0` for any.
    package var resourceVersion: String?
    package var match: Match?

    package init(
        selector: ObjectSelector = ObjectSelector(), limit: Int? = nil, continueToken: String? = nil,
        resourceVersion: String? = nil, match: Match? = nil
    ) {
        self.selector = selector
        self.limit = limit
        self.continueToken = continueToken
        self.resourceVersion = resourceVersion
        self.match = match
    }
}

/// A page of objects out of one snapshot.
package struct ObjectList: Sendable {
    /// By namespace, then by name.
    package var objects: [StoredObject]
    package var revision: Revision
    /// Present when there is more.
    package var continueToken: String?
    /// How many follow; unknown with a selector.
    package var remaining: Int?
}
