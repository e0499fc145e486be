import TidemillModel
import TidemillPlacement
import TidemillSeams

/// A fleet of machines with eight accelerators, and the work that it is asked for: parts of one card, whole cards, several,
/// and a little that needs none. Made up, with sizes as the openb traces have them.
package struct SyntheticFleet: Sendable {
    package var snapshot: ClusterSnapshot
    private var random: SeededGenerator
    private var made = 0

    package init(nodes: Int, devicesPerNode: Int = 8, seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let snapshots = (0..<nodes).map { number in Self.node(Self.name(number), devices: devicesPerNode) }
        snapshot = ClusterSnapshot(revision: Revision(1), nodes: snapshots, classes: ["card"])
    }

    /// Names in the order of their numbers.
    private static func name(_ number: Int) -> String {
        let digits = String(number)
        return "n" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// Two NUMA domains of 48 CPUs and 192 GiB, each with half of the cards of 80 GiB.
    private static func node(_ name: String, devices count: Int) -> NodeSnapshot {
        let domains = (0..<2).map { domain in
            let amounts = DeviceAmounts(milliCPU: 48_000, memoryBytes: 192 << 30)
            return DeviceSnapshot(
                name: DeviceID("\(name)-cpu\(domain)"), isCPU: true, classes: ["cpu": [.enforced]], capacity: amounts,
                allocatable: amounts, numaNode: domain)
        }
        let cards = (0..<count).map { card in
            let amounts = DeviceAmounts(memoryBytes: 80 << 30, compute: .one)
            return DeviceSnapshot(
                name: DeviceID("\(name)-gpu\(card)"), isCPU: false, classes: ["card": [.exclusive, .enforced]],
                capacity: amounts, allocatable: amounts, numaNode: card * 2 / max(1, count))
        }
        return NodeSnapshot(name: NodeID(name), bootID: BootID("boot"), state: .ready, devices: domains + cards)
    }

    /// CPUs in thousandths, memory in GiB, cards, percent of each, and how often in a hundred.
    private static let mix: [(milliCPU: Int64, gib: Int64, cards: Int, percent: Int64, weight: Int)] = [
        (3150, 8, 1, 81, 9), (11_900, 48, 1, 47, 8), (8000, 24, 1, 47, 7), (4000, 12, 1, 32, 6), (11_900, 48, 1, 65, 5),
        (6000, 16, 1, 46, 4), (4000, 12, 1, 23, 4), (3150, 8, 1, 59, 3), (8000, 24, 1, 32, 3), (4150, 12, 1, 55, 2),
        (4000, 8, 1, 16, 2), (1000, 4, 1, 11, 2), (11_300, 48, 1, 100, 11), (8000, 32, 1, 100, 7),
        (12_000, 48, 1, 100, 5),
        (3150, 16, 1, 100, 5), (16_000, 64, 2, 100, 4), (24_000, 96, 4, 100, 2), (46_000, 180, 8, 100, 2),
        (12_500, 32, 0, 0, 5), (32_000, 64, 0, 0, 4),
    ]

    /// The next gang, of `members`.
    package mutating func gang(members: Int = 1) -> PendingGang {
        var left = Int.random(in: 0..<Self.mix.reduce(0) { $0 + $1.weight }, using: &random)
        var chosen = Self.mix[0]
        for entry in Self.mix {
            chosen = entry
            left -= entry.weight
            if left < 0 { break }
        }
        return gang(
            milliCPU: chosen.milliCPU, gib: chosen.gib, cards: chosen.cards, percent: chosen.percent, members: members)
    }

    package mutating func gang(
        milliCPU: Int64, gib: Int64, cards: Int, percent: Int64, members: Int
    ) -> PendingGang {
        made += 1
        var request = Kinds.SliceRequest()
        request.cpu = Quantity(milliCPU: milliCPU)
        request.memory = Quantity(bytes: gib << 30)
        request.devices = (0..<cards).map { _ in
            percent == 100
                ? Kinds.DeviceRequest(class: "card", isolation: .exclusive)
                : Kinds.DeviceRequest(class: "card", compute: Quantity(percent: percent))
        }
        return PendingGang(
            namespace: "bench", job: "job-\(made)", members: (0..<members).map { "job-\(made)-1-\($0)" },
            request: request)
    }

    package mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
}
