import TidemillModel
import TidemillSeams
import TidemillStore

/// What a crash of the controller leaves: entries and history, the names of the store's lives, and nothing of a commit that
/// was not on it.
///
/// Only one task drives a history, so nothing here is touched from two at once.
final class StoreDisk: @unchecked Sendable {
    /// One commit, as the checkers are told of it.
    struct Commit {
        var start: StartID
        var changes: [WatchEvent]
        var isAcknowledged: Bool
    }

    /// What a copy of the file holds.
    struct Copy {
        var state: StoreState
        var incarnation: IncarnationID
        var ancestors: [IncarnationID]
        var base: Int64
        var starts: [StoreStart]
    }

    var file: Copy
    /// What the running process believes; differs from the file only while an acknowledgement is a lie.
    var commits: [Commit] = []
    var isFull = false
    /// The next commit fails to be synchronised, and nothing can be believed from then on.
    var failsNextSync = false
    /// Commits until the process dies; nil when it does not.
    var commitsUntilDeath: Int?
    /// Called before what a part of the controller asks of the store: whoever else runs in the process may come first.
    var interlope: (@Sendable () async -> Void)?
    /// What a broken rule makes of each transaction.
    var tamper: ((Transaction) -> Transaction)?
    /// A broken disk: acknowledges what it forgets with the process.
    var forgetsAtDeath = false
    var dice: Dice
    private var remembered: StoreState?

    init(seed: UInt64) {
        dice = Dice(seed: seed, for: "store")
        file = Copy(
            state: StoreState(), incarnation: IncarnationID("life-1"), ancestors: [], base: 0, starts: [])
    }

    /// Puts `copy` in the place of the store, as another life of it; see `StoreRestore`.
    func restore(_ copy: Copy, as incarnation: IncarnationID, waitsFor nodes: Set<NodeID>, since: Timestamp) {
        let lift = StoreLift(
            incarnation: incarnation, from: (copy.incarnation, copy.ancestors, copy.base),
            lives: [(file.incarnation, file.base)])
        let lifted = Revision(copy.state.revision.rawValue + lift.lift)
        var state = StoreState(revision: lifted, compacted: lifted)
        for entry in copy.state.entries.all { state.restore(entry.lifted(by: lift.lift)) }
        let next = Revision(lifted.rawValue + 1)
        let record = RestoreRecord(incarnation: incarnation, waitsFor: nodes.sorted(), since: since)
        let entry = Entry(key: RestoreRecord.key, value: record.storedBytes, created: next, revision: next)
        state.apply([WatchEvent(revision: next, key: entry.key, entry: entry, previous: nil)])
        file = Copy(
            state: state, incarnation: incarnation, ancestors: lift.ancestors, base: lift.base, starts: [])
        remembered = nil
    }

    /// A new start of the controller's process on what is there.
    func open(start: String) -> StoreSession {
        let id = StartID(start)
        if forgetsAtDeath, let remembered { file.state = remembered }
        remembered = forgetsAtDeath ? file.state : nil
        file.starts.append(StoreStart(id: id, firstRevision: Revision(file.state.revision.rawValue + 1)))
        commitsUntilDeath = nil
        failsNextSync = false
        let identity = StoreIdentity(
            incarnation: file.incarnation, ancestors: file.ancestors, base: file.base, start: id, starts: file.starts)
        return StoreSession(disk: self, identity: identity)
    }
}

/// The store as one process of the controller has it: the shipped `StoreState` and `CommitBatch`, on a disk that can fail.
actor StoreSession: Store {
    nonisolated let identity: StoreIdentity
    private let disk: StoreDisk
    private(set) var isOpen = true
    private var failure: StoreError?

    init(disk: StoreDisk, identity: StoreIdentity) {
        self.disk = disk
        self.identity = identity
    }

    func close() { isOpen = false }

    func get(_ key: String) throws(StoreError) -> Entry? {
        guard isOpen else { throw .closed }
        return disk.file.state.get(key)
    }

    func list(
        prefix: String, after key: String?, limit: Int?, at revision: Revision?
    ) async throws(StoreError) -> Listing {
        await disk.interlope?()
        guard isOpen else { throw .closed }
        return try disk.file.state.list(prefix: prefix, after: key, limit: limit, at: revision)
    }

    func changes(prefix: String, after revision: Revision) async throws(StoreError) -> StoreChanges {
        await disk.interlope?()
        guard isOpen else { throw .closed }
        return try disk.file.state.changes(prefix: prefix, after: revision)
    }

    @discardableResult
    func commit(_ untouched: Transaction) async throws(StoreError) -> Revision {
        await disk.interlope?()
        let transaction = disk.tamper?(untouched) ?? untouched
        guard isOpen else { throw .closed }
        if let failure { throw failure }
        try transaction.check()
        if disk.isFull { throw .full("no space is left on the simulated disk") }
        var batch = CommitBatch(after: disk.file.state.revision)
        let revision = try batch.add(transaction, to: disk.file.state)
        if batch.isEmpty { return revision }
        if disk.failsNextSync {
            // Whether it is on the disk, nobody knows.
            disk.failsNextSync = false
            if disk.dice.oneIn(2) { apply(batch, isAcknowledged: false) }
            failure = .failed("the simulated disk could not be synchronised")
            throw .failed("the simulated disk could not be synchronised")
        }
        if let left = disk.commitsUntilDeath {
            disk.commitsUntilDeath = left - 1
            if left <= 0 {
                if disk.dice.oneIn(2) { apply(batch, isAcknowledged: false) }
                isOpen = false
                throw .closed
            }
        }
        apply(batch, isAcknowledged: true)
        return revision
    }

    private func apply(_ batch: CommitBatch, isAcknowledged: Bool) {
        disk.file.state.apply(batch.changes)
        disk.commits.append(
            StoreDisk.Commit(start: identity.start, changes: batch.changes, isAcknowledged: isAcknowledged))
    }

    func snapshot() throws(StoreError) -> StoreSnapshot {
        guard isOpen else { throw .closed }
        return StoreSnapshot(
            identity: identity, revision: disk.file.state.revision, entries: disk.file.state.entries)
    }

    func watch(prefix: String, after revision: Revision?, topic: String?) throws(StoreError) -> Watch {
        throw .failed("the simulation wakes the parts by itself")
    }

    func currentRevision() -> Revision { disk.file.state.revision }

    func fault() -> StoreError? { failure }

    func compact(before revision: Revision) throws(StoreError) {
        throw .failed("the simulation keeps its history")
    }
}
