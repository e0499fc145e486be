import TidemillSeams

/// All that a store holds, as a value: entries, history, revision. Both engines decide with it; what is durable and who
/// is told is theirs.
package struct StoreState: Sendable {
    /// The revision of the last commit; 1 in an empty store, because 0 means "any" on the wire.
    package private(set) var revision: Revision
    /// Snapshots and watches before this revision are `.expired`.
    package private(set) var compacted: Revision
    package private(set) var entries = SortedEntries()
    package private(set) var log = EventLog()
    /// Says of which topics a value at a key is.
    package let topics: Topics

    package typealias Topics = @Sendable (_ key: String, _ value: [UInt8]) -> [String]

    /// - Parameter compacted: the history starts after it.
    package init(
        revision: Revision = Revision(1), compacted: Revision = Revision(0),
        topics: @escaping Topics = ObjectTopics.topics
    ) {
        self.revision = revision
        self.compacted = compacted
        self.topics = topics
    }

    package func get(_ key: String) -> Entry? { entries[key] }

    /// See `Store.list`.
    package func list(
        prefix: String, after key: String?, limit: Int?, at snapshot: Revision?
    ) throws(StoreError) -> Listing {
        let limit = limit ?? .max
        guard let snapshot, snapshot != revision else {
            let (page, remaining) = entries.entries(prefix: prefix, after: key, limit: limit)
            return Listing(entries: page, revision: revision, remaining: remaining)
        }
        try check(snapshot)
        // Undo what happened since: the `previous` of a key's first change after the snapshot is what the snapshot held.
        var past: [String: Entry?] = [:]
        for event in log.after(snapshot) where event.key.hasPrefix(prefix) && past[event.key] == nil {
            past[event.key] = .some(event.previous)
        }
        var all = entries.entries(prefix: prefix, after: key, limit: .max).page
        if !past.isEmpty {
            all.removeAll { past[$0.key] != nil }
            for case let entry? in past.values where key.map({ entry.key > $0 }) ?? true { all.append(entry) }
            all.sort { $0.key < $1.key }
        }
        let page = Array(all.prefix(limit))
        return Listing(entries: page, revision: snapshot, remaining: all.count - page.count)
    }

    /// See `Store.changes`.
    package func changes(prefix: String, after revision: Revision) throws(StoreError) -> StoreChanges {
        try check(revision)
        return StoreChanges(events: log.after(revision).filter { $0.key.hasPrefix(prefix) }, revision: self.revision)
    }

    /// Throws `.expired` or `.future` unless the history after `revision` is known.
    package func check(_ revision: Revision) throws(StoreError) {
        if revision < compacted { throw .expired(oldest: compacted) }
        if revision > self.revision { throw .future(current: self.revision) }
    }

    /// Makes `changes` happen; they come in order of their revisions, all after the current one.
    package mutating func apply(_ changes: some Collection<WatchEvent>) {
        for change in changes {
            if let entry = change.entry { entries.set(entry) } else { entries.remove(change.key) }
            log.append(change)
            revision = change.revision
        }
    }

    /// Takes over an entry that was written at or before `compacted`, when a store is opened.
    package mutating func restore(_ entry: Entry) {
        entries.set(entry)
        revision = max(revision, entry.revision)
    }

    /// Forgets the history through `revision`.
    package mutating func compact(through revision: Revision) {
        guard revision > compacted else { return }
        compacted = revision
        log.drop(through: revision)
    }
}
