import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

/// What a Node should say: its state, its conditions, and what the controller fills in of what operators declared.
struct NodeReport {
    private let node: Kinds.Node
    private let standing: NodeStanding
    /// Something is granted on the node.
    private let isHolding: Bool
    private let now: Timestamp
    private(set) var next: Kinds.Node
    private(set) var events: [PlannedEvent] = []

    init(_ node: Kinds.Node, standing: NodeStanding, isHolding: Bool, now: Timestamp) {
        self.node = node
        self.standing = standing
        self.isHolding = isHolding
        self.now = now
        next = node
    }

    /// The controller has halted: what it last knew stands, and the reason is told.
    mutating func stop(_ halt: GrantPermission.Hold) {
        set("Ready", .unknown, halt.reason, halt.message)
        tell("Ready", ifReason: halt.reason)
    }

    mutating func judge() {
        keep()
        complete()
        weighDeath()
        move()
        set(ready)
        tell("Ready", ifReason: MassFailureGuard.reason)
        followPath()
    }

    // MARK: Metadata and spec

    /// A deleted Node stays until nothing is granted on it. Set before the node can be granted anything, since nothing can
    /// be added once it is being deleted.
    private mutating func keep() {
        let isKept = node.metadata.finalizers.contains(NodePlan.slicesFinalizer)
        if node.metadata.isTerminating {
            if isKept, !isHolding { next.metadata.finalizers.removeAll { $0 == NodePlan.slicesFinalizer } }
        } else if !isKept {
            next.metadata.finalizers.append(NodePlan.slicesFinalizer)
        }
    }

    /// Times from which drains and tolerations count.
    private mutating func complete() {
        if next.spec.drain != nil, next.spec.drain?.startedAt == nil { next.spec.drain?.startedAt = now }
        for (index, taint) in next.spec.taints.enumerated() where taint.effect == .noExecute && taint.timeAdded == nil {
            next.spec.taints[index].timeAdded = now
        }
    }

    /// Takes away a word that has done its part or is wrong, and says what is made of one that stands.
    private mutating func weighDeath() {
        let type = "ConfirmedDead"
        switch standing.death {
        case nil:
            next.status.conditions.removeAll { $0.type == type }
        case .believed:
            set(type, .true, "Believed", "An operator confirmed that boot \(word) is over; what it held is released.")
        case .ignored(let why):
            set(type, .false, "Ignored", "The word of an operator that boot \(word) is over is ignored: \(why).")
            tell(type, ifReason: "Ignored", as: "ConfirmedDeadIgnored")
        case .refuted:
            next.spec.confirmedDead = nil
            next.status.conditions.removeAll { $0.type == type }
            events.append(
                PlannedEvent(
                    node, "ConfirmedDeadIgnored",
                    "An operator confirmed that boot \(word) is over, but the node is heard; the word is taken back.",
                    isWarning: true))
        case .returned:
            next.spec.confirmedDead = nil
            next.status.conditions.removeAll { $0.type == type }
        }
    }

    private var word: String { node.spec.confirmedDead?.bootID ?? ConfirmedDeaths.unknownBoot }

    // MARK: State

    private mutating func move() {
        let (before, after) = (node.status.state, state)
        next.status.state = after
        guard before != after else { return }
        events.append(
            PlannedEvent(
                node, "Node\(after.rawValue)",
                before.map { "Node went from \($0.rawValue) to \(after.rawValue)" }
                    ?? "Node has joined and is \(after.rawValue)",
                isWarning: [.suspect, .disconnected, .lost].contains(after)))
    }

    /// The first that applies.
    private var state: Kinds.NodeState {
        if standing.death == .believed { return .lost }
        if node.spec.maintenance, !isHolding { return .maintenance }
        switch standing.heard {
        case .disconnected: return .disconnected
        case .suspect: return .suspect
        case .initializing: return .initializing
        case .ready: break
        }
        // Heard, but it has not reported its boot and amounts yet.
        if node.status.bootID == nil || node.status.allocatable == nil { return .initializing }
        if node.spec.drain != nil || node.spec.maintenance { return isHolding ? .draining : .cordoned }
        return node.spec.unschedulable ? .cordoned : .ready
    }

    private var ready: Kinds.Condition {
        let (status, reason, message): (Kinds.ConditionStatus, String, String) =
            switch next.status.state ?? .initializing {
            case .ready, .draining, .cordoned: (.true, "HeartbeatsArrive", "The agent renews its lease.")
            case .suspect:
                (
                    .unknown, "NodeSuspect",
                    "Three heartbeats in a row did not arrive. The node gets nothing new; what it runs goes on."
                )
            case .disconnected:
                standing.suspicion.map { (.unknown, $0.reason, $0.message) }
                    ?? (.unknown, "NodeDisconnected", silence)
            case .lost:
                (
                    .false, ConfirmedDeaths.reason,
                    "Boot \(word) was confirmed dead. When the node returns it ends what it holds before it is accepted."
                )
            case .maintenance:
                standing.heard == .ready
                    ? (.true, "HeartbeatsArrive", "The agent renews its lease; the node is in maintenance.")
                    : (.false, "Maintenance", "The node is in maintenance, and nobody expects to hear it.")
            case .initializing: (.false, "Initializing", "The agent has not reported what the machine has.")
            }
        return condition("Ready", status, reason, message)
    }

    /// What a silence means for what is granted on the node, and what there is to do. It names no time, so that it is
    /// written once: the condition says since when.
    private var silence: String {
        let missed = "Five heartbeats in a row did not arrive."
        guard isHolding else { return "\(missed) Nothing is granted on the node." }
        return """
            \(missed) `stop` work starts elsewhere once its `after` has run out; `keep` work waits until the node is heard \
            again or `tidemill node confirm-dead \(node.metadata.name)` says that it never will be.
            """
    }

    // MARK: Control path

    /// Only of a node that is heard: whether its watches live cannot be told of any other.
    private mutating func followPath() {
        guard standing.heard == .ready, standing.death != .believed else { return }
        if let stall = standing.stall {
            set("ControlPath", .false, stall.reason, stall.message)
            tell("ControlPath", ifReason: stall.reason)
        } else {
            set("ControlPath", .true, "Follows", "The agent applies what is written for it.")
        }
    }

    // MARK: Conditions

    private mutating func set(_ type: String, _ status: Kinds.ConditionStatus, _ reason: String, _ message: String) {
        set(condition(type, status, reason, message))
    }

    private mutating func set(_ condition: Kinds.Condition) {
        next.status.conditions.set(condition)
    }

    private func condition(
        _ type: String, _ status: Kinds.ConditionStatus, _ reason: String, _ message: String
    ) -> Kinds.Condition {
        Kinds.Condition(
            type: type, status: status, observedGeneration: node.metadata.generation, lastTransitionTime: now,
            reason: reason, message: message)
    }

    /// Tells once of a condition that now has this reason.
    private mutating func tell(_ type: String, ifReason reason: String, as event: String? = nil) {
        func find(_ node: Kinds.Node) -> Kinds.Condition? { node.status.conditions.first { $0.type == type } }
        guard let said = find(next), said.reason == reason, find(node)?.reason != reason else { return }
        events.append(PlannedEvent(node, event ?? reason, said.message ?? "", isWarning: true))
    }
}
