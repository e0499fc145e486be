import TidemillLease
import TidemillModel
import TidemillSeams

/// All that the reconciler saw of the nodes and of what is granted on them.
package struct NodeObservation: Sendable {
    package var nodes: [Kinds.Node]
    /// Slices that carry a grant and are not Released.
    package var granted: [Kinds.Slice]
    /// Tasks by namespace and name.
    package var tasks: [String: Kinds.Task]
    /// How each node is heard.
    package var liveness: [NodeID: NodeLiveness.State]
    /// Slices whose `after` has run out.
    package var lost: Set<SliceUID>
    package var now: Timestamp

    package init(
        nodes: [Kinds.Node], granted: [Kinds.Slice], tasks: [String: Kinds.Task],
        liveness: [NodeID: NodeLiveness.State],
        lost: Set<SliceUID> = [], now: Timestamp
    ) {
        self.nodes = nodes
        self.granted = granted
        self.tasks = tasks
        self.liveness = liveness
        self.lost = lost
        self.now = now
    }
}

extension Kinds.Grant {
    /// What happens to the slice when its node stays silent, by the copy in the grant, which alone counts.
    package var fencePolicy: FencePolicy {
        switch policy {
        case .keep: .keep
        case .stop: .stop(after: after?.duration ?? .seconds(60))
        }
    }
}
