import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

/// What the controller knows of one node from what it heard, apart from the store.
package struct NodeStanding: Sendable, Equatable {
    /// How the node is heard.
    package var heard: NodeLiveness.State
    /// What is made of an operator's word that the node is dead.
    package var death: ConfirmedDeaths.Standing?
    /// When the last renewal was processed; nil when this controller never heard the node.
    package var lastRenewal: WallTime?
    /// Why the node's silence is not believed.
    package var suspicion: GrantPermission.Hold?
    /// Why the node gets no new grants though it is heard.
    package var stall: GrantPermission.Hold?

    package init(
        _ heard: NodeLiveness.State, death: ConfirmedDeaths.Standing? = nil, lastRenewal: WallTime? = nil,
        suspicion: GrantPermission.Hold? = nil, stall: GrantPermission.Hold? = nil
    ) {
        self.heard = heard
        self.death = death
        self.lastRenewal = lastRenewal
        self.suspicion = suspicion
        self.stall = stall
    }

    /// Nothing of the node runs any more, by an operator's word.
    var isDead: Bool { death == .believed || death == .returned }
}

/// What the reconciler saw of the nodes and of what is granted on them.
package struct NodeObservation: Sendable {
    package var nodes: [Kinds.Node]
    /// Nodes on which something is granted that is not Released.
    package var holding: Set<NodeID>
    /// What is granted and not Released and may need something, by namespace and name: all on nodes that are not heard, dead
    /// or have something that ran out, and whatever carries the mark of a silence.
    package var granted: [Kinds.Slice]
    /// Their tasks by namespace and name.
    package var tasks: [String: Kinds.Task]
    package var standings: [NodeID: NodeStanding]
    /// Slices whose `after` has run out.
    package var lost: Set<SliceUID>
    /// How long slices were active as far as their nodes' heartbeats show it; nil where that was not asked.
    package var surelyActive: [SliceUID: Duration]?
    /// Why the controller has stopped for good.
    package var halt: GrantPermission.Hold?
    /// The store does not know yet what the nodes hold.
    package var isRestoring = false
    package var now: Timestamp

    package init(
        nodes: [Kinds.Node], holding: Set<NodeID>, granted: [Kinds.Slice], tasks: [String: Kinds.Task],
        standings: [NodeID: NodeStanding], lost: Set<SliceUID> = [], surelyActive: [SliceUID: Duration]? = nil,
        halt: GrantPermission.Hold? = nil, now: Timestamp
    ) {
        self.nodes = nodes
        self.holding = holding
        self.granted = granted
        self.tasks = tasks
        self.standings = standings
        self.lost = lost
        self.surelyActive = surelyActive
        self.halt = halt
        self.now = now
    }

    /// What is to be seen of `nodes`, of which the roster has learned what the view knows.
    package init(
        _ roster: NodeRoster, _ view: GrantedView, nodes: [Kinds.Node], tasks: Copies<Kinds.Task>, at now: Instant,
        wall: WallTime
    ) {
        let standings = roster.standings(at: now, wall: wall)
        let uneasy = roster.uneasy(standings)
        let granted = view.slices(on: uneasy)
        self.init(
            nodes: nodes, holding: view.holding, granted: granted, tasks: Self.tasks(of: granted, among: tasks),
            standings: standings, lost: roster.lost, surelyActive: roster.surelyActive(on: uneasy), halt: roster.halt,
            now: Timestamp(wall))
    }

    /// A task has the name of its slice.
    private static func tasks(of slices: [Kinds.Slice], among tasks: Copies<Kinds.Task>) -> [String: Kinds.Task] {
        var found: [String: Kinds.Task] = [:]
        for slice in slices {
            let (namespace, name) = (slice.metadata.namespace, slice.metadata.name)
            let key = ObjectRef(kind: Kinds.Task.info, namespace: namespace, name: name).key
            found["\(namespace)/\(name)"] = tasks[key]?.value
        }
        return found
    }

    func task(of slice: Kinds.Slice) -> Kinds.Task? { tasks["\(slice.metadata.namespace)/\(slice.metadata.name)"] }
}

extension Kinds.Grant {
    /// What happens to the slice when its node stays silent, by the copy in the grant, which alone counts.
    package var fencePolicy: FencePolicy {
        switch policy {
        case .keep: .keep
        case .stop: .stop(after: after?.duration ?? .seconds(60))
        }
    }
}
