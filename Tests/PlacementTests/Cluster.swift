import TidemillModel
import TidemillPlacement
import TidemillSeams

/// Small clusters in text: `a: cpu 4 8Gi` is node a with one NUMA domain of four CPUs and 8Gi.
enum Cluster {
    static func node(
        _ name: String, state: Kinds.NodeState = .ready, cordoned: Bool = false, taints: [Kinds.Taint] = [],
        _ devices: [DeviceSnapshot]
    ) -> NodeSnapshot {
        NodeSnapshot(
            name: NodeID(name), bootID: BootID("boot-\(name)"), state: state, isCordoned: cordoned, taints: taints,
            devices: devices)
    }

    /// A NUMA domain whose whole capacity is allocatable, unless told otherwise.
    static func cpu(
        _ name: String, milliCPU: Int64, mebibytes: Int64, allocatableMilliCPU: Int64? = nil,
        grades: [Kinds.IsolationGrade] = [.enforced], held: [HeldShare] = []
    ) -> DeviceSnapshot {
        DeviceSnapshot(
            name: DeviceID(name), isCPU: true, classes: ["cpu": grades],
            capacity: DeviceAmounts(milliCPU: milliCPU, memoryBytes: mebibytes << 20),
            allocatable: DeviceAmounts(milliCPU: allocatableMilliCPU ?? milliCPU, memoryBytes: mebibytes << 20),
            held: held)
    }

    static func card(
        _ name: String, mebibytes: Int64 = 1000, grades: [Kinds.IsolationGrade] = [.enforced], held: [HeldShare] = []
    ) -> DeviceSnapshot {
        DeviceSnapshot(
            name: DeviceID(name), isCPU: false, classes: ["training": grades],
            capacity: DeviceAmounts(memoryBytes: mebibytes << 20, compute: .one),
            allocatable: DeviceAmounts(memoryBytes: mebibytes << 20, compute: .one), held: held)
    }

    static func held(
        milliCPU: Int64 = 0, mebibytes: Int64 = 0, compute: Rational = .zero, namespace: String = "lab",
        _ grade: Kinds.IsolationGrade = .enforced
    ) -> HeldShare {
        HeldShare(
            slice: SliceUID("held"), namespace: namespace,
            amounts: DeviceAmounts(milliCPU: milliCPU, memoryBytes: mebibytes << 20, compute: compute), isolation: grade
        )
    }

    static func snapshot(_ nodes: [NodeSnapshot], classes: Set<String> = ["training"]) -> ClusterSnapshot {
        ClusterSnapshot(revision: Revision(7), nodes: nodes, classes: classes)
    }

    static func gang(
        size: Int = 1, namespace: String = "lab", _ request: Kinds.SliceRequest,
        tolerations: [Kinds.Toleration] = [], passedOver: [NodeID: String] = [:]
    ) -> PendingGang {
        PendingGang(
            namespace: namespace, job: "job", members: (0..<size).map { "job-1-\($0)" }, request: request,
            tolerations: tolerations, passedOver: passedOver)
    }

    static func request(cpu: String? = nil, memory: String? = nil, _ devices: [Kinds.DeviceRequest] = []) throws
        -> Kinds.SliceRequest
    {
        Kinds.SliceRequest(
            cpu: try cpu.map { try Quantity(parsing: $0) }, memory: try memory.map { try Quantity(parsing: $0) },
            devices: devices)
    }

    static func device(
        _ name: String, memory: String? = nil, compute: String? = nil, _ grade: Kinds.IsolationGrade? = nil
    ) throws -> Kinds.DeviceRequest {
        Kinds.DeviceRequest(
            class: name, memory: try memory.map { try Quantity(parsing: $0) },
            compute: try compute.map { try Quantity(parsing: $0) }, isolation: grade)
    }
}

extension Decision {
    /// `job-1-0@a: a-cpu0 250m 512Mi 1/8` for each member, or the reason and message.
    var text: String {
        switch self {
        case .pending(let cause): "\(cause.reason.rawValue): \(cause.message)"
        case .place(let members):
            members.map { member in
                let shares = member.shares.map { share in
                    let cpu = share.isCPU ? " \(Quantity(milliCPU: share.amounts.milliCPU))" : ""
                    let compute = share.isCPU ? "" : " \(share.amounts.compute)"
                    return
                        "\(share.device)\(cpu)\(compute) \(Quantity(bytes: share.amounts.memoryBytes)) \(share.cardUnits)"
                }
                return "\(member.slice)@\(member.node): \(shares.joined(separator: " + "))"
            }.joined(separator: "\n")
        }
    }
}
