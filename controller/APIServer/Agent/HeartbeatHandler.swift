import TidemillModel
import TidemillWire

/// Takes the heartbeats that arrive; the controller's node lifecycle is behind it.
package protocol HeartbeatHandler: Sendable {
    /// Judges one heartbeat. Called once for each, in the order of their arrival on one connection.
    func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply
}

/// Gives the Leases of nodes as they stand now. They live in the controller's memory and are rendered when read.
package protocol NodeLeaseSource: Sendable {
    /// In namespace `tidemill-node-lease`, one for each known node, in order of name.
    func nodeLeases() async -> [Kinds.Lease]
}
