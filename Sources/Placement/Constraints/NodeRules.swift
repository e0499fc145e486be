import TidemillModel
import TidemillSeams

/// Which nodes a gang may have at all, by their names and labels.
struct NodeRules: Sendable {
    var selection: NodeSelection
    var passedOver: [NodeID: String]
    private var terms: [Term]

    /// Other jobs, as domains near which the gang must or must not be.
    private struct Term: Sendable {
        var constraint: Constraint
        var isNear: Bool
        var within: String
        var nodes: Set<NodeID>
        var domains: Set<String>

        func admits(_ node: NodeSnapshot) -> Bool {
            let isThere = nodes.contains(node.name) || (node.labels[within].map(domains.contains) ?? false)
            return isThere == isNear
        }
    }

    /// - Parameter domain: the value of a label of a node.
    init(_ gang: PendingGang, domain: (NodeID, String) -> String?) {
        selection = NodeSelection(gang.constraints)
        passedOver = gang.passedOver
        terms = gang.neighbours.filter(\.isRequired).map { neighbour in
            let (constraint, isNear): (Constraint, Bool) =
                switch neighbour.source {
                case .affinity: (.affinity, true)
                case .antiAffinity: (.antiAffinity, false)
                case .other(let job): (.antiAffinityOf(job), false)
                }
            return Term(
                constraint: constraint, isNear: isNear, within: neighbour.within, nodes: neighbour.nodes,
                domains: Set(neighbour.nodes.compactMap { domain($0, neighbour.within) }))
        }
    }

    /// Whether there is none.
    var isEmpty: Bool { selection.isEmpty && passedOver.isEmpty && terms.isEmpty }

    /// Whether nothing but the selection rules nodes out.
    var isSelectionAlone: Bool { passedOver.isEmpty && terms.isEmpty }

    func admits(_ node: NodeSnapshot) -> Bool { refusal(of: node) == nil }

    func refusal(of node: NodeSnapshot) -> Refusal? {
        if let constraint = selection.constraint(against: node) { return .excluded(constraint) }
        if let term = terms.first(where: { !$0.admits(node) }) { return .excluded(term.constraint) }
        if !passedOver.isEmpty, let reason = passedOver[node.name] { return .passedOver(reason) }
        return nil
    }

    mutating func relax(_ constraint: Constraint) {
        selection.relax(constraint)
        terms.removeAll { $0.constraint == constraint }
    }
}

/// The rules that hold for as long as the labels of nodes do.
struct NodeSelection: Hashable, Sendable {
    private var nodeSelector: Kinds.LabelSelector?
    private var regions: Kinds.NameSet?
    private var pools: Kinds.NameSet?

    init(_ constraints: Kinds.PlacementConstraints) {
        nodeSelector = constraints.nodeSelector
        regions = constraints.regions
        pools = constraints.pools
    }

    var isEmpty: Bool { nodeSelector == nil && regions == nil && pools == nil }

    /// The rule that keeps the gang off the node.
    func constraint(against node: NodeSnapshot) -> Constraint? {
        if let regions, !regions.contains(node.labels[NodeLabel.region]) { return .regions }
        if let pools, !pools.contains(node.labels[NodeLabel.pool]) { return .pools }
        if let nodeSelector, !nodeSelector.selects(node.labels) { return .nodeSelector }
        return nil
    }

    mutating func relax(_ constraint: Constraint) {
        switch constraint {
        case .nodeSelector: nodeSelector = nil
        case .regions: regions = nil
        case .pools: pools = nil
        default: break
        }
    }
}
