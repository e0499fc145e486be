import TidemillLease
import TidemillSeams

/// Says what may be granted now, and agrees with nodes on how often they renew before a grant relies on it. The node
/// lifecycle is behind it.
package protocol GrantAuthority: Sendable {
    /// Whether all `nodes` renew often enough for a `stop` grant with this `after`; asks those that do not, so that a later
    /// call says yes.
    func agree(after: Duration, on nodes: [NodeID]) async -> Bool

    /// What may be granted now. Asked once a cycle, before its snapshot is read.
    func permission() async -> GrantPermission
}
