import TidemillModel
import TidemillSeams

/// What the store says of one node and of what is granted on it.
package struct NodeGrants: Sendable {
    package var node: NodeID
    /// The Node itself is there.
    package var hasObject: Bool
    /// Slices that carry a grant on the node and are not Released.
    package var slices: [Kinds.Slice]
    /// The newest revision of what the node's agent has to act on: slices granted to it, and gangs that have members there.
    package var newest: Revision?

    package init(node: NodeID, hasObject: Bool, slices: [Kinds.Slice], newest: Revision?) {
        self.node = node
        self.hasObject = hasObject
        self.slices = slices
        self.newest = newest
    }
}
