import TidemillSQLite
import TidemillSeams
import TidemillStore

/// The store of a single controller: one SQLite file, all of it also in memory.
///
/// Reads are look-ups in memory. Writes of concurrent callers are gathered into one durable transaction: while one batch
/// is on its way to the disk, the next one collects. The writer is whichever caller comes first; there is nothing to run.
package actor SQLiteStore: Store {
    package nonisolated let identity: StoreIdentity

    private var state: StoreState
    private var hub = WatchHub()
    private var marks: RetentionMarks
    /// The last revision that any batch has used, also one that failed.
    private var used = Revision(0)
    /// Work that waits for the batch on its way.
    private var waiting: [Waiting] = []
    private var isWriting = false
    private var isClosed = false
    private var closers: [CheckedContinuation<Void, Never>] = []
    /// Set when the disk failed in a way after which nothing it says can be believed.
    private var failure: StoreError?

    private let database: Database
    private let path: String
    private let time: any TimeSource
    /// Nil once the store is closed.
    private var lock: DataFolderLock?

    /// The most transactions of one batch.
    private static let batchLimit = 1024

    /// Opens the store in `folder`, which must exist, and takes the folder's lock.
    ///
    /// Throws `.failed` when another controller holds the folder or a restore of it stopped half-way, `.corrupt` when the
    /// file is damaged, `.full` when not even the start can be noted.
    package static func open(
        folder: String, time: any TimeSource, randomness: any Randomness, retention: Retention = Retention()
    ) async throws(StoreError) -> SQLiteStore {
        let lock = try DataFolderLock(folder: folder)
        if DurableFile.exists(folder + "/" + StoreRestore.readyName) {
            throw .failed("a restore of \(folder) was interrupted: run it again")
        }
        let path = folder + "/" + StoreRestore.fileName
        let database = Database(path: path)
        let (identity, state) = try await database.open(
            start: StartID(randomness.uuid()), incarnation: IncarnationID(randomness.uuid()))
        return SQLiteStore(
            identity: identity, state: state, retention: retention, database: database, path: path, time: time,
            lock: lock)
    }

    private init(
        identity: StoreIdentity, state: StoreState, retention: Retention, database: Database, path: String,
        time: any TimeSource, lock: DataFolderLock
    ) {
        self.identity = identity
        self.state = state
        marks = RetentionMarks(retention)
        self.database = database
        self.path = path
        self.time = time
        self.lock = lock
    }

    package func get(_ key: String) throws(StoreError) -> Entry? {
        if isClosed { throw .closed }
        return state.get(key)
    }

    package func list(
        prefix: String, after key: String?, limit: Int?, at revision: Revision?
    ) throws(StoreError) -> Listing {
        if isClosed { throw .closed }
        return try state.list(prefix: prefix, after: key, limit: limit, at: revision)
    }

    package func changes(prefix: String, after revision: Revision) throws(StoreError) -> StoreChanges {
        if isClosed { throw .closed }
        return try state.changes(prefix: prefix, after: revision)
    }

    @discardableResult
    package func commit(_ transaction: Transaction) async throws(StoreError) -> Revision {
        try transaction.check()
        return try await write(.transaction(transaction)).get()
    }

    package func watch(prefix: String, after revision: Revision?, topic: String?) throws(StoreError) -> Watch {
        if isClosed { throw .closed }
        let start = revision ?? state.revision
        try state.check(start)
        let (id, bell) = hub.add(prefix: prefix, topic: topic, after: start, state: state)
        return Watch(source: self, watcher: id, bell: bell)
    }

    package func currentRevision() -> Revision { state.revision }

    package func fault() -> StoreError? { failure }

    package func snapshot() throws(StoreError) -> StoreSnapshot {
        if isClosed { throw .closed }
        return StoreSnapshot(identity: identity, revision: state.revision, entries: state.entries)
    }

    package func compact(before revision: Revision) async throws(StoreError) {
        try state.check(max(Revision(revision.rawValue - 1), state.compacted))
        _ = try await write(.compaction(through: Revision(revision.rawValue - 1))).get()
    }

    /// Finishes what is being written, ends all watches, closes the file and gives the folder back. What comes later gets `.closed`.
    package func close() async {
        isClosed = true
        hub.close()
        if isWriting { await withCheckedContinuation { closers.append($0) } }
        await database.close()
        lock = nil
    }
}

extension SQLiteStore: WatchSource {
    package func poll(_ watcher: WatchHub.WatcherID) throws(StoreError) -> [WatchElement] {
        try hub.poll(watcher, state: state)
    }

    package func requestProgress(of watcher: WatchHub.WatcherID, onlyIfDue: Bool) {
        hub.requestProgress(of: watcher, onlyIfDue: onlyIfDue, at: state.revision)
    }
}

/// Group commit.
extension SQLiteStore {
    private enum Work: Sendable {
        case transaction(Transaction)
        case compaction(through: Revision)
    }

    private struct Waiting {
        let work: Work
        let caller: CheckedContinuation<Turn, Never>
    }

    /// How a waiting caller goes on.
    private enum Turn: Sendable {
        case done(Result<Revision, StoreError>)
        /// It writes the next batch, its own work first.
        case lead
    }

    private func write(_ work: Work) async -> Result<Revision, StoreError> {
        if isClosed { return .failure(.closed) }
        if let failure { return .failure(failure) }
        if isWriting {
            let turn = await withCheckedContinuation { waiting.append(Waiting(work: work, caller: $0)) }
            if case .done(let result) = turn { return result }
        }
        isWriting = true
        let followers = Array(waiting.prefix(Self.batchLimit - 1))
        waiting.removeFirst(followers.count)
        let results = await write([work] + followers.map(\.work))
        for (follower, result) in zip(followers, results.dropFirst()) {
            follower.caller.resume(returning: .done(result))
        }
        handOver()
        return results[0]
    }

    /// Lets the next caller in line write, or notes that nobody does.
    private func handOver() {
        if isClosed || failure != nil {
            for one in waiting { one.caller.resume(returning: .done(.failure(failure ?? .closed))) }
            waiting = []
        }
        if waiting.isEmpty {
            isWriting = false
            for closer in closers { closer.resume() }
            closers = []
        } else {
            waiting.removeFirst().caller.resume(returning: .lead)
        }
    }

    /// Judges `works` in order, makes them durable together, and only then lets anyone see them.
    private func write(_ works: [Work]) async -> [Result<Revision, StoreError>] {
        var batch = CommitBatch(after: state.revision, used: used)
        var through = marks.cut(state, now: time.now())
        var results: [Result<Revision, StoreError>] = []
        for work in works {
            switch work {
            case .transaction(let transaction):
                do throws(StoreError) {
                    results.append(.success(try batch.add(transaction, to: state)))
                } catch {
                    results.append(.failure(error))
                }
            case .compaction(let revision):
                if revision > max(through ?? state.compacted, state.compacted) { through = revision }
                results.append(.success(state.revision))
            }
        }
        if batch.isEmpty && through == nil { return results }
        used = batch.used
        let forgotten = through.map { history(through: $0) } ?? []
        do throws(SQLiteError) {
            try await database.write(batch.changes, forgotten: forgotten, compacted: through)
        } catch {
            let reason = StoreError(error, path: path)
            if !error.isOutOfSpace, error.reason == .inputOutput || error.reason == .corrupt { failure = reason }
            // Also those that met a conflict: it may have been with a write that now never happened.
            return works.map { _ in .failure(reason) }
        }
        state.apply(batch.changes)
        if let through { state.compact(through: through) }
        hub.publish(batch.changes)
        return results
    }

    private func history(through revision: Revision) -> ArraySlice<WatchEvent> {
        state.log.all.prefix(while: { $0.revision <= revision })
    }
}
