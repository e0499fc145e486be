import TidemillSeams

/// Every node that ever joined this control plane, durably and apart from the store: what a restore waits for (section 4,
/// Restore). A backup does not hold it, since it is older than the nodes that joined after it.
package protocol JoinLog: Sendable {
    /// All nodes that joined and were not struck off, by name.
    func nodes() async -> Set<NodeID>

    /// Adds a node before its first renewal is acknowledged; durable when it returns, and without effect when it is there.
    func join(_ node: NodeID) async throws(StoreError)

    /// Strikes off a node that was removed for good.
    func leave(_ node: NodeID) async throws(StoreError)
}
