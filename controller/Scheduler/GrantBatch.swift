import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

/// Gangs that are granted in one commit: each is granted whole or not at all, and the record of a node on which several of
/// them have members is written once. A value.
///
/// The commit compares every slice, record and job of every gang, as the commit of a single one does (invariants 1a and 5).
struct GrantBatch {
    /// A gang of more members takes more than one commit, and none of them is shared.
    static let room = GangDraft.membersPerPart
    /// Changes of one commit; leaves room for conditions that the store adds.
    private static let mostChanges = 110

    let token: Token
    let now: Timestamp
    /// What is held, as far as it is written.
    private(set) var ledger: Ledger
    private(set) var gangs: [(gang: DraftingGang, members: [PlannedMember])] = []
    private var parts: [GangDraft.Part] = []
    /// Nodes whose records the batch writes.
    private var nodes: Set<NodeID> = []
    /// What is held once the batch is written.
    private var next: Ledger

    init(_ snapshot: SchedulingSnapshot) {
        token = Token(snapshot.revision.rawValue)
        now = snapshot.now
        ledger = snapshot.ledger
        next = ledger
    }

    func hasRoom(for members: [PlannedMember]) -> Bool {
        let slices = parts.reduce(members.count) { $0 + $1.slices.count }
        // Beside its members each gang changes its job, tells of it, and needs its namespace to stay.
        return slices + nodes.union(members.map(\.node)).count + 3 * (gangs.count + 1) <= Self.mostChanges
    }

    /// Adds a gang of at most `room` members.
    mutating func add(_ gang: DraftingGang, _ members: [PlannedMember]) {
        // Given away for the moment, so that it is changed in place.
        let held = next
        next = Ledger()
        let draft = GangDraft(gang, members: members, ledger: held, token: token, now: now)
        next = draft.ledger
        parts += draft.parts
        gangs.append((gang, members))
        nodes.formUnion(members.map(\.node))
    }

    /// What the commit of the batch changes.
    func changes(_ events: EventRecorder) -> [Change] {
        let written = parts.flatMap { part in
            part.slices.map { Change.updateStatus($0) } + part.commitment(events)
        }
        return written
            + nodes.sorted().compactMap { node in
                next.pages[node].map { page in
                    .putRecord(
                        // Of the page that was added to: what it was not based on must conflict.
                        key: NodeAllocation.key(node), page.record.json, expected: page.revision)
                }
            }
    }

    /// A gang was granted by itself while the batch was empty.
    mutating func granted(alone written: Ledger) {
        ledger = written
        next = written
    }

    /// The batch was written.
    mutating func granted(at revision: Revision) {
        next.written(nodes, at: revision)
        ledger = next
        clear()
    }

    /// The batch was not written.
    mutating func drop() {
        next = ledger
        clear()
    }

    private mutating func clear() {
        gangs = []
        parts = []
        nodes = []
    }
}

extension GangDraft.Part {
    /// The changes of one part that is written by itself; `ledger` knows the revisions of the records.
    func changes(of gang: DraftingGang, on ledger: Ledger, _ events: EventRecorder) -> [Change] {
        var changes: [Change] = slices.map { .updateStatus($0) }
        for (node, record) in records.sorted(by: { $0.key < $1.key }) {
            changes.append(
                .putRecord(key: NodeAllocation.key(node), record.json, expected: ledger.pages[node]?.revision))
        }
        if job == nil, let revision = gang.job.revision {
            // Members of an attempt that is over by now would hold their shares for nobody.
            changes.append(.require(gang.job.ref, revision: revision))
        }
        return changes + commitment(events)
    }

    /// The job as committed, and what is told of it; nothing before the last part.
    fileprivate func commitment(_ events: EventRecorder) -> [Change] {
        guard let job else { return [] }
        let nodes = job.status.gang?.nodes.joined(separator: ", ") ?? ""
        let members = counted(Int(job.attemptSize), "member")
        return [
            .updateStatus(job), events.creation(of: PlannedEvent(job, "Scheduled", "\(members) granted on \(nodes)")),
        ]
    }
}

extension Ledger {
    /// The records of `nodes` were written at `revision`.
    mutating func written(_ nodes: some Sequence<NodeID>, at revision: Revision) {
        for node in nodes { pages[node]?.revision = revision }
    }
}
