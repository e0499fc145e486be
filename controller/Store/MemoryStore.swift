import TidemillSeams

/// A store that forgets everything when the process ends: for tests, the simulation and the bench.
package actor MemoryStore: Store {
    package nonisolated let identity: StoreIdentity

    private var state = StoreState()
    private var hub = WatchHub()
    private var marks: RetentionMarks
    private let time: (any TimeSource)?

    /// - Parameter time: ages the history; without it only `retention.most` bounds it.
    package init(
        incarnation: IncarnationID = IncarnationID("memory"), start: StartID = StartID("memory"),
        retention: Retention = Retention(), time: (any TimeSource)? = nil
    ) {
        identity = StoreIdentity(
            incarnation: incarnation, base: 0, start: start,
            starts: [StoreStart(id: start, firstRevision: Revision(2))])
        marks = RetentionMarks(retention)
        self.time = time
    }

    /// Another start of the store that `snapshot` shows, or, with `incarnation`, what a restore makes of it: another life
    /// of it, its revisions lifted beyond all that it can have reached, with `record` in it.
    package init(
        _ snapshot: StoreSnapshot, start: StartID, restoredAs incarnation: IncarnationID? = nil,
        with record: RestoreRecord? = nil, retention: Retention = Retention(), time: (any TimeSource)? = nil
    ) {
        let restored = incarnation.map { StoreLift(snapshot.identity, to: $0) }
        let lift = restored?.lift ?? 0
        state = StoreState(
            revision: Revision(snapshot.revision.rawValue + lift),
            compacted: Revision(snapshot.revision.rawValue + lift))
        for entry in snapshot.entries.all { state.restore(entry.lifted(by: lift)) }
        if let record {
            let next = Revision(state.revision.rawValue + 1)
            let entry = Entry(key: RestoreRecord.key, value: record.storedBytes, created: next, revision: next)
            state.apply([WatchEvent(revision: next, key: entry.key, entry: entry, previous: nil)])
        }
        let first = StoreStart(id: start, firstRevision: Revision(state.revision.rawValue + 1))
        var identity = restored?.identity(start: start) ?? snapshot.identity
        identity.start = start
        identity.starts.append(first)
        self.identity = identity
        marks = RetentionMarks(retention)
        self.time = time
    }

    package func get(_ key: String) throws(StoreError) -> Entry? { state.get(key) }

    package func list(
        prefix: String, after key: String?, limit: Int?, at revision: Revision?
    ) throws(StoreError) -> Listing {
        try state.list(prefix: prefix, after: key, limit: limit, at: revision)
    }

    package func changes(prefix: String, after revision: Revision) throws(StoreError) -> StoreChanges {
        try state.changes(prefix: prefix, after: revision)
    }

    @discardableResult
    package func commit(_ transaction: Transaction) throws(StoreError) -> Revision {
        try transaction.check()
        var batch = CommitBatch(after: state.revision)
        let revision = try batch.add(transaction, to: state)
        state.apply(batch.changes)
        hub.publish(batch.changes)
        if let through = marks.cut(state, now: time?.now() ?? Instant(nanoseconds: 0)) {
            state.compact(through: through)
        }
        return revision
    }

    package func watch(prefix: String, after revision: Revision?, topic: String?) throws(StoreError) -> Watch {
        let start = revision ?? state.revision
        try state.check(start)
        let (id, bell) = hub.add(prefix: prefix, topic: topic, after: start, state: state)
        return Watch(source: self, watcher: id, bell: bell)
    }

    package func currentRevision() -> Revision { state.revision }

    /// Memory does not fail.
    package func fault() -> StoreError? { nil }

    package func snapshot() throws(StoreError) -> StoreSnapshot {
        StoreSnapshot(identity: identity, revision: state.revision, entries: state.entries)
    }

    package func compact(before revision: Revision) throws(StoreError) {
        try state.check(max(Revision(revision.rawValue - 1), state.compacted))
        state.compact(through: Revision(revision.rawValue - 1))
    }
}

extension MemoryStore: WatchSource {
    package func poll(_ watcher: WatchHub.WatcherID) throws(StoreError) -> [WatchElement] {
        try hub.poll(watcher, state: state)
    }

    package func requestProgress(of watcher: WatchHub.WatcherID, onlyIfDue: Bool) {
        hub.requestProgress(of: watcher, onlyIfDue: onlyIfDue, at: state.revision)
    }
}
