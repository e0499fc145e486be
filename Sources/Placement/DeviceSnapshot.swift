import TidemillModel
import TidemillSeams

/// One device: what it has, which classes it belongs to, and which shares of it are held.
package struct DeviceSnapshot: Sendable, Equatable {
    /// The class that every NUMA domain of CPUs belongs to.
    package static let cpuClass = "cpu"

    package var name: DeviceID
    /// True for a NUMA domain of CPUs, from which `cpu` and `memory` of a slice are drawn.
    package var isCPU: Bool
    /// The classes that the device belongs to, each with the isolation grades that it offers under that class.
    package var classes: [String: [Kinds.IsolationGrade]]
    package var isCordoned: Bool
    package var isHealthy: Bool
    package var capacity: DeviceAmounts
    /// What shares may hold: capacity less the node's reserve.
    package var allocatable: DeviceAmounts
    package var held: [HeldShare]

    package init(
        name: DeviceID, isCPU: Bool, classes: [String: [Kinds.IsolationGrade]], isCordoned: Bool = false,
        isHealthy: Bool = true, capacity: DeviceAmounts, allocatable: DeviceAmounts, held: [HeldShare] = []
    ) {
        self.name = name
        self.isCPU = isCPU
        self.classes = classes
        self.isCordoned = isCordoned
        self.isHealthy = isHealthy
        self.capacity = capacity
        self.allocatable = allocatable
        self.held = held
    }

    /// What no slice holds. Never negative: a device that shrank below what is held has nothing free.
    package var free: DeviceAmounts {
        if held.contains(where: { $0.isolation == .exclusive }) { return DeviceAmounts() }
        var left = allocatable
        for share in held { left.subtract(share.amounts) }
        return left
    }

    /// The same device with nothing held, cordoned or broken.
    package var emptied: DeviceSnapshot {
        var device = self
        device.held = []
        device.isCordoned = false
        device.isHealthy = true
        return device
    }
}

/// Amounts that a share draws from a device.
package struct DeviceAmounts: Sendable, Equatable {
    /// Thousandths of a CPU; only NUMA domains have any.
    package var milliCPU: Int64
    package var memoryBytes: Int64
    /// Fraction of the device's compute, between 0 and 1. Not bounded on NUMA domains, where `milliCPU` says it exactly.
    package var compute: Rational

    package init(milliCPU: Int64 = 0, memoryBytes: Int64 = 0, compute: Rational = .zero) {
        self.milliCPU = milliCPU
        self.memoryBytes = memoryBytes
        self.compute = compute
    }

    mutating func subtract(_ other: DeviceAmounts) {
        milliCPU = max(0, milliCPU - other.milliCPU)
        memoryBytes = max(0, memoryBytes - other.memoryBytes)
        compute = other.compute < compute ? compute - other.compute : .zero
    }
}

/// A share that a slice holds already.
package struct HeldShare: Sendable, Equatable {
    package var slice: SliceUID
    /// The tenant that holds it; advisory shares of two tenants never meet on one device.
    package var namespace: String
    package var amounts: DeviceAmounts
    package var isolation: Kinds.IsolationGrade

    package init(slice: SliceUID, namespace: String, amounts: DeviceAmounts, isolation: Kinds.IsolationGrade) {
        self.slice = slice
        self.namespace = namespace
        self.amounts = amounts
        self.isolation = isolation
    }
}

extension HeldShare {
    /// What a granted share draws, as the grant records it.
    package init(slice: SliceUID, namespace: String, share: Kinds.Share) {
        self.init(
            slice: slice, namespace: namespace,
            amounts: DeviceAmounts(
                milliCPU: share.cpu.map(\.ceilingOfMilli) ?? 0, memoryBytes: share.memory.map(\.ceiling) ?? 0,
                compute: share.compute?.fraction ?? .zero),
            isolation: share.isolation ?? .advisory)
    }
}
