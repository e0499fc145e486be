import TidemillModel

/// What makes devices alike, whatever they are called and whatever is held on them.
package final class DeviceKind: Sendable {
    /// True for a NUMA domain of CPUs, from which `cpu` and `memory` of a slice are drawn.
    package let isCPU: Bool
    /// The classes that the device belongs to, each with the isolation grades that it offers under that class.
    package let classes: [String: [Kinds.IsolationGrade]]
    package let capacity: DeviceAmounts
    /// What shares may hold: capacity less the node's reserve.
    package let allocatable: DeviceAmounts
    /// NUMA domain that the device is closest to; nil where that is unknown.
    package let numaNode: Int?
    /// What requests may ask of it: `vendor`, `model`, `memory`, and what the agent reports beside.
    package let attributes: [String: String]
    private let hash: Int

    package init(
        isCPU: Bool, classes: [String: [Kinds.IsolationGrade]], capacity: DeviceAmounts, allocatable: DeviceAmounts,
        numaNode: Int?, attributes: [String: String] = [:]
    ) {
        self.isCPU = isCPU
        self.classes = classes
        self.capacity = capacity
        self.allocatable = allocatable
        self.numaNode = numaNode
        self.attributes = attributes
        var hasher = Hasher()
        hasher.combine(isCPU)
        hasher.combine(classes)
        hasher.combine(capacity)
        hasher.combine(allocatable)
        hasher.combine(numaNode)
        hasher.combine(attributes)
        hash = hasher.finalize()
    }
}

extension DeviceKind: Hashable {
    package static func == (a: DeviceKind, b: DeviceKind) -> Bool {
        a === b
            || (a.hash == b.hash && a.isCPU == b.isCPU && a.capacity == b.capacity && a.allocatable == b.allocatable
                && a.numaNode == b.numaNode && a.classes == b.classes && a.attributes == b.attributes)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// One object for each kind, so that equal kinds are told by their identity.
struct DeviceKinds: Sendable {
    private var known: [DeviceKind: DeviceKind] = [:]

    mutating func unify(_ node: inout NodeSnapshot) {
        for index in node.devices.indices {
            let kind = node.devices[index].kind
            if let same = known[kind] {
                if same !== kind { node.devices[index].kind = same }
            } else {
                known[kind] = kind
            }
        }
    }
}
