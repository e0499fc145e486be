import TidemillModel
import TidemillSeams

extension NodeSnapshot {
    /// A node as the store holds it. `held` comes from its NodeAllocation record, which alone decides what is taken.
    package init(
        _ node: Kinds.Node, devices: some Sequence<Kinds.Device>, classes: [Kinds.DeviceClass],
        held: [DeviceID: [HeldShare]]
    ) {
        self.init(
            name: NodeID(node.metadata.name), bootID: node.status.bootID.map { BootID($0) },
            state: Self.state(of: node),
            isCordoned: node.spec.unschedulable, taints: node.spec.taints,
            labels: node.placementLabels,
            devices: devices.map { device in
                DeviceSnapshot(device, classes: classes, held: held[DeviceID(device.metadata.name)] ?? [])
            })
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
            numaNode: status.numaNode.map { Int($0) }, attributes: device.attributes,
            links: Set(status.links.map { DeviceID($0.device) }),
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
        let known = attributes.isEmpty ? [:] : device.attributes
        return attributes.allSatisfy { $0.isMet(by: known[$0.key]) }
            && matchLabels.allSatisfy { device.metadata.labels[$0.key] == $0.value }
    }
}

extension Kinds.Device {
    /// What requests and classes may ask of it.
    var attributes: [String: String] {
        var all = status.attributes
        all["vendor"] = status.vendor
        all["model"] = status.model
        all["memory"] = status.capacity?.memory?.text
        return all
    }
}
