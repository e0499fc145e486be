import TidemillModel
import TidemillSeams

/// One device: what it has, which classes it belongs to, and which shares of it are held.
package struct DeviceSnapshot: Sendable, Equatable {
    /// The class that every NUMA domain of CPUs belongs to.
    package static let cpuClass = "cpu"

    package var name: DeviceID
    package internal(set) var kind: DeviceKind { didSet { traits = Traits(kind) } }
    /// What fits ask of the kind again and again.
    private(set) var traits: Traits
    package var isCordoned: Bool
    package var isHealthy: Bool
    /// Accelerators of the node that it has a direct link to.
    package var links: Set<DeviceID>
    /// Bit i is set when it is the i-th device of its node or has a direct link to it. Worked out by the node.
    package internal(set) var linked: UInt64 = 0
    package var held: [HeldShare] { didSet { recount() } }
    /// What no slice holds. Never negative: a device that shrank below what is held has nothing free.
    package private(set) var free = DeviceAmounts()
    /// Who holds shares of it.
    package private(set) var tenants = Tenants()

    package init(
        name: DeviceID, kind: DeviceKind, isCordoned: Bool = false, isHealthy: Bool = true,
        links: Set<DeviceID> = [], held: [HeldShare] = []
    ) {
        self.name = name
        self.kind = kind
        traits = Traits(kind)
        self.isCordoned = isCordoned
        self.isHealthy = isHealthy
        self.links = links
        self.held = held
        recount()
    }

    package init(
        name: DeviceID, isCPU: Bool, classes: [String: [Kinds.IsolationGrade]], isCordoned: Bool = false,
        isHealthy: Bool = true, capacity: DeviceAmounts, allocatable: DeviceAmounts, numaNode: Int? = nil,
        attributes: [String: String] = [:], links: Set<DeviceID> = [], held: [HeldShare] = []
    ) {
        self.init(
            name: name,
            kind: DeviceKind(
                isCPU: isCPU, classes: classes, capacity: capacity, allocatable: allocatable, numaNode: numaNode,
                attributes: attributes),
            isCordoned: isCordoned, isHealthy: isHealthy, links: links, held: held)
    }

    package var isCPU: Bool { traits.isCPU }
    package var classes: [String: [Kinds.IsolationGrade]] { kind.classes }
    package var capacity: DeviceAmounts { kind.capacity }
    package var allocatable: DeviceAmounts { kind.allocatable }
    package var numaNode: Int? { kind.numaNode }

    private mutating func recount() {
        tenants = Tenants(held)
        var left = held.contains { $0.isolation == .exclusive } ? DeviceAmounts() : allocatable
        for share in held { left.subtract(share.amounts) }
        free = left
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

extension DeviceSnapshot {
    /// Of a kind, beside the object: reading them counts no references.
    struct Traits: Sendable, Equatable {
        let kind: ObjectIdentifier
        let isCPU: Bool
        /// The bit of the NUMA domain; 0 where that is unknown.
        let domain: UInt64
        let capacityMiB: Int64
        let capacityMilliCPU: Int64

        init(_ kind: DeviceKind) {
            self.kind = ObjectIdentifier(kind)
            isCPU = kind.isCPU
            domain = kind.numaNode.map { 1 << UInt64($0 & 63) } ?? 0
            capacityMiB = max(1, kind.capacity.memoryBytes >> 20)
            capacityMilliCPU = max(1, kind.capacity.milliCPU)
        }

        /// They follow from the kind, which is compared.
        static func == (a: Traits, b: Traits) -> Bool { true }
    }
}

/// Amounts that a share draws from a device.
package struct DeviceAmounts: Sendable, Hashable {
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

/// The tenants on one device, as far as they bear on who may join them.
package struct Tenants: Sendable, Hashable {
    /// By name, each with whether one of its shares is advisory.
    private var all: [Tenant] = []

    private struct Tenant: Sendable, Hashable {
        var namespace: String
        var isAdvisory: Bool
    }

    package init(_ held: [HeldShare] = []) {
        for share in held {
            let isAdvisory = share.isolation == .advisory
            if let known = all.firstIndex(where: { $0.namespace == share.namespace }) {
                if isAdvisory { all[known].isAdvisory = true }
            } else {
                all.append(Tenant(namespace: share.namespace, isAdvisory: isAdvisory))
            }
        }
        if all.count > 1 { all.sort { $0.namespace < $1.namespace } }
    }

    package var isNobody: Bool { all.isEmpty }

    /// Two tenants meet on a device only when neither of their shares is advisory (invariant 10).
    package func admit(_ namespace: String, at grade: Kinds.IsolationGrade) -> Bool {
        all.allSatisfy { $0.namespace == namespace || (grade != .advisory && !$0.isAdvisory) }
    }
}
