import TidemillSeams

/// One key with its value.
package struct Entry: Hashable, Sendable {
    package var key: String
    package var value: [UInt8]
    /// The revision that made the key, since it was last absent.
    package var created: Revision
    /// The revision that wrote `value`.
    package var revision: Revision
    /// What watches of single topics find it by; follows from key and value.
    package var topics: [String]

    package init(key: String, value: [UInt8], created: Revision, revision: Revision, topics: [String] = []) {
        self.key = key
        self.value = value
        self.created = created
        self.revision = revision
        self.topics = topics
    }
}

/// A page of entries out of one snapshot.
package struct Listing: Hashable, Sendable {
    /// In key order.
    package var entries: [Entry]
    /// The snapshot: pass it as `at` to read the next page of the same, or as `after` to watch what follows.
    package var revision: Revision
    /// How many entries follow after the last one of this page.
    package var remaining: Int
    /// True when a limit cut the page short.
    package var more: Bool { remaining > 0 }

    package init(entries: [Entry], revision: Revision, remaining: Int) {
        self.entries = entries
        self.revision = revision
        self.remaining = remaining
    }
}
