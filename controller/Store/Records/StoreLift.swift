import TidemillSeams

/// What a restore makes of a store's identity: a new life above every revision that an earlier one can have reached.
package struct StoreLift: Hashable, Sendable {
    /// How far a restore lifts the revisions beyond the highest life known.
    package static let step: Int64 = 1 << 32

    package let incarnation: IncarnationID
    package let ancestors: [IncarnationID]
    package let base: Int64
    /// What is added to each of the old revisions.
    package let lift: Int64

    /// - Parameters:
    ///   - old: whose backup it is.
    ///   - lives: further lives that are known, such as those of earlier restores of the same backup.
    package init(
        incarnation: IncarnationID, from old: (incarnation: IncarnationID, ancestors: [IncarnationID], base: Int64),
        lives: [(incarnation: IncarnationID, base: Int64)] = []
    ) {
        self.incarnation = incarnation
        var ancestors = old.ancestors
        for life in [old.incarnation] + lives.map(\.incarnation) where !ancestors.contains(life) {
            ancestors.append(life)
        }
        self.ancestors = ancestors
        base = max(old.base, lives.map(\.base).max() ?? 0) + Self.step
        lift = base - old.base
    }

    package init(_ old: StoreIdentity, to incarnation: IncarnationID) {
        self.init(incarnation: incarnation, from: (old.incarnation, old.ancestors, old.base))
    }

    /// The identity at its first start; `starts` is empty still.
    package func identity(start: StartID) -> StoreIdentity {
        StoreIdentity(incarnation: incarnation, ancestors: ancestors, base: base, start: start, starts: [])
    }
}

extension Entry {
    /// The same entry in a life whose revisions are lifted.
    package func lifted(by lift: Int64) -> Entry {
        Entry(
            key: key, value: value, created: Revision(created.rawValue + lift),
            revision: Revision(revision.rawValue + lift), topics: topics)
    }
}
