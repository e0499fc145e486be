import TidemillSeams

/// Transactions that become durable together: each is judged against the state and those before it in the batch.
package struct CommitBatch: Sendable {
    /// What the batch changes, in order.
    package private(set) var changes: [WatchEvent] = []
    /// What the batch has made of a key; nil inside for deleted.
    private var drafts: [String: Entry?] = [:]
    /// The revision of the batch's last transaction, or of the state.
    package private(set) var revision: Revision

    /// - Parameter revision: the last revision that is used up.
    package init(after revision: Revision) {
        self.revision = revision
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
        let next = Revision(revision.rawValue + 1)
        for write in transaction.writes {
            let previous = entry(write.key, in: state)
            let made: Entry?
            switch write {
            case .put(let key, let value):
                made = Entry(key: key, value: value, created: previous?.created ?? next, revision: next)
            case .delete:
                if previous == nil { continue }
                made = nil
            }
            drafts[write.key] = .some(made)
            changes.append(WatchEvent(revision: next, key: write.key, entry: made, previous: previous))
            revision = next
        }
        return revision
    }

    private func entry(_ key: String, in state: StoreState) -> Entry? {
        if let draft = drafts[key] { draft } else { state.get(key) }
    }
}
