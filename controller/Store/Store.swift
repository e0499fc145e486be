import TidemillSeams

/// What every engine under Tidemill can do: one flat, ordered space of keys, one revision counter, a history.
///
/// Keys are ASCII paths such as `tidemill.dev/jobs/<namespace>/<name>`; values are opaque bytes. Revisions only grow, also
/// across restarts (invariant 9). An acknowledged commit is never forgotten (invariant 2).
package protocol Store: Sendable {
    /// Which life of which store this is.
    var identity: StoreIdentity { get }

    /// The entry at `key`, as of now; nil when there is none.
    func get(_ key: String) async throws(StoreError) -> Entry?

    /// Entries whose key starts with `prefix`, in key order.
    ///
    /// - Parameters:
    ///   - after: only keys greater than this one, to go on after a page.
    ///   - limit: at most so many entries; all when nil.
    ///   - at: the snapshot to read, or nil for now. Throws `.expired` when it was compacted and `.future` when it is
    ///     still to come.
    func list(prefix: String, after key: String?, limit: Int?, at revision: Revision?) async throws(StoreError)
        -> Listing

    /// Does all writes of `transaction` at one new revision, or none of them.
    ///
    /// Returns that revision once the writes are durable; a transaction that changes nothing returns the current one.
    /// Throws `.conflict` for the first condition that does not hold, `.tooLarge` beyond `Transaction.limits`, `.full`
    /// when no space is left.
    @discardableResult
    func commit(_ transaction: Transaction) async throws(StoreError) -> Revision

    /// What happened to keys that start with `prefix` after `revision`, in order, and the revision up to which that is all.
    ///
    /// Throws `.expired` and `.future` as `list` does.
    func changes(prefix: String, after revision: Revision) async throws(StoreError) -> StoreChanges

    /// Every change of keys that start with `prefix` after `revision`, or from now on when that is nil, once and in order;
    /// with a topic, only what concerns it, so that a change costs nothing for those who watch another.
    ///
    /// Throws `.expired` and `.future` as `list` does.
    func watch(prefix: String, after revision: Revision?, topic: String?) async throws(StoreError) -> Watch

    /// The revision of the last commit; at least 1.
    func currentRevision() async -> Revision

    /// All entries at one revision, as a value: writers go on while it is read.
    func snapshot() async throws(StoreError) -> StoreSnapshot

    /// Why nothing more can be written until the next start, once the medium has failed; reads go on. Nil as long as it can.
    func fault() async -> StoreError?

    /// Forgets the history before `revision`: older snapshots and watches end with `.expired`. Entries stay.
    func compact(before revision: Revision) async throws(StoreError)
}

extension Store {
    /// Every change of keys that start with `prefix`.
    package func watch(prefix: String, after revision: Revision?) async throws(StoreError) -> Watch {
        try await watch(prefix: prefix, after: revision, topic: nil)
    }
}

/// A part of the history.
package struct StoreChanges: Sendable {
    package var events: [WatchEvent]
    package var revision: Revision

    package init(events: [WatchEvent], revision: Revision) {
        self.events = events
        self.revision = revision
    }
}

/// All that a store holds at one revision, and whose it is.
package struct StoreSnapshot: Sendable {
    package var identity: StoreIdentity
    package var revision: Revision
    package var entries: SortedEntries

    package init(identity: StoreIdentity, revision: Revision, entries: SortedEntries) {
        self.identity = identity
        self.revision = revision
        self.entries = entries
    }
}

/// Names one life of a store, so that agents can tell a restored or rolled back one (section 4, Restore and Rollback).
package struct StoreIdentity: Hashable, Sendable {
    /// New after each restore.
    package var incarnation: IncarnationID
    /// The lives that this one was restored from, oldest first.
    package var ancestors: [IncarnationID]
    /// Added to the engine's own revisions; lifted by 2^32 with each restore.
    package var base: Int64
    /// This start of the controller.
    package var start: StartID
    /// All starts of this incarnation, oldest first; the last one is `start`.
    package var starts: [StoreStart]

    package init(
        incarnation: IncarnationID, ancestors: [IncarnationID] = [], base: Int64, start: StartID, starts: [StoreStart]
    ) {
        self.incarnation = incarnation
        self.ancestors = ancestors
        self.base = base
        self.start = start
        self.starts = starts
    }
}

/// One start of a controller on a store.
package struct StoreStart: Hashable, Sendable {
    package var id: StartID
    /// The first revision that this start could write.
    package var firstRevision: Revision

    package init(id: StartID, firstRevision: Revision) {
        self.id = id
        self.firstRevision = firstRevision
    }
}
