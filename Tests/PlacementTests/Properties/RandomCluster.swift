import TidemillModel
import TidemillPlacement
import TidemillSeams

/// Small clusters, gangs and changes from a seed.
struct RandomCluster {
    private var random: SeededGenerator
    let snapshot: ClusterSnapshot

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        var made = random
        let count = Int.random(in: 1...8, using: &made)
        let nodes = (0..<count).map { Self.node("n\($0)", &made) }
        snapshot = ClusterSnapshot(revision: Revision(7), nodes: nodes, classes: ["training", "small"])
        random = made
    }

    private static func node(_ name: String, _ random: inout SeededGenerator) -> NodeSnapshot {
        let domains = Int.random(in: 1...2, using: &random)
        var devices = (0..<domains).map { domain -> DeviceSnapshot in
            let milliCPU = Int64.random(in: 1...16, using: &random) * 1000
            let bytes = Int64.random(in: 1...32, using: &random) << 30
            return DeviceSnapshot(
                name: DeviceID("\(name)-cpu\(domain)"), isCPU: true,
                classes: ["cpu": pick([[.enforced], [.enforced], [.advisory]], &random)],
                capacity: DeviceAmounts(milliCPU: milliCPU, memoryBytes: bytes),
                allocatable: DeviceAmounts(milliCPU: milliCPU * 9 / 10, memoryBytes: bytes * 9 / 10), numaNode: domain)
        }
        let cards = pick([0, 0, 1, 2, 4], &random)
        let hasLinks = Bool.random(using: &random)
        for card in 0..<cards {
            let bytes = Int64(pick([16, 40, 80], &random)) << 30
            let peers = (0..<cards).filter { $0 != card && hasLinks && Int.random(in: 0..<3, using: &random) > 0 }
            devices.append(
                DeviceSnapshot(
                    name: DeviceID("\(name)-gpu\(card)"), isCPU: false,
                    classes: [
                        pick(["training", "small"], &random):
                            pick([[.exclusive, .enforced], [.enforced], [.exclusive], [.advisory]], &random)
                    ],
                    isCordoned: Int.random(in: 0..<12, using: &random) == 0,
                    isHealthy: Int.random(in: 0..<12, using: &random) > 0,
                    capacity: DeviceAmounts(memoryBytes: bytes, compute: .one),
                    allocatable: DeviceAmounts(memoryBytes: bytes, compute: .one),
                    numaNode: Int.random(in: 0..<domains, using: &random),
                    attributes: ["model": pick(["A", "B"], &random), "generation": pick(["3", "4.5"], &random)],
                    links: Set(peers.map { DeviceID("\(name)-gpu\($0)") })))
        }
        return NodeSnapshot(
            name: NodeID(name), bootID: Int.random(in: 0..<12, using: &random) > 0 ? BootID("boot-\(name)") : nil,
            state: pick([.ready, .ready, .ready, .ready, .ready, .suspect, .draining, .cordoned], &random),
            isCordoned: Int.random(in: 0..<8, using: &random) == 0,
            taints: pick(
                [
                    [], [], [], [Kinds.Taint(key: "flaky", effect: .preferNoSchedule)],
                    [Kinds.Taint(key: "gold", effect: .noSchedule)],
                ], &random), labels: labels(name, &random), devices: devices)
    }

    private static func labels(_ name: String, _ random: inout SeededGenerator) -> [String: String] {
        var labels = [NodeLabel.hostname: name]
        labels[NodeLabel.rack] = pick(["r1", "r2", "r3", nil], &random)
        labels[NodeLabel.region] = pick(["east", "west"], &random)
        return labels
    }

    /// Rules of a job, most often none.
    private mutating func constraints() -> Kinds.PlacementConstraints {
        var constraints = Kinds.PlacementConstraints()
        let modes: [Kinds.Strictness] = [.required, .preferred]
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            constraints.nodeSelector = Kinds.LabelSelector(matchExpressions: [
                Kinds.Requirement(key: NodeLabel.rack, operator: .in, values: ["r1", "r2"])
            ])
        case 1: constraints.regions = Kinds.NameSet(notIn: ["west"])
        case 2:
            constraints.spread = [
                Kinds.Spread(
                    over: NodeLabel.hostname, most: Int64.random(in: 1...2, using: &random),
                    mode: Self.pick(modes, &random))
            ]
        case 3:
            constraints.spread = [
                Kinds.Spread(over: NodeLabel.rack, maxSkew: 1, mode: Self.pick(modes, &random))
            ]
        case 4, 5:
            constraints.together = [Kinds.Together(within: NodeLabel.rack, mode: Self.pick(modes, &random))]
        case 6:
            constraints.preferredNodes = [
                Kinds.NodePreference(
                    weight: 10, selector: Kinds.LabelSelector(matchLabels: [NodeLabel.rack: "r2"]))
            ]
        default: break
        }
        return constraints
    }

    private mutating func neighbours() -> [Neighbour] {
        guard chance(8) else { return [] }
        let sources: [Neighbour.Source] = [.affinity, .antiAffinity, .other("loner")]
        return [
            Neighbour(
                source: Self.pick(sources, &random), isRequired: Bool.random(using: &random),
                within: Self.pick([NodeLabel.rack, NodeLabel.hostname], &random),
                nodes: Set([NodeID("n\(Int.random(in: 0..<4, using: &random))")]))
        ]
    }

    mutating func gang(_ number: Int) -> PendingGang {
        var request = Kinds.SliceRequest()
        if Bool.random(using: &random) {
            request.cpu = Quantity(milliCPU: Int64.random(in: 1...24, using: &random) * 250)
            request.memory = Quantity(bytes: Int64.random(in: 1...24, using: &random) << 28)
        }
        let name = Self.pick(["training", "small", "small"], &random)
        for _ in 0..<Self.pick([0, 0, 1, 1, 1, 2, 4], &random) {
            var device = Kinds.DeviceRequest(class: name)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: device.isolation = .exclusive
            case 1: device.memory = Quantity(bytes: Int64.random(in: 1...40, using: &random) << 30)
            case 2: device.compute = Self.pick([50, 25, 33].map { Quantity(percent: $0) }, &random)
            default:
                device.memory = Quantity(bytes: Int64.random(in: 1...20, using: &random) << 30)
                device.compute = Quantity(percent: 10)
                device.isolation = .enforced
            }
            if chance(6) { device.models = ["A"] }
            if chance(6) {
                device.attributes = [Kinds.Requirement(key: "generation", operator: .gt, values: ["4"])]
            }
            if name == "small", chance(4) {
                device.alternatives = [Kinds.AlternativeClass(class: "training", rate: Quantity(percent: 150))]
            }
            request.devices.append(device)
        }
        if chance(5) { request.numa = .required }
        if chance(5) { request.links = .required }
        return PendingGang(
            namespace: Self.pick(["lab-a", "lab-b"], &random), job: "job-\(number)",
            members: (0..<Self.pick([1, 1, 1, 2, 3, 6], &random)).map { "job-\(number)-1-\($0)" }, request: request,
            tolerations: Self.pick([[], [], [Kinds.Toleration(key: "gold", operator: .exists)]], &random),
            passedOver: Int.random(in: 0..<6, using: &random) == 0 ? [NodeID("n0"): "Occupied"] : [:],
            constraints: constraints(), neighbours: neighbours())
    }

    /// An element of what is not empty.
    private static func pick<T>(_ choice: [T], _ random: inout SeededGenerator) -> T {
        choice[Int.random(in: 0..<choice.count, using: &random)]
    }

    mutating func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &random) == 0 }

    mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
}
