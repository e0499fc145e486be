import TidemillModel
import TidemillSeams
import TidemillStore

/// What the reconciler knows of what is granted on which node from one tick to the next, and where something has changed. A
/// value: what was read goes in, and only what changed is looked at.
package struct GrantedView: Sendable {
    private var nodes = Copies<Kinds.Node>()
    private var slices = Copies<Kinds.Slice>()
    private var jobs = Copies<Kinds.Job>()

    /// Nodes whose objects are there.
    package private(set) var existing: Set<NodeID> = []
    /// Nodes on which something is granted that is not Released.
    package private(set) var holding: Set<NodeID> = []
    /// What is granted and not Released, by node and key.
    private var granted: [NodeID: [String: Copies<Kinds.Slice>.Item]] = [:]
    /// Jobs that are not final, by the nodes that their gangs have members on and by key: the revision of each.
    private var gangs: [NodeID: [String: Revision]] = [:]
    /// Slices that carry the mark of a silence, by key: the node of each.
    private var marked: [String: NodeID] = [:]
    /// Nodes of which something has changed since they were last due.
    private var stale: Set<NodeID> = []

    package init() {}

    package mutating func take(_ new: Copies<Kinds.Node>) {
        for change in new.differences(from: nodes) {
            switch (change.old, change.new) {
            case (nil, let node?):
                existing.insert(NodeID(node.value.metadata.name))
                stale.insert(NodeID(node.value.metadata.name))
            case (let node?, nil):
                existing.remove(NodeID(node.value.metadata.name))
                stale.insert(NodeID(node.value.metadata.name))
            // What a Node says is looked at in every tick.
            default: break
            }
        }
        nodes = new
    }

    package mutating func take(_ new: Copies<Kinds.Slice>) {
        for change in new.differences(from: slices) {
            let (old, new) = (change.old?.value.holder, change.new?.value.holder)
            if let old, old != new { touch(old) { $0[change.key] = nil } }
            if let new { touch(new) { $0[change.key] = change.new } }
            marked[change.key] = change.new?.value.isMarkedSilent ?? false ? new : nil
        }
        slices = new
    }

    private mutating func touch(_ node: NodeID, _ change: (inout [String: Copies<Kinds.Slice>.Item]) -> Void) {
        change(&granted[node, default: [:]])
        if granted[node]?.isEmpty ?? false { granted[node] = nil }
        if granted[node] == nil { holding.remove(node) } else { holding.insert(node) }
        stale.insert(node)
    }

    package mutating func take(_ new: Copies<Kinds.Job>) {
        for change in new.differences(from: jobs) {
            for node in change.old?.value.concerned ?? [] {
                gangs[node]?[change.key] = nil
                if gangs[node]?.isEmpty ?? false { gangs[node] = nil }
            }
            guard let job = change.new else { continue }
            for node in job.value.concerned {
                gangs[node, default: [:]][change.key] = job.revision
                stale.insert(node)
            }
        }
        jobs = new
    }

    /// Nodes of which something has changed since the last call, and `others`: what the store says of each, by name.
    package mutating func due(and others: Set<NodeID>) -> [NodeGrants] {
        let due = stale.union(others).sorted().map(grants)
        stale = []
        return due
    }

    private func grants(of node: NodeID) -> NodeGrants {
        let items = granted[node].map { Array($0.values) } ?? []
        let revisions = items.map(\.revision) + (gangs[node].map { Array($0.values) } ?? [])
        return NodeGrants(
            node: node, hasObject: existing.contains(node), slices: items.map(\.value), newest: revisions.max())
    }

    /// What is granted on `nodes`, and what is granted elsewhere and carries the mark of a silence, by namespace and name.
    package func slices(on nodes: Set<NodeID>) -> [Kinds.Slice] {
        let items = nodes.flatMap { node in granted[node].map { Array($0) } ?? [] }
        let others = marked.lazy.filter { !nodes.contains($0.value) }
            .compactMap { key, node in granted[node]?[key].map { (key: key, value: $0) } }
        return (items + others).sorted { $0.key < $1.key }.map(\.value.value)
    }
}

extension Kinds.Slice {
    /// The node on which the slice counts as held.
    fileprivate var holder: NodeID? {
        status.state == .released ? nil : status.grant.map { NodeID($0.node) }
    }
}

extension Kinds.Job {
    /// Nodes whose agents have to act on the job.
    fileprivate var concerned: [NodeID] {
        status.state.isFinal ? [] : status.gang?.nodes.map { NodeID($0) } ?? []
    }
}
