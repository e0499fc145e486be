import TidemillSeams

/// Transactions that become durable together: each is judged against the state and those before it in the batch.
package struct CommitBatch: Sendable {
    /// What the batch changes, in order.
    package private(set) var changes: [WatchEvent] = []
    /// What the batch has made of a key; nil inside for deleted.
    private var drafts: [String: Entry?] = [:]
    /// The revision of the batch's last transaction that changed something, or of the state.
    package private(set) var revision: Revision
    /// The last revision that nobody may use any more.
    package private(set) var used: Revision

    /// - Parameters:
    ///   - revision: the revision of the state.
    ///   - used: the last revision that a failed commit has used up; it is skipped, so that it never means two things.
    package init(after revision: Revision, used: Revision? = nil) {
        self.revision = revision
        self.used = max(revision, used ?? revision)
    }

    package var isEmpty: Bool { changes.isEmpty }

    /// Adds `transaction`, if its conditions hold. Returns its revision; one that changes nothing has that of the last.
    package mutating func add(_ transaction: Transaction, to state: StoreState) throws(StoreError) -> Revision {
        for condition in transaction.conditions {
            let current = entry(condition.key, in: state)
            let holds =
                switch condition {
                case .exists(_, let revision): current?.revision == revision
                case .present: current != nil
                case .absent: current == nil
                }
            if !holds { throw .conflict(key: condition.key, current: current?.revision) }
        }
        let next = Revision(used.rawValue + 1)
        for write in transaction.writes {
            let previous = entry(write.key, in: state)
            let made: Entry?
            switch write {
            case .put(let key, let value):
                made = Entry(
                    key: key, value: value, created: previous?.created ?? next, revision: next,
                    topics: state.topics(key, value))
            case .delete:
                if previous == nil { continue }
                made = nil
            }
            drafts[write.key] = .some(made)
            changes.append(WatchEvent(revision: next, key: write.key, entry: made, previous: previous))
            revision = next
            used = next
        }
        return revision
    }

    private func entry(_ key: String, in state: StoreState) -> Entry? {
        if let draft = drafts[key] { draft } else { state.get(key) }
    }
}
