import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

/// All that one cycle of the scheduler looks at.
package struct SchedulingSnapshot: Sendable {
    /// What it was read at; becomes the token of the cycle's grants.
    package var revision: Revision
    /// The NodeAllocation records with their revisions; nodes that never held anything have none.
    package var ledger: Ledger
    /// Gangs whose record says Drafting, in the order in which they are served.
    package var gangs: [DraftingGang]
    /// Gangs with members on silent nodes that may soon need another place, with the slices of their present attempt.
    package var threatened: [DraftingGang]
    /// Jobs that hold slices and on which the placement of these gangs may depend.
    package var places: [JobPlace]
    /// Counts the cycles: of many gangs that wait, some are told why in each.
    package var turn: Int
    /// What the controller allows itself now.
    package var permission: GrantPermission
    package var now: Timestamp

    package init(
        revision: Revision, ledger: Ledger, gangs: [DraftingGang], threatened: [DraftingGang] = [],
        places: [JobPlace] = [], turn: Int = 0, permission: GrantPermission = .open, now: Timestamp
    ) {
        self.revision = revision
        self.ledger = ledger
        self.permission = permission
        self.places = places
        self.turn = turn
        self.gangs = gangs.sorted { $0.isServedBefore($1) }
        self.threatened = threatened.sorted { $0.isServedBefore($1) }
        self.now = now
    }
}

/// One gang that waits for its grants.
package struct DraftingGang: Sendable, Equatable {
    package var job: Kinds.Job
    /// The members' slices, by rank.
    package var slices: [Kinds.Slice]

    package init(job: Kinds.Job, slices: [Kinds.Slice]) {
        self.job = job
        self.slices = slices.sorted { ($0.spec.member?.index ?? 0) < ($1.spec.member?.index ?? 0) }
    }

    /// First come, first served; ties by namespace and name.
    func isServedBefore(_ other: DraftingGang) -> Bool {
        let (a, b) = (job.metadata, other.job.metadata)
        let (first, second) = (a.creationTimestamp?.seconds ?? 0, b.creationTimestamp?.seconds ?? 0)
        return (first, a.namespace, a.name) < (second, b.namespace, b.name)
    }

    /// Nodes that refused a member and are passed over until later than `now`.
    func passedOver(at now: Timestamp) -> [NodeID: String] {
        var nodes: [NodeID: String] = [:]
        for refusal in slices.flatMap(\.status.refusedBy) where refusal.until > now {
            nodes[NodeID(refusal.node)] = refusal.reason
        }
        return nodes
    }

    /// Whether an earlier attempt of the job was granted, so that this one takes its place.
    var isReplacement: Bool { job.status.lastToken != nil }
}

/// What is held on which node, as the records say, and the revisions that a grant must find unchanged.
package struct Ledger: Sendable, Equatable {
    package struct Page: Sendable, Equatable {
        package var record: NodeAllocation
        /// Nil when the record does not exist yet.
        package var revision: Revision?

        package init(record: NodeAllocation, revision: Revision?) {
            self.record = record
            self.revision = revision
        }

        /// What is held of each device, for placement.
        var held: [DeviceID: [HeldShare]] {
            var held: [DeviceID: [HeldShare]] = [:]
            for holding in record.held {
                for share in holding.shares {
                    held[DeviceID(share.device), default: []].append(
                        HeldShare(slice: holding.sliceUID, namespace: holding.namespace, share: share))
                }
            }
            return held
        }
    }

    package var pages: [NodeID: Page]

    package init(pages: [NodeID: Page] = [:]) {
        self.pages = pages
    }

    /// Enters one member's shares under the node's next epoch, which it returns.
    mutating func enter(_ member: PlannedMember, slice: Kinds.Slice) -> Epoch {
        var page =
            pages[member.node] ?? Page(record: NodeAllocation(node: member.node, bootID: member.bootID), revision: nil)
        let epoch = Epoch(page.record.epoch.rawValue + 1)
        page.record.epoch = epoch
        page.record.bootID = member.bootID
        page.record.held.append(
            NodeAllocation.Holding(
                sliceUID: SliceUID(slice.metadata.uid), namespace: slice.metadata.namespace, slice: slice.metadata.name,
                epoch: epoch, shares: member.shares.map(\.share)))
        pages[member.node] = page
        return epoch
    }
}
