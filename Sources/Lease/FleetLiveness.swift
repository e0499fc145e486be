import TidemillSeams

/// The liveness of every node that a controller acknowledges, with the controller's own late ticks taken into account.
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
    private var watch: TickWatch

    /// - Parameter tickPeriod: how often the caller means to call `tick`.
    package init(tickPeriod: Duration) {
        watch = TickWatch(period: tickPeriod)
    }

    /// Learns of a node; without effect when it is known.
    package mutating func add(_ node: NodeID, wasReady: Bool, at now: Instant) {
        if nodes[node] == nil { nodes[node] = NodeLiveness(at: now, wasReady: wasReady) }
    }

    /// Forgets a node that was deleted.
    package mutating func remove(_ node: NodeID) {
        nodes[node] = nil
    }

    /// Hands an event to one node; an unknown node is learned by its first renewal and ignored otherwise.
    package mutating func on(_ event: NodeLiveness.Event, node: NodeID, at now: Instant) -> [NodeEffect] {
        if nodes[node] == nil, event == .renewed { add(node, wasReady: false, at: now) }
        let effects = nodes[node]?.on(event, at: now) ?? []
        return effects.map { NodeEffect(node: node, effect: $0) }
    }

    /// Judges all nodes, by name. When this tick came late, all are extended by the gap first.
    package mutating func tick(at now: Instant) -> [NodeEffect] {
        let gap = watch.tick(at: now)
        var effects: [NodeEffect] = []
        for node in nodes.keys.sorted() {
            if gap > .zero { effects += on(.extended(by: gap), node: node, at: now) }
            effects += on(.tick, node: node, at: now)
        }
        return effects
    }
}
