import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams

extension NodeRoster {
    /// Learns of everything that there is, whatever has changed: of all nodes in the arguments, of those that are known, and
    /// of `others`.
    mutating func learn(
        nodes: [Kinds.Node], granted: [Kinds.Slice], written: [NodeID: Revision] = [:], others: [NodeID] = [],
        at now: Instant
    ) {
        let names = Set(nodes.map { NodeID($0.metadata.name) })
        let slices = Dictionary(grouping: granted) { NodeID($0.status.grant?.node ?? "") }
        let all = names.union(slices.keys).union(written.keys).union(states.keys).union(others)
        learn(
            nodes: nodes, holding: Set(slices.keys),
            changed: all.map { node in
                NodeGrants(
                    node: node, hasObject: names.contains(node), slices: slices[node] ?? [], newest: written[node])
            }, at: now)
    }
}

extension NodeObservation {
    /// Sees all that is granted.
    init(
        nodes: [Kinds.Node], granted: [Kinds.Slice], tasks: [String: Kinds.Task], standings: [NodeID: NodeStanding],
        lost: Set<SliceUID> = [], surelyActive: [SliceUID: Duration]? = nil, halt: GrantPermission.Hold? = nil,
        now: Timestamp
    ) {
        self.init(
            nodes: nodes, holding: Set(granted.compactMap { $0.status.grant.map { NodeID($0.node) } }),
            granted: granted, tasks: tasks, standings: standings, lost: lost, surelyActive: surelyActive, halt: halt,
            now: now)
    }
}
