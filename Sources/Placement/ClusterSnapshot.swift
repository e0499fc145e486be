import TidemillModel
import TidemillSeams

/// All that placement may look at: every known node with its devices, and what is held, as of one revision of the store.
package struct ClusterSnapshot: Sendable, Equatable {
    /// The store's revision that the snapshot shows. It becomes the token of every grant planned on it.
    package var revision: Revision
    /// Ordered by name.
    package var nodes: [NodeSnapshot]
    /// Names of the device classes that exist. The class `cpu` always exists.
    package var classes: Set<String>

    package init(revision: Revision, nodes: [NodeSnapshot], classes: Set<String>) {
        self.revision = revision
        self.nodes = nodes.sorted { $0.name < $1.name }
        self.classes = classes.union([DeviceSnapshot.cpuClass])
    }
}

/// One node, as placement sees it.
package struct NodeSnapshot: Sendable, Equatable {
    package var name: NodeID
    /// The boot for which a grant on this node is valid; nil before the agent's first report.
    package var bootID: BootID?
    package var state: Kinds.NodeState
    /// `spec.unschedulable`.
    package var isCordoned: Bool
    package var taints: [Kinds.Taint]
    /// Ordered by name.
    package var devices: [DeviceSnapshot]

    package init(
        name: NodeID, bootID: BootID?, state: Kinds.NodeState, isCordoned: Bool = false, taints: [Kinds.Taint] = [],
        devices: [DeviceSnapshot]
    ) {
        self.name = name
        self.bootID = bootID
        self.state = state
        self.isCordoned = isCordoned
        self.taints = taints
        self.devices = devices.sorted { $0.name < $1.name }
    }

    /// The same node with nothing held, nothing cordoned and nothing broken: what it could ever hold.
    package var emptied: NodeSnapshot {
        var node = self
        node.bootID = bootID ?? BootID("unknown")
        node.state = .ready
        node.isCordoned = false
        node.taints = []
        node.devices = devices.map(\.emptied)
        return node
    }
}
