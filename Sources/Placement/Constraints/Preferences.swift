import TidemillModel
import TidemillSeams

/// The nodes by how much the job would like them, the best first.
struct Preferences: Sendable {
    /// Each with the nodes of one weight; a single nil when all nodes are equal.
    let tiers: [NodeMask?]

    /// A preferred affinity weighs as much as the strongest preference for nodes.
    private static let affinityWeight = 100

    init(_ gang: PendingGang, _ nodes: [NodeSnapshot], domain: (NodeID, String) -> String?) {
        let wishes = gang.neighbours.filter { !$0.isRequired }.map { neighbour in
            (neighbour, Set(neighbour.nodes.compactMap { domain($0, neighbour.within) }))
        }
        guard !wishes.isEmpty || !gang.constraints.preferredNodes.isEmpty else {
            tiers = [nil]
            return
        }
        var weights: [Int: [Int]] = [:]
        for (place, node) in nodes.enumerated() {
            var weight = 0
            for preference in gang.constraints.preferredNodes where preference.selector.selects(node.labels) {
                weight += Int(preference.weight)
            }
            for (neighbour, domains) in wishes {
                let isThere =
                    neighbour.nodes.contains(node.name)
                    || (node.labels[neighbour.within].map(domains.contains) ?? false)
                if isThere == (neighbour.source == .affinity) { weight += Self.affinityWeight }
            }
            weights[weight, default: []].append(place)
        }
        tiers = weights.sorted { $0.key > $1.key }.map { NodeMask(nodes: nodes.count, $0.value) }
    }
}
