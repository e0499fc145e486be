import TidemillDevices
import TidemillHostLinux
import TidemillLease
import TidemillModel
import TidemillSeams

/// All that discovery found of a machine.
package struct MachineFacts: Sendable {
    package var node: NodeID
    package var bootID: BootID
    package var machineID: String
    package var kernelVersion: String
    package var agentVersion: String
    /// Model of the CPUs as their vendor writes it; nil when the kernel does not say.
    package var cpuModel: String?
    package var domains: [NUMADomain]
    /// Caches and distances, by the number of the domain.
    package var details: [Int: CPUDetails]
    /// What cannot be enforced here, a sentence each; empty when everything is.
    package var unenforced: [String]

    package init(
        node: NodeID, bootID: BootID, machineID: String, kernelVersion: String, agentVersion: String,
        cpuModel: String?, domains: [NUMADomain], details: [Int: CPUDetails] = [:], unenforced: [String]
    ) {
        self.node = node
        self.bootID = bootID
        self.machineID = machineID
        self.kernelVersion = kernelVersion
        self.agentVersion = agentVersion
        self.cpuModel = cpuModel
        self.domains = domains
        self.details = details
        self.unenforced = unenforced
    }

    /// The grade that limits of CPU and memory reach here: what was proved, not what was hoped for.
    package var grade: Kinds.IsolationGrade { unenforced.isEmpty ? .enforced : .advisory }
}

/// A NUMA domain as slices draw from it.
package struct CPUDevice: Hashable, Sendable {
    package var id: DeviceID
    package var domain: NUMADomain
    package var capacity: ReserveRule.Amounts
    package var allocatable: ReserveRule.Amounts

    package init(
        id: DeviceID, domain: NUMADomain, capacity: ReserveRule.Amounts, allocatable: ReserveRule.Amounts
    ) {
        self.id = id
        self.domain = domain
        self.capacity = capacity
        self.allocatable = allocatable
    }
}

/// What the agent tells of its machine: the Node's status and one Device for each NUMA domain that has CPUs. Pure.
package struct NodeReport: Sendable {
    package let facts: MachineFacts
    package let cpuDevices: [CPUDevice]
    /// Accelerators; nil until they were looked for.
    package let inventory: DeviceInventory?
    /// Accelerators that the API knows and that are not there.
    package var missingDevices = 0

    package init(_ facts: MachineFacts, inventory: DeviceInventory? = nil) {
        self.facts = facts
        self.inventory = inventory
        // A domain of memory alone has nothing to run on; its memory is not offered.
        let domains = facts.domains.filter { !$0.cpus.isEmpty }.sorted { $0.id < $1.id }
        let sizes = domains.map {
            ReserveRule.Amounts(milliCPU: Int64($0.cpus.count) * 1000, memoryBytes: $0.memoryBytes)
        }
        let left = ReserveRule.allocatable(of: sizes)
        cpuDevices = domains.indices.map { index in
            CPUDevice(
                id: DeviceID("\(facts.node)-cpu\(domains[index].id)"), domain: domains[index],
                capacity: sizes[index], allocatable: left[index])
        }
    }

    /// `current` with everything that the agent observes; what others write stays.
    package func node(_ current: Kinds.Node, at wall: WallTime) -> Kinds.Node {
        var next = current
        let none = ReserveRule.Amounts(milliCPU: 0, memoryBytes: 0)
        next.status.observedGeneration = current.metadata.generation
        next.status.capacity = Self.amounts(cpuDevices.map(\.capacity).reduce(none, +))
        next.status.allocatable = Self.amounts(cpuDevices.map(\.allocatable).reduce(none, +))
        next.status.numaNodes = Int64(cpuDevices.count)
        next.status.agentVersion = facts.agentVersion
        next.status.kernelVersion = facts.kernelVersion
        next.status.bootID = facts.bootID.rawValue
        next.status.machineID = facts.machineID
        next.status.enforcement = facts.unenforced
        // Before the first look, what an earlier agent saw stands.
        if let inventory {
            next.status.devices = Int64(cpuDevices.count + inventory.devices.count)
        } else if next.status.devices == nil {
            next.status.devices = Int64(cpuDevices.count)
        }
        if inventory != nil || !next.status.conditions.contains(where: { $0.type == "DevicesHealthy" }) {
            let health = devicesHealth
            next.status.conditions = Self.with(
                next.status.conditions, "DevicesHealthy", health.status, reason: health.reason, message: health.message,
                generation: current.metadata.generation, at: wall)
        }
        return next
    }

    /// `current` with everything that the agent observes of `device`.
    package func device(_ device: CPUDevice, _ current: Kinds.Device, at wall: WallTime) -> Kinds.Device {
        var next = current
        next.status.node = facts.node.rawValue
        next.status.vendor = "cpu"
        next.status.model = facts.cpuModel
        next.status.level = .sliceable
        let details = facts.details[device.domain.id] ?? CPUDetails()
        next.status.caches = details.caches.map {
            Kinds.CPUCache(
                level: Int64($0.level), type: $0.type, size: Quantity(bytes: $0.bytes), count: Int64($0.count),
                sharedBy: Int64($0.sharedBy))
        }
        next.status.distances = details.distances.sorted { $0.key < $1.key }.map {
            Kinds.NUMADistance(numaNode: Int64($0.key), distance: Int64($0.value))
        }
        next.status.uuid = "\(facts.machineID)-cpu\(device.domain.id)"
        next.status.numaNode = Int64(device.domain.id)
        next.status.cpus = device.domain.cpus.description
        if let inventory { next.status.runtimes = inventory.processorRuntimes.map(Kinds.DeviceRuntime.init) }
        next.status.capacity = Self.deviceAmounts(device.capacity)
        next.status.allocatable = Self.deviceAmounts(device.allocatable)
        next.status.health = .healthy
        next.status.isolation = facts.grade == .enforced ? ["enforced", "advisory"] : ["advisory"]
        next.status.conditions = Self.with(
            next.status.conditions, "DeviceHealthy", .true, reason: "Online",
            message: "\(device.domain.cpus.count) CPUs are online.", generation: current.metadata.generation, at: wall)
        return next
    }

    /// Sets a condition, keeping the time since when it is so.
    static func with(
        _ conditions: [Kinds.Condition], _ type: String, _ status: Kinds.ConditionStatus, reason: String,
        message: String, generation: Int64, at wall: WallTime
    ) -> [Kinds.Condition] {
        let old = conditions.first { $0.type == type }
        let since = old?.status == status ? old?.lastTransitionTime : nil
        let condition = Kinds.Condition(
            type: type, status: status, observedGeneration: generation, lastTransitionTime: since ?? Timestamp(wall),
            reason: reason, message: message)
        return conditions.filter { $0.type != type } + [condition]
    }

    private static func amounts(_ amounts: ReserveRule.Amounts) -> Kinds.ResourceAmounts {
        Kinds.ResourceAmounts(cpu: Quantity(milliCPU: amounts.milliCPU), memory: Quantity(bytes: amounts.memoryBytes))
    }

    private static func deviceAmounts(_ amounts: ReserveRule.Amounts) -> Kinds.DeviceAmounts {
        Kinds.DeviceAmounts(cpu: Quantity(milliCPU: amounts.milliCPU), memory: Quantity(bytes: amounts.memoryBytes))
    }
}

extension NodeReport {
    /// What shares of each device may add up to here.
    package var capacities: [DeviceID: DeviceCapacity] {
        Dictionary(
            uniqueKeysWithValues: cpuDevices.map { device in
                (
                    device.id,
                    DeviceCapacity(milliCPU: device.allocatable.milliCPU, memoryBytes: device.allocatable.memoryBytes)
                )
            })
    }
}
