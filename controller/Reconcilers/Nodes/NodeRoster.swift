import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillWire

/// What the controller remembers of its nodes between ticks, in memory alone: who they are, how they are heard, which of
/// their slices ran out. A value; time is passed in.
package struct NodeRoster: Sendable {
    /// How often `tick` is meant to be called.
    package static let tickPeriod: Duration = .milliseconds(500)
    /// How long a planned grant keeps a node's interval short while it waits to be committed.
    static let planLasts: Duration = .seconds(60)

    private var fleet = FleetLiveness(tickPeriod: tickPeriod)
    private var identities = NodeIdentities()
    private var grants: [NodeID: Set<SliceUID>] = [:]
    private var plans: [NodeID: (after: Duration, at: Instant)] = [:]
    /// Slices whose `after` has run out and that the store does not show as Lost yet.
    package private(set) var lost: Set<SliceUID> = []

    package init() {}

    package var states: [NodeID: NodeLiveness.State] { fleet.nodes.mapValues(\.state) }

    /// When the last renewal of each node was processed.
    package var renewals: [NodeID: Instant] { fleet.nodes.mapValues(\.lastProcessed) }

    /// The interval that is agreed with a node.
    package func interval(of node: NodeID) -> Duration {
        fleet.nodes[node]?.interval ?? HeartbeatInterval.longest
    }

    /// Judges a heartbeat: renews the node, or says why not. True when what the controller calls the node changed.
    package mutating func hear(_ heartbeat: Heartbeat, at now: Instant) -> Result<Bool, NodeIdentities.Refusal> {
        let state = fleet.nodes[heartbeat.node]?.state
        let isLive = state == .ready || state == .suspect
        return identities.admit(heartbeat, isLive: isLive).map {
            !fleet.on(.renewed, node: heartbeat.node, at: now).isEmpty
        }
    }

    /// Takes over what the store says: nodes that exist, and what is granted on them.
    package mutating func learn(nodes: [Kinds.Node], granted: [Kinds.Slice], at now: Instant) {
        let names = Set(nodes.map { NodeID($0.metadata.name) })
        for node in nodes {
            let name = NodeID(node.metadata.name)
            if let machine = node.status.machineID, let boot = node.status.bootID {
                identities.learn(name, machineID: machine, bootID: BootID(boot))
            }
            let state = node.status.state
            fleet.add(name, wasReady: state != nil && state != .initializing, at: now)
        }
        var current: [NodeID: Set<SliceUID>] = [:]
        for slice in granted {
            guard let grant = slice.status.grant else { continue }
            let uid = SliceUID(slice.metadata.uid)
            if slice.status.state == .lost {
                lost.remove(uid)
                continue
            }
            if !names.contains(NodeID(grant.node)) {
                // The Node was deleted: its agent renews all the same, or its silence ends the slice as ever.
                guard grant.fencePolicy.after != nil else { continue }
                fleet.add(NodeID(grant.node), wasReady: true, at: now)
            }
            current[NodeID(grant.node), default: []].insert(uid)
            if !lost.contains(uid) {
                _ = fleet.on(.granted(uid, grant.fencePolicy), node: NodeID(grant.node), at: now)
            }
        }
        for (node, slices) in grants {
            for gone in slices.subtracting(current[node] ?? []) {
                _ = fleet.on(.released(gone), node: node, at: now)
                lost.remove(gone)
            }
        }
        grants = current
    }

    /// Forgets a node whose object was deleted; its agent is a new one when it comes back.
    package mutating func forgetDeleted(existing names: Set<NodeID>) {
        for node in fleet.nodes.keys where !names.contains(node) && grants[node, default: []].isEmpty {
            if fleet.nodes[node]?.state == .disconnected {
                fleet.remove(node)
                identities.forget(node)
            }
        }
    }

    /// Lets time pass. True when there is something to write.
    package mutating func tick(at now: Instant) -> Bool {
        for (node, plan) in plans where now.since(plan.at) > Self.planLasts {
            plans[node] = nil
            _ = fleet.on(.planned(smallestAfter: nil), node: node, at: now)
        }
        let effects = fleet.tick(at: now)
        for effect in effects {
            if case .sliceLost(let slice) = effect.effect { lost.insert(slice) }
        }
        return !effects.isEmpty
    }

    /// Asks for the interval that a `stop` grant with this `after` needs; true once the node renews that often.
    package mutating func agree(after: Duration, on node: NodeID, at now: Instant) -> Bool {
        guard let liveness = fleet.nodes[node] else { return false }
        if liveness.hasAgreed(after: after) { return true }
        let smallest = min(after, plans[node]?.after ?? after)
        plans[node] = (smallest, now)
        _ = fleet.on(.planned(smallestAfter: smallest), node: node, at: now)
        return false
    }
}
