import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// All that a restore has been told by the nodes, and all that the restored store says.
package struct RestoreObservation: Sendable {
    package var record: RestoreRecord
    /// The last inventory of each node, taken before the store was read.
    package var inventories: [NodeID: Inventory]
    package var nodes: [Kinds.Node]
    package var jobs: [Kinds.Job]
    package var slices: [Kinds.Slice]
    package var tasks: [Kinds.Task]
    package var allocations: [NodeID: StoredAllocation]
    /// Namespaces in which nothing can be created any more.
    package var endingNamespaces: Set<String>
    package var now: Timestamp

    /// A node's record with its revision.
    package struct StoredAllocation: Sendable, Equatable {
        package var record: NodeAllocation
        package var revision: Revision

        package init(record: NodeAllocation, revision: Revision) {
            self.record = record
            self.revision = revision
        }
    }

    package init(
        record: RestoreRecord, inventories: [NodeID: Inventory] = [:], nodes: [Kinds.Node] = [],
        jobs: [Kinds.Job] = [], slices: [Kinds.Slice] = [], tasks: [Kinds.Task] = [],
        allocations: [NodeID: StoredAllocation] = [:], endingNamespaces: Set<String> = [], now: Timestamp
    ) {
        self.record = record
        self.inventories = inventories
        self.nodes = nodes
        self.jobs = jobs
        self.slices = slices
        self.tasks = tasks
        self.allocations = allocations
        self.endingNamespaces = endingNamespaces
        self.now = now
    }
}

/// One slice of one inventory.
struct Claim: Hashable {
    var node: NodeID
    var report: HeldReport

    var epoch: Epoch { Epoch(report.grant.epoch) }
    var token: Int64 { report.grant.token }
    /// The task has run, or its start is under way.
    var hasStarted: Bool { report.phase == .running || report.startedAt != nil }
    var stop: InventoryReply.Stop {
        InventoryReply.Stop(uid: report.uid, epoch: epoch, reason: RestorePlan.reason)
    }
}

extension RestoreObservation {
    /// Nodes that an operator has confirmed dead and that are Lost for it: nothing of them is waited for or believed.
    var deadNodes: Set<NodeID> {
        Set(
            nodes.filter { $0.spec.confirmedDead != nil && $0.status.state == .lost }
                .map { NodeID($0.metadata.name) })
    }

    /// What the nodes report, without what another machine says under a node's name.
    var reports: [NodeID: Inventory] {
        let dead = deadNodes
        let machines = Dictionary(
            nodes.map { (NodeID($0.metadata.name), $0.status.machineID) }, uniquingKeysWith: { first, _ in first })
        return inventories.filter { node, inventory in
            guard !dead.contains(node) else { return false }
            guard let machine = machines[node] ?? nil else { return true }
            return machine == inventory.machineID
        }
    }

    /// Ends of grants that the store knows and thinks held: their agents have yet to tell how they ended.
    func untoldEnds(_ claims: [Claim]) -> Set<Claim> {
        let granted = Dictionary(
            slices.compactMap { slice in
                slice.status.state == .released ? nil : slice.status.grant.map { (SliceUID(slice.metadata.uid), $0) }
            }, uniquingKeysWith: { first, _ in first })
        return Set(
            claims.filter { claim in
                let grant = granted[claim.report.uid]
                return claim.report.phase == .ended && grant?.epoch == claim.report.grant.epoch
                    && grant?.node == claim.node.rawValue
            })
    }

    /// Everything that is reported, by node, uid and epoch. What an agent knows only by its cgroup is looked up in the store.
    func claims(_ reports: [NodeID: Inventory]) -> [Claim] {
        let byUID = Dictionary(
            slices.map { (SliceUID($0.metadata.uid), $0) }, uniquingKeysWith: { first, _ in first })
        var claims: [Claim] = []
        for (node, inventory) in reports.sorted(by: { $0.key < $1.key }) {
            for report in inventory.held {
                var known = report
                if report.member == nil, let slice = byUID[report.uid], let grant = slice.status.grant,
                    grant.node == node.rawValue, grant.epoch == report.grant.epoch
                {
                    known.namespace = slice.metadata.namespace
                    known.name = slice.metadata.name
                    known.member = slice.spec.member
                    known.grant = grant
                }
                claims.append(Claim(node: node, report: known))
            }
        }
        return claims.sorted {
            ($0.node, $0.report.uid, $0.epoch) < ($1.node, $1.report.uid, $1.epoch)
        }
    }
}
