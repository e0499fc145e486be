import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What the controller remembers of its nodes between ticks, in memory alone: who they are, how they are heard, which of
/// their slices ran out, and what that allows. A value; time is passed in.
package struct NodeRoster: Sendable {
    /// How often `tick` is meant to be called.
    package static let tickPeriod: Duration = .milliseconds(500)
    /// How long a planned grant keeps a node's interval short while it waits to be committed.
    static let planLasts: Duration = .seconds(60)

    private let rollback: RollbackCheck?
    private var fleet = FleetLiveness(tickPeriod: tickPeriod)
    private var identities = NodeIdentities()
    private var deaths = ConfirmedDeaths()
    private var words: [NodeID: ConfirmedDeaths.Standing] = [:]
    private var paths: [NodeID: ControlPath] = [:]
    /// Nodes that have yet to apply something.
    private var behind: Set<NodeID> = []
    private var grants: [NodeID: Set<SliceUID>] = [:]
    private var plans: [NodeID: (after: Duration, at: Instant)] = [:]
    /// Nodes whose objects were seen.
    private var objects: Set<NodeID> = []
    /// What heartbeats show of the life of active slices.
    private var lives: [NodeID: SliceLives] = [:]
    /// Slices whose `after` has run out and that the store does not show as Lost yet, by node.
    private var ranOut: [NodeID: Set<SliceUID>] = [:]
    /// Nodes to be learned of again though the store says nothing new: what was learned of them does not hold any more.
    package private(set) var unlearned: Set<NodeID> = []
    /// Why the controller has stopped for good; nil while the store is the one that agents have seen.
    package private(set) var halt: GrantPermission.Hold?

    /// - Parameter rollback: tells an older copy of the store; without it none is noticed.
    package init(rollback: RollbackCheck? = nil) {
        self.rollback = rollback
    }

    package var states: [NodeID: NodeLiveness.State] { fleet.nodes.mapValues(\.state) }

    package func knows(_ node: NodeID) -> Bool { fleet.nodes[node] != nil }

    /// Slices whose `after` has run out and that the store does not show as Lost yet.
    package var lost: Set<SliceUID> { ranOut.values.reduce(into: []) { $0.formUnion($1) } }

    /// Nodes whose slices may need something, by how they stand: those that are not plainly heard, and those of `lost`.
    package func uneasy(_ standings: [NodeID: NodeStanding]) -> Set<NodeID> {
        var nodes = Set(ranOut.keys)
        for (node, standing) in standings where standing.heard != .ready || standing.isDead { nodes.insert(node) }
        return nodes
    }

    /// When the last renewal of each node was processed, or what counts as that.
    package var renewals: [NodeID: Instant] { fleet.nodes.mapValues(\.lastProcessed) }

    /// Why the controller suspects itself.
    package var suspicion: GrantPermission.Hold? { fleet.suspicion.hold }

    /// A grant waits for the node to renew more often.
    func isPlanned(_ node: NodeID) -> Bool { plans[node] != nil }

    /// The interval that is agreed with a node.
    package func interval(of node: NodeID) -> Duration {
        fleet.nodes[node]?.interval ?? HeartbeatInterval.longest
    }

    /// What may be granted, as the controller's own state and that of its nodes has it.
    package func permission(at now: Instant) -> GrantPermission {
        GrantPermission(
            everything: halt ?? fleet.firstHearing.hold, replacements: suspicion,
            nodes: behind.reduce(into: [:]) { holds, node in holds[node] = stall(of: node, at: now) })
    }

    /// How long each slice on `nodes` was active as far as its node's heartbeats show it, by the node's own clock.
    package func surelyActive(on nodes: Set<NodeID>) -> [SliceUID: Duration] {
        nodes.reduce(into: [:]) { $0.merge(lives[$1]?.shown ?? [:]) { first, _ in first } }
    }

    /// How each node stands, for what is written about it.
    package func standings(at now: Instant, wall: WallTime) -> [NodeID: NodeStanding] {
        var standings: [NodeID: NodeStanding] = [:]
        let suspicion = suspicion
        for (node, liveness) in fleet.nodes {
            let age = now.since(liveness.lastProcessed).wholeNanoseconds
            let isSuspected = liveness.state == .disconnected && fleet.suspicion.isSuspected(node)
            standings[node] = NodeStanding(
                liveness.state, death: words[node],
                lastRenewal: liveness.hasRenewed
                    ? WallTime(nanosecondsSince1970: wall.nanosecondsSince1970 - age) : nil,
                suspicion: isSuspected ? suspicion : nil, stall: stall(of: node, at: now))
        }
        return standings
    }

    /// A node that is not heard follows nothing, and that is no fault of its watches.
    private func stall(of node: NodeID, at now: Instant) -> GrantPermission.Hold? {
        guard let liveness = fleet.nodes[node], liveness.state == .ready, liveness.hasRenewed else { return nil }
        return paths[node]?.hold(of: node, at: now)
    }

    // MARK: What agents say

    /// Whether anything but the node's identity speaks against a heartbeat: the store is an older copy, or the node was
    /// confirmed dead. The evidence for an older copy stands for good. `current` is the store's revision, not older than
    /// any that the heartbeat can have seen of this start.
    package mutating func examine(_ heartbeat: Heartbeat, current: Revision) -> NodeIdentities.Refusal? {
        if halt == nil, let incarnation = heartbeat.incarnation {
            let seen = RollbackCheck.Sighting(
                incarnation: incarnation, start: heartbeat.startID,
                revision: heartbeat.lastRevision.map { Revision($0) })
            if let contradiction = rollback?.contradiction(seen, current: current) {
                halt = RollbackCheck.halt(
                    node: heartbeat.node, contradiction: contradiction, unknown: rollback?.unknownLife(seen))
                fleet.isHalted = true
                reconsider()
            }
        }
        if let halt { return NodeIdentities.Refusal(reason: halt.reason, message: halt.message) }
        guard deaths.admits(heartbeat) == false else { return nil }
        return NodeIdentities.Refusal(
            reason: ConfirmedDeaths.reason,
            message: """
                Node \(heartbeat.node) was confirmed dead, and its work may run elsewhere. It is accepted once it holds \
                nothing.
                """)
    }

    /// Judges a heartbeat: renews the node, or says why not. True when what the controller calls the node changed.
    package mutating func hear(
        _ heartbeat: Heartbeat, current: Revision = Revision(0), at now: Instant
    ) -> Result<Bool, NodeIdentities.Refusal> {
        if let refusal = examine(heartbeat, current: current) { return .failure(refusal) }
        let node = heartbeat.node
        let state = fleet.nodes[node]?.state
        // Whoever showed that the Lost node holds nothing takes its place, also as another machine.
        let isLive = state == .ready || state == .suspect
        if deaths.admits(heartbeat) == true, !isLive { identities.forget(node) }
        return identities.admit(heartbeat, isLive: isLive).map {
            lives[node]?.heard(heartbeat)
            let applied = Revision(heartbeat.appliedRevision)
            // An agent that has started anew has to be told again what it had applied.
            if let path = paths[node], applied < path.applied { unlearned.insert(node) }
            follow(node) { $0.heard(applied: applied, isReturn: !isLive, at: now) }
            return !fleet.on(.renewed, node: node, at: now).isEmpty
        }
    }

    /// Whether the agent of `node` is to say what the node holds.
    package func wantsInventory(_ node: NodeID) -> Bool { halt == nil && deaths.wantsInventory(of: node) }

    /// Whether what an agent says of its node's slices counts: it renews the node, and the controller has not halted.
    package func believes(_ inventory: Inventory) -> Bool { halt == nil && identities.isAdmitted(inventory) }

    /// What becomes of what a node holds that was confirmed dead.
    package mutating func take(_ inventory: Inventory) -> (stop: [InventoryReply.Stop], isSettled: Bool) {
        deaths.take(inventory)
    }

    /// Asks for the interval that a `stop` grant with this `after` needs; true once the node renews that often.
    package mutating func agree(after: Duration, on node: NodeID, at now: Instant) -> Bool {
        guard let liveness = fleet.nodes[node] else { return false }
        // Also when it has agreed: until the grant is in the store, only the plan keeps the interval short.
        let smallest = min(after, plans[node]?.after ?? after)
        plans[node] = (smallest, now)
        _ = fleet.on(.planned(smallestAfter: smallest), node: node, at: now)
        return liveness.hasAgreed(after: after)
    }

    // MARK: What the store says

    /// Takes over what the store says: all nodes that exist, which of them hold something, and what is granted on those of
    /// which something has changed, the `unlearned` among them. The first call is the controller's start.
    package mutating func learn(
        nodes: [Kinds.Node], holding: Set<NodeID>, changed: [NodeGrants], at now: Instant
    ) {
        for node in nodes { learn(node, isHolding: holding.contains(NodeID(node.metadata.name)), at: now) }
        fleet.begin(at: now)
        for node in changed { learn(node, at: now) }
    }

    private mutating func follow(_ node: NodeID, _ change: (inout ControlPath) -> Void) {
        change(&paths[node, default: ControlPath()])
        if paths[node]?.isBehind ?? false { behind.insert(node) } else { behind.remove(node) }
    }

    private mutating func learn(_ node: Kinds.Node, isHolding: Bool, at now: Instant) {
        let name = NodeID(node.metadata.name)
        if let machine = node.status.machineID, let boot = node.status.bootID {
            identities.learn(name, machineID: machine, bootID: BootID(boot))
        }
        fleet.add(name, state: NodeLiveness.State(stored: node.status.state), at: now)
        let liveness = fleet.nodes[name]
        let isHeard = liveness?.state == .ready && liveness?.hasRenewed == true
        let isSilent = liveness?.state == .disconnected || liveness?.state == .initializing
        words[name] = deaths.weigh(node, isSilent: isSilent, isHeard: isHeard)
        let isAway = deaths.isLost(name) || (node.spec.maintenance && !isHolding)
        fleet.place(
            name, in: FailureDomain(rack: node.spec.rack, region: node.spec.region), isExpected: !isAway)
    }

    private mutating func learn(_ seen: NodeGrants, at now: Instant) {
        let node = seen.node
        unlearned.remove(node)
        if seen.hasObject { objects.insert(node) }
        var current: Set<SliceUID> = []
        var active: [SliceUID: (boot: BootID, revision: Revision)] = [:]
        for slice in seen.slices {
            guard let grant = slice.status.grant else { continue }
            let uid = SliceUID(slice.metadata.uid)
            if slice.status.activeAt != nil, let revision = slice.revision {
                active[uid] = (BootID(grant.bootID), revision)
            }
            if slice.status.state == .lost { continue }
            if !seen.hasObject {
                // The Node was deleted: its agent renews all the same, or its silence ends the slice as ever.
                guard grant.fencePolicy.after != nil else { continue }
                fleet.add(node, state: .ready, at: now)
            }
            current.insert(uid)
            if ranOut[node]?.contains(uid) ?? false { continue }
            _ = fleet.on(.granted(uid, grant.fencePolicy), node: node, at: now)
        }
        for gone in grants[node, default: []].subtracting(current) {
            _ = fleet.on(.released(gone), node: node, at: now)
        }
        grants[node] = current.isEmpty ? nil : current
        ranOut[node]?.formIntersection(current)
        if ranOut[node]?.isEmpty ?? false { ranOut[node] = nil }
        if active.isEmpty { lives[node] = nil } else { lives[node, default: SliceLives()].learn(active) }
        if let newest = seen.newest { follow(node) { $0.wrote(newest, at: now) } }
    }

    /// What ran out is granted again when its nodes are learned of, and judged anew.
    private mutating func reconsider() {
        unlearned.formUnion(ranOut.keys)
        ranOut = [:]
    }

    /// Forgets nodes whose objects were deleted; their agents are new ones when they come back. Returns those that had an
    /// object.
    @discardableResult
    package mutating func forgetDeleted(existing names: Set<NodeID>) -> [NodeID] {
        var gone: [NodeID] = []
        for node in fleet.nodes.keys.filter({ !names.contains($0) && grants[$0] == nil }).sorted() {
            // Silent, or never heard.
            guard let state = fleet.nodes[node]?.state, state == .disconnected || state == .initializing else {
                continue
            }
            fleet.remove(node)
            identities.forget(node)
            deaths.forget(node)
            words[node] = nil
            paths[node] = nil
            behind.remove(node)
            plans[node] = nil
            lives[node] = nil
            // What it still holds or has to act on counts when it comes back.
            unlearned.insert(node)
            if objects.remove(node) != nil { gone.append(node) }
        }
        return gone
    }

    // MARK: Time

    /// Lets time pass. True when there is something to write.
    package mutating func tick(at now: Instant) -> Bool {
        for (node, plan) in plans where now.since(plan.at) > Self.planLasts {
            plans[node] = nil
            _ = fleet.on(.planned(smallestAfter: nil), node: node, at: now)
        }
        let before = (fleet.suspicion, fleet.firstHearing)
        let effects = fleet.tick(at: now)
        if fleet.gap > .zero { for node in paths.keys { paths[node]?.extended(by: fleet.gap) } }
        // What ran out in the moment before is judged again after the thaw.
        if fleet.suspicion.isTripped { reconsider() }
        for effect in effects {
            if case .sliceLost(let slice) = effect.effect { ranOut[effect.node, default: []].insert(slice) }
        }
        return !effects.isEmpty || before != (fleet.suspicion, fleet.firstHearing)
    }
}

extension NodeLiveness.State {
    /// What a node that the store shows in `state` counts as when a controller starts: those that were up are taken for
    /// heard a moment ago, those that were silent stay silent until they are heard.
    init(stored state: Kinds.NodeState?) {
        switch state {
        case .ready, .suspect, .draining, .cordoned: self = .ready
        case .disconnected, .lost, .maintenance: self = .disconnected
        case .initializing, nil: self = .initializing
        }
    }
}
