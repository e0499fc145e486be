import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What an agent tells of its machine, as `NodeReport` does.
struct NodeFacts {
    let node: String
    let device: String
    let bootID: String
    let machineID: String
    let milliCPU: Int64

    init(_ machine: Machine) {
        node = machine.node.rawValue
        device = machine.device.rawValue
        bootID = machine.bootID.rawValue
        machineID = machine.machineID
        milliCPU = machine.offeredMilliCPU
    }

    func write(_ resources: Resources) async throws {
        if try await resources.read(Kinds.Node.self, name: node) == nil {
            try await resources.transact([.create(Kinds.Node(metadata: ObjectMeta(name: node)))])
        }
        if let current = try await resources.read(Kinds.Node.self, name: node) {
            var next = current
            let amounts = Kinds.ResourceAmounts(
                cpu: Quantity(milliCPU: milliCPU), memory: Quantity(bytes: Machine.memoryBytes))
            next.status.capacity = amounts
            next.status.allocatable = amounts
            next.status.bootID = bootID
            next.status.machineID = machineID
            if next != current { try await resources.transact([.updateStatus(next)]) }
        }
        if try await resources.read(Kinds.Device.self, name: device) == nil {
            try await resources.transact([.create(Kinds.Device(metadata: ObjectMeta(name: device)))])
        }
        guard let current = try await resources.read(Kinds.Device.self, name: device) else { return }
        var next = current
        let amounts = Kinds.DeviceAmounts(
            cpu: Quantity(milliCPU: milliCPU), memory: Quantity(bytes: Machine.memoryBytes))
        next.status = Kinds.DeviceStatus(
            node: node, vendor: "cpu", capacity: amounts, allocatable: amounts, health: .healthy,
            isolation: ["enforced"])
        if next != current { try await resources.transact([.updateStatus(next)]) }
    }
}
