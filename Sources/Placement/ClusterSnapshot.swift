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
    /// What a whole device of a class costs; 1 for those that are not named.
    package var prices: [String: Rational]

    package init(
        revision: Revision, nodes: [NodeSnapshot], classes: Set<String>, prices: [String: Rational] = [:]
    ) {
        self.revision = revision
        self.prices = prices
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
    /// Its own labels, and those that every node has.
    package var labels: [String: String]
    /// Ordered by name.
    package var devices: [DeviceSnapshot]

    package init(
        name: NodeID, bootID: BootID?, state: Kinds.NodeState, isCordoned: Bool = false, taints: [Kinds.Taint] = [],
        labels: [String: String] = [:], devices: [DeviceSnapshot]
    ) {
        self.name = name
        self.bootID = bootID
        self.state = state
        self.isCordoned = isCordoned
        self.taints = taints
        self.labels = labels
        self.devices = devices.sorted { $0.name < $1.name }
        link()
    }

    /// A link counts when either end tells of it; devices beyond 64 have none.
    private mutating func link() {
        guard devices.contains(where: { !$0.links.isEmpty }) else { return }
        for (one, device) in devices.enumerated().prefix(64) {
            devices[one].linked |= 1 << UInt64(one)
            for (other, end) in devices.enumerated().prefix(64) where device.links.contains(end.name) {
                devices[one].linked |= 1 << UInt64(other)
                devices[other].linked |= 1 << UInt64(one)
            }
        }
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
