import TidemillModel
import TidemillPlacement
import TidemillSeams

/// Whether members keep to what their job rules out, told by the nodes alone.
struct ConstraintChecks {
    let gang: PendingGang
    let nodes: [NodeSnapshot]
    let members: [PlannedMember]

    /// The first rule that is broken.
    var broken: String? {
        for member in members {
            guard let node = node(member) else { return "\(member.node) does not exist" }
            if let rule = brokenRule(of: node) { return "\(member.slice) on \(node.name) breaks \(rule)" }
            if let rule = brokenRule(of: member, on: node) { return "\(member.slice) on \(node.name) breaks \(rule)" }
        }
        for spread in gang.constraints.spread where spread.mode == .required {
            if let rule = broken(spread) { return rule }
        }
        for together in gang.constraints.together where together.mode == .required {
            let domains = Set(members.map { node($0)?.labels[together.within] })
            if domains.count != 1 || domains.contains(nil) { return "together within \(together.within): \(domains)" }
        }
        return nil
    }

    private func node(_ member: PlannedMember) -> NodeSnapshot? { nodes.first { $0.name == member.node } }

    private func brokenRule(of node: NodeSnapshot) -> String? {
        let rules = gang.constraints
        if let selector = rules.nodeSelector, !selector.selects(node.labels) { return "nodeSelector" }
        if let regions = rules.regions, !regions.contains(node.labels[NodeLabel.region]) { return "regions" }
        for neighbour in gang.neighbours where neighbour.isRequired {
            let near = nodes.contains { other in
                neighbour.nodes.contains(other.name)
                    && (other.name == node.name
                        || (other.labels[neighbour.within] != nil
                            && other.labels[neighbour.within] == node.labels[neighbour.within]))
            }
            if near != (neighbour.source == .affinity) { return "\(neighbour.source)" }
        }
        return gang.passedOver[node.name]
    }

    private func brokenRule(of member: PlannedMember, on node: NodeSnapshot) -> String? {
        let devices = member.shares.compactMap { share in node.devices.first { $0.name == share.device } }
        if gang.request.numa == .required, Set(devices.compactMap(\.numaNode)).count > 1 { return "numa" }
        let accelerators = devices.filter { !$0.isCPU }
        if gang.request.links == .required {
            for one in accelerators {
                for other in accelerators where one.name != other.name {
                    if !one.links.contains(other.name), !other.links.contains(one.name) { return "links" }
                }
            }
        }
        let wanted = gang.request.devices.flatMap { Array(repeating: $0, count: Int($0.count ?? 1)) }
        for (device, request) in zip(accelerators, wanted) {
            let attributes = device.kind.attributes
            if !request.models.isEmpty, !request.models.contains(attributes["model"] ?? "") { return "models" }
            if !request.attributes.allSatisfy({ $0.isMet(by: attributes[$0.key]) }) { return "attributes" }
            let classes = [request.class] + request.alternatives.map(\.class)
            if !classes.contains(where: { device.classes[$0] != nil }) { return "class" }
        }
        return nil
    }

    private func broken(_ spread: Kinds.Spread) -> String? {
        let eligible = nodes.filter { brokenRule(of: $0) == nil }.compactMap { $0.labels[spread.over] }
        var counts = Dictionary(eligible.map { ($0, 0) }) { first, _ in first }
        for member in members {
            guard let domain = node(member)?.labels[spread.over] else { return "spread: a node without \(spread.over)" }
            counts[domain, default: 0] += 1
        }
        let (least, most) = (counts.values.min() ?? 0, counts.values.max() ?? 0)
        if let bound = spread.most, most > bound { return "spread: \(most) in one of \(spread.over)" }
        if let skew = spread.maxSkew, most - least > skew { return "spread: skew \(counts) over \(spread.over)" }
        return nil
    }
}

extension PendingGang {
    /// Without what the constraint says.
    mutating func relax(_ constraint: Constraint) {
        switch constraint {
        case .numa: request.numa = nil
        case .links: request.links = nil
        case .nodeSelector: constraints.nodeSelector = nil
        case .regions: constraints.regions = nil
        case .pools: constraints.pools = nil
        case .affinity: neighbours.removeAll { $0.source == .affinity }
        case .antiAffinity: neighbours.removeAll { $0.source == .antiAffinity }
        case .antiAffinityOf(let job): neighbours.removeAll { $0.source == .other(job) }
        case .spread(let key): constraints.spread.removeAll { $0.over == key }
        }
    }
}
