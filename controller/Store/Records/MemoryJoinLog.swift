import TidemillSeams

/// A join log that forgets everything when the process ends: for tests and the simulation.
package actor MemoryJoinLog: JoinLog {
    private var joined: Set<NodeID>

    package init(_ nodes: Set<NodeID> = []) {
        joined = nodes
    }

    package func nodes() -> Set<NodeID> { joined }

    package func join(_ node: NodeID) {
        joined.insert(node)
    }

    package func leave(_ node: NodeID) {
        joined.remove(node)
    }
}
