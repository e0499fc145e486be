import TidemillModel
import TidemillSeams

extension ClusterSnapshot {
    /// The snapshot of what the store holds. `held` comes from the NodeAllocation records, which alone decide what is
    /// taken; a device whose node is unknown is left out.
    package init(
        revision: Revision, nodes: [Kinds.Node], devices: [Kinds.Device], classes: [Kinds.DeviceClass],
        held: [DeviceID: [HeldShare]]
    ) {
        let byNode = Dictionary(grouping: devices) { $0.status.node ?? "" }
        let snapshots = nodes.map { node in
            NodeSnapshot(
                name: NodeID(node.metadata.name),
                bootID: node.status.bootID.map { BootID($0) },
                state: Self.state(of: node),
                isCordoned: node.spec.unschedulable,
                taints: node.spec.taints,
                devices: (byNode[node.metadata.name] ?? []).map { device in
                    DeviceSnapshot(device, classes: classes, held: held[DeviceID(device.metadata.name)] ?? [])
                })
        }
        self.init(revision: revision, nodes: snapshots, classes: Set(classes.map(\.metadata.name)))
    }

    /// What the controller wrote, unless the operator has just declared something that it has not seen yet.
    private static func state(of node: Kinds.Node) -> Kinds.NodeState {
        let state = node.status.state ?? .initializing
        if node.metadata.deletionTimestamp != nil { return .maintenance }
        switch state {
        case .ready where node.spec.maintenance: return .maintenance
        case .ready where node.spec.drain != nil: return .draining
        default: return state
        }
    }
}

extension DeviceSnapshot {
    init(_ device: Kinds.Device, classes: [Kinds.DeviceClass], held: [HeldShare]) {
        let status = device.status
        let isCPU = status.vendor == Self.cpuClass
        let own = status.isolation.compactMap { Kinds.IsolationGrade(rawValue: $0) }
        var memberships: [String: [Kinds.IsolationGrade]] = isCPU ? [Self.cpuClass: own] : [:]
        for deviceClass in classes where deviceClass.spec.selector.selects(device) {
            let offered = deviceClass.spec.isolation.compactMap { Kinds.IsolationGrade(rawValue: $0) }
            // A class never promises more than the device proved.
            memberships[deviceClass.metadata.name] = offered.isEmpty ? own : own.filter { offered.contains($0) }
        }
        let capacity = status.capacity.map { DeviceAmounts($0, isCPU: isCPU) } ?? DeviceAmounts()
        self.init(
            name: DeviceID(device.metadata.name), isCPU: isCPU, classes: memberships,
            isCordoned: device.spec.unschedulable,
            isHealthy: status.health != .unhealthy && status.health != .resetting,
            capacity: capacity,
            allocatable: status.allocatable.map { DeviceAmounts($0, isCPU: isCPU) } ?? capacity,
            held: held)
    }
}

extension DeviceAmounts {
    /// What the agent reports, rounded down; an accelerator has one whole compute.
    init(_ amounts: Kinds.DeviceAmounts, isCPU: Bool) {
        self.init(
            milliCPU: amounts.cpu.map { $0.fraction.floor(of: 1000) } ?? 0,
            memoryBytes: amounts.memory.map { $0.fraction.floor(of: 1) } ?? 0,
            compute: isCPU ? .zero : .one)
    }
}

extension Kinds.DeviceSelector {
    /// Whether every requirement holds for `device`.
    package func selects(_ device: Kinds.Device) -> Bool {
        if let vendor, vendor != device.status.vendor { return false }
        if !models.isEmpty {
            guard let model = device.status.model, models.contains(model) else { return false }
        }
        return matchLabels.allSatisfy { device.metadata.labels[$0.key] == $0.value }
    }
}
