import TidemillModel
import TidemillWire

/// Takes the heartbeats that arrive; the controller's node lifecycle is behind it.
package protocol HeartbeatHandler: Sendable {
    /// Judges one heartbeat. Called once for each, in the order of their arrival on one connection.
    func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply
}

/// Takes the inventories that agents were asked for; the node lifecycle and a restore are behind it.
package protocol InventoryHandler: Sendable {
    /// Judges what a node holds, and says what of it must end.
    func inventory(_ inventory: Inventory) async -> InventoryReply
}

/// Gives the Leases of nodes as they stand now. They live in the controller's memory and are rendered when read.
package protocol NodeLeaseSource: Sendable {
    /// In namespace `tidemill-node-lease`, one for each known node, in order of name.
    func nodeLeases() async -> [Kinds.Lease]
}
