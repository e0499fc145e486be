import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillWire

/// What agents and the scheduler meet of the controller's nodes: the lifecycle and the restore as one.
package struct Fleet: Sendable {
    package let lifecycle: NodeLifecycle
    package let restore: RestoreReconciler

    package init(lifecycle: NodeLifecycle, restore: RestoreReconciler) {
        self.lifecycle = lifecycle
        self.restore = restore
    }

    /// Judges one heartbeat, and asks for the node's inventory when someone waits for it.
    package func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply {
        var reply = await lifecycle.heartbeat(heartbeat)
        if !reply.wantsInventory { reply.wantsInventory = await lifecycle.wantsInventory(heartbeat.node) }
        // Only an agent whose renewals count is believed about what its node holds.
        if reply.accepted, !reply.wantsInventory {
            reply.wantsInventory = await restore.wantsInventory(of: heartbeat.node)
        }
        return reply
    }

    /// Takes what a node holds, and says what of it must end: all of it on a node that was confirmed dead, else what a
    /// restore has no place for. Of any other node only the agent whose renewals count is believed: what a refused copy of
    /// it does not hold must not be taken for gone.
    package func inventory(_ inventory: Inventory) async -> InventoryReply {
        if await lifecycle.wantsInventory(inventory.node) { return await lifecycle.take(inventory) }
        guard await lifecycle.believes(inventory) else {
            return InventoryReply(incarnation: lifecycle.incarnation, isSettled: false)
        }
        return await restore.take(inventory)
    }

    /// Whether all `nodes` renew often enough for a `stop` grant with this `after`; asks those that do not.
    package func agree(after: Duration, on nodes: [NodeID]) async -> Bool {
        await lifecycle.agree(after: after, on: nodes)
    }

    /// What may be granted now.
    package func permission() async -> GrantPermission {
        await restore.permission().and(await lifecycle.permission())
    }

    /// When each known node's last renewal was processed, and how often it renews.
    package func leases() async -> [(node: NodeID, processed: Instant, interval: Duration)] {
        await lifecycle.leases()
    }
}
