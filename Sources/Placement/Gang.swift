import TidemillModel
import TidemillSeams

/// One gang that waits for its grants. A job without a gang is a gang of one.
package struct PendingGang: Sendable, Hashable {
    /// The tenant.
    package var namespace: String
    package var job: String
    /// Names of the members' slices, by rank. They all ask for the same.
    package var members: [String]
    package var request: Kinds.SliceRequest
    /// Taints that the members' slices bear.
    package var tolerations: [Kinds.Toleration]
    /// Nodes that refused a member a moment ago and are passed over for now, with the reason that they gave.
    package var passedOver: [NodeID: String]
    package var constraints: Kinds.PlacementConstraints
    /// Other jobs that bear on where it may go.
    package var neighbours: [Neighbour]

    package init(
        namespace: String, job: String, members: [String], request: Kinds.SliceRequest,
        tolerations: [Kinds.Toleration] = [], passedOver: [NodeID: String] = [:],
        constraints: Kinds.PlacementConstraints = Kinds.PlacementConstraints(), neighbours: [Neighbour] = []
    ) {
        self.namespace = namespace
        self.job = job
        self.members = members
        self.request = request
        self.tolerations = tolerations
        self.passedOver = passedOver
        self.constraints = constraints
        self.neighbours = neighbours
    }
}

/// Jobs that a gang belongs with, or keeps away from.
package struct Neighbour: Hashable, Sendable {
    /// Whose wish it is.
    package enum Source: Hashable, Sendable {
        /// `placement.affinity` of the gang's job: near them.
        case affinity
        /// `placement.antiAffinity` of the gang's job: away from them.
        case antiAffinity
        /// `placement.antiAffinity` of the job of that name: away from it.
        case other(String)
    }

    package var source: Source
    package var isRequired: Bool
    /// The label that names a node's domain: what counts as near.
    package var within: String
    /// Nodes on which the jobs hold slices.
    package var nodes: Set<NodeID>

    package init(source: Source, isRequired: Bool, within: String, nodes: Set<NodeID>) {
        self.source = source
        self.isRequired = isRequired
        self.within = within
        self.nodes = nodes
    }
}

/// What placement decided for one gang: whole or not at all (invariant 5).
package enum Decision: Sendable, Equatable {
    case place([PlannedMember])
    /// Nothing is granted; the cause holds for every member (invariant 8).
    case pending(PendingCause)
}

/// Why a gang waits, and what would help.
package struct PendingCause: Sendable, Equatable {
    /// Nodes that lack the same.
    package struct Filter: Sendable, Equatable {
        /// What they are: `short of 20Gi training memory`.
        package var text: String
        package var nodes: Int
        /// The most that one of them has free, where they are short of an amount.
        package var largestFree: String?

        package init(text: String, nodes: Int, largestFree: String? = nil) {
            self.text = text
            self.nodes = nodes
            self.largestFree = largestFree
        }
    }

    package var reason: PendingReason
    /// One sentence with numbers.
    package var message: String
    /// Every node that has no place for the next member, counted by what it lacks.
    package var filters: [Filter]
    /// Makes room for the next member, where anything does.
    package var remedy: Remedy?

    /// It waits, and nobody asked why.
    package static let unexplained = PendingCause(.insufficientDevices, "")

    package init(_ reason: PendingReason, _ message: String, filters: [Filter] = [], remedy: Remedy? = nil) {
        self.reason = reason
        self.message = message
        self.filters = filters
        self.remedy = remedy
    }
}

/// Why a gang waits. The raw values are the reasons that users read.
package enum PendingReason: String, Sendable, Equatable {
    case insufficientDevices = "InsufficientDevices"
    case noMatchingDevice = "NoMatchingDevice"
    /// Not even with every known node empty and schedulable.
    case neverFits = "NeverFits"
}

/// Where one member goes.
package struct PlannedMember: Sendable, Equatable {
    package var slice: String
    package var node: NodeID
    package var bootID: BootID
    package var shares: [PlannedShare]

    package init(slice: String, node: NodeID, bootID: BootID, shares: [PlannedShare]) {
        self.slice = slice
        self.node = node
        self.bootID = bootID
        self.shares = shares
    }
}

/// A part of one device for one member.
package struct PlannedShare: Sendable, Equatable {
    package var device: DeviceID
    package var isCPU: Bool
    package var amounts: DeviceAmounts
    /// The compute as the request wrote it, where it did.
    package var compute: Quantity?
    /// The larger of the compute and the memory fraction of the device's capacity, exact.
    package var cardUnits: Rational
    package var isolation: Kinds.IsolationGrade

    package init(
        device: DeviceID, isCPU: Bool, amounts: DeviceAmounts, compute: Quantity? = nil, cardUnits: Rational,
        isolation: Kinds.IsolationGrade
    ) {
        self.device = device
        self.isCPU = isCPU
        self.amounts = amounts
        self.compute = compute
        self.cardUnits = cardUnits
        self.isolation = isolation
    }

    /// The share as the grant records it.
    package var share: Kinds.Share {
        Kinds.Share(
            device: device.rawValue,
            cpu: isCPU ? Quantity(milliCPU: amounts.milliCPU) : nil,
            memory: amounts.memoryBytes > 0 ? Quantity(bytes: amounts.memoryBytes) : nil,
            compute: compute,
            cardUnits: cardUnits.description,
            isolation: isolation)
    }
}
