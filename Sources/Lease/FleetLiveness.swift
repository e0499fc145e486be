import TidemillSeams

/// The liveness of every node that a controller acknowledges, with the controller's own faults taken into account: its late
/// ticks, its fresh start, a silence of many nodes at once, and a store that is an older copy.
package struct FleetLiveness: Sendable {
    /// One effect, and the node that it is about.
    package struct NodeEffect: Hashable, Sendable {
        package var node: NodeID
        package var effect: NodeLiveness.Effect

        package init(node: NodeID, effect: NodeLiveness.Effect) {
            self.node = node
            self.effect = effect
        }
    }

    package private(set) var nodes: [NodeID: NodeLiveness] = [:]
    /// Whether many nodes fell silent at once; while it is tripped nothing is lost.
    package private(set) var suspicion = MassFailureGuard()
    /// Whether all that were up have been heard since the controller started.
    package private(set) var firstHearing = FirstHearing()
    /// Set for good when the store is an older copy: nothing is lost any more.
    package var isHalted = false

    /// By how much the last tick came late.
    package private(set) var gap: Duration = .zero
    private var watch: TickWatch
    private var domains: [NodeID: FailureDomain] = [:]
    /// Nodes that nobody expects to hear: in maintenance, Lost.
    private var unexpected: Set<NodeID> = []
    /// Nodes that were silent when the controller learned of them, or while nobody expected them. Until they are heard they
    /// take no part in the mass-failure guard.
    private var knownSilent: Set<NodeID> = []

    /// - Parameter tickPeriod: how often the caller means to call `tick`.
    package init(tickPeriod: Duration) {
        watch = TickWatch(period: tickPeriod)
    }

    /// Learns of a node as the store has it; without effect when it is known.
    package mutating func add(_ node: NodeID, state: NodeLiveness.State, at now: Instant) {
        guard nodes[node] == nil else { return }
        nodes[node] = NodeLiveness(at: now, state: state)
        if state == .disconnected { knownSilent.insert(node) }
    }

    /// Begins the wait of a fresh start: for the nodes that are known as up. Without effect after the first call.
    package mutating func begin(at now: Instant) {
        firstHearing.begin(awaiting: Set(nodes.filter { $0.value.state == .ready }.keys), at: now)
    }

    /// Says where a node stands, and whether anyone expects to hear it.
    package mutating func place(_ node: NodeID, in domain: FailureDomain, isExpected: Bool) {
        domains[node] = domain
        if isExpected {
            unexpected.remove(node)
        } else {
            unexpected.insert(node)
            suspicion.clear(node)
            firstHearing.clear(node)
            if nodes[node]?.state == .disconnected { knownSilent.insert(node) }
        }
    }

    /// Forgets a node that was deleted.
    package mutating func remove(_ node: NodeID) {
        nodes[node] = nil
        domains[node] = nil
        unexpected.remove(node)
        knownSilent.remove(node)
        suspicion.clear(node)
        firstHearing.clear(node)
    }

    /// Hands an event to one node; an unknown node is learned by its first renewal and ignored otherwise.
    package mutating func on(_ event: NodeLiveness.Event, node: NodeID, at now: Instant) -> [NodeEffect] {
        if event == .renewed {
            add(node, state: .initializing, at: now)
            knownSilent.remove(node)
            suspicion.clear(node)
            firstHearing.clear(node)
        }
        let effects = nodes[node]?.on(event, at: now) ?? []
        if effects.contains(where: \.isFall), let domain = domains[node] {
            if unexpected.contains(node) {
                knownSilent.insert(node)
            } else {
                suspicion.fell(node, in: domain, at: now)
            }
        }
        return effects.map { NodeEffect(node: node, effect: $0) }
    }

    /// Lets time pass for all nodes, by name. When this tick came late, all are extended by the gap first.
    ///
    /// Before anything is lost, all nodes are looked at, and the guard judges what the silence of all of them means.
    package mutating func tick(at now: Instant) -> [NodeEffect] {
        let names = nodes.keys.sorted()
        gap = watch.tick(at: now)
        if gap > .zero {
            for node in names { _ = on(.extended(by: gap), node: node, at: now) }
            suspicion.extended(by: gap)
            firstHearing.extended(by: gap)
        }
        firstHearing.tick(at: now)
        var effects: [NodeEffect] = []
        for node in names { effects += on(.look, node: node, at: now) }
        suspicion.judge(sizes, at: now)
        if suspicion.isTripped || isHalted { return effects }
        for node in names { effects += on(.tick, node: node, at: now) }
        return effects
    }

    /// The domains with the nodes that count.
    private var sizes: [FailureDomain: MassFailureGuard.Domain] {
        var sizes: [FailureDomain: MassFailureGuard.Domain] = [:]
        for (name, node) in nodes {
            guard node.state != .initializing, !unexpected.contains(name), !knownSilent.contains(name),
                let domain = domains[name]
            else { continue }
            let size = sizes[domain] ?? MassFailureGuard.Domain(nodes: 0, disconnected: .zero)
            sizes[domain] = MassFailureGuard.Domain(
                nodes: size.nodes + 1, disconnected: max(size.disconnected, node.detection.disconnected))
        }
        return sizes
    }
}

extension NodeLiveness.Effect {
    /// The node was up and has become Disconnected.
    fileprivate var isFall: Bool {
        if case .stateChanged(_, to: .disconnected) = self { true } else { false }
    }
}
